use super::*;

const VALID: &[&str] = &[
    "dev",
    "dev -p a -p b --release",
    "dev --profile opt -F a,b --no-default-features",
    "dev --python 3.12 --group g --extra e --force",
    "-C dir dev --dry-run --offline --locked --frozen -vv --color never",
    "dev --message-format json -q --manifest-path rust/Cargo.toml",
    "dev --watch",
    "test",
    "t --rust -- --list",
    "test --py --fail-fast --wheel -- -k name --pdb",
    "test --python 3.9 --python 3.13 --release",
    "run python -c pass",
    "run --release -- python -V",
    "r --example version -- --flag",
    "run --watch --with a --env-file .env -m server --watch",
    "just",
    "just lint --fix",
    "just --list",
    "just -l",
    "just --release --yes --set who me lint --fix",
    "just --show cov",
    "just --eject lint fmt",
    "just --release -p a -F x --python 3.12 --group g lint --fix -p b",
    "release wheel --python 3.12 --python 3.13 --reproduce --allow-dirty -p a",
    "release wheel --compatibility manylinux_2_28 --target aarch64-unknown-linux-gnu",
    "release sdist --no-test --strict",
    "release check a.whl b.tar.gz",
    "release check -p a --out-dir wheelhouse",
    "release wheel --out-dir ../wheelhouse",
    "release sdist --out-dir wheelhouse",
    "release publish --out-dir wheelhouse --yes",
    "release publish",
    "release publish dist/a.whl dist/b.tar.gz --yes -p a",
    "release publish --index internal --dry-run --message-format json",
    "release publish --publish-url https://a/ --check-url https://a/simple/",
    "release wheel",
    "release wheel --python 3.12 --python 3.13 --compatibility musllinux_1_2 --reproduce",
    "release wheel --target aarch64-unknown-linux-gnu -p a -F x --profile opt --dry-run",
    "release wheel --allow-dirty --no-test --offline",
    "release sdist -p a --allow-dirty --no-test --reproduce",
    "release check",
    "release check dist/a.whl dist/a.tar.gz --allow-dirty",
    "release version",
    "release version 1.2.3-rc.1 -p a --force --dry-run",
    "release version --bump minor -v",
    "init --editor zed --editor vscode --yes",
    "init --editor vscode --dry-run",
    "ci matrix test --shards 3",
    "ci matrix wheels --durations seconds.json",
    "ci github --dry-run",
    "ci gitlab --yes",
    "test --shard 2/5 --durations seconds.json --python 3.12",
    "test --merge reports --junit tests.xml --durations seconds.json",
    "test --jobs 4 --junit tests.xml",
    "completions zsh",
    "completions pwsh",
    "man",
    "man --out DIR --dry-run",
    "doctor",
    "doctor --fix --yes --message-format json",
    "doctor --fix --dry-run",
    "env",
    "env --json",
    "env --shell powershell",
    "clean",
    "clean --env --dry-run",
    "clean --all",
    "new fast-words",
    "new dir/fast-words --layout embed --dry-run --offline",
    "new dir --name fast-words --layout src --abi3 3.11",
    "new x --layout mixed --message-format json -q",
    "init",
    "init --yes -C dir",
    "init --dry-run --manifest-path a/pyproject.toml --offline",
];

