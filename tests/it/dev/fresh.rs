//! What is built again, and what is not.

use std::fs;
use std::path::Path;

use super::{GREET, GREETING};
use crate::support::{
    Project, folder, modified, on_path, project, read, set_modified, skipped, traps, uv,
};

const PYX: &str = env!("CARGO_BIN_EXE_cargo-pyx");

/// A stand-in for the environment's Python that logs its start and runs the real one under the
/// same name, so that it still finds its environment.
fn log_python(project: &Project, log: &Path) {
    let python = project.path(".venv/bin/python");
    let real = fs::canonicalize(&python).unwrap();
    let (source, built) = (
        project.path("target/wrapper.c"),
        project.path("target/wrapper"),
    );
    let text = format!(
        "#include <stdio.h>\n#include <unistd.h>\nint main(int c, char **v) {{ (void)c;\n\
         FILE *f = fopen(\"{}\", \"a\"); fputs(\"python\\n\", f); fclose(f);\n\
         execv(\"{}\", v); return 127; }}\n",
        log.display(),
        real.display(),
    );
    fs::write(&source, text).unwrap();
    let [from, to] = [&source, &built].map(|path| path.to_str().unwrap());
    project.run("cc", &["-o", to, from]).succeeds();
    fs::remove_file(&python).unwrap();
    fs::rename(built, python).unwrap();
}

#[test]
fn what_is_fresh_starts_no_thread() {
    if on_path("strace").is_none() {
        skipped("strace");
        return;
    }
    let project = project!("hello");
    let begun = |path: &str| {
        let words = [
            "-f",
            "-o",
            path,
            "-e",
            "trace=clone,clone3,fork,vfork",
            PYX,
            "pyx",
            "dev",
        ];
        project.program("strace", &words).run().succeeds();
        let calls = fs::read_to_string(path).unwrap();
        calls.lines().filter(|line| line.contains('(')).count()
    };
    let log = folder!();
    fs::create_dir_all(&log).unwrap();
    let log = log.join("calls");
    let log = log.to_str().unwrap();
    project.dev().run().succeeds();
    assert_eq!(begun(log), 0);
    project.append("src/lib.rs", "// more\n");
    assert!(begun(log) > 0, "what is due starts some");
}

/// Without strace: every program that pyx could start is one that tells.
/// - Those on PATH are traps. rustup's proxies may stand anywhere, because what counts is the
///   toolchain behind them; where `rustc` is none, its path is part of the build and it stays.
/// - uv and maturin that pyx provided are out of reach: their cache is elsewhere.
/// - The environment's Python is a program that logs and then runs the real one.
#[test]
fn what_is_fresh_spawns_nothing() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let log = project.path("target/python.log");
    log_python(&project, &log);
    project.dev().run().succeeds();
    let started = read(&log);
    assert!(!started.is_empty(), "the environment's Python was watched");

    let mut names = vec!["cargo", "git", "maturin", "python", "python3", "sh", "uv"];
    let proxy = on_path("rustc").unwrap().with_file_name("rustup").is_file();
    names.extend(proxy.then_some(["rustc", "rustup"]).into_iter().flatten());
    let traps = traps(&folder!().join("traps"), &names);
    let nowhere = folder!().join("no cache");
    let _ = fs::remove_dir_all(&nowhere); // the forced run below makes it
    let dev = || {
        project
            .dev()
            .path_first(traps.dir())
            .env("CARGO_PYX_CACHE_DIR", &nowhere)
    };
    dev().run().finds_fresh("hello");
    assert_eq!(traps.sprung(), "");
    assert_eq!(read(&log), started);
    assert!(!nowhere.exists());

    let forced = dev().with(&["--force"]).run();
    assert_ne!(forced.code, Some(0), "the traps work:\n{forced}");
    assert_ne!(traps.sprung(), "");
}

#[test]
fn an_edit_is_built_and_its_reason_is_named() {
    let project = project!("hello");
    project.dev().run().succeeds();
    project.edit("src/lib.rs", GREETING, "Servus!");
    project
        .dev()
        .run()
        .succeeds()
        .says("`src/lib.rs` changed")
        .says("Compiling hello");
    assert_eq!(project.python(GREET), "Servus!");
    project.dev().run().finds_fresh("hello");
}

