//! Everything a plan is made from, read in one go.
//!
//! While all is fresh this spawns nothing and reads only what the records name; tools and
//! interpreters are asked for their versions only when something is due.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::{self, Dependencies, Source};
use crate::facts::environment::{self, Environment, State};
use crate::facts::fingerprint::{
    self, Artifact, BuildRecords, EnvironmentRecord, Loaded, build_id,
};
use crate::facts::project::{Bindings, HardWired, Member, Project};
use crate::facts::recipe::{self, Recipes};
use crate::facts::suites::{Suites, Word};
use crate::model::error::Result;
use crate::model::finding::{self, Finding};
use crate::model::reason::Reason;
use crate::world::disk;
use crate::world::interpreter::{self, Choice, Interpreter, Probe};
use crate::world::manifest::Hooks;
use crate::world::session::Session;
use crate::world::tool::{self, Tool};
use crate::world::toolchain::Toolchain;

use super::release::{self, Release};
use super::request::{Product, Purpose, Request, Running};
use super::reusable_build::ReusableBuild;
use super::staleness::{Build, Staleness};

/// The names of the environment's sync records.
pub const DEV: &str = "dev";
pub const TEST: &str = "test";

/// What this run has done already.
#[derive(Clone, Debug, Default)]
pub struct RunState {
    /// Pythons that uv was asked to download and could not.
    pub unavailable: Vec<String>,
    /// The names of the steps that have succeeded.
    pub done: BTreeSet<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub project: Project,
    pub environment: Environment,
    /// Which Python the project or the command line asks for.
    pub python: Option<interpreter::Request>,
    pub dependencies: Dependencies,
    /// Why the environment must be made; `None` when it is good.
    pub environment_stale: Option<Reason>,
    pub sync_stale: Option<Reason>,
    /// The tests, when they are to be run.
    pub suites: Suites,
    /// What stands after `--`, when a Python test runner is to get it.
    pub words: Vec<Word>,
    pub test_dependencies: Dependencies,
    pub test_sync_stale: Option<Reason>,
    /// One for each member of the project, in its order.
    pub builds: Vec<Build>,
    /// `Some` when anything is due.
    pub tools: Option<Tools>,
    /// What is wrong with the project that is to be released, worst first.
    pub findings: Vec<Finding>,
    /// What is to be released; `None` where the project has errors.
    pub release: Option<Release>,
    /// just and the recipes, where one is to be run.
    pub just: Option<Just>,
    /// The recipes that the project wants around the command, without those that it runs in.
    pub hooks: Hooks,
    /// The recipes that this program runs in, each with its project.
    pub inside: Vec<String>,
    /// The locks of those who wait for the recipe that this program runs in, absolute.
    pub locks_held: Vec<String>,
    /// The steps that this run has done.
    pub done: BTreeSet<String>,
    /// What a person should know, whatever is done.
    pub warnings: Vec<String>,
    /// Variables that no child may inherit.
    pub scrubbed: std::collections::BTreeSet<String>,
    /// The inherited PATH.
    pub path: String,
    /// The inherited search path of the loader.
    pub loader_path: Option<String>,
    /// Whether `UV_PROJECT_ENVIRONMENT` says where the environment is.
    pub names_environment: bool,
    /// The working directory, absolute.
    pub cwd: Utf8PathBuf,
    /// The user cache, absolute.
    pub cache: Utf8PathBuf,
}

/// just, and the recipes as far as they are known.
#[derive(Clone, Debug)]
pub struct Just {
    pub tool: Tool,
    /// `None` until just and our own files are there.
    pub recipes: Option<Recipes>,
    /// Whether our own files are there.
    pub written: bool,
    /// Where they are, absolute.
    pub folder: Utf8PathBuf,
    /// This program, absolute.
    pub program: Utf8PathBuf,
}

