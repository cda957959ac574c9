//! `cargo pyx env`: what a shell or an IDE needs so that cargo and Python see what pyx sees.

use camino::Utf8Path;

use crate::facts::environment::State;
use crate::facts::project::Bindings;
use crate::facts::{Build, Facts, Request, RunState, Tools};
use crate::model::error::{Error, PythonError, Result};
use crate::model::invocation::Invocation;
use crate::world::session::EXPORTED;

use super::context::{PlanContext, activate};
use super::embedding;

/// The variables to set, as pyx sets them for its own children.
#[derive(Clone, Debug)]
pub struct Exports {
    pub set: std::collections::BTreeMap<String, String>,
    /// What has to be done before all of it can work, and the command.
    pub missing: Option<(String, &'static str)>,
}

/// Variables that later runs of pyx may see: they extend existing values.
const KEPT: [&str; 3] = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];

/// What a shell needs to work in the environment.
///
/// # Errors
/// [`PythonError::NoEnvironment`] if there is nothing to see yet.
pub fn env(request: &Request, facts: &Facts, tools: &Tools) -> Result<Exports> {
    let context = PlanContext {
        request,
        run_state: &RunState::default(),
        project: &facts.project,
        builds: &facts.builds,
        target: &facts.target,
        caller: &facts.caller,
        tools,
    };
    let call = Invocation::new("cargo", &facts.caller.cwd);
    let mut call = activate(call, &facts.target, &facts.caller);
    let mut missing = None;
    if let Some(build) = nearest(facts) {
        (call, missing) = linking(call, &context, build)?;
        if let Some((pin, _)) = &build.toolchain.missing_pin {
            let text = format!("the toolchain {pin} of this folder is not installed");
            missing = Some((text, "rustup toolchain install"));
        }
    }
    // a person's own choice is where pyx found the environment: it has to stay
    if facts.caller.names_environment {
        call.set.remove("UV_PROJECT_ENVIRONMENT");
    }
    let names = call
        .set
        .keys()
        .filter(|name| !KEPT.contains(&name.as_str()));
    let names: Vec<String> = names.cloned().collect();
    let call = call.env(EXPORTED, names.join(" "));
    Ok(Exports {
        set: call.set,
        missing,
    })
}

/// The environment, which must exist.
///
/// # Errors
/// [`PythonError::NoEnvironment`]
pub fn environment(facts: &Facts) -> Result<&Utf8Path> {
    let environment = &facts.target.environment;
    let why = match &environment.state {
        State::Good { .. } => return Ok(&environment.path),
        State::Missing => "it does not exist yet".into(),
        State::Bad { why, .. } => why.clone(),
    };
    let path = environment.path.clone();
    Err(PythonError::NoEnvironment { path, why }.into())
}

/// The package that the working directory is in, else the first.
fn nearest(facts: &Facts) -> Option<&Build> {
    let around = facts.project.around(&facts.caller.cwd);
    let own = |build: &&Build| around.contains(&build.member.name);
    facts.builds.iter().find(own)
}

/// What plain cargo needs to link and run what embeds Python.
fn linking(
    mut call: Invocation,
    context: &PlanContext<'_>,
    build: &Build,
) -> Result<(Invocation, Option<(String, &'static str)>)> {
    if let Some(toolchain) = &build.toolchain.name {
        call = call.env("RUSTUP_TOOLCHAIN", toolchain.clone());
    }
    let member = &build.member;
    if !(member.bindings.is_pyo3() || member.bindings == Bindings::Embed) {
        return Ok((call, None));
    }
    let mut missing = None;
    let python = context.target.environment.python();
    if build.hard_wired.is_none() {
        call = call.env("PYO3_PYTHON", python.as_str());
    } else if build.linking.configured {
        call = embedding::compile(call, context, build)?;
    } else {
        call = call.env("PYO3_PYTHON", python.as_str());
        let text = format!("plain `cargo test` cannot link {} yet", member.name);
        missing = Some((text, "cargo pyx test --rust"));
    }
    let executed = |call| {
        let imports = embedding::import_path(None, context, build)?;
        embedding::execute(call, &imports, context, build)
    };
    match executed(call.clone()) {
        Ok(call) => Ok((call, missing)),
        Err(Error::Python(PythonError::StaticPython { .. })) => Ok((call, missing)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::Linking;
    use crate::facts::project::HardWired;
    use crate::world::tool::Tool;

    use super::*;

    /// What plain cargo is told in a project of one extension, and what has to be done before.
    fn exports(hard_wired: bool, configured: bool) -> Exports {
        let found = HardWired {
            path: "/p/Cargo.toml".into(),
            line: 1,
            by_default: false,
            fix: Vec::new(),
        };
        let mut build = Build {
            hard_wired: hard_wired.then_some(found),
            linking: Linking {
                configured,
                file: "/p/config.txt".into(),
                ..Linking::default()
            },
            ..Build::default()
        };
        build.member.name = "x".into();
        let mut facts = Facts::default();
        facts.caller.cwd = "/p".into();
        facts.project.members.push(build.member.clone());
        facts.target.environment.path = "/p/.venv".into();
        facts.builds.push(build);
        let tools = Tools {
            patchelf: None,
            cargo: "cargo".into(),
            uv: Tool {
                path: "uv".into(),
                version: None,
                missing: None,
            },
            first_uv: None,
            maturin: std::collections::BTreeMap::new(),
            any_python: None,
            patience: std::collections::BTreeMap::new(),
        };
        env(&Request::default(), &facts, &tools).unwrap()
    }

    #[test]
    fn a_hard_wired_extension_module_needs_a_configuration_before_cargo_links_it() {
        let one = |exports: &Exports, name: &str| exports.set.contains_key(name);
        let plain = exports(false, false);
        assert!(plain.missing.is_none() && one(&plain, "PYO3_PYTHON"));
        let missing = exports(true, false);
        assert_eq!(missing.missing.as_ref().unwrap().1, "cargo pyx test --rust");
        let linked = exports(true, true);
        assert!(linked.missing.is_none() && one(&linked, "PYO3_CONFIG_FILE"));
    }
}
