//! The Rust tests of a project: of the extension crates, of their cargo workspaces, and of path
//! dependencies outside those.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::Automation;
use crate::facts::project::{
    Bindings, Member, Project, crates_outside, depends_on_python, links_python_optionally,
    workspace_crates,
};
use crate::model::error::Result;
use crate::world::disk;
use crate::world::manifest::{CargoToml, Manifests, RustRunner};

use super::doctests::{Doctests, doctests};
use super::documented_tests::{DocumentedFeatures, DocumentedTests};
use super::rust_sources::RustSources;

/// One run of `cargo test`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RustSuite {
    /// The member whose build it is linked with.
    pub member: String,
    /// The Cargo.toml of the workspace or of the crate.
    pub manifest: Utf8PathBuf,
    /// Packages with unit or integration tests, sorted.
    pub tested: Vec<String>,
    /// Library packages with documentation tests, sorted. The doc comments of an extension crate are Python
    /// docstrings.
    pub documented: Vec<String>,
    /// cargo's package IDs for those of them that share their name with another package, such as an older
    /// version of the crate that its tests depend on: `name@version`.
    pub specs: BTreeMap<String, String>,
    /// Whether any of them links PyO3.
    pub links_python: bool,
    /// Those of `tested` with a program that has its own harness.
    pub own_harness: Vec<String>,
    /// Those of `tested` whose tests may start an example: a plain `cargo test` compiles those, but one
    /// without documentation tests does not.
    pub starting_examples: Vec<String>,
    /// Whether cargo-nextest runs `tested`.
    pub nextest: bool,
    /// The features with which the project's own automation tests the crate, if no build of an extension
    /// determines them.
    pub documented_features: Option<DocumentedFeatures>,
}

/// The Rust tests of a project.
#[derive(Debug, Default)]
pub(super) struct RustTests {
    pub(super) suites: Vec<RustSuite>,
    /// Extension packages with documentation that is Rust and not tested.
    pub(super) untested_documentation: BTreeSet<String>,
}

/// Crates that bind to other languages: packages that require them need other tools.
const OTHER_LANGUAGES: [&str; 8] = [
    "extendr-api",
    "jni",
    "magnus",
    "napi",
    "neon",
    "node-bindgen",
    "robusta_jni",
    "rustler",
];

impl RustSuite {
    /// `has_nextest`: whether cargo-nextest is on PATH.
    pub(super) fn find(project: &Project, has_nextest: bool) -> Result<RustTests> {
        let mut found = RustTests::default();
        let mut seen = BTreeSet::new();
        let extensions: BTreeSet<&Utf8Path> = project
            .members
            .iter()
            .filter(|member| member.bindings != Bindings::Embed)
            .map(Member::manifest)
            .collect();
        let others: BTreeSet<&Utf8Path> = project.others.iter().map(Member::manifest).collect();
        for member in &project.members {
            let config = &member.config().test;
            if config.rust == RustRunner::None {
                continue;
            }
            let configured = disk::is_file(&member.workspace.join(".config/nextest.toml"));
            let nextest = match config.rust {
                RustRunner::Nextest => true,
                RustRunner::Auto => configured && has_nextest,
                RustRunner::Cargo | RustRunner::None => false,
            };
            let said = documented_tests(member)?;
            let said = said.as_ref();
            for crates in crates(project, member)? {
                let mut suite = Self {
                    member: member.name.clone(),
                    nextest,
                    ..Self::default()
                };
                for cargo in crates {
                    let manifest = &*cargo.toml.path;
                    if !others.contains(manifest) && seen.insert(manifest.to_owned()) {
                        let own = said.filter(|_| manifest == member.manifest());
                        let documented = config.doctests || own.is_some_and(|it| it.documentation);
                        let docstrings = extensions.contains(manifest) && !documented;
                        found.untested_documentation.extend(suite.add(
                            &project.manifests,
                            &cargo,
                            docstrings,
                        )?);
                        suite.specify(&project.manifests, member, &cargo)?;
                    }
                }
                if !(suite.tested.is_empty() && suite.documented.is_empty()) {
                    let is_alone = suite.is_of(member);
                    suite.documented_features =
                        said.filter(|_| is_alone).map(|it| it.features.clone());
                    found.suites.push(suite);
                }
            }
        }
        Ok(found)
    }

