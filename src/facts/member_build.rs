//! One member's build: whether it is due, and why.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build::{self, Options};
use crate::facts::environment::Environment;
use crate::facts::fingerprint::{
    self, Artifact, Attempt, BuildRecord, BuildRecords, Input, InstallRecord, LocalPackage,
    Settings,
};
use crate::facts::project::{Bindings, HardWired, Locked, Member, Project};
use crate::model::minor::Minor;
use crate::model::reason::Reason;
use crate::model::stable_abi::StableAbi;
use crate::world::disk;
use crate::world::interpreter::Probe;
use crate::world::manifest::Manifests;
use crate::world::session::Session;
use crate::world::tool;
use crate::world::toolchain::Toolchain;

use super::Request;
use super::hollow_package::HollowPackage;
use super::linking::Linking;
use super::local_distributions::LocalDistribution;
use super::unseen_edits;

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
    /// The target directory to seed this one with, if it does not exist yet.
    pub seed: Option<Utf8PathBuf>,
    /// Where the same build is already installed.
    pub reusable: Option<ReusableBuild>,
    /// Whether what is installed was compiled for another environment.
    pub copied: bool,
    /// Whether what is installed is not what was linked, because patchelf changed a module that links a
    /// shared library.
    pub patched: bool,
    /// Names of the crate's examples.
    pub examples: Vec<String>,
    /// What keeps plain cargo from linking the crate's tests, once looked for.
    pub hard_wired: Option<HardWired>,
    /// PyO3's configuration as maturin left it for the stable ABI of this interpreter.
    pub pyo3_config: Option<Utf8PathBuf>,
    /// What is known about an earlier build that this one begins with.
    pub earlier: EarlierBuild,
    /// The folder of the module's package, if nothing else is left of the package.
    pub hollow: Option<HollowPackage>,
    /// Distributions that the package was installed as under earlier names.
    pub former: Vec<String>,
}

/// What is known about the last build, as far as it still holds.
#[derive(Clone, Debug, Default)]
pub struct EarlierBuild {
    /// The packages that cargo builds from this machine's files; empty if cargo must be asked.
    pub packages: Vec<LocalPackage>,
    /// What cargo read, in its current state: a build that sees something else has not seen all of it.
    pub compile: Vec<Input>,
    /// Those of `compile` that differed from the record.
    pub changed: Vec<Input>,
    /// The hashes of its artifacts.
    pub artifacts: Vec<String>,
    /// Whether one of them is damaged, which cargo does not notice.
    pub is_damaged: bool,
    /// Whether a file was last written in the future, so that cargo compiles its crate at every call.
    pub is_of_the_future: bool,
}

