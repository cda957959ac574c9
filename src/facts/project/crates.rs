//! How Cargo.toml files refer to each other, without running cargo.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::stable_abi::StableAbis;
use crate::world::disk;
use crate::world::manifest::{CargoToml, Dependency, DependencyKind, Manifests, Toml, excludes};

use super::features::{Enabled, FeatureSelection};
use super::member::Member;

/// The crates that link Python.
pub const PYO3: [&str; 2] = ["pyo3", "pyo3-ffi"];

/// A crate and everything its manifests say about its dependencies.
#[derive(Debug)]
pub(super) struct Closure {
    /// Cargo.toml of every path dependency, transitively, by path.
    pub(super) crates: Vec<Arc<CargoToml>>,
    /// What the crate and each of its path dependencies depends on, by Cargo.toml.
    pub(super) dependencies: BTreeMap<Utf8PathBuf, Vec<Dependency>>,
    /// The folder of the workspace's Cargo.toml; the crate's own if it has no workspace.
    pub(super) workspace: Utf8PathBuf,
    /// That Cargo.toml; `None` if the crate names a folder without one.
    pub(super) root: Option<Arc<CargoToml>>,
    /// Which Cargo.toml names which as a path dependency.
    paths: Vec<(Utf8PathBuf, Utf8PathBuf)>,
}

impl Closure {
    pub(super) fn of(manifests: &Manifests, cargo: &CargoToml) -> Result<Self> {
        let workspace = manifests.workspace_root(cargo)?;
        let root = manifests.cargo(&workspace.join("Cargo.toml"))?;
        let mut closure = Self {
            crates: Vec::new(),
            dependencies: BTreeMap::new(),
            workspace,
            root,
            paths: Vec::new(),
        };
        closure.follow(manifests, cargo)?;
        closure.crates.sort_by(|a, b| a.toml.path.cmp(&b.toml.path));
        Ok(closure)
    }

    fn follow(&mut self, manifests: &Manifests, cargo: &CargoToml) -> Result<()> {
        let needs = cargo.whole_needs();
        let built = needs.iter().filter(|need| need.kind != DependencyKind::Dev);
        for path in built.filter_map(|need| need.path.as_ref()) {
            let path = path.join("Cargo.toml");
            self.paths.push((cargo.toml.path.clone(), path.clone()));
            if path != cargo.toml.path
                && !self.crates.iter().any(|known| known.toml.path == path)
                && let Some(next) = manifests.cargo(&path)?
            {
                self.crates.push(next.clone());
                self.follow(manifests, &next)?;
            }
        }
        self.dependencies.insert(cargo.toml.path.clone(), needs);
        Ok(())
    }

    /// Those of `crates` that are part of `cargo`. `is_host`: whether a folder's crate is a host of it, as a
    /// library is of its examples; what only the host needs is left out too.
    pub(super) fn parts(
        &self,
        cargo: &CargoToml,
        is_host: &dyn Fn(&Utf8Path) -> bool,
    ) -> BTreeSet<Utf8PathBuf> {
        let is_hosts = |path: &Utf8Path| path.parent().is_some_and(is_host);
        let mut parts = BTreeSet::new();
        let mut open = vec![&cargo.toml.path];
        while let Some(from) = open.pop() {
            for (needs, path) in &self.paths {
                if needs == from && !is_hosts(path) && parts.insert(path.clone()) {
                    open.push(path);
                }
            }
        }
        parts
    }

    /// Whether the crate depends on `package`: by its manifests, else by its Cargo.lock.
    pub(super) fn depends_on(&self, package: &str, locked: &BTreeSet<String>) -> bool {
        depends_on(&self.dependencies, package) || locked.contains(package)
    }
}

/// Whether one of these manifests has an entry for a package, other than in dev-dependencies.
fn depends_on(needs: &BTreeMap<Utf8PathBuf, Vec<Dependency>>, package: &str) -> bool {
    let mut built = needs.values().flatten();
    built.any(|need| need.kind != DependencyKind::Dev && need.package == package)
}

/// The crates of a member's cargo workspace, by path; only itself without a workspace.
pub fn workspace_crates(manifests: &Manifests, member: &Member) -> Result<Vec<Arc<CargoToml>>> {
    match &member.workspace_cargo {
        Some(root) => crates_from(manifests, root, vec![member.cargo.dir().to_owned()]),
        None => Ok(vec![member.cargo.clone()]),
    }
}

