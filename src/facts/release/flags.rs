//! Additional flags for rustc.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use camino::Utf8Path;
use cargo_platform::{Cfg, Platform};
use serde::Serialize;

use crate::model::error::Result;
use crate::model::invocation::Invocation;
use crate::world::manifest::{CargoConfig, split};
use crate::world::process;
use crate::world::session::Session;
use crate::world::toolchain;

/// rustc's flags from the environment and from cargo's configuration: what pyx adds must not replace them
/// (cargo book, `build.rustflags`: of its four sources only the first non-empty one counts).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rustflags {
    /// Those for every target.
    pub general: Vec<String>,
    /// By target triple, if `target.TRIPLE.rustflags` or a matching `cfg` has some: the value for its
    /// environment variable. The general source is ignored there.
    pub by_target: BTreeMap<String, String>,
    /// The machine's triple; known if a target has flags of its own.
    pub host: Option<String>,
    /// Whether they come from the environment, which every build has.
    pub is_of_the_environment: bool,
}

impl Rustflags {
    /// `config`: that of `dir`. `targets`: the triples to build for besides the machine's.
    pub(super) fn gather(
        session: &Session,
        config: &CargoConfig,
        dir: &Utf8Path,
        rustc: Option<&Utf8Path>,
        targets: &[String],
    ) -> Result<Self> {
        if let Some(general) = of_the_environment(session) {
            return Ok(Self {
                general,
                is_of_the_environment: true,
                ..Self::default()
            });
        }
        let mut flags = Self {
            general: config.rustflags(session),
            ..Self::default()
        };
        let Some(rustc) = rustc else {
            return Ok(flags);
        };
        let keys = config.targets_with_rustflags();
        let host = toolchain::host(rustc, dir)?;
        for triple in targets.iter().chain(&host) {
            let said = session.var(&variable(triple, "RUSTFLAGS"));
            if said.is_some() || fits(&keys, triple, rustc, dir)? {
                let said = said.unwrap_or_default().to_owned();
                flags.by_target.insert(triple.clone(), said);
            }
        }
        flags.host = host;
        Ok(flags)
    }

    /// Those that a build elsewhere has too.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        if self.is_of_the_environment {
            self.clone()
        } else {
            Self::default()
        }
    }

    /// What rustc is to be told for `target` (`None`: the machine's) besides `own`: a cargo variable and its
    /// value.
    pub fn with(&self, target: Option<&str>, own: Vec<String>) -> (String, String) {
        let triple = target.or(self.host.as_deref());
        let said = triple.and_then(|triple| Some((triple, self.by_target.get(triple)?)));
        if let Some((triple, said)) = said {
            // cargo joins it with what its configuration has for the target, and takes it apart at blanks:
            // a wheel that names a folder is better than none
            let own = own.into_iter().filter(|flag| !flag.contains(' '));
            let all: Vec<String> = split(said).into_iter().chain(own).collect();
            return (variable(triple, "RUSTFLAGS"), all.join(" "));
        }
        let all: Vec<String> = self.general.iter().cloned().chain(own).collect();
        ("CARGO_ENCODED_RUSTFLAGS".into(), all.join("\u{1f}"))
    }
}

/// Those that override all other sources, even if empty.
fn of_the_environment(session: &Session) -> Option<Vec<String>> {
    if let Some(encoded) = session.env.get("CARGO_ENCODED_RUSTFLAGS") {
        if encoded.is_empty() {
            return Some(Vec::new());
        }
        return Some(encoded.split('\u{1f}').map(str::to_owned).collect());
    }
    session.env.get("RUSTFLAGS").map(|flags| split(flags))
}

/// cargo's environment variable for a key of `[target.TRIPLE]`.
pub(super) fn variable(triple: &str, key: &str) -> String {
    let triple = triple.to_uppercase().replace(['-', '.'], "_");
    format!("CARGO_TARGET_{triple}_{key}")
}

/// Whether one of the keys of `[target]`, a triple or a `cfg`, applies to that target.
pub(super) fn fits(
    keys: &BTreeSet<&str>,
    triple: &str,
    rustc: &Utf8Path,
    dir: &Utf8Path,
) -> Result<bool> {
    let platforms = keys.iter().filter_map(|key| Platform::from_str(key).ok());
    let platforms: Vec<Platform> = platforms.collect();
    let mut cfgs = Vec::new();
    if platforms.iter().any(|one| matches!(one, Platform::Cfg(_))) {
        let ask = Invocation::new(rustc, dir).args(["--print", "cfg", "--target", triple]);
        let output = process::read(&ask)?;
        cfgs = output
            .stdout
            .lines()
            .filter_map(|line| Cfg::from_str(line).ok())
            .collect();
    }
    Ok(platforms.iter().any(|one| one.matches(triple, &cfgs)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::manifest::Manifests;
    use crate::world::tool;

    fn gather(config: &str, vars: &[(&str, &str)]) -> Rustflags {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        crate::world::disk::write(&dir.join(".cargo/config.toml"), config.as_bytes()).unwrap();
        let vars = vars
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let session = Session {
            cwd: dir.to_owned(),
            env: vars
                .chain([("CARGO_HOME".into(), dir.to_string())])
                .collect(),
            ..Session::default()
        };
        let rustc = tool::find(&Session::read().unwrap(), "rustc");
        let target = "wasm32-unknown-unknown".to_owned();
        let config = CargoConfig::read(&Manifests::default(), &session, dir).unwrap();
        Rustflags::gather(&session, &config, dir, rustc.as_deref(), &[target]).unwrap()
    }

    const BUILD: &str = "[build]\nrustflags = ['-Ca']\n";

    #[test]
    fn flags_of_a_target_count_for_that_target_only() {
        let own = || vec!["-Cown".to_owned()];
        let general = |all: &str| {
            (
                "CARGO_ENCODED_RUSTFLAGS".to_owned(),
                all.replace(' ', "\u{1f}"),
            )
        };
        let wasm = Some("wasm32-unknown-unknown");
        for key in ["'cfg(target_family = \"wasm\")'", "wasm32-unknown-unknown"] {
            let flags = gather(&format!("{BUILD}[target.{key}]\nrustflags = '-Cb'\n"), &[]);
            assert_eq!(flags.with(None, own()), general("-Ca -Cown"), "{key}");
            let name = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS".to_owned();
            let with_blank = [own(), vec!["-Cown=a b".to_owned()]].concat();
            assert_eq!(
                flags.with(wasm, with_blank),
                (name, "-Cown".into()),
                "{key}"
            );
        }
    }

    #[test]
    fn what_the_environment_says_is_kept() {
        let own = || vec!["-Cown".to_owned()];
        let flags = gather(BUILD, &[("CARGO_BUILD_RUSTFLAGS", "-Cenv")]);
        assert_eq!(flags.with(None, own()).1, "-Ca\u{1f}-Cenv\u{1f}-Cown");
        let name = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";
        let flags = gather(BUILD, &[(name, "-Cenv")]);
        let all = (name.to_owned(), "-Cenv -Cown".to_owned());
        assert_eq!(flags.with(Some("wasm32-unknown-unknown"), own()), all);
        let flags = gather(BUILD, &[("RUSTFLAGS", "-Cx"), (name, "-Cenv")]);
        assert_eq!(flags.with(None, own()).1, "-Cx\u{1f}-Cown");
        for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
            let flags = gather(BUILD, &[(name, "")]);
            assert_eq!(flags.with(None, own()).1, "-Cown", "{name}");
        }
    }
}
