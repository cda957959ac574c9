//! Everything a plan is made from, read in one go.
//!
//! While everything is fresh, `dev` and `run COMMAND` spawn nothing, and read only what the records name;
//! tools and interpreters are asked for their versions only when there is work to do.

use camino::Utf8PathBuf;

use crate::facts::dependencies::{self, Dependencies, Source};
use crate::facts::environment::{self, Environment, State, requested_python};
use crate::facts::project::{Bindings, HardWired, Project, refused_by_cargo, refused_by_maturin};
use crate::model::error::{Error, ProjectError, Result, ToolError};
use crate::model::finding::{self, Finding};
use crate::model::implementation::Implementation;
use crate::model::minor::NEWEST_PYTHON;
use crate::world::disk;
use crate::world::interpreter::{self, Interpreter};
use crate::world::python_request::{InterpreterChoice, PythonRequest};
use crate::world::session::Session;
use crate::world::tool::{self, ToolName};

use super::caller::{Caller, RecipeMark};
use super::compiler_cache::CompilerCache;
use super::hollow_package::HollowPackage;
use super::just::Just;
use super::member_build::Build;
use super::python_choice;
use super::release::{self, Release};
use super::request::{Product, Purpose, Request};
use super::reusable_build;
use super::run_state::RunState;
use super::staleness::Records;
use super::supported_pythons::SupportedPythons;
use super::target_environment::TargetEnvironment;
use super::test_facts::TestFacts;
use super::tools::Tools;

#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub project: Project,
    pub caller: Caller,
    pub target: TargetEnvironment,
    /// One for each member of the project, in order.
    pub builds: Vec<Build>,
    /// The tests to run; empty if there are none to run.
    pub tests: TestFacts,
    /// `None` while there is nothing to do.
    pub tools: Option<Tools>,
    /// just and the recipes, if one is to be run.
    pub just: Option<Just>,
    /// Problems of the project that is to be released, worst first.
    pub findings: Vec<Finding>,
    /// What is to be released; `None` if the project has errors.
    pub release: Option<Release>,
    /// What the user should know, whatever is done.
    pub warnings: Vec<String>,
}

/// The current project; without one if files are named, as they can be checked without a project.
fn project(session: &Session, request: &Request) -> Result<Project> {
    match Project::discover(session, &request.selection()) {
        Err(Error::Project(ProjectError::NoProject(_) | ProjectError::NotMaturin { .. }))
            if request.is_for_files() =>
        {
            Ok(Project::none(session))
        }
        found => found,
    }
}

impl Facts {
    /// Everything that a plan for the request may look at. Reads the checkout and starts tools; changes only
    /// caches.
    ///
    /// # Errors
    /// A project that cannot be read, or has nothing for the request; a tool that is not available.
    pub fn gather(session: &Session, request: &Request, run_state: &RunState) -> Result<Self> {
        let mut project = project(session, request)?;
        let requested = requested_python::request(session, &project, request.python.as_deref())?;
        let (environment, record) =
            Environment::with_record(session, &project, requested.as_ref())?;
        let defaults = build_apart(&mut project, &environment);
        let dependencies = Dependencies::gather(&project, &request.wanted)?;
        let tests = TestFacts::gather(session, &project, request)?;
        let test_dependencies = tests.dependencies(&project, request.testing())?;
        let left_out = tests.left_out(&project, &request.build);
        let unshipped = tests.unshipped(&project, request);
        let records = Records::load(&project, record);
        let mut facts = Self {
            caller: Caller::of(session),
            target: TargetEnvironment {
                requested,
                ..records.target(
                    session,
                    request,
                    environment,
                    (dependencies, test_dependencies),
                    &project,
                )
            },
            tests,
            warnings: [records.warnings(), left_out, unshipped].concat(),
            project,
            ..Self::default()
        };
        facts.builds = records.builds(session, request, run_state, &facts.project, &facts.target);
        let kept = facts.builds.iter().filter(|build| build.hollow.is_none());
        let kept = kept.filter_map(|build| HollowPackage::warning(&build.member));
        facts.warnings.extend(kept);
        let foreign = environment::foreign(session, &facts.project, &facts.target.environment);
        facts.warnings.extend(foreign);
        let left = environment::half_removed(&facts.project, &facts.target.environment);
        facts.warnings.extend(left);
        let requested = facts.target.requested.as_ref();
        let unread = requested_python::unread_version_file(session, &facts.project, requested)?;
        facts.warnings.extend(unread);
        if request.purpose == Purpose::Look {
            facts.look(session)?;
            return Ok(facts);
        }
        if let Purpose::Release(releasing) = &request.purpose {
            if !request.is_for_files() {
                release::check_members(&facts.builds)?;
            }
            facts.findings =
                release::findings(session, &facts.project, releasing, &request.members)?;
            // what is there already is checked all the same
            if finding::errors(&facts.findings) > 0 && releasing.product != Product::Check {
                return Ok(facts);
            }
        }
        facts.require_toolchain(request)?;
        facts.just = facts.look_at_recipes(session, request)?;
        if facts.runs_own_recipe(request) {
            facts.target.developer_dependencies =
                records.developers(session, request, &facts.project, &facts.target)?;
        }
        if facts.needs_tools(request) {
            facts.prepare(session, request, run_state, &records)?;
            if let Some(defaults) = &defaults {
                facts.look_at_other_builds(session, request, defaults);
            }
        }
        facts.look_at_release(session, request, run_state)?;
        Ok(facts)
    }

