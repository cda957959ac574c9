//! pyproject.toml as pyx reads it: PEP 518, 621 and 735, `[tool.maturin]`, `[tool.uv]`, `[tool.pyx]`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use globset::{Glob, GlobMatcher};
use pep440_rs::VersionSpecifiers;
use pep508_rs::{Requirement, VerbatimUrl, VersionOrUrl};
use toml_edit::{Item, TableLike, Value};

use crate::model::error::{Error, Result};
use crate::model::package_name;
use crate::model::path::normalize;

use super::{
    ConditionalFeature, Config, Spanned, Toml, spanned_strings, standard, strings_of, table_of,
    tables_of, typed,
};

#[derive(Debug, Default)]
pub struct PyProject {
    pub toml: Arc<Toml>,
    pub config: Config,
    /// `[dependency-groups]`, names normalised (PEP 735).
    pub groups: BTreeMap<String, Vec<GroupItem>>,
    /// `[project.optional-dependencies]`, names normalised.
    pub extras: BTreeMap<String, Vec<String>>,
}

/// One entry of a dependency group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupItem {
    Requirement(String),
    Include(String),
}

/// One entry of a set in `[tool.uv] conflicts`: an extra or a group of a package, or all of it. Names are
/// normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflicting {
    /// Where none is said, the one that says it.
    pub package: String,
    pub part: Part,
}

/// What of a package uv can install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Package,
    Extra(String),
    Group(String),
}

/// One of `[tool.uv] cache-keys` (uv docs, "cache-keys").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheKey {
    /// A path or a glob, relative to the folder.
    File(String),
    Dir(String),
    Env(String),
    Git,
}

impl CacheKey {
    /// What a file key finds among paths relative to the folder: uv takes the files of folders below
    /// for those of `src/*.rs`, too. `None` where it is no glob that can be read.
    pub fn glob(pattern: &str) -> Option<GlobMatcher> {
        let glob = Glob::new(pattern.trim_start_matches("./")).ok()?;
        Some(glob.compile_matcher())
    }
}

impl PyProject {
    /// Takes a parsed file for a pyproject.toml.
    ///
    /// # Errors
    /// [`Error::Manifest`] for what `[tool.pyx]` must not say, and what is of another type than the standards
    /// say.
    pub fn of(toml: impl Into<Arc<Toml>>) -> Result<Self> {
        let toml = toml.into();
        standard::check(&toml)?;
        let config: Config = typed::read(&toml, &["tool", "pyx"])?;
        if let Some(first) = config.requires.first() {
            let span = toml.get(&["tool", "pyx", "requires"]).and_then(Item::span);
            let message = "`requires` is for a Cargo.toml that has no pyproject.toml".to_owned();
            let hint = format!("[dependency-groups] test = [\"{first}\"]");
            return Err(toml.error(&span.unwrap_or_default(), message, Some(hint)));
        }
        Ok(Self {
            config,
            groups: groups(&toml),
            extras: extras(&toml),
            toml,
        })
    }

    /// The folder that holds the file.
    pub fn dir(&self) -> &Utf8Path {
        self.toml.path.parent().unwrap_or(Utf8Path::new("/"))
    }

    /// The distribution's name as written.
    pub fn name(&self) -> Option<&str> {
        self.toml.str(&["project", "name"])
    }

    /// The distribution's name as indexes compare it.
    pub fn normalized_name(&self) -> Option<String> {
        self.name().map(package_name::normalize)
    }

    pub fn backend(&self) -> Option<&str> {
        self.toml.str(&["build-system", "build-backend"])
    }

    /// Whether maturin builds it: the backend itself, or a wrapper in `backend-path` that has
    /// maturin among its requirements. `[tool.maturin]` alone proves nothing.
    pub fn builds_with_maturin(&self) -> bool {
        match self.backend() {
            Some("maturin") => true,
            Some(_) => {
                self.toml.get(&["build-system", "backend-path"]).is_some()
                    && self.maturin_requirements().next().is_some()
            }
            None => false,
        }
    }

