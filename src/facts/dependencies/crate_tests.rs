//! What Rust tests import when no Python tests bring it along, from wherever the project says what its tests
//! need.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::requirement::Requirement;
use crate::world::checkout;
use crate::world::disk;
use crate::world::manifest::{CargoToml, Manifests, PyProject};

use super::environments::{self, ToolEnvironment};
use super::groups::{self, is_runner};
use super::requirements_file::{self, RequirementsFile, names_in};
use super::sync::{Source, Sync};
use super::workflow;

/// Names of groups and extras for tests.
const FOR_TESTS: [&str; 4] = ["dev", "test", "testing", "tests"];

#[derive(Debug, Default)]
pub(super) struct FoundRequirements {
    pub(super) syncs: Vec<Sync>,
    /// Files that decide, existing or not.
    pub(super) files: Vec<Utf8PathBuf>,
}

/// In the nearest folder that names any, in this order: requirements files, groups and extras, what other
/// tools install, the jobs that run its tests. `[package.metadata.pyx] requires` is added.
pub(super) fn find(manifests: &Manifests, cargo: &CargoToml) -> Result<FoundRequirements> {
    let mut found = FoundRequirements::default();
    let dir = cargo.dir();
    for folder in checkout::around(dir) {
        found.add_folder(manifests, folder)?;
        if !found.syncs.is_empty() {
            break;
        }
    }
    let requires = Requirement::packages(cargo.config.requires.clone());
    found.add_listed(&cargo.toml.path, requires)?;
    Ok(found)
}

impl FoundRequirements {
    fn add_folder(&mut self, manifests: &Manifests, folder: &Utf8Path) -> Result<()> {
        for file in requirements_file::in_folder(folder) {
            let below = file.strip_prefix(folder).unwrap_or(&file).as_str();
            if below.contains("test") || below.contains("dev") {
                self.files.extend(RequirementsFile::read(&file)?.files);
                self.syncs.push(Sync::of(Source::File(file)));
            }
        }
        if !self.syncs.is_empty() {
            return Ok(());
        }
        let path = folder.join("pyproject.toml");
        let pyproject = manifests.pyproject_or_empty(&path)?;
        self.add_listed(&path, in_pyproject(&pyproject))?;
        for (file, environments) in environments::by_tool(manifests, &pyproject)? {
            if !self.syncs.is_empty() {
                return Ok(());
            }
            self.add_listed(&file, for_tests(environments)?)?;
        }
        for file in workflow::files(folder) {
            if !self.syncs.is_empty() {
                return Ok(());
            }
            let text = disk::read_text(&file)?.unwrap_or_default();
            self.add_listed(&file, workflow::installed_for_tests(&text))?;
        }
        Ok(())
    }

    /// `file`: where they are stated.
    fn add_listed(&mut self, file: &Utf8Path, requirements: Vec<Requirement>) -> Result<()> {
        self.files
            .extend(requirements_file::read_for(&requirements)?);
        if !requirements.is_empty() {
            self.syncs
                .push(Sync::of(Source::listed_in(file.to_owned(), requirements)));
        }
        Ok(())
    }
}

/// Groups and extras that are for tests by name, or because they bring a test runner.
fn in_pyproject(pyproject: &PyProject) -> Vec<Requirement> {
    let is_for_tests = |name: &&String| FOR_TESTS.contains(&name.as_str());
    let mut chosen = groups::with_runner(pyproject);
    chosen.extend(pyproject.groups.keys().filter(is_for_tests).cloned());
    let mut extra = groups::extras_with_runner(pyproject);
    extra.extend(pyproject.extras.keys().filter(is_for_tests).cloned());
    Requirement::packages(groups::requirements(pyproject, &chosen, &extra))
}

