//! Everything a plan is made from, read in one go.
//!
//! While all is fresh this spawns nothing and reads only what the records name; tools and
//! interpreters are asked for their versions only when something is due.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::build::{self, Flags, Options};
use crate::dependencies::{self, Dependencies, Source, Wanted};
use crate::disk;
use crate::environment::{self, Environment, State};
use crate::error::Result;
use crate::fingerprint::{
    self, BuildRecord, BuildRecords, EnvironmentRecord, InstallRecord, Loaded, Settings, build_id,
};
use crate::interpreter::{self, Choice, Interpreter, Probe};
use crate::manifest::CargoToml;
use crate::project::{Bindings, Locked, Member, Project, Selection};
use crate::reason::Reason;
use crate::session::Session;
use crate::suites::{Languages, Suites};
use crate::tool::{self, Tool};
use crate::toolchain::Toolchain;

/// The names of the environment's sync records.
pub const DEV: &str = "dev";
pub const TEST: &str = "test";

/// What the command line asks for, of any command that builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub manifest: Option<Utf8PathBuf>,
    pub members: Vec<String>,
    pub build: Flags,
    /// `--python`
    pub python: Option<String>,
    pub wanted: Wanted,
    pub force: bool,
    pub network: Network,
    pub purpose: Purpose,
}

impl Request {
    pub fn selection(&self) -> Selection {
        Selection {
            manifest: self.manifest.clone(),
            members: self.members.clone(),
        }
    }
}

/// What the build is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    #[default]
    Dev,
    Test(Testing),
    Run(Running),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Testing {
    pub languages: Languages,
    /// What stands after `--`: for pytest, or with `--rust` for the test programs.
    pub arguments: Vec<String>,
    pub fail_fast: bool,
    /// Test a wheel instead of the build in the environment.
    pub wheel: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Running {
    /// Any program, in the environment.
    Command(Vec<String>),
    /// `--example NAME` or `--bin NAME`, and its arguments.
    Target {
        kind: &'static str,
        name: String,
        arguments: Vec<String>,
    },
}

/// cargo's and uv's common flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Network {
    pub offline: bool,
    pub locked: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub project: Project,
    pub environment: Environment,
    /// Which Python the project or the command line asks for.
    pub python: Option<interpreter::Request>,
    pub dependencies: Dependencies,
    /// Why the environment must be made; `None` when it is good.
    pub environment_due: Option<Reason>,
    pub sync_due: Option<Reason>,
    /// The tests, when they are to be run.
    pub suites: Suites,
    pub test_dependencies: Dependencies,
    pub test_sync_due: Option<Reason>,
    /// One for each member of the project, in its order.
    pub builds: Vec<Build>,
    /// `Some` when anything is due.
    pub workshop: Option<Workshop>,
    /// What a person should know, whatever is done.
    pub warnings: Vec<String>,
    /// Variables that no child may inherit.
    pub scrubbed: std::collections::BTreeSet<String>,
    /// The inherited PATH.
    pub path: String,
    /// The inherited search path of the loader.
    pub library_path: Option<String>,
    /// The working directory, absolute.
    pub cwd: Utf8PathBuf,
    /// The user cache, absolute.
    pub cache: Utf8PathBuf,
}

