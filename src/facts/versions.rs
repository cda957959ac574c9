//! Where a project states its versions: manifests, `__version__`, requirements and lock files.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::Version;
use serde::Serialize;

use crate::facts::project::{Member, Project, package_folder, workspace_crates};
use crate::model::error::{Error, MachineError, Result};
use crate::model::version;
use crate::world::disk;
use crate::world::manifest::{
    CargoToml, Dependency, LockEntry, Manifests, PyProject, Spanned, Toml, line_at,
};

/// One version, and everything that states it: a crate's own, or that of a cargo workspace.
#[derive(Clone, Debug)]
pub struct Versioned {
    /// The names of the members that have it.
    pub members: Vec<String>,
    /// The version of distributions; `None` if nothing states it, or it is not a PEP 440 version.
    pub version: Option<Version>,
    /// The decisive statement, then the others.
    pub statements: Vec<Statement>,
    /// Whether no crate that has it is published, so that cargo's statement reaches nobody.
    pub is_private: bool,
    /// Whether crates inherit it that are no part of its members.
    pub is_shared: bool,
}

/// One place that states a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub kind: StatementKind,
    /// Absolute.
    pub path: Utf8PathBuf,
    /// The bytes of the file that hold the value.
    pub span: Range<usize>,
    /// From 1.
    pub line: usize,
    /// As written, without quotes.
    pub text: String,
    /// For an entry in Cargo.lock: versions that also determine the form and order of the lock's entries:
    /// those of other packages with the same name, and its own if others refer to it.
    pub rivals: Vec<semver::Version>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatementKind {
    /// `[package]` or `[workspace.package]` of Cargo.toml.
    Cargo,
    /// `[project]` of pyproject.toml.
    PyProject,
    /// `__version__ = "…"` in the package's `__init__.py`, or in a module from which that imports it.
    Dunder,
    /// The version that another crate of the workspace requires.
    Requirement,
    CargoLock,
    UvLock,
}

impl StatementKind {
    /// Whether cargo reads it, and so whether it has cargo's spelling.
    pub fn is_cargo(self) -> bool {
        matches!(self, Self::Cargo | Self::Requirement | Self::CargoLock)
    }
}

impl Statement {
    fn of(kind: StatementKind, toml: &Toml, said: Spanned<String>) -> Self {
        Self {
            kind,
            path: toml.path.clone(),
            line: toml.line(&said.span),
            span: said.span,
            text: said.value,
            rivals: Vec::new(),
        }
    }

    /// The version as Python compares it; `None` for requirements, and for what is not PEP 440.
    pub fn version(&self) -> Option<Version> {
        if self.kind == StatementKind::Requirement {
            return None;
        }
        version::parse(&self.text)
    }
}

impl Versioned {
    /// Every version of the project, including those of members that were not asked for.
    pub fn gather(project: &Project) -> Result<Vec<Self>> {
        let mut found: Vec<(VersionHolder, Vec<&Member>)> = Vec::new();
        for member in project.all() {
            let holder = VersionHolder::of(&member.cargo, &member.workspace);
            match found.iter_mut().find(|(known, _)| *known == holder) {
                Some((_, members)) => members.push(member),
                None => found.push((holder, vec![member])),
            }
        }
        let of = |(holder, members): (VersionHolder, Vec<&Member>)| one(project, &holder, &members);
        found.into_iter().map(of).collect()
    }

    /// The place that determines the version.
    pub fn decisive(&self) -> Option<&Statement> {
        self.statements.first()
    }
}

/// The Cargo.toml that holds the version of a crate.
#[derive(Clone, Debug, PartialEq, Eq)]
struct VersionHolder {
    path: Utf8PathBuf,
    /// Whether it is in `[workspace.package]`.
    shared: bool,
}

impl VersionHolder {
    fn of(cargo: &CargoToml, workspace: &Utf8Path) -> Self {
        let shared = cargo.inherits("version");
        let path = if shared {
            workspace.join("Cargo.toml")
        } else {
            cargo.toml.path.clone()
        };
        Self { path, shared }
    }

    fn statement(&self, manifests: &Manifests) -> Result<Option<Statement>> {
        let Some(cargo) = manifests.cargo(&self.path)? else {
            return Ok(None);
        };
        let said = if self.shared {
            cargo.workspace_version()
        } else {
            cargo.version()
        };
        Ok(said.map(|said| Statement::of(StatementKind::Cargo, &cargo.toml, said)))
    }
}

