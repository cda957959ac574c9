//! What the steps of a plan are made from.

use camino::Utf8Path;

use crate::facts::project::Project;
use crate::facts::{Build, Caller, Request, RunState, TargetEnvironment, Tools};
use crate::model::invocation::Invocation;

/// A request, and the facts that every planner needs.
#[derive(Clone, Copy)]
pub(super) struct PlanContext<'a> {
    pub(super) request: &'a Request,
    pub(super) run_state: &'a RunState,
    pub(super) project: &'a Project,
    pub(super) builds: &'a [Build],
    pub(super) target: &'a TargetEnvironment,
    pub(super) caller: &'a Caller,
    pub(super) tools: &'a Tools,
}

impl<'a> PlanContext<'a> {
    /// The same context for another environment.
    pub(super) fn at(&self, target: &'a TargetEnvironment) -> Self {
        Self { target, ..*self }
    }

    pub(super) fn build(&self, member: &str) -> Option<&'a Build> {
        self.builds.iter().find(|build| build.member.name == member)
    }

    pub(super) fn offline(&self) -> Option<String> {
        self.request.network.offline.then(|| "--offline".to_owned())
    }

    /// Without the variables that would lead a tool elsewhere.
    pub(super) fn call(&self, program: &Utf8Path, dir: &Utf8Path) -> Invocation {
        let call = Invocation::new(program, dir).without(&self.caller.scrubbed);
        let patience = self.tools.patience.iter();
        patience.fold(call, |call, (name, value)| call.env(name, value.clone()))
    }

    /// uv, for the project.
    pub(super) fn uv(&self) -> Invocation {
        self.call(&self.tools.uv.path, &self.project.home)
    }

    /// For programs that run cargo in the target directory `target`: with the toolchain that pyx found, never
    /// downloading one.
    pub(super) fn cargo_call(
        &self,
        program: &Utf8Path,
        build: &Build,
        target: &Utf8Path,
    ) -> Invocation {
        let mut call = self
            .call(program, &build.member.dir)
            .env("MATURIN_NO_INSTALL_RUST", "1");
        if build.member.directories.build.is_some() {
            let dir = build.member.intermediate_dir(target);
            call = call.env("CARGO_BUILD_BUILD_DIR", dir.as_str());
        }
        match &build.toolchain.name {
            Some(toolchain) => call.env("RUSTUP_TOOLCHAIN", toolchain.clone()),
            None => call,
        }
    }

    /// Where maturin is to find uv, cargo and patchelf, which it looks up on PATH.
    pub(super) fn tool_dirs(&self) -> Vec<&'a Utf8Path> {
        let patchelf = self.tools.patchelf.iter().map(|tool| &tool.path);
        let programs = [&self.tools.uv.path, &self.tools.cargo];
        let programs = programs.into_iter().chain(patchelf);
        programs.filter_map(|program| program.parent()).collect()
    }

    /// A folder of which every environment has its own.
    pub(super) fn own_folder(&self, folder: camino::Utf8PathBuf) -> camino::Utf8PathBuf {
        match self.target.environment.alternative(self.project) {
            Some(name) => folder.join(name),
            None => folder,
        }
    }

    pub(super) fn show(&self, path: &Utf8Path) -> String {
        self.project.display(path).to_string()
    }
}

/// With the toolchain that the user chose for this run: it is the same for everything that pyx starts.
pub(super) fn with_toolchain(call: Invocation, builds: &[Build]) -> Invocation {
    let mut names = builds.iter().map(|build| build.toolchain.name.as_ref());
    match names.find_map(|name| name) {
        Some(name) => call.env("RUSTUP_TOOLCHAIN", name.clone()),
        None => call,
    }
}

/// As in a shell where the environment is active, with uv not changing it.
pub(super) fn activate(
    call: Invocation,
    target: &TargetEnvironment,
    caller: &Caller,
) -> Invocation {
    let environment = &target.environment;
    call.env(environment.variable(), environment.path.as_str())
        .path(&[&environment.bin()], &caller.path)
        .env("UV_NO_SYNC", "1")
        .env("UV_PROJECT_ENVIRONMENT", environment.path.as_str())
}