/// One member's build.
#[derive(Clone, Debug, Default)]
pub struct Build {
    pub member: Member,
    pub options: Options,
    pub toolchain: Toolchain,
    pub settings: Settings,
    pub due: Option<Due>,
    pub locked: Locked,
    pub linking: Linking,
    /// The target directory to begin this one with, where this one is not there yet.
    pub seed: Option<Utf8PathBuf>,
    /// The crate's package name.
    pub crate_name: String,
    /// Names of the crate's examples.
    pub examples: Vec<String>,
    /// PyO3's configuration as maturin left it for the stable ABI of this interpreter.
    pub pyo3_config: Option<Utf8PathBuf>,
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
pub struct Due {
    pub reason: Reason,
    /// When nothing but sources changed, and the module can be replaced as it was installed:
    /// the installed copies of the artifact, absolute.
    pub replace: Vec<Utf8PathBuf>,
    /// Crates whose files changed although their times say that they did not: cargo goes by
    /// those times and would not see it.
    pub unseen: Vec<String>,
}

/// The tools at hand.
#[derive(Clone, Debug)]
pub struct Workshop {
    pub cargo: Utf8PathBuf,
    pub uv: Tool,
    /// By member name; none for a crate that embeds Python.
    pub maturin: BTreeMap<String, Tool>,
    /// What to make the environment from, when it must be made.
    pub interpreter: Option<Choice>,
    /// Any Python that can fetch uv.
    pub any_python: Option<Utf8PathBuf>,
    /// Of the interpreter that the build is for; `None` while it is not here.
    pub probe: Option<Probe>,
}

impl Facts {
    /// `unavailable`: Pythons that uv was asked to download in this run and could not.
    pub fn gather(session: &Session, request: &Request, unavailable: &[String]) -> Result<Self> {
        let mut project = Project::discover(session, &request.selection())?;
        let python = environment::request(&project, request.python.as_deref())?;
        let environment = Environment::gather(session, &project, python.as_ref())?;
        let default_target = project.members.first().map(build::target_dir);
        let default_target = default_target.unwrap_or_default();
        if let Some(name) = environment.alternative(&project).map(str::to_owned) {
            let target = project.state.join("builds").join(name);
            for member in &mut project.members {
                member.target.clone_from(&target);
            }
        }
        let dependencies = Dependencies::gather(&project, &request.wanted)?;
        let mut facts = Self {
            scrubbed: session.scrubbed(),
            path: session.var("PATH").unwrap_or_default().to_owned(),
            library_path: session.var("LD_LIBRARY_PATH").map(str::to_owned),
            cwd: session.cwd.clone(),
            cache: session.cache(),
            environment,
            dependencies,
            python,
            project,
            ..Self::default()
        };
        if let Purpose::Test(testing) = &request.purpose {
            facts.suites = Suites::gather(session, &facts.project, testing.languages)?;
            let suites = &facts.suites;
            let in_python = |m: &Member| suites.python.iter().any(|s| s.member == m.name);
            let embeds = |m: &Member| {
                let mut rust = suites.rust.iter();
                rust.any(|suite| suite.links_python && suite.member == m.name)
            };
            let tested = facts.project.members.iter();
            let tested = tested.filter(|m| in_python(m) || embeds(m));
            let tested: Vec<(&Member, bool)> = tested.map(|m| (m, in_python(m))).collect();
            facts.test_dependencies = Dependencies::for_tests(&facts.project, &tested)?;
        }
        facts.judge(session, request);
        let foreign = environment::foreign(session, &facts.project, &facts.environment);
        facts.warnings.extend(foreign);
        let needs_tools = match &request.purpose {
            Purpose::Dev | Purpose::Run(Running::Command(_)) => false,
            Purpose::Test(_) | Purpose::Run(Running::Target { .. }) => true,
        };
        if needs_tools || facts.is_due() {
            facts.prepare(session, request, unavailable)?;
            for build in &mut facts.builds {
                build.seed(&default_target);
            }
        }
        Ok(facts)
    }

    /// The version that the plan asks uv to download.
    pub fn python_to_download(&self) -> Option<&str> {
        match self.workshop.as_ref()?.interpreter.as_ref()? {
            Choice::Download(wanted) => Some(&wanted.text),
            Choice::Use(_) => None,
        }
    }

    fn is_due(&self) -> bool {
        self.environment_due.is_some()
            || self.sync_due.is_some()
            || self.test_sync_due.is_some()
            || self.builds.iter().any(|build| build.due.is_some())
    }

    /// Compares the world with the records.
    fn judge(&mut self, session: &Session, request: &Request) {
        let records = BuildRecords::load(&self.project.state.join("state.json"));
        let environment = EnvironmentRecord::load(&self.environment.record_path());
        self.warnings.extend(records.warning);
        self.environment_due = match &self.environment.state {
            State::Good { .. } => None,
            State::Missing => Some(Reason::Environment {
                why: "new environment".into(),
            }),
            State::Bad { why, .. } => Some(Reason::Environment { why: why.clone() }),
        };
        let dependencies = &self.dependencies;
        self.sync_due = self.judge_sync(session, request, &environment, (DEV, dependencies));
        if !self.test_dependencies.syncs.is_empty() {
            let dependencies = &self.test_dependencies;
            self.test_sync_due =
                self.judge_sync(session, request, &environment, (TEST, dependencies));
        }
        for member in &self.project.members {
            let mut build = Build::of(session, member, &self.project, request);
            let id = build_id(&self.environment.path, &member.name);
            let then = records.record.builds.get(&id);
            let installed = environment.record.installed.get(&member.name);
            build.due = if request.force {
                Some(Due::whole(Reason::Forced))
            } else if let Some(reason) = &self.environment_due {
                Some(Due::whole(reason.clone()))
            } else {
                build.judge(session, then, installed)
            };
            let unseen = match &build.due {
                Some(_) => build.unseen(then, request.force),
                None => Vec::new(),
            };
            if let Some(due) = &mut build.due {
                due.unseen = unseen;
                due.reason = due.reason.clone().relative_to(&self.project.root);
            }
            self.builds.push(build);
        }
        self.warnings.extend(environment.warning);
    }