/// Everything in the environments for tests: those named so, and those that have a test runner.
fn for_tests(environments: Vec<ToolEnvironment>) -> Result<Vec<Requirement>> {
    let mut whole = ToolEnvironment::default();
    for environment in environments {
        let names = names_in(&environment.requirements)?;
        if environment.is_for_tests || names.iter().any(|name| is_runner(name)) {
            whole.merge(environment);
        }
    }
    Ok(whole.requirements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::shown;

    /// What is installed for the crate in `crates/a` of a checkout, each with the file that says it.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        disk::create_dir(&root.join(".git")).unwrap();
        let manifest = root.join("crates/a/Cargo.toml");
        disk::write(&manifest, b"[package]\nname = 'a'\n").unwrap();
        for (name, text) in files {
            disk::write(&root.join(name), text.as_bytes()).unwrap();
        }
        let manifests = Manifests::default();
        let cargo = manifests.cargo(&manifest).unwrap().unwrap();
        let found = find(&manifests, &cargo).unwrap();
        let show = |sync: &Sync| {
            let path = shown(root, sync.source.path().unwrap());
            match &sync.source {
                Source::Requirements { requirements, .. } => {
                    format!("{path}: {}", Requirement::words(requirements).join(" "))
                }
                _ => path.to_string(),
            }
        };
        found.syncs.iter().map(show).collect()
    }

    const CI: &str =
        "jobs:\n  test:\n    steps:\n      - run: pip install numpy\n      - run: cargo test\n";

    #[test]
    fn requirements_of_rust_tests_are_found_wherever_the_project_says_them() {
        for (file, text, expected) in [
            ("requirements-dev.txt", "numpy\n", "requirements-dev.txt"),
            (
                "crates/a/requirements/test.txt",
                "numpy\n",
                "crates/a/requirements/test.txt",
            ),
            (
                "crates/a/pyproject.toml",
                "[dependency-groups]\ntest = ['numpy']\ndocs = ['sphinx']\n",
                "crates/a/pyproject.toml: numpy",
            ),
            (
                "pyproject.toml",
                "[build-system]\nbuild-backend = 'hatchling.build'\n[project]\nname = 'x'\n[project.optional-dependencies]\ntests = ['numpy']\nfast = ['numba']\n",
                "pyproject.toml: numpy",
            ),
            (
                "noxfile.py",
                "def test_rust(session):\n    session.install('numpy')\n\ndef docs(session):\n    session.install('sphinx')\n",
                "noxfile.py: numpy",
            ),
            (
                "tox.ini",
                "[testenv]\ndeps = numpy\ncommands = cargo test\n[testenv:docs]\ndeps = sphinx\n",
                "tox.ini: numpy",
            ),
            (
                ".github/workflows/ci.yml",
                CI,
                ".github/workflows/ci.yml: numpy",
            ),
            (
                "crates/a/Cargo.toml",
                "[package.metadata.pyx]\nrequires = ['numpy']\n",
                "crates/a/Cargo.toml: numpy",
            ),
        ] {
            assert_eq!(found(&[(file, text)]), [expected]);
        }
        for (file, text) in [
            ("docs/requirements-dev.txt", "sphinx\n"),
            ("requirements-docs.txt", "sphinx\n"),
            ("pyproject.toml", "[dependency-groups]\ndocs = ['sphinx']\n"),
            (
                "noxfile.py",
                "def docs(session):\n    session.install('sphinx')\n",
            ),
        ] {
            assert_eq!(found(&[(file, text)]), [""; 0], "{file}");
        }
    }

    #[test]
    fn what_is_said_for_pyx_comes_on_top_of_what_is_said_nearest() {
        let files = [
            (".github/workflows/ci.yml", CI),
            ("requirements-dev.txt", "black\n"),
            ("crates/a/requirements-test.txt", "attrs\n"),
            (
                "crates/a/Cargo.toml",
                "[package.metadata.pyx]\nrequires = ['idna>=3']\n",
            ),
        ];
        let expected = [
            "crates/a/requirements-test.txt",
            "crates/a/Cargo.toml: idna>=3",
        ];
        assert_eq!(found(&files), expected);
    }
}
