//! One member's build: whether it is due, and why.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build::{self, Options};
use crate::facts::environment::Environment;
use crate::facts::fingerprint::{
    self, Attempt, BuildRecord, Input, InstallRecord, LocalPackage, Settings,
};
use crate::facts::project::{Bindings, HardWired, Locked, Member, Project};
use crate::model::minor::Minor;
use crate::model::reason::Reason;
use crate::world::disk;
use crate::world::interpreter::Probe;
use crate::world::manifest::Manifests;
use crate::world::session::Session;
use crate::world::toolchain::Toolchain;

use super::Request;

/// One member's build.
#[derive(Clone, Debug, Default)]
pub struct Build {
    pub member: Member,
    pub options: Options,
    pub toolchain: Toolchain,
    pub settings: Settings,
    pub staleness: Option<Staleness>,
    pub locked: Locked,
    pub linking: Linking,
    /// The target directory to begin this one with, where this one is not there yet.
    pub seed: Option<Utf8PathBuf>,
    /// Where the same build is installed already.
    pub reusable: Option<ReusableBuild>,
    /// Whether what is installed was compiled for another environment.
    pub copied: bool,
    /// Whether what is installed is not what was linked, as patchelf leaves a module that links a
    /// shared library.
    pub patched: bool,
    /// Names of the crate's examples.
    pub examples: Vec<String>,
    /// What keeps plain cargo from linking the crate's tests, once somebody looks for it.
    pub hard_wired: Option<HardWired>,
    /// PyO3's configuration as maturin left it for the stable ABI of this interpreter.
    pub pyo3_config: Option<Utf8PathBuf>,
    /// What is known of an earlier build that this one begins with.
    pub earlier: EarlierBuild,
}

/// What is known of the last build, as far as it is still so.
#[derive(Clone, Debug, Default)]
pub struct EarlierBuild {
    /// The packages that cargo builds from this machine's files; empty where it must be asked.
    pub packages: Vec<LocalPackage>,
    /// What cargo has read, as it is now: a build that sees something else has not seen all of it.
    pub compile: Vec<Input>,
    /// Those of `compile` that were not as recorded.
    pub changed: Vec<Input>,
    /// The hashes of its artifacts.
    pub artifacts: Vec<String>,
    /// Whether a file was last written after now, so that cargo compiles its crate at every call.
    pub is_of_the_future: bool,
}

/// Another environment of the project with a build that is up to date and that does not depend on
/// the version of Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReusableBuild {
    pub environment: Environment,
    /// The folder of its target directories, absolute.
    pub target: Utf8PathBuf,
}

/// How far the builds that embed Python are prepared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linking {
    /// The file that tells PyO3 how to link libpython, absolute.
    pub config: Utf8PathBuf,
    pub configured: bool,
    /// Whether the target directory of tests is there.
    pub seeded: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staleness {
    pub reason: Reason,
    /// When nothing but sources changed, and the module can be replaced as it was installed:
    /// the installed copies of the artifact, absolute.
    pub replace: Vec<Utf8PathBuf>,
    /// Crates whose files changed although their times say that they did not: cargo goes by
    /// those times and would not see it.
    pub unseen: Vec<String>,
    /// Whether cargo most likely has nothing to do: what changed is not known to be read.
    pub is_doubt: bool,
}

impl Staleness {
    pub fn whole(reason: Reason) -> Self {
        Self {
            reason,
            replace: Vec::new(),
            unseen: Vec::new(),
            is_doubt: false,
        }
    }
}

impl Build {
    pub(super) fn of(
        session: &Session,
        member: &Member,
        project: &Project,
        request: &Request,
    ) -> Self {
        let profile = project
            .config
            .profile
            .as_ref()
            .or(member.config().profile.as_ref());
        let options = Options::new(member, profile, &request.build);
        let toolchain = Toolchain::gather(session, &member.dir);
        Self {
            settings: build::settings(session, member, &options, &toolchain),
            member: member.clone(),
            options,
            toolchain,
            ..Self::default()
        }
    }

    /// The local crates with files whose content may differ although their times say that cargo has
    /// seen them: by the records of the last build and of those that have not ended, else by times
    /// that were set back since cargo compiled them. `force`: all of them.
    pub(super) fn unseen(&self, records: &MemberRecords<'_>, force: bool) -> Vec<String> {
        let crates = self.local_crates(records.build);
        // a file outside any crate, included from somewhere: the member's own will do
        let holder = |path: &Utf8PathBuf| {
            let holders = crates.iter().filter(|(dir, _)| path.starts_with(dir));
            let nearest = holders.max_by_key(|(dir, _)| dir.as_str().len());
            nearest.or(crates.first()).map(|(_, name)| name.clone())
        };
        if force {
            return crates.into_iter().map(|(_, name)| name).collect();
        }
        let mut changed: Vec<Utf8PathBuf> = Vec::new();
        if let Some(attempt) = records.attempt {
            for input in &attempt.changed {
                changed.extend(input.changed_before(attempt.began));
            }
        }
        if let Some(build) = records.build {
            for input in &build.compile {
                changed.extend(input.changed_before(build.began));
            }
        } else {
            changed.extend(self.set_back(&holder));
        }
        let names: BTreeSet<String> = changed.iter().filter_map(holder).collect();
        names.into_iter().collect()
    }