    /// What a release is made from, if the request is for one and the tools are known.
    fn look_at_release(
        &mut self,
        session: &Session,
        request: &Request,
        run_state: &RunState,
    ) -> Result<()> {
        let (Purpose::Release(releasing), Some(tools)) = (&request.purpose, &self.tools) else {
            return Ok(());
        };
        let context = release::ReleaseContext {
            session,
            project: &self.project,
            members: &request.members,
            releasing,
            offline: request.network.offline,
            run_state,
            tools,
        };
        let release = Release::gather(&context, &self.builds)?;
        if let Some(publication) = &release.publication {
            self.findings = publication.findings();
        }
        self.findings.extend(release.packed.iter().cloned());
        self.release = Some(release);
        Ok(())
    }

    /// Stops before anything is created if the project's own toolchain is missing and may not be fetched.
    ///
    /// # Errors
    /// [`ToolError::NoToolchain`], [`ToolError::NoDefaultToolchain`]
    fn require_toolchain(&self, request: &Request) -> Result<()> {
        let lists = matches!(&request.purpose, Purpose::Just(words) if words.is_empty());
        if lists || request.is_for_publishing() {
            return Ok(());
        }
        for toolchain in self.builds.iter().map(|build| &build.toolchain) {
            if let (Some((pin, path)), false) = (&toolchain.missing_pin, toolchain.may_fetch) {
                return Err(ToolError::NoToolchain {
                    pin: pin.clone(),
                    path: self.project.display(path),
                }
                .into());
            }
            if toolchain.is_unchosen {
                return Err(ToolError::NoDefaultToolchain.into());
            }
        }
        Ok(())
    }

    /// just, if the request is for a recipe or the project wants recipes around it.
    fn look_at_recipes(&self, session: &Session, request: &Request) -> Result<Option<Just>> {
        let root = &self.project.root;
        let mut hooks = request.hooks(&self.project.config);
        let runs = |name: &String| self.caller.inside.contains(&RecipeMark::new(root, name));
        hooks.before.retain(|name| !runs(name));
        hooks.after.retain(|name| !runs(name));
        let dir = match &request.purpose {
            Purpose::Just(_) => &session.cwd,
            _ if hooks.is_empty() => return Ok(None),
            _ => root,
        };
        Just::gather(session, dir, &self.project, hooks).map(Some)
    }

    /// Whether recipes of the project are to be run: they use what it lists for its developers.
    fn runs_own_recipe(&self, request: &Request) -> bool {
        let Some(just) = &self.just else {
            return false;
        };
        let recipes = just.recipes.as_ref();
        let is_own = |name: &String| {
            let found = recipes.and_then(|recipes| recipes.find(name));
            found.is_some_and(|recipe| !recipe.built_in)
        };
        let hooks = &just.hooks;
        match &request.purpose {
            Purpose::Just(words) => recipes
                .and_then(|recipes| recipes.path(words))
                .is_some_and(|name| is_own(&name)),
            _ => hooks.before.iter().chain(&hooks.after).any(is_own),
        }
    }

    /// Whether there is anything to do.
    fn needs_tools(&self, request: &Request) -> bool {
        let always = match &request.purpose {
            Purpose::Dev | Purpose::Look => self.just.is_some(),
            Purpose::Run(running) => self.just.is_some() || running.program.needs_tools(),
            Purpose::Test(_) | Purpose::Release(_) | Purpose::Just(_) => true,
        };
        always || self.target.is_stale() || self.builds.iter().any(|it| it.staleness.is_some())
    }

