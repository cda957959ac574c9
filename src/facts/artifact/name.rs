//! File names: wheels' (PEP 427, with the tags of PEP 425) and sdists' (PEP 625).

use std::collections::BTreeSet;
use std::str::FromStr;

use pep440_rs::Version;

use crate::model::manylinux;
use crate::model::minor::{self, Minor};
use crate::model::package_name;

/// The suffix of every wheel.
pub const WHEEL_ENDING: &str = ".whl";

/// The suffix of every sdist (PEP 625).
pub const SDIST_ENDING: &str = ".tar.gz";

/// The name of a file that an index accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DistributionName {
    Wheel(WheelName),
    Sdist(SdistName),
}

/// `hello-0.1.0-cp39-abi3-manylinux_2_17_x86_64.whl`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelName {
    /// As written.
    pub distribution: String,
    pub version: Version,
    pub build: Option<String>,
    pub tags: Tags,
    /// Distribution and version as written: the name of the `.dist-info` folder without its suffix.
    pub stem: String,
}

/// A compressed set of compatibility tags: every combination is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// `cp39`, `py3`
    pub pythons: Vec<String>,
    /// `abi3`, `cp313t`, `none`
    pub abis: Vec<String>,
    /// `manylinux_2_17_x86_64`, `any`
    pub platforms: Vec<String>,
}

/// `hello-0.1.0.tar.gz`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SdistName {
    /// As written.
    pub distribution: String,
    pub version: Version,
    /// The file name without its suffix: the name of the top-level folder.
    pub stem: String,
}

impl DistributionName {
    /// `None` if it is neither a wheel's nor an sdist's name.
    pub fn parse(file: &str) -> Option<Self> {
        let sdist = || SdistName::parse(file).map(Self::Sdist);
        WheelName::parse(file).map(Self::Wheel).or_else(sdist)
    }

    /// The package that it is a distribution of; normalised.
    pub fn package(&self) -> String {
        package_name::normalize(match self {
            Self::Wheel(wheel) => &wheel.distribution,
            Self::Sdist(sdist) => &sdist.distribution,
        })
    }
}

impl WheelName {
    /// `None` if it is not a wheel's name.
    pub fn parse(file: &str) -> Option<Self> {
        let parts: Vec<&str> = file.strip_suffix(WHEEL_ENDING)?.split('-').collect();
        let (distribution, version, build, tags) = match parts[..] {
            [name, version, ref tags @ ..] if tags.len() == 3 => (name, version, None, tags),
            [name, version, build, ref tags @ ..] if tags.len() == 3 => {
                let numbered = build.starts_with(|c: char| c.is_ascii_digit());
                (name, version, Some(numbered.then_some(build)?), tags)
            }
            _ => return None,
        };
        Some(Self {
            version: version_of(version)?,
            build: build.map(str::to_owned),
            tags: Tags::parse(&tags.join("-"))?,
            stem: format!("{distribution}-{version}"),
            distribution: distribution.to_owned(),
        })
    }
}

impl SdistName {
    /// `None` if it is not an sdist's name.
    pub fn parse(file: &str) -> Option<Self> {
        let stem = file.strip_suffix(SDIST_ENDING)?;
        let (distribution, version) = stem.rsplit_once('-')?;
        Some(Self {
            version: version_of(version)?,
            stem: stem.to_owned(),
            distribution: distribution.to_owned(),
        })
    }
}

/// A local version is spelled with `_` in file names, unless it is refused anyway.
fn version_of(text: &str) -> Option<Version> {
    Version::from_str(&text.replace('_', "-")).ok()
}

impl Tags {
    /// `cp39-abi3-linux_x86_64`, with `.` between alternatives.
    pub fn parse(text: &str) -> Option<Self> {
        let list = |part: &str| part.split('.').map(str::to_owned).collect::<Vec<_>>();
        match text.split('-').collect::<Vec<_>>()[..] {
            [python, abi, platform] => Some(Self {
                pythons: list(python),
                abis: list(abi),
                platforms: list(platform),
            }),
            _ => None,
        }
    }