    /// `docstrings`: the crate's doc comments are Python's. Returns its name if Rust is among them all the same.
    fn add(
        &mut self,
        manifests: &Manifests,
        cargo: &CargoToml,
        docstrings: bool,
    ) -> Result<Option<String>> {
        let Some(name) = cargo.package_name() else {
            return Ok(None);
        };
        if binds_to_another_language(cargo) {
            return Ok(None);
        }
        let tests = CrateTests::of(cargo);
        let documented = tests.documents != Doctests::None && cargo.has_lib() && !docstrings;
        let is_left_out = docstrings && tests.documents == Doctests::Rust && cargo.has_lib();
        let left_out = is_left_out.then(|| name.to_owned());
        if !(tests.code || documented) {
            return Ok(left_out);
        }
        if self.manifest.as_str().is_empty() {
            self.manifest.clone_from(&cargo.toml.path);
        }
        if tests.code {
            self.tested.push(name.to_owned());
            if cargo.has_own_harness() {
                self.own_harness.push(name.to_owned());
            }
            if starts_examples(cargo) {
                self.starting_examples.push(name.to_owned());
            }
        }
        if documented {
            self.documented.push(name.to_owned());
        }
        self.links_python |= depends_on_python(manifests, cargo)?;
        self.tested.sort();
        self.documented.sort();
        Ok(left_out)
    }
}

impl RustSuite {
    /// Whether it tests this member's crate and no other.
    fn is_of(&self, member: &Member) -> bool {
        let own = member.cargo.package_name();
        let mut packages = self.tested.iter().chain(&self.documented);
        packages.all(|package| Some(package.as_str()) == own)
    }

    /// If Cargo.lock has several packages with a crate's name.
    fn specify(&mut self, manifests: &Manifests, member: &Member, cargo: &CargoToml) -> Result<()> {
        let lock = manifests.toml(&member.workspace.join("Cargo.lock"))?;
        let (Some(lock), Some(name)) = (lock, cargo.package_name()) else {
            return Ok(());
        };
        let is_shared = lock.packages().filter(|(one, _)| one == name).count() > 1;
        let locked = || lock.own_entry(name)?.version; // where none is said
        let version = cargo.settled_version().or_else(locked);
        if let Some(version) = version.filter(|_| is_shared) {
            let spec = format!("{name}@{}", version.value);
            self.specs.insert(name.to_owned(), spec);
        }
        Ok(())
    }
}

/// A crate that is not an extension, or one only behind a feature, is tested the way its project tests it:
/// the feature that enables the extension may break its tests.
fn documented_tests(member: &Member) -> Result<Option<DocumentedTests>> {
    if member.bindings != Bindings::Embed && !links_python_optionally(&member.cargo) {
        return Ok(None);
    }
    Ok(DocumentedTests::of(&Automation::read(&member.dir)?))
}

/// What is behind a feature or for another platform says nothing about the crate's tests here.
fn binds_to_another_language(cargo: &CargoToml) -> bool {
    let is_cdylib = cargo.crate_types().iter().any(|kind| kind == "cdylib");
    let is_for_wasm = is_cdylib && cargo.requires("wasm-bindgen");
    is_for_wasm || OTHER_LANGUAGES.iter().any(|name| cargo.requires(name))
}

/// The crates whose tests are run by one call: those of the member's workspace, and each of its path
/// dependencies outside that.
fn crates(project: &Project, member: &Member) -> Result<Vec<Vec<Arc<CargoToml>>>> {
    let inside = workspace_crates(&project.manifests, member)?;
    let outside = crates_outside(member, &inside);
    let mut calls = vec![inside];
    calls.extend(outside.into_iter().map(|cargo| vec![cargo]));
    Ok(calls)
}

/// What a crate's sources contain, read without compiling them.
struct CrateTests {
    code: bool,
    documents: Doctests,
}

impl CrateTests {
    fn of(cargo: &CargoToml) -> Self {
        let mut tests = Self {
            code: !cargo.tests().is_empty() || cargo.has_own_harness(),
            documents: Doctests::None,
        };
        // cargo book, "Cargo Targets": what the library says of its own tests; plain `cargo test --doc`
        // would pass over it
        let says = |key| cargo.toml.bool(&["lib", key]) != Some(false);
        let in_code =
            says("test") || !cargo.bins().is_empty() || !cargo.stated_sources().is_empty();
        let in_documents = says("doctest");
        let sources = RustSources::of(cargo);
        tests.code |= in_code && sources.has_unknown;
        for (file, text) in &sources.files {
            tests.code |= in_code && has_tests(text);
            if in_documents {
                tests.documents = tests.documents.max(doctests(text, file));
            }
        }
        tests
    }
}

