//! One package: a crate, and the Python distribution that maturin makes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::VersionSpecifiers;
use serde::Serialize;

use crate::model::error::Result;
use crate::model::package_name;
use crate::model::path::{below_root, slashed};
use crate::world::disk;
use crate::world::manifest::{
    CargoToml, ConditionalFeature, Config, Dependency, DependencyKind, Manifests, PyProject,
};

use super::cargo_directories::Directories;

/// What only a source distribution has at its root (PEP 643).
pub const METADATA: &str = "PKG-INFO";

/// Readmes that maturin finds next to Cargo.toml by itself.
pub const MATURIN_READMES: [&str; 4] = ["README.md", "README.txt", "README.rst", "README"];

/// How Python reaches the crate, in maturin's terms; `Embed` is a crate that embeds Python.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bindings {
    #[default]
    Pyo3,
    Pyo3Ffi,
    Cffi,
    Uniffi,
    Bin,
    Embed,
}

impl std::fmt::Display for Bindings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pyo3 => "pyo3",
            Self::Pyo3Ffi => "pyo3-ffi",
            Self::Cffi => "cffi",
            Self::Uniffi => "uniffi",
            Self::Bin => "bin",
            Self::Embed => "embed",
        })
    }
}

impl Bindings {
    /// Whether PyO3's build script asks the interpreter how to build.
    pub fn is_pyo3(self) -> bool {
        matches!(self, Self::Pyo3 | Self::Pyo3Ffi)
    }
}

/// All paths are absolute.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// The distribution's normalised name; the crate's if there is no pyproject.toml.
    pub name: String,
    /// The folder of pyproject.toml, in which maturin and cargo are run: that is where they look for
    /// `.cargo/config.toml` and `rust-toolchain.toml`.
    pub dir: Utf8PathBuf,
    /// `None` for a crate that embeds Python, and for a module without one.
    pub pyproject: Option<Arc<PyProject>>,
    /// Cargo.toml of the crate.
    pub cargo: Arc<CargoToml>,
    /// The folder of the cargo workspace's Cargo.toml.
    pub workspace: Utf8PathBuf,
    /// That Cargo.toml; `None` if the crate names a folder without one.
    pub workspace_cargo: Option<Arc<CargoToml>>,
    /// `target/pyx` of the crate's workspace.
    pub target: Utf8PathBuf,
    pub directories: Directories,
    /// Where cargo looks for its configuration, existing or not.
    pub cargo_configs: Vec<Utf8PathBuf>,
    /// Whether the user has cargo start something else instead of the compiler.
    pub wraps_compiler: bool,
    /// Whether its extension is built in a target directory of its own: in a shared one, another member's
    /// build would replace its artifact, or compile its crate differently.
    pub has_own_target_dir: bool,
    pub bindings: Bindings,
    /// The library's name with underscores; `None` for a crate of binaries.
    pub lib: Option<String>,
    pub bins: Vec<String>,
    /// The dotted name of the extension module as `[tool.maturin] module-name` or the library says.
    pub module: String,
    /// What `build-system.requires` lists besides maturin, if a build script may need it.
    pub build_requirements: Vec<String>,
    /// `[tool.maturin] features`, without the conditional ones.
    pub features: Vec<String>,
    /// Those of `[tool.maturin] features` that are only for some interpreters.
    pub conditional_features: Vec<ConditionalFeature>,
    /// Whether maturin's call of cargo follows from the settings above alone.
    pub plain: bool,
    /// The versions of maturin that `build-system.requires` allows.
    pub maturin: VersionSpecifiers,
    pub requires_python: Option<VersionSpecifiers>,
    /// Cargo.toml of every path dependency, transitively, by path.
    pub path_dependencies: Vec<Arc<CargoToml>>,
    /// The Cargo.toml of those of them that are part of it: not those above it, which are its hosts, nor what
    /// only these need.
    pub parts: BTreeSet<Utf8PathBuf>,
    /// What the crate and each of its path dependencies depends on, by Cargo.toml.
    pub dependencies: Arc<BTreeMap<Utf8PathBuf, Vec<Dependency>>>,
    /// Normalised names of the Python distributions it depends on.
    pub needs: BTreeSet<String>,
    /// Files whose content goes into the wheel's metadata or next to the module; existing or not.
    pub metadata_files: Vec<Utf8PathBuf>,
}

/// The names of the members that a word on the command line may mean: by name, otherwise by folder, absolute or
/// relative to the root, otherwise by the last component of the folder, which several may share.
pub(super) fn answering<'a>(root: &Utf8Path, members: &'a [Member], word: &str) -> Vec<&'a str> {
    let name = package_name::normalize(word);
    let folder = slashed(word.as_ref());
    let folder = folder.trim_end_matches('/').trim_start_matches("./");
    let ways: [&dyn Fn(&Member) -> bool; 3] = [
        &|member| member.name == name,
        &|member| {
            let is_there = member.dir.strip_prefix(root).is_ok_and(|dir| dir == folder);
            is_there || member.dir == Utf8Path::new(word)
        },
        &|member| member.dir.file_name() == Some(folder),
    ];
    let found = ways.map(|is_meant| {
        let meant = members.iter().filter(|member| is_meant(member));
        meant.map(|member| member.name.as_str()).collect::<Vec<_>>()
    });
    let mut found = found.into_iter().filter(|names| !names.is_empty());
    let mut names = found.next().unwrap_or_default();
    names.dedup(); // a package and a crate may share one
    names
}