/// The crates that the root of a workspace has, and those in `open` with what these bring along, by path.
pub(super) fn crates_from(
    manifests: &Manifests,
    root: &CargoToml,
    mut open: Vec<Utf8PathBuf>,
) -> Result<Vec<Arc<CargoToml>>> {
    if root.package_name().is_some() {
        open.push(root.dir().to_owned());
    }
    for pattern in root.toml.strings(&["workspace", "members"]) {
        open.extend(disk::folders_like(root.dir(), &pattern));
    }
    let mut crates = BTreeMap::new();
    while let Some(dir) = open.pop() {
        let path = dir.join("Cargo.toml");
        if crates.contains_key(&path) || excludes(&root.toml, &dir) {
            continue;
        }
        let Some(cargo) = manifests.cargo(&path)? else {
            continue;
        };
        // path dependencies of members below the root are members without being named, those for tests
        // among them (cargo book, "Workspaces")
        let needs = cargo.whole_needs().into_iter();
        let named = needs.filter_map(|need| need.path);
        open.extend(named.filter(|dir| dir.starts_with(root.dir())));
        crates.insert(path, cargo);
    }
    Ok(crates.into_values().collect())
}

/// The path dependencies of a member that are part of it but not crates of its workspace, by path.
pub fn crates_outside(member: &Member, workspace: &[Arc<CargoToml>]) -> Vec<Arc<CargoToml>> {
    let is_inside = |one: &CargoToml| workspace.iter().any(|known| known.dir() == one.dir());
    let mut outside = member.path_dependencies.clone();
    outside.retain(|cargo| !is_inside(cargo) && member.parts.contains(&cargo.toml.path));
    outside
}

/// The packages that `package` reaches in a Cargo.lock.
pub(super) fn locked_closure(lock: &Toml, package: &str) -> BTreeSet<String> {
    let mut edges: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, needs) in lock.packages() {
        edges.entry(name).or_default().extend(needs);
    }
    let mut closed = BTreeSet::new();
    let mut open = vec![package.to_owned()];
    while let Some(name) = open.pop() {
        for need in edges.get(&name).into_iter().flatten() {
            if closed.insert(need.clone()) {
                open.push(need.clone());
            }
        }
    }
    closed
}

/// The Cargo.lock of a workspace; `None` if there is none or it is not TOML, which cargo reports.
pub(super) fn cargo_lock(manifests: &Manifests, workspace: &Utf8Path) -> Option<Arc<Toml>> {
    manifests.toml(&workspace.join("Cargo.lock")).ok().flatten()
}

/// What Cargo.lock and the manifests say about a crate's build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locked {
    /// Whether there is a Cargo.lock.
    pub exists: bool,
    /// The number of packages that it reaches, itself included; some are for other platforms or for tests.
    pub packages: usize,
    /// The version of PyO3, if the crate uses it and there is a lock.
    pub pyo3: Option<semver::Version>,
    /// Whether the crate may link Python, directly or through dependencies.
    pub links_python: bool,
    /// The stable ABIs that PyO3's features ask for.
    pub stable_abis: StableAbis,
    /// Whether a build script asks to be rerun for a file that does not exist, so that cargo rebuilds at
    /// every call.
    pub always_rebuilds: bool,
}

impl Locked {
    /// `selection`: the features that the build is asked for.
    pub fn gather(manifests: &Manifests, member: &Member, selection: FeatureSelection<'_>) -> Self {
        let lock = cargo_lock(manifests, &member.workspace);
        let lock = lock.as_deref();
        let version = |name: &str| lock?.locked_version(name);
        let pyo3 = version("pyo3").or_else(|| version("pyo3-ffi"));
        let package = member.cargo.package_name().unwrap_or_default();
        let reached = lock.map(|lock| locked_closure(lock, package));
        let reached = reached.unwrap_or_default();
        let links = |name: &&str| depends_on(&member.dependencies, name) || reached.contains(*name);
        let features = pyo3_features(member, selection);
        Self {
            exists: lock.is_some(),
            packages: 1 + reached.len(),
            links_python: PYO3.iter().any(links),
            pyo3: pyo3.and_then(|text| semver::Version::parse(&text).ok()),
            always_rebuilds: member.crates().any(|cargo| always_rebuilds(cargo)),
            stable_abis: StableAbis::of_features(&features),
        }
    }
}

/// The features of PyO3 that a member's build enables.
pub fn pyo3_features(member: &Member, selection: FeatureSelection<'_>) -> BTreeSet<String> {
    let enabled = Enabled::of(member, selection);
    let of_both = PYO3.into_iter().flat_map(|name| enabled.of_package(name));
    of_both.cloned().collect()
}

/// The first Python whose stable ABI the extension is built for, as minor version of 3: the lowest of PyO3's
/// features `abi3-py3…`. `None` if no such feature is enabled for every interpreter.
pub fn abi3_floor(member: &Member) -> Option<u64> {
    let selection = FeatureSelection {
        features: &member.features,
        default: !member.no_default_features(),
    };
    let features = pyo3_features(member, selection);
    let floor = StableAbis::of_features(&features).abi3_floor();
    floor.map(|(_, minor)| minor)
}

