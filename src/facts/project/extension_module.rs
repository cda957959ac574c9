//! PyO3's feature `extension-module`, which keeps programs and tests from being linked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::world::manifest::{ArrayEdit, CargoToml, Spanned, Toml};

use super::Member;
use super::crates::{PYO3, pyo3_features};
use super::features::FeatureSelection;

const FEATURE: &str = "extension-module";

/// Where a manifest enables the feature, whatever builds the crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardWired {
    /// Path of a Cargo.toml.
    pub path: Utf8PathBuf,
    pub line: usize,
    /// Whether `--no-default-features` disables it.
    pub by_default: bool,
    /// The edits that leave it to `[tool.maturin] features`, by file; empty if they would change more.
    pub fix: Vec<(Utf8PathBuf, ArrayEdit)>,
}

impl HardWired {
    /// `None` if only maturin enables it, or nothing does.
    pub fn find(member: &Member) -> Option<Self> {
        let own = Switch::all(&member.cargo);
        let selection = FeatureSelection {
            features: &[],
            default: true,
        };
        if own.is_empty() && !pyo3_features(member, selection).contains(FEATURE) {
            return None;
        }
        let others: Vec<Switch> = member
            .path_dependencies
            .iter()
            .flat_map(|cargo| Switch::all(cargo))
            .chain(
                inherited_from(member)
                    .values()
                    .flat_map(|root| Switch::in_dependencies(root)),
            )
            .collect();
        let first = own.first().or(others.first())?;
        Some(Self {
            path: first.path.clone(),
            line: first.line,
            by_default: own.iter().chain(&others).all(|switch| switch.by_default),
            // what others switch on is on for more than this member
            fix: match &others[..] {
                [] => fix(member, &own).unwrap_or_default(),
                _ => Vec::new(),
            },
        })
    }
}

/// The roots of workspaces from which the member or one of its path dependencies takes a dependency, by path:
/// each has its own (cargo book, "Inheriting a dependency from a workspace").
fn inherited_from(member: &Member) -> BTreeMap<Utf8PathBuf, Arc<Toml>> {
    let inherits = |cargo: &Arc<CargoToml>| {
        let needs = member.dependencies.get(&cargo.toml.path);
        needs.is_some_and(|needs| needs.iter().any(|one| one.inherited))
    };
    let crates = member.crates().filter(|cargo| inherits(cargo));
    let roots = crates.filter_map(|cargo| cargo.workspace.clone());
    // those that are crates of the member are looked at as such
    let is_crate = |root: &Arc<Toml>| member.crates().any(|it| it.toml.path == root.path);
    roots
        .filter(|root| !is_crate(root))
        .map(|root| (root.path.clone(), root))
        .collect()
}

/// Whether maturin is told to enable it, by its name or by a feature of the crate.
pub fn is_switched_on(member: &Member) -> bool {
    let told = member.cargo.features_behind(member.features.clone());
    told.iter().any(|name| is_switch(&member.cargo, name))
}

/// One value that enables the feature.
struct Switch {
    path: Utf8PathBuf,
    line: usize,
    by_default: bool,
    /// The keys that lead to the array, and the value as written.
    keys: Vec<String>,
    old: String,
    /// What maturin is to be told instead; `None` if that is not equivalent.
    instead: Option<String>,
}

impl Switch {
    fn all(cargo: &CargoToml) -> Vec<Self> {
        let mut found = Self::by_default(cargo);
        found.extend(Self::in_dependencies(&cargo.toml));
        found
    }

    fn in_dependencies(toml: &Toml) -> Vec<Self> {
        let switches = |package| toml.switches(package, FEATURE).into_iter();
        let switches = PYO3.into_iter().flat_map(switches);
        switches
            .map(|(keys, value)| Self::in_dependency(toml, keys, &value))
            .collect()
    }

    fn at(toml: &Toml, keys: Vec<String>, value: &Spanned<String>) -> Self {
        Self {
            path: toml.path.clone(),
            line: toml.line(&value.span),
            by_default: false,
            keys,
            old: toml.text()[value.span.clone()].to_owned(),
            instead: None,
        }
    }

