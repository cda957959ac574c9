//! The tests of a folder around packages that have tests of their own.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::TestRunner;
use crate::facts::project::Project;
use crate::model::error::Result;
use crate::world::disk;

use super::pytest_config::PytestConfig;
use super::python::{PythonSuite, PythonTests, development};
use super::test_files::{TestFiles, test_folders};

impl PythonSuite {
    /// What the folder around packages that are not a uv workspace has besides their own tests, which are
    /// `known`: its suite if it configures pytest, else what is left out.
    pub(super) fn around(project: &Project, known: &[Self]) -> Result<PythonTests> {
        let is_whole = project.workspace.is_none() && project.others.is_empty();
        let Some(member) = project.members.first().filter(|_| is_whole) else {
            return Ok(PythonTests::default());
        };
        let is_packages = |dir: &Utf8Path| project.all().any(|member| member.dir == *dir);
        let above = match &project.root {
            dir if is_packages(dir) => development(&project.manifests, dir)?,
            dir => Some(dir.clone()),
        };
        let Some(dir) = &above.filter(|dir| !has_other_packages(project, dir)) else {
            return Ok(PythonTests::default());
        };
        let is_packages = is_packages(dir);
        let is_known = known.iter().any(|suite| suite.dir == *dir);
        let pyproject = project.manifests.pyproject(&dir.join("pyproject.toml"))?;
        let is_of_another = pyproject.is_some_and(|it| it.is_built());
        if is_packages || is_known || is_of_another || known.is_empty() {
            return Ok(PythonTests::default());
        }
        let files = TestFiles {
            project,
            owner: dir,
            is_shared: true,
        };
        let config = PytestConfig::read(&project.manifests, dir)?;
        let mut tests = files.find(dir, TestRunner::Pytest, &config).tests;
        tests.retain(|test| !is_in_crate(dir, test));
        if !config.is_own() {
            let mut left_out: BTreeSet<Utf8PathBuf> = test_folders(dir, &tests)
                .into_iter()
                .map(|name| dir.join(name))
                .collect();
            if left_out.is_empty() {
                left_out.extend(tests);
            }
            return Ok(PythonTests {
                suite: None,
                left_out,
            });
        }
        let folders = test_folders(dir, &tests);
        let is_of_others = |path: &Utf8Path| files.is_of_others(path);
        let args = config.args_besides(dir, &tests, &folders, is_of_others);
        let suite = args.map(|args| Self {
            args: [args, files.others_below(dir)].concat(),
            ..Self::of(project, member, TestRunner::Pytest, dir)
        });
        Ok(suite.into())
    }
}

/// Whether maturin builds more below a folder than the project: what is tested there may need that too.
fn has_other_packages(project: &Project, dir: &Utf8Path) -> bool {
    let mut files = disk::unignored_files(dir).into_iter();
    files.any(|file| {
        let is_manifest = file.file_name() == Some("pyproject.toml");
        let is_own = || project.all().any(|member| file.starts_with(&member.dir));
        let read = || project.manifests.pyproject(&file).ok().flatten();
        is_manifest && !is_own() && read().is_some_and(|it| it.builds_with_maturin())
    })
}

/// Whether a file is data of a crate between it and `dir`.
fn is_in_crate(dir: &Utf8Path, file: &Utf8Path) -> bool {
    let between = file.ancestors().skip(1).take_while(|folder| *folder != dir);
    let mut manifests = between.map(|folder| folder.join("Cargo.toml"));
    manifests.any(|path| disk::is_file(&path))
}

#[cfg(test)]
mod tests {
    use crate::facts::project::Member;
    use crate::model::path::{normalize, shown};

    use super::*;

    #[test]
    fn what_the_folder_around_packages_tests_is_run_where_it_configures_pytest_and_else_named() {
        let around = |config: &str, files: &[&str]| {
            let temp = tempfile::tempdir().unwrap();
            let root = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
            disk::create_dir(&root.join(".git")).unwrap();
            disk::write(&root.join("pyproject.toml"), config.as_bytes()).unwrap();
            for file in [&["a/pyproject.toml", "a/tests/test_a.py"], files].concat() {
                disk::write(&root.join(file), b"").unwrap();
            }
            let member = Member {
                dir: root.join("a"),
                ..Member::default()
            };
            // as from the root, of several packages, and of the only one
            let home = root.join(if files.contains(&"a/Cargo.toml") {
                "a"
            } else {
                ""
            });
            let project = Project {
                root: normalize(&home),
                home: normalize(&home),
                members: vec![member.clone()],
                ..Project::default()
            };
            let known: Vec<PythonSuite> = PythonSuite::find(&project, &member)
                .unwrap()
                .suite
                .into_iter()
                .collect();
            assert_eq!(known[0].dir, root.join("a"));
            let found = PythonSuite::around(&project, &known).unwrap();
            let left_out = found.left_out.iter().map(|it| shown(&root, it).to_string());
            let suite = found.suite.map(|suite| suite.args.join(" "));
            (suite, left_out.collect::<Vec<_>>().join(" "))
        };
        let table = "[tool.pytest.ini_options]\n";
        let paths = |names: &str| format!("{table}testpaths = {names}\n");
        let run = |args: &str| (Some(args.to_owned()), String::new());
        let none = (None, String::new());
        let theirs = ["tests/test_r.py"];
        assert_eq!(around(&paths("['tests']"), &theirs), run("--ignore=a"));
        assert_eq!(around(table, &theirs), run("tests --ignore=a"));
        let only = ["a/Cargo.toml", "tests/test_r.py"];
        assert_eq!(around(&paths("['tests']"), &only), run("--ignore=a"));
        // none twice, and no data of crates
        let both = paths("['tests', 'a/tests']");
        assert_eq!(around(&both, &theirs), run("tests --ignore=a"));
        assert_eq!(around(&paths("['a/tests']"), &theirs), none);
        let data = ["crates/x/Cargo.toml", "crates/x/data/test_d.py"];
        assert_eq!(around(table, &data), none);
        assert_eq!(around("", &data), none);
        assert_eq!(around("", &theirs), (None, "tests".to_owned()));
        assert_eq!(around("", &["test_r.py"]), (None, "test_r.py".to_owned()));
        let built = format!("[build-system]\n{table}");
        assert_eq!(around(&built, &theirs), none);
    }
}
