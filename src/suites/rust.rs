//! The Rust tests of a project: of the extension crates, of their cargo workspaces, and of path
//! dependencies outside those.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk;
use crate::error::Result;
use crate::manifest::{CargoToml, RustRunner};
use crate::project::{Bindings, Project, depends_on_python, workspace_crates};

/// One run of `cargo test`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RustSuite {
    /// The member by whose build it is linked.
    pub member: String,
    /// The Cargo.toml of the workspace or of the crate.
    pub manifest: Utf8PathBuf,
    /// Packages with unit or integration tests, sorted.
    pub tested: Vec<String>,
    /// Library packages with documentation tests, sorted. Those of an extension crate are Python
    /// docstrings.
    pub documented: Vec<String>,
    /// Whether any of them links PyO3.
    pub links_python: bool,
    /// Whether a program of `tested` brings a harness of its own.
    pub own_harness: bool,
    /// Whether cargo-nextest runs `tested`.
    pub nextest: bool,
}

/// Crates that bind to other languages: their packages need other tools.
const OTHER_LANGUAGES: [&str; 9] = [
    "extendr-api",
    "jni",
    "magnus",
    "napi",
    "neon",
    "node-bindgen",
    "robusta_jni",
    "rustler",
    "wasm-bindgen",
];

impl RustSuite {
    /// `has_nextest`: whether cargo-nextest is on PATH.
    pub(super) fn find(project: &Project, has_nextest: bool) -> Result<Vec<Self>> {
        let mut suites: Vec<Self> = Vec::new();
        let mut seen = BTreeSet::new();
        let extensions: BTreeSet<&Utf8PathBuf> = project
            .members
            .iter()
            .filter(|member| member.bindings != Bindings::Embed)
            .map(|member| &member.manifest)
            .collect();
        for member in &project.members {
            let config = &member.config.test;
            if config.rust == RustRunner::None {
                continue;
            }
            let configured = disk::is_file(&member.workspace.join(".config/nextest.toml"));
            let nextest = match config.rust {
                RustRunner::Nextest => true,
                RustRunner::Auto => configured && has_nextest,
                RustRunner::Cargo | RustRunner::None => false,
            };
            let inside = workspace_crates(member)?;
            let outside = member.path_dependencies.iter();
            let outside = outside
                .filter(|path| !inside.contains(path))
                .map(|path| vec![path.clone()]);
            for crates in std::iter::once(inside.clone()).chain(outside.collect::<Vec<_>>()) {
                let mut suite = Self {
                    member: member.name.clone(),
                    nextest,
                    ..Self::default()
                };
                for manifest in crates {
                    if !project
                        .others
                        .iter()
                        .any(|other| other.manifest == manifest)
                        && seen.insert(manifest.clone())
                    {
                        let docstrings = extensions.contains(&manifest) && !config.doctests;
                        suite.add(&manifest, docstrings)?;
                    }
                }
                if !(suite.tested.is_empty() && suite.documented.is_empty()) {
                    suites.push(suite);
                }
            }
        }
        Ok(suites)
    }

    /// `docstrings`: the crate's doc comments are Python's.
    fn add(&mut self, manifest: &Utf8Path, docstrings: bool) -> Result<()> {
        let Some(cargo) = CargoToml::read(manifest)? else {
            return Ok(());
        };
        let Some(name) = cargo.package_name() else {
            return Ok(());
        };
        let dependencies = cargo.dependencies();
        let foreign = |name: &str| OTHER_LANGUAGES.contains(&name);
        if dependencies
            .iter()
            .any(|dependency| foreign(&dependency.package))
        {
            return Ok(());
        }
        let tests = Tests::of(&cargo);
        let documented = tests.documents && cargo.has_lib() && !docstrings;
        if !(tests.code || documented) {
            return Ok(());
        }
        if self.manifest.as_str().is_empty() {
            manifest.clone_into(&mut self.manifest);
        }
        if tests.code {
            self.tested.push(name.to_owned());
            self.own_harness |= cargo.has_own_harness();
        }
        if documented {
            self.documented.push(name.to_owned());
        }
        self.links_python |= depends_on_python(&cargo)?;
        self.tested.sort();
        self.documented.sort();
        Ok(())
    }
}

/// What a crate's sources hold, read without compiling them.
struct Tests {
    code: bool,
    documents: bool,
}