fn one(project: &Project, holder: &VersionHolder, members: &[&Member]) -> Result<Versioned> {
    let mut statements = of_python(members);
    let in_cargo = holder.statement(&project.manifests)?;
    // cargo takes 0.0.0 for a crate without a version: such a crate leaves it to pyproject.toml
    let is_left_open =
        !statements.is_empty() && in_cargo.as_ref().is_some_and(|s| s.text == "0.0.0");
    if !is_left_open {
        statements.extend(in_cargo);
    }
    let version = statements.first().and_then(Statement::version);
    for member in members {
        statements.extend(of_literals(member)?);
        statements.extend(of_uv_lock(project, member)?);
    }
    let mut one = Versioned {
        members: members.iter().map(|member| member.name.clone()).collect(),
        version,
        statements,
        is_private: are_private(members),
        is_shared: false,
    };
    if !is_left_open {
        one.add_workspace(&project.manifests, members, holder)?;
    }
    Ok(one)
}

/// `manifest`: the Cargo.toml of a crate.
fn is_part(member: &Member, manifest: &Utf8PathBuf) -> bool {
    member.manifest() == manifest || member.parts.contains(manifest)
}

fn are_private(members: &[&Member]) -> bool {
    members.iter().all(|member| member.cargo.is_private())
}

fn of_python(members: &[&Member]) -> Vec<Statement> {
    let pyprojects = members
        .iter()
        .filter_map(|member| member.pyproject.as_ref());
    let statement = |pyproject: &Arc<PyProject>| {
        let said = pyproject.toml.spanned(&["project", "version"])?;
        Some(Statement::of(
            StatementKind::PyProject,
            &pyproject.toml,
            said,
        ))
    };
    pyprojects.filter_map(statement).collect()
}

/// `__version__` literals of the member's Python package: in its `__init__.py`, and in the modules from which
/// that imports it.
fn of_literals(member: &Member) -> Result<Vec<Statement>> {
    match package_folder(member) {
        Some(package) => in_package(&package),
        None => Ok(Vec::new()),
    }
}

fn in_package(package: &Utf8Path) -> Result<Vec<Statement>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![(package.join("__init__.py"), DUNDER.to_owned())];
    while let Some((path, name)) = open.pop() {
        if !seen.insert((path.clone(), name.clone())) {
            continue;
        }
        let text = String::from_utf8(disk::read(&path)?.unwrap_or_default()).unwrap_or_default();
        found.extend(assigned(&text, &name).into_iter().map(|span| Statement {
            kind: StatementKind::Dunder,
            path: path.clone(),
            line: line_at(&text, span.start),
            text: text[span.clone()].to_owned(),
            span,
            rivals: Vec::new(),
        }));
        for (module, name) in imported(&text, &name) {
            open.extend(source(package, &path, &module).map(|path| (path, name)));
        }
    }
    Ok(found)
}

const DUNDER: &str = "__version__";

/// The module, and the name in it, from which lines like `from ._version import __version__` import a name.
fn imported(text: &str, name: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let lines = text.match_indices("from ");
    let lines = lines.filter(|(at, _)| *at == 0 || text[..*at].ends_with('\n'));
    for (at, word) in lines {
        let rest = &text[at + word.len()..];
        let line = rest.lines().next().unwrap_or_default();
        let Some((module, _)) = line.split_once(" import ") else {
            continue;
        };
        let names = rest[module.len() + " import ".len()..].trim_start();
        let names = match names.strip_prefix('(') {
            Some(several) => several.split(')').next(),
            None => names.lines().next(),
        };
        let lines = names.unwrap_or_default().lines();
        let uncommented = lines.filter_map(|line| line.split('#').next());
        for one in uncommented.flat_map(|line| line.split(',')) {
            let words: Vec<&str> = one.split_whitespace().collect();
            match words[..] {
                [own] if own == name => found.push((module.trim().to_owned(), own.to_owned())),
                [own, "as", other] if other == name => {
                    found.push((module.trim().to_owned(), own.to_owned()));
                }
                _ => {}
            }
        }
    }
    found
}

/// The file of a module that one of the package's modules names: `._version`, `..about`, or by the package's
/// own name.
fn source(package: &Utf8Path, from: &Utf8Path, module: &str) -> Option<Utf8PathBuf> {
    let below = module.trim_start_matches('.');
    let folder = match module.len() - below.len() {
        0 => package.parent()?,
        dots => from.ancestors().nth(dots)?,
    };
    let mut names = below.split('.').filter(|name| !name.is_empty()).peekable();
    let is_own = folder.starts_with(package) || names.peek().copied() == package.file_name();
    let path = names.fold(folder.to_owned(), |path, name| path.join(name));
    let files = [path.with_extension("py"), path.join("__init__.py")];
    files.into_iter().find(|file| is_own && disk::is_file(file))
}

