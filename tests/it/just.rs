//! What `cargo pyx just` and recipes around other commands promise, with the real tools.

use std::path::Path;

use crate::support::{Project, Pyx, folder};
use serde_json::Value;

const JUSTFILE: &str = r#"here := `touch EVALUATED; pwd`

# Where Python is
[group('look')]
where: dep
    @python -c "import sys; print(sys.prefix)"

dep:
    @python -c "import sys; print(sys.prefix)"

shebang:
    #!/usr/bin/env python
    import sys
    print(sys.prefix)

seven:
    @exit 7

test:
    @"$CARGO_PYX" test --py

loop:
    @"$CARGO_PYX" just loop

[positional-arguments]
many *args:
    @echo $#; printf '%s|' "$3" "$4"

[private]
hidden:
    @echo hidden

variables:
    @echo "$CARGO_PYX_PYTHON,$CARGO_PYX_PROJECT,$CARGO_PYX_STATE,$CARGO_PYX_DIST,$CARGO_PYX_PROFILE,$UV_NO_SYNC"

[metadata('no-build')]
quick:
    @echo quick

generate:
    @python -c "import sys; print(sys.prefix, file=open('generated.txt', 'w'))"

nested:
    @"$CARGO_PYX" dev

[metadata('no-build')]
own:
    @command -v cargo-pyx
"#;

#[test]
fn recipes_call_the_program_that_runs_them_whatever_path_leads_to() {
    let project = recipes(&folder!());
    let other = project.path("target/other");
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join("cargo-pyx"), "#!/bin/sh\nexit 9\n").unwrap();
    let path = other.join("cargo-pyx");
    let all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path, all).unwrap();
    let own = format!("{}\n", env!("CARGO_BIN_EXE_cargo-pyx"));
    for run in [
        just(&project, &["own"]),
        just(&project, &["own"]).path_first(&other),
    ] {
        assert_eq!(run.run().succeeds().stdout, own);
    }
}

fn just(project: &Project, words: &[&str]) -> Pyx {
    project.pyx("just").with(words)
}

/// A copy of `bin`, which compiles within a second, with a justfile.
fn recipes(folder: &Path) -> Project {
    let project = Project::cold(&folder.join("bin"), "bin");
    project.write("justfile", JUSTFILE);
    project
}

fn is_there(project: &Project, name: &str) -> bool {
    project.path(name).exists()
}

#[test]
fn the_environment_is_active_for_the_whole_recipe() {
    let project = recipes(&folder!());
    let prefix = format!("{}\n", project.path(".venv").display());
    let run = just(&project, &["where"]).run().succeeds();
    assert_eq!(run.stdout, prefix.repeat(2), "{run}");
    let run = just(&project, &["shebang"]).run().succeeds();
    assert_eq!(run.stdout, prefix, "{run}");
    let run = just(&project, &["variables"]).run().succeeds();
    let root = project.root.display();
    let state = format!("{root}/target/pyx");
    let expected = format!("{root}/.venv/bin/python,{root},{state},{root}/dist,dev,1\n");
    assert_eq!(run.stdout, expected);
    // from any folder of the project
    let below = project.pyx("just").with(&["-C", "src", "where"]);
    assert_eq!(below.run().succeeds().stdout, prefix.repeat(2));
}

#[test]
fn f22_arguments_and_exit_codes_pass_through() {
    let project = recipes(&folder!());
    just(&project, &["seven"]).run().exits(7);
    just(&project, &["hidden"]).run().succeeds();
    let mut words = vec!["many", "a b", "it's", "\"q\" $HOME", "1\n2"];
    words.extend(std::iter::repeat_n("x", 60_000));
    let run = just(&project, &words).run().succeeds();
    assert_eq!(run.stdout, "60004\n\"q\" $HOME|1\n2|");
}

#[test]
fn a_recipe_that_calls_pyx_neither_loops_nor_builds_twice() {
    let project = recipes(&folder!());
    let run = just(&project, &["test"]).run().succeeds();
    assert_eq!(run.stderr.matches("Compiling").count(), 1, "{run}");
    assert_eq!(run.stderr.matches("Tested ").count(), 1, "{run}");
    let run = just(&project, &["loop"]).run().exits(2);
    run.says("recipe `loop` calls itself");
}

