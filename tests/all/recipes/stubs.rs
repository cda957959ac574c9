//! `types` and `stubs`.

use crate::recipe_call::just;
use crate::support::{CheckOutcome, project};

#[test]
fn types_finds_what_stubs_say_wrongly() {
    let project = project!("mixed");
    just(&project, &["types"]).run().succeeds();
    project.edit("python/mixed/_mixed.pyi", "text: str", "word: str");
    let wrong = |run: CheckOutcome| {
        assert!(run.stdout.contains("mixed._mixed.count_words"), "{run}");
        run.exits(1)
    };
    wrong(just(&project, &["types"]).run());
    project.remove("python/mixed/py.typed");
    wrong(just(&project, &["types"]).run()).says("has no `py.typed`");

    project.write("tests/stubtest-allowlist.txt", "mixed._mixed.count_words\n");
    just(&project, &["types"]).run().succeeds();
    project.remove("python/mixed/_mixed.pyi");
    let none = just(&project, &["types"]).run().exits(1);
    none.says("no stubs (`.pyi`) of `mixed._mixed`");
}

#[test]
fn types_knows_modules_that_maturin_wraps() {
    let project = project!("hello");
    just(&project, &["types"]).run().succeeds();
    assert_eq!(project.traces(), "");
    project.edit("hello.pyi", "a: int", "x: int");
    let run = just(&project, &["types"]).run().exits(1);
    assert!(run.stdout.contains("hello.sum_as_string"), "{run}");
}

#[test]
fn stubs_come_from_the_rust_code() {
    let project = project!("mixed");
    let stub = "python/mixed/_mixed.pyi";
    let run = just(&project, &["stubs"]).run().exits(1);
    run.says("does not enable")
        .says("cargo add pyo3 --features experimental-inspect");

    let inspected = r#"pyo3 = { version = "0.29", features = ["experimental-inspect"] }"#;
    project.edit("Cargo.toml", r#"pyo3 = "0.29""#, inspected);
    project.edit(stub, "-> int", "-> str");
    project.commit();
    let drift = just(&project, &["stubs", "--check"]).run().exits(1);
    assert!(
        drift.stdout.contains("+def count_words(text: str) -> int"),
        "{drift}"
    );
    assert_eq!(project.traces(), "");

    just(&project, &["stubs"]).run().succeeds().says("Wrote");
    assert_eq!(project.traces(), format!(" M {stub}\n"));
    assert!(
        project
            .read(stub)
            .contains("def count_words(text: str) -> int")
    );
    just(&project, &["stubs", "--check"]).run().succeeds();
    // which finds the library that the stubs were read from where it was
    project.pyx("test").run().succeeds();
    just(&project, &["types"]).run().succeeds();
    just(&project, &["lint", "ruff"]).run().succeeds();
    let fresh = project.dev().run().succeeds();
    fresh.never_says("Compiling");
}