/// maturin writes Python around a C interface, which changes with it.
#[test]
fn a_new_function_of_a_c_interface_is_callable() {
    let project = project!("cffi");
    project.dev().run().succeeds();
    let twice = "#[unsafe(no_mangle)]\npub extern \"C\" fn twice(a: i32) -> i32 {\n    2 * a\n}\n";
    project.append("src/lib.rs", twice);
    project.dev().run().succeeds();
    let call = "from cffi_add import lib; print(lib.twice(3))";
    assert_eq!(project.python(call), "6");
    project.dev().run().finds_fresh("cffi-add");
}

#[test]
fn what_somebody_removed_is_brought_back_without_compiling() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let module = project.file_of("hello.hello");
    let python = project.path(".venv/bin/python");
    let uninstall = [
        "pip",
        "uninstall",
        "--quiet",
        "--python",
        python.to_str().unwrap(),
        "hello",
    ];
    let removals: [&dyn Fn(); 4] = [
        &|| fs::remove_file(&module).unwrap(),
        &|| fs::write(&module, "").unwrap(),
        &|| drop(project.run(uv(), &uninstall).succeeds()),
        &|| fs::remove_dir_all(project.path(".venv")).unwrap(),
    ];
    for remove in removals {
        remove();
        project.dev().run().succeeds().never_says("Compiling");
        assert_eq!(project.python(GREET), GREETING);
        project.dev().run().finds_fresh("hello");
    }
    fs::remove_file(project.path("target/pyx/ext/debug/libhello.so")).unwrap();
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), GREETING);
}

/// cargo goes by times alone: a file that is older than the last build is fresh to it.
#[test]
fn old_content_with_its_old_time_is_built_again() {
    let project = project!("hello");
    let (path, text) = (project.path("src/lib.rs"), project.read("src/lib.rs"));
    let time = modified(&path);
    project.dev().run().succeeds();
    project.edit("src/lib.rs", GREETING, "Servus!");
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), "Servus!");
    project.write("src/lib.rs", &text);
    set_modified(&path, time);
    project.dev().run().succeeds().says("`src/lib.rs` changed");
    assert_eq!(project.python(GREET), GREETING);
    project.dev().run().finds_fresh("hello");
}

#[test]
fn what_is_touched_is_fresh() {
    let project = project!("hello");
    project.dev().run().succeeds();
    for name in [
        "src/lib.rs",
        "hello.pyi",
        "Cargo.toml",
        "pyproject.toml",
        "README.md",
    ] {
        project.touch(name);
        project.dev().run().finds_fresh("hello");
    }
}

#[test]
fn what_the_compiler_does_not_read_is_not_compiled() {
    let project = project!("hello");
    project.dev().run().succeeds();
    project.edit("tests/test_hello.py", "5", "6");
    project.dev().run().finds_fresh("hello");
    let metadata = "import importlib.metadata as m; print(m.metadata('hello').get_payload())";
    project.edit("README.md", "smallest", "tiniest");
    let run = project.dev().run().succeeds().never_says("Compiling");
    run.says("`README.md` changed");
    assert!(project.python(metadata).contains("tiniest publishable"));
    let stub = project.file_of("hello").with_file_name("__init__.pyi");
    project.edit("hello.pyi", "Greets", "Salutes");
    let run = project.dev().run().succeeds().never_says("Compiling");
    run.says("`hello.pyi` changed");
    assert!(String::from_utf8(read(&stub)).unwrap().contains("Salutes"));
    project.dev().run().finds_fresh("hello");
}

#[test]
fn a_build_script_that_is_gone_watches_nothing() {
    let project = project!("hello");
    project.write("build.rs", "fn main() {}\n");
    project.dev().run().succeeds();
    project.edit("tests/test_hello.py", "5", "6");
    let run = project.dev().run().succeeds();
    run.says("`tests/test_hello.py` changed");
    project.remove("build.rs");
    project.dev().run().succeeds();
    project.edit("tests/test_hello.py", "6", "7");
    project.dev().run().finds_fresh("hello");
}

#[test]
fn python_sources_are_imported_from_where_they_are() {
    let project = project!("mixed");
    project.dev().run().succeeds();
    project.edit("python/mixed/__init__.py", " words", " Wörter");
    project.dev().run().finds_fresh("mixed");
    assert_eq!(
        project.python("import mixed; print(mixed.report('a b'))"),
        "2 Wörter"
    );
}

#[test]
fn a_failed_build_leaves_no_stamp() {
    let project = project!("hello");
    project.dev().run().succeeds();
    project.edit("src/lib.rs", "\"Hello from Rust!\"", "nonsense");
    for _ in 0..2 {
        let run = project.dev().run().exits(1);
        let run = run
            .says_once("cannot find value `nonsense`")
            .says_once("error[E0425]");
        run.says("building hello")
            .never_says("Fresh")
            .never_says("Finished");
        assert_eq!(project.python(GREET), GREETING, "the old module stays");
    }
    project.edit("src/lib.rs", "nonsense", "\"Servus!\"");
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), "Servus!");
}

