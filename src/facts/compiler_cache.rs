//! sccache, if cargo is configured to use it, if the project asks for it, or if the caller's variables name a
//! store beyond this machine (sccache's documentation, "Configuration").

use std::collections::BTreeSet;
use std::time::Duration;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::facts::project::Project;
use crate::model::error::Result;
use crate::model::invocation::without_credentials;
use crate::world::disk;
use crate::world::manifest::{CargoConfig, RUSTC_WRAPPER};
use crate::world::network;
use crate::world::session::Session;
use crate::world::tool::{self, Provision};

/// Prefixes of the variables that name a store. Those of S3 have none of their own.
const STORES: [&str; 9] = [
    "SCCACHE_AZURE_",
    "SCCACHE_BUCKET",
    "SCCACHE_COS_",
    "SCCACHE_ENDPOINT",
    "SCCACHE_GCS_",
    "SCCACHE_MEMCACHED",
    "SCCACHE_OSS_",
    "SCCACHE_REDIS",
    "SCCACHE_WEBDAV_",
];

/// The prefix of the variables for the GitHub Actions cache.
const ACTIONS: &str = "SCCACHE_GHA_";

/// The variables that say that someone else runs a server for these builds.
const SERVERS: [&str; 2] = ["SCCACHE_SERVER_PORT", "SCCACHE_SERVER_UDS"];

/// sccache as the compiler's wrapper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompilerCache {
    /// As cargo has it: a path, or a name that PATH resolves.
    pub program: Utf8PathBuf,
    /// What has to be fetched first.
    pub missing: Option<Provision>,
    /// Whether cargo has to be told about it, because nothing else does.
    pub is_ours: bool,
    /// Whether someone else runs a server for these builds.
    pub is_served: bool,
    pub store: CacheStore,
    /// Where the result of the last run is recorded, absolute.
    pub record: Utf8PathBuf,
}

/// One address of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreAddress {
    /// `host:port`
    pub place: String,
    /// A request that it answers from anyone; `None` if it cannot be asked in plain text.
    pub greeting: Option<&'static str>,
}

/// What a run found in the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheUse {
    pub hits: u64,
    pub misses: u64,
}

/// How long a store may take to answer before it counts as unreachable.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where it keeps what was compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheStore {
    /// `tcp://cache.example:6379`, the name of a variable, or a folder of this machine; for people.
    pub label: String,
    /// Where it listens, according to the variables.
    pub addresses: Vec<StoreAddress>,
    /// The variables that name it; none for this machine's disk.
    pub variables: BTreeSet<String>,
    /// The folder on this machine's disk, absolute, if known.
    pub folder: Option<Utf8PathBuf>,
}

impl CompilerCache {
    /// `None` if cargo compiles without sccache, and if others have already set everything up: its store is
    /// this machine's disk, and cargo uses it.
    ///
    /// # Errors
    /// As [`CargoConfig::read`]; a tool that cannot be provided here.
    pub fn gather(session: &Session, project: &Project) -> Result<Option<Self>> {
        let is_asked = project.config.compiler_cache.is_some();
        let stored = CacheStore::named(session);
        if stored.is_none() && !is_asked {
            return Ok(None);
        }
        let config = CargoConfig::read(&project.manifests, session, &project.home)?;
        let is_served = SERVERS.iter().any(|name| session.var(name).is_some());
        let store = stored
            .clone()
            .unwrap_or_else(|| CacheStore::on_disk(session));
        let record = project.own_state().join("compiler-cache.json");
        // an empty one takes back whatever a file says, and is a word of the person's
        let is_said = RUSTC_WRAPPER
            .iter()
            .any(|name| session.env.contains_key(*name));
        match config.rustc_wrapper(session) {
            Some(program) => {
                let is_sccache = program.file_stem() == Some("sccache");
                Ok(
                    (is_sccache && stored.is_some() && !is_served).then(|| Self {
                        program,
                        store,
                        record,
                        ..Self::default()
                    }),
                )
            }
            None if is_said => Ok(None),
            None => {
                let tool = tool::sccache(session)?;
                Ok(Some(Self {
                    program: tool.path,
                    missing: tool.missing,
                    is_ours: true,
                    is_served,
                    store,
                    record,
                }))
            }
        }
    }