#[test]
fn a_recipe_of_the_project_that_is_called_like_a_command_is_told_its_place() {
    let project = recipes(&folder!());
    just(&project, &["--list"]).run().succeeds(); // just is here
    for word in ["where", "hidden", "lint"] {
        let run = project.pyx(word).run().exits(2);
        run.says(&format!("cargo pyx just {word}\n"));
    }
    project
        .pyx("wherever")
        .run()
        .exits(2)
        .never_says("pyx just");
    assert!(!is_there(&project, "EVALUATED"));
}

#[test]
fn f31_listing_evaluates_nothing_and_knows_groups() {
    let project = recipes(&folder!());
    let list = just(&project, &[]).run().succeeds();
    let text = &list.stdout;
    assert!(text.contains("  [look]\n    where"), "{text}");
    assert!(text.contains("# Where Python is") && text.contains("many *args"));
    assert!(!text.contains("hidden"), "{text}");
    for recipe in ["lint", "bench", "cov", "ci"] {
        assert!(text.contains(&format!("    {recipe}")), "{recipe}:\n{text}");
    }
    assert!(!is_there(&project, "EVALUATED") && !is_there(&project, ".venv"));

    let json = project
        .pyx("just")
        .with(&["--list", "--message-format", "json"]);
    let json = json.run().succeeds().stdout;
    let events = json
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let recipes = events
        .into_iter()
        .find(|event| event["type"] == "recipes")
        .unwrap();
    let names = recipes["project"].as_array().unwrap().iter();
    let names: Vec<_> = names.filter_map(|recipe| recipe["name"].as_str()).collect();
    assert!(
        names.contains(&"where") && !names.contains(&"lint"),
        "{names:?}"
    );

    let only_options = just(&project, &["--yes", "--set", "a", "b"])
        .run()
        .succeeds();
    assert_eq!(only_options.stdout, *text, "no recipe is named");
    let shown = ["--show", "where", "--message-format", "json"];
    let shown = just(&project, &shown).run().succeeds().stdout;
    assert!(shown.contains("Where Python is\\n[group"), "{shown}");

    let shown = just(&project, &["--show", "where"]).run().succeeds();
    assert!(
        shown
            .stdout
            .starts_with("# Where Python is\n[group('look')]\nwhere: dep\n")
    );
    let unknown = just(&project, &["wher"]).run().exits(2);
    unknown
        .says("no recipe `wher`")
        .says("cargo pyx just where");
}

#[test]
fn what_a_build_can_be_told_can_be_told_before_the_recipe() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let profile = "profile *words:\n    @echo $CARGO_PYX_PROFILE {{words}}\n";
    project.write("justfile", profile);
    let just = |words: &[&str]| just(&project, words).run().succeeds().stdout;
    assert_eq!(just(&["--release", "profile", "-p", "x"]), "release -p x\n");
    assert_eq!(just(&["profile", "--release"]), "dev --release\n");
    let run = project.pyx("just").with(&["-p", "nobody", "profile"]).run();
    run.exits(2).says("nobody");
}

#[test]
fn options_of_justs_stand_before_the_recipe_and_are_passed_on() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let asks = "who := 'nobody'\n[confirm]\n[metadata('no-build')]\nhi: dep\n    @echo hi {{who}}\n\n[metadata('no-build')]\ndep:\n    @echo dep\n";
    project.write("justfile", asks);
    just(&project, &["hi"]).run().exits(1);
    let words = ["--yes", "--set", "who", "me", "--no-deps", "hi"];
    let run = just(&project, &words).run().succeeds();
    assert_eq!(run.stdout, "hi me\n", "{run}");
    let run = just(&project, &["--summary"]).run().exits(2);
    run.says("`cargo pyx just` does not pass the option `--summary` on to just");
    let list = just(&project, &["-l"]).run().succeeds();
    assert_eq!(list.stdout, just(&project, &["--list"]).run().stdout);
}

#[test]
fn a_recipe_may_need_no_build() {
    let project = recipes(&folder!());
    let run = just(&project, &["quick"]).run().succeeds();
    run.never_says("Compiling");
    assert!(!is_there(&project, ".venv"));
    project.append(
        "pyproject.toml",
        "\n[tool.pyx.just]\nno-build = [\"seven\"]\n",
    );
    just(&project, &["seven"])
        .run()
        .exits(7)
        .never_says("Compiling");
}