    /// Whether a backend other than maturin may compile the crates in its folder: setuptools, which
    /// does what its setup.py says, or one that the project brings itself.
    pub fn compiles_rust(&self) -> bool {
        let is_setuptools = self
            .backend()
            .is_some_and(|backend| backend.starts_with("setuptools."));
        let brings_its_own = self.toml.get(&["build-system", "backend-path"]).is_some();
        let mut compilers = self.build_requirements("setuptools-rust");
        let may_compile = is_setuptools || brings_its_own || compilers.next().is_some();
        may_compile && !self.builds_with_maturin()
    }

    /// Whether it describes a package, and nothing says what builds that.
    pub fn is_package_without_backend(&self) -> bool {
        let has = |keys: &[&str]| self.toml.get(keys).is_some();
        !has(&["build-system"]) && (has(&["project", "name"]) || has(&["tool", "poetry", "name"]))
    }

    fn maturin_requirements(&self) -> impl Iterator<Item = Spanned<String>> {
        self.build_requirements("maturin")
    }

    fn build_requirements(&self, package: &'static str) -> impl Iterator<Item = Spanned<String>> {
        self.toml
            .get(&["build-system", "requires"])
            .map(spanned_strings)
            .unwrap_or_default()
            .into_iter()
            .filter(move |requirement| {
                package_name::of_requirement(&requirement.value).as_deref() == Some(package)
            })
    }

    /// `build-system.requires` without maturin: what a build script may run.
    pub fn other_build_requirements(&self) -> Vec<String> {
        let mut all = self.toml.strings(&["build-system", "requires"]);
        all.retain(|text| package_name::of_requirement(text).as_deref() != Some("maturin"));
        all
    }

    /// The versions of maturin that `build-system.requires` allows; of several requirements those that are
    /// for every Python.
    ///
    /// # Errors
    /// [`Error::Manifest`] where the requirement is not PEP 508.
    pub fn maturin_versions(&self) -> Result<VersionSpecifiers> {
        let mut specifiers = Vec::new();
        let is_only = self.maturin_requirements().count() == 1;
        for text in self.maturin_requirements() {
            let requirement = Requirement::<VerbatimUrl>::from_str(&text.value)
                .map_err(|error| self.bad_requirement(&text, &error.message.to_string()))?;
            let counts = is_only || requirement.marker.is_true();
            if counts
                && let Some(VersionOrUrl::VersionSpecifier(found)) = requirement.version_or_url
            {
                specifiers.extend(found.iter().cloned());
            }
        }
        Ok(specifiers.into_iter().collect())
    }

    fn bad_requirement(&self, text: &Spanned<String>, message: &str) -> Error {
        let message = message.lines().next().unwrap_or_default();
        self.toml.error(
            &text.span,
            format!("invalid requirement `{}`: {message}", text.value),
            Some("separate version clauses with a comma, as in \"maturin>=1,<2\"".into()),
        )
    }

    /// `requires-python`.
    ///
    /// # Errors
    /// [`Error::Manifest`] where it is not PEP 440.
    pub fn requires_python(&self) -> Result<Option<VersionSpecifiers>> {
        let Some(text) = self.toml.spanned(&["project", "requires-python"]) else {
            return Ok(None);
        };
        VersionSpecifiers::from_str(&text.value)
            .map(Some)
            .map_err(|error| {
                let message = error.to_string();
                let message = message.lines().next().unwrap_or_default();
                self.toml.error(
                    &text.span,
                    format!("invalid requires-python `{}`: {message}", text.value),
                    Some("write it as in \">=3.9\"".into()),
                )
            })
    }

    /// The Cargo.toml that maturin builds, absolute: `[tool.maturin] manifest-path`, else the one
    /// beside this file, else `rust/Cargo.toml` (maturin's own fallback).
    ///
    /// # Errors
    /// [`Error::Manifest`] where the named file is not there.
    pub fn cargo_manifest(&self) -> Result<Option<Utf8PathBuf>> {
        if let Some(text) = self.toml.spanned(&["tool", "maturin", "manifest-path"]) {
            let path = normalize(&self.dir().join(&text.value));
            if crate::world::disk::is_file(&path) {
                return Ok(Some(path));
            }
            return Err(self.toml.error(
                &text.span,
                format!("no `{}` in `{}`", text.value, self.dir()),
                Some("manifest-path is relative to the folder of pyproject.toml".into()),
            ));
        }
        Ok(["Cargo.toml", "rust/Cargo.toml"]
            .into_iter()
            .map(|name| self.dir().join(name))
            .find(|path| crate::world::disk::is_file(path)))
    }

