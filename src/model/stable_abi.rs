//! The stable ABIs of CPython (PEP 384, PEP 803): which one a build uses, and what can import it.

use super::implementation::Implementation;
use super::minor::{self, Minor};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StableAbi {
    Abi3,
    /// The one that builds without the GIL also have (PEP 803).
    Abi3t,
}

/// The oldest CPython that has `abi3t`.
const OLDEST_ABI3T: Minor = (3, 15);

impl StableAbi {
    /// As in file names and tags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Abi3 => "abi3",
            Self::Abi3t => "abi3t",
        }
    }

    /// Whether an interpreter can import what was built for this ABI from `floor` on.
    pub fn serves(self, floor: Minor, implementation: Implementation, version: Minor) -> bool {
        floor <= version
            && match self {
                Self::Abi3 => implementation == Implementation::CPython,
                Self::Abi3t => implementation.is_cpython(),
            }
    }
}

/// The oldest version that a module for a stable ABI supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbiFloor {
    /// The version of the interpreter that builds it.
    Interpreter,
    /// The oldest version that a feature names.
    Named(Minor),
}

impl AbiFloor {
    /// The version that a feature names.
    pub fn named(self) -> Option<Minor> {
        match self {
            Self::Interpreter => None,
            Self::Named(version) => Some(version),
        }
    }

    /// Combined with another version that a feature names.
    fn or_older(self, version: Minor) -> Self {
        Self::Named(self.named().map_or(version, |known| known.min(version)))
    }
}

/// The stable ABIs that PyO3's features ask for; `None` for one that they do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StableAbis {
    pub abi3: Option<AbiFloor>,
    pub abi3t: Option<AbiFloor>,
}

impl StableAbis {
    /// `abi3`, `abi3-py39`, `abi3t`, `abi3t-py315`; of several versions the oldest counts.
    pub fn of_features<'a>(features: impl IntoIterator<Item = &'a String>) -> Self {
        let mut found = Self::default();
        for feature in features {
            let (name, version) = feature.split_once("-py").unwrap_or((feature, ""));
            let asked = match name {
                "abi3" => &mut found.abi3,
                "abi3t" => &mut found.abi3t,
                _ => continue,
            };
            let known = asked.get_or_insert(AbiFloor::Interpreter);
            if let Some(version) = minor::from_digits(version) {
                *known = known.or_older(version);
            }
        }
        found
    }

    /// Which one a build by an interpreter uses, and the oldest version that it supports; `None` for a build
    /// for this interpreter only (PyO3 guide, "`Py_LIMITED_API`/abi3/abi3t").
    pub fn of(self, implementation: Implementation, version: Minor) -> Option<(StableAbi, Minor)> {
        let abi3 = self.abi3.map(|floor| (StableAbi::Abi3, floor));
        let abi3t = self.abi3t.map(|floor| (StableAbi::Abi3t, floor));
        let abi3t = abi3t.filter(|_| version >= OLDEST_ABI3T);
        let (abi, floor) = match implementation {
            Implementation::CPython => abi3t.or(abi3)?,
            Implementation::FreeThreaded => abi3t?,
            Implementation::PyPy => return None,
        };
        Some((abi, floor.named().unwrap_or(version)))
    }

    /// The oldest version that a feature names for abi3.
    pub fn abi3_floor(self) -> Option<Minor> {
        self.abi3.and_then(AbiFloor::named)
    }

    /// The oldest version that a feature names for either.
    pub fn floor(self) -> Option<Minor> {
        let asked = [self.abi3, self.abi3t].into_iter().flatten();
        asked.filter_map(AbiFloor::named).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abis(features: &[&str]) -> StableAbis {
        let features: Vec<String> = features.iter().map(|it| (*it).to_owned()).collect();
        StableAbis::of_features(&features)
    }

    #[test]
    fn features_name_the_oldest_version() {
        assert_eq!(abis(&["macros"]), StableAbis::default());
        assert_eq!(abis(&["abi3"]).abi3, Some(AbiFloor::Interpreter));
        assert_eq!(
            abis(&["abi3", "abi3-py310"]).abi3,
            Some(AbiFloor::Named((3, 10)))
        );
        assert_eq!(abis(&["abi3-py310", "abi3-py37"]).floor(), Some((3, 7)));
        let both = abis(&["abi3-py39", "abi3t", "abi3t-py315"]);
        assert_eq!(
            (both.abi3, both.abi3t),
            (
                Some(AbiFloor::Named((3, 9))),
                Some(AbiFloor::Named((3, 15)))
            )
        );
    }

    #[test]
    fn the_interpreter_that_builds_decides_between_the_abis() {
        use Implementation::{CPython, FreeThreaded, PyPy};
        use StableAbi::{Abi3, Abi3t};
        let both = abis(&["abi3-py39", "abi3t"]);
        for (implementation, minor, expected) in [
            (CPython, 14, Some((Abi3, (3, 9)))),
            (CPython, 15, Some((Abi3t, (3, 15)))),
            (FreeThreaded, 14, None),
            (FreeThreaded, 16, Some((Abi3t, (3, 16)))),
            (PyPy, 15, None),
        ] {
            assert_eq!(
                both.of(implementation, (3, minor)),
                expected,
                "{implementation:?} {minor}"
            );
        }
        assert_eq!(abis(&["abi3"]).of(FreeThreaded, (3, 15)), None);
        assert_eq!(abis(&["abi3t"]).of(CPython, (3, 14)), None);
    }

    #[test]
    fn only_abi3t_is_for_builds_without_the_gil() {
        use Implementation::{CPython, FreeThreaded, PyPy};
        let serves = |abi: StableAbi| {
            [CPython, FreeThreaded, PyPy].map(|it| abi.serves((3, 15), it, (3, 16)))
        };
        assert_eq!(serves(StableAbi::Abi3), [true, false, false]);
        assert_eq!(serves(StableAbi::Abi3t), [true, true, false]);
        assert!(!StableAbi::Abi3t.serves((3, 15), CPython, (3, 14)));
    }
}
