//! What cannot be installed together: `[tool.uv] conflicts` (uv docs, "Conflicting dependencies").

use std::collections::BTreeSet;

use crate::facts::project::UvWorkspace;
use crate::world::manifest::{Conflicting, PyProject};

use super::groups::is_for_tests;
use super::sync::Scope;

/// Sets of which no two are installed together.
#[derive(Clone, Debug, Default)]
pub(super) struct Conflicts(Vec<Vec<Conflicting>>);

impl Conflicts {
    pub(super) fn of(root: &PyProject) -> Self {
        Self(root.conflicts())
    }

    fn are_apart(&self, one: &Conflicting, other: &Conflicting) -> bool {
        let mut sets = self.0.iter();
        one != other && sets.any(|set| set.contains(one) && set.contains(other))
    }

    fn is_apart_from_any(&self, one: &Conflicting, others: &[Conflicting]) -> bool {
        others.iter().any(|other| self.are_apart(one, other))
    }

    /// Those groups and extras that can be installed together: the first of each that cannot.
    pub(super) fn compatible(&self, groups: &mut Vec<String>, extras: &mut Vec<String>) {
        let mut taken = Vec::new();
        let mut take = |item: Conflicting| {
            let is_free = !self.is_apart_from_any(&item, &taken);
            if is_free {
                taken.push(item);
            }
            is_free
        };
        groups.retain(|name| take(Conflicting::Group(name.clone())));
        extras.retain(|name| take(Conflicting::Extra(name.clone())));
    }

    /// Whether any of `groups` and `extras` cannot be installed with any of `others`, which are groups.
    pub(super) fn exclude(&self, groups: &[String], extras: &[String], others: &[String]) -> bool {
        let others: Vec<Conflicting> = others.iter().cloned().map(Conflicting::Group).collect();
        let groups = groups.iter().cloned().map(Conflicting::Group);
        let mut all = groups.chain(extras.iter().cloned().map(Conflicting::Extra));
        all.any(|item| self.is_apart_from_any(&item, &others))
    }

    /// What tests need of them: of groups and extras in conflict the first, before others those that are
    /// installed anyway, then those that are called as tests are. Whether the default groups can be beside them.
    pub(super) fn for_tests(
        &self,
        root: &PyProject,
        groups: &mut Vec<String>,
        extras: &mut Vec<String>,
    ) -> bool {
        let default = root.default_group_names();
        groups.sort_by_key(|name| (!default.contains(name), !is_for_tests(name)));
        extras.sort_by_key(|name| !is_for_tests(name));
        self.compatible(groups, extras);
        !self.exclude(groups, extras, &default)
    }

    /// All of a workspace, unless some of its packages are in conflict: then `asked` and those that can be
    /// installed beside them, the first of each that cannot.
    pub(super) fn scope(&self, workspace: &UvWorkspace, asked: &[String]) -> Scope {
        let names = workspace.packages().filter_map(|it| it.normalized_name());
        let names: Vec<String> = names.collect();
        let mut kept: Vec<Conflicting> = Vec::new();
        let mut out = BTreeSet::new();
        let (first, rest): (Vec<_>, Vec<_>) = names.iter().partition(|it| asked.contains(it));
        for name in first.into_iter().chain(rest) {
            let package = Conflicting::Package(name.clone());
            if !asked.contains(name) && self.is_apart_from_any(&package, &kept) {
                out.insert(name.clone());
            } else {
                kept.push(package);
            }
        }
        let mut sets = kept.iter();
        let is_refused = sets.any(|one| self.is_apart_from_any(one, &kept));
        if out.is_empty() && !is_refused {
            return Scope::All;
        }
        let mut named = Vec::new();
        for package in workspace.packages() {
            let Some(name) = package.normalized_name() else {
                continue;
            };
            if !out.contains(&name) && workspace.needs(package).is_disjoint(&out) {
                named.push(name);
            }
        }
        Scope::Named(named)
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use crate::world::disk;
    use crate::world::manifest::{Manifests, Toml};

    use super::*;

    fn pyproject(text: &str) -> PyProject {
        PyProject::of(Toml::parse(Utf8Path::new("/p/pyproject.toml"), text).unwrap()).unwrap()
    }

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn of_groups_and_extras_in_conflict_the_first_is_taken() {
        let root =
            "[tool.uv]\nconflicts = [[{ group = 'Old' }, { group = 'new' }, { extra = 'gpu' }]]\n";
        let conflicts = Conflicts::of(&pyproject(root));
        let mut groups = words(&["lint", "old", "new"]);
        let mut extras = words(&["cpu", "gpu"]);
        conflicts.compatible(&mut groups, &mut extras);
        assert_eq!((groups, extras), (words(&["lint", "old"]), words(&["cpu"])));
        assert!(conflicts.exclude(&words(&["new"]), &[], &words(&["lint", "old"])));
        assert!(conflicts.exclude(&[], &words(&["gpu"]), &words(&["old"])));
        assert!(!conflicts.exclude(&words(&["old"]), &[], &words(&["lint", "old"])));
    }

    #[test]
    fn tests_take_what_is_installed_anyway_then_what_is_called_as_they_are() {
        let text =
            "[tool.uv]\nconflicts = [[{ group = 'a' }, { group = 'test' }, { group = 'dev' }]]\n";
        let root = pyproject(text);
        let taken = |list: &[&str]| {
            let mut groups = words(list);
            let is_beside = Conflicts::of(&root).for_tests(&root, &mut groups, &mut Vec::new());
            (groups, is_beside)
        };
        assert_eq!(taken(&["a", "test"]), (words(&["test"]), false));
        assert_eq!(taken(&["a", "dev", "test"]), (words(&["dev"]), true));
    }

    #[test]
    fn of_packages_in_conflict_those_that_are_asked_for_are_installed_with_what_fits() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let write = |folder: &str, text: &str| {
            let path = dir.join(folder).join("pyproject.toml");
            disk::write(&path, text.as_bytes()).unwrap();
        };
        let scope = |table: &str, asked: &[&str]| {
            let root = format!("[tool.uv.workspace]\nmembers = ['*']\n[tool.uv]\n{table}\n");
            write("", &root);
            for (name, needs) in [("a", ""), ("b", ""), ("c", "'a'"), ("d", "'c'"), ("e", "")] {
                let text = format!("[project]\nname = '{name}'\ndependencies = [{needs}]\n");
                write(name, &text);
            }
            let workspace = UvWorkspace::at(&Manifests::default(), dir)
                .unwrap()
                .unwrap();
            Conflicts::of(&workspace.root).scope(&workspace, &words(asked))
        };
        let named = |list: &[&str]| Scope::Named(words(list));
        assert_eq!(scope("", &["a"]), Scope::All);
        let extras =
            "conflicts = [[{ package = 'a', extra = 'x' }, { package = 'b', extra = 'y' }]]";
        assert_eq!(scope(extras, &["a"]), Scope::All);
        let packages = "conflicts = [[{ package = 'a' }, { package = 'b' }]]";
        assert_eq!(scope(packages, &["a"]), named(&["a", "c", "d", "e"]));
        assert_eq!(
            scope(packages, &["b"]),
            named(&["b", "e"]),
            "d needs c, and c needs a"
        );
        assert_eq!(scope(packages, &["e"]), named(&["a", "c", "d", "e"]));
        // what uv refuses it refuses itself
        let all = ["a", "b", "c", "d", "e"];
        assert_eq!(scope(packages, &all), named(&all));
    }
}