impl Just {
    fn gather(session: &Session, dir: &Utf8Path, project: &Project) -> Result<Self> {
        let tool = tool::just(session)?;
        let within = project.checkout();
        let written = recipe::are_written(session);
        let known = written && tool.missing.is_none();
        Ok(Self {
            recipes: known
                .then(|| Recipes::gather(session, &tool, (dir, within)))
                .transpose()?,
            tool,
            written,
            folder: recipe::folder(session),
            program: session.program.clone(),
        })
    }
}

impl Just {
    /// The text of a recipe of the project, as just prints it.
    ///
    /// # Errors
    /// [`Error::Justfile`](crate::model::error::Error::Justfile) where just has none.
    pub fn source(&self, session: &Session, name: &str) -> Result<String> {
        recipe::source(session, &self.tool, name)
    }
}

/// The tools at hand.
#[derive(Clone, Debug)]
pub struct Tools {
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
    /// The folders besides that of its packages from which the environment imports, as far as they
    /// are known before anything is installed.
    pub linked: Vec<Utf8PathBuf>,
}

impl Tools {
    /// For an environment that works, without what only a build needs.
    ///
    /// # Errors
    /// A tool that is missing and cannot be provided, or is too old; a Python that does not run.
    pub fn of(session: &Session, environment: &Environment) -> Result<Self> {
        Ok(Self {
            linked: environment.linked(),
            cargo: tool::cargo(session)?,
            uv: tool::uv(session)?,
            maturin: BTreeMap::new(),
            interpreter: None,
            any_python: None,
            probe: Some(interpreter::probe(session, &environment.python())?),
        })
    }
}

impl Facts {
    pub fn gather(session: &Session, request: &Request, run_state: &RunState) -> Result<Self> {
        let mut project = Project::discover(session, &request.selection())?;
        let python = environment::request(&project, request.python.as_deref())?;
        let environment = Environment::gather(session, &project, python.as_ref())?;
        let targets = project.members.iter().map(|member| member.target.clone());
        let targets: Vec<Utf8PathBuf> = targets.collect();
        let alternative = environment.alternative(&project).map(str::to_owned);
        if let Some(name) = &alternative {
            let target = project.builds(name);
            for member in &mut project.members {
                member.target.clone_from(&target);
            }
        }
        let dependencies = Dependencies::gather(&project, &request.wanted)?;
        let mut facts = Self {
            scrubbed: session.scrubbed(),
            path: session.var("PATH").unwrap_or_default().to_owned(),
            loader_path: session.var("LD_LIBRARY_PATH").map(str::to_owned),
            names_environment: session.var("UV_PROJECT_ENVIRONMENT").is_some(),
            cwd: session.cwd.clone(),
            cache: session.cache(),
            environment,
            dependencies,
            python,
            inside: session.lines("PYX_RECIPE"),
            locks_held: session.lines("PYX_LOCK"),
            done: run_state.done.clone(),
            project,
            ..Self::default()
        };
        facts.hooks = request.hooks(&facts.project.config);
        let root = &facts.project.root;
        let inside = &facts.inside;
        let runs = |name: &String| inside.contains(&format!("{root}#{name}"));
        facts.hooks.before.retain(|name| !runs(name));
        facts.hooks.after.retain(|name| !runs(name));
        facts.look_at_tests(session, request)?;
        facts.judge(session, request);
        let foreign = environment::foreign(session, &facts.project, &facts.environment);
        facts.warnings.extend(foreign);
        if request.purpose == Purpose::Look {
            facts.look(session)?;
            return Ok(facts);
        }
        if let Purpose::Release(releasing) = &request.purpose {
            release::check_members(&facts.builds)?;
            facts.findings = release::findings(session, &facts.project, releasing)?;
            // what is there already is checked all the same
            if finding::errors(&facts.findings) > 0 && releasing.product != Product::Check {
                return Ok(facts);
            }
        }
        let needs_just = match &request.purpose {
            Purpose::Just(_) => Some(&session.cwd),
            _ => (!facts.hooks.is_empty()).then_some(&facts.project.root),
        };
        if let Some(dir) = needs_just {
            facts.just = Some(Just::gather(session, dir, &facts.project)?);
        }
        let needs_tools = match &request.purpose {
            Purpose::Dev | Purpose::Run(Running::Command(_)) | Purpose::Look => {
                facts.just.is_some()
            }
            Purpose::Test(_)
            | Purpose::Run(Running::Target { .. })
            | Purpose::Release(_)
            | Purpose::Just(_) => true,
        };
        if needs_tools || facts.is_stale() {
            facts.prepare(session, request, &run_state.unavailable)?;
            if alternative.is_some() {
                facts.look_at_other_builds(session, request, &targets);
            }
        }
        if let (Purpose::Release(releasing), Some(tools)) = (&request.purpose, &facts.tools) {
            let around = release::Circumstances {
                session,
                project: &facts.project,
                members: &request.members,
                releasing,
                run_state,
                tools,
            };
            let release = Release::gather(&around, &facts.builds)?;
            if let Some(publication) = &release.publication {
                facts.findings = publication.findings();
            }
            facts.release = Some(release);
        }
        Ok(facts)
    }

