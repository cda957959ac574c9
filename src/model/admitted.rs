//! What version specifiers allow, as ranges: a list of versions to try is never complete.

use std::collections::Bound;

use pep440_rs::{Version, VersionSpecifiers, release_specifiers_to_ranges};
use version_ranges::Ranges;

use crate::model::minor::{self, Minor};

/// No minor version of Python has had this many releases after its first: an upper bound for the last one.
const LAST: u64 = 40;

/// The allowed releases; pre-releases and the like count as their release.
pub fn releases(specifiers: &VersionSpecifiers) -> Ranges<Version> {
    release_specifiers_to_ranges(specifiers.clone())
}

/// Whether no release is allowed by all of them.
pub fn exclude_each_other(all: &[VersionSpecifiers]) -> bool {
    let common = all.iter().map(releases);
    let common = common.reduce(|common, other| common.intersection(&other));
    common.is_some_and(|common| common.is_empty())
}

/// Whether this release or a later one is allowed.
pub fn admits_from<const N: usize>(specifiers: &VersionSpecifiers, first: [u64; N]) -> bool {
    !releases(specifiers).is_disjoint(&Ranges::higher_than(Version::new(first)))
}

/// Whether there is a release after which none is allowed.
pub fn is_bounded_above(specifiers: &VersionSpecifiers) -> bool {
    let releases = releases(specifiers);
    let ends = releases.bounding_range();
    ends.is_none_or(|(_, last)| last != Bound::Unbounded)
}

/// Whether `outer` allows every release of a Python before 4 that `inner` allows; `None` allows all.
pub fn is_within(inner: Option<&VersionSpecifiers>, outer: Option<&VersionSpecifiers>) -> bool {
    let admitted = |it: Option<&VersionSpecifiers>| it.map_or_else(Ranges::full, releases);
    let known = Ranges::strictly_lower_than(Version::new([4]));
    let inner = admitted(inner).intersection(&known);
    inner.subset_of(&admitted(outer))
}

/// The minor versions of which some release is allowed.
pub fn minors(specifiers: &VersionSpecifiers) -> Ranges<Minor> {
    let mut minors = Ranges::empty();
    for (first, last) in releases(specifiers).iter() {
        let first = match first {
            Bound::Unbounded => Bound::Unbounded,
            Bound::Included(version) | Bound::Excluded(version) => {
                Bound::Included(minor::of(version))
            }
        };
        let last = match last {
            Bound::Unbounded => Bound::Unbounded,
            Bound::Excluded(version) if is_first(version) => Bound::Excluded(minor::of(version)),
            Bound::Included(version) | Bound::Excluded(version) => {
                let (major, minor) = minor::of(version);
                Bound::Excluded((major, minor + 1))
            }
        };
        minors = minors.union(&Ranges::from_range_bounds((first, last)));
    }
    minors
}

/// What to ask for to get a Python of a minor version that all of them allow: `3.12`, or `3.12.1` where later
/// releases of it are not allowed; `None` if none is.
pub fn request(all: &[VersionSpecifiers], (major, minor): Minor) -> Option<String> {
    let admitted = |patch: &u64| {
        let release = Version::new([major, minor, *patch]);
        all.iter().all(|specifiers| specifiers.contains(&release))
    };
    let newest = (0..=LAST).rev().find(admitted)?;
    Some(if newest == LAST {
        format!("{major}.{minor}")
    } else {
        format!("{major}.{minor}.{newest}")
    })
}

/// The lowest of the minor versions that are in both.
pub fn lowest(minors: &Ranges<Minor>, of: &Ranges<Minor>) -> Option<Minor> {
    let both = minors.intersection(of);
    let (first, _) = both.bounding_range()?;
    match first {
        Bound::Included(minor) => Some(*minor),
        Bound::Excluded(_) | Bound::Unbounded => None, // no range here begins so
    }
}

