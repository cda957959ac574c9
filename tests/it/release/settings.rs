//! What is asked for, and what would be done.

use serde_json::Value;

use crate::support::{Project, folder, label, oldest_and_newest};

fn cold(folder: &std::path::Path) -> Project {
    Project::cold(&folder.join("hello"), "hello")
}

#[test]
fn a_dry_run_names_every_wheel_and_writes_nothing() {
    let project = cold(&folder!());
    let before = project.listing(&[]);
    let pythons = oldest_and_newest();
    let args = pythons
        .each_ref()
        .map(|python| format!("--python={python}"));
    let dry = || project.release(&["wheel", "--dry-run", &args[0], &args[1]]);
    let human = dry().run().succeeds();
    let json = dry().with(&["--message-format", "json"]).run().succeeds();
    assert!(project.listing(&[]) == before);
    let plan = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let mut plan = plan.filter(|event: &Value| event["type"] == "plan");
    let wheels = plan.next().unwrap()["wheels"].as_array().unwrap().clone();
    let mut labels = pythons.map(|python| label(&python)).to_vec();
    labels.dedup();
    assert_eq!(wheels.len(), labels.len(), "{json}");
    for (wheel, label) in wheels.iter().zip(&labels) {
        assert_eq!(wheel["package"], "hello");
        assert_eq!(wheel["abi"], **label);
        assert_eq!(wheel["tests"], serde_json::json!([label]));
        let platform = wheel["platform"].as_str().unwrap();
        let line = format!("# wheel: hello {label} {platform}, tested on {label}\n");
        assert!(human.stdout.contains(&line), "{human}");
        if cfg!(target_os = "linux") {
            assert!(platform.starts_with("manylinux2014"), "{platform}");
        }
    }
}

#[test]
fn a_range_means_every_python_in_it() {
    let project = cold(&folder!());
    let wheels = |words: &[&str]| {
        let dry = project.release(&[&["wheel", "--dry-run"], words].concat());
        let text = dry.run().succeeds().stdout;
        let lines = text.lines().filter(|line| line.starts_with("# wheel: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let [oldest, newest] = oldest_and_newest();
    let all = wheels(&[]);
    assert_eq!(wheels(&["--python", &format!(">={oldest}")]), all);
    let last = wheels(&["--python", &format!(">={newest}")]);
    assert_eq!(last, all[all.len() - 1..]);
    assert!(last[0].contains(&label(&newest)), "{last:?}");
}

#[test]
fn a_target_without_a_standard_library_is_missing_and_can_be_added() {
    let project = cold(&folder!());
    let target = "s390x-unknown-linux-gnu"; // nobody develops on it
    let args = ["wheel", "--target", target];
    let run = project.release(&args).run().exits(3);
    run.says(&format!("has no standard library for {target}"))
        .says(&format!("hint: rustup target add {target}"));
    assert!(!project.path("dist").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn zig_is_used_where_it_is_needed_unless_the_project_says_otherwise() {
    let project = cold(&folder!());
    for (said, linked) in [("true", true), ("false", false)] {
        project.git(&["checkout", "--quiet", "pyproject.toml"]);
        let table = format!("compatibility = \"manylinux_2_99\"\nzig = {said}");
        project.append(
            "pyproject.toml",
            &format!("\n[tool.pyx.release]\n{table}\n"),
        );
        let dry = project.release(&["wheel", "--dry-run", "--allow-dirty"]);
        let dry = dry.run().succeeds();
        assert_eq!(
            dry.stdout.contains("manylinux_2_99 (zig), tested"),
            linked,
            "{dry}"
        );
    }
}

#[test]
fn a_key_that_does_not_exist_is_an_error_with_the_nearest_one() {
    let project = cold(&folder!());
    project.configure_release("compatability = \"manylinux_2_28\"");
    let run = project.release(&["wheel"]).run().exits(2);
    let line = project.read("pyproject.toml").lines().count();
    run.says("compatability")
        .says(&format!("pyproject.toml:{line}:1"))
        .says("did you mean `compatibility`?");
}

#[test]
fn a_check_of_one_package_looks_at_its_files_alone() {
    let project = Project::cold(&folder!(), "workspace");
    for name in ["alpha", "beta"] {
        project.write(&format!("dist/{name}-0.1.0.tar.gz"), "");
    }
    let looks_at = |words: &[&str]| {
        let check = project.release(&["check", "--dry-run"]).with(words);
        let shown = check.run().succeeds().stdout;
        ["alpha", "beta"].map(|name| shown.contains(&format!("# Checking {name}-0.1.0.tar.gz")))
    };
    assert_eq!(looks_at(&[]), [true, true]);
    assert_eq!(looks_at(&["-p", "alpha"]), [true, false]);
    assert_eq!(looks_at(&["-p", "packages/beta"]), [false, true]);
    let nobody = project.release(&["check", "-p", "nobody"]).run();
    nobody.exits(2).says("nobody");
}
