//! Which versions of CPython the project's PyO3 is for: its build script refuses all others.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use camino::Utf8Path;
use cargo_metadata::Package;
use pep440_rs::VersionSpecifiers;

use crate::facts::build::{self, Options};
use crate::facts::project::{Locked, Member, Project};
use crate::model::minor::{self, Minor};
use crate::world::disk;
use crate::world::interpreter::Interpreter;
use crate::world::session::Session;
use crate::world::tool;
use crate::world::toolchain::Toolchain;

use super::request::Request;

/// What one PyO3 is for, both ends included; without an end where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SupportedPythons {
    /// As in Cargo.lock.
    pub pyo3: String,
    pub oldest: Option<Minor>,
    pub newest: Option<Minor>,
}

impl SupportedPythons {
    /// For every PyO3 that the members are built with. cargo is asked, and fetches PyO3 for that where
    /// it may; without a Cargo.lock it could not answer without writing one.
    pub fn of_project(session: &Session, project: &Project, request: &Request) -> Vec<Self> {
        let Ok(cargo) = tool::cargo(session) else {
            return Vec::new(); // said where it is needed
        };
        let mut found = BTreeSet::new();
        for member in &project.members {
            let options = Options::new(member, None, &request.build);
            let locked = Locked::gather(&project.manifests, member, &options.features);
            let toolchain = Toolchain::gather(session, &member.dir);
            let offline = request.network.offline;
            let build = (member, &locked, &toolchain);
            found.extend(Self::of_member(session, build, &cargo, offline));
        }
        found.into_iter().collect()
    }

    pub fn of_member(
        session: &Session,
        (member, locked, toolchain): (&Member, &Locked, &Toolchain),
        cargo: &Utf8Path,
        offline: bool,
    ) -> Option<Self> {
        // a toolchain that cargo would have to fetch first is fetched for the build, where one sees it
        if locked.pyo3.is_none() || toolchain.missing_pin.is_some() {
            return None;
        }
        let flags: &[&str] = if offline { &["--offline"] } else { &[] };
        let metadata = build::metadata(session, member, toolchain, cargo, flags)?;
        let found = metadata.packages.iter().find(|it| *it.name == "pyo3-ffi")?;
        let mut supported = Self::stated(found);
        // such a module is built for the oldest Python that it runs on, whatever builds it
        let is_forward = session.var("PYO3_USE_ABI3_FORWARD_COMPATIBILITY") == Some("1");
        if locked.abi_floor.is_some() || is_forward {
            supported.newest = None;
        }
        Some(supported)
    }

    /// In `[package.metadata.cpython]` of pyo3-ffi; its build script alone says it up to PyO3 0.23.
    fn stated(pyo3_ffi: &Package) -> Self {
        let version = pyo3_ffi.version.to_string();
        let cpython = &pyo3_ffi.metadata["cpython"];
        let end = |key: &str| minor::from_dotted(cpython[key].as_str()?);
        let (oldest, newest) = (end("min-version"), end("max-version"));
        if oldest.is_some() || newest.is_some() {
            return Self {
                pyo3: version,
                oldest,
                newest,
            };
        }
        let script = pyo3_ffi.manifest_path.with_file_name("build.rs");
        let text = disk::read_text(&script).ok().flatten();
        let [oldest, newest] = in_build_script(&text.unwrap_or_default());
        Self {
            pyo3: version,
            oldest,
            newest,
        }
    }

    pub fn contains(&self, version: Minor) -> bool {
        self.oldest.is_none_or(|oldest| oldest <= version)
            && self.newest.is_none_or(|newest| version <= newest)
    }

    /// As `requires-python` would say it.
    fn requirement(&self) -> Option<VersionSpecifiers> {
        let oldest = self
            .oldest
            .map(|(major, minor)| format!(">={major}.{minor}"));
        let newest = self
            .newest
            .map(|(major, minor)| format!("<{major}.{}", minor + 1));
        let both: Vec<String> = oldest.into_iter().chain(newest).collect();
        if both.is_empty() {
            return None;
        }
        VersionSpecifiers::from_str(&both.join(",")).ok()
    }
}

