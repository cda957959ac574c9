//! Which wheels a package needs so that every Python it allows gets one.

use crate::facts::project::Member;
use crate::model::minor;
use crate::world::interpreter::Interpreter;

use super::super::{Build, SupportedPythons};

/// One wheel, as far as the interpreter determines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abi {
    /// `cp312`, `cp313t`, `abi3`, `abi3t`; `py3` for what does not depend on Python.
    pub label: String,
    /// The interpreter that builds it.
    pub python: Interpreter,
    /// The available interpreters that it claims to run on, oldest first.
    pub serves: Vec<Interpreter>,
}

/// `pythons`: oldest first. A version-independent package gets one wheel for all, and one with a stable ABI
/// gets one for all that the ABI supports.
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
    let mut abis: Vec<Abi> = Vec::new();
    for python in pythons.iter().filter(|python| supported.admits(python)) {
        let stable = build
            .locked
            .stable_abis
            .of(python.implementation, minor(python));
        let Some((abi, floor)) = stable else {
            abis.push(Abi {
                label: label(python),
                python: (*python).clone(),
                serves: vec![(*python).clone()],
            });
            continue;
        };
        let serves =
            |python: &&&Interpreter| abi.serves(floor, python.implementation, minor(python));
        let is_known = abis.iter().any(|known| known.label == abi.name());
        if serves(&python) && !is_known {
            abis.push(Abi {
                label: abi.name().into(),
                python: (*python).clone(),
                serves: pythons.iter().filter(serves).copied().cloned().collect(),
            });
        }
    }
    abis
}

/// Whether a wheel with that ABI claims to run on an interpreter, of whatever machine.
pub(super) fn claims(build: &Build, abi: &Abi, python: &Interpreter) -> bool {
    let requires = build.member.requires_python.as_ref();
    if requires.is_some_and(|requires| !requires.contains(&python.version)) {
        return false;
    }
    let builder = (abi.python.implementation, minor(&abi.python));
    match build.locked.stable_abis.of(builder.0, builder.1) {
        _ if !build.member.bindings.is_pyo3() => true,
        Some((stable, floor)) => stable.serves(floor, python.implementation, minor(python)),
        None => label(python) == abi.label,
    }
}

/// As in wheel tags: `cp312`, `cp313t`, `pp310`.
pub fn label(python: &Interpreter) -> String {
    python.implementation.tag(minor(python))
}

pub(super) fn minor(python: &Interpreter) -> (u64, u64) {
    minor::of(&python.version)
}

/// Whether it has distributions: an sdist has a pyproject.toml, and a wheel is built from the sdist.
pub(super) fn has_wheels(member: &Member) -> bool {
    member.pyproject.is_some()
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use pep440_rs::Version;

    use super::*;
    use crate::facts::project::{Bindings, Locked, Member};
    use crate::facts::supported_pythons::VersionRange;
    use crate::model::implementation::Implementation;
    use crate::model::stable_abi::StableAbis;

    fn python(text: &str) -> Interpreter {
        let (text, implementation) = match text.strip_suffix('t') {
            Some(text) => (text, Implementation::FreeThreaded),
            None => (text, Implementation::CPython),
        };
        Interpreter {
            path: format!("/{text}/bin/python").into(),
            version: Version::from_str(text).unwrap(),
            implementation,
        }
    }

    fn wheels(build: &Build, supported: &SupportedPythons) -> Vec<(String, usize)> {
        let pythons: Vec<Interpreter> = [
            "3.8.18", "3.9.18", "3.12.1", "3.13.0", "3.13.0t", "3.15.0", "3.15.0t",
        ]
        .map(python)
        .to_vec();
        abis(build, &pythons, supported)
            .into_iter()
            .map(|abi| (abi.label, abi.serves.len()))
            .collect()
    }

    fn build(features: &[&str]) -> Build {
        let features: Vec<String> = features.iter().map(|it| (*it).to_owned()).collect();
        Build {
            member: Member {
                requires_python: Some(">=3.9".parse().unwrap()),
                ..Member::default()
            },
            locked: Locked {
                pyo3: Some(semver::Version::new(0, 29, 0)),
                stable_abis: StableAbis::of_features(&features),
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
        let all = SupportedPythons::default(); // as for a project without a lock
        let each = [
            ("cp39", 1),
            ("cp312", 1),
            ("cp313", 1),
            ("cp313t", 1),
            ("cp315", 1),
            ("cp315t", 1),
        ];
        assert_eq!(wheels(&build(&[]), &all), owned(&each));
        for (features, expected) in [
            (
                &["abi3"][..],
                &[("abi3", 4), ("cp313t", 1), ("cp315t", 1)][..],
            ),
            (
                &["abi3-py310"],
                &[("abi3", 3), ("cp313t", 1), ("cp315t", 1)],
            ),
            (
                &["abi3-py39", "abi3t"],
                &[("abi3", 4), ("cp313t", 1), ("abi3t", 2)],
            ),
            (
                &["abi3t-py315"],
                &[
                    ("cp39", 1),
                    ("cp312", 1),
                    ("cp313", 1),
                    ("cp313t", 1),
                    ("abi3t", 2),
                ],
            ),
        ] {
            assert_eq!(
                wheels(&build(features), &all),
                owned(expected),
                "{features:?}"
            );
        }
    }

    #[test]
    fn pyo3_says_for_which_pythons_it_builds() {
        let supported = SupportedPythons {
            pyo3: "0.22.0".into(),
            cpython: VersionRange {
                oldest: Some((3, 9)),
                newest: Some((3, 13)),
            },
            free_threaded: None,
            ..SupportedPythons::default()
        };
        let each = [("cp39", 1), ("cp312", 1), ("cp313", 1)];
        assert_eq!(wheels(&build(&[]), &supported), owned(&each));
    }

    #[test]
    fn a_wheel_claims_the_same_pythons_on_every_machine() {
        let mut bin = build(&[]);
        bin.member.bindings = Bindings::Bin;
        for (build, claimed) in [
            (build(&[]), ["3.12.2"].as_slice()),
            (build(&["abi3-py310"]), &["3.11.2", "3.12.2", "3.13.1"]),
            (build(&["abi3"]), &["3.12.2", "3.13.1"]),
            (bin, &["3.9.2", "3.11.2", "3.12.2", "3.13.1", "3.13.1t"]),
        ] {
            let here = [python("3.12.1")];
            let own = abis(&build, &here, &SupportedPythons::default());
            let mut foreign = ["3.8.1", "3.9.2", "3.11.2", "3.12.2", "3.13.1", "3.13.1t"].to_vec();
            foreign.retain(|text| claims(&build, &own[0], &python(text)));
            assert_eq!(foreign, claimed, "{}", own[0].label);
        }
    }

    #[test]
    fn what_does_not_depend_on_python_gets_one_wheel() {
        let mut bin = build(&[]);
        bin.member.bindings = Bindings::Bin;
        assert_eq!(
            wheels(&bin, &SupportedPythons::default()),
            owned(&[("py3", 6)])
        );
    }
}
