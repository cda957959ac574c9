//! One member's build: whether it is due, and why.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build::{self, Options};
use crate::facts::environment::Environment;
use crate::facts::fingerprint::{self, BuildRecord, InstallRecord, Settings};
use crate::facts::project::{Bindings, HardWired, Locked, Member, Project};
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
    /// Names of the crate's examples.
    pub examples: Vec<String>,
    /// What keeps plain cargo from linking the crate's tests, once somebody looks for it.
    pub hard_wired: Option<HardWired>,
    /// PyO3's configuration as maturin left it for the stable ABI of this interpreter.
    pub pyo3_config: Option<Utf8PathBuf>,
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
}

impl Staleness {
    pub fn whole(reason: Reason) -> Self {
        Self {
            reason,
            replace: Vec::new(),
            unseen: Vec::new(),
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
    /// seen them: by the record of the last build, else by times that were set back since cargo
    /// compiled them. `force`: all of them.
    pub(super) fn unseen(&self, then: Option<&BuildRecord>, force: bool) -> Vec<String> {
        let fingerprints = build::fingerprints(&self.member, &self.options);
        if !disk::is_dir(&fingerprints) {
            return Vec::new();
        }
        let crates = self.member.crates();
        let crates: Vec<(&Utf8Path, String)> = crates
            .filter_map(|cargo| Some((cargo.dir(), cargo.package_name()?.to_owned())))
            .collect();
        // a file outside any crate, included from somewhere: the member's own will do
        let holder = |path: &Utf8Path| {
            let holders = crates.iter().filter(|(dir, _)| path.starts_with(dir));
            let nearest = holders.max_by_key(|(dir, _)| dir.as_str().len());
            nearest.or(crates.first()).map(|(_, name)| name.clone())
        };
        let mut names: Vec<String> = match then {
            _ if force => crates.iter().map(|(_, name)| name.clone()).collect(),
            Some(then) => {
                let inputs = then.sources.iter();
                let changed = inputs.filter_map(|input| input.changed_before(then.began));
                changed.filter_map(holder).collect()
            }
            None => {
                let output = build::output_dir(&self.member, &self.options);
                let set_back = |path: &Utf8PathBuf| {
                    let name = holder(path)?;
                    let seen = build::compiled(&fingerprints, &name)?;
                    let file = disk::signature(path)?;
                    (file.written() > seen && file.modified <= seen).then_some(name)
                };
                build::sources(&self.member, &output)
                    .iter()
                    .filter_map(set_back)
                    .collect()
            }
        };
        names.sort();
        names.dedup();
        names
    }

    pub(super) fn judge(
        &self,
        session: &Session,
        then: Option<&BuildRecord>,
        installed: Option<&InstallRecord>,
    ) -> Option<Staleness> {
        let name = &self.member.name;
        let unknown = |what: &str| {
            Some(Staleness::whole(Reason::First {
                what: format!("{what} of {name}"),
            }))
        };
        let Some(then) = then else {
            return unknown("a build");
        };
        let Some(installed) = installed else {
            return unknown("an install");
        };
        let whole = fingerprint::stale_settings(&then.settings, &self.settings)
            .or_else(|| fingerprint::stale(&then.inputs, session))
            .or_else(|| installed_otherwise(then, installed, session));
        if let Some(reason) = whole {
            return Some(Staleness::whole(reason));
        }
        let reason = fingerprint::stale(&then.sources, session)?;
        Some(Staleness {
            reason,
            // the bindings that maturin generates for the others are made of the crate as well
            replace: match self.member.bindings {
                Bindings::Pyo3 | Bindings::Pyo3Ffi | Bindings::Bin => installed.modules.clone(),
                Bindings::Cffi | Bindings::Uniffi | Bindings::Embed => Vec::new(),
            },
            unseen: Vec::new(),
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
        let ending = format!("-{}.{}-abi3.txt", probe.major, probe.minor);
        let mut configs = disk::names(&dir);
        configs.retain(|name| name.starts_with("pyo3-config-") && name.ends_with(&ending));
        self.pyo3_config = match &configs[..] {
            [only] => Some(dir.join(only)),
            _ => None,
        };
    }
}

/// Whether what is installed is another build, or was changed by somebody else.
fn installed_otherwise(
    then: &BuildRecord,
    installed: &InstallRecord,
    session: &Session,
) -> Option<Reason> {
    if let Some(artifact) = then
        .artifacts
        .iter()
        .find(|artifact| !installed.artifacts.contains(&artifact.hash))
    {
        return Some(Reason::Installed {
            path: artifact.path.clone(),
        });
    }
    fingerprint::stale(&installed.inputs, session).map(|reason| match reason {
        Reason::Changed { path } => Reason::Installed { path },
        other => other,
    })
}