    /// The tests that are to be run, and what they need.
    fn look_at_tests(&mut self, session: &Session, request: &Request) -> Result<()> {
        if let Purpose::Test(testing) = &request.purpose {
            self.words = Word::read(session, &testing.arguments);
        }
        let Some(languages) = request.tested() else {
            return Ok(());
        };
        self.suites = Suites::gather(session, &self.project, languages)?;
        let suites = &self.suites;
        let in_python = |m: &Member| suites.python.iter().any(|s| s.member == m.name);
        let embeds = |m: &Member| {
            let mut rust = suites.rust.iter();
            rust.any(|suite| suite.links_python && suite.member == m.name)
        };
        let tested = self.project.members.iter();
        let tested = tested.filter(|m| in_python(m) || embeds(m));
        let tested: Vec<(&Member, bool)> = tested.map(|m| (m, in_python(m))).collect();
        self.test_dependencies = Dependencies::for_tests(&self.project, &tested)?;
        Ok(())
    }

    /// What an environment besides the default one can take over from the others.
    ///
    /// `defaults`: for each build the folder of the default environment's target directories.
    fn look_at_other_builds(
        &mut self,
        session: &Session,
        request: &Request,
        defaults: &[Utf8PathBuf],
    ) {
        let for_wheel = request.is_for_wheels();
        let probe = self.tools.as_ref().and_then(|shop| shop.probe.as_ref());
        for (build, default) in self.builds.iter_mut().zip(defaults) {
            if let Some(probe) =
                probe.filter(|_| build.staleness.is_some() || build.copied || for_wheel)
            {
                let reusable = ReusableBuild::find(session, &self.project, (build, probe), default);
                build.reusable = reusable;
            }
            build.seed(default);
        }
    }

    /// The versions that the plan asks uv to download.
    pub fn pythons_to_download(&self) -> Vec<String> {
        let chosen = self.tools.as_ref();
        let chosen = chosen.and_then(|tools| tools.interpreter.as_ref());
        let own = match chosen {
            Some(Choice::Download(wanted)) => Some(wanted.text.clone()),
            Some(Choice::Use(_)) | None => None,
        };
        let released = self
            .release
            .iter()
            .flat_map(|release| release.downloads.clone());
        own.into_iter().chain(released).collect()
    }

    fn is_stale(&self) -> bool {
        self.environment_stale.is_some()
            || self.sync_stale.is_some()
            || self.test_sync_stale.is_some()
            || self.builds.iter().any(|build| build.staleness.is_some())
    }

