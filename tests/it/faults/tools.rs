//! Tools and networks that are missing, old or broken.

use std::fs;
use std::path::PathBuf;

use crate::support::{Project, cache, entries, folder, link, name_of, on_path, read};

#[test]
fn f23_without_cargo_it_is_named_and_nothing_is_downloaded() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    let bin = folder!().join("bin");
    for name in ["git", "sh"] {
        link(&on_path(name).unwrap(), &bin);
    }
    let before = project.listing(&[]);
    let home = folder!().join("home");
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).unwrap();
    let dev = project
        .dev()
        .env("PATH", &bin)
        .env("HOME", &home)
        .env("CARGO_HOME", home.join("c"));
    let run = dev.env("RUSTUP_HOME", home.join("r")).run().exits(3);
    let run = run
        .says("`cargo` not found on PATH")
        .says("hint: ")
        .says("rustup");
    assert!(project.listing(&[]) == before, "{run}");
    assert_eq!(
        crate::support::entries(&home),
        Vec::<PathBuf>::new(),
        "{run}"
    );
}

#[test]
fn f24_a_tool_that_is_too_old_is_named_with_its_path() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    let maturin = folder!().join("bin/maturin");
    crate::support::program(&maturin, "echo maturin 0.9.0");
    let before = project.listing(&[]);
    let run = project
        .dev()
        .path_first(&folder!().join("bin"))
        .run()
        .exits(3);
    let found = format!("maturin 0.9.0 found at `{}`, but ", maturin.display());
    let run = run.says_once(&found).says("1.9").says("hint: ");
    assert!(project.listing(&[]) == before, "{run}");
}

#[test]
fn f25_a_tool_in_the_cache_that_was_changed_is_not_run() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.dev().run().succeeds(); // which provides what PATH does not have
    let own = folder!().join("cache");
    let _ = fs::remove_dir_all(&own);
    let shared = entries(&cache().join("tools")).into_iter();
    let mut copied = Vec::new();
    // nor what another test is about to provide
    let is_tool = |tool: &PathBuf| {
        let name = name_of(tool);
        !name.starts_with("release-") && !name.starts_with('.') && tool.is_dir()
    };
    for tool in shared.filter(is_tool) {
        let copy = own.join("tools").join(name_of(&tool));
        fs::create_dir_all(&copy).unwrap();
        for file in entries(&tool) {
            fs::copy(&file, copy.join(name_of(&file))).unwrap();
        }
        copied.push(copy);
    }
    let dev = || {
        project
            .dev()
            .env("CARGO_PYX_CACHE_DIR", &own)
            .with(&["--force"])
    };
    dev().run().succeeds(); // a copy is as good
    let maturin = copied
        .iter()
        .find(|dir| name_of(dir).starts_with("maturin-"));
    let Some(program) = maturin.map(|dir| dir.join("maturin")) else {
        return; // PATH has one
    };
    let good = read(&program);
    let mut bad = good.clone();
    bad[100] ^= 1;
    fs::write(&program, &bad).unwrap();
    let told = format!(
        "`{}` is not the file that was provisioned",
        program.display()
    );
    let again = format!("hint: rm -r {}", program.parent().unwrap().display());
    dev().run().exits(3).says_once(&told).says(&again);
    let mark = folder!().join("mark");
    let script = format!("touch '{}'", mark.display());
    crate::support::program(&program, &script);
    dev().run().exits(3).says_once(&told);
    assert!(!mark.exists());
    // as the hint says
    fs::remove_dir_all(program.parent().unwrap()).unwrap();
    dev().run().succeeds();
    assert!(read(&program) == good);
    fs::remove_dir_all(own).unwrap();
}

#[test]
fn f45_release_tools_that_were_changed_are_not_run_and_fetched_again() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let own = folder!().join("cache");
    let _ = fs::remove_dir_all(&own);
    let wheel = "shout-0.1.0-py3-none-any.whl";
    project.write(wheel, "no wheel");
    let check = |options: &[&str]| {
        let uv = crate::support::uv();
        let check = project.pyx("release").path_first(uv.parent().unwrap());
        let check = check.env("CARGO_PYX_CACHE_DIR", &own);
        check.with(&[&["check", wheel], options].concat()).run()
    };
    let fetch = "# Downloading the release tools";
    let first = check(&["--dry-run"]).succeeds();
    let plan = first.stdout.lines().collect::<Vec<_>>();
    let at = plan.iter().position(|line| *line == fetch).expect(fetch);
    // the plan says where they come to
    let place = plan[at + 1..].iter().find_map(|line| {
        let (_, place) = line.split_once("/tools/release-")?;
        place.split(['/', ' ', ')']).next()
    });
    let toolbox = own
        .join("tools")
        .join(format!("release-{}", place.unwrap()));
    let mark = folder!().join("mark");
    let script = format!("touch '{}'; echo PASSED", mark.display());
    for name in [
        "python",
        "twine",
        "pydistcheck",
        "check-wheel-contents",
        "wheel",
    ] {
        crate::support::program(&toolbox.join("bin").join(name), &script);
    }
    fs::write(toolbox.join("receipt.json"), "{}").unwrap();
    let plan = check(&["--dry-run"]).succeeds().stdout;
    let why = format!("{fetch}: the existing ones were changed");
    assert!(plan.lines().any(|line| line == why), "{plan}");
    check(&["--offline"])
        .exits(4)
        .says("missing the release tools");
    assert!(!mark.exists());
}

/// As where the whole cache was copied: what looks otherwise is read to be compared, and the next run need
/// not do that again.
#[test]
fn f45_release_tools_that_only_look_otherwise_are_read_once() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let wheel = "shout-0.1.0-py3-none-any.whl";
    project.write(wheel, "no wheel");
    let check = |options: &[&str]| {
        let check = project.pyx("release").with(&["check", wheel]);
        check.with(options).run()
    };
    check(&[]).exits(1); // which provides them
    let is_read = || {
        let plan = check(&["--dry-run"]).succeeds().stdout;
        plan.contains("# record the contents of ")
    };
    assert!(!is_read());
    for dir in entries(&cache().join("tools")) {
        let tool = dir.join("bin/twine");
        if tool.is_file() {
            crate::support::set_modified(&tool, std::time::SystemTime::now());
        }
    }
    assert!(is_read());
    check(&[]).exits(1).never_says("Downloading");
    assert!(!is_read());
}
