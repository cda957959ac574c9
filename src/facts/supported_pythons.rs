//! Which Pythons the project's PyO3 supports: its build script rejects all others.

use std::collections::BTreeSet;
use std::str::FromStr;

use camino::Utf8Path;
use cargo_metadata::Package;
use pep440_rs::VersionSpecifiers;

use crate::facts::build::{self, Options};
use crate::facts::project::{Locked, Member, Project};
use crate::model::implementation::Implementation;
use crate::model::minor::{self, Minor};
use crate::model::stable_abi::{AbiFloor, StableAbis};
use crate::world::disk;
use crate::world::interpreter::Interpreter;
use crate::world::session::Session;
use crate::world::tool;
use crate::world::toolchain::Toolchain;

use super::request::Request;

/// The Pythons that one PyO3 supports; by default any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SupportedPythons {
    /// As in Cargo.lock; if one of its features decides, the feature's name.
    pub pyo3: String,
    pub cpython: VersionRange,
    /// `None` for one that supports only builds with a GIL.
    pub free_threaded: Option<VersionRange>,
    pub pypy: VersionRange,
}

impl Default for SupportedPythons {
    fn default() -> Self {
        Self {
            pyo3: String::new(),
            cpython: VersionRange::default(),
            free_threaded: Some(VersionRange::default()),
            pypy: VersionRange::default(),
        }
    }
}

/// A range of Python versions, both ends included; open if it has no upper end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionRange {
    pub oldest: Option<Minor>,
    pub newest: Option<Minor>,
}

impl VersionRange {
    pub fn contains(&self, version: Minor) -> bool {
        self.oldest.is_none_or(|oldest| oldest <= version)
            && self.newest.is_none_or(|newest| version <= newest)
    }
}

/// The first PyO3 that can build modules for CPython without the GIL.
const FREE_THREADED: (u64, u64) = (0, 23);

/// The oldest CPython that has a build without the GIL.
const OLDEST_FREE_THREADED: Minor = (3, 13);

impl SupportedPythons {
    /// For every PyO3 that the members are built with. cargo is asked, and fetches PyO3 for that if it may;
    /// without a Cargo.lock it could not answer without writing one.
    pub fn of_project(session: &Session, project: &Project, request: &Request) -> Vec<Self> {
        let mut found = BTreeSet::new();
        for member in &project.members {
            let options = Options::new(member, None, &request.build);
            let locked = Locked::gather(&project.manifests, member, options.feature_selection());
            found.extend(Self::of_stable_abi(locked.stable_abis));
        }
        let Ok(cargo) = tool::cargo(session) else {
            return found.into_iter().collect(); // said where it is needed
        };
        for member in &project.members {
            let options = Options::new(member, None, &request.build);
            let locked = Locked::gather(&project.manifests, member, options.feature_selection());
            let toolchain = Toolchain::gather(session, &member.dir);
            let offline = request.network.offline;
            let supported = Self::of_member(session, member, &locked, &toolchain, &cargo, offline);
            found.extend(supported);
        }
        found.into_iter().collect()
    }

    /// From the feature that says from which `CPython` on the module can be loaded: PyO3 builds it for that
    /// version, whatever builds it.
    fn of_stable_abi(asked: StableAbis) -> Option<Self> {
        let oldest = asked.abi3_floor()?;
        let (major, minor) = oldest;
        Some(Self {
            pyo3: format!("abi3-py{major}{minor}"),
            cpython: VersionRange {
                oldest: Some(oldest),
                newest: None,
            },
            ..Self::default()
        })
    }

    pub fn of_member(
        session: &Session,
        member: &Member,
        locked: &Locked,
        toolchain: &Toolchain,
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
        if locked.stable_abis.floor().is_some() || is_forward {
            supported.cpython.newest = None;
        }
        if let (Some(free_threaded), Some(AbiFloor::Named(_))) =
            (&mut supported.free_threaded, locked.stable_abis.abi3t)
        {
            free_threaded.newest = None;
        }
        Some(supported)
    }