    /// What an environment other than the default one can take over from the others.
    ///
    /// `defaults`: for each build, the folder of the default environment's target directories.
    fn look_at_other_builds(
        &mut self,
        session: &Session,
        request: &Request,
        defaults: &[Utf8PathBuf],
    ) {
        let for_wheel = request.is_for_wheels();
        for (build, default) in self.builds.iter_mut().zip(defaults) {
            let is_due = build.staleness.is_some() || build.copied || for_wheel;
            if is_due && let Some(probe) = &self.target.probe {
                build.reusable =
                    reusable_build::find(session, &self.project, build, probe, default);
            }
            build.seed(default);
        }
    }

    /// The versions that the plan asks uv to download.
    pub fn pythons_to_download(&self) -> Vec<String> {
        let mut wanted = Vec::new();
        if let Some(InterpreterChoice::Download(request)) = &self.target.interpreter {
            wanted.push(request.text.clone());
        }
        if let Some(release) = &self.release {
            wanted.extend(release.downloads.iter().cloned());
        }
        wanted
    }

    /// What the environment's own Python reports, if it works; an absent one is no problem.
    fn look(&mut self, session: &Session) -> Result<()> {
        if self.target.environment.works() {
            self.tools = Tools::find(session, &self.project).ok();
            self.target.probe = interpreter::probe(session, &self.target.environment.python()).ok();
            self.target.path_file_folders = self.target.environment.path_file_folders();
        }
        let is_cached = CompilerCache::is_wanted(session, &self.project);
        for build in &mut self.builds {
            let (project, target) = (&self.project, &self.target);
            build.prepare(
                &project.manifests,
                target.probe.as_ref(),
                &target.environment,
                is_cached,
            );
            if build.member.bindings != Bindings::Embed {
                build.hard_wired = HardWired::find(&build.member);
            }
        }
        self.warnings.extend(missing_submodules(&self.project)?);
        self.warnings.extend(self.project.left_out());
        Ok(())
    }

    /// Rejects lock files that uv would refuse to install from, before anything is created.
    fn check_locks(&self) -> Result<()> {
        if !self.target.packages_are_stale() {
            return Ok(());
        }
        for sync in &self.target.dependencies.dependencies.syncs {
            if let Source::Lock(path) = &sync.source {
                dependencies::check_lock(path, &self.project, &sync.groups, &sync.extras)?;
            }
        }
        Ok(())
    }

    /// PyPy cannot be embedded in a program (PyO3 guide, "Embedding Python in Rust").
    ///
    /// # Errors
    /// [`Error::Refused`] for a crate that would.
    fn check_embedding(&self) -> Result<()> {
        let mut members = self.builds.iter().map(|build| &build.member);
        let Some(member) = members.find(|member| member.bindings == Bindings::Embed) else {
            return Ok(());
        };
        let message = format!("{} embeds Python, and PyPy cannot be embedded", member.name);
        let (major, minor) = NEWEST_PYTHON;
        Err(Error::refused(message, format!("--python {major}.{minor}")))
    }

    /// Has an environment that pyx created recreated if the locked PyO3 rejects its Python: whoever changed
    /// PyO3 since did not choose that Python.
    fn make_anew_for_pyo3(
        &mut self,
        session: &Session,
        request: &Request,
        run_state: &RunState,
        records: &Records,
    ) {
        let is_of_this_run = self
            .target
            .requested
            .as_ref()
            .is_some_and(PythonRequest::is_of_this_run);
        let is_kept = self.target.stale.is_some() || is_of_this_run || !records.made_environment();
        if is_kept || !self.builds.iter().any(Build::begins_anew) {
            return;
        }
        let supported = SupportedPythons::of_project(session, &self.project, request);
        let Some(why) = python_choice::unsupported_by(&self.target, &supported) else {
            return;
        };
        let environment = Environment {
            state: State::Bad {
                why,
                replaceable: true,
            },
            ..self.target.environment.clone()
        };
        let dependencies = (
            self.target.dependencies.dependencies.clone(),
            self.target.test_dependencies.dependencies.clone(),
        );
        self.target = TargetEnvironment {
            requested: self.target.requested.take(),
            ..records.target(session, request, environment, dependencies, &self.project)
        };
        self.builds = records.builds(session, request, run_state, &self.project, &self.target);
    }