    /// Every combination, as the file WHEEL lists them.
    pub fn expand(&self) -> BTreeSet<String> {
        let abis = |python| self.abis.iter().map(move |abi| format!("{python}-{abi}"));
        let pairs = self.pythons.iter().flat_map(abis);
        let all = |pair| {
            self.platforms
                .iter()
                .map(move |platform| format!("{pair}-{platform}"))
        };
        pairs.flat_map(all).collect()
    }

    /// Whether it supports Pythons later than those it names (PEP 384).
    pub fn is_stable_abi(&self) -> bool {
        self.abis.iter().any(|abi| abi.starts_with("abi3"))
    }

    /// Whether it is not bound to an interpreter's ABI: programs, and libraries that Python only loads.
    pub fn is_abi_free(&self) -> bool {
        self.abis.iter().all(|abi| abi == "none")
    }

    /// Whether its Python tags let a `CPython` of that version, built with a GIL, install it.
    pub fn admit(&self, python: Minor) -> bool {
        let fits = |tag: &String| match (tag.strip_prefix("cp"), minor(tag)) {
            (Some(_), Some(own)) if self.is_stable_abi() => own <= python,
            (Some(_), Some(own)) => own == python,
            _ => is_pure_for(tag, python),
        };
        let has_gil = |abi: &String| !abi.ends_with('t');
        self.pythons.iter().any(fits) && self.abis.iter().any(has_gil)
    }

    /// Whether its platform tags let a system install it.
    ///
    /// `os` and `arch`: as in [`std::env::consts`]. `is_musl`: on Linux, whether it has no glibc.
    pub fn fit_system(&self, os: &str, arch: &str, is_musl: bool) -> bool {
        let arch = match (os, arch) {
            ("macos" | "windows", "aarch64") => "arm64",
            ("windows", "x86_64") => "amd64",
            ("windows", "x86") => "win32",
            ("linux", "x86") => "i686",
            ("linux", "arm") => "armv7l",
            ("linux", "powerpc64") => "ppc64le",
            (_, arch) => arch,
        };
        let fits = |tag: &String| match os {
            // which C library that is for it does not tell
            "linux" if tag.starts_with("linux_") => true,
            "linux" if is_musl => tag.starts_with("musllinux_"),
            "linux" => tag.starts_with("manylinux"),
            "macos" => tag.starts_with("macosx_"),
            _ => tag.starts_with("win"),
        };
        let is_for_all = |tag: &String| os == "macos" && tag.ends_with("_universal2");
        let mut platforms = self.platforms.iter();
        platforms.any(|tag| tag == "any" || fits(tag) && (tag.ends_with(arch) || is_for_all(tag)))
    }

    /// The oldest glibc that one of its platforms promises to run on.
    pub fn glibc(&self) -> Option<(u64, u64)> {
        let promised = self
            .platforms
            .iter()
            .filter_map(|tag| manylinux::glibc(tag));
        promised.min()
    }

    /// The oldest `CPython` that it names with a minor version.
    pub fn floor(&self) -> Option<Minor> {
        let minors = self.pythons.iter().filter_map(|tag| minor(tag));
        minors.min()
    }
}

/// Whether it is a tag by which any implementation of that Python installs what is for no ABI: `py3`, and
/// `py38` and later.
fn is_pure_for(tag: &str, python: Minor) -> bool {
    let Some(digits) = tag.strip_prefix("py") else {
        return false;
    };
    digits == python.0.to_string() || minor::from_digits(digits).is_some_and(|own| own <= python)
}