/// As in "PyO3 0.21.2 is for CPython 3.7 to 3.12".
impl fmt::Display for SupportedPythons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PyO3 {} is for CPython ", self.pyo3)?;
        match (self.oldest, self.newest) {
            (Some((major, minor)), None) => write!(f, "{major}.{minor} and newer"),
            (None, Some((major, minor))) => write!(f, "up to {major}.{minor}"),
            (Some(oldest), Some(newest)) => {
                write!(f, "{}.{} to {}.{}", oldest.0, oldest.1, newest.0, newest.1)
            }
            (None, None) => f.write_str("any version"),
        }
    }
}

/// All of them as requirements, to be met besides every `requires-python`.
pub fn requirements(all: &[SupportedPythons]) -> Vec<VersionSpecifiers> {
    all.iter()
        .filter_map(SupportedPythons::requirement)
        .collect()
}

/// The first that is not for an interpreter.
pub fn refusing<'a>(
    all: &'a [SupportedPythons],
    python: &Interpreter,
) -> Option<&'a SupportedPythons> {
    let version = minor::of(&python.version);
    all.iter().find(|supported| !supported.contains(version))
}

/// The two versions in `SUPPORTED_VERSIONS_CPYTHON`, oldest and newest.
fn in_build_script(text: &str) -> [Option<Minor>; 2] {
    let start = text.split_once("const SUPPORTED_VERSIONS_CPYTHON");
    let constant = start.and_then(|(_, rest)| rest.split_once(';'));
    let constant = constant.map_or("", |(constant, _)| constant);
    let number = |version: &str, key: &str| {
        let (_, rest) = version.split_once(key)?;
        let digits = rest
            .trim_start()
            .split(|c: char| !c.is_ascii_digit())
            .next()?;
        digits.parse::<u64>().ok()
    };
    let end = |key: &str| {
        let (_, version) = constant.split_once(key)?;
        Some((number(version, "major:")?, number(version, "minor:")?))
    };
    [end("min:"), end("max:")]
}

#[cfg(test)]
mod tests {
    use pep440_rs::Version;

    use super::*;

    #[test]
    fn the_build_scripts_of_older_pyo3s_tell_what_they_are_for() {
        let text = "
            struct SupportedVersions { min: PythonVersion, max: PythonVersion }
            const SUPPORTED_VERSIONS_CPYTHON: SupportedVersions = SupportedVersions {
                min: PythonVersion { major: 3, minor: 7 },
                max: PythonVersion {
                    major: 3,
                    minor: 12,
                },
            };
            const SUPPORTED_VERSIONS_PYPY: SupportedVersions = SupportedVersions {
                min: PythonVersion { major: 3, minor: 9 },
            };";
        assert_eq!(in_build_script(text), [Some((3, 7)), Some((3, 12))]);
        let older = "const MINIMUM_SUPPORTED_VERSION: PythonVersion = PythonVersion { major: 3, minor: 7 };";
        assert_eq!(in_build_script(older), [None, None]);
    }

    #[test]
    fn both_ends_are_supported_and_said() {
        let ends = |oldest, newest| SupportedPythons {
            pyo3: "0.21.2".into(),
            oldest,
            newest,
        };
        let both = ends(Some((3, 7)), Some((3, 12)));
        assert!(both.contains((3, 7)) && both.contains((3, 12)));
        assert!(!both.contains((3, 6)) && !both.contains((3, 13)));
        assert_eq!(both.to_string(), "PyO3 0.21.2 is for CPython 3.7 to 3.12");
        let [requirement] = &requirements(&[both, ends(None, None)])[..] else {
            panic!("an open range requires nothing")
        };
        let version = |text: &str| Version::from_str(text).unwrap();
        assert!(requirement.contains(&version("3.12.9")));
        assert!(!requirement.contains(&version("3.13.0")));
    }
}