    /// Compares the world with the records.
    fn judge(&mut self, session: &Session, request: &Request) {
        let records = BuildRecords::load(&self.project.state.join("state.json"));
        let environment = EnvironmentRecord::load(&self.environment.record_path());
        self.warnings.extend(records.warning);
        self.environment_stale = match &self.environment.state {
            State::Good { .. } => None,
            State::Missing => Some(Reason::Environment {
                why: "new environment".into(),
            }),
            State::Bad { why, .. } => Some(Reason::Environment { why: why.clone() }),
        };
        let dependencies = &self.dependencies;
        self.sync_stale = self.judge_sync(session, request, &environment, (DEV, dependencies));
        if !self.test_dependencies.syncs.is_empty() {
            let dependencies = &self.test_dependencies;
            self.test_sync_stale =
                self.judge_sync(session, request, &environment, (TEST, dependencies));
        }
        for member in &self.project.members {
            let mut build = Build::of(session, member, &self.project, request);
            let id = build_id(&self.environment.path, &member.name);
            let then = records.record.builds.get(&id);
            let installed = environment.record.installed.get(&member.name);
            let elsewhere = |artifact: &Artifact| !artifact.path.starts_with(&member.target);
            build.copied = then.is_some_and(|then| then.artifacts.iter().any(elsewhere));
            build.staleness = if request.force {
                Some(Staleness::whole(Reason::Forced))
            } else if let Some(reason) = &self.environment_stale {
                Some(Staleness::whole(reason.clone()))
            } else {
                build.judge(session, then, installed)
            };
            let unseen = match &build.staleness {
                Some(_) => build.unseen(then, request.force),
                None => Vec::new(),
            };
            if let Some(staleness) = &mut build.staleness {
                staleness.unseen = unseen;
                staleness.reason = staleness.reason.clone().relative_to(&self.project.root);
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
        if let Some(reason) = &self.environment_stale {
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

    /// What the environment's own Python says, where it works; nothing is missed that is not there.
    fn look(&mut self, session: &Session) -> Result<()> {
        if self.environment.works() {
            self.tools = Tools::of(session, &self.environment).ok();
        }
        let probe = self.tools.as_ref().and_then(|shop| shop.probe.as_ref());
        for build in &mut self.builds {
            build.prepare(probe, &self.environment)?;
            if build.member.bindings != Bindings::Embed {
                build.hard_wired = HardWired::find(&build.member)?;
            }
        }
        self.warnings.extend(missing_submodules(&self.project)?);
        Ok(())
    }

    /// Asks the tools, now that something has to be done.
    fn prepare(
        &mut self,
        session: &Session,
        request: &Request,
        unavailable: &[String],
    ) -> Result<()> {
        let staleness = self.sync_stale.iter().chain(&self.test_sync_stale).count() > 0;
        for sync in self.dependencies.syncs.iter().filter(|_| staleness) {
            if let Source::Lock(path) = &sync.source {
                dependencies::check_lock(path, &self.project)?;
            }
        }
        let cargo = tool::cargo(session)?;
        let uv = tool::uv(session)?;
        let installed = if self.environment_stale.is_some() || uv.missing.is_some() {
            interpreter::installed(session)
        } else {
            Vec::new()
        };
        let interpreter = match &self.environment_stale {
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
        let for_wheel = request.is_for_wheels();
        for build in &mut self.builds {
            build.prepare(probe.as_ref(), &self.environment)?;
            let builds = for_wheel || (build.staleness.is_some() && !request.is_for_publishing());
            if build.member.bindings != Bindings::Embed && builds {
                let tool = tool::maturin(session, &build.member.maturin)?;
                maturin.insert(build.member.name.clone(), tool);
            }
            self.warnings
                .extend(pin_warning(&build.toolchain, &self.project));
        }
        self.warnings.extend(missing_submodules(&self.project)?);
        self.warnings.dedup();
        self.tools = Some(Tools {
            any_python: installed
                .first()
                .map(|found| found.path.clone())
                .or_else(|| self.environment.works().then(|| self.environment.python())),
            cargo,
            uv,
            maturin,
            interpreter,
            linked: self.environment.linked(),
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