    fn judge_sync(
        &self,
        session: &Session,
        request: &Request,
        environment: &Loaded<EnvironmentRecord>,
        (name, dependencies): (&str, &Dependencies),
    ) -> Option<Reason> {
        if request.force {
            return Some(Reason::Forced);
        }
        if let Some(reason) = &self.environment_due {
            return Some(reason.clone());
        }
        let Some(then) = environment.record.syncs.get(name) else {
            return Some(Reason::First {
                what: format!("packages for {name}"),
            });
        };
        fingerprint::stale_settings(&then.settings, &dependencies.settings)
            .or_else(|| fingerprint::stale(&then.inputs, session))
            .map(|reason| reason.relative_to(&self.project.root))
    }

    /// Asks the tools, now that something has to be done.
    fn prepare(
        &mut self,
        session: &Session,
        request: &Request,
        unavailable: &[String],
    ) -> Result<()> {
        let due = self.sync_due.iter().chain(&self.test_sync_due).count() > 0;
        for sync in self.dependencies.syncs.iter().filter(|_| due) {
            if let Source::Lock(path) = &sync.source {
                dependencies::check_lock(path, &self.project)?;
            }
        }
        let cargo = tool::cargo(session)?;
        let uv = tool::uv(session)?;
        let installed = if self.environment_due.is_some() || uv.missing.is_some() {
            interpreter::installed(session)
        } else {
            Vec::new()
        };
        let interpreter = match &self.environment_due {
            Some(_) => Some(self.choose(session, &installed, unavailable)?),
            None => None,
        };
        let probed = match &interpreter {
            None => Some(self.environment.python()),
            Some(Choice::Use(found)) => Some(found.path.clone()),
            Some(Choice::Download(_)) => None,
        };
        let probe = probed
            .map(|python| interpreter::probe(session, &python))
            .transpose()?;
        let mut maturin = BTreeMap::new();
        let for_wheel = matches!(&request.purpose, Purpose::Test(testing) if testing.wheel);
        for build in &mut self.builds {
            build.prepare(probe.as_ref(), &self.environment)?;
            if build.member.bindings != Bindings::Embed && (build.due.is_some() || for_wheel) {
                let tool = tool::maturin(session, &build.member.maturin)?;
                maturin.insert(build.member.name.clone(), tool);
            }
            self.warnings
                .extend(pin_warning(&build.toolchain, &self.project));
        }
        self.warnings.extend(missing_submodules(&self.project)?);
        self.warnings.dedup();
        self.workshop = Some(Workshop {
            any_python: installed.first().map(|found| found.path.clone()),
            cargo,
            uv,
            maturin,
            interpreter,
            probe,
        });
        Ok(())
    }

    fn choose(
        &mut self,
        session: &Session,
        installed: &[Interpreter],
        unavailable: &[String],
    ) -> Result<Choice> {
        let requires = self.project.requires_python();
        let choice = interpreter::choose(session, installed, self.python.as_ref(), &requires)?;
        let Choice::Download(wanted) = &choice else {
            return Ok(choice);
        };
        if !unavailable.contains(&wanted.text) {
            return Ok(choice);
        }
        if !wanted.soft {
            return Err(interpreter::none_fits(installed, &wanted.text));
        }
        let fallback = interpreter::choose(session, installed, None, &requires)?;
        let Choice::Use(found) = &fallback else {
            return Err(interpreter::none_fits(installed, &wanted.text));
        };
        self.warnings.push(format!(
            "Python {} ({}) is neither installed nor to be had; using {found}",
            wanted.text, wanted.from
        ));
        Ok(fallback)
    }
}

/// Submodules of the checkout that git has not fetched: an empty folder at a path in `.gitmodules`.
fn missing_submodules(project: &Project) -> Result<Option<String>> {
    let holder = project
        .root
        .ancestors()
        .find(|dir| disk::is_file(&dir.join(".gitmodules")));
    let Some(dir) = holder else { return Ok(None) };
    let text = disk::read_text(&dir.join(".gitmodules"))?.unwrap_or_default();
    let paths = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("path"));
    let paths = paths.map(|rest| rest.trim_start_matches([' ', '=', '\t']).trim());
    let missing: Vec<&str> = paths
        .filter(|path| disk::names(&dir.join(path)).is_empty())
        .collect();
    Ok((!missing.is_empty()).then(|| {
        let names = missing.join("`, `");
        format!("submodule `{names}` is not checked out (`git submodule update --init` gets it)")
    }))
}