    /// Whether the project asks for one, or the variables name a store.
    pub fn is_wanted(session: &Session, project: &Project) -> bool {
        project.config.compiler_cache.is_some() || Self::is_stored(session)
    }

    /// Whether the variables name a store, whoever compiles.
    pub fn is_stored(session: &Session) -> bool {
        CacheStore::named(session).is_some()
    }
}

impl CacheStore {
    /// Whether all its addresses accept connections and answer; waits at most a second for each.
    pub fn answers(&self) -> bool {
        let mut addresses = self.addresses.iter();
        addresses.all(|it| network::answers(&it.place, it.greeting, PATIENCE))
    }

    /// The one that the variables name.
    fn named(session: &Session) -> Option<Self> {
        if SERVERS.iter().any(|name| session.var(name).is_some()) {
            return None;
        }
        let has_actions = has_actions_store(session);
        let names_a_store = |name: &&String| {
            let of_store = STORES.iter().any(|prefix| name.starts_with(prefix))
                || has_actions && name.starts_with(ACTIONS);
            of_store && session.var(name).is_some()
        };
        let variables: BTreeSet<String> =
            session.env.keys().filter(names_a_store).cloned().collect();
        let ends = ["ENDPOINT", "ENDPOINTS", "_REDIS", "_MEMCACHED"];
        let named = variables
            .iter()
            .filter(|name| ends.iter().any(|end| name.ends_with(end)));
        let values: Vec<(&str, &str)> = named
            .filter_map(|name| Some((name.as_str(), session.var(name)?)))
            .collect();
        let label = match values.first() {
            Some((_, value)) => without_credentials(value).into_owned(),
            None => variables.first()?.clone(),
        };
        let each = values
            .iter()
            .flat_map(|(name, value)| value.split(',').map(move |endpoint| (*name, endpoint)));
        Some(Self {
            label,
            addresses: each.filter_map(store_address).collect(),
            variables,
            folder: None,
        })
    }

    /// This machine's.
    fn on_disk(session: &Session) -> Self {
        let said = session.path_var("SCCACHE_DIR");
        let usual = session.home().join(".cache/sccache");
        // where it is elsewhere, sccache alone knows
        let folder = said.or_else(|| Some(usual).filter(|path| disk::is_dir(path)));
        Self {
            label: match &folder {
                Some(folder) => folder.to_string(),
                None => "its own folder".to_owned(),
            },
            folder,
            ..Self::default()
        }
    }
}

/// Whether the GitHub Actions cache is the store: if a version is set, or it is enabled (sccache's documentation,
/// "GitHub Actions").
fn has_actions_store(session: &Session) -> bool {
    let is_off = |said: &str| ["false", "off", "0"].contains(&&*said.to_lowercase());
    let switch = session.var("SCCACHE_GHA_ENABLED");
    session.var("SCCACHE_GHA_VERSION").is_some() || switch.is_some_and(|said| !is_off(said))
}

/// The address of the store that an endpoint in the variable `name` means.
fn store_address((name, endpoint): (&str, &str)) -> Option<StoreAddress> {
    let scheme = endpoint.split("://").next().unwrap_or_default();
    let greeting = match scheme.trim() {
        "https" | "rediss" => None,
        _ if name.contains("REDIS") => Some("*1\r\n$4\r\nPING\r\n"),
        _ if name.contains("MEMCACHED") => Some("version\r\n"),
        "http" => Some("HEAD / HTTP/1.0\r\n\r\n"),
        _ => None,
    };
    let place = address(endpoint)?;
    Some(StoreAddress { place, greeting })
}