/// What is between the quotes of `__version__ = "…"` at the beginning of a line.
pub(crate) fn literals(text: &str) -> Vec<Range<usize>> {
    assigned(text, DUNDER)
}

fn assigned(text: &str, name: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(inner) = literal(line, name) {
            found.push(start + inner.start..start + inner.end);
        }
        start += line.len();
    }
    found
}

fn literal(line: &str, name: &str) -> Option<Range<usize>> {
    let at = line.find(['"', '\''])?;
    let quote = line[at..].chars().next()?;
    let names = line[..at].trim_end().strip_suffix('=')?;
    if !is_assigned(name, names) {
        return None;
    }
    let start = at + quote.len_utf8();
    let end = start + line[start..].find(quote)?;
    (end > start).then_some(start..end)
}

/// Whether a name is among those before the last `=` of a line, as in `VERSION = __version__`.
fn is_assigned(name: &str, names: &str) -> bool {
    if let Some(rest) = names.strip_prefix(name)
        && rest.trim_start().starts_with(':')
    {
        return !rest.contains('=');
    }
    let is_word = |text: &str| {
        let mut all = text.trim_end().chars();
        !text.trim_end().is_empty() && all.all(|c| c.is_alphanumeric() || c == '_')
    };
    let mut each = names.split('=').enumerate();
    let is_chain = each.all(|(at, text)| is_word(if at == 0 { text } else { text.trim_start() }));
    is_chain && names.split('=').any(|text| text.trim() == name)
}

fn of_uv_lock(project: &Project, member: &Member) -> Result<Option<Statement>> {
    let Some(lock) = project.manifests.toml(&project.home.join("uv.lock"))? else {
        return Ok(None);
    };
    let version = lock.own_entry(&member.name).and_then(|entry| entry.version);
    Ok(version.map(|said| Statement::of(StatementKind::UvLock, &lock, said)))
}

impl Versioned {
    /// What the cargo workspace says about the crates that have the version: their entries in Cargo.lock, and
    /// requirements of path dependencies on them.
    fn add_workspace(
        &mut self,
        manifests: &Manifests,
        members: &[&Member],
        holder: &VersionHolder,
    ) -> Result<()> {
        let Some(member) = members.first() else {
            return Ok(());
        };
        let crates = workspace_crates(manifests, member)?;
        let mut own = crates.clone();
        own.retain(|cargo| VersionHolder::of(cargo, &member.workspace) == *holder);
        let mut others = own.iter().map(|cargo| &cargo.toml.path);
        self.is_shared = others.any(|path| !members.iter().any(|member| is_part(member, path)));
        if let Some(lock) = manifests.toml(&member.workspace.join("Cargo.lock"))? {
            let names = own.iter().filter_map(|cargo| cargo.package_name());
            self.add_lock(&lock, &names.collect::<Vec<_>>());
        }
        let is_own = |need: &Dependency| {
            own.iter()
                .any(|cargo| need.path.as_deref() == Some(cargo.dir()))
        };
        let root = member.workspace_cargo.as_ref();
        let shared = root.map(|root| (root, root.workspace_dependencies()));
        let tables = crates.iter().map(|cargo| (cargo, cargo.needs()));
        for (cargo, needs) in shared.into_iter().chain(tables) {
            let needs = needs.into_iter().filter(is_own);
            let said = needs.filter_map(|need| need.requirement);
            let statements =
                said.map(|said| Statement::of(StatementKind::Requirement, &cargo.toml, said));
            self.statements.extend(statements);
        }
        Ok(())
    }

    fn add_lock(&mut self, lock: &Toml, names: &[&str]) {
        let entries = lock.lock_entries();
        for own in entries.iter().filter(|entry| entry.local) {
            if let Some(said) = own.version.clone()
                && names.contains(&own.name.value.as_str())
            {
                let mut statement = Statement::of(StatementKind::CargoLock, lock, said);
                statement.rivals = rivals(&entries, own);
                self.statements.push(statement);
            }
        }
    }
}

/// As in [`Statement::rivals`].
fn rivals(entries: &[LockEntry], own: &LockEntry) -> Vec<semver::Version> {
    let name = &own.name.value;
    let version = own.version.as_ref().map(|said| &said.value);
    let of_name = |other: &&LockEntry| other.name.value == *name && other.name != own.name;
    let others = entries
        .iter()
        .filter(of_name)
        .filter_map(|other| Some(&other.version.as_ref()?.value));
    let named = entries
        .iter()
        .flat_map(|entry| &entry.needs)
        .filter(|(needed, said)| needed == name && said.as_ref() == version)
        .filter_map(|(_, said)| said.as_ref());
    let all = others.chain(named);
    all.filter_map(|text| semver::Version::parse(text).ok())
        .collect()
}