    /// Default features of the crate.
    fn by_default(cargo: &CargoToml) -> Vec<Self> {
        let keys = ["features", "default"];
        let switches = cargo
            .toml
            .spanned_strings(&keys)
            .into_iter()
            .filter_map(|value| {
                let behind = cargo.features_behind(vec![value.value.clone()]);
                behind.iter().find(|name| is_switch(cargo, name))?;
                // with anything else behind it, plain cargo would lose that
                let only = behind
                    .iter()
                    .all(|name| *name == value.value || is_switch(cargo, name));
                Some(Self {
                    by_default: true,
                    instead: only.then(|| value.value.clone()),
                    ..Self::at(&cargo.toml, keys.map(str::to_owned).to_vec(), &value)
                })
            });
        switches.collect()
    }

    fn in_dependency(toml: &Toml, keys: Vec<String>, value: &Spanned<String>) -> Self {
        let entry: Vec<&str> = keys[..keys.len() - 1].iter().map(String::as_str).collect();
        let name = entry.last().copied().unwrap_or_default();
        let optional = toml.get(&entry).and_then(|item| item.get("optional"));
        // what maturin is told applies to the module too
        let builds = stands_in(&keys, ["build-dependencies", "build_dependencies"]);
        let shared = keys[0] == "workspace";
        Self {
            instead: (optional.is_none() && !shared && !builds)
                .then(|| format!("{name}/{FEATURE}")),
            ..Self::at(toml, keys, value)
        }
    }
}

/// Whether an array of features is in a table with one of these names.
fn stands_in(keys: &[String], tables: [&str; 2]) -> bool {
    keys.iter()
        .rev()
        .nth(2)
        .is_some_and(|key| tables.contains(&&**key))
}

fn is_switch(cargo: &CargoToml, name: &str) -> bool {
    let of = cargo.feature_of_dependency(name);
    of.is_some_and(|(package, feature)| PYO3.contains(&&*package) && feature == FEATURE)
}