/// `host:port`; `None` if it is not reached over TCP.
fn address(endpoint: &str) -> Option<String> {
    const REDIS: u16 = 6379;
    let Some((scheme, rest)) = endpoint.trim().split_once("://") else {
        let is_port = |(_, port): (&str, &str)| port.parse::<u16>().is_ok();
        let endpoint = endpoint.trim();
        return endpoint
            .rsplit_once(':')
            .is_some_and(is_port)
            .then(|| endpoint.to_owned());
    };
    // a scheme that `url` does not know has a host that it does not read as one
    let scheme = match scheme {
        "https" | "http" | "redis" | "rediss" | "tcp" => scheme,
        _ => return None,
    };
    let url = Url::parse(&format!("{scheme}://{rest}")).ok()?;
    let port = url
        .port_or_known_default()
        .or_else(|| scheme.starts_with("redis").then_some(REDIS))?;
    Some(format!("{}:{port}", url.host_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_an_address() {
        for (endpoint, expected) in [
            ("tcp://127.0.0.1:6399", Some("127.0.0.1:6399")),
            (
                "redis://user:word@cache.example/2",
                Some("cache.example:6379"),
            ),
            ("rediss://[::1]:7000", Some("[::1]:7000")),
            ("https://s3.example/bucket", Some("s3.example:443")),
            ("http://localhost:9000", Some("localhost:9000")),
            ("minio.example:9000", Some("minio.example:9000")),
            ("s3.example", None),
            ("unix:///run/redis.sock", None),
        ] {
            assert_eq!(address(endpoint).as_deref(), expected, "{endpoint}");
        }
    }

    #[test]
    fn a_store_is_known_by_the_variables_that_name_it() {
        let stored = |variables: &[(&str, &str)]| {
            let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            CacheStore::named(&Session {
                env: variables.iter().map(own).collect(),
                ..Session::default()
            })
        };
        let endpoint = ("SCCACHE_REDIS_ENDPOINT", "redis://me:word@one.example");
        let found = stored(&[endpoint, ("SCCACHE_REDIS_DB", "1")]).unwrap();
        assert_eq!(found.addresses[0].place, "one.example:6379");
        assert!(found.addresses[0].greeting.unwrap().contains("PING"));
        let encrypted = ("SCCACHE_WEBDAV_ENDPOINT", "https://one.example");
        let found = stored(&[encrypted]).unwrap();
        assert_eq!(found.addresses[0].greeting, None);
        let found = stored(&[endpoint, ("SCCACHE_REDIS_DB", "1")]).unwrap();
        assert!(!found.label.contains("word"), "{}", found.label);
        assert_eq!(found.variables.len(), 2);
        let bucket = stored(&[("SCCACHE_BUCKET", "builds")]).unwrap();
        assert_eq!(
            (bucket.label.as_str(), bucket.addresses.len()),
            ("SCCACHE_BUCKET", 0)
        );
        let mode = ("SCCACHE_GHA_RW_MODE", "READ_ONLY");
        for said in [
            ("SCCACHE_GHA_ENABLED", "true"),
            ("SCCACHE_GHA_ENABLED", "1"),
            ("SCCACHE_GHA_VERSION", "2"),
        ] {
            let found = stored(&[said, mode]).unwrap();
            assert_eq!(found.variables.len(), 2, "{said:?}");
        }
        for none in [
            &[("SCCACHE_DIR", "/c")] as &[_],
            &[("SCCACHE_BUCKET", "")],
            &[endpoint, ("SCCACHE_SERVER_PORT", "4300")],
            &[("SCCACHE_GHA_ENABLED", "false")],
            &[("SCCACHE_GHA_ENABLED", "OFF")],
            &[
                ("SCCACHE_GHA_ENABLED", "0"),
                ("SCCACHE_GHA_RW_MODE", "READ_ONLY"),
            ],
        ] {
            assert_eq!(stored(none), None);
        }
    }
}
