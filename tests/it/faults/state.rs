//! Files that are damaged, missing or wrong.

use std::fs;
use std::path::PathBuf;

use super::COUNT;
use crate::support::{Project, folder, project, read};

#[test]
fn f11_damaged_state_is_ignored_with_one_warning() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let state = crate::support::entries(&project.path("target/pyx"));
    let files = state.into_iter().filter(|path| path.is_file());
    let files: Vec<PathBuf> = files.chain([project.path(".venv/pyx.json")]).collect();
    let json = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json");
    assert!(
        files.iter().filter(|path| json(path)).count() == 2,
        "{files:?}"
    );
    for file in &files {
        let short = &read(file)[..read(file).len().min(3)];
        for damage in [Some(short), Some(&[0xff; 64]), None] {
            match damage {
                Some(bytes) => fs::write(file, bytes).unwrap(),
                None => fs::remove_file(file).unwrap(),
            }
            let run = project.dev().run().succeeds().never_says("Compiling");
            let warned = usize::from(json(file) && damage.is_some());
            assert_eq!(run.warnings().len(), warned, "{}\n{run}", file.display());
            assert_eq!(run.count("state ignored: "), warned, "{run}");
            project.python("import hello");
            project.dev().run().finds_fresh("hello");
        }
    }
}

#[test]
fn f12_state_of_a_newer_pyx_is_kept() {
    let project = project!("hello");
    project.dev().run().succeeds();
    for name in ["target/pyx/state.json", ".venv/pyx.json"] {
        let known = project.read(name);
        project.edit(name, "{\"schema\":", "{\"schema\":99");
        let newer = project.read(name);
        let run = project
            .dev()
            .run()
            .succeeds()
            .says_once("written by a newer cargo pyx");
        assert_eq!(run.warnings().len(), 1, "{run}");
        assert_eq!(project.read(name), newer);
        project.write(name, &known);
    }
}

#[test]
fn f13_a_lock_file_that_was_cut_short_is_refused_with_its_place() {
    let project = project!("mixed");
    let cut = project.read("uv.lock")[..200].to_owned();
    project.write("uv.lock", &cut);
    let run = project.dev().run().exits(2).says_once("error: ");
    let place = format!("--> {}:", project.path("uv.lock").display());
    run.says_once(&place).says("hint: git checkout uv.lock");
    assert_eq!(project.read("uv.lock"), cut);
    project.git(&["checkout", "--quiet", "uv.lock"]);
    project.dev().run().succeeds();
    // and once there is something to lose
    project.write("uv.lock", &cut);
    project
        .dev()
        .run()
        .exits(2)
        .says("hint: git checkout uv.lock");
    assert_eq!(project.read("uv.lock"), cut);
    assert_eq!(project.python(COUNT), "2");
}

#[test]
fn f14_a_broken_environment_is_made_again() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let python = project.path(".venv/bin/python");
    let dangle = || {
        fs::remove_file(&python).unwrap();
        std::os::unix::fs::symlink("/nonexistent", &python).unwrap();
    };
    let empty = || project.write(".venv/pyvenv.cfg", "");
    let breaks: [(&dyn Fn(), &str); 2] = [
        (&dangle, "its Python is gone"),
        (&empty, "its `pyvenv.cfg` is missing or broken"),
    ];
    for (make, why) in breaks {
        make();
        let run = project.dev().run().succeeds().says_once("Creating .venv");
        let told = run
            .stderr
            .lines()
            .find(|line| line.contains("Creating .venv"))
            .unwrap();
        assert!(told.contains(why), "{run}");
        project.python("import hello");
        project.dev().run().finds_fresh("hello");
    }
}

