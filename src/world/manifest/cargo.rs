//! Cargo.toml as pyx reads it, without running cargo (cargo book, "The Manifest Format").

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use pep508_rs::{Requirement, VerbatimUrl};
use toml_edit::{Item, TableLike};

use crate::model::error::Result;
use crate::model::path::normalize;

use super::dependency_tables::{DependencyKind, DependencyTable, dependency_tables};
use super::{Config, Spanned, Toml, tables_of, typed};

#[derive(Debug, Default)]
pub struct CargoToml {
    pub toml: Arc<Toml>,
    /// `[package.metadata.pyx]`
    pub config: Config,
    /// The root of its workspace, which may be itself; known if it may inherit anything.
    pub workspace: Option<Arc<Toml>>,
}

impl CargoToml {
    /// A parsed file as a Cargo.toml.
    ///
    /// # Errors
    /// [`Error::Manifest`](crate::model::error::Error::Manifest) for an invalid `[package.metadata.pyx]`.
    pub fn of(toml: impl Into<Arc<Toml>>) -> Result<Self> {
        let toml = toml.into();
        let config = typed::read(&toml, &["package", "metadata", "pyx"])?;
        for text in toml.spanned_strings(&["package", "metadata", "pyx", "requires"]) {
            if Requirement::<VerbatimUrl>::from_str(&text.value).is_err() {
                let message = format!("`{}` is not a valid requirement", text.value);
                let hint = "write it as `\"numpy>=2\"`".to_owned();
                return Err(toml.error(&text.span, message, Some(hint)));
            }
        }
        Ok(Self {
            toml,
            config,
            workspace: None,
        })
    }

    pub fn dir(&self) -> &Utf8Path {
        self.toml.path.parent().unwrap_or(Utf8Path::new("/"))
    }

    /// `None` for a virtual workspace.
    pub fn package_name(&self) -> Option<&str> {
        self.toml.str(&["package", "name"])
    }

    /// The value of a field of `[package]`, or the workspace's if it is inherited (cargo book, "The `package`
    /// table").
    fn field(&self, name: &str) -> Option<&Item> {
        if self.inherits(name) {
            let root = self.workspace.as_ref()?;
            return root.get(&["workspace", "package", name]);
        }
        self.toml.get(&["package", name])
    }

    /// Whether a field of `[package]` is inherited from the workspace.
    pub fn inherits(&self, field: &str) -> bool {
        self.toml.bool(&["package", field, "workspace"]) == Some(true)
    }

    /// The edition; `None` if it is inherited from a workspace that does not state it.
    pub fn edition(&self) -> Option<&str> {
        if self.toml.get(&["package", "edition"]).is_none() {
            return Some("2015");
        }
        self.field("edition")?.as_str()
    }

    pub fn rust_version(&self) -> Option<&str> {
        self.field("rust-version")?.as_str()
    }

    /// Whether the crate may not be published to any registry: `publish = false` (cargo book, "The `publish`
    /// field").
    pub fn is_private(&self) -> bool {
        self.field("publish").and_then(Item::as_bool) == Some(false)
    }

    /// The level of a rustc lint.
    pub fn lint(&self, name: &str) -> Option<&str> {
        let is_shared = self.toml.bool(&["lints", "workspace"]) == Some(true);
        let lint = if is_shared {
            let root = self.workspace.as_ref()?;
            root.get(&["workspace", "lints", "rust", name])
        } else {
            self.toml.get(&["lints", "rust", name])
        };
        let lint = lint?;
        lint.as_str().or_else(|| lint.get("level")?.as_str())
    }

    pub fn is_workspace(&self) -> bool {
        self.toml.table(&["workspace"]).is_some()
    }

    /// The library's name as the linker sees it.
    pub fn lib_name(&self) -> Option<String> {
        let name = self.toml.str(&["lib", "name"]).or(self.package_name())?;
        Some(name.replace('-', "_"))
    }

    /// The library's `crate-type`, in both spellings; empty if none is given.
    pub fn crate_types(&self) -> Vec<String> {
        ["crate-type", "crate_type"]
            .into_iter()
            .map(|key| self.toml.strings(&["lib", key]))
            .find(|types| !types.is_empty())
            .unwrap_or_default()
    }