#[test]
fn a_private_recipe_and_an_alias_are_called_as_the_recipe_says() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.write(
        "justfile",
        "alias d := docs\nalias s := seven\nalias w := script\n\n[metadata('no-build')]\ndocs:\n    @echo docs\n\n\
         [private]\n[metadata('no-build')]\nown:\n    @echo own\n\nseven:\n    @echo 7\n\n\
         [metadata('no-build')]\nscript args='-k a b':\n    #!/bin/sh\n    echo {{args}}\n",
    );
    project.append(
        "pyproject.toml",
        "\n[tool.pyx.just]\nno-build = [\"seven\"]\n",
    );
    for (word, said) in [("d", "docs"), ("own", "own"), ("s", "7"), ("w", "-k a b")] {
        let run = just(&project, &[word]).run().succeeds();
        assert_eq!(run.stdout.trim_end(), said, "{run}");
        run.never_says("Compiling");
        assert!(!is_there(&project, ".venv"), "{word}");
    }
}

#[test]
fn an_ejected_recipe_is_the_projects_own_and_wins() {
    let project = recipes(&folder!());
    let before = project.read("justfile");
    just(&project, &["--eject", "fmt", "lint", "fmt"])
        .run()
        .succeeds();
    let after = project.read("justfile");
    assert!(after.starts_with(before.trim_end()));
    let shown = just(&project, &["--show", "fmt"]).run().succeeds().stdout;
    assert_eq!(after.matches(shown.trim()).count(), 1, "{shown}");
    let again = just(&project, &["--eject", "fmt"]).run().exits(2);
    again.says("already has a recipe `fmt`");
    project.write("justfile", "fmt:\n    @echo mine\n");
    let run = just(&project, &["fmt"]).run().succeeds();
    assert_eq!(run.stdout, "mine\n");

    project.write("justfile", "fmt:\r\n    @echo mine\r\n");
    just(&project, &["--eject", "lint"]).run().succeeds();
    let after = project.read("justfile");
    assert!(after.starts_with("fmt:\r\n    @echo mine\r\n"), "{after:?}");
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
}

#[test]
fn recipes_around_a_command_are_part_of_its_plan() {
    let project = recipes(&folder!());
    let config = "\n[tool.pyx.dev]\nbefore = [\"generate\"]\nafter = [\"nested\"]\n";
    project.append("pyproject.toml", config);
    just(&project, &[]).run().succeeds(); // has just fetched, without which no plan has recipes
    let dry = project.pyx("dev").with(&["--dry-run"]).run().succeeds();
    let at = |text: &str| {
        dry.stdout
            .find(text)
            .unwrap_or_else(|| panic!("{text}:\n{dry}"))
    };
    assert!(at("Creating .venv") < at("recipe generate") && at("recipe generate") < at("Building"));
    assert!(at("Building") < at("recipe nested"), "{dry}");
    assert_eq!(dry.stdout.matches("Creating .venv").count(), 1, "{dry}");
    assert!(!is_there(&project, "generated.txt"));

    // the one after it calls pyx itself, which neither waits for our lock nor starts all over
    let run = project.dev().run().succeeds();
    assert_eq!(run.stderr.matches("Fresh shout").count(), 1, "{run}");
    let prefix = project.read("generated.txt");
    assert_eq!(prefix.trim(), project.path(".venv").to_str().unwrap());

    let config = project.read("pyproject.toml");
    project.write("pyproject.toml", &config.replace("generate", "seven"));
    let run = project.dev().run().exits(1);
    run.says("recipe seven failed (exit code 7)")
        .never_says("Building");
    project.write("pyproject.toml", &config.replace("nested", "neste"));
    std::fs::remove_file(project.path("generated.txt")).unwrap();
    project.dev().run().exits(2).says("no recipe `neste`");
    assert!(!is_there(&project, "generated.txt"));
}

#[test]
fn a_broken_justfile_is_told_in_justs_words() {
    let project = recipes(&folder!());
    project.write("justfile", "a:\n  true\n b\n");
    let run = just(&project, &["a"]).run().exits(2);
    run.says("inconsistent leading whitespace")
        .says("justfile:3:1");
    // who needs no recipe does not read it
    project.dev().run().succeeds();
}