    pub fn maturin(&self, key: &str) -> Option<&str> {
        self.toml.str(&["tool", "maturin", key])
    }

    /// `[tool.maturin] features`; conditional ones (tables) are left to maturin.
    pub fn maturin_features(&self) -> Vec<String> {
        self.toml.strings(&["tool", "maturin", "features"])
    }

    /// Whether `[tool.maturin]` holds any of `keys`.
    pub fn maturin_has(&self, keys: &[&str]) -> bool {
        self.toml
            .table(&["tool", "maturin"])
            .is_some_and(|table| keys.iter().any(|key| table.contains_key(key)))
    }

    /// `[tool.maturin] features` that are for some interpreters only.
    pub fn conditional_features(&self) -> Vec<ConditionalFeature> {
        ConditionalFeature::all(&self.toml)
    }

    pub fn dependencies(&self) -> Vec<String> {
        self.toml.strings(&["project", "dependencies"])
    }

    /// Every requirement of the file: dependencies, groups and extras.
    pub fn requirements(&self) -> Vec<String> {
        let groups = self
            .groups
            .values()
            .flatten()
            .filter_map(|item| match item {
                GroupItem::Requirement(text) => Some(text.clone()),
                GroupItem::Include(_) => None,
            });
        let extras = self.extras.values().flatten().cloned();
        self.dependencies()
            .into_iter()
            .chain(groups)
            .chain(extras)
            .collect()
    }

    pub fn dependencies_with_spans(&self) -> Vec<Spanned<String>> {
        self.toml.spanned_strings(&["project", "dependencies"])
    }

    /// What goes into the metadata of distributions: dependencies and extras, with their places.
    pub fn published_requirements(&self) -> Vec<Spanned<String>> {
        let extras = self.toml.table(&["project", "optional-dependencies"]);
        let extras = extras
            .into_iter()
            .flat_map(|table| table.iter())
            .flat_map(|(_, item)| spanned_strings(item));
        let mut found = self.dependencies_with_spans();
        found.extend(extras);
        found
    }

    /// The bytes of what an extra, named as normalised, requires; none where there is no such extra.
    pub fn extra_span(&self, extra: &str) -> Range<usize> {
        let extras = self.toml.table(&["project", "optional-dependencies"]);
        let mut extras = extras.into_iter().flat_map(|table| table.iter());
        let found = extras.find(|(name, _)| package_name::normalize(name) == extra);
        found.and_then(|(_, item)| item.span()).unwrap_or_default()
    }

    /// Whether `dynamic` leaves a field to the build backend.
    pub fn is_dynamic(&self, field: &str) -> bool {
        let dynamic = self.toml.strings(&["project", "dynamic"]);
        dynamic.iter().any(|name| name == field)
    }

    /// The groups that uv installs by default, normalised, there or not: `[tool.uv] default-groups`,
    /// else `dev`.
    pub fn default_group_names(&self) -> Vec<String> {
        let wanted = match self.toml.get(&["tool", "uv", "default-groups"]) {
            Some(item) if item.as_str() == Some("all") => self.groups.keys().cloned().collect(),
            Some(item) => strings_of(item),
            None => vec!["dev".to_owned()],
        };
        wanted
            .iter()
            .map(|name| package_name::normalize(name))
            .collect()
    }

    /// Whether a group is for some of the project's Pythons only (uv docs, "Group `requires-python`"): uv
    /// refuses to install it for the others.
    pub fn limits_python_of(&self, group: &str) -> bool {
        let table = self.toml.table(&["tool", "uv", "dependency-groups"]);
        let mut entries = table.into_iter().flat_map(|table| table.iter());
        entries.any(|(name, item)| {
            package_name::normalize(name) == group && item.get("requires-python").is_some()
        })
    }

    /// `[tool.uv] conflicts`: sets of which no two are installed together.
    pub fn conflicts(&self) -> Vec<Vec<Conflicting>> {
        let item = self.toml.get(&["tool", "uv", "conflicts"]);
        let sets = item.and_then(Item::as_array).into_iter().flatten();
        let entries = |set: &Value| {
            let entries = set.as_array().into_iter().flatten();
            let entries = entries.filter_map(table_of);
            entries
                .filter_map(|(table, _)| self.conflicting(table))
                .collect()
        };
        sets.map(entries).collect()
    }