    /// Where cargo looks for a build script, absolute, whether it exists or not: `package.build`, else
    /// build.rs next to the manifest (cargo book, "The Manifest Format"); `None` if it has none.
    pub fn build_script(&self) -> Option<Utf8PathBuf> {
        let said = self.toml.get(&["package", "build"]);
        if said.and_then(Item::as_bool) == Some(false) {
            return None;
        }
        let path = said.and_then(Item::as_str).unwrap_or("build.rs");
        Some(normalize(&self.dir().join(path)))
    }

    pub fn has_build_script(&self) -> bool {
        let script = self.build_script();
        script.is_some_and(|path| crate::world::disk::is_file(&path))
    }

    pub fn has_lib(&self) -> bool {
        self.toml.get(&["lib"]).is_some()
            || crate::world::disk::is_file(&self.dir().join("src/lib.rs"))
    }

    /// Whether one of its test programs does not consist of `#[test]` functions (`harness = false`).
    pub fn has_own_harness(&self) -> bool {
        let is_own = |table: &dyn TableLike| {
            let harness = table.get("harness").and_then(Item::as_bool);
            harness == Some(false)
        };
        let mut listed = ["bin", "test"]
            .map(|kind| self.toml.get(&[kind]))
            .into_iter()
            .flatten()
            .flat_map(tables_of);
        self.toml.table(&["lib"]).is_some_and(is_own) || listed.any(|(table, _)| is_own(table))
    }

    /// The names of binary targets: `[[bin]]`, `src/main.rs` under the package's name, and the files
    /// and folders of `src/bin` (cargo book, "Target auto-discovery").
    pub fn bins(&self) -> Vec<String> {
        let takes_main = self.stated("bin").into_iter().any(|bin| {
            bin.get("path")
                .and_then(Item::as_str)
                .map(|path| normalize(Utf8Path::new(path)))
                == Some("src/main.rs".into())
        });
        let mut names = self.targets("bin", "src/bin");
        let finds_main = self.finds_targets("bin") && !takes_main;
        if finds_main && crate::world::disk::is_file(&self.dir().join("src/main.rs")) {
            names.extend(self.package_name().map(str::to_owned));
        }
        names.sort();
        names.dedup();
        names
    }

    /// The version of cargo's feature resolver in the workspace of this manifest (cargo book, "Dependency
    /// Resolution"): as stated, else by its edition; a workspace without a package uses the first.
    pub fn resolver(&self) -> u64 {
        let said = ["workspace", "package"].map(|table| self.toml.string(&[table, "resolver"]));
        if let Some(said) = said.into_iter().flatten().next() {
            return said.parse().unwrap_or(2);
        }
        match (self.package_name(), self.edition()) {
            (None, _) | (_, Some("2015" | "2018")) => 1,
            (_, Some("2021")) => 2,
            _ => 3,
        }
    }

    /// The integration tests that require features, with these (cargo silently leaves such a test out if one
    /// of them is off).
    pub fn tests_with_features(&self) -> Vec<(String, Vec<String>)> {
        let mut found = Vec::new();
        for test in self.stated("test") {
            let wanted = test.get("required-features").and_then(Item::as_array);
            let wanted: Vec<String> = wanted
                .into_iter()
                .flatten()
                .filter_map(|feature| feature.as_str().map(str::to_owned))
                .collect();
            if let Some(name) = test.get("name").and_then(Item::as_str)
                && !wanted.is_empty()
            {
                found.push((name.to_owned(), wanted));
            }
        }
        found
    }

    /// The names of example targets: `[[example]]`, and the files and folders of `examples`.
    pub fn examples(&self) -> Vec<String> {
        self.targets("example", "examples")
    }

    /// The names of integration tests: `[[test]]`, and the files and folders of `tests`.
    pub fn tests(&self) -> Vec<String> {
        self.targets("test", "tests")
    }