    /// The Python that the environment will be created with, if it must be created.
    fn choose_python(
        &mut self,
        session: &Session,
        request: &Request,
        run_state: &RunState,
        installed: &[Interpreter],
    ) -> Result<()> {
        if self.target.stale.is_some() {
            let supported = SupportedPythons::of_project(session, &self.project, request);
            let (chosen, warning) = python_choice::choose(
                session,
                &self.project,
                &self.target,
                installed,
                &run_state.unavailable,
                &supported,
            )?;
            python_choice::check_preference(session, &self.project, &chosen)?;
            self.target.interpreter = Some(chosen);
            self.warnings.extend(warning);
        } else if self.builds.iter().any(Build::begins_anew) {
            let supported = SupportedPythons::of_project(session, &self.project, request);
            python_choice::require_supported(&self.target, &supported)?;
        }
        let environment = &self.target.environment;
        self.target.path_file_folders = environment.path_file_folders();
        self.target.kept_packages = environment.packages_of_others(&self.project.members)?;
        Ok(())
    }

    /// Asks the tools, now that there is something to do.
    fn prepare(
        &mut self,
        session: &Session,
        request: &Request,
        run_state: &RunState,
        records: &Records,
    ) -> Result<()> {
        self.make_anew_for_pyo3(session, request, run_state, records);
        self.check_locks()?;
        tool::ask_together(session, &[ToolName::Uv, ToolName::Maturin]);
        let mut tools = Tools::find(session, &self.project)?;
        let is_uv_missing = tools.fetching_uv().missing.is_some() || tools.uv.missing.is_some();
        let installed = if self.target.stale.is_some() || is_uv_missing {
            requested_python::installed(session, &self.project)?
        } else {
            Vec::new()
        };
        self.choose_python(session, request, run_state, &installed)?;
        self.target.probe = match &self.target.interpreter {
            None => Some(records.probe(session, &self.target.environment)?),
            Some(InterpreterChoice::Use(found)) => Some(interpreter::probe(session, &found.path)?),
            Some(InterpreterChoice::Download(_)) => None,
        };
        let probe = self.target.probe.as_ref();
        if probe.is_some_and(|probe| probe.implementation() == Implementation::PyPy) {
            self.check_embedding()?;
            self.warnings.extend(self.tests.leave_out_embedding());
        }
        let environment = &self.target.environment;
        tools.any_python = match installed.first() {
            Some(found) => Some(found.path.clone()),
            None => environment.works().then(|| environment.python()),
        };
        if self.may_need_patchelf(request, run_state) {
            let patchelf = tool::patchelf(session)?;
            let offline = request.network.offline;
            tools.patchelf = patchelf.filter(|tool| !offline || tool.missing.is_none());
        }
        self.prepare_builds(session, request, &mut tools)?;
        self.warnings.extend(missing_submodules(&self.project)?);
        self.warnings.extend(self.project.left_out());
        self.tools = Some(tools);
        Ok(())
    }

    /// Whether a module links a shared library is known only after it was built.
    fn may_need_patchelf(&self, request: &Request, run_state: &RunState) -> bool {
        request.is_for_wheels()
            || !run_state.unlinked.is_empty()
            || self.builds.iter().any(|build| build.patched)
    }

    /// What each build additionally needs, and the maturin of those that are due.
    fn prepare_builds(
        &mut self,
        session: &Session,
        request: &Request,
        tools: &mut Tools,
    ) -> Result<()> {
        let (for_wheel, for_publishing) = (request.is_for_wheels(), request.is_for_publishing());
        let is_due = |build: &Build| for_wheel || (build.staleness.is_some() && !for_publishing);
        let due = self.builds.iter().filter(|build| is_due(build));
        let replaced = due.map(|build| build.member.escaped_name()).collect();
        let is_cached = CompilerCache::is_wanted(session, &self.project);
        let environment = &self.target.environment;
        for build in &mut self.builds {
            build.prepare(
                &self.project.manifests,
                self.target.probe.as_ref(),
                environment,
                is_cached,
            );
            if !is_due(build) {
                continue;
            }
            if self.target.stale.is_none() {
                build.look_for_former(environment, &replaced);
            }
            refused_by_cargo::check(&self.project.manifests, &build.member.cargo)?;
            if build.member.bindings != Bindings::Embed {
                let tool = tool::maturin(session, &build.member.maturin)?;
                if let Some(pyproject) = &build.member.pyproject {
                    refused_by_maturin::check(pyproject, &tool)?;
                }
                tools.maturin.insert(build.member.name.clone(), tool);
            }
        }
        Ok(())
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

/// Gives an environment other than the default one a target directory of its own. Returns the directories of
/// the default one, by member: builds can be taken over from there.
fn build_apart(project: &mut Project, environment: &Environment) -> Option<Vec<Utf8PathBuf>> {
    let name = environment.alternative(project)?.to_owned();
    let own = project.builds(&name);
    let members = project.members.iter_mut();
    let defaults = members.map(|member| std::mem::replace(&mut member.target, own.clone()));
    Some(defaults.collect())
}
