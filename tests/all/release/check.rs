//! Every seeded defect is found, and by the rule or the linter that is there for it.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::hello::hello;
use crate::artifact::library::library;
use crate::artifact::parts::Parts;
use crate::artifact::wheels::{self, Case, INIT, stable_abi};
use crate::support::{Project, Pyx, folder};

/// Which of [`Hello::good`](super::hello::Hello) is spoilt.
const OLDEST: usize = 0;
const NEWEST: usize = 1;
const SDIST: usize = 2;

/// A defect of a distribution.
struct Seed {
    /// What is said of it: `[record-hash]` by our rule, `twine: …` by a linter.
    found: Vec<String>,
    good: usize,
    spoil: fn(&mut Parts),
}

/// The rules whose cases are taken from the tests of rules.
const RULES: [&str; 17] = [
    "bad-binary",
    "case-collision",
    "direct-url",
    "dist-info",
    "duplicate-member",
    "extension-suffix",
    "file-name",
    "init-mismatch",
    "license-file",
    "machine-mismatch",
    "platform-tag",
    "py-typed",
    "record-hash",
    "record-size",
    "secret",
    "unsafe-path",
    "version-mismatch",
];

/// The first case of each rule for which the project need not say anything.
fn of_rules(good: &Parts) -> Vec<Seed> {
    let tables = [
        wheels::NAMES,
        wheels::METADATA,
        wheels::RECORD,
        wheels::CONTENT,
        wheels::BINARIES,
    ];
    let first = |rule: &&str| {
        let alone = |case: &&Case| {
            let mut parts = good.clone();
            (case.spoil)(&mut parts);
            parts.expected == good.expected
        };
        let breaks = |case: &&Case| {
            let first = case.found.first();
            first.and_then(|found| found.strip_prefix("error ")) == Some(rule)
        };
        let mut cases = tables.into_iter().flatten().filter(breaks);
        let case = cases
            .find(alone)
            .unwrap_or_else(|| panic!("{rule} has no case"));
        Seed {
            found: vec![format!("[{rule}]")],
            good: OLDEST,
            spoil: case.spoil,
        }
    };
    RULES.iter().map(first).collect()
}

/// The symbol is none of the stable ABI of 3.9.
const BEYOND_ABI3: &str = "unsafe extern \"C\" { fn PyUnicode_AsUTF8(o: *const u8) -> *const u8; }
    #[unsafe(no_mangle)] pub extern \"C\" fn PyInit_hello() -> *const u8 {
        unsafe { PyUnicode_AsUTF8(core::ptr::null()) }
    }";

fn of_linters() -> Vec<Seed> {
    let seed = |found: &[&str], spoil: fn(&mut Parts)| Seed {
        found: found.iter().map(ToString::to_string).collect(),
        good: OLDEST,
        spoil,
    };
    vec![
        Seed {
            good: NEWEST,
            ..seed(&["stubtest: hello.greeting is inconsistent"], |parts| {
                parts.edit("__init__.pyi", "greeting()", "greeting(name: str)");
            })
        },
        seed(
            &["[glibc-too-new]", "auditwheel: it is consistent"],
            |parts| {
                *parts.bytes(".so") = as_this_machine_links();
            },
        ),
        seed(&["[requires-python-too-low]"], |parts| {
            parts.edit("/METADATA", ">=3.9", ">=3.8");
        }),
        seed(
            &["abi3audit: hello.abi3.so uses PyUnicode_AsUTF8"],
            |parts| {
                stable_abi(parts);
                *parts.bytes(".so") = library(BEYOND_ABI3, &[]);
            },
        ),
        // linters that die of it hide nothing
        seed(
            &["[bad-binary]", "abi3audit: ELF", "auditwheel: elftools"],
            |parts| {
                stable_abi(parts);
                let bytes = parts.bytes(".so");
                bytes.truncate(bytes.len() / 2);
            },
        ),
        seed(
            &["twine: ERROR `long_description` has syntax errors"],
            |parts| {
                parts.edit("/METADATA", "text/markdown", "text/x-rst");
                parts.edit("/METADATA", "# hello", ".. nonsense:: ::\n\nhello");
            },
        ),
        seed(
            &["hello/key.pem: `key.pem` usually holds secrets"],
            |parts| {
                parts.add("hello/key.pem", "key\n");
            },
        ),
        seed(
            &[
                "check-wheel-contents: W005: ",
                "(accepted by ignore = [\"W005\"] in `[tool.check-wheel-contents]`)",
            ],
            |parts| {
                parts.add("tests/__init__.py", "");
            },
        ),
        seed(&["check-wheel-contents: W001: "], |parts| {
            parts.add("hello/__pycache__/a.cpython-311.pyc", "");
        }),
        seed(&["[too-large]"], |parts| {
            parts.add("hello/data.bin", vec![0; 101 << 20]);
        }),
    ]
}

