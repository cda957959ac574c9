//! Tests among the modules of a package that its wheel leaves out: nothing can import them from the wheel.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use ignore::overrides::{Override, OverrideBuilder};
use toml_edit::{Item, Value};

use crate::facts::dependencies::TestRunner;
use crate::facts::project::{Member, package_folder};
use crate::world::disk;
use crate::world::manifest::{PyProject, tables_of};

/// The folders of such tests, absolute.
#[must_use]
pub fn unshipped_tests(member: &Member) -> BTreeSet<Utf8PathBuf> {
    let (Some(package), Some(pyproject)) = (package_folder(member), &member.pyproject) else {
        return BTreeSet::new();
    };
    let patterns = kept_from_wheels(pyproject);
    let is_kept = |path: &Utf8PathBuf| {
        let is_test = path.extension() == Some("py")
            && path
                .file_stem()
                .is_some_and(|stem| TestRunner::Pytest.finds(stem));
        is_test && patterns.matched(path, false).is_whitelist()
    };
    if patterns.is_empty() {
        return BTreeSet::new();
    }
    let tests = disk::unignored_files(&package).into_iter().filter(is_kept);
    tests
        .filter_map(|test| test.parent().map(Utf8PathBuf::from))
        .collect()
}

/// What `[tool.maturin] exclude` says about wheels: strings apply to both formats, tables to those that they
/// name; patterns are git's, as maturin reads them.
fn kept_from_wheels(pyproject: &PyProject) -> Override {
    let said = pyproject.toml.get(&["tool", "maturin", "exclude"]);
    let words = said.and_then(|said| said.as_array()).into_iter().flatten();
    let words = words.filter_map(Value::as_str);
    let tables = said.map(tables_of).unwrap_or_default().into_iter();
    let of_wheels = tables.filter_map(|(table, _)| {
        let is_of_wheels = table.get("format").is_none_or(names_wheel);
        is_of_wheels.then(|| table.get("path")?.as_str()).flatten()
    });
    let mut patterns = OverrideBuilder::new(pyproject.dir());
    for pattern in words.chain(of_wheels) {
        let _ = patterns.add(pattern); // maturin itself rejects what is not one
    }
    patterns.build().unwrap_or_else(|_| Override::empty())
}

fn names_wheel(format: &Item) -> bool {
    let listed = format.as_array().into_iter().flatten();
    format
        .as_str()
        .into_iter()
        .chain(listed.filter_map(Value::as_str))
        .any(|one| one == "wheel")
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::world::manifest::Manifests;

    #[test]
    fn tests_that_the_wheel_leaves_out_are_named() {
        for (said, expected) in [
            (
                "[{ path = 'pkg/tests/**/*', format = 'wheel' }]",
                &["pkg/tests"][..],
            ),
            (
                "[{ path = 'pkg/tests/**', format = ['sdist', 'wheel'] }]",
                &["pkg/tests"],
            ),
            (
                "['pkg/tests/**/*', 'pkg/deep/**']",
                &["pkg/deep/tests", "pkg/tests"],
            ),
            ("[{ path = 'pkg/tests/**/*', format = 'sdist' }]", &[]),
            ("['pkg/data/**', 'tests/**']", &[]),
            ("['test_a.py']", &["pkg/tests"]),
            ("['/pkg/tests/*']", &["pkg/tests"]),
            ("['*/test_a.py']", &[]),
            ("[]", &[]),
        ] {
            let temp = tempfile::tempdir().unwrap();
            let root = Utf8Path::from_path(temp.path()).unwrap();
            let text = format!("[tool.maturin]\nexclude = {said}\n");
            for (name, text) in [
                ("pyproject.toml", &*text),
                ("pkg/__init__.py", ""),
                ("pkg/data/a.txt", ""),
                ("pkg/tests/test_a.py", ""),
                ("pkg/deep/tests/test_b.py", ""),
                ("tests/test_c.py", ""),
            ] {
                disk::write(&root.join(name), text.as_bytes()).unwrap();
            }
            let member = Member {
                pyproject: Manifests::default()
                    .pyproject(&root.join("pyproject.toml"))
                    .unwrap(),
                dir: root.to_owned(),
                module: "pkg._core".into(),
                ..Member::default()
            };
            let expected: BTreeSet<_> = expected.iter().map(|name| root.join(name)).collect();
            assert_eq!(unshipped_tests(&member), expected, "{said}");
        }
    }
}