#[test]
fn recipes_around_tests_run_once_whatever_is_tested() {
    let project = recipes(&folder!());
    let config = "\n[tool.pyx.test]\nbefore = [\"generate\"]\nafter = [\"quick\"]\n";
    project.append("pyproject.toml", config);
    let tests = |words: &[&str]| project.pyx("test").with(&["--py"]).with(words).run();
    let order = |run: &crate::support::CheckOutcome| {
        let verbs = ["recipe generate", "Python tests of shout", "recipe quick"];
        let lines = run.stderr.lines();
        let found = lines.filter_map(|line| verbs.iter().find(|verb| line.ends_with(**verb)));
        found.copied().collect::<Vec<_>>()
    };
    let run = tests(&[]).succeeds();
    let expected = ["recipe generate", "Python tests of shout", "recipe quick"];
    assert_eq!(order(&run), expected, "{run}");

    let pythons = crate::support::versions();
    let (first, last) = (pythons.first().unwrap(), pythons.last().unwrap());
    let run = tests(&["--python", first, "--python", last]).succeeds();
    let order = order(&run);
    assert_eq!(order.first(), Some(&"recipe generate"), "{run}");
    assert_eq!(order.last(), Some(&"recipe quick"), "{run}");
    let times = |verb: &str| order.iter().filter(|known| **known == verb).count();
    assert_eq!(
        (times("recipe generate"), times("recipe quick")),
        (1, 1),
        "{run}"
    );

    // what follows a success does not follow a failure
    project.write(
        "tests/test_fails.py",
        "def test_fails():\n    assert False\n",
    );
    let run = tests(&[]).exits(1);
    run.says("Skipped recipe quick");
}

#[test]
fn a_justfile_above_the_checkout_is_somebody_elses() {
    let folder = folder!();
    let project = recipes(&folder);
    std::fs::remove_file(project.path("justfile")).unwrap();
    std::fs::write(folder.join("justfile"), "fmt:\n    @echo theirs\n").unwrap();
    let run = just(&project, &["--show", "fmt"]).run().succeeds();
    std::fs::remove_file(folder.join("justfile")).unwrap();
    assert!(!run.stdout.contains("theirs"), "{run}");
}

#[test]
fn a_recipe_of_a_module_is_named_as_just_lets_one_name_it() {
    let project = recipes(&folder!());
    // `docs` is a recipe of cargo pyx, too
    project.append("justfile", "\nmod docs\n");
    let build = "build:\n    @echo built\n\nserve port='80':\n    @echo served {{port}}\n";
    project.write("docs/justfile", build);
    for (words, said) in [
        (["docs", "build"].as_slice(), "built"),
        (&["docs"], "built"),
        (&["docs::serve", "81"], "served 81"),
        (&["docs", "serve"], "served 80"),
    ] {
        let run = just(&project, words).run().succeeds();
        assert_eq!(run.stdout.trim(), said, "{words:?}");
    }
    let unknown = just(&project, &["docs", "nothing"]).run().exits(2);
    unknown.says("no recipe `docs::nothing`");
}

/// just's manual, "Fallback to Parent justfiles".
#[test]
fn a_justfile_that_falls_back_has_the_recipes_above_it() {
    let folder = folder!();
    let project = Project::cold(&folder.join("checkout/py"), "bin");
    let above = Project::at(&folder.join("checkout"));
    above.git(&["init", "--quiet"]);
    let quick = "[metadata('no-build')]\n";
    above.write(
        "Justfile",
        &format!("{quick}root:\n    @echo above\n\n{quick}lint:\n    @echo ours\n"),
    );
    project.write("justfile", "set fallback\n\nown:\n    @echo own\n");
    std::fs::remove_dir_all(project.path(".git")).unwrap();
    for (name, says) in [("root", "above"), ("lint", "ours")] {
        let run = just(&project, &[name]).run().succeeds();
        assert_eq!(run.stdout.trim(), says, "{run}");
    }
    project.write("justfile", "own:\n    @echo own\n");
    let run = just(&project, &["root"]).run().exits(2);
    run.says("error: no recipe `root`");
}
