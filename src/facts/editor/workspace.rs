//! What an editor has to know about a project.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::TestRunner;
use crate::facts::environment::{Environment, requested_python};
use crate::facts::project::{Bindings, Member, Project};
use crate::facts::recipes::{self, Recipes};
use crate::facts::suites::{Languages, Suites};
use crate::model::error::Result;
use crate::model::path::slashed;
use crate::world::disk;
use crate::world::session::Session;
use crate::world::tool;

/// Paths are absolute unless stated otherwise.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// The folder that the editor opens.
    pub root: Utf8PathBuf,
    /// The environment's.
    pub python: Utf8PathBuf,
    /// Whether a build script asks that Python how to build.
    pub is_pyo3: bool,
    /// What rust-analyzer has to be told to load, relative to the root; empty if it finds everything by
    /// itself.
    pub manifests: Vec<String>,
    /// The target directories of cargo.
    pub targets: Vec<Utf8PathBuf>,
    /// Those that pytest runs.
    pub suites: Vec<Suite>,
    /// Names of the recipes that need no argument.
    pub recipes: Vec<String>,
}

/// Tests whose Rust code can be debugged.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    pub member: String,
    pub dir: Utf8PathBuf,
    /// The environment's program.
    pub pytest: Utf8PathBuf,
    /// The arguments that the project wants.
    pub args: Vec<String>,
}

impl Workspace {
    /// Runs only `just --dump`, and only if just is installed.
    ///
    /// # Errors
    /// Unreadable manifests, test configuration or justfile.
    pub fn gather(session: &Session, project: &Project) -> Result<Self> {
        let request = requested_python::request(session, project, None)?;
        let environment = Environment::gather(session, project, request.as_ref())?;
        let suites = Suites::gather(session, project, Languages::Python)?.python;
        let suites = suites
            .into_iter()
            .filter(|suite| suite.runner == TestRunner::Pytest);
        let suites = suites.map(|suite| {
            let member = project
                .members
                .iter()
                .find(|member| member.name == suite.member);
            let args = member.map(|member| member.config().test.pytest.clone());
            Suite {
                member: suite.member,
                dir: suite.dir,
                pytest: environment.bin().join("pytest"),
                args: args.unwrap_or_default(),
            }
        });
        let asks =
            |member: &Member| member.bindings.is_pyo3() || member.bindings == Bindings::Embed;
        Ok(Self {
            root: project.root.clone(),
            python: environment.python(),
            is_pyo3: project.all().any(asks),
            manifests: manifests(project),
            targets: project
                .all()
                .map(|member| member.directories.target.clone())
                .collect(),
            suites: suites.collect(),
            recipes: recipes(session, project)?,
        })
    }

    /// A path relative to the root, with forward slashes; `None` if it is not below.
    pub(super) fn inside(&self, path: &Utf8Path) -> Option<String> {
        let below = path.strip_prefix(&self.root).ok()?;
        Some(slashed(below))
    }

    /// `root`: the editor's variable for the open folder.
    pub(super) fn from(&self, root: &str, path: &Utf8Path) -> String {
        match self.inside(path).as_deref() {
            Some("") => root.to_owned(),
            Some(below) => format!("{root}/{below}"),
            None => path.to_string(),
        }
    }
}

/// rust-analyzer looks for one Cargo.toml from the open folder upward, else for those in its subfolders
/// (rust-analyzer book, "linkedProjects").
fn manifests(project: &Project) -> Vec<String> {
    let root = &project.root;
    let needed: BTreeSet<Utf8PathBuf> = project
        .all()
        .map(|member| member.workspace.join("Cargo.toml"))
        .collect();
    let mut above = root.ancestors().map(|dir| dir.join("Cargo.toml"));
    let finds = |path: &Utf8PathBuf| match above.clone().find(|path| disk::is_file(path)) {
        Some(nearest) => *path == nearest,
        None => path.parent().and_then(Utf8Path::parent) == Some(root),
    };
    if needed.iter().all(finds) {
        return Vec::new();
    }
    let own = above.next().filter(|path| disk::is_file(path));
    let all: BTreeSet<Utf8PathBuf> = needed.into_iter().chain(own).collect();
    let shown = all.iter().map(|path| project.display(path));
    shown.map(|path| slashed(&path)).collect()
}

/// The project's recipes, if just is installed to list them, and the built-in ones; without those that need
/// arguments.
fn recipes(session: &Session, project: &Project) -> Result<Vec<String>> {
    let just = tool::just(session)?;
    let found = match just.missing {
        None => Recipes::of_project(session, &just, &project.root, project.checkout())?,
        Some(_) => Recipes::default(),
    };
    let mut names = Vec::new();
    for recipe in found
        .project
        .iter()
        .filter(|recipe| !recipe.needs_arguments())
    {
        names.push(recipe.name.clone());
    }
    for (name, _) in recipes::names() {
        if found.find(name).is_none() {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}