/// Whether a crate links PyO3, directly or through its path dependencies.
pub fn depends_on_python(manifests: &Manifests, cargo: &CargoToml) -> Result<bool> {
    let closure = Closure::of(manifests, cargo)?;
    Ok(PYO3
        .iter()
        .any(|name| depends_on(&closure.dependencies, name)))
}

/// Whether PyO3 is behind a feature of the crate itself.
pub fn links_python_optionally(cargo: &CargoToml) -> bool {
    PYO3.iter().any(|name| cargo.takes_optionally(name))
}

fn always_rebuilds(cargo: &CargoToml) -> bool {
    let text = cargo.build_script().map(|script| disk::read_text(&script));
    let text = text.and_then(|text| text.ok().flatten());
    watched(&text.unwrap_or_default()).any(|path| !disk::is_there(&cargo.dir().join(path)))
}

/// The literal paths that a build script's source prints as `rerun-if-changed`.
fn watched(source: &str) -> impl Iterator<Item = &str> {
    source
        .split("rerun-if-changed=")
        .skip(1)
        .filter_map(|rest| rest.split_once('"').map(|(path, _)| path))
        .filter(|path| !path.contains(['{', '\\', '\n']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_is_inherited_by_its_key_whatever_its_package_is_called() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let root = "[workspace]\n[workspace.dependencies]\n\
                    helper = { path = 'shared', package = 'shared-code' }\n";
        let package = "[package]\nname = 'x'\n";
        for (name, text) in [
            ("Cargo.toml", root.to_owned()),
            ("shared/Cargo.toml", package.to_owned()),
            (
                "x/Cargo.toml",
                format!("{package}[dependencies]\nhelper.workspace = true\n"),
            ),
        ] {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        let manifests = Manifests::default();
        let cargo = manifests.cargo(&dir.join("x/Cargo.toml")).unwrap().unwrap();
        let closure = Closure::of(&manifests, &cargo).unwrap();
        let paths = closure.crates.iter().map(|cargo| &cargo.toml.path);
        assert!(paths.eq([&dir.join("shared/Cargo.toml")]));
        assert!(closure.depends_on("shared-code", &BTreeSet::new()));
    }

    #[test]
    fn a_build_script_that_watches_a_missing_file_is_restless() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let cargo = |text: &str| {
            let toml = Toml::parse(&dir.join("Cargo.toml"), text).unwrap();
            CargoToml::of(toml).unwrap()
        };
        let says = |path: &str| {
            let line = format!("println!(\"cargo:rerun-if-changed={path}\");");
            disk::write(&dir.join("build.rs"), line.as_bytes()).unwrap();
            always_rebuilds(&cargo(""))
        };
        assert!(!says("build.rs"));
        assert!(!says("{path}"));
        assert!(says("include/*"));
        for other in ["build = false", "build = 'gen.rs'"] {
            assert!(!always_rebuilds(&cargo(&format!("[package]\n{other}\n"))));
        }
    }

    #[test]
    fn what_any_member_depends_on_below_the_root_is_a_member() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let root = dir.join("root");
        let package = |name: &str, more: &str| format!("[package]\nname = '{name}'\n{more}");
        for (name, text) in [
            (
                "root/Cargo.toml",
                "[workspace]\nmembers = ['a', 'more/*']\nexclude = ['x']\n".into(),
            ),
            ("root/a/Cargo.toml", package("a", "")),
            (
                "root/more/b/Cargo.toml",
                package(
                    "b",
                    "[dependencies]\nc.path = '../../c'\nx.path = '../../x'\n",
                ),
            ),
            (
                "root/c/Cargo.toml",
                package(
                    "c",
                    "[dev-dependencies]\nd.path = '../d'\nout.path = '../../out'\n",
                ),
            ),
            ("root/d/Cargo.toml", package("d", "")),
            ("root/x/Cargo.toml", package("x", "")),
            ("root/none/Cargo.toml", package("none", "")),
            ("out/Cargo.toml", package("out", "")),
        ] {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        let manifests = Manifests::default();
        let cargo = |path: &str| manifests.cargo(&root.join(path)).unwrap().unwrap();
        let member = Member {
            cargo: cargo("a/Cargo.toml"),
            workspace: root.clone(),
            workspace_cargo: Some(cargo("Cargo.toml")),
            ..Member::default()
        };
        let crates = workspace_crates(&manifests, &member).unwrap();
        let names: Vec<_> = crates.iter().filter_map(|it| it.package_name()).collect();
        assert_eq!(names, ["a", "c", "d", "b"]);
    }
}