    fn conflicting(&self, table: &dyn TableLike) -> Option<Conflicting> {
        let of = |key: &str| Some(package_name::normalize(table.get(key)?.as_str()?));
        let group = of("group").map(Part::Group);
        let part = group.or_else(|| of("extra").map(Part::Extra));
        let package = of("package");
        Some(Conflicting {
            part: part.or_else(|| package.as_ref().map(|_| Part::Package))?,
            package: package.or_else(|| self.normalized_name())?,
        })
    }

    /// Whether `[project]` is one by PEP 621: with a name, and a version that is said or dynamic.
    /// uv refuses to read any other, which older projects with maturin have.
    pub fn is_complete(&self) -> bool {
        let version = self.toml.get(&["project", "version"]);
        self.name().is_some() && (version.is_some() || self.is_dynamic("version"))
    }

    /// `[tool.uv] dev-dependencies`, which came before dependency groups (uv docs, "Legacy
    /// `dev-dependencies`").
    pub fn uv_dev_dependencies(&self) -> Vec<String> {
        self.toml.strings(&["tool", "uv", "dev-dependencies"])
    }

    /// Whether it is of a package, and not of tools or an environment alone.
    pub fn is_built(&self) -> bool {
        self.toml.table(&["build-system"]).is_some()
    }

    /// Whether the root of a uv workspace is here.
    pub fn is_uv_workspace(&self) -> bool {
        self.toml.table(&["tool", "uv", "workspace"]).is_some()
    }

    /// Whether uv is to take care of it (`[tool.uv] managed`).
    pub fn is_managed(&self) -> bool {
        self.toml.bool(&["tool", "uv", "managed"]) != Some(false)
    }

    /// Whether uv installs it, and not only what it depends on (uv docs, "Build systems").
    pub fn is_uv_package(&self) -> bool {
        let said = self.toml.bool(&["tool", "uv", "package"]);
        said.unwrap_or_else(|| self.is_built())
    }

    /// The folders, relative to its own, from which uv takes packages: `[tool.uv.sources]` with `path`.
    pub fn path_sources(&self) -> Vec<String> {
        let sources = self.toml.table(&["tool", "uv", "sources"]);
        let entries = sources.into_iter().flat_map(TableLike::iter);
        // of several sources each is for some Pythons or systems
        let tables = entries.flat_map(|(_, entry)| match entry.as_table_like() {
            Some(table) => vec![table],
            None => tables_of(entry)
                .into_iter()
                .map(|(table, _)| table)
                .collect(),
        });
        let paths = tables.filter_map(|table| table.get("path")?.as_str());
        paths.map(str::to_owned).collect()
    }

    /// `[tool.uv] cache-keys`, else uv's default.
    pub fn cache_keys(&self) -> Vec<CacheKey> {
        let Some(item) = self.toml.get(&["tool", "uv", "cache-keys"]) else {
            let files =
                ["pyproject.toml", "setup.py", "setup.cfg"].map(|name| CacheKey::File(name.into()));
            return files
                .into_iter()
                .chain([CacheKey::Dir("src".into())])
                .collect();
        };
        CacheKey::all(item)
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    }

    /// The files among `[tool.uv] cache-keys` that are said, each with the place of its entry.
    pub fn file_keys(&self) -> Vec<(String, Range<usize>)> {
        let item = self.toml.get(&["tool", "uv", "cache-keys"]);
        let entries = item.map(CacheKey::all).unwrap_or_default().into_iter();
        let files = entries.filter_map(|(key, span)| match key {
            CacheKey::File(pattern) => Some((pattern, span)),
            CacheKey::Dir(_) | CacheKey::Env(_) | CacheKey::Git => None,
        });
        files.collect()
    }

    /// The bytes of the file's keys that decide which packages the environment holds.
    pub fn dependency_tables(&self) -> String {
        let mut text = String::new();
        for keys in [
            &["project", "dependencies"][..],
            &["project", "optional-dependencies"],
            &["project", "requires-python"],
            &["dependency-groups"],
            &["tool", "uv"],
        ] {
            if let Some(item) = self.toml.get(keys) {
                text.push_str(&item.to_string());
                text.push('\n');
            }
        }
        text
    }

