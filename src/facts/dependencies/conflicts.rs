//! What cannot be installed together: `[tool.uv] conflicts` (uv docs, "Conflicting dependencies").

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::facts::project::UvWorkspace;
use crate::world::manifest::{Conflicting, Part, PyProject};

use super::groups::is_for_tests;
use super::sync::Scope;

/// Sets of which no two entries are installed together.
#[derive(Clone, Debug, Default)]
pub(super) struct Conflicts {
    sets: Vec<Vec<Conflicting>>,
    /// Whose groups and extras are installed if one is asked for by name.
    installed: Vec<Arc<PyProject>>,
}

impl Conflicts {
    /// As declared by these packages, which share an environment.
    pub(super) fn of(packages: &[Arc<PyProject>]) -> Self {
        let said = packages.iter().flat_map(|package| package.conflicts());
        Self {
            sets: said.collect(),
            installed: packages.to_vec(),
        }
    }

    /// The same if some of the packages are not installed.
    pub(super) fn within(mut self, is_installed: impl Fn(&PyProject) -> bool) -> Self {
        self.installed.retain(|package| is_installed(package));
        self
    }

    fn are_apart(&self, is_one: &dyn Fn(&Conflicting) -> bool, other: &Part) -> bool {
        let mut sets = self.sets.iter();
        sets.any(|set| {
            let mut ones = set.iter().filter(|entry| is_one(entry));
            ones.any(|one| set.iter().any(|it| it != one && self.is_of(it, other)))
        })
    }

    /// Whether an entry is about a part that is asked for by name: of an installed package that has it.
    fn is_of(&self, entry: &Conflicting, part: &Part) -> bool {
        let has = |package: &Arc<PyProject>| match part {
            Part::Package => true,
            Part::Extra(name) => package.extras.contains_key(name),
            Part::Group(name) => package.groups.contains_key(name),
        };
        let mut packages = self.installed.iter();
        entry.part == *part
            && packages.any(|it| it.normalized_name().as_ref() == Some(&entry.package) && has(it))
    }

    fn is_apart_from_any(&self, part: &Part, others: &[Part]) -> bool {
        let is_one = |entry: &Conflicting| self.is_of(entry, part);
        others.iter().any(|other| self.are_apart(&is_one, other))
    }

    /// Those groups and extras that can be installed together: the first of each conflict.
    pub(super) fn compatible(&self, groups: &mut Vec<String>, extras: &mut Vec<String>) {
        let mut taken = Vec::new();
        let mut take = |part: Part| {
            // in several packages it may be in conflict with itself
            taken.push(part.clone());
            let is_free = !self.is_apart_from_any(&part, &taken);
            if !is_free {
                taken.pop();
            }
            is_free
        };
        groups.retain(|name| take(Part::Group(name.clone())));
        extras.retain(|name| take(Part::Extra(name.clone())));
    }

    /// Whether any of `groups` and `extras` cannot be installed with any of `others`, which are groups.
    pub(super) fn exclude(&self, groups: &[String], extras: &[String], others: &[String]) -> bool {
        let others: Vec<Part> = others.iter().cloned().map(Part::Group).collect();
        let groups = groups.iter().cloned().map(Part::Group);
        let mut all = groups.chain(extras.iter().cloned().map(Part::Extra));
        all.any(|part| self.is_apart_from_any(&part, &others))
    }

    /// What tests need: of conflicting groups and extras the first, preferring those that are installed
    /// anyway, then those named for tests. Whether the default groups can be installed with them.
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

    fn are_packages_apart(&self, one: &str, other: &str) -> bool {
        let names = |set: &Vec<Conflicting>, package: &str| {
            let mut entries = set.iter();
            entries.any(|it| it.package == package && it.part == Part::Package)
        };
        let mut sets = self.sets.iter();
        one != other && sets.any(|set| names(set, one) && names(set, other))
    }