impl Member {
    /// Whether its sources are an unpacked source distribution.
    pub fn is_packed(&self) -> bool {
        disk::is_file(&self.dir.join(METADATA))
    }

    /// Cargo.toml of the crate.
    pub fn manifest(&self) -> &Utf8Path {
        &self.cargo.toml.path
    }

    /// The version of cargo's feature resolver.
    pub fn resolver(&self) -> u64 {
        self.workspace_cargo
            .as_ref()
            .unwrap_or(&self.cargo)
            .resolver()
    }

    /// The features of a local package in the extension; empty if it is not a dependency.
    pub fn features_of(&self, package: &str) -> BTreeSet<&String> {
        let listed = self.dependencies.values().flatten();
        let local = listed.filter(|it| it.package == package && it.path.is_some());
        let built = local.filter(|it| it.kind != DependencyKind::Dev);
        built.flat_map(|it| &it.features).collect()
    }

    /// Cargo.toml of the crate and of every path dependency.
    pub fn crates(&self) -> impl Iterator<Item = &Arc<CargoToml>> {
        std::iter::once(&self.cargo).chain(&self.path_dependencies)
    }

    /// Whether its Python code is generated from the symbols of its library, which must not be stripped
    /// before (`UniFFI` user guide, "Generating bindings").
    pub fn has_read_symbols(&self) -> bool {
        self.bindings == Bindings::Uniffi
    }

    /// The path dependencies above it that it is an example of, and not a part.
    pub fn hosts(&self) -> impl Iterator<Item = &Arc<CargoToml>> {
        self.path_dependencies.iter().filter(|cargo| {
            let is_above = cargo.dir() != self.dir && self.dir.starts_with(cargo.dir());
            let is_inside = cargo.dir().starts_with(&self.workspace);
            is_above && !is_inside && !self.parts.contains(&cargo.toml.path)
        })
    }

    /// `[tool.pyx]`; `[package.metadata.pyx]` of a crate that embeds Python.
    pub fn config(&self) -> &Config {
        match &self.pyproject {
            Some(pyproject) => &pyproject.config,
            None => &self.cargo.config,
        }
    }

    /// What its pyproject.toml says about Python: an empty one for a module without pyproject.toml; `None`
    /// for a crate that embeds Python.
    ///
    /// # Errors
    /// [`Error::Manifest`](crate::model::error::Error::Manifest)
    pub fn python_manifest(&self, manifests: &Manifests) -> Result<Option<Arc<PyProject>>> {
        if self.pyproject.is_some() || self.bindings == Bindings::Embed {
            return Ok(self.pyproject.clone());
        }
        let path = self.dir.join("pyproject.toml");
        manifests.pyproject_or_empty(&path).map(Some)
    }

    /// `[tool.maturin] profile`
    pub fn profile(&self) -> Option<&str> {
        self.pyproject.as_ref()?.maturin("profile")
    }

    /// `[tool.maturin] editable-profile`
    pub fn editable_profile(&self) -> Option<&str> {
        self.pyproject.as_ref()?.maturin("editable-profile")
    }

    /// A feature under the crate's own name: cargo also accepts `crate/feature`.
    pub fn own_feature<'a>(&self, feature: &'a str) -> &'a str {
        let package = self.cargo.package_name().unwrap_or_default();
        let own = feature.strip_prefix(package);
        own.and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(feature)
    }

    /// `[tool.maturin] no-default-features`
    pub fn no_default_features(&self) -> bool {
        let keys = ["tool", "maturin", "no-default-features"];
        let said = self.pyproject.as_ref().and_then(|p| p.toml.bool(&keys));
        said == Some(true)
    }

    /// Where cargo keeps the intermediate files for `dir`, a target directory or a folder in one.
    pub fn intermediate_dir(&self, dir: &Utf8Path) -> Utf8PathBuf {
        let Some(build) = &self.directories.build else {
            return dir.to_owned();
        };
        match dir.strip_prefix(&self.directories.target) {
            Ok(below) => build.join(below),
            // of an environment besides the default one, in the target directory of the project's root
            Err(_) => build.join("pyx").join(below_root(dir)),
        }
    }

    /// Its folder name among its workspace's members, whatever the distribution is.
    pub fn place(&self) -> String {
        let below = self
            .dir
            .strip_prefix(&self.workspace)
            .unwrap_or(Utf8Path::new(""));
        if below == "" {
            return self.name.clone();
        }
        below
            .components()
            .map(|part| part.as_str())
            .collect::<Vec<_>>()
            .join("-")
    }

    /// The name in the spelling of `dist-info` folders.
    pub fn escaped_name(&self) -> String {
        package_name::escape(&self.name)
    }
}