/// A failed build is not fresh, and neither is what was there before it, until somebody looks.
#[test]
fn what_is_put_back_after_a_failed_build_is_what_was_built() {
    let project = project!("hello");
    let text = project.read("src/lib.rs");
    project.dev().run().succeeds();
    project.append("src/lib.rs", "nonsense\n");
    project.dev().run().exits(1);
    project.write("src/lib.rs", &text);
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), GREETING);
}

/// What cargo has compiled and nobody installed is newer than the sources that are put back.
#[test]
fn what_is_put_back_after_a_build_that_was_not_installed_is_what_was_built() {
    let project = project!("hello");
    let (path, text) = (project.path("src/lib.rs"), project.read("src/lib.rs"));
    let time = modified(&path);
    project.dev().run().succeeds();
    project.edit("src/lib.rs", GREETING, "Servus!");
    project.write("hello.so", "no module, and in the way of ours");
    project.dev().run().exits(2).says("Compiling hello");
    project.remove("hello.so");
    project.write("src/lib.rs", &text);
    set_modified(&path, time);
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), GREETING);
    project.dev().run().finds_fresh("hello");
}

/// A package that came meanwhile may stand before ours: pyx looks, and compiles nothing.
#[test]
fn a_new_package_in_the_environment_compiles_nothing() {
    let project = project!("hello");
    project.dev().run().succeeds();
    project.install("iniconfig");
    project.dev().run().succeeds().never_says("Compiling");
    project.dev().run().finds_fresh("hello");
    project.python("import hello, iniconfig");
}

#[test]
fn switching_profiles_compiles_each_once() {
    let project = project!("hello");
    let name = "if cfg!(debug_assertions) { \"dev\" } else { \"release\" }";
    project.edit("src/lib.rs", "\"Hello from Rust!\"", name);
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), "dev");
    let release = project.dev().with(&["--release"]).run().succeeds();
    release
        .says("profile was dev, is release")
        .says("Building hello [release]");
    assert_eq!(project.python(GREET), "release");
    project
        .dev()
        .with(&["--release"])
        .run()
        .finds_fresh("hello");
    project.dev().run().succeeds().never_says("Compiling");
    assert_eq!(project.python(GREET), "dev");
    project
        .dev()
        .with(&["--release"])
        .run()
        .succeeds()
        .never_says("Compiling");
    assert_eq!(project.python(GREET), "release");
}

#[test]
fn what_a_build_script_writes_for_its_crate_is_compiled_once() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let script = "fn main() {\n    let dir = std::env::var(\"OUT_DIR\").unwrap();\n    \
                  std::fs::write(dir + \"/made.rs\", \"pub const MADE: u8 = 1;\").unwrap();\n}\n";
    project.write("build.rs", script);
    let include = "\ninclude!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n";
    project.append("src/main.rs", include);
    project.dev().run().succeeds();
    project.dev().run().finds_fresh("shout");
    project.append("src/main.rs", "// another\n");
    project.dev().run().succeeds().says("Compiling shout");
    project.dev().run().finds_fresh("shout");
}

#[test]
fn sources_are_found_where_cargo_names_them_relative_to_a_folder() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.write(".cargo/config.toml", "[build]\ndep-info-basedir = \".\"\n");
    let dev = || project.dev().with(&["-C", "tests"]).run().succeeds();
    dev();
    dev().finds_fresh("shout");
    project.append("src/main.rs", "// another\n");
    dev().says("`src/main.rs` changed");
}

/// cargo keeps what tells of these variables there.
#[test]
fn variables_that_the_build_reads_are_seen_in_a_build_directory_of_its_own() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let config = "[build]\nbuild-dir = \"{workspace-root}/target/between\"\n";
    project.write(".cargo/config.toml", config);
    let script = "fn main() {\n    println!(\"cargo:rerun-if-env-changed=OF_THE_SCRIPT\");\n    \
                  println!(\"cargo:rerun-if-changed=build.rs\");\n}\n";
    project.write("build.rs", script);
    project.append(
        "src/main.rs",
        "\npub const READ: Option<&str> = option_env!(\"OF_THE_CRATE\");\n",
    );
    let dev = |name: &str, value: &str| project.dev().env(name, value).run().succeeds();
    dev("UNRELATED", "1");
    assert!(project.path("target/between/pyx/ext/debug/deps").is_dir());
    assert!(!project.path("target/pyx/ext/debug/deps").exists());
    dev("UNRELATED", "2").finds_fresh("shout");
    for name in ["OF_THE_SCRIPT", "OF_THE_CRATE"] {
        let run = dev(name, "1").says(&format!("environment variable `{name}` changed"));
        run.says("Compiling shout");
        dev(name, "1").finds_fresh("shout");
        dev("UNRELATED", "3"); // as it was
    }
    // tests are built beside it, so that neither undoes the other's work
    project.pyx("test").with(&["--rust"]).run().succeeds();
    project.dev().run().finds_fresh("shout");
    let run = project.pyx("test").with(&["--rust"]).run().succeeds();
    run.never_says("Compiling");
}