impl Tests {
    fn of(cargo: &CargoToml) -> Self {
        let library = cargo.toml.str(&["lib", "path"]).map(Utf8Path::new);
        let library = library
            .and_then(Utf8Path::parent)
            .map_or("src", Utf8Path::as_str);
        let mut folders = vec!["src", "tests", library];
        folders.sort_unstable();
        folders.dedup();
        let mut tests = Self {
            code: false,
            documents: false,
        };
        for folder in folders {
            for file in disk::unignored_files(&cargo.dir().join(folder)) {
                if file.extension() == Some("rs") {
                    let text = disk::read_text(&file).ok().flatten().unwrap_or_default();
                    tests.code |= has_tests(&text);
                    tests.documents |= folder != "tests" && has_doctests(&text);
                }
            }
        }
        tests
    }
}

/// `#[test]`, an attribute whose path ends in `test` (tokio's), or a macro that makes tests.
fn has_tests(text: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        let attribute = line.strip_prefix("#[").unwrap_or_default();
        let path = attribute.split(['(', ']']).next().unwrap_or_default();
        path == "test"
            || path.ends_with("::test")
            || matches!(path, "rstest" | "test_case" | "quickcheck")
            || line.starts_with("proptest!")
            || line.starts_with("quickcheck!")
    })
}

/// A code block in a documentation comment that is Rust to rustdoc.
fn has_doctests(text: &str) -> bool {
    let mut inside = false;
    for line in text.lines().map(str::trim_start) {
        let Some(comment) = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"))
        else {
            inside = false;
            continue;
        };
        let Some(language) = comment.trim_start().strip_prefix("```") else {
            continue;
        };
        inside = !inside;
        let mut words = language.trim().split(',').map(str::trim);
        let rust = |word: &str| {
            matches!(
                word,
                "" | "rust" | "no_run" | "should_panic" | "compile_fail"
            ) || word.starts_with("edition")
        };
        if inside && words.all(rust) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use crate::project::Member;

    use super::*;

    #[test]
    fn tests_are_recognised_by_their_attributes() {
        for text in [
            "#[test]\nfn a() {}",
            "    #[tokio::test(flavor = 'x')]",
            "#[rstest]",
            "proptest! {",
        ] {
            assert!(has_tests(text), "{text}");
        }
        for text in [
            "// #[test]",
            "#[cfg(test)]",
            "#[derive(Debug)]",
            "fn test() {}",
        ] {
            assert!(!has_tests(text), "{text}");
        }
    }

    #[test]
    fn only_rust_blocks_in_documentation_are_doctests() {
        assert!(has_doctests("/// ```\n/// f();\n/// ```"));
        assert!(has_doctests("//! ```rust,no_run\n//! ```"));
        assert!(!has_doctests("/// ```python\n/// f()\n/// ```"));
        assert!(!has_doctests("/// ```text\n/// ```\n"));
        assert!(!has_doctests("/// ```ignore\n/// ```\n"));
    }

    fn workspace(files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        for (name, text) in files {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        let member = Member {
            name: "py".into(),
            dir: dir.join("py"),
            manifest: dir.join("py/Cargo.toml"),
            workspace: dir,
            ..Member::default()
        };
        let project = Project {
            members: vec![member],
            ..Project::default()
        };
        (temp, project)
    }

    #[test]
    fn the_whole_workspace_is_tested_without_other_languages_bindings() {
        let files = [
            ("Cargo.toml", "[workspace]\nmembers = ['py', 'crates/*']\n"),
            (
                "py/Cargo.toml",
                "[package]\nname = 'py'\n[dependencies]\npyo3 = '0.29'\n",
            ),
            ("py/src/lib.rs", "/// ```\n/// python\n/// ```\n"),
            ("crates/core/Cargo.toml", "[package]\nname = 'core'\n"),
            (
                "crates/core/src/lib.rs",
                "/// ```\n/// ```\n#[test]\nfn a() {}\n",
            ),
            (
                "crates/node/Cargo.toml",
                "[package]\nname = 'node'\n[dependencies]\nnapi = '3'\n",
            ),
            ("crates/node/src/lib.rs", "#[test]\nfn a() {}\n"),
        ];
        let (_temp, project) = workspace(&files);
        let suites = RustSuite::find(&project, false).unwrap();
        assert_eq!(suites.len(), 1);
        assert_eq!(suites[0].tested, ["core"]);
        assert_eq!(suites[0].documented, ["core"]);
        assert!(!suites[0].links_python);
    }

    #[test]
    fn a_project_without_rust_tests_has_no_suite() {
        let files = [
            ("py/Cargo.toml", "[package]\nname = 'py'\n"),
            ("py/src/lib.rs", "fn f() {}\n"),
        ];
        let (_temp, mut project) = workspace(&files);
        project.members[0].workspace = project.members[0].dir.clone();
        assert!(RustSuite::find(&project, false).unwrap().is_empty());
    }
}
