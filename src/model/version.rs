//! The two spellings of a version: cargo's (semver) and Python's (PEP 440).

use std::str::FromStr;

use pep440_rs::{PrereleaseKind, Version};

/// What maturin makes of a version in Cargo.toml: `0.1.0-rc.1` becomes `0.1.0rc1`. `None` if Python has no
/// such version, as for `0.1.0-nightly`.
pub fn python(cargo: &semver::Version) -> Option<Version> {
    Version::from_str(&cargo.to_string()).ok()
}

/// The spelling in Cargo.toml from which [`python`] yields the same version; a release of one or two numbers
/// is padded with zeros. `None` if cargo has no such version: epochs, four numbers.
pub fn cargo(version: &Version) -> Option<semver::Version> {
    let release = version.release();
    let number = |at: usize| release.get(at).copied().unwrap_or_default();
    let mut spelled = semver::Version::new(number(0), number(1), number(2));
    let pre = version.pre().map(|pre| {
        let kind = match pre.kind {
            PrereleaseKind::Alpha => "alpha",
            PrereleaseKind::Beta => "beta",
            PrereleaseKind::Rc => "rc",
        };
        (kind, pre.number)
    });
    let post = version.post().map(|number| ("post", number));
    let dev = version.dev().map(|number| ("dev", number));
    let parts: Vec<String> = [pre, post, dev]
        .into_iter()
        .flatten()
        .map(|(kind, n)| format!("{kind}.{n}"))
        .collect();
    spelled.pre = semver::Prerelease::new(&parts.join(".")).ok()?;
    let local: Vec<String> = version.local().iter().map(ToString::to_string).collect();
    spelled.build = semver::BuildMetadata::new(&local.join(".")).ok()?;
    (python(&spelled).as_ref() == Some(version)).then_some(spelled)
}

/// A version in either spelling; `None` if it is not a PEP 440 version.
pub fn parse(text: &str) -> Option<Version> {
    Version::from_str(text.trim()).ok()
}

/// Which number goes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Bump {
    Major,
    Minor,
    Patch,
    /// The number of a pre-release; for a release, the first candidate of the next patch
    Pre,
}

impl Bump {
    /// The next version. For a pre-release of the requested version, that version itself: `minor` turns
    /// 1.2.0-rc.1 into 1.2.0. A post-release comes after its version, whatever cargo says.
    pub fn of(self, version: &semver::Version) -> semver::Version {
        let (major, minor, patch) = (version.major, version.minor, version.patch);
        let is_after = python(version).is_some_and(|it| it.is_post() && it.pre().is_none());
        let ahead = !version.pre.is_empty() && !is_after;
        let (major, minor, patch) = match self {
            Self::Major if ahead && (minor, patch) == (0, 0) => (major, 0, 0),
            Self::Major => (major + 1, 0, 0),
            Self::Minor if ahead && patch == 0 => (major, minor, 0),
            Self::Minor => (major, minor + 1, 0),
            Self::Patch | Self::Pre if ahead => (major, minor, patch),
            Self::Patch | Self::Pre => (major, minor, patch + 1),
        };
        let mut next = semver::Version::new(major, minor, patch);
        if self == Self::Pre {
            let pre = if ahead { &version.pre } else { &next.pre };
            next.pre = next_pre(pre);
        }
        next
    }
}

/// `rc.1` becomes `rc.2`, nothing becomes `rc.1`.
fn next_pre(pre: &semver::Prerelease) -> semver::Prerelease {
    let text = pre.as_str();
    let word = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text[word.len()..].parse().unwrap_or_default();
    let next = match word {
        "" => "rc.1".to_owned(),
        word if word.ends_with(|c: char| c.is_ascii_alphabetic()) && word.len() == text.len() => {
            format!("{word}.1")
        }
        word => format!("{word}{}", number + 1),
    };
    semver::Prerelease::new(&next).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn semver(text: &str) -> semver::Version {
        semver::Version::parse(text).unwrap()
    }

    #[test]
    fn every_version_has_both_spellings() {
        for (cargo_text, python_text) in [
            ("0.1.0", "0.1.0"),
            ("0.1.0-rc.1", "0.1.0rc1"),
            ("0.1.0-alpha.2", "0.1.0a2"),
            ("0.1.0-beta.3", "0.1.0b3"),
            ("0.1.0-dev.4", "0.1.0.dev4"),
            ("0.1.0-post.5", "0.1.0.post5"),
            ("0.1.0-rc.1.dev.2", "0.1.0rc1.dev2"),
            ("0.1.0+linux.7", "0.1.0+linux.7"),
        ] {
            let version = parse(python_text).unwrap();
            let spelled = semver(cargo_text);
            assert_eq!(python(&spelled).unwrap().to_string(), python_text);
            assert_eq!(cargo(&version).unwrap().to_string(), cargo_text);
            assert_eq!(parse(cargo_text).unwrap(), version);
        }
    }

    #[test]
    fn what_the_other_side_cannot_spell_is_none() {
        assert_eq!(python(&semver("0.1.0-nightly")), None);
        assert_eq!(cargo(&parse("1!1.0").unwrap()), None);
        assert_eq!(cargo(&parse("1.2.3.4").unwrap()), None);
        assert_eq!(cargo(&parse("1.2").unwrap()).unwrap(), semver("1.2.0"));
    }

    #[test]
    fn a_bump_of_a_pre_release_ends_it() {
        for (bump, from, to) in [
            (Bump::Major, "1.2.3", "2.0.0"),
            (Bump::Major, "2.0.0-rc.1", "2.0.0"),
            (Bump::Major, "2.1.0-rc.1", "3.0.0"),
            (Bump::Minor, "1.2.3+x", "1.3.0"),
            (Bump::Minor, "1.3.0-rc.1", "1.3.0"),
            (Bump::Minor, "1.3.1-rc.1", "1.4.0"),
            (Bump::Patch, "1.2.3", "1.2.4"),
            (Bump::Patch, "1.2.4-rc.1", "1.2.4"),
            (Bump::Pre, "1.2.3", "1.2.4-rc.1"),
            (Bump::Pre, "1.2.4-rc.9", "1.2.4-rc.10"),
            (Bump::Pre, "1.2.4-alpha", "1.2.4-alpha.1"),
            (Bump::Pre, "1.2.4-b2", "1.2.4-b3"),
            (Bump::Major, "1.0.0-post.1", "2.0.0"),
            (Bump::Minor, "1.0.0-post.1", "1.1.0"),
            (Bump::Patch, "1.0.0-post.1", "1.0.1"),
            (Bump::Patch, "1.0.0-post.1.dev.2", "1.0.1"),
            (Bump::Patch, "1.0.0-rc.1.post.2", "1.0.0"),
            (Bump::Pre, "1.0.0-post.1", "1.0.1-rc.1"),
        ] {
            assert_eq!(bump.of(&semver(from)), semver(to), "{bump:?} of {from}");
        }
    }
}