    /// Files whose content goes into the metadata: the readme and files of licences, as far as
    /// they are named; relative to the folder.
    pub fn metadata_files(&self) -> Vec<String> {
        let mut files = Vec::new();
        let readme = self.toml.get(&["project", "readme"]);
        files.extend(readme.and_then(file_of));
        let licence = self.toml.get(&["project", "license"]);
        files.extend(licence.and_then(|item| item.get("file")?.as_str().map(str::to_owned)));
        files
    }

    /// What licence files are found by, relative to the folder (PEP 639).
    pub fn licence_globs(&self) -> Vec<&str> {
        let globs = self.toml.get(&["project", "license-files"]);
        let globs = globs.and_then(Item::as_array).into_iter().flatten();
        globs.filter_map(Value::as_str).collect()
    }
}

/// `"README.md"` or `{ file = "README.md" }`.
fn file_of(item: &Item) -> Option<String> {
    let file = item.as_str().or_else(|| item.get("file")?.as_str());
    file.map(str::to_owned)
}

impl CacheKey {
    fn in_table(table: &dyn TableLike) -> Self {
        let of = |key: &str| Some(table.get(key)?.as_str()?.to_owned());
        of("file")
            .map(Self::File)
            .or_else(|| of("dir").map(Self::Dir))
            .or_else(|| of("env").map(Self::Env))
            .unwrap_or(Self::Git)
    }

    /// Those of a list, each with the place of its entry; words are files.
    fn all(list: &Item) -> Vec<(Self, Range<usize>)> {
        let words = spanned_strings(list).into_iter();
        let words = words.map(|word| (Self::File(word.value), word.span));
        let tables = tables_of(list).into_iter();
        let tables = tables.map(|(table, span)| (Self::in_table(table), span));
        let mut all: Vec<_> = words.chain(tables).collect();
        all.sort_by_key(|(_, span)| span.start);
        all
    }
}

fn groups(toml: &Toml) -> BTreeMap<String, Vec<GroupItem>> {
    let table = toml.table(&["dependency-groups"]);
    table
        .into_iter()
        .flat_map(|table| table.iter())
        .map(|(name, item)| (package_name::normalize(name), group_items(item)))
        .collect()
}

/// In the order of the file: an entry that includes another group is one of `[[dependency-groups.NAME]]` as
/// well.
fn group_items(list: &Item) -> Vec<GroupItem> {
    let words = spanned_strings(list).into_iter();
    let words = words.map(|word| (word.span.start, GroupItem::Requirement(word.value)));
    let tables = tables_of(list).into_iter().filter_map(|(table, span)| {
        let included = table.get("include-group")?.as_str()?;
        let name = package_name::normalize(included);
        Some((span.start, GroupItem::Include(name)))
    });
    let mut all: Vec<_> = words.chain(tables).collect();
    all.sort_by_key(|(start, _)| *start);
    all.into_iter().map(|(_, item)| item).collect()
}