/// `cp313` is 3.13; `py3` names no minor version.
pub(super) fn minor(tag: &str) -> Option<Minor> {
    let digits = tag.strip_prefix("cp").or(tag.strip_prefix("pp"))?;
    minor::from_digits(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheels_name_has_five_parts_or_six() {
        let name = WheelName::parse("my_pkg-1.0rc1-cp39-abi3-win_amd64.whl").unwrap();
        assert_eq!((name.stem.as_str(), name.build), ("my_pkg-1.0rc1", None));
        assert_eq!(name.tags.abis, ["abi3"]);
        let name = WheelName::parse("my_pkg-1.0-2local-py3-none-any.whl").unwrap();
        assert_eq!(name.build.as_deref(), Some("2local"));
        for bad in [
            "my_pkg-1.0.whl",
            "my_pkg-1.0-x-py3-none-any.whl",
            "my_pkg-one-py3-none-any.whl",
            "my_pkg-1.0-py3-none-any.zip",
        ] {
            assert_eq!(WheelName::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn compressed_tags_stand_for_every_combination() {
        let tags = Tags::parse("py2.py3-none-a.b").unwrap();
        let all = ["py2-none-a", "py2-none-b", "py3-none-a", "py3-none-b"];
        assert_eq!(tags.expand(), all.map(str::to_owned).into());
        assert_eq!(Tags::parse("py3-none"), None);
    }

    #[test]
    fn tags_tell_which_python_installs_the_wheel() {
        for (tags, admits) in [
            ("cp312-cp312-any", true),
            ("cp311-cp311-any", false),
            ("cp39-abi3-any", true),
            ("cp313-abi3-any", false),
            ("cp312-cp312t-any", false),
            ("cp312-abi3.abi3t-any", true),
            ("pp312-pypy312_pp73-any", false),
            ("cp311.cp312-none-any", true),
            ("py2.py3-none-any", true),
            ("py2-none-any", false),
            ("py38-none-any", true),
            ("py313-none-any", false),
        ] {
            assert_eq!(Tags::parse(tags).unwrap().admit((3, 12)), admits, "{tags}");
        }
    }

    #[test]
    fn tags_tell_which_system_installs_the_wheel() {
        let linux = ("linux", "x86_64");
        for (tags, (os, arch), is_musl, fit) in [
            ("py3-none-any", linux, false, true),
            ("py3-none-manylinux2014_x86_64", linux, false, true),
            ("py3-none-linux_x86_64", linux, false, true),
            ("py3-none-manylinux2014_aarch64", linux, false, false),
            ("py3-none-musllinux_1_2_x86_64", linux, false, false),
            ("py3-none-musllinux_1_2_x86_64", linux, true, true),
            ("py3-none-linux_x86_64", linux, true, true),
            ("py3-none-manylinux2014_x86_64", linux, true, false),
            ("py3-none-win_amd64", linux, false, false),
            ("py3-none-win_amd64", ("windows", "x86_64"), false, true),
            ("py3-none-win_arm64", ("windows", "x86_64"), false, false),
            ("py3-none-win32", ("windows", "x86"), false, true),
            (
                "py3-none-macosx_11_0_arm64",
                ("macos", "aarch64"),
                false,
                true,
            ),
            (
                "py3-none-macosx_11_0_universal2",
                ("macos", "aarch64"),
                false,
                true,
            ),
            (
                "py3-none-macosx_10_12_x86_64",
                ("macos", "aarch64"),
                false,
                false,
            ),
        ] {
            let all = Tags::parse(tags).unwrap();
            assert_eq!(
                all.fit_system(os, arch, is_musl),
                fit,
                "{tags} on {os} {arch}"
            );
        }
    }

    #[test]
    fn a_distribution_is_known_by_its_name() {
        let package = |file| DistributionName::parse(file).map(|name| name.package());
        for file in ["My_Pkg-1.0-py3-none-any.whl", "my_pkg-1.0.tar.gz"] {
            assert_eq!(package(file).as_deref(), Some("my-pkg"), "{file}");
        }
        for other in ["release.json", "SHA256SUMS", "my_pkg.whl", "source.tar.gz"] {
            assert_eq!(package(other), None, "{other}");
        }
    }

    #[test]
    fn a_tag_names_a_minor_version() {
        assert_eq!(minor("cp39"), Some((3, 9)));
        assert_eq!(minor("cp313"), Some((3, 13)));
        assert_eq!(minor("py3"), None);
    }

    #[test]
    fn an_sdists_name_ends_with_its_version() {
        let name = SdistName::parse("my_pkg-1.0.tar.gz").unwrap();
        assert_eq!(
            (name.distribution.as_str(), name.stem.as_str()),
            ("my_pkg", "my_pkg-1.0")
        );
        assert_eq!(SdistName::parse("my_pkg-1.0.zip"), None);
        assert_eq!(SdistName::parse("my_pkg.tar.gz"), None);
    }
}
