//! Which wheels a package needs so that every Python it allows gets one.

use crate::facts::project::Bindings;
use crate::model::minor;
use crate::world::interpreter::Interpreter;

use super::super::{Build, SupportedPythons};

/// One wheel, as far as the interpreter decides about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abi {
    /// `cp312`, `cp313t`, `abi3`; `py3` for what does not depend on Python.
    pub label: String,
    /// What builds it.
    pub python: Interpreter,
    /// What it claims to run on and is here, oldest first.
    pub serves: Vec<Interpreter>,
}

/// From this PyO3 on modules can be built for free-threaded CPython.
const FREE_THREADED: (u64, u64) = (0, 23);

/// `pythons`: oldest first. A stable-ABI or version-independent package gets one wheel for all.
pub(super) fn abis(
    build: &Build,
    pythons: &[Interpreter],
    supported: &SupportedPythons,
) -> Vec<Abi> {
    let minor = |python: &Interpreter| minor(python);
    let allowed = |python: &&Interpreter| {
        let requires = build.member.requires_python.as_ref();
        requires.is_none_or(|requires| requires.contains(&python.version))
    };
    let pythons: Vec<&Interpreter> = pythons.iter().filter(allowed).collect();
    if !build.member.bindings.is_pyo3() {
        let one = pythons.last().map(|python| Abi {
            label: "py3".into(),
            python: (*python).clone(),
            serves: pythons.iter().copied().cloned().collect(),
        });
        return one.into_iter().collect();
    }
    let version = build.locked.pyo3.as_ref().map(|v| (v.major, v.minor));
    let buildable = |python: &&&Interpreter| {
        supported.contains(minor(python))
            && (!python.free_threaded || version.is_none_or(|v| v >= FREE_THREADED))
    };
    let own = |python: &Interpreter| Abi {
        label: label(python),
        python: python.clone(),
        serves: vec![python.clone()],
    };
    if !build.locked.stable_abi {
        let pythons = pythons.iter().filter(buildable);
        return pythons.map(|python| own(python)).collect();
    }
    let builders = pythons
        .iter()
        .filter(|p| !p.free_threaded && supported.contains(minor(p)));
    let oldest = builders.map(|p| minor(p)).next().unwrap_or_default();
    let floor = build.locked.abi_floor.unwrap_or(oldest);
    let serves = pythons
        .iter()
        .filter(|p| !p.free_threaded && minor(p) >= floor);
    let serves: Vec<Interpreter> = serves.copied().cloned().collect();
    let mut oldest = serves
        .iter()
        .filter(|python| supported.contains(minor(python)));
    let stable = oldest.next().map(|python| Abi {
        label: "abi3".into(),
        python: python.clone(),
        serves: serves.clone(),
    });
    let free = pythons.iter().filter(buildable).filter(|p| p.free_threaded);
    let free = free.map(|python| own(python));
    stable.into_iter().chain(free).collect()
}

/// As in wheels' tags: `cp312`, `cp313t`.
pub fn label(python: &Interpreter) -> String {
    let (major, minor) = minor(python);
    let suffix = if python.free_threaded { "t" } else { "" };
    format!("cp{major}{minor}{suffix}")
}

pub(super) fn minor(python: &Interpreter) -> (u64, u64) {
    minor::of(&python.version)
}

/// Whether the bindings make a module or program at all, and so a wheel.
pub(super) fn has_wheels(bindings: Bindings) -> bool {
    bindings != Bindings::Embed
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use pep440_rs::Version;

    use super::*;
    use crate::facts::project::{Locked, Member};

    fn python(text: &str) -> Interpreter {
        let free_threaded = text.ends_with('t');
        Interpreter {
            path: format!("/{text}/bin/python").into(),
            version: Version::from_str(text.trim_end_matches('t')).unwrap(),
            free_threaded,
        }
    }

    fn wheels(build: &Build, supported: &SupportedPythons) -> Vec<(String, usize)> {
        let pythons: Vec<Interpreter> =
            ["3.8.18", "3.9.18", "3.12.1", "3.13.0", "3.13.0t", "3.14.0"]
                .map(python)
                .to_vec();
        abis(build, &pythons, supported)
            .into_iter()
            .map(|abi| (abi.label, abi.serves.len()))
            .collect()
    }

    fn build(stable: bool, floor: Option<(u64, u64)>) -> Build {
        Build {
            member: Member {
                requires_python: Some(">=3.9".parse().unwrap()),
                ..Member::default()
            },
            locked: Locked {
                pyo3: Some(semver::Version::new(0, 29, 0)),
                stable_abi: stable,
                abi_floor: floor,
                ..Locked::default()
            },
            ..Build::default()
        }
    }

    fn owned(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
        expected
            .iter()
            .map(|(label, n)| ((*label).to_owned(), *n))
            .collect()
    }

    #[test]
    fn every_allowed_interpreter_gets_a_wheel_unless_the_abi_is_stable() {
        let each = [
            ("cp39", 1),
            ("cp312", 1),
            ("cp313", 1),
            ("cp313t", 1),
            ("cp314", 1),
        ];
        assert_eq!(
            wheels(&build(false, None), &SupportedPythons::default()),
            owned(&each)
        );
        let one = [("abi3", 4), ("cp313t", 1)];
        assert_eq!(
            wheels(&build(true, None), &SupportedPythons::default()),
            owned(&one)
        );
        let from_310 = [("abi3", 3), ("cp313t", 1)];
        let build = build(true, Some((3, 10)));
        assert_eq!(
            wheels(&build, &SupportedPythons::default()),
            owned(&from_310)
        );
    }

    #[test]
    fn pyo3_says_for_which_pythons_it_builds() {
        let supported = SupportedPythons {
            pyo3: "0.22.0".into(),
            oldest: Some((3, 9)),
            newest: Some((3, 13)),
        };
        let mut old = build(false, None);
        old.locked.pyo3 = Some(semver::Version::new(0, 22, 0));
        let each = [("cp39", 1), ("cp312", 1), ("cp313", 1)];
        assert_eq!(wheels(&old, &supported), owned(&each));
    }

    #[test]
    fn what_does_not_depend_on_python_gets_one_wheel() {
        let mut bin = build(false, None);
        bin.member.bindings = Bindings::Bin;
        assert_eq!(
            wheels(&bin, &SupportedPythons::default()),
            owned(&[("py3", 5)])
        );
    }
}