/// Whether an integration test mentions the folder in which cargo puts examples.
fn starts_examples(cargo: &CargoToml) -> bool {
    let says = |file: &Utf8PathBuf| {
        let text = disk::read_text(file).ok().flatten().unwrap_or_default();
        file.extension() == Some("rs") && text.contains("examples")
    };
    let files = || disk::unignored_files(&cargo.dir().join("tests"));
    !cargo.examples().is_empty() && files().iter().any(says)
}

/// Anything that by its name may be a test. A false positive costs a compilation; a false negative is never
/// run.
fn has_tests(text: &str) -> bool {
    let lines = text.lines().map(str::trim_start);
    let code: Vec<&str> = lines.filter(|line| !line.starts_with("//")).collect();
    let is_test = |line: &&str| {
        let makes = line.split_once('!').map(|(path, _)| path);
        let mut attributes = line.split("#[").skip(1).map(attribute);
        attributes.any(makes_tests) || makes.is_some_and(is_of_tests)
    };
    code.iter().any(is_test) || has_module_of_tests(&code)
}

/// Whether a module is compiled only for tests: the attributes in it may have any name.
fn has_module_of_tests(code: &[&str]) -> bool {
    let is_for_tests = |line: &str| {
        let mut conditions = ["#[cfg(test)]", "#[cfg(all(test"].iter();
        conditions.any(|only| line.starts_with(only))
    };
    let items = |at: usize| code[at..].iter().map(|line| item(line));
    code.iter().enumerate().any(|(at, line)| {
        let first = items(at).find(|item| !item.is_empty()).unwrap_or_default();
        let mut words = first.split_whitespace();
        is_for_tests(line) && words.find(|word| !word.starts_with("pub")) == Some("mod")
    })
}

/// What a line has after its attributes.
fn item(line: &str) -> &str {
    let mut rest = line.trim_start();
    while let Some((_, after)) = rest
        .strip_prefix("#[")
        .map(|it| it.split_once(']').unwrap_or_default())
    {
        rest = after.trim_start();
    }
    rest
}

/// The path of an attribute, from what follows its bracket.
fn attribute(text: &str) -> &str {
    let of_all = text.split([']', '(', '=']).next().unwrap_or_default();
    let last = || text.rsplit(',').next().unwrap_or_default();
    let path = if of_all == "cfg_attr" { last() } else { of_all };
    path.split([']', '(', ')'])
        .next()
        .unwrap_or_default()
        .trim()
}

/// Whether the path of a macro ends in the name of one that makes tests: `rstest::rstest`, `proptest`.
fn is_of_tests(path: &str) -> bool {
    let name = path.rsplit("::").next().unwrap_or(path);
    is_path(path) && (name.contains("test") || name == "quickcheck") && name != "doctest"
}

/// Whether an attribute makes tests, by its name or by where it is from: `tokio::test`, `test_case`,
/// `datatest::files`.
fn makes_tests(path: &str) -> bool {
    let is_from = path.rsplit("::").skip(1).any(|part| part.contains("test"));
    is_of_tests(path) || is_from && is_path(path)
}