    /// The root source files of the programs that the manifest names and a plain `cargo test` compiles
    /// besides integration tests: binaries, and what has `test = true` (cargo book, "The `test` field");
    /// absolute, existing or not.
    pub fn stated_sources(&self) -> Vec<Utf8PathBuf> {
        let kinds = [
            ("bin", "src/bin", true),
            ("example", "examples", false),
            ("bench", "benches", false),
        ];
        let mut found = Vec::new();
        for (kind, folder, by_default) in kinds {
            for target in self.stated(kind) {
                let text = |key| target.get(key).and_then(Item::as_str);
                let is_tested = target.get("test").and_then(Item::as_bool);
                if !is_tested.unwrap_or(by_default) {
                    continue;
                }
                if let Some(path) = text("path") {
                    found.push(self.dir().join(path));
                } else if let Some(name) = text("name") {
                    let dir = self.dir().join(folder);
                    found.extend(
                        [format!("{name}.rs"), format!("{name}/main.rs")].map(|it| dir.join(it)),
                    );
                }
            }
        }
        found
    }

    /// Whether cargo discovers targets of a kind besides those of the manifest: `autobins` and the like say
    /// so; in edition 2015 it does not if the manifest has any (cargo book, "Target auto-discovery").
    fn finds_targets(&self, kind: &str) -> bool {
        let said = self.toml.bool(&["package", &format!("auto{kind}s")]);
        let is_first = self.edition() == Some("2015");
        said.unwrap_or_else(|| !is_first || self.toml.get(&[kind]).is_none())
    }

    /// The tables of a kind of target, `[[bin]]`.
    fn stated(&self, kind: &str) -> Vec<&dyn TableLike> {
        let listed = self.toml.get(&[kind]).map(tables_of);
        let tables = listed.unwrap_or_default().into_iter();
        tables.map(|(table, _)| table).collect()
    }

    /// Targets that are named in the manifest, or found as `NAME.rs` or `NAME/main.rs`; sorted.
    fn targets(&self, kind: &str, folder: &str) -> Vec<String> {
        let dir = self.dir().join(folder);
        let files = if self.finds_targets(kind) {
            crate::world::disk::names(&dir)
        } else {
            Vec::new()
        };
        let stated = self.stated(kind);
        let claimed: Vec<Utf8PathBuf> = stated
            .iter()
            .filter_map(|one| Some(normalize(&self.dir().join(one.get("path")?.as_str()?))))
            .collect();
        // a file that one of the manifest's begins in is no other's
        let is_free = |path: &Utf8Path| !claimed.contains(&normalize(path));
        let found = files.into_iter().filter_map(|name| {
            let file = dir.join(&name);
            if let Some(stem) = name.strip_suffix(".rs") {
                return is_free(&file).then(|| stem.to_owned());
            }
            let main = file.join("main.rs");
            (crate::world::disk::is_file(&main) && is_free(&main)).then_some(name)
        });
        let said = stated
            .iter()
            .filter_map(|one| one.get("name")?.as_str().map(str::to_owned));
        let mut names: Vec<String> = found.chain(said).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether maturin was told to build targets other than the package's default ones.
    pub fn has_maturin_targets(&self) -> bool {
        self.toml
            .get(&["package", "metadata", "maturin", "targets"])
            .is_some()
    }

    /// Whether it depends on a package whatever the features and the platform.
    pub fn requires(&self, package: &str) -> bool {
        self.entries_of(package).any(|item| !is_optional(item))
    }

    /// Whether it depends on a package behind a feature.
    pub fn takes_optionally(&self, package: &str) -> bool {
        self.entries_of(package).any(is_optional)
    }

    fn entries_of(&self, package: &str) -> impl Iterator<Item = &Item> {
        let table = self.toml.table(&["dependencies"]);
        let entries = table.into_iter().flat_map(|table| table.iter());
        entries.filter_map(move |(key, item)| {
            let named = item.get("package").and_then(Item::as_str);
            (named.unwrap_or(key) == package).then_some(item)
        })
    }

    fn tables(
        &self,
        kinds: &'static [DependencyKind],
    ) -> impl Iterator<Item = DependencyTable<'_>> {
        dependency_tables(&self.toml).filter(|it| kinds.contains(&it.kind))
    }