/// A module that needs the newest glibc that this machine's linker finds.
fn as_this_machine_links() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let (source, library) = (dir.path().join("hello.rs"), dir.path().join("libhello.so"));
    let text =
        format!("#[unsafe(no_mangle)] pub fn all() {{ drop(std::thread::spawn(|| ())); }}\n{INIT}");
    fs::write(&source, text).unwrap();
    let run = Command::new("rustc")
        .args([
            "--crate-type=cdylib",
            "--edition=2024",
            "-Cstrip=symbols",
            "-o",
        ])
        .args([&library, &source])
        .status();
    assert!(run.unwrap().success());
    fs::read(library).unwrap()
}

/// As [`of_linters`], for the sdist.
fn of_sdists() -> Vec<Seed> {
    let seed = |found: &str, spoil: fn(&mut Parts)| Seed {
        found: vec![found.to_owned()],
        good: SDIST,
        spoil,
    };
    vec![
        seed("[missing-source]", |parts| parts.remove("/src/lib.rs")),
        seed("[license-file]", |parts| parts.remove("/LICENSE")),
        seed("[secret]", |parts| parts.add("hello-0.1.0/.env", "A=1\n")),
    ]
}

/// The distribution in a folder of the project.
fn put(parts: Parts, project: &Project, folder: &str) -> String {
    let folder = project.path("target").join(folder);
    let path = match Path::new(&parts.file).extension() {
        Some(ending) if ending == "whl" => parts.wheel(&folder),
        _ => parts.sdist(&folder),
    };
    path.into_string()
}

/// `cargo pyx release check FILE…`
fn check(project: &Project, paths: &[String]) -> Pyx {
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    project.release(&["check"]).with(&paths)
}

#[test]
fn f35_every_seeded_defect_is_found_and_good_distributions_pass() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    let good = &hello().good;
    let paths = good.clone().map(|parts| put(parts, &project, "good"));
    let run = check(&project, &paths).run().succeeds();
    run.never_says("warning").never_says("error");
    // now the project says for which stable ABI it builds
    let stable = "pyo3 = { version = \"0.29\", features = [\"abi3-py39\"] }";
    project.edit("Cargo.toml", "pyo3 = \"0.29\"", stable);
    let mut seeds = of_rules(&good[OLDEST]);
    seeds.extend(of_linters());
    assert!(seeds.len() >= 23, "{}", seeds.len());
    seeds.extend(of_sdists());
    let spoilt = seeds.iter().enumerate().map(|(index, seed)| {
        let mut parts = good[seed.good].clone();
        (seed.spoil)(&mut parts);
        put(parts, &project, &index.to_string())
    });
    let paths: Vec<String> = spoilt.collect();
    let run = check(&project, &paths).run().exits(1);
    let missed = |(path, seed): (&String, &Seed)| {
        let shown = Path::new(path).strip_prefix(&project.root).unwrap();
        let shown = format!("error: {}: ", shown.display());
        let said = |text: &String| {
            let mut lines = run.stderr.lines();
            lines.any(|line| line.starts_with(&shown) && line.contains(text))
        };
        let missing: Vec<&String> = seed.found.iter().filter(|text| !said(text)).collect();
        (!missing.is_empty()).then(|| format!("{path}: {missing:?}"))
    };
    let missed: Vec<String> = paths.iter().zip(&seeds).filter_map(missed).collect();
    assert!(missed.is_empty(), "{}\n{run}", missed.join("\n"));
    fs::remove_dir_all(project.path("target")).unwrap(); // one of them is large
}

#[test]
fn what_a_finding_says_would_accept_it_accepts_it() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    let mut parts = hello().good[OLDEST].clone();
    parts.add(&format!("hello/{}.txt", "a".repeat(220)), "");
    parts.add("tests/__init__.py", "");
    let path = [put(parts, &project, "long")];
    let run = check(&project, &path).run().exits(1);
    let accepts = [
        ("pydistcheck", "path-too-long"),
        ("check-wheel-contents", "W005"),
    ];
    let mut run = run;
    for (linter, rule) in accepts {
        let said = format!("(accepted by ignore = [\"{rule}\"] in `[tool.{linter}]`)");
        run = run.says(&said);
        let table = format!("\n[tool.{linter}]\nignore = [\"{rule}\"]\n");
        project.append("pyproject.toml", &table);
    }
    let run = check(&project, &path).run();
    run.never_says("path-too-long").never_says("W005");
}
