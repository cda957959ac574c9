//! How a project's own automation runs its Rust tests.

use crate::facts::dependencies::Automation;

/// A call of `cargo test`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DocumentedTests {
    /// The feature flags.
    pub(super) features: Vec<String>,
    /// Whether documentation is tested too.
    pub(super) documentation: bool,
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
        let takes_all = |call: &&Self| call.features.iter().any(|it| it == "--all-features");
        let all = calls.iter().find(takes_all);
        let plain = || calls.iter().find(|call| call.features.is_empty());
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
            features: features(&options),
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

fn features(options: &[&str]) -> Vec<String> {
    let mut flags = Vec::new();
    let mut is_name = false;
    for option in options {
        let is_flag = matches!(*option, "--all-features" | "--no-default-features")
            || option.starts_with("--features=")
            || option.starts_with("-F") && option.len() > 2;
        let names = matches!(*option, "-F" | "--features");
        if is_flag || names || is_name {
            flags.push((*option).to_owned());
        }
        is_name = names;
    }
    flags
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

    #[test]
    fn all_features_go_before_none_and_none_before_some() {
        for (calls, features) in [
            ("cargo test", ""),
            ("cargo t -F a,b --release", "-F a,b"),
            ("cargo test --features=a -- --features b", "--features=a"),
            (
                "cargo +nightly test --no-default-features",
                "--no-default-features",
            ),
            ("cargo nextest run --all-features", "--all-features"),
            ("cargo test --features a\n\tcargo test", ""),
            ("cargo --locked test -F a", "-F a"),
            ("cargo -q --color always test -Fa", "-Fa"),
            ("cargo test\n\tcargo test --all-features", "--all-features"),
            (
                "cargo test --features a\n\tcargo test --features b",
                "--features a",
            ),
        ] {
            let said = said(&format!("test:\n\t{calls}\n")).unwrap();
            assert_eq!(said.features.join(" "), features, "{calls}");
        }
    }

    #[test]
    fn features_in_quotes_are_one_word() {
        let said = said("test:\n\tcargo --locked test --features \"a b\"\n").unwrap();
        assert_eq!(said.features, ["--features", "a b"]);
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
