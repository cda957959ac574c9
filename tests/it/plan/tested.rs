//! Decisions on tests: what is run, and what it is told.

use cargo_pyx::facts::build::Flags;
use cargo_pyx::facts::dependencies::TestRunner;
use cargo_pyx::facts::suites::{PythonSuite, RustSuite};
use cargo_pyx::facts::{Purpose, Reporting, Request, Testing};
use cargo_pyx::model::step::StepId;
use cargo_pyx::plan::Action;
use cargo_pyx::world::session::Session;

use super::gathered::{facts, member};
use super::{command_of, hello, planned};

#[test]
fn the_wheel_that_was_built_is_tested_whatever_else_has_its_name() {
    let testing = Testing {
        wheel: true,
        ..Testing::default()
    };
    let mut facts = facts(vec![member("hello")], &Flags::default());
    for dir in ["/p/hello", "/p"] {
        facts.tests.suites.python.push(PythonSuite {
            member: hello(),
            runner: TestRunner::Pytest,
            dir: dir.into(),
            args: Vec::new(),
            installed_args: None,
            as_module: false,
            checkout: "/p".into(),
        });
    }
    let request = Request {
        purpose: Purpose::Test(testing),
        ..Request::default()
    };
    let plan = planned(&request, &facts).unwrap();
    let install = StepId::In("wheel test".into(), Box::new(StepId::Install(hello())));
    let command = command_of(&plan, &install);
    assert!(command.contains(" --reinstall-package hello "), "{command}");
    // each suite waits for its own copy
    let ids: Vec<&StepId> = plan.steps.iter().map(|step| &step.id).collect();
    let is_once = |id: &&StepId| ids.iter().filter(|other| other == &id).count() == 1;
    assert!(ids.iter().all(is_once), "{ids:?}");

    // of a clean environment the Python is chosen, whatever cargo has still to lock
    facts.builds[0].locked.exists = false;
    let plan = planned(&request, &facts).unwrap();
    let made = StepId::In("wheel test".into(), Box::new(StepId::Environment));
    assert!(!plan.again && plan.ids().any(|id| id == made), "{plan}");
}

#[test]
fn nextest_is_told_nothing_of_how_tests_run_where_it_only_compiles() {
    let mut facts = facts(vec![member("hello")], &Flags::default());
    facts.tests.suites.rust.push(RustSuite {
        member: hello(),
        manifest: "/p/hello/Cargo.toml".into(),
        tested: vec![hello()],
        nextest: true,
        ..RustSuite::default()
    });
    let testing = Testing {
        quiet: true,
        threads: Some(2),
        reporting: Reporting {
            by_name: true,
            shard: Some("1/2".parse().unwrap()),
            ..Reporting::default()
        },
        ..Testing::default()
    };
    let request = Request {
        purpose: Purpose::Test(testing),
        ..Request::default()
    };
    let plan = planned(&request, &facts).unwrap();
    let compile = StepId::TestPrograms("/p/hello/Cargo.toml".into());
    let command = command_of(&plan, &compile);
    let expected = "cargo nextest run --manifest-path /p/hello/Cargo.toml \
                    --target-dir /p/target/pyx/test -p hello --no-run)";
    assert!(command.ends_with(expected), "{command}");
}

/// What the project's runner is given of its suite's own arguments and those of the command line.
fn given(runner: TestRunner, own: &str, said: &str) -> Vec<String> {
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut facts = facts(vec![member("hello")], &Flags::default());
    facts.tests.suites.python.push(PythonSuite {
        member: "hello".into(),
        runner,
        dir: "/p/hello".into(),
        args: words(own),
        installed_args: None,
        as_module: false,
        checkout: "/p".into(),
    });
    let testing = Testing {
        arguments: words(said),
        ..Testing::default()
    };
    facts.tests.words = facts
        .tests
        .suites
        .words(&Session::default(), &testing.arguments);
    let request = Request {
        purpose: Purpose::Test(testing),
        ..Request::default()
    };
    let plan = planned(&request, &facts).unwrap();
    let test = plan.steps.iter().find_map(|step| match &step.action {
        Action::Test(test) => Some(test),
        _ => None,
    });
    let words = &test.unwrap().invocation.args;
    let module = words.iter().position(|word| word.starts_with("_pyx_"));
    words[module.unwrap() + 1..].to_vec()
}

#[test]
fn only_what_names_tests_takes_the_place_of_those_that_were_found() {
    for (own, said, expected) in [
        ("--pyargs pkg tests", "-k x", "--pyargs pkg tests -k x"),
        ("tests", "-xk x", "tests -xk x"),
        ("tests", "-m slow --tb short", "tests -m slow --tb short"),
        (
            "tests",
            "--cov pkg --cov-report html",
            "tests --cov pkg --cov-report html",
        ),
        (
            "--pyargs pkg tests",
            "tests/test_a.py",
            "--pyargs tests/test_a.py",
        ),
        (
            "--doctest-glob *.md -k a README.md",
            "b.md",
            "--doctest-glob *.md -k a b.md",
        ),
    ] {
        assert_eq!(given(TestRunner::Pytest, own, said).join(" "), expected);
    }
    for (own, said, expected) in [
        ("discover -s tests", "-k x", "discover -s tests -k x"),
        (
            "discover -s tests",
            "--pattern x.py",
            "discover -s tests --pattern x.py",
        ),
        ("discover -s tests", "tests.a", "tests.a"),
    ] {
        assert_eq!(given(TestRunner::Unittest, own, said).join(" "), expected);
    }
}