    /// Folder and name, the member's own first.
    fn local_crates(&self, then: Option<&BuildRecord>) -> Vec<(Utf8PathBuf, String)> {
        let recorded = then.map_or(&[][..], |then| &then.packages);
        if !recorded.is_empty() {
            return recorded
                .iter()
                .map(|it| (it.dir().to_owned(), it.name.clone()))
                .collect();
        }
        let crates = self.member.crates();
        crates
            .filter_map(|cargo| Some((cargo.dir().to_owned(), cargo.package_name()?.to_owned())))
            .collect()
    }

    /// Where nothing is recorded: the files that were put back since cargo compiled their crates.
    fn set_back(&self, holder: &dyn Fn(&Utf8PathBuf) -> Option<String>) -> Vec<Utf8PathBuf> {
        let fingerprints = build::fingerprints(&self.member, &self.options);
        if !disk::is_dir(&fingerprints) {
            return Vec::new();
        }
        let is_set_back = |path: &Utf8PathBuf| {
            let name = holder(path)?;
            let seen = build::compiled(&fingerprints, &name)?;
            let file = disk::signature(path)?;
            Some(file.written() > seen && file.modified <= seen)
        };
        let output = build::output_dir(&self.member, &self.options);
        let mut files: Vec<Utf8PathBuf> =
            build::sources(&self.member, &output).into_iter().collect();
        files.retain(|path| is_set_back(path) == Some(true));
        files
    }

    /// Why the member must be built or installed; `None` where it is as the sources say.
    pub(super) fn judge(
        &self,
        session: &Session,
        records: &MemberRecords<'_>,
    ) -> Option<Staleness> {
        let name = &self.member.name;
        let unknown = |what: &str| {
            Some(Staleness::whole(Reason::First {
                what: format!("{what} of {name}"),
            }))
        };
        let Some(then) = records.build else {
            return unknown("a build");
        };
        let Some(installed) = records.installed else {
            return unknown("an install");
        };
        let whole = fingerprint::stale_settings(&then.settings, &self.settings)
            .or_else(|| fingerprint::stale(&then.install, session))
            .or_else(|| self.installed_otherwise(then, installed, session));
        if let Some(reason) = whole {
            return Some(Staleness::whole(reason));
        }
        let interrupted = records.attempt.map(|_| Reason::Interrupted);
        let certain = fingerprint::stale(&then.compile, session).or(interrupted);
        let is_doubt = certain.is_none();
        let reason = certain.or_else(|| fingerprint::stale(&then.surroundings, session))?;
        Some(Staleness {
            reason,
            // the bindings that maturin generates for the others are made of the crate as well
            replace: match self.member.bindings {
                Bindings::Pyo3 | Bindings::Pyo3Ffi | Bindings::Bin if !installed.patched => {
                    installed.modules.clone()
                }
                _ => Vec::new(),
            },
            unseen: Vec::new(),
            is_doubt,
        })
    }

    /// Whether it is due, and nothing is known of an earlier one that still holds.
    pub(super) fn begins_anew(&self) -> bool {
        self.staleness.is_some() && self.earlier.packages.is_empty()
    }

    /// What the next build begins with.
    pub(super) fn remember(&mut self, session: &Session, then: Option<&BuildRecord>) {
        let Some(then) = then else { return };
        let mut is_asked_again = false;
        for input in &then.compile {
            if input.stale(session).is_none() {
                self.earlier.compile.push(input.clone());
                continue;
            }
            let now = input.again(session);
            is_asked_again |= now.path().is_some_and(tells_of_packages);
            self.earlier.changed.push(now.clone());
            self.earlier.compile.push(now);
        }
        let now = disk::now();
        let files = self.earlier.compile.iter().filter_map(Input::path);
        let mut written = files.filter_map(|path| Some(disk::signature(path)?.modified));
        self.earlier.is_of_the_future = written.any(|written| written > now);
        if !is_asked_again {
            self.earlier.packages.clone_from(&then.packages);
        }
        let artifacts = then.artifacts.iter();
        self.earlier.artifacts = artifacts.map(|artifact| artifact.hash.clone()).collect();
    }

