//! Where the Python code of a package is (maturin guide, "Project layout").

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::model::path::normalize;
use crate::world::disk;
use crate::world::manifest::PyProject;

use super::{Bindings, Member};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Only a Rust module.
    Pure,
    /// A Python package with the module in it.
    Mixed,
    /// The same, in a source folder.
    Src,
    /// Programs.
    Programs,
    /// A crate that runs Python.
    Embed,
}

impl std::fmt::Display for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pure => "pure Rust",
            Self::Mixed => "mixed",
            Self::Src => "mixed, in a source folder",
            Self::Programs => "programs",
            Self::Embed => "embeds Python",
        })
    }
}

impl Layout {
    pub fn of(member: &Member) -> Self {
        match (member.bindings, package_folder(member)) {
            (Bindings::Embed, _) => Self::Embed,
            (Bindings::Bin, None) => Self::Programs,
            (_, None) => Self::Pure,
            (_, Some(folder)) if folder.parent() == Some(&member.dir) => Self::Mixed,
            (_, Some(_)) => Self::Src,
        }
    }
}

/// The folder of the Python package that holds the extension module, if there is one: below `python-source`,
/// else below `src` next to a `rust` folder, else at the root.
pub fn package_folder(member: &Member) -> Option<Utf8PathBuf> {
    let folders = package_folders(member).into_iter();
    let mut folders = folders.map(|folder| normalize(&member.dir.join(folder)));
    folders.find(|folder| disk::is_file(&folder.join("__init__.py")))
}

/// The folders that maturin may take for the module's package, relative to pyproject.toml: if one exists, the
/// module is put among its sources.
pub fn python_folders(member: &Member) -> Vec<String> {
    let mut folders = package_folders(member);
    folders.retain(|folder| disk::is_dir(&member.dir.join(folder)));
    folders.into_iter().map(String::from).collect()
}

/// Where the package would be, relative to pyproject.toml.
fn package_folders(member: &Member) -> Vec<Utf8PathBuf> {
    if member.bindings == Bindings::Embed {
        return Vec::new();
    }
    let package = member.module.split('.').next().unwrap_or_default();
    let package = if package.is_empty() {
        member.escaped_name()
    } else {
        package.to_owned()
    };
    let pyproject = member.pyproject.as_ref();
    let said = pyproject.and_then(|pyproject| pyproject.maturin("python-source"));
    let folders = sources(&member.dir, said)
        .into_iter()
        .map(|source| Utf8Path::new(source).join(&package));
    folders.map(|folder| normalize(&folder)).collect()
}

/// Where packages may be, relative to the folder of pyproject.toml.
fn sources<'a>(dir: &Utf8Path, said: Option<&'a str>) -> Vec<&'a str> {
    match said {
        Some(said) => vec![said],
        None if disk::is_dir(&dir.join("rust")) => vec!["src", "."],
        None => vec!["."],
    }
}

/// The name under which maturin installs a module, from its name in pyproject.toml: a package that does not
/// exist is left out of it.
pub(super) fn installed_module<'a>(pyproject: &PyProject, said: &'a str) -> &'a str {
    let Some((package, name)) = said.rsplit_once('.') else {
        return said;
    };
    let package = package.replace('.', "/");
    let sources = sources(pyproject.dir(), pyproject.maturin("python-source"));
    let folders = sources
        .iter()
        .map(|source| pyproject.dir().join(source).join(&package));
    let is_there = folders.into_iter().any(|folder| disk::is_dir(&folder));
    if is_there { said } else { name }
}