/// Sorts so that every member comes after those it needs; names break ties, cycles stay in place.
pub(super) fn order(members: &mut Vec<Member>) {
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let mut ordered: Vec<Member> = Vec::new();
    while !members.is_empty() {
        let waiting: BTreeSet<&String> = members.iter().map(|member| &member.name).collect();
        let ready = members
            .iter()
            .position(|member| {
                let mut needs = member.needs.iter().filter(|name| **name != member.name);
                !needs.any(|name| waiting.contains(name))
            })
            .unwrap_or(0);
        ordered.push(members.remove(ready));
    }
    *members = ordered;
}

/// Which of the members cannot share a target directory with the others, `aside` being those that are not
/// built now: cargo would give two libraries one name, or compile one crate alternately as an extension and
/// for another. The answer is the same whichever of them are asked for, and whatever their names.
pub(super) fn separate_target_dirs(members: &mut [Member], aside: &[Member]) {
    for at in 0..members.len() {
        let member = &members[at];
        let mut others = members.iter().chain(aside);
        members[at].has_own_target_dir = others.any(|other| {
            let is_called_alike =
                other.dir < member.dir && other.lib.is_some() && other.lib == member.lib;
            let mut linked = other.path_dependencies.iter();
            let is_linked = other.dir != member.dir
                && linked.any(|cargo| cargo.toml.path == *member.manifest());
            other.target == member.target && (is_called_alike || is_linked)
        });
    }
}

/// `names` and what they need among the members, transitively.
pub(super) fn closure(members: &[Member], names: &[String]) -> BTreeSet<String> {
    let mut closed: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<String> = names.to_vec();
    while let Some(name) = open.pop() {
        if closed.insert(name.clone())
            && let Some(member) = members.iter().find(|member| member.name == name)
        {
            open.extend(member.needs.iter().cloned());
        }
    }
    closed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, needs: &[&str]) -> Member {
        Member {
            name: name.into(),
            dir: Utf8PathBuf::from("/p/packages").join(name),
            needs: needs.iter().map(ToString::to_string).collect(),
            ..Member::default()
        }
    }

    fn names(members: &[Member]) -> Vec<&str> {
        members.iter().map(|member| member.name.as_str()).collect()
    }

    #[test]
    fn what_is_needed_comes_first() {
        let mut members = vec![member("a", &["c"]), member("b", &[]), member("c", &["b"])];
        order(&mut members);
        assert_eq!(names(&members), ["b", "c", "a"]);
    }

    #[test]
    fn a_cycle_ends() {
        let mut members = vec![member("a", &["b"]), member("b", &["a", "b"])];
        order(&mut members);
        assert_eq!(members.len(), 2);
    }

    #[test]
    fn a_name_goes_before_a_folder_and_a_folder_before_its_last_part() {
        let root = Utf8Path::new("/p");
        let named = |name: &str, dir: &str| Member {
            name: name.into(),
            dir: root.join(dir),
            ..Member::default()
        };
        let members = [
            named("my-pkg", "packages/my-pkg"),
            named("a", "b"),
            named("b", "a"),
            named("one", "x/python"),
            named("two", "y/python"),
            named("three", "z/c"),
            named("four", "c"),
        ];
        for (word, means) in [
            ("my-pkg", "my-pkg"),
            ("My_Pkg", "my-pkg"),
            ("packages/my-pkg", "my-pkg"),
            ("./packages/my-pkg/", "my-pkg"),
            ("/p/packages/my-pkg", "my-pkg"),
            ("a", "a"),
            ("b", "b"),
            ("./b", "a"),
            ("x/python", "one"),
            ("y/python", "two"),
            ("python", "one two"),
            ("c", "four"),
            ("pkg", ""),
        ] {
            assert_eq!(answering(root, &members, word).join(" "), means, "{word}");
        }
    }

    #[test]
    fn a_chosen_member_brings_what_it_needs() {
        let members = [
            member("a", &["b", "numpy"]),
            member("b", &[]),
            member("c", &[]),
        ];
        let closed = closure(&members, &["a".into()]);
        assert!(closed.contains("b") && !closed.contains("c"));
    }

    #[test]
    fn what_lies_between_has_the_place_in_the_build_directory_that_artifacts_have_in_theirs() {
        let mut member = Member {
            directories: Directories {
                target: "/p/target".into(),
                build: Some("/fast".into()),
                ..Directories::default()
            },
            ..Member::default()
        };
        let of = |member: &Member, dir: &str| member.intermediate_dir(Utf8Path::new(dir));
        assert_eq!(
            of(&member, "/p/target/pyx/ext/debug"),
            "/fast/pyx/ext/debug"
        );
        let [one, other] = ["/q/pyx/builds/3.13", "/r/pyx/builds/3.13"].map(|dir| of(&member, dir));
        assert!(one.starts_with("/fast") && one != other, "{one} {other}");
        member.directories.build = None;
        assert_eq!(of(&member, "/p/target/pyx/ext"), "/p/target/pyx/ext");
    }
}
