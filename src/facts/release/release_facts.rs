//! The facts of a release.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::facts::artifact::Tags;
use crate::facts::request::Product;
use crate::model::finding::Finding;
use crate::world::tool::{Toolbox, ToolboxState};

use super::flags::Rustflags;
use super::foreign::{ForeignPython, ForeignTarget};
use super::package::Package;
use super::platform;
use super::publication::Publication;
use super::pythons::Tried;

/// The folder of a release for copies of the project's sources. Hidden: pytest, mypy and others that search a
/// project descend into `target`, but not into such a folder.
pub const SOURCES: &str = ".sources";

#[derive(Clone, Debug)]
pub struct Release {
    pub product: Product,
    pub commit: Option<String>,
    /// The date of every file, in seconds since the epoch: `SOURCE_DATE_EPOCH`, else the commit's time, else
    /// the oldest time that a zip archive can express.
    pub epoch: u64,
    /// `target/pyx/release`, absolute.
    pub dir: Utf8PathBuf,
    /// A folder of the project outside its checkout, absolute: cargo does not read the checkout's
    /// configuration there.
    pub elsewhere: Utf8PathBuf,
    /// Where finished sets go, absolute.
    pub dist: Utf8PathBuf,
    pub toolbox: Toolbox,
    pub toolbox_state: ToolboxState,
    /// What determines the checks of a file besides the file, hashed.
    pub rules: String,
    /// pydistcheck rules that the project ignores: its command line would override them.
    pub distcheck_ignored: Vec<String>,
    /// What is checked as it is: for `release check` the named files, else those in `dist/`; for `release
    /// publish` those of the publication without known results.
    pub existing: Vec<Utf8PathBuf>,
    /// Where those of `existing` ran that are the released files, in words.
    pub ran: BTreeMap<Utf8PathBuf, String>,
    /// What `release publish` uploads.
    pub publication: Option<Publication>,
    pub packages: Vec<Package>,
    /// The available interpreters that the project allows, oldest first.
    pub pythons: Vec<Tried>,
    /// What can run here of the targets that are not this machine's.
    pub(super) foreign: Vec<ForeignTarget>,
    /// Whether this system's C library is musl.
    pub(super) has_musl: bool,
    /// Pythons that uv must get first.
    pub downloads: Vec<String>,
    /// Paths of this machine that no file may contain, and their replacements.
    pub remapped: Vec<(Utf8PathBuf, String)>,
    /// The project's rustc flags, which the build adds to.
    pub rustflags: Rustflags,
    /// Problems of the packed sdists, before anything is built from them.
    pub packed: Vec<Finding>,
}

impl Release {
    /// Whether this system can install a wheel with those tags.
    pub fn installs(&self, tags: &Tags) -> bool {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        tags.fit_system(os, arch, self.has_musl)
    }

    /// The Pythons for other machines on which wheels are tested.
    pub fn foreign_pythons(&self) -> impl Iterator<Item = &ForeignPython> {
        self.foreign.iter().flat_map(|target| &target.pythons)
    }

    pub(super) fn host(&self) -> platform::Host {
        platform::Host {
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
            glibc: self.pythons.first().and_then(|tried| tried.probe.glibc),
        }
    }
}