    /// Whether what is installed is another build, or was changed by somebody else.
    fn installed_otherwise(
        &self,
        then: &BuildRecord,
        installed: &InstallRecord,
        session: &Session,
    ) -> Option<Reason> {
        if installed.package != self.member.dir {
            let path = installed.package.clone();
            return Some(Reason::Elsewhere { path });
        }
        let mut artifacts = then.artifacts.iter();
        if let Some(other) = artifacts.find(|one| !installed.artifacts.contains(&one.hash)) {
            return Some(Reason::Installed {
                path: other.path.clone(),
            });
        }
        fingerprint::stale(&installed.inputs, session).map(|reason| match reason {
            Reason::Changed { path } => Reason::Installed { path },
            other => other,
        })
    }

    /// Another interpreter's build directory begins as a copy of the default one: what does not
    /// depend on Python is not compiled again.
    ///
    /// `default`: the folder of the default one's target directories.
    pub(super) fn seed(&mut self, default: &Utf8Path) {
        let own = build::target_dir(&self.member);
        if disk::is_dir(&own) {
            return;
        }
        let builds = self.member.target.parent().unwrap_or(default);
        let siblings = disk::names(builds)
            .into_iter()
            .map(|name| builds.join(name));
        let reusable = self.reusable.iter().map(|reusable| reusable.target.clone());
        self.seed = reusable
            .chain([default.to_owned()])
            .chain(siblings)
            .map(|target| target.join(own.file_name().unwrap_or_default()))
            .find(|dir| disk::is_dir(dir));
    }

    pub(super) fn prepare(
        &mut self,
        manifests: &Manifests,
        probe: Option<&Probe>,
        environment: &Environment,
    ) {
        self.locked = Locked::gather(manifests, &self.member, &self.options.features);
        self.examples = self.member.cargo.examples();
        let Some(probe) = probe else { return };
        let identity = format!("{} {probe:?} {:?}", environment.python(), self.locked);
        let folder = self.member.target.join("test");
        let hash = disk::digest(identity.as_bytes());
        let config = folder.join(format!("pyo3-config-{}.txt", &hash[..16]));
        self.linking = Linking {
            configured: disk::is_file(&config),
            seeded: disk::is_dir(&self.member.intermediate_dir(&folder)),
            config,
        };
        let dir = build::target_dir(&self.member).join("maturin");
        let python = (probe.major, probe.minor);
        let floor = self.locked.abi_floor.unwrap_or(python);
        self.pyo3_config = maturins_config(&dir, python, floor);
    }
}

/// What maturin has written for PyO3 in `dir`, for an interpreter and the oldest Python of a stable
/// ABI. Another floor has the same file, which maturin writes anew.
fn maturins_config(dir: &Utf8Path, python: Minor, floor: Minor) -> Option<Utf8PathBuf> {
    let ending = format!("-{}.{}-abi3.txt", python.0, python.1);
    let mut names = disk::names(dir);
    names.retain(|name| name.starts_with("pyo3-config-") && name.ends_with(&ending));
    let [only] = &names[..] else { return None };
    let path = dir.join(only);
    let text = disk::read_text(&path).ok().flatten()?;
    let version = format!("version={}.{}", floor.0, floor.1);
    text.lines().any(|line| line == version).then_some(path)
}

/// What earlier runs have written down of a member.
#[derive(Clone, Copy, Default)]
pub(super) struct MemberRecords<'a> {
    pub(super) build: Option<&'a BuildRecord>,
    pub(super) attempt: Option<&'a Attempt>,
    pub(super) installed: Option<&'a InstallRecord>,
}

/// Whether a file may change which packages cargo builds from this machine's files.
fn tells_of_packages(path: &Utf8Path) -> bool {
    const NAMES: [&str; 6] = [
        "Cargo.lock",
        "Cargo.toml",
        "config",
        "config.toml",
        "rust-toolchain",
        "rust-toolchain.toml",
    ];
    path.file_name().is_some_and(|name| NAMES.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_maturin_has_written_for_another_floor_of_the_stable_abi_is_not_used() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let path = dir.join("pyo3-config-x86_64-unknown-linux-gnu-3.11-abi3.txt");
        let text = "implementation=CPython\nversion=3.9\ntarget_abi=CPython-abi3-3.9\n";
        disk::write(&path, text.as_bytes()).unwrap();
        let config = |python, floor| maturins_config(dir, python, floor);
        assert_eq!(config((3, 11), (3, 9)), Some(path));
        assert_eq!(config((3, 11), (3, 10)), None);
        assert_eq!(config((3, 12), (3, 9)), None);
    }
}
