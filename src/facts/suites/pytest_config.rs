//! What a project tells pytest about its tests.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::TestRunner;
use crate::facts::ini::Ini;
use crate::facts::project::Member;
use crate::model::error::Result;
use crate::model::package_name;
use crate::model::path::{normalize, relative};
use crate::world::checkout;
use crate::world::disk;
use crate::world::manifest::{Manifests, Toml};

/// The settings that are read.
const KEYS: [&str; 3] = ["testpaths", "addopts", "python_files"];

/// Where a file has them.
enum Has {
    /// In the first of these tables that has any.
    Toml(&'static [&'static [&'static str]]),
    /// In a section.
    Ini(&'static str),
}

/// In pytest's order. pytest's own files decide even if empty, the others if they have a section for it
/// (pytest's documentation, "Configuration file formats" and "Initialization: determining rootdir and
/// configfile").
const FILES: [(&str, Has); 7] = [
    ("pytest.toml", Has::Toml(&[&["pytest"]])),
    (".pytest.toml", Has::Toml(&[&["pytest"]])),
    ("pytest.ini", Has::Ini("pytest")),
    (".pytest.ini", Has::Ini("pytest")),
    // pytest 9 also has its own table besides the one that is read as an ini file
    (
        "pyproject.toml",
        Has::Toml(&[&["tool", "pytest"], &["tool", "pytest", INI_OPTIONS]]),
    ),
    ("tox.ini", Has::Ini("pytest")),
    ("setup.cfg", Has::Ini("tool:pytest")),
];

const INI_OPTIONS: &str = "ini_options";

/// As in pytest docs, "Configuration file formats".
#[derive(Debug, Default)]
pub(super) struct PytestConfig {
    /// Whether there is any.
    pub(super) is_there: bool,
    /// Whether it is in the folder itself, and not above it.
    is_own: bool,
    /// `testpaths`, with its patterns expanded. A path in it need not exist.
    pub(super) stated_paths: Option<Vec<String>>,
    /// Those that exist: pytest passes over the rest, and looks everywhere if there is none.
    pub(super) paths: Option<Vec<String>>,
    /// `python_files`
    files: Vec<String>,
    /// Whether doctests in text files or modules are collected.
    collects_documents: bool,
    /// `addopts` as one text.
    options: String,
}

impl PytestConfig {
    /// The nearest, in a folder or those above it, as pytest reads it when started in that folder.
    pub(super) fn read(manifests: &Manifests, dir: &Utf8Path) -> Result<Self> {
        for folder in checkout::upward(dir) {
            let mut config = Self::in_folder(manifests, folder)?;
            if config.is_there {
                config.is_own = folder == dir;
                // they count from their folder only
                let paths = config.stated_paths.filter(|_| folder == dir);
                config.stated_paths = paths.and_then(|paths| expanded(dir, paths));
                config.paths = config.stated_paths.clone().and_then(|mut paths| {
                    paths.retain(|path| disk::is_there(&dir.join(path)));
                    (!paths.is_empty()).then_some(paths)
                });
                return Ok(config);
            }
        }
        Ok(Self::default())
    }

    /// From the first file that decides, which is the only one that is read.
    fn in_folder(manifests: &Manifests, dir: &Utf8Path) -> Result<Self> {
        for (name, has) in FILES {
            let path = dir.join(name);
            let mut config = Self::default();
            match has {
                Has::Toml(tables) => {
                    let Some(toml) = manifests.toml(&path)? else {
                        continue;
                    };
                    let table = tables.iter().find(|table| says_anything(&toml, table));
                    config.is_there = table.is_some() || name != "pyproject.toml";
                    for key in KEYS {
                        if let Some(table) = table {
                            config.add_toml(&toml, table, key);
                        }
                    }
                }
                Has::Ini(section) => {
                    let Some(text) = disk::read_text(&path)? else {
                        continue;
                    };
                    let ini = Ini::read(&text, 1);
                    let section = ini.section(section);
                    config.is_there = section.is_some() || name.ends_with("pytest.ini");
                    for key in KEYS {
                        let lines = section.and_then(|section| section.lines(key));
                        if let Some(lines) = lines {
                            let lines = lines.iter().map(|(_, line)| &**line);
                            config.add(key, &lines.collect::<Vec<_>>().join(" "));
                        }
                    }
                }
            }
            if config.is_there {
                config.collects_documents = config.options.contains("--doctest-modules")
                    || config.options.contains("--doctest-glob");
                return Ok(config);
            }
        }
        Ok(Self::default())
    }

    fn add_toml(&mut self, toml: &Toml, table: &[&str], key: &str) {
        let keys = [table, &[key]].concat();
        if toml.get(&keys).is_some() {
            let listed = toml.strings(&keys).join(" ");
            self.add(key, &toml.string(&keys).unwrap_or(listed));
        }
    }

    fn add(&mut self, key: &str, value: &str) {
        match key {
            "testpaths" => {
                let words = value.split_whitespace().map(str::to_owned);
                self.stated_paths.get_or_insert_default().extend(words);
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

    /// Whether the folder's own configuration says where its tests are, how they are named, or that doctests
    /// are among them.
    pub(super) fn says_where(&self) -> bool {
        let says = self.stated_paths.is_some() || !self.files.is_empty() || self.collects_documents;
        self.is_own && says
    }

    /// Whether it may make pytest collect something in the folder that is not named like a test:
    /// configuration above does so only for documents.
    pub(super) fn collects_here(&self) -> bool {
        self.is_own() || self.collects_documents
    }

    /// Whether there is any in the folder itself.
    pub(super) fn is_own(&self) -> bool {
        self.is_there && self.is_own
    }

    /// What pytest is passed in the configuration's folder to run its `tests` without those of others:
    /// nothing if `testpaths` says that; `None` if none of the tests is meant. `folders`: those of the tests;
    /// `is_of_others`: of an absolute path.
    pub(super) fn args_besides(
        &self,
        dir: &Utf8Path,
        tests: &[Utf8PathBuf],
        folders: &[String],
        is_of_others: impl Fn(&Utf8Path) -> bool,
    ) -> Option<Vec<String>> {
        let Some(paths) = &self.paths else {
            return (!tests.is_empty()).then(|| folders.to_vec());
        };
        let place = |path: &String| normalize(&dir.join(path));
        let own = paths.iter().filter(|path| !is_of_others(&place(path)));
        let own: Vec<String> = own.cloned().collect();
        let is_meant = |path: &String| {
            let place = place(path);
            tests.iter().any(|test| test.starts_with(&place))
        };
        if !own.iter().any(is_meant) {
            return None;
        }
        Some(if own.len() == paths.len() {
            Vec::new()
        } else {
            own
        })
    }

    /// `python_files`
    pub(super) fn file_patterns(&self) -> &[String] {
        &self.files
    }

    /// Whether `python_files` matches a file: by its name, or by the end of its path.
    pub(super) fn names(&self, path: &Utf8Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        let means = |pattern: &String| {
            let (pattern, meant) = if pattern.contains('/') {
                (format!("*/{pattern}"), path.as_str())
            } else {
                (pattern.clone(), name)
            };
            globset::Glob::new(&pattern).is_ok_and(|glob| glob.compile_matcher().is_match(meant))
        };
        path.extension() == Some("py") && self.files.iter().any(means)
    }

    /// `--benchmark-disable` if pytest-benchmark is among the project's requirements and the project does not
    /// itself say what to do with benchmarks: the code they call is tested once.
    pub(super) fn untimed_benchmarks(&self, member: &Member) -> Vec<String> {
        let Some(pyproject) = &member.pyproject else {
            return Vec::new();
        };
        let named = pyproject
            .requirements()
            .iter()
            .any(|text| package_name::of_requirement(text).as_deref() == Some("pytest-benchmark"));
        if named && !self.options.contains("--benchmark") {
            vec!["--benchmark-disable".to_owned()]
        } else {
            Vec::new()
        }
    }
}

/// Whether a table decides: the one for an ini file's settings does even if empty.
fn says_anything(toml: &Toml, table: &[&str]) -> bool {
    if table.last() == Some(&INI_OPTIONS) {
        return toml.get(table).is_some();
    }
    toml.keys(table).iter().any(|key| key != INI_OPTIONS)
}

/// The paths of a folder with what patterns among them match; `None` if nothing.
fn expanded(dir: &Utf8Path, paths: Vec<String>) -> Option<Vec<String>> {
    let find = |path: String| {
        if !path.contains(['*', '?', '[']) {
            return vec![path];
        }
        let found = disk::matching(dir, &path).into_iter();
        found.map(|path| relative(dir, &path)).collect()
    };
    let found: Vec<String> = paths.into_iter().flat_map(find).collect();
    (!found.is_empty()).then_some(found)
}

/// Whether pytest collects a file by default: modules, and texts for their doctests.
pub(super) fn is_test_file(path: &Utf8Path) -> bool {
    let stem = path.file_stem().unwrap_or_default();
    match path.extension() {
        Some("py") => TestRunner::Pytest.finds(stem),
        Some("txt") => stem.starts_with("test") && has_examples(path),
        _ => false,
    }
}

/// Test data may have such a name too.
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
    fn configuration_above_says_what_is_called_how_and_not_where_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let dir = root.join("packages/a");
        disk::create_dir(&root.join(".git")).unwrap();
        disk::create_dir(&dir).unwrap();
        let ini = "[pytest]\ntestpaths = tests\npython_files = check_*.py spec/*.py\n";
        disk::write(&root.join("pytest.ini"), ini.as_bytes()).unwrap();
        let read = |dir: &Utf8Path| PytestConfig::read(&Manifests::default(), dir).unwrap();
        let config = read(&dir);
        assert!(config.is_there && config.paths.is_none() && !config.says_where());
        for (file, is_named) in [
            ("checks/check_a.py", true),
            ("spec/a.py", true),
            ("check_a/b.py", false),
        ] {
            assert_eq!(config.names(&dir.join(file)), is_named, "{file}");
        }
        assert!(read(root).says_where());
        // the nearest alone
        disk::write(&dir.join(".pytest.ini"), b"").unwrap();
        assert!(!read(&dir).names(&dir.join("check_a.py")));
    }

    /// The configuration in a folder with these files.
    fn config(files: &[(&str, &str)]) -> PytestConfig {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        disk::create_dir(&dir.join(".git")).unwrap(); // the search upward ends here
        for (name, text) in files {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        PytestConfig::read(&Manifests::default(), dir).unwrap()
    }

    #[test]
    fn configuration_in_ini_files_goes_over_several_lines() {
        let text = "[other]\ntestpaths = no\n[pytest]  # options\ntestpaths =\n    a\n# why\n    # not d\n    b c\n\
            addopts: -q\n  -x\n";
        let config = config(&[("tox.ini", text)]);
        assert_eq!(config.stated_paths.unwrap(), ["a", "b", "c"]);
        assert_eq!(
            config.options.split_whitespace().collect::<Vec<_>>(),
            ["-q", "-x"]
        );
    }

    #[test]
    fn one_file_is_read_the_first_that_decides() {
        let ini = |section: &str, path: &str| format!("[{section}]\ntestpaths = {path}\n");
        let toml = |table: &str, path: &str| format!("[{table}]\ntestpaths = ['{path}']\n");
        let mut files = [
            ("pytest.toml", toml("pytest", "a")),
            (".pytest.toml", toml("pytest", "b")),
            ("pytest.ini", ini("pytest", "c")),
            (".pytest.ini", ini("pytest", "d")),
            ("pyproject.toml", toml("tool.pytest.ini_options", "e")),
            ("tox.ini", ini("pytest", "f")),
            ("setup.cfg", ini("tool:pytest", "g")),
        ];
        let paths = |files: &[(&str, String)]| {
            let files: Vec<_> = files.iter().map(|(name, text)| (*name, &**text)).collect();
            config(&files).stated_paths.unwrap_or_default()
        };
        for (at, expected) in ["a", "b", "c", "d", "e", "f", "g"].into_iter().enumerate() {
            assert_eq!(paths(&files[at..]), [expected], "{}", files[at].0);
        }
        for at in 0..4 {
            files[at].1.clear(); // which decides as it is
            assert_eq!(paths(&files[at..]), [""; 0], "{}", files[at].0);
        }
        files[4].1 = toml("tool.pytest", "h");
        assert_eq!(paths(&files[4..]), ["h"]);
        files[4].1 = "[tool.pytest]\n".into();
        files[5].1 = ini("tool:pytest", "f");
        assert_eq!(
            paths(&files[4..]),
            ["g"],
            "those before say nothing of pytest"
        );
        files[6].1 = ini("pytest", "g");
        assert!(!config(&[("setup.cfg", &files[6].1)]).is_there);
    }

    #[test]
    fn patterns_for_where_tests_are_mean_what_they_find_and_paths_what_exists() {
        let test = ("pkg/a/tests/test_a.py", "");
        let paths = |said: &str| {
            let said = format!("[pytest]\ntestpaths = {said}\n");
            let config = config(&[("pytest.ini", &said), test]);
            [config.stated_paths, config.paths].map(Option::unwrap_or_default)
        };
        let [stated, found] = paths("pkg/*/tests gone pkg");
        assert_eq!(stated, ["pkg/a/tests", "gone", "pkg"]);
        assert_eq!(found, ["pkg/a/tests", "pkg"]);
        assert_eq!(paths("gone"), [vec!["gone".to_owned()], Vec::new()]);
        assert_eq!(paths("none-*"), [const { Vec::<String>::new() }; 2]);
    }
}