/// Another environment of the project with a build that is up to date and does not depend on the Python
/// version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReusableBuild {
    pub environment: Environment,
    /// The folder of its target directories, absolute.
    pub target: Utf8PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staleness {
    pub reason: Reason,
    /// If only sources changed, and the module can be replaced as it was installed: the installed copies of
    /// the artifact, as recorded.
    pub replace: Vec<Input>,
    /// Crates whose files changed although their timestamps say that they did not: cargo goes by those and
    /// would not notice.
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

impl Staleness {
    /// Whether only cargo's answer tells if maturin has to install anything.
    pub fn is_only_asked(&self) -> bool {
        self.is_doubt && self.replace.is_empty()
    }
}

impl Build {
    /// The stable ABI that a build for an interpreter uses, and the oldest Python that it supports.
    pub fn stable_abi(&self, probe: &Probe) -> Option<(StableAbi, Minor)> {
        let asked = self.locked.stable_abis;
        asked.of(probe.implementation(), probe.version())
    }

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
        let mut member = member.clone();
        let named = request.build.cargo.config_files.iter().cloned();
        member.cargo_configs.extend(named);
        let toolchain = Toolchain::gather(session, &member.dir);
        Self {
            settings: build::settings(session, &member, &options, &toolchain),
            member,
            options,
            toolchain,
            ..Self::default()
        }
    }

    /// The local crates that cargo would consider unchanged although they may not be; `force`: all of them.
    pub(super) fn unseen(
        &self,
        session: &Session,
        project: &Project,
        records: &BuildRecords,
        force: bool,
    ) -> Vec<String> {
        let own = self.member.manifest();
        let mut builds = records.builds.values().rev();
        let known =
            builds.find(|build| build.packages.first().is_some_and(|it| it.manifest == *own));
        let built = build::build_folders(&self.member, &project.state);
        let packages = match (known, tool::cargo(session)) {
            (Some(build), _) => build.packages.clone(),
            // something else has compiled what is there
            (None, Ok(cargo)) if !built.is_empty() => {
                build::local_packages(session, &self.member, &self.toolchain, &cargo)
            }
            (None, _) => build::own_packages(&self.member),
        };
        if force {
            return packages.into_iter().map(|package| package.name).collect();
        }
        let configs = &self.member.cargo_configs;
        let known = unseen_edits::by_records(session, &packages, configs, records);
        let mut names = known.unwrap_or_else(|| {
            let output = build::output_dir(&self.member, &self.options);
            let read = build::sources(&self.member, &output);
            unseen_edits::by_times(&packages, configs, &read, &built)
        });
        let others =
            unseen_edits::of_other_builds(session, project, &self.member, &packages, records);
        names.extend(others);
        if self.earlier.is_damaged {
            names.extend(packages.first().map(|own| own.name.clone()));
        }
        names.into_iter().collect()
    }

    /// Why the member must be built or installed; `None` if it is up to date.
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
        let lock = self.member.workspace.join("Cargo.lock");
        let (locks, others): (Vec<&Input>, Vec<&Input>) = then
            .compile
            .iter()
            .partition(|input| input.path() == Some(&lock));
        let stale = |inputs: &[&Input]| inputs.iter().find_map(|input| input.stale(session));
        let certain = stale(&others).or(interrupted);
        let is_doubt = certain.is_none();
        // cargo writes the lock itself, even for another member of the workspace
        let doubt = || stale(&locks).or_else(|| fingerprint::stale(&then.surroundings, session));
        let reason = certain.or_else(doubt)?;
        Some(Staleness {
            reason,
            // the bindings that maturin generates for the others depend on the crate too
            replace: match self.member.bindings {
                Bindings::Pyo3 | Bindings::Pyo3Ffi | Bindings::Bin if !installed.patched => {
                    installed.copies()
                }
                _ => Vec::new(),
            },
            unseen: Vec::new(),
            is_doubt,
        })
    }

    /// Whether it is due, and nothing is known about an earlier build that still holds.
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
        self.earlier.is_damaged = then.artifacts.iter().any(Artifact::is_damaged);
        self.earlier.artifacts = then
            .artifacts
            .iter()
            .map(|artifact| artifact.hash.clone())
            .collect();
    }

    /// Whether what is installed is another build, or was changed by something else.
    fn installed_otherwise(
        &self,
        then: &BuildRecord,
        installed: &InstallRecord,
        session: &Session,
    ) -> Option<Reason> {
        if installed.package != self.member.dir {
            let path = installed.package.clone();
            return Some(Reason::OtherSource { path });
        }
        if let Some(other) = then
            .artifacts
            .iter()
            .find(|one| !installed.artifacts.contains(&one.hash))
        {
            return Some(Reason::Installed {
                path: other.path.clone(),
            });
        }
        fingerprint::stale(&installed.inputs, session).map(|reason| match reason {
            Reason::Changed { path } => Reason::Installed { path },
            other => other,
        })
    }

    /// Another interpreter's build directory begins as a copy of the default one: what does not depend on
    /// Python is not compiled again.
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
            .map(|target| build::target_dir_in(&target, &self.member))
            .find(|dir| disk::is_dir(dir));
    }

    /// The distributions of the package in the environment under other names; `replaced`: those that this run
    /// replaces in any case, as two members may have swapped names.
    pub(super) fn look_for_former(
        &mut self,
        environment: &Environment,
        replaced: &BTreeSet<String>,
    ) {
        let mut found = LocalDistribution::all(environment, &[]);
        found.retain(|one| {
            one.from == self.member.dir && !replaced.contains(&one.name.to_lowercase())
        });
        self.former = found.into_iter().map(|one| one.name).collect();
    }

    /// `is_cached`: whether there is a cache in front of the compiler.
    pub(super) fn prepare(
        &mut self,
        manifests: &Manifests,
        probe: Option<&Probe>,
        environment: &Environment,
        is_cached: bool,
    ) {
        self.locked = Locked::gather(manifests, &self.member, self.options.feature_selection());
        self.examples = self.member.cargo.examples();
        let Some(probe) = probe else { return };
        let can_share = !is_cached && self.stable_abi(probe).is_none();
        self.linking = Linking::of(&self.member, &self.locked, probe, environment, can_share);
        let dir = build::target_dir(&self.member).join("maturin");
        if let Some((StableAbi::Abi3, floor)) = self.stable_abi(probe) {
            self.pyo3_config = maturins_config(&dir, probe.version(), floor);
        }
    }
}

/// What maturin wrote for PyO3 in `dir`, for an interpreter and the oldest Python of a stable ABI. Another
/// floor uses the same file, which maturin rewrites.
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

/// What earlier runs recorded about a member.
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
    fn what_was_written_for_an_unknown_pyo3_is_written_again() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let manifest = dir.join("Cargo.toml");
        let text = "[package]\nname = 'a'\nversion = '1.0.0'\n[dependencies]\npyo3 = '0.17'\n";
        disk::write(&manifest, text.as_bytes()).unwrap();
        disk::write(&dir.join("src/lib.rs"), b"").unwrap();
        let prepared = || {
            let manifests = Manifests::default();
            let mut build = Build {
                member: Member {
                    cargo: manifests.cargo(&manifest).unwrap().unwrap(),
                    dir: dir.to_owned(),
                    workspace: dir.to_owned(),
                    target: dir.join("target/pyx"),
                    ..Member::default()
                },
                ..Build::default()
            };
            build.prepare(
                &manifests,
                Some(&Probe::default()),
                &Environment::default(),
                true,
            );
            disk::write(&build.linking.file, b"version=3.11\n").unwrap();
            build.linking.configured
        };
        assert!(!prepared());
        assert!(!prepared(), "it may be of another PyO3");
        let lock = "version = 4\n\n[[package]]\nname = 'a'\nversion = '1.0.0'\ndependencies = ['pyo3']\n\n\
                    [[package]]\nname = 'pyo3'\nversion = '0.17.3'\n";
        disk::write(&dir.join("Cargo.lock"), lock.as_bytes()).unwrap();
        assert!(!prepared());
        assert!(prepared());
    }

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
