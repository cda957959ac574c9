//! What a project tells pytest about its tests.

use camino::Utf8Path;

use crate::facts::project::Member;
use crate::model::error::Result;
use crate::model::package_name;
use crate::world::disk;
use crate::world::manifest::Manifests;

/// As in pytest docs, "Configuration file formats".
#[derive(Debug, Default)]
pub(super) struct PytestConfig {
    /// `testpaths`
    pub(super) paths: Option<Vec<String>>,
    /// `python_files`
    files: Vec<String>,
    /// Doctests in files of their own or in modules are collected.
    pub(super) collects_documents: bool,
    /// `addopts` as one text.
    options: String,
}

impl PytestConfig {
    pub(super) fn read(manifests: &Manifests, dir: &Utf8Path) -> Result<Self> {
        let mut config = Self::default();
        // pytest 9 has tables of its own besides the one that is read as an ini file
        for (name, table) in [
            ("pytest.toml", &["pytest"][..]),
            (".pytest.toml", &["pytest"]),
            ("pyproject.toml", &["tool", "pytest"]),
            ("pyproject.toml", &["tool", "pytest", "ini_options"]),
        ] {
            let Some(toml) = manifests.toml(&dir.join(name))? else {
                continue;
            };
            for key in ["testpaths", "addopts", "python_files"] {
                let keys = [table, &[key]].concat();
                if toml.get(&keys).is_some() {
                    let listed = toml.strings(&keys).join(" ");
                    config.add(key, &toml.string(&keys).unwrap_or(listed));
                }
            }
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
        let (mut inside, mut key) = (false, "");
        for line in text.lines() {
            if line.starts_with(['#', ';']) {
                continue; // what goes on goes on below it
            }
            if line.starts_with('[') {
                inside = matches!(line.trim(), "[pytest]" | "[tool:pytest]");
                key = "";
            } else if inside {
                let mut value = line;
                if !line.starts_with(char::is_whitespace) {
                    (key, value) = line.split_once(['=', ':']).unwrap_or_default();
                }
                self.add(key.trim(), value);
            }
        }
    }

    fn add(&mut self, key: &str, value: &str) {
        match key {
            "testpaths" => {
                let words = value.split_whitespace().map(str::to_owned);
                self.paths.get_or_insert_default().extend(words);
            }
            "python_files" => {
                let words = value.split_whitespace().map(str::to_owned);
                self.files.extend(words);
            }
            "addopts" => {
                self.options.push(' ');
                self.options.push_str(value);
            }
            _ => {}
        }
    }

    /// Whether the project says itself where its tests are, or how they are called.
    pub(super) fn says_where(&self) -> bool {
        self.paths.is_some() || !self.files.is_empty()
    }

    /// `python_files`
    pub(super) fn file_patterns(&self) -> &[String] {
        &self.files
    }

    /// Whether `python_files` means a file.
    pub(super) fn names(&self, path: &Utf8Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        let means = |pattern: &String| {
            globset::Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(name))
        };
        path.extension() == Some("py") && self.files.iter().any(means)
    }

    /// `--benchmark-disable` where pytest-benchmark is among the project's requirements and the
    /// project does not say itself what becomes of benchmarks: what they call is tested once.
    pub(super) fn untimed_benchmarks(&self, member: &Member) -> Vec<String> {
        let Some(pyproject) = &member.pyproject else {
            return Vec::new();
        };
        let named = pyproject
            .requirements()
            .iter()
            .any(|text| package_name::of_requirement(text) == "pytest-benchmark");
        if named && !self.options.contains("--benchmark") {
            vec!["--benchmark-disable".to_owned()]
        } else {
            Vec::new()
        }
    }
}

/// Whether a file is one that pytest collects by default: modules, and texts for their doctests.
pub(super) fn is_test_file(path: &Utf8Path) -> bool {
    let stem = path.file_stem().unwrap_or_default();
    match path.extension() {
        Some("py") => stem.starts_with("test_") || stem.ends_with("_test"),
        Some("txt") => stem.starts_with("test") && has_examples(path),
        _ => false,
    }
}

/// Data of tests may be called so, too.
fn has_examples(path: &Utf8Path) -> bool {
    let text = disk::read_text(path).ok().flatten();
    text.is_some_and(|text| text.contains(">>> "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_files_count_in_each_place_that_pytest_reads() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        for (name, text) in [
            ("pytest.toml", "[pytest]\npython_files = ['check_*.py']\n"),
            ("pytest.ini", "[pytest]\npython_files = check_*.py\n"),
            ("setup.cfg", "[tool:pytest]\npython_files =\n  check_*.py\n"),
        ] {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
            let config = PytestConfig::read(&Manifests::default(), dir).unwrap();
            assert!(config.names(Utf8Path::new("a/check_x.py")), "{name}");
            assert!(!config.names(Utf8Path::new("a/helper.py")), "{name}");
            disk::remove_file(&dir.join(name)).unwrap();
        }
    }

    #[test]
    fn configuration_in_ini_files_goes_over_several_lines() {
        let mut config = PytestConfig::default();
        config.add_ini(
            "[other]\ntestpaths = no\n[pytest]\ntestpaths =\n    a\n# why\n    b c\naddopts: -q\n  -x\n",
        );
        assert_eq!(config.paths.unwrap(), ["a", "b", "c"]);
        assert_eq!(
            config.options.split_whitespace().collect::<Vec<_>>(),
            ["-q", "-x"]
        );
    }
}
