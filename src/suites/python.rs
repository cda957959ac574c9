//! The Python tests of a package.

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk;
use crate::error::Result;
use crate::manifest::{PyProject, Toml, requirement_name};
use crate::project::{Member, Project};

use super::is_test_file;

/// One run of pytest (which runs `unittest` cases, too).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonSuite {
    /// The member whose tests they are.
    pub member: String,
    /// Where it runs, so that the project's configuration applies; absolute.
    pub dir: Utf8PathBuf,
    /// Arguments before those of the command line.
    pub args: Vec<String>,
}

/// Folders with files that look like tests and are none.
const NO_TESTS: [&str; 7] = [
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "doc",
    "docs",
    "examples",
];

impl PythonSuite {
    /// In the package's folder, else in the folder of tests beside or above it.
    pub(super) fn find(project: &Project, member: &Member) -> Result<Option<Self>> {
        for dir in [&member.dir, &project.root, &project.home] {
            let config = Config::read(dir)?;
            let files: Vec<Utf8PathBuf> = disk::unignored_files(dir)
                .into_iter()
                .filter(|path| is_test_file(path) && !of_another(project, member, path))
                .collect();
            let aside = |path: &Utf8PathBuf| {
                let below = path.strip_prefix(dir).unwrap_or(path);
                below
                    .components()
                    .any(|part| NO_TESTS.contains(&part.as_str()))
            };
            let (aside, tests): (Vec<_>, Vec<_>) = files.into_iter().partition(aside);
            if tests.is_empty() && !config.collects_documents {
                continue;
            }
            let mut suite = Self {
                member: member.name.clone(),
                dir: dir.clone(),
                args: config.skipped_benchmarks(member)?,
            };
            if !config.has_paths && !aside.is_empty() {
                suite.args.extend(test_folders(dir, &tests));
            }
            return Ok(Some(suite));
        }
        Ok(None)
    }
}

/// Whether a file is in the folder of another member, which has its own suite.
fn of_another(project: &Project, member: &Member, path: &Utf8Path) -> bool {
    let others = project
        .members
        .iter()
        .filter(|other| other.dir != member.dir);
    let mut deeper = others.filter(|other| !member.dir.starts_with(&other.dir));
    deeper.any(|other| path.starts_with(&other.dir))
}

/// The folders directly below `dir` that hold the tests, relative to it; none when some of the
/// tests are in `dir` itself.
fn test_folders(dir: &Utf8Path, tests: &[Utf8PathBuf]) -> Vec<String> {
    let mut folders = Vec::new();
    for test in tests {
        let below = test.strip_prefix(dir).unwrap_or(test);
        let mut parts = below.components();
        let (Some(first), Some(_)) = (parts.next(), parts.next()) else {
            return Vec::new();
        };
        folders.push(first.as_str().to_owned());
    }
    folders.sort();
    folders.dedup();
    folders
}

/// What the project tells pytest (pytest docs, "Configuration file formats").
#[derive(Debug, Default)]
struct Config {
    has_paths: bool,
    /// Doctests in files of their own or in modules are collected.
    collects_documents: bool,
    /// `addopts` as one text.
    options: String,
}

impl Config {
    fn read(dir: &Utf8Path) -> Result<Self> {
        let mut config = Self::default();
        if let Some(toml) = Toml::read(&dir.join("pyproject.toml"))? {
            let keys = ["tool", "pytest", "ini_options"];
            let at = |key| [keys[0], keys[1], keys[2], key];
            config.has_paths = toml.get(&at("testpaths")).is_some();
            let listed = toml.strings(&at("addopts")).join(" ");
            config.options = toml.string(&at("addopts")).unwrap_or(listed);
        }
        for name in ["pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg"] {
            let text = disk::read_text(&dir.join(name))?.unwrap_or_default();
            config.add_ini(&text);
        }
        config.collects_documents = config.options.contains("--doctest-modules")
            || config.options.contains("--doctest-glob");
        Ok(config)
    }

    fn add_ini(&mut self, text: &str) {
        let mut inside = false;
        for line in text.lines() {
            if line.starts_with('[') {
                inside = matches!(line.trim(), "[pytest]" | "[tool:pytest]");
            } else if inside {
                self.has_paths |= line.starts_with("testpaths");
                if let Some((_, value)) = line
                    .split_once('=')
                    .filter(|(key, _)| key.trim() == "addopts")
                {
                    self.options.push_str(value);
                }
            }
        }
    }

    /// `--benchmark-skip` where pytest-benchmark is among the project's requirements and the
    /// project does not say itself what becomes of benchmarks.
    fn skipped_benchmarks(&self, member: &Member) -> Result<Vec<String>> {
        let Some(path) = &member.pyproject else {
            return Ok(Vec::new());
        };
        let Some(pyproject) = PyProject::read(path)? else {
            return Ok(Vec::new());
        };
        let named = pyproject
            .requirements()
            .iter()
            .any(|text| requirement_name(text) == "pytest-benchmark");
        let skip = named && !self.options.contains("--benchmark");
        Ok(skip
            .then(|| "--benchmark-skip".to_owned())
            .into_iter()
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(pyproject: &str, files: &[&str]) -> Option<PythonSuite> {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        disk::write(&dir.join("pyproject.toml"), pyproject.as_bytes()).unwrap();
        for file in files {
            disk::write(&dir.join(file), b"").unwrap();
        }
        let member = Member {
            pyproject: Some(dir.join("pyproject.toml")),
            dir: dir.clone(),
            ..Member::default()
        };
        let project = Project {
            root: dir.clone(),
            home: dir,
            ..Project::default()
        };
        PythonSuite::find(&project, &member).unwrap()
    }

    fn args(pyproject: &str, files: &[&str]) -> Vec<String> {
        suite(pyproject, files).unwrap().args
    }

    #[test]
    fn pytest_gets_no_path_where_its_own_collection_will_do() {
        assert!(args("", &["tests/test_a.py"]).is_empty());
        assert!(args("", &["test_a.py", "benches/test_b.py"]).is_empty());
    }

    #[test]
    fn a_path_keeps_benchmarks_and_docs_out_unless_the_project_names_its_own() {
        let files = ["tests/test_a.py", "benches/test_b.py"];
        assert_eq!(args("", &files), ["tests"]);
        let said = "[tool.pytest.ini_options]\ntestpaths = 'tests'\n";
        assert!(args(said, &files).is_empty());
    }

    #[test]
    fn benchmarks_are_skipped_unless_the_project_decides() {
        let group = "[dependency-groups]\ntest = ['pytest-benchmark']\n";
        assert_eq!(args(group, &["tests/test_a.py"]), ["--benchmark-skip"]);
        let said = format!("{group}[tool.pytest.ini_options]\naddopts = '--benchmark-disable'\n");
        assert!(args(&said, &["tests/test_a.py"]).is_empty());
    }

    #[test]
    fn a_suite_of_doctests_is_a_suite_and_nothing_is_none() {
        let doctests = "[tool.pytest.ini_options]\naddopts = '--doctest-glob=*.rst'\n";
        assert!(suite(doctests, &[]).is_some());
        assert!(suite("", &["src/lib.rs"]).is_none());
    }
}
