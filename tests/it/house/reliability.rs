//! The page of faults names the tests that hold them, and the exit codes as their own page has them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{root, rust_files, text};

/// By the number of a fault, the tests that say in their names that they hold it: `f01_…`, `f01_f02_…`.
fn tests_of_faults() -> BTreeMap<String, BTreeSet<String>> {
    let mut tests: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let suites = [("tests/it", ""), ("tests/all", " (`all`)")];
    let files = suites.into_iter().flat_map(|(name, suite)| {
        let folder = root().join(name);
        let files = rust_files(&folder).into_iter();
        files.map(move |file| (folder.clone(), file, suite))
    });
    for (folder, file, suite) in files {
        let place = file.strip_prefix(&folder).unwrap().with_extension("");
        let parts = place.iter().map(|part| part.to_str().unwrap());
        let parts: Vec<&str> = parts.filter(|part| *part != "mod").collect();
        for function in text(&file).split("\nfn ").skip(1) {
            let (name, _) = function.split_once('(').unwrap();
            let path = format!("`{}::{name}`{suite}", parts.join("::"));
            for number in name.split('_').map_while(number_of_fault) {
                tests.entry(number).or_default().insert(path.clone());
            }
        }
    }
    tests
}

/// `F04b` of `f04b`.
fn number_of_fault(word: &str) -> Option<String> {
    let digits = word
        .strip_prefix('f')?
        .trim_end_matches(|c: char| c.is_ascii_lowercase());
    let is_number = digits.len() == 2 && digits.parse::<u8>().is_ok();
    is_number.then(|| format!("F{}", &word[1..]))
}

/// A row with the tests that hold it, taken out of `tests`.
fn with_tests(row: &str, tests: &mut BTreeMap<String, BTreeSet<String>>) -> String {
    let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
    let [number, happens, done, ..] = cells[..] else {
        panic!("not four cells: {row}")
    };
    let held: Vec<String> = tests
        .remove(number)
        .unwrap_or_default()
        .into_iter()
        .collect();
    let held = match &held[..] {
        [] => String::new(),
        held => format!("{} ", held.join(", ")),
    };
    format!("| {number} | {happens} | {done} | {held}|")
}

/// The rows of a page that stand under its head `| Code | Meaning |`.
fn exit_codes(page: &str) -> Vec<&str> {
    let lines = page.lines().skip_while(|line| !line.starts_with("| Code "));
    lines.take_while(|line| line.starts_with('|')).collect()
}

/// The page, with what the tests and the page of exit codes say.
fn page(known: &str, codes: &str, tests: &mut BTreeMap<String, BTreeSet<String>>) -> String {
    let codes = exit_codes(codes).join("\n");
    let page = known.replace(&exit_codes(known).join("\n"), &codes);
    let lines = page.lines().map(|line| {
        if line.starts_with("| F") {
            with_tests(line, tests)
        } else {
            line.to_owned()
        }
    });
    lines.map(|line| line + "\n").collect()
}

#[test]
fn the_page_is_what_just_faults_writes_and_names_every_test_of_a_fault() {
    let path = root().join("docs/reliability.md");
    let known = text(&path);
    let codes = text(&root().join("docs/exit-codes.md"));
    assert!(exit_codes(&codes).len() > 8 && exit_codes(&known).len() > 8);
    let mut tests = tests_of_faults();
    let expected = page(&known, &codes, &mut tests);
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reliability.md");
    std::fs::write(&new, &expected).unwrap();
    assert!(known == expected, "cp {} {}", new.display(), path.display());
    let rows = known.lines().filter(|line| line.starts_with("| F")).count();
    assert!(
        rows > 50 && tests.is_empty(),
        "{rows} rows, without {tests:?}"
    );
}

#[test]
fn every_exit_code_of_the_program_is_on_the_page() {
    use cargo_pyx::model::exit::Exit;
    let all = [
        Exit::Success,
        Exit::Failed,
        Exit::Usage,
        Exit::Tool,
        Exit::Environment,
        Exit::NoTests,
        Exit::Bug,
    ];
    let codes = text(&root().join("docs/exit-codes.md"));
    let told: Vec<u8> = exit_codes(&codes)
        .iter()
        .filter_map(|row| {
            row.split(['|', ' '])
                .find(|word| !word.is_empty())?
                .parse::<u8>()
                .ok()
        })
        .collect();
    assert_eq!(told, all.map(Exit::code));
}