const INVALID: &[&str] = &[
    "",
    "dve",
    "dev --release --profile x",
    "dev --message-format xml",
    "dev extra",
    "dev --package=",
    "dev --profile=",
    "test --python=",
    "release wheel --python=",
    "test --exclude=",
    "release check --package=",
    "dev --python 3.9 --python 3.13",
    "test --rust --py",
    "test --rust --wheel",
    "test tests/test_a.py",
    "run",
    "run --bin a --example b",
    "just --list --show a",
    "release",
    "release wheel a",
    "release sdist --python 3.12",
    "release publish --index a --publish-url https://a/",
    "release publish --check-url https://a/simple/",
    "release publish --token secret",
    "release wheel dist",
    "release wheel --python",
    "release check --no-test",
    "release wheel --out-dir=",
    "release version 1.2.3 --bump major",
    "release version --bump last",
    "release version 1 2",
    "init --editor emacs",
    "completions",
    "completions tcsh",
    "doctor --yes",
    "doctor here",
    "env --json --shell fish",
    "env --shell tcsh",
    "clean target",
    "init a",
    "new",
    "new a b",
    "ci matrix test --shards x",
    "ci matrix test --shards 0",
    "new a --layout flat",
    "new a --abi3 3",
    "new a --abi3 2.7",
    "new a --abi3 3.7",
    "new a --abi3 3.99",
    "dev --manifest-path src/lib.rs",
    "dev --manifest-path rust",
];

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn literal_command_lines() {
    let parse = |line: &str| {
        let words = std::iter::once("cargo pyx").chain(line.split_whitespace());
        Cli::try_parse_from(words)
    };
    for line in VALID {
        assert!(parse(line).is_ok(), "{line}");
    }
    for line in INVALID {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn a_command_means_the_same_whether_or_not_the_others_are_described() {
    for line in VALID {
        let words = std::iter::once("cargo pyx").chain(line.split_whitespace());
        let words: Vec<OsString> = words.map(OsString::from).collect();
        let whole = Cli::try_parse_from(&words).unwrap();
        let matched = Cli::from_arg_matches(&matched(&words).unwrap()).unwrap();
        assert_eq!(format!("{matched:?}"), format!("{whole:?}"), "{line}");
    }
    let repeated = ["dev", "test", "run", "just"];
    assert!(repeated.iter().all(|word| described(word).is_some()));
}

#[test]
fn each_global_option_has_a_variable_of_its_name() {
    let command = Cli::command();
    let global = command.get_arguments().filter(|it| it.is_global_set());
    let mut count = 0;
    for option in global {
        let name = option.get_long().unwrap().replace('-', "_").to_uppercase();
        let variable = option.get_env().and_then(std::ffi::OsStr::to_str);
        assert_eq!(variable, Some(&*format!("CARGO_PYX_{name}")));
        count += 1;
    }
    assert!(count > 8, "{count}");
}

#[test]
fn doctor_calls_layouts_as_the_command_line_does() {
    use crate::facts::project::Layout;

    let found = [Layout::Mixed, Layout::Src, Layout::Pure, Layout::Embed];
    let said = found.map(|layout| serde_json::to_value(layout).unwrap());
    let names: Vec<String> =
        <crate::plan::scaffold::NewLayout as clap::ValueEnum>::value_variants()
            .iter()
            .map(|layout| clap::ValueEnum::to_possible_value(layout).unwrap())
            .map(|name| name.get_name().to_owned())
            .collect();
    assert_eq!(names, said);
}

/// What is said of a wrong command line.
fn said(line: &[&str]) -> String {
    let words = [&["cargo pyx"][..], line].concat();
    let error = Cli::try_parse_from(&words).unwrap_err();
    let words: Vec<std::ffi::OsString> = words.iter().map(Into::into).collect();
    mistakes::with_tip(error, &words, &Cli::command()).to_string()
}

#[test]
fn what_is_for_the_test_runner_is_told_its_place() {
    let place = "cargo pyx test --py -- tests/a.py\n";
    assert!(said(&["test", "tests/a.py"]).contains(place));
    assert!(!said(&["dev", "tests/a.py"]).contains("test runner"));
    for (line, call) in [
        (&["test", "-k", "a or b"][..], "test --py -- -k 'a or b'"),
        (
            &["t", "--offline", "-x", "tests"],
            "t --offline --py -- -x tests",
        ),
        (&["test", "--lf", "--", "-q"], "test --py -- --lf -q"),
        (
            &["test", "--rust", "--nocapture"],
            "test --rust -- --nocapture",
        ),
        (&["test", "--maxfail=1"], "test --py -- '--maxfail=1'"),
    ] {
        let said = said(line);
        assert!(said.contains(&format!("cargo pyx {call}\n")), "{said}");
        assert!(!said.contains("--all-features"), "{said}");
    }
    // a word that is nearly an option of `test` is most likely meant for that
    let near = said(&["test", "--relase"]);
    assert!(
        near.contains("'--release'") && !near.contains("test runner"),
        "{near}"
    );
}

#[test]
fn a_recipe_that_is_called_like_a_command_is_told_its_place() {
    for (line, call) in [
        (&["lint"][..], "just lint"),
        (&["docs"], "just docs"),
        (&["lint", "--fix"], "just lint --fix"),
        (
            &["-C", "a dir", "bench", "bench", "-k", "x"],
            "-C 'a dir' just bench bench -k x",
        ),
        (&["--dry-run", "cov"], "--dry-run just cov"),
    ] {
        let said = said(line);
        assert!(said.contains(&format!("cargo pyx {call}\n")), "{said}");
        assert!(!said.contains("similar"), "{said}");
    }
    assert!(said(&["relese"]).contains("'release'"));
    assert!(said(&["dve"]).contains("'dev'"));
    assert!(!said(&["release", "dve"]).contains("'dev'"));
    for line in [&["release", "lint"][..], &["completions", "docs"]] {
        assert!(!said(line).contains("recipe"), "{line:?}");
    }
}

fn options(command: &clap::Command) -> Vec<String> {
    let options = command.get_arguments().filter_map(clap::Arg::get_long);
    options.map(|name| name.replace('-', "\\-")).collect()
}

fn count(command: &clap::Command) -> usize {
    1 + command.get_subcommands().map(count).sum::<usize>()
}

#[test]
fn every_command_has_a_page_that_names_its_options_and_keeps_lines_of_examples() {
    let pages = man::pages(Cli::command()).unwrap();
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    assert_eq!(pages.len(), count(&command));
    assert_eq!(pages[0].0, "cargo-pyx.1");
    for command in command.get_subcommands() {
        let name = format!("cargo-pyx-{}.1", command.get_name());
        let (_, text) = pages.iter().find(|(known, _)| *known == name).unwrap();
        for option in options(command) {
            assert!(
                text.contains(&format!("\\-\\-{option}")),
                "{name} {option}:\n{text}"
            );
        }
        assert!(text.contains(".SH EXAMPLES\n.nf\n"), "{name}:\n{text}");
    }
    let nested = pages
        .iter()
        .any(|(name, _)| name == "cargo-pyx-release-wheel.1");
    assert!(
        nested,
        "{:?}",
        pages.iter().map(|(name, _)| name).collect::<Vec<_>>()
    );
}

fn next_of(words: &[&str]) -> (String, String) {
    let cli = Cli::parse_from([&["cargo pyx"], words].concat());
    let Command::New(new) = &cli.command else {
        panic!("{words:?}");
    };
    let shown = cli.global.seen_from_here(&new.path);
    (new::next(&shown), cli.global.command("init"))
}

#[test]
fn the_next_command_can_be_pasted_where_pyx_was_started() {
    for (words, expected, init) in [
        (
            &["new", "a"][..],
            "cd a && cargo pyx test",
            "cargo pyx init",
        ),
        (&["new", "."], "cargo pyx test", "cargo pyx init"),
        (
            &["new", "my dir/a"],
            "cd 'my dir/a' && cargo pyx test",
            "cargo pyx init",
        ),
        (
            &["-C", "my dir", "new", "."],
            "cd 'my dir' && cargo pyx test",
            "cargo pyx init -C 'my dir'",
        ),
    ] {
        assert_eq!(next_of(words), (expected.to_owned(), init.to_owned()));
    }
}

#[test]
fn another_name_changes_nothing_else() {
    let words = |line: &str| {
        let line = format!("cargo-pyx new {line}");
        let cli = Cli::parse_from(line.split(' '));
        let Command::New(new) = cli.command else {
            panic!("{line}");
        };
        new.words("b")
    };
    assert_eq!(words("a"), "new b");
    assert_eq!(words("x/a --layout pure"), "new x/b --layout pure");
    assert_eq!(
        words("x --name a --abi3 3.11"),
        "new x --name b --abi3 3.11"
    );
}

#[test]
fn an_empty_name_is_no_folder() {
    // `new "$NAME"` without one would fill the folder that one is in
    let error = Cli::try_parse_from(["cargo pyx", "new", ""]).unwrap_err();
    assert!(
        error.to_string().contains("the path of a folder"),
        "{error}"
    );
}

#[test]
fn an_empty_variable_counts_for_none_and_one_that_is_wrong_is_named() {
    let of = |value: &str| {
        let command = clap::Command::new("pyx").arg(
            clap::Arg::new("color")
                .long("color")
                .global(true)
                .value_parser(["always", "never"]),
        );
        let set = |name: &str| (name == "CARGO_PYX_COLOR").then(|| value.into());
        global::with_variables(
            command.mut_arg("color", |arg| arg.env("CARGO_PYX_COLOR")),
            &set,
        )
    };
    assert!(of("").get_arguments().all(|arg| arg.get_env().is_none()));
    assert!(
        of("never")
            .get_arguments()
            .any(|arg| arg.get_env().is_some())
    );
}

#[test]
fn a_wrong_value_of_a_variable_is_said_of_the_variable() {
    let error = || Cli::try_parse_from(["cargo pyx", "dev", "--color", "blue"]).unwrap_err();
    let set = |name: &str| (name == "CARGO_PYX_COLOR").then(|| "blue".into());
    let told = |words: &[&str]| {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        mistakes::naming_variable(error(), &words, &Cli::command(), &set).to_string()
    };
    assert!(told(&["cargo pyx", "dev"]).contains("'blue' for 'CARGO_PYX_COLOR'"));
    for words in [
        &["cargo pyx", "dev", "--color", "blue"][..],
        &["cargo pyx", "dev", "--color=blue"],
    ] {
        assert!(told(words).contains("'blue' for '--color"), "{words:?}");
    }
}

#[test]
fn machines_that_asked_for_json_are_told_of_a_wrong_command_line() {
    let asks = |line: &str, variable: Option<&str>| {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        mistakes::asks_for_json(&words, variable)
    };
    assert!(asks("pyx dev --nope --message-format json", None));
    assert!(asks("pyx dev --message-format=json --nope", None));
    assert!(asks("pyx dev --nope", Some("json")));
    assert!(!asks("pyx dev --message-format human --nope", Some("json")));
    assert!(!asks("pyx test --nope -- --message-format json", None));
    assert!(!asks("pyx dev --nope", None));
    let error = Cli::try_parse_from(["cargo pyx", "dev", "--offlin"]).unwrap_err();
    let (message, hint) = mistakes::parts(&error);
    assert_eq!(message, "unexpected argument '--offlin' found");
    assert_eq!(hint.unwrap(), "a similar argument exists: '--offline'");
    let error = Cli::try_parse_from(["cargo pyx", "run"]).unwrap_err();
    let (message, hint) = mistakes::parts(&error);
    assert!(
        message.contains("were not provided") && message.contains("COMMAND"),
        "{message}"
    );
    assert_eq!(hint, None);
}
