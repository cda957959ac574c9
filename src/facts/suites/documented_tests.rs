//! How a project's own automation runs its Rust tests.

use crate::facts::dependencies::Automation;

/// A call of `cargo test`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DocumentedTests {
    pub(super) features: DocumentedFeatures,
    /// Whether documentation is tested too.
    pub(super) documentation: bool,
}

/// The features that it asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentedFeatures {
    /// `--all-features`
    pub all: bool,
    /// `--no-default-features`
    pub no_default: bool,
    /// In the order in which they are named.
    pub names: Vec<String>,
}

/// Options that mark a call as being about other crates, or for another platform.
const OF_OTHERS: [&str; 5] = [
    "-p",
    "--package",
    "--manifest-path",
    "--target",
    "--exclude",
];

/// Options that restrict a call to targets that are never documentation.
const OF_TARGETS: [&str; 6] = [
    "--lib",
    "--bins",
    "--bin",
    "--tests",
    "--test",
    "--all-targets",
];

impl DocumentedTests {
    /// The call that covers most of the crate: with all features if any has that, else without named features
    /// if any is like that, as people type it; else the first. `None` without any.
    pub(super) fn of(automation: &Automation) -> Option<Self> {
        let calls = automation.calls_of("cargo");
        let calls: Vec<Self> = calls.into_iter().filter_map(Self::parse).collect();
        let takes_all = |call: &&Self| call.features.all;
        let all = calls.iter().find(takes_all);
        let plain = || {
            calls
                .iter()
                .find(|call| call.features == DocumentedFeatures::default())
        };
        all.or_else(plain).or(calls.first()).cloned()
    }

    /// `None` for a call that does not test the crate, or not on this platform.
    fn parse(given: &[String]) -> Option<Self> {
        let mut words = given.iter().map(String::as_str);
        let is_nextest = match subcommand(&mut words)? {
            "test" | "t" => false,
            "nextest" if words.next() == Some("run") => true,
            _ => return None,
        };
        let options: Vec<&str> = words.take_while(|word| *word != "--").collect();
        let says = |names: &[&str]| {
            let is_joined = |word: &str| !word.starts_with("--") && word.starts_with("-p");
            let mut said = options.iter().filter_map(|it| it.split('=').next());
            said.any(|name| names.contains(&name) || is_joined(name) && names.contains(&"-p"))
        };
        (!says(&OF_OTHERS)).then(|| Self {
            features: DocumentedFeatures::of(&options),
            documentation: !is_nextest && !says(&OF_TARGETS),
        })
    }
}

/// The first word that is not an option of cargo itself (cargo book, "cargo"); `None` if it is to work in
/// another folder.
fn subcommand<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<&'a str> {
    loop {
        match words.next()? {
            "--color" | "--config" | "-Z" => {
                words.next()?;
            }
            word if word.starts_with("-C") => return None,
            word if word.starts_with(['+', '-']) => {}
            word => return Some(word),
        }
    }
}

impl DocumentedFeatures {
    fn of(options: &[&str]) -> Self {
        let mut said = Self::default();
        let mut options = options.iter();
        while let Some(option) = options.next() {
            let names = match *option {
                "--all-features" => {
                    said.all = true;
                    continue;
                }
                "--no-default-features" => {
                    said.no_default = true;
                    continue;
                }
                "-F" | "--features" => options.next().copied(),
                joined => joined
                    .strip_prefix("--features=")
                    .or_else(|| joined.strip_prefix("-F=").or(joined.strip_prefix("-F"))),
            };
            let names = names.unwrap_or_default().split([',', ' ']);
            let names = names.filter(|name| !name.is_empty());
            said.names.extend(names.map(str::to_owned));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::world::disk;

    fn said(makefile: &str) -> Option<DocumentedTests> {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        disk::write(&dir.join("Makefile"), makefile.as_bytes()).unwrap();
        DocumentedTests::of(&Automation::read(dir).unwrap())
    }

    fn shown(features: &DocumentedFeatures) -> String {
        let all = features.all.then_some("all").into_iter();
        let no_default = features.no_default.then_some("no default");
        let names = features.names.iter().map(String::as_str);
        all.chain(no_default)
            .chain(names)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn all_features_go_before_none_and_none_before_some() {
        for (calls, features) in [
            ("cargo test", ""),
            ("cargo t -F a,b --release", "a b"),
            ("cargo test --features=a -- --features b", "a"),
            ("cargo +nightly test --no-default-features", "no default"),
            ("cargo nextest run --all-features", "all"),
            ("cargo test --features a\n\tcargo test", ""),
            ("cargo --locked test -F a", "a"),
            ("cargo -q --color always test -Fa,b", "a b"),
            ("cargo test\n\tcargo test --all-features", "all"),
            ("cargo test --features a\n\tcargo test --features b", "a"),
            (
                "cargo test --no-default-features --features=a -F=b",
                "no default a b",
            ),
        ] {
            let said = said(&format!("test:\n\t{calls}\n")).unwrap();
            assert_eq!(shown(&said.features), features, "{calls}");
        }
    }

    #[test]
    fn features_in_quotes_are_one_word() {
        let said = said("test:\n\tcargo --locked test --features \"a b\"\n").unwrap();
        assert_eq!(said.features.names, ["a", "b"]);
    }

    #[test]
    fn only_a_call_that_tests_this_crate_here_says_how() {
        for call in [
            "cargo clippy --all-features",
            "cargo nextest list",
            "cargo test -p other --all-features",
            "cargo test --manifest-path=other/Cargo.toml",
            "cargo test --target wasm32-wasip1",
            "cargo test $(FLAGS)",
            "cargo test -pother",
            "cargo -C other test",
        ] {
            assert_eq!(said(&format!("test:\n\t{call}\n")), None, "{call}");
        }
    }

    #[test]
    fn documentation_is_tested_where_no_other_targets_are_named() {
        for (call, documentation) in [
            ("cargo test --workspace", true),
            ("cargo test --doc", true),
            ("cargo test --tests", false),
            ("cargo test --test=all", false),
            ("cargo nextest run", false),
        ] {
            let said = said(&format!("test:\n\t{call}\n")).unwrap();
            assert_eq!(said.documentation, documentation, "{call}");
        }
    }
}