fn pin_warning(toolchain: &Toolchain, project: &Project) -> Option<String> {
    let (pin, path) = toolchain.missing_pin.as_ref()?;
    let name = toolchain.name.as_deref().unwrap_or("the default one");
    Some(format!(
        "toolchain {pin} ({}) is not installed; using {name} (`rustup toolchain install {pin}` gets it)",
        project.display(path)
    ))
}

impl Due {
    pub fn whole(reason: Reason) -> Self {
        Self {
            reason,
            replace: Vec::new(),
            unseen: Vec::new(),
        }
    }
}

impl Build {
    fn of(session: &Session, member: &Member, project: &Project, request: &Request) -> Self {
        let profile = project
            .config
            .profile
            .as_ref()
            .or(member.config.profile.as_ref());
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
    fn unseen(&self, then: Option<&BuildRecord>, force: bool) -> Vec<String> {
        let fingerprints = build::fingerprints(&self.member, &self.options);
        if !disk::is_dir(&fingerprints) {
            return Vec::new();
        }
        let manifests = self
            .member
            .path_dependencies
            .iter()
            .chain([&self.member.manifest]);
        let crates: Vec<(&Utf8Path, String)> = manifests
            .filter_map(|manifest| {
                let cargo = CargoToml::read(manifest).ok().flatten()?;
                Some((manifest.parent()?, cargo.package_name()?.to_owned()))
            })
            .collect();
        // a file outside any crate, included from somewhere: the member's own will do
        let holder = |path: &Utf8Path| {
            let holders = crates.iter().filter(|(dir, _)| path.starts_with(dir));
            let nearest = holders.max_by_key(|(dir, _)| dir.as_str().len());
            nearest.or(crates.last()).map(|(_, name)| name.clone())
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

    fn judge(
        &self,
        session: &Session,
        then: Option<&BuildRecord>,
        installed: Option<&InstallRecord>,
    ) -> Option<Due> {
        let name = &self.member.name;
        let unknown = |what: &str| {
            Some(Due::whole(Reason::First {
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
            return Some(Due::whole(reason));
        }
        let reason = fingerprint::stale(&then.sources, session)?;
        Some(Due {
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
    fn seed(&mut self, default: &Utf8Path) {
        let own = build::target_dir(&self.member);
        if own == default || disk::is_dir(&own) {
            return;
        }
        let builds = self.member.target.parent().unwrap_or(default);
        let siblings = disk::names(builds)
            .into_iter()
            .map(|name| builds.join(name).join("ext"));
        self.seed = std::iter::once(default.to_owned())
            .chain(siblings)
            .find(|dir| disk::is_dir(dir));
    }

    fn prepare(&mut self, probe: Option<&Probe>, environment: &Environment) -> Result<()> {
        self.locked = Locked::gather(&self.member, &self.options.features)?;
        if let Some(cargo) = CargoToml::read(&self.member.manifest)? {
            cargo
                .package_name()
                .unwrap_or_default()
                .clone_into(&mut self.crate_name);
            self.examples = cargo.examples();
        }
        let Some(probe) = probe else { return Ok(()) };
        let identity = format!("{} {probe:?} {:?}", environment.python(), self.locked);
        let folder = self.member.target.join("test");
        let hash = disk::digest(identity.as_bytes());
        let config = folder.join(format!("pyo3-config-{}.txt", &hash[..16]));
        self.linking = Linking {
            configured: disk::is_file(&config),
            seeded: disk::is_dir(&folder),
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
        Ok(())
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