/// What the program `shout` of a project says, once it is built.
fn said(project: &Project) -> String {
    let shout = project.path(".venv/bin/shout");
    let run = project.run(shout.to_str().unwrap(), &[]).succeeds();
    run.stdout.trim().to_owned()
}

/// Puts a file somewhere with the time that it has, as `mv`, `cp -p` and `tar` do.
fn put(project: &Project, from: &str, to: &str) {
    let time = modified(&project.path(from));
    project.write(to, &project.read(from));
    set_modified(&project.path(to), time);
}

/// cargo keeps what it compiled with other features, and goes by times when it takes that up again.
#[test]
fn what_an_earlier_build_was_made_of_is_seen_though_the_last_did_not_read_it() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.append("Cargo.toml", "\n[features]\nother = []\n");
    let main = "#[cfg(feature = \"other\")]\nmod other;\nfn main() {\n    #[cfg(feature = \"other\")]\n    \
        println!(\"{}\", other::WORD);\n    #[cfg(not(feature = \"other\"))]\n    println!(\"plain\");\n}\n";
    project.write("src/main.rs", main);
    project.write("old", "pub const WORD: &str = \"old\";\n");
    project.write("src/other.rs", "pub const WORD: &str = \"new\";\n");
    let dev = |options: &[&str]| {
        project.dev().with(options).run().succeeds();
        said(&project)
    };
    let other = ["--features", "other"];
    assert_eq!(dev(&other), "new");
    assert_eq!(dev(&[]), "plain");
    put(&project, "old", "src/other.rs");
    assert_eq!(dev(&other), "old");
}

/// cargo looks whether anything is newer than what it compiled.
#[test]
fn what_comes_with_an_old_time_or_is_gone_below_a_build_script_is_seen() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let script = "fn main() {\n    let word = std::fs::read_to_string(\"word\").unwrap_or(\"none\".into());\n    \
        println!(\"cargo:rustc-env=WORD={}\", word.trim());\n}\n";
    project.write("build.rs", script);
    project.write(
        "src/main.rs",
        "fn main() {\n    println!(\"{}\", env!(\"WORD\"));\n}\n",
    );
    let kept = Project::at(&project.root.with_file_name("kept"));
    kept.write("word", "here");
    let time = modified(&kept.path("word"));
    let dev = || {
        project.dev().run().succeeds();
        said(&project)
    };
    assert_eq!(dev(), "none");
    project.write("word", "here");
    set_modified(&project.path("word"), time);
    assert_eq!(dev(), "here");
    project.remove("word");
    assert_eq!(dev(), "none");
    project.dev().run().finds_fresh("shout");
}

/// cargo writes the output of a build script only when it runs it.
#[test]
fn what_a_build_script_has_declared_for_other_features_is_not_forgotten() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.append("Cargo.toml", "\n[features]\nother = []\n");
    let script = "fn main() {\n    if std::env::var_os(\"CARGO_FEATURE_OTHER\").is_none() {\n        \
        println!(\"cargo:rerun-if-env-changed=FLAVOR\");\n    }\n    \
        println!(\"cargo:rustc-env=WORD={}\", std::env::var(\"FLAVOR\").unwrap_or_default());\n}\n";
    project.write("build.rs", script);
    project.write(
        "src/main.rs",
        "fn main() {\n    println!(\"{}\", env!(\"WORD\"));\n}\n",
    );
    let dev = |options: &[&str], flavor: &str| {
        let dev = project.dev().with(options).env("FLAVOR", flavor);
        dev.run().succeeds();
        said(&project)
    };
    assert_eq!(dev(&[], "one"), "one");
    dev(&["--features", "other"], "one");
    assert_eq!(dev(&[], "one"), "one");
    assert_eq!(dev(&[], "two"), "two");
}
