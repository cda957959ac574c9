//! Programs that embed Python: how they are linked, and what they need at run time.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build::{target_dir, target_dir_in, tests_dir};
use crate::facts::project::Bindings;
use crate::facts::{Build, LinkedBy};
use crate::model::error::{PythonError, Result};
use crate::model::invocation::Invocation;
use crate::model::step::StepId;
use crate::world::interpreter::Probe;

use super::action::{Action, Link};
use super::arguments::passed_args;
use super::context::PlanContext;
use super::import_path::ImportPath;
use super::member::for_extension;
use super::step::{Plan, Step};

/// The target directory of tests and embedding programs.
pub(super) fn dir(build: &Build) -> Utf8PathBuf {
    tests_dir(&build.member)
}

/// What must exist before anything that embeds Python is compiled in [`dir`] with these feature arguments:
/// PyO3 may be behind a feature.
pub(super) fn prepare(
    plan: &mut Plan,
    context: &PlanContext<'_>,
    build: &Build,
    features: &[String],
) -> Result<()> {
    if build.member.bindings == Bindings::Embed {
        return Ok(()); // PyO3 links it by itself
    }
    let probe = probe(context, build)?;
    let to = dir(build);
    let id = StepId::Seed(to.clone());
    if !build.linking.seeded && !plan.has(&id) {
        let from = match &build.reusable {
            Some(reusable) => target_dir_in(&reusable.target, &build.member),
            None => target_dir(&build.member),
        };
        let action = Action::Seed {
            from: build.member.intermediate_dir(&from),
            to: build.member.intermediate_dir(&to),
        };
        plan.then(Step::new(id, "Seeding", "the test builds", action).optional()); // it only saves time
    }
    let id = StepId::Link(build.member.name.clone());
    if !build.linking.configured && !plan.has(&id) {
        let action = match &build.linking.by {
            LinkedBy::Pyo3 => Action::Link(Box::new(link(context, build, probe, features))),
            LinkedBy::Wrapper(wrapper) => Action::Write {
                path: build.linking.file.clone(),
                text: wrapper.script.clone(),
                is_program: true,
            },
        };
        plan.then(Step::new(
            id,
            "Linking",
            "to the environment's Python",
            action,
        ));
    }
    Ok(())
}

fn link(context: &PlanContext<'_>, build: &Build, probe: &Probe, features: &[String]) -> Link {
    let to = dir(build);
    let invocation = context
        .cargo_call(&context.tools.cargo, build, &to)
        .args(["check", "--quiet"])
        .args(["--manifest-path", build.member.manifest().as_str()])
        .args(["--target-dir", to.as_str()])
        .args(features.iter().cloned())
        .args(passed_args(context.request, &build.options))
        .env("PYO3_PRINT_CONFIG", "1")
        .env("PYO3_PYTHON", context.target.environment.python().as_str());
    let libdir = probe.libdir.as_deref().unwrap_or(Utf8Path::new(""));
    let say = "extra_build_script_line=cargo:rustc-link";
    Link {
        invocation,
        config: build.linking.file.clone(),
        lines: vec![
            format!("{say}-lib={}", probe.link_name),
            format!("{say}-search=native={libdir}"),
        ],
    }
}

/// Adds to a compiler call what such a program needs.
///
/// # Errors
/// As [`probe`].
pub(super) fn compile(
    call: Invocation,
    context: &PlanContext<'_>,
    build: &Build,
) -> Result<Invocation> {
    let python = context.target.environment.python();
    if build.member.bindings == Bindings::Embed {
        return Ok(call.env("PYO3_PYTHON", python.as_str()));
    }
    let file = build.linking.file.as_str();
    let LinkedBy::Wrapper(wrapper) = &build.linking.by else {
        return Ok(call.env("PYO3_CONFIG_FILE", file));
    };
    Ok(for_extension(call, &python, probe(context, build)?)
        .env("RUSTC_WORKSPACE_WRAPPER", file)
        .env("RUSTDOCFLAGS", wrapper.flags.clone()))
}

/// `added`: the user's own PYTHONPATH.
///
/// # Errors
/// As [`probe`].
pub(super) fn import_path(
    added: Option<&String>,
    context: &PlanContext<'_>,
    build: &Build,
) -> Result<ImportPath> {
    let probe = probe(context, build)?;
    let packages = context.target.environment.site_packages_for(probe);
    Ok(ImportPath::new(packages, added))
}

/// What such a program needs at run time: the libpython it was linked with before any other of that name; the
/// environment's packages, installed or linked; its interpreter before any other on PATH, where libpython
/// looks for its standard library; and the prefix of a moved one.
pub(super) fn execute(
    call: Invocation,
    imports: &ImportPath,
    context: &PlanContext<'_>,
    build: &Build,
) -> Result<Invocation> {
    let probe = probe(context, build)?;
    let bin = context.target.environment.bin();
    let call = if cfg!(windows) {
        // where its library is
        call.path(&[&bin, &probe.base_prefix], &context.caller.path)
    } else {
        call.path(&[&bin], &context.caller.path)
    };
    let mut call = call.env(
        "PYTHONPATH",
        imports.variable(&context.target.path_file_folders),
    );
    if let Some(libdir) = probe.libdir.as_ref().filter(|_| !cfg!(windows)) {
        let name = if cfg!(target_os = "macos") {
            "DYLD_LIBRARY_PATH"
        } else {
            "LD_LIBRARY_PATH"
        };
        let given = call.set.get(name).or(context.caller.loader_path.as_ref());
        let given = given.cloned();
        let inherited = given.iter().flat_map(|path| path.split(':'));
        let others = inherited.filter(|dir| dir != libdir);
        let path: Vec<&str> = std::iter::once(libdir.as_str()).chain(others).collect();
        call = call.env(name, path.join(":"));
    }
    if probe.moved {
        call = call.env("PYTHONHOME", probe.base_prefix.as_str());
    }
    Ok(call)
}

/// The environment's Python, if programs can be linked with it.
///
/// # Errors
/// [`PythonError::StaticPython`] if they cannot.
pub(super) fn probe<'a>(
    context: &'a PlanContext<'_>,
    build: &Build,
) -> Result<&'a Probe, PythonError> {
    let probe = context.target.probe.as_ref();
    probe
        .filter(|probe| probe.libdir.is_some())
        .ok_or_else(|| PythonError::StaticPython {
            member: build.member.name.clone(),
            python: context.target.environment.python(),
            version: probe.map_or_else(
                || "3".to_owned(),
                |probe| format!("{}.{}", probe.major, probe.minor),
            ),
        })
}
