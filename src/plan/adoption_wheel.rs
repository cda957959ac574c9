//! The wheel and the sdist of a package, built in a copy of it, before and after adoption.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::Network;
use crate::facts::adoption::Adoption;
use crate::model::error::{MachineError, Result};
use crate::model::exit::Exit;
use crate::model::file_edit::Edit;
use crate::model::invocation::Invocation;
use crate::model::step::StepId;

use super::action::{Action, CopyProject, Run};
use super::environment;
use super::step::{Plan, Step};

/// The folder of both, inside the trial's.
pub fn wheel_folder(trial: &Utf8Path) -> Utf8PathBuf {
    trial.join("wheel")
}

/// Both as the current build backend builds them, in `trial`, absolute.
///
/// # Errors
/// [`MachineError::Offline`] if uv is missing and may not be fetched.
pub fn present_wheel(adoption: &Adoption, trial: &Utf8Path, network: Network) -> Result<Plan> {
    let what = "with its present build backend";
    wheel(adoption, trial, network, Vec::new(), what, None)
}

/// Both with the edits of a plan.
///
/// # Errors
/// As [`present_wheel`].
pub fn adopted_wheel(
    adoption: &Adoption,
    trial: &Utf8Path,
    network: Network,
    adopting: &Plan,
) -> Result<Plan> {
    let edits = adopting.steps.iter().flat_map(|step| match &step.action {
        Action::Edit(edits) => edits.clone(),
        _ => Vec::new(),
    });
    let edits: Vec<Edit> = edits.collect();
    // what is compiled does not affect the list of files: without optimisation it takes seconds
    let settings = Some("build-args=--profile dev");
    wheel(adoption, trial, network, edits, "with maturin", settings)
}

fn wheel(
    adoption: &Adoption,
    trial: &Utf8Path,
    network: Network,
    edits: Vec<Edit>,
    what: &str,
    settings: Option<&str>,
) -> Result<Plan> {
    let mut plan = Plan::default();
    let Some(uv) = &adoption.uv else {
        return Ok(plan);
    };
    if let Some(provision) = uv.missing.clone() {
        if network.offline {
            return Err(MachineError::Offline(provision.label()).into());
        }
        let any_python = adoption.any_python.as_ref();
        plan.then(environment::fetch(provision, any_python, &uv.path)?);
    }
    let copy = trial.join("project");
    let action = Action::CopyProject(Box::new(CopyProject {
        from: adoption.root.clone(),
        to: copy.clone(),
        edits,
    }));
    let name = adoption.root.file_name().unwrap_or_default();
    plan.then(Step::new(
        StepId::CopySources(copy.clone()),
        "Copying",
        name,
        action,
    ));
    let out = wheel_folder(trial);
    let python = adoption.python.iter();
    let call = |kind: &str| {
        Invocation::new(uv.path.clone(), &copy)
            .args(["build", kind, "--out-dir", out.as_str()])
            .args(
                settings
                    .into_iter()
                    .flat_map(|setting| ["--config-setting", setting]),
            )
            .args(python.clone().flat_map(|path| ["--python", path.as_str()]))
            .args(network.offline.then_some("--offline"))
            .arg(copy.as_str())
            .env("CARGO_TARGET_DIR", trial.join("target").as_str())
            .env("GIT_OPTIONAL_LOCKS", "0") // the copy shares the checkout's index
            .without(&adoption.scrubbed)
    };
    let step = |id, kind: &str, product: &str| {
        let action = Action::Run(Run::quiet(call(kind), Exit::Failed));
        Step::new(id, "Building", format!("{product} {what}"), action)
    };
    plan.then(step(StepId::Wheel(copy.clone()), "--wheel", name));
    // a package without one is not refused for it
    let sdist = format!("the sdist of {name}");
    plan.then(step(StepId::Sdist(name.to_owned()), "--sdist", &sdist).optional());
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::adoption::{History, NeedsBackend, Subject, python};
    use crate::facts::suites::TestPlace;
    use crate::model::implementation::Implementation;
    use crate::world::disk;
    use crate::world::interpreter::Interpreter;
    use crate::world::manifest::Manifests;
    use crate::world::tool::Tool;

    #[test]
    fn a_package_is_built_with_a_python_that_it_allows() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(temp.path().join("acme")).unwrap();
        let path = root.join("pyproject.toml");
        let text = "[project]\nname = 'acme'\nversion = '1'\nrequires-python = '>=3.12'\n";
        disk::write(&path, text.as_bytes()).unwrap();
        let manifests = Manifests::default();
        let pyproject = manifests.pyproject(&path).unwrap().unwrap();
        let tests = TestPlace::of(&manifests, &pyproject).unwrap();
        let subject = Subject::NeedsBackend(Box::new(NeedsBackend { pyproject }));
        let of = |version: &str| Interpreter {
            path: format!("/python/{version}").into(),
            version: version.parse().unwrap(),
            implementation: Implementation::CPython,
        };
        let installed = || ["3.11.7", "3.13.1", "3.12.0"].map(of).to_vec();
        let adoption = Adoption {
            python: python(&subject, installed),
            subject,
            function: None,
            tests,
            gitignore: None,
            there: [].into(),
            locked: false,
            cargo: "cargo".into(),
            uv: Some(Tool {
                path: "/uv".into(),
                version: None,
                missing: None,
            }),
            has_uv_lock: false,
            history: History::Same,
            any_python: None,
            scrubbed: [].into(),
            root: root.clone(),
        };
        let plan = present_wheel(&adoption, &root, Network::default()).unwrap();
        let text = plan.to_string();
        assert!(text.contains(" --python /python/3.13.1 "), "{text}");
        // the wheel decides, whatever becomes of the sdist
        let builds = plan.steps.iter().filter(|step| step.verb == "Building");
        let kinds = builds.map(|step| (step.id.to_string(), step.optional));
        let kinds: Vec<_> = kinds
            .map(|(id, optional)| (id.split(' ').next().unwrap().to_owned(), optional))
            .collect();
        let expected = [("wheel", false), ("sdist", true)];
        assert_eq!(kinds, expected.map(|(id, it)| (id.to_owned(), it)));
    }
}