/// Whether it is the first release of its minor version.
fn is_first(version: &Version) -> bool {
    version.release().iter().skip(2).all(|number| *number == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specifiers(text: &str) -> VersionSpecifiers {
        text.parse().unwrap()
    }

    #[test]
    fn a_minor_version_is_admitted_with_any_of_its_releases() {
        let admitted = |text: &str| {
            let minors = minors(&specifiers(text));
            let known = (7..=15).filter(|minor| minors.contains(&(3, *minor)));
            known.collect::<Vec<u64>>()
        };
        for (text, expected) in [
            ("==3.9.18", &[9][..]),
            ("==3.9.*", &[9]),
            (">=3.9.5,<3.10", &[9]),
            (">3.9.150,<3.11", &[9, 10]),
            ("~=3.9.200", &[9]),
            (">=3.8,!=3.9.*,!=3.10.1,<3.12", &[8, 10, 11]),
            (">3.9,<=3.11", &[9, 10, 11]),
            ("<3.9.1,>=3.8", &[8, 9]),
            (">=3.9,<3.9", &[]),
            (">=2.7,<3.8", &[7]),
            (">=3.14", &[14, 15]),
        ] {
            assert_eq!(admitted(text), expected, "{text}");
        }
        assert!(minors(&specifiers(">=3.9")).contains(&(3, 400)));
    }

    #[test]
    fn one_range_is_within_another_by_all_its_releases() {
        for (inner, outer, expected) in [
            (">=3.10", ">=3.9", true),
            (">=3.10", ">=3.9,<4", true),
            (">=3.10", ">=3.9,<3.50", false),
            (">=3.10", ">=3.10,!=3.12.1", false),
            ("==3.10.*", ">=3.10.1", false),
            (">=3.10,<3.13", ">=3.9,<3.13", true),
        ] {
            let (one, other) = (specifiers(inner), specifiers(outer));
            assert_eq!(
                is_within(Some(&one), Some(&other)),
                expected,
                "{inner} {outer}"
            );
            assert!(is_within(Some(&one), None));
            assert!(!is_within(None, Some(&other)));
        }
    }

    #[test]
    fn a_release_is_asked_for_where_not_all_later_ones_are_admitted() {
        for (text, minor, expected) in [
            (">=3.9", 12, Some("3.12")),
            (">=3.12.5,<3.13", 12, Some("3.12")),
            ("==3.12.1", 12, Some("3.12.1")),
            (">=3.9,<=3.12", 12, Some("3.12.0")),
            (">=3.9,<=3.12", 11, Some("3.11")),
            ("<3.12.4,!=3.12.3", 12, Some("3.12.2")),
            ("<=3.12.99", 12, Some("3.12")),
            (">=3.9,<3.12", 12, None),
        ] {
            let asked = request(&[specifiers(text)], (3, minor));
            assert_eq!(asked.as_deref(), expected, "{text}");
        }
        let both = [specifiers(">=3.12.2"), specifiers("<3.12.5")];
        assert_eq!(request(&both, (3, 12)).as_deref(), Some("3.12.4"));
    }

    #[test]
    fn the_lowest_minor_version_is_that_where_the_ranges_meet() {
        let of = |text: &str, range: std::ops::Range<Minor>| {
            lowest(
                &minors(&specifiers(text)),
                &Ranges::from_range_bounds(range),
            )
        };
        let python3 = || (3, 0)..(4, 0);
        assert_eq!(of(">=3.9.5", python3()), Some((3, 9)));
        assert_eq!(of(">=2.7,!=3.0.*", python3()), Some((3, 1)));
        assert_eq!(of("<3", python3()), None);
        assert_eq!(of(">=3.9", (3, 0)..(3, 9)), None);
    }

    #[test]
    fn later_releases_are_admitted_up_to_a_bound() {
        for (text, from, bounded) in [
            (">=2", true, false),
            ("", true, false),
            (">=1,!=1.5", true, false),
            ("===1.9.1", false, true),
            ("<1.9.2", false, true),
            ("<=1.9.1", false, true),
            ("==1.9.*", true, true),
            ("~=1.9", true, true),
            (">=1,<2", true, true),
        ] {
            let specifiers = specifiers(text);
            assert_eq!(admits_from(&specifiers, [1, 9, 2]), from, "{text}");
            assert_eq!(is_bounded_above(&specifiers), bounded, "{text}");
        }
    }
}