    /// What `--all-features` enables: `[features]`, and optional dependencies that none of them refers to
    /// with `dep:` (cargo book, "Optional dependencies").
    pub fn all_features(&self) -> Vec<String> {
        let own = self.toml.table(&["features"]);
        let own: Vec<&str> = own
            .into_iter()
            .flat_map(|table| table.iter())
            .map(|(name, _)| name)
            .collect();
        let named: BTreeSet<String> = own
            .iter()
            .flat_map(|name| self.toml.strings(&["features", name]))
            .filter_map(|entry| Some(entry.strip_prefix("dep:")?.to_owned()))
            .collect();
        let tables = self.tables(&[DependencyKind::Normal, DependencyKind::Build]);
        let optional = tables
            .flat_map(|it| it.table.iter())
            .filter(|(name, item)| is_optional(item) && !named.contains(*name));
        let optional: BTreeSet<&str> = optional.map(|(name, _)| name).collect();
        own.iter()
            .copied()
            .chain(optional)
            .map(str::to_owned)
            .collect()
    }

    /// These features, and every feature that they enable, transitively.
    pub fn features_behind(&self, mut open: Vec<String>) -> Vec<String> {
        let mut enabled: Vec<String> = Vec::new();
        while let Some(feature) = open.pop() {
            if !enabled.contains(&feature) {
                open.extend(self.toml.strings(&["features", &feature]));
                enabled.push(feature);
            }
        }
        enabled
    }

    /// The package and its feature that a value like `py/abi3` or `py?/abi3` means, whatever the package is
    /// called here (cargo book, "Dependency features"); `None` for a feature of the crate.
    pub fn feature_of_dependency<'a>(&self, value: &'a str) -> Option<(String, &'a str)> {
        let (key, feature) = value.split_once('/')?;
        let key = key.trim_end_matches('?');
        let mut needs = self.whole_needs().into_iter();
        let need = needs.find(|need| need.key.value == key);
        Some((
            need.map_or_else(|| key.to_owned(), |need| need.package),
            feature,
        ))
    }

    /// The names under which the package's code and tests use their dependencies.
    pub fn extern_names(&self) -> BTreeSet<String> {
        use DependencyKind::{Dev, Normal, Shared};
        let tables = self.tables(&[Normal, Dev, Shared]);
        let entries = tables.flat_map(|it| it.table.iter());
        entries.map(|(key, _)| key.replace('-', "_")).collect()
    }

    /// The readme for the Python metadata if pyproject.toml names none; absolute.
    pub fn readme(&self) -> Option<Utf8PathBuf> {
        let said = self.field("readme")?.as_str()?;
        let root = self.workspace.as_ref().filter(|_| self.inherits("readme"));
        let holder = root.unwrap_or(&self.toml);
        Some(normalize(&holder.path.with_file_name(said)))
    }
}

/// Of a Cargo.toml, the root of a workspace included.
impl Toml {
    /// Where entries for a package enable one of its features, including those for build scripts and tests
    /// and those that the workspace shares: the keys of the array, and the value.
    pub fn switches(&self, package: &str, feature: &str) -> Vec<(Vec<String>, Spanned<String>)> {
        let mut found = Vec::new();
        for DependencyTable { keys, table, .. } in dependency_tables(self) {
            for (key, item) in table.iter() {
                let named = item.get("package").and_then(Item::as_str);
                if named.unwrap_or(key) != package {
                    continue;
                }
                let array = [&keys[..], &[key, "features"]].concat();
                let values = self.spanned_strings(&array).into_iter();
                let value = values.into_iter().find(|value| value.value == feature);
                let array: Vec<String> = array.into_iter().map(str::to_owned).collect();
                found.extend(value.map(|value| (array, value)));
            }
        }
        found
    }
}