/// The text of every file that states one of the versions.
///
/// # Errors
/// [`MachineError::Io`] for a file that cannot be read, or is not UTF-8.
pub fn texts(versions: &[Versioned]) -> Result<BTreeMap<Utf8PathBuf, String>> {
    let statements = versions.iter().flat_map(|one| &one.statements);
    let paths: BTreeSet<&Utf8PathBuf> = statements.map(|said| &said.path).collect();
    let text = |path: &Utf8PathBuf| {
        let bytes = disk::read(path)?.unwrap_or_default();
        let text = String::from_utf8(bytes).map_err(|error| {
            Error::Machine(MachineError::Io {
                verb: "read",
                path: path.clone(),
                source: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
            })
        })?;
        Ok((path.clone(), text))
    };
    paths.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_literals_at_the_beginning_of_a_line_are_versions() {
        let found = |text: &str| {
            literals(text)
                .into_iter()
                .map(|span| text[span].to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(found("a\n__version__ = \"1.2\"\n"), ["1.2"]);
        assert_eq!(found("__version__: Final[str]='1.2'  # x"), ["1.2"]);
        assert_eq!(found("VERSION = __version__ = '1.2'\n"), ["1.2"]);
        assert_eq!(found("__version__ = _v = '1.2'\n"), ["1.2"]);
        for other in [
            "a = f(__version__ = '1.2')\n",
            "if __version__ == '1.2':\n",
            "a = b == __version__ == '1.2'\n",
            "a = '1.2'; __version__ = '1.3'\n",
            "from ._x import __version__\n",
            "__version__ = _x.__version__\n",
            "__version__ == \"1.2\"\n",
            "__version__ += \"1.2\"\n",
            "__version_info__ = \"1.2\"\n",
            "    __version__ = \"1.2\"\n",
            "__version__ = \"\"\n",
        ] {
            assert!(found(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_version_is_found_where_the_package_imports_it_from() {
        let temp = tempfile::tempdir().unwrap();
        let package = Utf8Path::from_path(temp.path()).unwrap().join("acme");
        let write = |name: &str, text: &str| {
            disk::write(&package.join(name), text.as_bytes()).unwrap();
        };
        write("_version.py", "__version__ = '1.0'\n");
        write(
            "sub/__init__.py",
            "from .about import (\n    a,  # b\n    version as __version__,\n)\n",
        );
        write("sub/about.py", "version = '1.0'\n");
        for (line, file) in [
            ("from ._version import __version__", "_version.py"),
            ("from acme._version import a, __version__", "_version.py"),
            ("from .sub import __version__", "sub/about.py"),
            ("from ._core import __version__", ""),
            ("from other._version import __version__", ""),
            ("from ._version import *", ""),
            ("    from ._version import __version__", ""),
        ] {
            write("__init__.py", &format!("import os\n{line}\n"));
            let found = in_package(&package).unwrap();
            let paths = found.iter().map(|said| {
                assert_eq!(said.text, "1.0");
                crate::model::path::shown(&package, &said.path).into_string()
            });
            assert_eq!(paths.collect::<String>(), file, "{line}");
        }
    }

    #[test]
    fn a_lock_entry_knows_what_decides_how_it_is_written() {
        let package = |name: &str, version: &str, rest: &str| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{rest}\n")
        };
        let text = package("a", "0.1.0", "dependencies = [\"a 0.2.0\", \"c\"]")
            + &package("a", "0.2.0", "source = \"registry\"")
            + &package("b", "0.1.0", "dependencies = [\"c 0.1.0\"]")
            + &package("c", "0.1.0", "");
        let lock = Toml::parse(Utf8Path::new("/p/Cargo.lock"), &text).unwrap();
        let mut one = Versioned {
            members: Vec::new(),
            version: None,
            statements: Vec::new(),
            is_private: false,
            is_shared: false,
        };
        one.add_lock(&lock, &["a", "b", "c", "d"]);
        let rivals = one.statements.iter().map(|said| {
            let rivals = said.rivals.iter().map(ToString::to_string);
            (said.line, rivals.collect::<Vec<_>>().join(" "))
        });
        assert_eq!(
            rivals.collect::<Vec<_>>(),
            [
                (3, "0.2.0".into()),
                (11, String::new()),
                (15, "0.1.0".into())
            ]
        );
    }
}