/// Leaves all of them to maturin; `None` if that would change more.
fn fix(member: &Member, switches: &[Switch]) -> Option<Vec<(Utf8PathBuf, ArrayEdit)>> {
    let (pyproject, cargo) = (member.pyproject.as_ref()?, &member.cargo);
    let mut changes = Vec::new();
    let mut instead = BTreeSet::new();
    for switch in switches {
        let change = ArrayEdit::replace(switch.keys.clone(), &switch.old, Vec::new());
        change.apply(&cargo.toml)?;
        changes.push((cargo.toml.path.clone(), change));
        let told_instead = switch.instead.clone()?;
        // what is for tests only maturin needs not be told
        if !stands_in(&switch.keys, ["dev-dependencies", "dev_dependencies"]) {
            instead.insert(told_instead);
        }
    }
    let told = cargo.features_behind(member.features.clone());
    instead.retain(|name| !told.contains(name));
    if !instead.is_empty() {
        let new = instead.iter().map(|name| format!("\"{name}\"")).collect();
        let add = ArrayEdit::add(&["tool", "maturin", "features"], new);
        add.apply(&pyproject.toml)?;
        changes.push((pyproject.toml.path.clone(), add));
    }
    Some(changes)
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::super::{Project, Selection};
    use super::*;
    use crate::world::disk;
    use crate::world::session::Session;

    const PYPROJECT: &str = "[build-system]\nrequires = ['maturin']\nbuild-backend = 'maturin'\n\
                             [tool.maturin]\nmodule-name = 'x._x'\n";

    /// The only member of the project in a folder, as its files are now.
    fn member(dir: &Utf8Path) -> Member {
        let session = Session {
            cwd: dir.to_owned(),
            ..Session::default()
        };
        let project = Project::discover(&session, &Selection::default()).unwrap();
        project.members.into_iter().next().unwrap()
    }

    /// What is found in a crate, and the texts of both manifests once that is fixed.
    fn fixed(cargo: &str) -> (Option<HardWired>, [String; 2]) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let cargo = format!("[package]\nname = 'x'\n{cargo}");
        disk::write(&dir.join("Cargo.toml"), cargo.as_bytes()).unwrap();
        disk::write(&dir.join("pyproject.toml"), PYPROJECT.as_bytes()).unwrap();
        let found = HardWired::find(&member(dir));
        for (path, change) in found.iter().flat_map(|found| &found.fix) {
            let toml = Toml::read(path).unwrap().unwrap();
            disk::write(path, change.apply(&toml).unwrap().as_bytes()).unwrap();
        }
        let fixed = found.as_ref().is_some_and(|found| !found.fix.is_empty());
        assert_eq!(
            HardWired::find(&member(dir)).is_none(),
            fixed || found.is_none()
        );
        let texts = ["Cargo.toml", "pyproject.toml"]
            .map(|name| disk::read_text(&dir.join(name)).unwrap().unwrap());
        (found, texts)
    }

    #[test]
    fn what_a_path_dependency_inherits_is_that_of_its_own_workspace() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let package = |name: &str, rest: &str| format!("[package]\nname = '{name}'\n{rest}");
        for (name, text) in [
            (
                "Cargo.toml",
                "[workspace]\nmembers = ['core']\n[workspace.dependencies]\n\
                 pyo3 = { version = '0.29', features = ['extension-module'] }\n"
                    .to_owned(),
            ),
            (
                "core/Cargo.toml",
                package("core", "[dependencies]\npyo3.workspace = true\n"),
            ),
            (
                "x/Cargo.toml",
                package("x", "[workspace]\n[dependencies]\ncore.path = '../core'\n"),
            ),
            ("x/pyproject.toml", PYPROJECT.to_owned()),
        ] {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        let found = HardWired::find(&member(&dir.join("x"))).unwrap();
        assert_eq!((found.line, found.by_default), (4, false));
        assert_eq!(found.path, disk::resolve(dir).join("Cargo.toml"));
        assert!(found.fix.is_empty());
    }

    #[test]
    fn a_feature_of_the_dependency_goes_to_maturin() {
        let text = "[dependencies]\npyo3 = { version = '0.29', features = ['extension-module', 'abi3'] }\n";
        let (found, texts) = fixed(text);
        let found = found.unwrap();
        assert_eq!((found.line, found.by_default), (4, false));
        assert!(
            texts[0].ends_with("features = ['abi3'] }\n"),
            "{}",
            texts[0]
        );
        let expected = format!("{PYPROJECT}features = [\"pyo3/extension-module\"]\n");
        assert_eq!(texts[1], expected);
    }

    #[test]
    fn a_default_feature_is_only_fixed_where_nothing_else_is_behind_it() {
        let text = |behind: &str| {
            format!(
                "[dependencies]\npyo3 = '0.29'\n[features]\ndefault = ['ext']\next = [{behind}]\n"
            )
        };
        let (found, texts) = fixed(&text("'pyo3/extension-module'"));
        assert!(found.unwrap().by_default);
        assert!(texts[0].contains("default = []\n") && texts[1].contains("[\"ext\"]"));
        let (found, texts) = fixed(&text("'pyo3/extension-module', 'fast'"));
        assert_eq!(found.unwrap().line, 6);
        assert_eq!(texts[1], PYPROJECT);
    }

    #[test]
    fn every_switch_goes_at_once_and_maturin_is_told_of_those_for_builds() {
        let entry = "pyo3 = { version = '0.29', features = ['extension-module'] }\n";
        let text = format!("[dependencies]\n{entry}[dev-dependencies]\n{entry}");
        let (_, texts) = fixed(&text);
        assert_eq!(texts[0].matches("features = [] }").count(), 2);
        let (found, texts) = fixed(&format!("[dev-dependencies]\n{entry}"));
        assert_eq!(found.unwrap().line, 4);
        assert_eq!(texts[1], PYPROJECT);
    }

    #[test]
    fn a_switch_for_build_scripts_is_named_and_left() {
        let entry = "pyo3 = { version = '0.29', features = ['extension-module'] }\n";
        let (found, texts) = fixed(&format!("[dependencies]\n[build-dependencies]\n{entry}"));
        assert_eq!(found.unwrap().line, 5);
        assert_eq!(texts[1], PYPROJECT);
    }

    #[test]
    fn maturin_may_be_told_by_a_feature_of_the_crate() {
        let text = "[dependencies]\npy = { package = 'pyo3', version = '0.29' }\n\
                    [features]\next = ['py/extension-module']\nno-extension-module = []\n";
        let toml = Toml::parse(Utf8Path::new("/p/Cargo.toml"), text).unwrap();
        let cargo = Arc::new(CargoToml::of(toml).unwrap());
        let told = |feature: &str| {
            is_switched_on(&Member {
                cargo: cargo.clone(),
                features: vec![feature.to_owned()],
                ..Member::default()
            })
        };
        assert!(told("ext") && told("py/extension-module"));
        assert!(!told("no-extension-module"));
    }

    #[test]
    fn what_maturin_alone_switches_on_is_no_problem() {
        let text = "[dependencies]\npyo3 = '0.29'\n[features]\next = ['pyo3/extension-module']\n";
        assert_eq!(fixed(text).0, None);
    }
}
