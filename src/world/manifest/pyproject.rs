//! pyproject.toml as pyx reads it: PEP 518, 621 and 735, `[tool.maturin]`, `[tool.pyx]`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::VersionSpecifiers;
use pep508_rs::{Requirement, VerbatimUrl, VersionOrUrl};
use toml_edit::{Item, Value};

use crate::model::error::{Error, Result};
use crate::model::package_name;
use crate::model::path::normalize;

use super::{
    ConditionalFeature, Config, Spanned, Toml, spanned_strings, standard, strings_of, tables_of,
    typed,
};

/// What came before dependency groups, and is part of the group `dev` (uv docs, "Legacy
/// `dev-dependencies`").
pub(super) const DEV_DEPENDENCIES: [&str; 3] = ["tool", "uv", "dev-dependencies"];

#[derive(Debug, Default)]
pub struct PyProject {
    pub toml: Arc<Toml>,
    pub config: Config,
    /// `[dependency-groups]`, names normalised (PEP 735), and `[tool.uv] dev-dependencies` as part of `dev`,
    /// as uv has it.
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

impl PyProject {
    /// A parsed file as a pyproject.toml.
    ///
    /// # Errors
    /// [`Error::Manifest`] for an invalid `[tool.pyx]`, and for values whose type violates the standards.
    pub fn of(toml: impl Into<Arc<Toml>>) -> Result<Self> {
        let toml = toml.into();
        standard::check(&toml)?;
        let config: Config = typed::read(&toml, &["tool", "pyx"])?;
        if let Some(first) = config.requires.first() {
            let span = toml.get(&["tool", "pyx", "requires"]).and_then(Item::span);
            let message = "`requires` is only for a Cargo.toml without a pyproject.toml".to_owned();
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

    /// Whether a build backend other than maturin may compile the crates in its folder: setuptools, which
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

    /// Whether it describes a package, but names no build backend.
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

    /// The maturin versions that `build-system.requires` allows; of several requirements, those without
    /// markers for some Pythons.
    ///
    /// # Errors
    /// [`Error::Manifest`] if the requirement is not PEP 508.
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
    /// [`Error::Manifest`] if it is not PEP 440.
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

    /// The Cargo.toml that maturin builds, absolute: `[tool.maturin] manifest-path`, else the one [next
    /// to](Self::manifest_beside) this file.
    ///
    /// # Errors
    /// [`Error::Manifest`] if the named file does not exist.
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
        Ok(self.manifest_beside(crate::world::disk::is_file))
    }

    /// The Cargo.toml that maturin builds without a `manifest-path`: the one next to this file, or
    /// `rust/Cargo.toml` in preference if the Python package has a source folder of its own, as in maturin
    /// (`ProjectResolver::resolve_manifest_paths`).
    ///
    /// `is_file`: of an absolute path.
    pub fn manifest_beside(&self, is_file: impl Fn(&Utf8Path) -> bool) -> Option<Utf8PathBuf> {
        let name = self.name().map(|name| name.replace('-', "_"));
        let packages = self.toml.strings(&["tool", "maturin", "python-packages"]);
        let mut packages = name
            .iter()
            .chain(packages.iter().filter(|_| name.is_some()))
            .map(|package| self.dir().join("src").join(package).join("__init__.py"));
        let has_sources =
            self.maturin("python-source").is_some() || packages.any(|package| is_file(&package));
        let mut names = ["Cargo.toml", "rust/Cargo.toml"];
        if has_sources {
            names.reverse();
        }
        let mut manifests = names.into_iter().map(|name| self.dir().join(name));
        manifests.find(|path| is_file(path))
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

    /// `[tool.maturin] features` that are only for some interpreters.
    pub fn conditional_features(&self) -> Vec<ConditionalFeature> {
        ConditionalFeature::all(&self.toml)
    }

    pub fn dependencies(&self) -> Vec<String> {
        self.toml.strings(&["project", "dependencies"])
    }

    /// Every requirement in the file: dependencies, groups and extras.
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

    /// The byte range of what an extra, by normalised name, requires; empty if there is no such extra.
    pub fn extra_span(&self, extra: &str) -> Range<usize> {
        let extras = self.toml.table(&["project", "optional-dependencies"]);
        let mut extras = extras.into_iter().flat_map(|table| table.iter());
        let found = extras.find(|(name, _)| package_name::normalize(name) == extra);
        found.and_then(|(_, item)| item.span()).unwrap_or_default()
    }

    /// What an extra, named as normalised, requires, with the places.
    pub fn extra_with_spans(&self, extra: &str) -> Vec<Spanned<String>> {
        let extras = self.toml.table(&["project", "optional-dependencies"]);
        let extras = extras.into_iter().flat_map(|table| table.iter());
        let own = extras.filter(|(name, _)| package_name::normalize(name) == extra);
        own.flat_map(|(_, item)| spanned_strings(item)).collect()
    }

    /// Whether `dynamic` leaves a field to the build backend.
    pub fn is_dynamic(&self, field: &str) -> bool {
        let dynamic = self.toml.strings(&["project", "dynamic"]);
        dynamic.iter().any(|name| name == field)
    }

    /// Whether `[project]` is valid by PEP 621: with a name, and a version that is stated or dynamic. uv
    /// refuses to read any other, and older maturin projects have such.
    pub fn is_complete(&self) -> bool {
        let version = self.toml.get(&["project", "version"]);
        self.name().is_some() && (version.is_some() || self.is_dynamic("version"))
    }

    /// Whether it belongs to a package, and not only to tools or an environment.
    pub fn is_built(&self) -> bool {
        self.toml.table(&["build-system"]).is_some()
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

    /// Files whose content goes into the metadata: the readme and licence files, as far as they are named;
    /// relative to the folder.
    pub fn metadata_files(&self) -> Vec<String> {
        let mut files = Vec::new();
        let readme = self.toml.get(&["project", "readme"]);
        files.extend(readme.and_then(file_of));
        let licence = self.toml.get(&["project", "license"]);
        files.extend(licence.and_then(|item| item.get("file")?.as_str().map(str::to_owned)));
        files
    }

    /// The globs for licence files, relative to the folder (PEP 639).
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

fn groups(toml: &Toml) -> BTreeMap<String, Vec<GroupItem>> {
    let table = toml.table(&["dependency-groups"]);
    let mut groups: BTreeMap<String, Vec<GroupItem>> = table
        .into_iter()
        .flat_map(|table| table.iter())
        .map(|(name, item)| (package_name::normalize(name), group_items(item)))
        .collect();
    if let Some(older) = toml.get(&DEV_DEPENDENCIES) {
        let dev = groups.entry("dev".to_owned()).or_default();
        dev.extend(group_items(older));
    }
    groups
}

/// In file order: an entry that includes another group can also be written as `[[dependency-groups.NAME]]`.
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
    fn the_crate_in_a_folder_of_its_own_comes_first_where_the_package_has_one_too() {
        let taken = |text: &str, files: &[&str]| {
            let there = |path: &Utf8Path| files.iter().any(|file| path == format!("/p/{file}"));
            let found = pyproject(text).manifest_beside(there);
            found.map(|path| path.strip_prefix("/p").unwrap().to_string())
        };
        let (own, rust) = ("Cargo.toml", "rust/Cargo.toml");
        let named = "[project]\nname = 'My-pkg'\n";
        let listed = "[project]\nname = 'a'\n[tool.maturin]\npython-packages = ['b']\n";
        let said = "[tool.maturin]\npython-source = 'python'\n";
        for (text, package, expected) in [
            (named, "src/My_pkg/__init__.py", rust),
            (listed, "src/b/__init__.py", rust),
            (said, "python/x/__init__.py", rust),
            (named, "src/other/__init__.py", own),
            (named, "My_pkg/__init__.py", own),
            ("", "src/b/__init__.py", own),
        ] {
            assert_eq!(
                taken(text, &[own, rust, package]).unwrap(),
                expected,
                "{text}"
            );
            assert_eq!(taken(text, &[own, package]).unwrap(), own, "{text}");
        }
        assert_eq!(taken(named, &[rust]).unwrap(), rust);
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