fn extras(toml: &Toml) -> BTreeMap<String, Vec<String>> {
    let table = toml.table(&["project", "optional-dependencies"]);
    table
        .into_iter()
        .flat_map(|table| table.iter())
        .map(|(name, item)| (package_name::normalize(name), strings_of(item)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pyproject(text: &str) -> PyProject {
        let path = Utf8Path::new("/p/pyproject.toml");
        PyProject::of(Toml::parse(path, text).unwrap()).unwrap()
    }

    fn build_system(rest: &str) -> PyProject {
        pyproject(&format!("[build-system]\n{rest}\n"))
    }

    #[test]
    fn a_wrapper_around_maturin_is_maturin() {
        let wrapped = "requires = ['maturin>=1']\nbuild-backend = 'wrap'\nbackend-path = ['.']";
        assert!(build_system(wrapped).builds_with_maturin());
    }

    #[test]
    fn tool_maturin_beside_another_backend_is_not_maturin() {
        let other = "requires = ['setuptools-rust']\nbuild-backend = 'setuptools.build_meta'\n\
                     [tool.maturin]\nbindings = 'pyo3'";
        assert!(!build_system(other).builds_with_maturin());
    }

    #[test]
    fn a_range_without_its_comma_is_a_mistake_with_its_line() {
        let project = build_system("requires = ['maturin>=0.13.0<14']\nbuild-backend = 'maturin'");
        let error = project.maturin_versions().unwrap_err();
        insta::assert_snapshot!(format!("{error}\n{}", error.hint().unwrap()));
    }

    #[test]
    fn of_several_requirements_of_maturin_those_for_some_pythons_are_left_out() {
        let versions = |requires: &str| {
            let text = format!("requires = [{requires}]\nbuild-backend = 'maturin'");
            build_system(&text).maturin_versions().unwrap().to_string()
        };
        let (new, old) = (
            "\"maturin>=1,<2 ; python_version >= '3.8'\"",
            "\"maturin<1 ; python_version < '3.8'\"",
        );
        assert_eq!(versions("'maturin>=1', 'maturin<2'"), ">=1, <2");
        assert_eq!(versions(new), ">=1, <2");
        assert_eq!(versions(&format!("{new}, {old}")), "");
    }

    #[test]
    fn a_list_of_tables_is_the_same_in_either_spelling() {
        let keys = "cache-keys = ['a', { file = 'b' }, { env = 'C' }, { git = { commit = true } }]";
        let sources = "native = [{ path = 'x', marker = 'm' }, { path = 'y', marker = 'n' }]";
        let inline = format!(
            "[tool.uv]\n{keys}\n[tool.uv.sources]\n{sources}\n\
             [dependency-groups]\nall = [{{ include-group = 'test' }}]\n"
        );
        let several = "[[tool.uv.cache-keys]]\nfile = 'a'\n[[tool.uv.cache-keys]]\nfile = 'b'\n\
                       [[tool.uv.cache-keys]]\nenv = 'C'\n[[tool.uv.cache-keys]]\ngit = true\n\
                       [[tool.uv.sources.native]]\npath = 'x'\n[[tool.uv.sources.native]]\npath = 'y'\n\
                       [[dependency-groups.all]]\ninclude-group = 'test'\n";
        for (text, places) in [(&*inline, [2, 2]), (several, [1, 3])] {
            let found = pyproject(text);
            let [a, b] = ["a", "b"].map(|name| CacheKey::File(name.to_owned()));
            let env = CacheKey::Env("C".to_owned());
            assert_eq!(found.cache_keys(), [a, b, env, CacheKey::Git], "{text}");
            let files = found.file_keys().into_iter();
            let lines: Vec<_> = files.map(|(_, span)| found.toml.line(&span)).collect();
            assert_eq!(lines, places, "{text}");
            assert_eq!(found.path_sources(), ["x", "y"], "{text}");
            let all = &found.groups["all"];
            assert_eq!(all, &[GroupItem::Include("test".to_owned())], "{text}");
        }
    }

    #[test]
    fn the_default_group_is_dev_unless_others_are_said() {
        let with = pyproject("[dependency-groups]\ndev = ['a', { include-group = 'B' }]\nb = []\n");
        assert_eq!(with.default_group_names(), ["dev"]);
        assert_eq!(with.groups["dev"][1], GroupItem::Include("b".into()));
        let said = "[dependency-groups]\nb = []\n[tool.uv]\ndefault-groups = ['b']\n";
        assert_eq!(pyproject(said).default_group_names(), ["b"]);
        let all = said.replace("['b']", "'all'");
        assert_eq!(pyproject(&all).default_group_names(), ["b"]);
    }

    #[test]
    fn dependency_tables_ignore_what_installs_nothing() {
        let a = pyproject("[project]\ndependencies = ['x']\ndescription = 'one'\n");
        let b = pyproject("[project]\ndependencies = ['x']\ndescription = 'two'\n");
        let c = pyproject("[project]\ndependencies = ['y']\ndescription = 'one'\n");
        assert_eq!(a.dependency_tables(), b.dependency_tables());
        assert_ne!(a.dependency_tables(), c.dependency_tables());
    }

    #[test]
    fn an_empty_span_still_points_somewhere() {
        let error = pyproject("a = 1\n").toml.error(&(0..0), "m".into(), None);
        assert!(error.to_string().contains("/p/pyproject.toml:1:1"));
    }
}