/// Whether a dependency is enabled only by a feature.
pub fn is_optional(dependency: &Item) -> bool {
    dependency.get("optional").and_then(Item::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> CargoToml {
        let path = Utf8Path::new("/p/Cargo.toml");
        CargoToml::of(Toml::parse(path, text).unwrap()).unwrap()
    }

    #[test]
    fn a_build_script_is_where_the_manifest_says() {
        for (said, expected) in [
            ("", Some("/p/build.rs")),
            ("build = true", Some("/p/build.rs")),
            ("build = 'tools/../gen.rs'", Some("/p/gen.rs")),
            ("build = false", None),
        ] {
            let script = manifest(&format!("[package]\n{said}\n")).build_script();
            assert_eq!(script.as_deref(), expected.map(Utf8Path::new), "{said}");
        }
    }

    #[test]
    fn a_renamed_dependency_counts_by_its_package() {
        let found = manifest("[dependencies]\npy = { package = 'pyo3', features = ['abi3'] }\n");
        assert_eq!(found.dependencies()[0].package, "pyo3");
        assert_eq!(found.dependencies()[0].features, ["abi3"]);
    }

    #[test]
    fn dependencies_of_targets_are_found_with_their_target() {
        let text = "[dependencies]\npyo3 = '0.29'\n\
                    [target.'cfg(unix)'.dependencies]\npyo3 = { version = '0.29', features = ['x'] }\n\
                    shared = { path = '../shared' }\n";
        let found = manifest(text).dependencies();
        let platforms: Vec<_> = found.iter().map(|one| one.platform.as_deref()).collect();
        assert_eq!(platforms, [None, Some("cfg(unix)"), Some("cfg(unix)")]);
        assert_eq!(found[1].features, ["x"]);
        assert_eq!(found[2].path.as_deref(), Some(Utf8Path::new("/shared")));
    }

    fn inheriting(root: &str, own: &str) -> CargoToml {
        let root = Toml::parse(Utf8Path::new("/p/Cargo.toml"), root).unwrap();
        let own = Toml::parse(Utf8Path::new("/p/own/Cargo.toml"), own).unwrap();
        CargoToml {
            workspace: Some(root.into()),
            ..CargoToml::of(own).unwrap()
        }
    }

    #[test]
    fn targets_are_listed_in_either_spelling() {
        for text in [
            "[[test]]\nname = 'a'\nrequired-features = ['x']\nharness = false\n",
            "test = [{ name = 'a', required-features = ['x'], harness = false }]\n",
        ] {
            let found = manifest(text);
            assert_eq!(found.tests(), ["a"], "{text}");
            assert_eq!(found.tests_with_features().len(), 1, "{text}");
            assert!(found.has_own_harness(), "{text}");
        }
    }

    #[test]
    fn a_file_that_a_target_of_the_manifest_begins_in_is_no_other_target() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        for file in [
            "src/bin/foo.rs",
            "src/bin/deep/main.rs",
            "src/bin/own.rs",
            "tests/a.rs",
        ] {
            crate::world::disk::write(&dir.join(file), b"").unwrap();
        }
        let text = "[package]\nname = 'p'\nedition = '2021'\n\
            [[bin]]\nname = 'bar'\npath = 'src/bin/foo.rs'\n\
            [[bin]]\nname = 'other'\npath = './src/bin/deep/main.rs'\n\
            [[test]]\nname = 'b'\npath = 'tests/a.rs'\n";
        let toml = Toml::parse(&dir.join("Cargo.toml"), text).unwrap();
        let found = CargoToml::of(toml).unwrap();
        assert_eq!(found.bins(), ["bar", "other", "own"]);
        assert_eq!(found.tests(), ["b"]);
    }

    #[test]
    fn what_a_package_inherits_is_what_the_workspace_says() {
        let root = "[workspace.package]\nedition = '2021'\nrust-version = '1.60'\nreadme = 'ALL.md'\n\
                    publish = false\n[workspace.lints.rust]\nunsafe_code = { level = 'forbid' }\n";
        let own = "[package]\nname = 'own'\nedition.workspace = true\nrust-version.workspace = true\n\
                   readme.workspace = true\npublish.workspace = true\n\
                   [[example]]\nname = 'a'\n[lints]\nworkspace = true\n";
        let found = inheriting(root, own);
        assert_eq!(found.edition(), Some("2021"));
        assert_eq!(found.resolver(), 2);
        assert!(found.finds_targets("example"));
        assert_eq!(found.rust_version(), Some("1.60"));
        assert_eq!(found.readme().unwrap(), "/p/ALL.md");
        assert!(found.is_private());
        assert_eq!(found.lint("unsafe_code"), Some("forbid"));
        let plain = inheriting(root, "[package]\nname = 'own'\n[[example]]\nname = 'a'\n");
        assert_eq!((plain.edition(), plain.resolver()), (Some("2015"), 1));
        assert!(!plain.finds_targets("example") && !plain.is_private());
        assert_eq!(
            (plain.rust_version(), plain.lint("unsafe_code")),
            (None, None)
        );
    }

    #[test]
    fn a_feature_of_a_dependency_is_that_of_its_package_whatever_it_is_called() {
        let found = manifest("[dependencies]\npy = { package = 'pyo3' }\n");
        let of = |value| found.feature_of_dependency(value);
        assert_eq!(of("py?/abi3"), Some(("pyo3".to_owned(), "abi3")));
        assert_eq!(of("other/abi3"), Some(("other".to_owned(), "abi3")));
        assert_eq!(of("py"), None);
    }

    /// One entry in each table of dependencies, in the order of the manifest.
    const EVERY_TABLE: &str = "[dependencies]\na = '1'\n[build-dependencies]\nb = '1'\n\
        [build_dependencies]\nc = '1'\n[dev-dependencies]\nd = '1'\n[dev_dependencies]\ne = '1'\n\
        [target.x.dependencies]\nf = '1'\n[target.x.build-dependencies]\ng = '1'\n\
        [target.x.build_dependencies]\nh = '1'\n[target.x.dev-dependencies]\ni = '1'\n\
        [target.x.dev_dependencies]\nj = '1'\n[workspace.dependencies]\nk = '1'\n";

    #[test]
    fn a_dependency_is_found_in_whichever_table_it_stands() {
        let found = manifest(EVERY_TABLE);
        let [all, tests, shared] = [
            found.dependencies(),
            found.dev_dependencies(),
            found.workspace_dependencies(),
        ]
        .map(|found| found.into_iter().map(|one| one.package).collect::<String>());
        assert_eq!([&*all, &*tests, &*shared], ["abcfgh", "deij", "k"]);
        let needs: String = found.needs().into_iter().map(|need| need.package).collect();
        let mut needs: Vec<char> = needs.chars().collect();
        needs.sort_unstable();
        assert_eq!(needs, ('a'..='j').collect::<Vec<_>>());
        let names: String = found.extern_names().into_iter().collect();
        assert_eq!(names, "adefijk", "build scripts are other code");
    }

    #[test]
    fn a_feature_is_switched_on_in_whichever_table_it_stands() {
        let text = EVERY_TABLE.replace("= '1'", "= { package = 'p', features = ['x'] }");
        let found = manifest(&text).toml.switches("p", "x");
        let keys: String = found
            .iter()
            .map(|(keys, _)| &*keys[keys.len() - 2])
            .collect();
        assert_eq!(keys, "abcdefghijk");
        assert_eq!(found[5].0, ["target", "x", "dependencies", "f", "features"]);
    }

    #[test]
    fn code_calls_a_dependency_by_its_key() {
        let text = "[dependencies]\nto-py = { package = 'pyo3' }\n[dev-dependencies]\nx = '1'\n";
        let names = manifest(text).extern_names();
        assert!(names.iter().eq(["to_py", "x"]));
    }

    #[test]
    fn a_library_is_named_after_its_package_with_underscores() {
        assert_eq!(
            manifest("[package]\nname = 'a-b'\n").lib_name().unwrap(),
            "a_b"
        );
    }

    #[test]
    fn all_features_are_those_that_cargo_enables() {
        let text = "[features]\ndefault = [\"a\"]\na = [\"dep:b\"]\n\n\
                    [dependencies]\nb = { version = \"1\", optional = true }\n\
                    c = { version = \"1\", optional = true }\nd = \"1\"\n\
                    [build-dependencies]\nc = { version = \"1\", optional = true }\n\
                    [target.x.dependencies]\ne = { version = \"1\", optional = true }\n";
        let toml = Toml::parse(Utf8Path::new("/p/Cargo.toml"), text).unwrap();
        assert_eq!(
            CargoToml::of(toml).unwrap().all_features(),
            ["default", "a", "c", "e"]
        );
    }
}
