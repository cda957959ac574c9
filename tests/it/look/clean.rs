//! `clean` takes away what pyx made, and nothing else.

use crate::support::{Project, Pyx, folder, uv};

fn clean(project: &Project, args: &[&str]) -> Pyx {
    project.pyx("clean").with(args)
}

#[test]
fn builds_go_then_environments_and_the_sources_are_as_they_were() {
    let project = Project::cold(&folder!().join("ffi"), "ffi");
    let sources = || project.listing(&[".git", "target"]);
    let before = sources();
    project.dev().run().succeeds();
    project.write("target/debug/x", "cargo's own");
    project.write("target/pyx/docs/kept", "git knows it");
    project.git(&["add", "--force", "target/pyx/docs/kept"]);

    let built = project.listing(&[".git"]);
    let listed = clean(&project, &["--env", "--dry-run"]).run().succeeds();
    assert!(built == project.listing(&[".git"]), "{listed}");
    listed.says("Would remove ");

    let with_environment = sources();
    clean(&project, &[])
        .run()
        .succeeds()
        .says("Removing target/pyx/ext (");
    assert!(with_environment == sources());
    assert!(project.path("target/debug/x").is_file());
    let left = project.listing(&[".git"]).into_keys();
    let left = left.filter(|path| path.starts_with(project.path("target/pyx")) && path.is_file());
    assert!(
        left.eq(
            [".gitignore", "docs/kept", "lock"].map(|name| project.path("target/pyx").join(name))
        )
    );

    clean(&project, &["--env"])
        .run()
        .succeeds()
        .says("Removing .venv (");
    assert!(before == sources());
    clean(&project, &["--env"])
        .run()
        .succeeds()
        .says("Removed nothing");
}

#[test]
fn an_environment_of_others_stays() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    project.run(uv(), &["venv", "--quiet"]).succeeds();
    clean(&project, &["--env"])
        .run()
        .succeeds()
        .says("Removed nothing");
    assert!(project.path(".venv/bin/python").exists());
}

#[test]
fn releases_and_the_user_cache_go_with_all() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    // `printf a | sha256sum`
    let hash = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
    let entry = |name: &str| {
        format!(
            "\"{name}\": {{ \"distribution\": \"hello\", \"version\": \"1\", \"kind\": \"wheel\", \
             \"sha256\": \"{hash}\", \"size\": 1, \"tags\": [], \"glibc\": null, \"commit\": null, \
             \"source_date_epoch\": 0, \"tools\": {{}}, \"tests\": {{}}, \"checks\": {{}} }}"
        )
    };
    let manifest = format!(
        "{{ \"schema\": 1, \"files\": {{ {}, {} }} }}",
        entry("a.whl"),
        entry("b.whl")
    );
    project.write("dist/release.json", &manifest);
    project.write("dist/SHA256SUMS", "");
    project.write("dist/a.whl", "a");
    project.write("dist/b.whl", "somebody has replaced it");
    let all = clean(&project, &["--all"]).env("CARGO_PYX_CACHE_DIR", project.path("cache"));
    let run = all.run().succeeds();
    let is_there = |name: &&str| project.path(name).exists();
    let gone = [
        "dist/release.json",
        "dist/SHA256SUMS",
        "dist/a.whl",
        "target/pyx",
    ];
    assert_eq!(
        gone.iter().filter(|name| is_there(name)).count(),
        0,
        "{run}"
    );
    assert!(is_there(&"dist/b.whl"), "{run}");
}

