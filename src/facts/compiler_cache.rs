//! sccache with a store beyond this machine, as the caller's variables name it (sccache's
//! documentation, "Configuration").

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use url::Url;

use crate::facts::project::Project;
use crate::model::error::Result;
use crate::model::invocation::without_credentials;
use crate::world::manifest::CargoConfig;
use crate::world::session::Session;

/// How the variables begin that name a store. Those of S3 have no word of their own.
const STORES: [&str; 10] = [
    "SCCACHE_AZURE_",
    "SCCACHE_BUCKET",
    "SCCACHE_COS_",
    "SCCACHE_ENDPOINT",
    "SCCACHE_GCS_",
    "SCCACHE_GHA_",
    "SCCACHE_MEMCACHED",
    "SCCACHE_OSS_",
    "SCCACHE_REDIS",
    "SCCACHE_WEBDAV_",
];

/// What says that somebody else keeps a server for these builds.
const SERVERS: [&str; 2] = ["SCCACHE_SERVER_PORT", "SCCACHE_SERVER_UDS"];

/// sccache as the compiler's wrapper, with its store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompilerCache {
    /// As cargo has it: a path, or a name that PATH resolves.
    pub program: Utf8PathBuf,
    /// `tcp://cache.example:6379`, else the name of a variable; for people.
    pub store: String,
    /// Each `host:port` of the store that the variables name.
    pub addresses: Vec<String>,
    /// The variables that name it.
    pub variables: BTreeSet<String>,
}

impl CompilerCache {
    /// `None` where cargo compiles without sccache, where its store is this machine's disk, or where
    /// somebody keeps a server of it for these builds.
    ///
    /// # Errors
    /// As [`CargoConfig::read`].
    pub fn gather(session: &Session, project: &Project) -> Result<Option<Self>> {
        let Some(store) = Self::stored(session) else {
            return Ok(None);
        };
        let config = CargoConfig::read(&project.manifests, session, &project.home)?;
        let wrapper = config.rustc_wrapper(session);
        let program = wrapper.filter(|it| it.file_stem() == Some("sccache"));
        Ok(program.map(|program| Self { program, ..store }))
    }

    /// Whether the variables name a store, whoever compiles.
    pub fn is_stored(session: &Session) -> bool {
        Self::stored(session).is_some()
    }

    fn stored(session: &Session) -> Option<Self> {
        if SERVERS.iter().any(|name| session.var(name).is_some()) {
            return None;
        }
        let names_a_store = |name: &&String| {
            session.var(name).is_some() && STORES.iter().any(|prefix| name.starts_with(prefix))
        };
        let variables: BTreeSet<String> =
            session.env.keys().filter(names_a_store).cloned().collect();
        let ends = ["ENDPOINT", "ENDPOINTS", "_REDIS", "_MEMCACHED"];
        let named = variables
            .iter()
            .filter(|name| ends.iter().any(|end| name.ends_with(end)));
        let values: Vec<&str> = named.filter_map(|name| session.var(name)).collect();
        let store = match values.first() {
            Some(value) => without_credentials(value).into_owned(),
            None => variables.first()?.clone(),
        };
        let each = values.iter().flat_map(|value| value.split(','));
        Some(Self {
            program: Utf8PathBuf::new(),
            store,
            addresses: each.filter_map(address).collect(),
            variables,
        })
    }
}

/// `host:port`; `None` for what is not reached by TCP.
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
            CompilerCache::stored(&Session {
                env: variables.iter().map(own).collect(),
                ..Session::default()
            })
        };
        let endpoint = ("SCCACHE_REDIS_ENDPOINT", "redis://me:word@one.example");
        let found = stored(&[endpoint, ("SCCACHE_REDIS_DB", "1")]).unwrap();
        assert_eq!(found.addresses, ["one.example:6379"]);
        assert!(!found.store.contains("word"), "{}", found.store);
        assert_eq!(found.variables.len(), 2);
        let bucket = stored(&[("SCCACHE_BUCKET", "builds")]).unwrap();
        assert_eq!(
            (bucket.store.as_str(), bucket.addresses.len()),
            ("SCCACHE_BUCKET", 0)
        );
        for none in [
            &[("SCCACHE_DIR", "/c")] as &[_],
            &[("SCCACHE_BUCKET", "")],
            &[endpoint, ("SCCACHE_SERVER_PORT", "4300")],
        ] {
            assert_eq!(stored(none), None);
        }
    }
}