    /// From `[package.metadata.cpython]` of pyo3-ffi and the like; up to PyO3 0.23 only its build script says
    /// it, and always for builds without the GIL.
    fn stated(pyo3_ffi: &Package) -> Self {
        let script = pyo3_ffi.manifest_path.with_file_name("build.rs");
        let script = disk::read_text(&script).ok().flatten().unwrap_or_default();
        let range = |key: &str, constant: &str| {
            let end = |end: &str| minor::from_dotted(pyo3_ffi.metadata[key][end].as_str()?);
            let stated = VersionRange {
                oldest: end("min-version"),
                newest: end("max-version"),
            };
            if stated == VersionRange::default() {
                in_build_script(&script, constant)
            } else {
                stated
            }
        };
        let cpython = range("cpython", "SUPPORTED_VERSIONS_CPYTHON");
        let oldest = after(&script, "const MIN_FREE_THREADED_VERSION").and_then(version_in);
        let free_threaded = VersionRange {
            oldest: Some(oldest.unwrap_or(OLDEST_FREE_THREADED)),
            newest: cpython.newest,
        };
        let is_new = (pyo3_ffi.version.major, pyo3_ffi.version.minor) >= FREE_THREADED;
        Self {
            pyo3: pyo3_ffi.version.to_string(),
            cpython,
            free_threaded: is_new.then_some(free_threaded),
            pypy: range("pypy", "SUPPORTED_VERSIONS_PYPY"),
        }
    }

    /// For one implementation; `None` if it supports none of its versions.
    pub fn of(&self, implementation: Implementation) -> Option<VersionRange> {
        match implementation {
            Implementation::CPython => Some(self.cpython),
            Implementation::FreeThreaded => self.free_threaded,
            Implementation::PyPy => Some(self.pypy),
        }
    }

    pub fn admits(&self, python: &Interpreter) -> bool {
        let range = self.of(python.implementation);
        range.is_some_and(|range| range.contains(minor::of(&python.version)))
    }

    /// As a `requires-python` for CPython.
    fn requirement(&self) -> Option<VersionSpecifiers> {
        let VersionRange { oldest, newest } = self.cpython;
        let oldest = oldest.map(|(major, minor)| format!(">={major}.{minor}"));
        let newest = newest.map(|(major, minor)| format!("<{major}.{}", minor + 1));
        let both: Vec<String> = oldest.into_iter().chain(newest).collect();
        if both.is_empty() {
            return None;
        }
        VersionSpecifiers::from_str(&both.join(",")).ok()
    }

    /// For people: "PyO3 0.21.2 is for CPython 3.7 to 3.12".
    pub fn wording(&self, implementation: Implementation) -> String {
        let version = |(major, minor): Minor| format!("{major}.{minor}");
        let name = |version: String| implementation.wording(version);
        let range = match self.of(implementation) {
            None => "builds of CPython with a GIL".to_owned(),
            Some(range) => match (range.oldest, range.newest) {
                (Some(oldest), None) => format!("{} and newer", name(version(oldest))),
                (None, Some(newest)) => name(format!("up to {}", version(newest))),
                (Some(oldest), Some(newest)) if oldest == newest => name(version(oldest)),
                (Some(oldest), Some(newest)) => {
                    let suffix = if implementation == Implementation::FreeThreaded {
                        "t"
                    } else {
                        ""
                    };
                    name(format!(
                        "{}{suffix} to {}",
                        version(oldest),
                        version(newest)
                    ))
                }
                (None, None) => name("of any version".into()),
            },
        };
        let name = &self.pyo3;
        if name.starts_with("abi3") {
            return format!("PyO3's feature `{name}` is for {range}");
        }
        format!("PyO3 {name} is for {range}")
    }
}

/// All of them as requirements, to be met besides every `requires-python`.
pub fn requirements(all: &[SupportedPythons]) -> Vec<VersionSpecifiers> {
    all.iter()
        .filter_map(SupportedPythons::requirement)
        .collect()
}

/// The first that does not support an interpreter.
pub fn refusing<'a>(
    all: &'a [SupportedPythons],
    python: &Interpreter,
) -> Option<&'a SupportedPythons> {
    all.iter().find(|supported| !supported.admits(python))
}

