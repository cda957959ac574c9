//! uv's settings for a project in `[tool.uv]` (uv docs, "Settings").

use std::ops::Range;

use globset::{Glob, GlobMatcher};
use toml_edit::{Item, TableLike, Value};

use crate::model::package_name;

use super::pyproject::DEV_DEPENDENCIES;
use super::{PyProject, spanned_strings, strings_of, table_of, tables_of};

/// One entry of a set in `[tool.uv] conflicts`: an extra or a group of a package, or all of it. Names are
/// normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflicting {
    /// If not stated, the package that declares it.
    pub package: String,
    pub part: Part,
}

/// The parts of a package that uv can install.
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
    /// What a file key matches among paths relative to the folder: in uv, `src/*.rs` matches files in
    /// subfolders too. `None` if it is not a valid glob.
    pub fn glob(pattern: &str) -> Option<GlobMatcher> {
        let glob = Glob::new(pattern.trim_start_matches("./")).ok()?;
        Some(glob.compile_matcher())
    }

    fn in_table(table: &dyn TableLike) -> Self {
        let of = |key: &str| Some(table.get(key)?.as_str()?.to_owned());
        of("file")
            .map(Self::File)
            .or_else(|| of("dir").map(Self::Dir))
            .or_else(|| of("env").map(Self::Env))
            .unwrap_or(Self::Git)
    }

    /// Those of a list, each with the place of its entry; strings are files.
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

impl PyProject {
    /// The groups that uv installs by default, normalised, existing or not: `[tool.uv] default-groups`, else
    /// `dev`.
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

    /// `[tool.uv] conflicts`: sets of which no two entries are installed together.
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

    /// The line that names a group, from 1; `name`: normalised.
    pub fn line_of_group(&self, name: &str) -> usize {
        const GROUPS: &str = "dependency-groups";
        let written = self.toml.keys(&[GROUPS]).into_iter();
        let mut written = written.filter(|key| package_name::normalize(key) == name);
        match written.next() {
            Some(key) => self.toml.line_of(&[GROUPS, &key]),
            None => self.toml.line_of(&DEV_DEPENDENCIES),
        }
    }

    /// Whether this is the root of a uv workspace.
    pub fn is_uv_workspace(&self) -> bool {
        self.toml.table(&["tool", "uv", "workspace"]).is_some()
    }

    /// Whether uv manages the project (`[tool.uv] managed`).
    pub fn is_managed(&self) -> bool {
        self.toml.bool(&["tool", "uv", "managed"]) != Some(false)
    }

    /// Whether uv installs the project itself, and not only its dependencies (uv docs, "Build systems").
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

    /// The files among the declared `[tool.uv] cache-keys`, each with the place of its entry.
    pub fn file_keys(&self) -> Vec<(String, Range<usize>)> {
        let item = self.toml.get(&["tool", "uv", "cache-keys"]);
        let entries = item.map(CacheKey::all).unwrap_or_default().into_iter();
        let files = entries.filter_map(|(key, span)| match key {
            CacheKey::File(pattern) => Some((pattern, span)),
            CacheKey::Dir(_) | CacheKey::Env(_) | CacheKey::Git => None,
        });
        files.collect()
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::super::{GroupItem, Toml};
    use super::*;

    fn pyproject(text: &str) -> PyProject {
        let path = Utf8Path::new("/p/pyproject.toml");
        PyProject::of(Toml::parse(path, text).unwrap()).unwrap()
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
}