#[test]
fn of_the_user_cache_locks_stay_and_what_says_which_interpreters_may_be_run() {
    let folder = folder!();
    let project = Project::cold(&folder.join("hello"), "hello");
    project.write("tests/test_hello.py", "def test_it():\n    import hello\n");
    let outside = tempfile::tempdir().unwrap(); // in no project
    let cache = folder.join("cache");
    let trusted = cache.join("trusted-interpreters");
    let _ = std::fs::remove_dir_all(&cache);
    std::fs::create_dir_all(&trusted).unwrap();
    for file in [cache.join("theirs"), trusted.join("one")] {
        std::fs::write(file, "").unwrap();
    }
    let pyx = |command: &str, args: &[&str]| {
        let call = project.pyx(command).with(args);
        call.env("CARGO_PYX_CACHE_DIR", &cache)
    };
    pyx("just", &["--list"]).run().succeeds();
    pyx("test", &["--py", "--wheel"]).run().succeeds();
    let sdist = ["sdist", "--allow-dirty", "--no-test"];
    pyx("release", &sdist).run().succeeds();
    let sdist = project.path("target/pyx/release/sdist/hello/hello-0.1.0.tar.gz");
    let files = ["check", "--allow-dirty", sdist.to_str().unwrap()];
    pyx(
        "release",
        &[&files[..], &["-C", outside.path().to_str().unwrap()]].concat(),
    )
    .run();
    let made = |name: &&str| cache.join(name).is_dir();
    let all = [
        "locks",
        "recipes",
        "sdist-builds",
        "wheel-tests",
        "without-project",
    ];
    assert!(all.iter().all(made), "{:?}", names(&cache));

    let all = clean(&project, &["--all"]).env("CARGO_PYX_CACHE_DIR", &cache);
    let run = all.run().succeeds();
    let kept = ["locks", "theirs", "trusted-interpreters", "without-project"];
    assert_eq!(names(&cache), kept, "{run}");
    assert!(trusted.join("one").is_file(), "{run}");
    assert_eq!(
        names(&cache.join("without-project")),
        [".gitignore", "lock"]
    );
}

fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<String> = entries.map(|it| name(it).into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn tools_go_when_nobody_provides_one() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    project.write("cache/tools/uv/uv", "");
    project.write("cache/locks/tools", "");
    let all = || clean(&project, &["--all"]).env("CARGO_PYX_CACHE_DIR", project.path("cache"));
    let held = std::fs::File::open(project.path("cache/locks/tools")).unwrap();
    held.lock().unwrap();
    let refused = all().env("CARGO_PYX_LOCK_TIMEOUT", "0").run();
    refused.exits(4).says("tools lock");
    assert!(project.path("cache/tools/uv").exists());
    held.unlock().unwrap();
    all().run().succeeds();
    assert!(!project.path("cache/tools").exists());
    assert!(project.path("cache/locks/tools").exists());
}

#[test]
fn a_cache_that_cannot_be_written_is_no_obstacle_to_what_goes_besides() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.write("target/pyx/.gitignore", "*\n");
    project.write("target/pyx/ext/debug/x", "built");
    let all = clean(&project, &["--all"]).env("CARGO_PYX_CACHE_DIR", "/dev/null/cache");
    all.run()
        .succeeds()
        .says("other commands are not kept out of the tools");
    assert!(!project.path("target/pyx/ext").exists());
}

#[test]
fn nothing_goes_where_git_cannot_tell_what_it_tracks() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    project.write("target/pyx/.gitignore", "*\n");
    project.write("target/pyx/docs/kept", "git knows it");
    std::fs::rename(project.path(".git"), project.path("git")).unwrap();
    project.write(".git", "gitdir: /nowhere\n");
    let before = project.listing(&[]);
    let refused = clean(&project, &[]).run().exits(4);
    refused.says("not a git repository");
    assert!(before == project.listing(&[]));
}

#[test]
fn of_a_target_directory_that_others_use_goes_what_is_the_projects() {
    let folder = folder!();
    let _ = std::fs::remove_dir_all(&folder);
    let shared = Project::at(&folder.join("shared"));
    let [one, other] = ["one", "other"].map(|name| {
        let project = Project::cold(&folder.join(name).join("bin"), "bin");
        let dev = project.dev().env("CARGO_TARGET_DIR", &shared.root);
        dev.run().succeeds();
        project
    });
    let folders = || std::fs::read_dir(shared.path("pyx")).map_or(0, Iterator::count);
    assert_eq!(folders(), 2);
    for (project, left) in [(&one, 1), (&other, 0)] {
        let all = clean(project, &["--env"]).env("CARGO_TARGET_DIR", &shared.root);
        let run = all.run().succeeds().never_says("Keeping");
        let built = project.listing(&[]).into_keys();
        assert_eq!(folders(), left, "{run}");
        assert!(!built.into_iter().any(|path| path.ends_with(".venv")));
    }
    assert!(!shared.path("pyx").exists());
}