#[test]
fn f49_an_environment_of_another_python_is_made_again_and_what_pip_left_is_named() {
    let [old, new] = crate::support::oldest_and_newest();
    if old == new {
        return; // another is not at hand
    }
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.write(".python-version", &old);
    project.dev().run().succeeds();
    let python = project.path(".venv/bin/python");
    project.dev().with(&["--python", &new]).run().succeeds();
    let own = project.path(&format!("target/pyx/envs/{new}/bin/python"));
    let other = fs::canonicalize(own).unwrap();
    fs::remove_file(&python).unwrap();
    std::os::unix::fs::symlink(other, &python).unwrap();
    let run = project.dev().run().succeeds();
    let was = format!("bit, and was cpython-{old}-");
    run.says_once("Creating .venv")
        .says(&format!("its Python is now cpython-{new}-"))
        .says(&was);
    let version = "import sys; print('%d.%d' % sys.version_info[:2])";
    assert_eq!(project.python(version), old);
    project.dev().run().finds_fresh("shout");
    // as pip leaves them when it is ended meanwhile
    for name in ["~hout", "~ip-23.0.dist-info"] {
        let folder = format!(".venv/lib/python{old}/site-packages/{name}");
        fs::create_dir_all(project.path(&folder)).unwrap();
    }
    let run = project.dev().run().succeeds();
    let left = "warning: pip left `~hout`, `~ip-23.0.dist-info` half removed in `.venv/lib/";
    run.says_once(left);
    project.pyx("doctor").run().says_once(left);
}

#[test]
fn f15_another_active_environment_is_ignored_with_one_warning() {
    let project = project!("hello");
    let other = folder!().join("other");
    let _ = fs::remove_dir_all(&other);
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("marker"), "mine").unwrap();
    let dev = || {
        project
            .dev()
            .env("VIRTUAL_ENV", &other)
            .env("CONDA_PREFIX", "/x")
    };
    let run = dev().run().succeeds();
    let [warning] = run.warnings()[..] else {
        panic!("{run}")
    };
    assert!(
        warning.contains("VIRTUAL_ENV and CONDA_PREFIX ignored"),
        "{run}"
    );
    assert_eq!(crate::support::entries(&other), [other.join("marker")]);
    assert_eq!(read(&other.join("marker")), b"mine");
    assert!(project.file_of("hello").starts_with(project.path(".venv")));
    // it is no input either
    project.dev().run().finds_fresh("hello");
    let again = dev().run().succeeds().says("Fresh hello");
    assert_eq!(again.warnings().len(), 1, "{again}");
}

#[test]
fn f28_a_mistake_in_a_manifest_is_told_once_with_its_place() {
    let project = project!("hello");
    let mistakes = [
        ("pyproject.toml", "bad = [\n", "| bad = [", None),
        ("Cargo.toml", "[dep\n", "| [dep", None),
        (
            "pyproject.toml",
            "[tool.pyx]\npyhton = \"3.12\"\n",
            "| pyhton = \"3.12\"",
            Some("did you mean `python`"),
        ),
    ];
    project.dev().run().succeeds();
    for (file, added, snippet, hint) in mistakes {
        let right = project.read(file);
        project.append(file, added);
        let line = (right.clone() + added).trim_end().lines().count();
        let run = project
            .dev()
            .run()
            .exits(2)
            .says_once("error: ")
            .says_once(snippet);
        let run = run.says_once(&format!("--> {}:{line}:", project.path(file).display()));
        hint.into_iter()
            .fold(run, crate::support::CheckOutcome::says_once);
        project.write(file, &right);
        project.dev().run().finds_fresh("hello");
    }
}

#[test]
fn f42_a_name_of_seventy_thousand_letters_ends_no_command() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let name = "s".repeat(70_000);
    project.edit(
        "pyproject.toml",
        "name = \"shout\"",
        &format!("name = \"{name}\""),
    );
    for line in ["dev", "dev --dry-run", "doctor", "env", "clean"] {
        let run = project
            .pyx("-q")
            .with(&line.split(' ').collect::<Vec<_>>())
            .run();
        assert!(
            run.code.is_some_and(|code| code < 70),
            "{line}: {:?}",
            run.code
        );
        run.never_says("panicked");
    }
}

#[test]
fn f48_of_a_line_of_megabytes_only_what_is_around_the_mistake_is_shown() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let long = format!("\n[tool.x]\na = \"{}\" b\n", "y".repeat(10_000_000));
    project.append("pyproject.toml", &long);
    let run = project.dev().run().exits(2).says_once("error: ");
    assert!(run.stderr.len() < 2_000, "{} bytes", run.stderr.len());
    run.says("pyproject.toml:");
}