fn is_path(text: &str) -> bool {
    let letters = |letter: char| letter.is_alphanumeric() || "_:".contains(letter);
    text.chars().all(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_recognised_by_their_attributes_and_macros_wherever_those_are_from() {
        for text in [
            "#[test]\nfn a() {}",
            "    #[tokio::test(flavor = 'x')]",
            "mod tests { #[test] fn a() {} }",
            "#[rstest]",
            "#[rstest::rstest]",
            "#[test_case::test_case(1, 2; \"three\")]",
            "#[gtest]",
            "#[quickcheck_macros::quickcheck]",
            "#[cfg_attr(not(target_arch = \"wasm32\"), test)]",
            "proptest! {",
            "proptest::proptest! {",
            "quickcheck::quickcheck! {",
            "#[datatest::files(\"data\", { input in r\"(.*).txt\" })]",
            "#[cfg(test)]\nmod cases {\n    #[parameterized(a = { 1 })]\n    fn f(a: u8) {}\n}",
            "#[cfg(test)]\n#[rustfmt::skip]\npub(crate) mod cases;",
            "#[cfg(all(test, feature = \"x\"))] mod cases;",
        ] {
            assert!(has_tests(text), "{text}");
        }
        for text in [
            "// #[test]",
            "#[cfg(test)]",
            "#[cfg(test)]\nuse std::fs;\nmod other;",
            "#[cfg(not(test))]\nmod other;",
            "#[cfg(any(feature = \"testing\", test))]",
            "#[cfg_attr(test, derive(Debug))]",
            "#[cfg_attr(any(miri, test), derive(Debug, Clone))]",
            "#[derive(Debug)]",
            "#[doc = \"see test_x\"]",
            "println!(\"test\");",
            "if test() != test { panic!() }",
            "fn test() {}",
        ] {
            assert!(!has_tests(text), "{text}");
        }
    }

    #[test]
    fn what_is_behind_a_feature_or_for_another_platform_is_no_binding() {
        let is_foreign = |text: &str| {
            let path = Utf8Path::new("/p/Cargo.toml");
            let toml = crate::world::manifest::Toml::parse(path, text).unwrap();
            binds_to_another_language(&CargoToml::of(toml).unwrap())
        };
        let cdylib = "[lib]\ncrate-type = ['cdylib', 'rlib']\n";
        let required = "[dependencies]\nwasm-bindgen = '0.2'\n";
        assert!(is_foreign(&format!("{cdylib}{required}")));
        assert!(is_foreign("[dependencies]\nnapi = '3'\n"));
        for text in [
            required.to_owned(),
            format!(
                "{cdylib}[dependencies]\nwasm-bindgen = {{ version = '0.2', optional = true }}\n"
            ),
            format!(
                "{cdylib}[target.'cfg(target_arch = \"wasm32\")'.dependencies]\nwasm-bindgen = '0.2'\n"
            ),
            "[dependencies]\nnapi = { version = '3', optional = true }\n".to_owned(),
            "[dev-dependencies]\nwasm-bindgen-test = '0.3'\n".to_owned(),
        ] {
            assert!(!is_foreign(&text), "{text}");
        }
    }

    /// Whether a crate of this has tests, and documentation tests.
    fn tests_of(files: &[(&str, &str)]) -> (bool, bool) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        disk::write(&dir.join("Cargo.toml"), b"[package]\nname = 'x'\n").unwrap();
        for (name, text) in files {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        let manifests = Manifests::default();
        let cargo = manifests.cargo(&dir.join("Cargo.toml")).unwrap().unwrap();
        let tests = CrateTests::of(&cargo);
        (tests.code, tests.documents != Doctests::None)
    }

    #[test]
    fn a_program_of_tests_is_tested_whatever_makes_its_tests() {
        let lib = ("src/lib.rs", "pub fn f() {}\n");
        for file in ["tests/all.rs", "tests/all/main.rs"] {
            let files = [lib, (file, "datatest::harness!(f);\n")];
            assert_eq!(tests_of(&files), (true, false), "{file}");
        }
        for target in [
            "[[test]]\nname = 'a'\npath = 'a.rs'",
            "[lib]\nharness = false",
        ] {
            let manifest = format!("[package]\nname = 'x'\n{target}\n");
            let files = [lib, ("Cargo.toml", &manifest)];
            assert_eq!(tests_of(&files), (true, false), "{target}");
        }
        // another crate, and data of Python's tests
        let files = [lib, ("tests/crate/src/lib.rs", "#[test]\nfn a() {}\n")];
        assert_eq!(tests_of(&files), (false, false));
        assert_eq!(tests_of(&[lib]), (false, false));
    }

    #[test]
    fn tests_count_wherever_the_crate_takes_them_in_from() {
        let tested = "#[test]\nfn a() {}\n";
        let path = ("src/lib.rs", "#[path = \"../unit/a.rs\"]\nmod a;\n");
        assert_eq!(tests_of(&[path, ("unit/a.rs", tested)]), (true, false));
        assert_eq!(tests_of(&[path, ("unit/a.rs", "")]), (false, false));
        let computed = ("src/lib.rs", "include!(concat!(env!(\"X\"), \"/a.rs\"));\n");
        assert_eq!(tests_of(&[computed]), (true, false));
        // whose library says of itself that it has none
        let manifest =
            "[package]\nname = 'x'\n[lib]\ntest = false\n[[example]]\nname = 'a'\ntest = true\n";
        let example = [
            ("Cargo.toml", manifest),
            ("src/lib.rs", ""),
            ("examples/a.rs", tested),
        ];
        assert_eq!(tests_of(&example), (true, false));
        assert_eq!(tests_of(&example[..2]), (false, false));
    }

    #[test]
    fn documentation_in_files_of_its_own_is_tested_where_it_holds_rust() {
        let documents = |line: &str, readme| {
            let files = [("src/lib.rs", line), ("README.md", readme)];
            tests_of(&files).1
        };
        let include = "#![doc = include_str!(\"../README.md\")]\n";
        let hidden = "#![cfg_attr(doctest, doc = include_str!(\"../README.md\"))]\n";
        for line in [include, hidden] {
            assert!(documents(line, "# X\n\n```rust\nx::f();\n```\n"), "{line}");
            assert!(!documents(line, "# X\n\n```python\nx.f()\n```\n"), "{line}");
        }
        // nobody but the compiler knows which file that is
        let computed = "#![doc = include_str!(concat!(env!(\"OUT_DIR\"), \"/x.md\"))]\n";
        for line in [computed, "doc_comment::doctest!(\"../README.md\");\n"] {
            assert!(documents(line, ""), "{line}");
        }
        assert!(!documents("//! Nothing.\n", "```\nx::f();\n```\n"));
    }

    fn workspace(files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        for (name, text) in files {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        let manifests = Manifests::default();
        let cargo = |path: &str| manifests.cargo(&dir.join(path)).unwrap();
        let member = Member {
            name: "py".into(),
            dir: dir.join("py"),
            cargo: cargo("py/Cargo.toml").unwrap(),
            workspace_cargo: cargo("Cargo.toml"),
            workspace: dir.clone(),
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
        let suites = RustSuite::find(&project, false).unwrap().suites;
        assert_eq!(suites.len(), 1);
        assert_eq!(suites[0].tested, ["core"]);
        assert_eq!(suites[0].documented, ["core"]);
        assert!(!suites[0].links_python);
    }

    #[test]
    fn a_crate_that_shares_its_name_is_known_by_its_version() {
        let package =
            |name: &str, version| format!("[[package]]\nname = '{name}'\nversion = '{version}'\n");
        let other = "[[package]]\nname = 'core'\nversion = '1.0.0'\nsource = 'registry+x'\n";
        let workspace_of = "[workspace]\nmembers = ['py', 'core']\n";
        for (root, said, version) in [
            ("", "version = '2.1.0'", "2.1.0"),
            (
                "[workspace.package]\nversion = '2.1.0'\n",
                "version.workspace = true",
                "2.1.0",
            ),
            ("", "", "0.0.0"),
        ] {
            let lock = [
                package("core", version),
                other.into(),
                package("py", "1.0.0"),
            ]
            .concat();
            let files = [
                ("Cargo.toml", &*[workspace_of, root].concat()),
                ("Cargo.lock", &lock),
                (
                    "py/Cargo.toml",
                    "[package]\nname = 'py'\nversion = '1.0.0'\n",
                ),
                ("py/src/lib.rs", "#[test]\nfn a() {}\n"),
                (
                    "core/Cargo.toml",
                    &format!("[package]\nname = 'core'\n{said}\n"),
                ),
                ("core/src/lib.rs", "#[test]\nfn a() {}\n"),
            ];
            let (_temp, project) = workspace(&files);
            let suites = RustSuite::find(&project, false).unwrap().suites;
            let expected = [("core".to_owned(), format!("core@{version}"))];
            assert_eq!(suites[0].specs, expected.into());
        }
    }

    #[test]
    fn a_project_without_rust_tests_has_no_suite() {
        let files = [
            ("py/Cargo.toml", "[package]\nname = 'py'\n"),
            ("py/src/lib.rs", "fn f() {}\n"),
        ];
        let (_temp, mut project) = workspace(&files);
        project.members[0].workspace = project.members[0].dir.clone();
        assert!(RustSuite::find(&project, false).unwrap().suites.is_empty());
    }
}