/// Both ends of a constant in a build script.
fn in_build_script(script: &str, constant: &str) -> VersionRange {
    let constant = after(script, &format!("const {constant}:"));
    let end = |key: &str| version_in(after(constant?, key)?);
    VersionRange {
        oldest: end("min:"),
        newest: end("max:"),
    }
}

/// What follows a word in a source, up to the end of the statement.
fn after<'a>(source: &'a str, word: &str) -> Option<&'a str> {
    let (_, rest) = source.split_once(word)?;
    rest.split(';').next()
}

/// `PythonVersion { major: 3, minor: 12 }`, or a constant named after it: `PY_3_14`.
fn version_in(source: &str) -> Option<Minor> {
    let number = |text: &str| {
        let digits = text
            .trim_start()
            .split(|c: char| !c.is_ascii_digit())
            .next()?;
        digits.parse::<u64>().ok()
    };
    if let Some((_, version)) = source.split_once("PY_") {
        let (major, minor) = version.split_once('_')?;
        return Some((number(major)?, number(minor)?));
    }
    Some((
        number(after(source, "major:")?)?,
        number(after(source, "minor:")?)?,
    ))
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
            };
            const MIN_FREE_THREADED_VERSION: PythonVersion = PY_3_14;";
        let range = |oldest, newest| VersionRange { oldest, newest };
        let cpython = in_build_script(text, "SUPPORTED_VERSIONS_CPYTHON");
        assert_eq!(cpython, range(Some((3, 7)), Some((3, 12))));
        let pypy = in_build_script(text, "SUPPORTED_VERSIONS_PYPY");
        assert_eq!(pypy, range(Some((3, 9)), None));
        let oldest = after(text, "const MIN_FREE_THREADED_VERSION").and_then(version_in);
        assert_eq!(oldest, Some((3, 14)));
        let older = "const MINIMUM_SUPPORTED_VERSION: PythonVersion = PythonVersion { major: 3, minor: 7 };";
        assert_eq!(
            in_build_script(older, "SUPPORTED_VERSIONS_CPYTHON"),
            range(None, None)
        );
    }

    #[test]
    fn both_ends_are_supported_and_said() {
        let ends = |oldest, newest| SupportedPythons {
            pyo3: "0.21.2".into(),
            cpython: VersionRange { oldest, newest },
            free_threaded: None,
            pypy: VersionRange::default(),
        };
        let both = ends(Some((3, 7)), Some((3, 12)));
        assert!(both.cpython.contains((3, 7)) && both.cpython.contains((3, 12)));
        assert!(!both.cpython.contains((3, 6)) && !both.cpython.contains((3, 13)));
        for (implementation, wording) in [
            (
                Implementation::CPython,
                "PyO3 0.21.2 is for CPython 3.7 to 3.12",
            ),
            (
                Implementation::FreeThreaded,
                "PyO3 0.21.2 is for builds of CPython with a GIL",
            ),
            (
                Implementation::PyPy,
                "PyO3 0.21.2 is for PyPy of any version",
            ),
        ] {
            assert_eq!(both.wording(implementation), wording);
        }
        let [requirement] = &requirements(&[both, ends(None, None)])[..] else {
            panic!("an open range requires nothing")
        };
        let version = |text: &str| Version::from_str(text).unwrap();
        assert!(requirement.contains(&version("3.12.9")));
        assert!(!requirement.contains(&version("3.13.0")));
    }

    #[test]
    fn the_oldest_python_of_a_stable_abi_is_the_oldest_that_loads_it() {
        let of = |features: &[&str]| {
            let features: Vec<String> = features.iter().map(ToString::to_string).collect();
            SupportedPythons::of_stable_abi(StableAbis::of_features(&features))
        };
        let found = of(&["abi3", "abi3-py313"]).unwrap();
        assert!(!found.cpython.contains((3, 12)) && found.cpython.contains((3, 13)));
        assert!(found.free_threaded.unwrap().contains((3, 12)));
        assert_eq!(
            found.wording(Implementation::CPython),
            "PyO3's feature `abi3-py313` is for CPython 3.13 and newer"
        );
        // then it is built for the one that builds it, or for each of the older ones
        assert!(of(&["abi3"]).is_none() && of(&["abi3t-py315"]).is_none());
    }
}