    /// All of a workspace, unless some of its packages conflict: then `asked` and those that can be installed
    /// with them, the first of each conflict.
    pub(super) fn scope(&self, workspace: &UvWorkspace, asked: &[String]) -> Scope {
        let names = workspace.packages().filter_map(|it| it.normalized_name());
        let names: Vec<String> = names.collect();
        let mut kept: Vec<&String> = Vec::new();
        let mut out = BTreeSet::new();
        let (first, rest): (Vec<_>, Vec<_>) = names.iter().partition(|it| asked.contains(it));
        for name in first.into_iter().chain(rest) {
            if !asked.contains(name) && kept.iter().any(|it| self.are_packages_apart(it, name)) {
                out.insert(name.clone());
            } else {
                kept.push(name);
            }
        }
        let is_refused = kept
            .iter()
            .any(|one| kept.iter().any(|other| self.are_packages_apart(one, other)));
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

    /// A package with these extras and groups.
    fn package(name: &str, extras: &[&str], groups: &[&str], conflicts: &str) -> Arc<PyProject> {
        let lists = |names: &[&str]| -> String {
            let lines = names.iter().map(|name| format!("{name} = []\n"));
            lines.collect()
        };
        let text = format!(
            "[project]\nname = '{name}'\n[project.optional-dependencies]\n{}[dependency-groups]\n{}\
             [tool.uv]\nconflicts = [{conflicts}]\n",
            lists(extras),
            lists(groups),
        );
        let toml = Toml::parse(Utf8Path::new("/p/pyproject.toml"), &text).unwrap();
        PyProject::of(toml).unwrap().into()
    }

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn of_groups_and_extras_in_conflict_the_first_is_taken() {
        let sets = "[{ group = 'Old' }, { group = 'new' }, { extra = 'gpu' }]";
        let groups = ["lint", "old", "new"];
        let conflicts = Conflicts::of(&[package("a", &["cpu", "gpu"], &groups, sets)]);
        let mut groups = words(&["lint", "old", "new"]);
        let mut extras = words(&["cpu", "gpu"]);
        conflicts.compatible(&mut groups, &mut extras);
        assert_eq!((groups, extras), (words(&["lint", "old"]), words(&["cpu"])));
        assert!(conflicts.exclude(&words(&["new"]), &[], &words(&["lint", "old"])));
        assert!(conflicts.exclude(&[], &words(&["gpu"]), &words(&["old"])));
        assert!(!conflicts.exclude(&words(&["old"]), &[], &words(&["lint", "old"])));
    }

    #[test]
    fn extras_of_different_packages_are_in_conflict_where_both_are_installed() {
        let sets = "[{ package = 'a', extra = 'cpu' }, { package = 'b', extra = 'gpu' }]";
        let a = package("a", &["cpu", "gpu"], &[], sets);
        let taken = |all: &[Arc<PyProject>]| {
            let mut extras = words(&["cpu", "gpu"]);
            Conflicts::of(all).compatible(&mut Vec::new(), &mut extras);
            extras
        };
        assert_eq!(taken(std::slice::from_ref(&a)), ["cpu", "gpu"]);
        let without = package("b", &["cpu"], &[], "");
        assert_eq!(taken(&[a.clone(), without]), ["cpu", "gpu"]);
        let with = package("b", &["gpu"], &[], "");
        assert_eq!(taken(&[a.clone(), with.clone()]), ["cpu"]);
        // whoever says it
        let b = package("b", &["gpu"], &[], sets);
        let a = package("a", &["cpu", "gpu"], &[], "");
        assert_eq!(taken(&[a.clone(), b]), ["cpu"]);
        assert_eq!(taken(&[a, with]), ["cpu", "gpu"]);
    }

    #[test]
    fn an_extra_that_two_packages_have_may_be_in_conflict_with_itself() {
        let sets = "[{ package = 'a', extra = 'x' }, { package = 'b', extra = 'x' }]";
        let both = [
            package("a", &["x"], &[], sets),
            package("b", &["x"], &[], ""),
        ];
        let mut extras = words(&["x"]);
        Conflicts::of(&both).compatible(&mut Vec::new(), &mut extras);
        assert!(extras.is_empty());
    }

    #[test]
    fn tests_take_what_is_installed_anyway_then_what_is_called_as_they_are() {
        let sets = "[{ group = 'a' }, { group = 'test' }, { group = 'dev' }]";
        let root = package("a", &[], &["a", "test", "dev"], sets);
        let taken = |list: &[&str]| {
            let mut groups = words(list);
            let is_beside = Conflicts::of(std::slice::from_ref(&root)).for_tests(
                &root,
                &mut groups,
                &mut Vec::new(),
            );
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
            let packages: Vec<_> = workspace.packages().cloned().collect();
            Conflicts::of(&packages).scope(&workspace, &words(asked))
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
