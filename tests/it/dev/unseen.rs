//! What cargo takes for compiled by its times, or never looks at, and is not as it was.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::{CheckOutcome, Project, folder, modified, set_modified, within};

const PROJECT: &str = "[build-system]
requires = [\"maturin>=1.9,<2\"]
build-backend = \"maturin\"

[project]
name = \"NAME\"
version = \"1.0\"
requires-python = \">=3.9\"

[tool.maturin]
bindings = \"bin\"
";

fn package(name: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}")
}

/// A program that prints what the crate `value` says; `needs`: how its manifest asks for that crate.
fn printer(name: &str, needs: &str) -> [(String, String); 3] {
    let main = "fn main() {\n    print!(\"{}\", value::V);\n}\n";
    [
        (format!("{name}/Cargo.toml"), package(name, needs)),
        (
            format!("{name}/pyproject.toml"),
            PROJECT.replace("NAME", name),
        ),
        (format!("{name}/src/main.rs"), main.to_owned()),
    ]
}

fn written(place: &Path, files: &[(String, String)]) -> Project {
    let _ = fs::remove_dir_all(place);
    for (name, text) in files {
        let path = place.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let project = Project::at(place);
    project.git(&["init", "--quiet"]); // nothing above it counts
    project
}

fn value(at: &str) -> [(String, String); 2] {
    [
        (format!("{at}/Cargo.toml"), package("value", "")),
        (
            format!("{at}/src/lib.rs"),
            "pub const V: &str = \"one\";\n".to_owned(),
        ),
    ]
}

/// `shown`, which prints what its path dependency `value` says, and the folder that it is in.
fn shown(place: &Path) -> (Project, Project) {
    let needs = "\n[workspace]\n\n[dependencies]\nvalue = { path = \"value\" }\n";
    let mut files = printer("shown", needs).to_vec();
    files.extend(value("shown/value"));
    let all = written(place, &files);
    let project = Project::at(&all.path("shown"));
    (all, project)
}

fn printed(project: &Project, name: &str) -> String {
    let program = project.path(&format!(".venv/bin/{name}"));
    project.run(program, &[]).succeeds().stdout
}

/// An edit that keeps the file's time.
fn put(project: &Project, name: &str, old: &str, new: &str) {
    let path = project.path(name);
    let time = modified(&path);
    project.edit(name, old, new);
    set_modified(&path, time);
}

fn compiled(run: &CheckOutcome, name: &str) -> usize {
    run.count(&format!("Compiling {name} "))
}

#[test]
fn an_edit_of_a_vendored_crate_is_compiled_although_cargo_never_looks_at_it() {
    let mut files = printer(
        "shown",
        "\n[workspace]\n\n[dependencies]\nvalue = \"0.1\"\n",
    )
    .to_vec();
    files.extend(value("shown/vendor/value"));
    let sums = "{\"files\": {}, \"package\": null}";
    files.push((
        "shown/vendor/value/.cargo-checksum.json".into(),
        sums.into(),
    ));
    let config = "[source.crates-io]\nreplace-with = \"vendored\"\n\n[source.vendored]\ndirectory = \"vendor\"\n";
    files.push(("shown/.cargo/config.toml".into(), config.into()));
    let all = written(&folder!(), &files);
    let project = Project::at(&all.path("shown"));
    project.dev().run().succeeds();
    assert_eq!(printed(&project, "shown"), "one");
    project.edit("vendor/value/src/lib.rs", "one", "two");
    let run = project.dev().run().succeeds();
    assert_eq!(printed(&project, "shown"), "two", "{run}");
    project.dev().run().finds_fresh("shown");
}

#[test]
fn a_crate_of_two_members_that_is_forgotten_for_both_is_compiled_once() {
    let needs = "\n[dependencies]\nvalue = { path = \"../value\" }\n";
    let mut files = [printer("one", needs), printer("two", needs)].concat();
    files.extend(value("value"));
    let members = "[workspace]\nresolver = \"2\"\nmembers = [\"one\", \"two\", \"value\"]\n";
    files.push(("Cargo.toml".into(), members.into()));
    let project = written(&folder!(), &files);
    project.dev().run().succeeds();
    put(&project, "value/src/lib.rs", "one", "two");
    let run = project.dev().run().succeeds();
    assert_eq!(compiled(&run, "value"), 1, "{run}");
    assert_eq!(
        [printed(&project, "one"), printed(&project, "two")],
        ["two", "two"]
    );
    // and once more where it is for the first of them
    project.edit("one/pyproject.toml", "\"1.0\"", "\"1.1\"");
    let run = project.dev().run().succeeds();
    assert_eq!(compiled(&run, "value"), 0, "{run}");
}

#[test]
fn what_was_edited_in_a_copy_of_a_built_project_is_compiled_whatever_its_time() {
    let (all, project) = shown(&folder!());
    project.edit("src/main.rs", "\"{}\"", "\"{} before\"");
    project.dev().run().succeeds();
    let copy = Project::at(&all.path("copy"));
    let from = project.root.to_str().unwrap();
    let status = Command::new("cp")
        .args(["-a", from])
        .arg(&copy.root)
        .status();
    assert!(status.unwrap().success());
    put(&copy, "src/main.rs", "before", "after");
    put(&copy, "value/src/lib.rs", "one", "two");
    let run = copy.dev().run().succeeds();
    assert_eq!(printed(&copy, "shown"), "two after", "{run}");
    project.dev().run().finds_fresh("shown");
}

#[test]
fn a_crate_that_only_a_feature_needs_is_compiled_whatever_the_time_of_its_edit() {
    let needs = "\n[workspace]\n\n[features]\nmore = [\"dep:value\"]\n\n[dependencies]\nvalue = { path = \"../value\", optional = true }\n";
    let mut files = printer("shown", needs).to_vec();
    files[2].1 =
        "fn main() {\n    #[cfg(feature = \"more\")]\n    print!(\"{}\", value::V);\n}\n".into();
    files.extend(value("value"));
    let all = written(&folder!(), &files);
    let project = Project::at(&all.path("shown"));
    let dev = || project.dev().with(&["--features", "more"]);
    dev().run().succeeds();
    put(&all, "value/src/lib.rs", "one", "two");
    let run = dev().run().succeeds();
    assert_eq!(printed(&project, "shown"), "two", "{run}");
    dev().run().finds_fresh("shown");
}

#[test]
fn a_lock_that_cargo_writes_installs_nothing_twice() {
    let (_, project) = shown(&folder!());
    project.dev().run().succeeds();
    project.edit("value/Cargo.toml", "0.1.0", "0.2.0");
    let run = project.dev().run().succeeds().says_once("Installed shown");
    assert!(project.read("Cargo.lock").contains("0.2.0"), "{run}");
    project.dev().run().finds_fresh("shown");
}

#[test]
fn a_library_that_cargo_finds_as_it_was_is_not_installed_again() {
    let project = Project::new(&folder!(), "cffi");
    project.dev().run().succeeds();
    project.edit("Cargo.toml", "0.1.0", "0.2.0");
    let run = project.dev().run().succeeds();
    assert_eq!(run.count("Installed cffi-add"), 1, "{run}");
    assert_eq!(run.count("Installing cffi-add"), 1, "{run}");
    project.dev().run().finds_fresh("cffi-add");
    // a file of which cargo alone knows whether it is a source
    project.write("src/other.rs", "");
    let run = project.dev().run().succeeds().says("Checked cffi-add");
    run.never_says("Installing").never_says("Compiling");
    project.dev().run().finds_fresh("cffi-add");
}

/// cargo takes what is there for what it compiled, whatever is in it.
fn lose_and_damage(project: &Project, installed: &str, artifact: &str) -> CheckOutcome {
    project.remove(installed);
    let file = fs::File::options().write(true).open(project.path(artifact));
    file.unwrap().set_len(3000).unwrap();
    project.dev().run().succeeds()
}

#[test]
fn a_damaged_program_is_never_installed_for_what_was_built() {
    let (_, project) = shown(&folder!());
    project.dev().run().succeeds();
    let artifact = "target/pyx/ext/debug/shown";
    // its size is known: cargo is told before it is asked
    let run = lose_and_damage(&project, ".venv/bin/shown", artifact).never_says("is damaged");
    assert_eq!(printed(&project, "shown"), "one", "{run}");
    project.dev().run().finds_fresh("shown");
    // nothing tells how large it was
    project.remove("target/pyx/state.json");
    let run = lose_and_damage(&project, ".venv/bin/shown", artifact);
    let run = run.says(&format!("Repeating dev: `{artifact}` is damaged"));
    assert_eq!(printed(&project, "shown"), "one", "{run}");
}

#[test]
fn a_damaged_library_is_never_installed_for_what_was_built() {
    let project = Project::new(&folder!(), "cffi");
    project.dev().run().succeeds();
    let find = "import cffi_add as c, glob; print(glob.glob(c.__path__[0] + '/*.so')[0])";
    let installed = project.python(find);
    let name = installed.rsplit('/').next().unwrap();
    let artifact = format!("target/pyx/ext/debug/{name}");
    let sum = "from cffi_add import lib; print(lib.add(2, 3))";
    let run = lose_and_damage(&project, &installed, &artifact).never_says("is damaged");
    assert_eq!(project.python(sum), "5", "{run}");
    project.dev().run().finds_fresh("cffi-add");
    // nothing tells how large it was
    project.remove("target/pyx/state.json");
    let run = lose_and_damage(&project, &installed, &artifact).says("is damaged");
    assert_eq!(project.python(sum), "5", "{run}");
}

#[test]
fn a_distribution_that_is_called_otherwise_now_is_taken_away() {
    let (_, project) = shown(&folder!());
    project.dev().run().succeeds();
    project.edit("pyproject.toml", "name = \"shown\"", "name = \"told\"");
    let run = project.dev().run().succeeds();
    let script =
        "from importlib import metadata as m; print(sorted({d.name for d in m.distributions()}))";
    assert_eq!(project.python(script), "['told']", "{run}");
    assert_eq!(compiled(&run, "shown"), 0, "{run}");
    project.dev().run().finds_fresh("told");
}

#[test]
fn what_was_edited_after_any_build_is_compiled_although_no_build_is_recorded() {
    let (_, project) = shown(&folder!());
    let release = || project.dev().with(&["--release"]);
    project.dev().run().succeeds();
    project.edit("value/src/lib.rs", "one", "two");
    release().run().succeeds();
    // its time is after that of one build, and before that of the other
    project.remove("target/pyx/state.json");
    put(&project, "value/src/lib.rs", "two", "three");
    let run = release().run().succeeds();
    assert_eq!(printed(&project, "shown"), "three", "{run}");
}

#[test]
fn every_crate_of_the_project_is_compiled_as_cargos_configuration_says_now() {
    let (_, project) = shown(&folder!());
    let source = "fn main() {\n    print!(\"{} {}\", value::V, option_env!(\"MOOD\").unwrap_or(\"none\"));\n}\n";
    project.write("src/main.rs", source);
    project.dev().run().succeeds();
    assert_eq!(printed(&project, "shown"), "one none");
    // the last changes nothing that a newer cargo compiles anything for
    for (config, said) in [
        ("[env]\nMOOD = \"glad\"\n", "one glad"),
        ("[env]\nMOOD = \"sad\"\n", "one sad"),
        ("[env]\nMOOD = \"sad\"\n\n[net]\nretry = 3\n", "one sad"),
    ] {
        project.write(".cargo/config.toml", config);
        let run = project.dev().run().succeeds();
        assert_eq!(printed(&project, "shown"), said, "{run}");
        for name in ["shown", "value"] {
            assert_eq!(compiled(&run, name), 1, "{run}");
        }
        project.dev().run().finds_fresh("shown");
    }
    // before 1.85 cargo does not see it, and all that the configuration is for is compiled anew
    project.write(".cargo/config.toml", "[env]\nMOOD = \"sad\"\n");
    project.dev().run().succeeds();
    let run = project.dev().env("MOOD", "calm").run().succeeds();
    assert_eq!(printed(&project, "shown"), "one calm", "{run}");
    for name in ["shown", "value"] {
        assert_eq!(compiled(&run, name), 1, "{run}");
    }
    // what a build of another name was given counts no more
    project.edit("pyproject.toml", "name = \"shown\"", "name = \"told\"");
    project.dev().run().succeeds();
    project.remove(".venv/bin/shown");
    let run = project.dev().run().succeeds();
    assert_eq!(printed(&project, "shown"), "one sad", "{run}");
    assert_eq!(compiled(&run, "value"), 0, "{run}");
    project.remove("target/pyx/state.json");
    project.write(".cargo/config.toml", "[net]\nretry = 2\n");
    let run = project.dev().run().succeeds();
    assert_eq!(printed(&project, "shown"), "one none", "{run}");
    assert_eq!(compiled(&run, "value"), 1, "{run}");
}

#[test]
fn a_licence_that_a_glob_finds_is_installed() {
    let (_, project) = shown(&folder!());
    let globs = "license-files = [\"licences/*\", \"COPY[I]NG*\"]\nversion = \"1.0\"";
    project.edit("pyproject.toml", "version = \"1.0\"", globs);
    project.write("licences/A", "");
    project.dev().run().succeeds();
    let script =
        "from importlib import metadata as m; print(m.metadata('shown').get_all('License-File'))";
    for (name, found) in [
        ("licences/B", "['licences/A', 'licences/B']"),
        ("COPYING.txt", "['licences/A', 'licences/B', 'COPYING.txt']"),
    ] {
        project.write(name, "");
        let run = project.dev().run().succeeds().never_says("Compiling");
        assert_eq!(project.python(script), found, "{run}");
    }
    project.remove("licences/A");
    let run = project.dev().run().succeeds();
    assert_eq!(
        project.python(script),
        "['licences/B', 'COPYING.txt']",
        "{run}"
    );
    project.dev().run().finds_fresh("shown");
}

/// Each text that is written is what a watched `shown` prints soon.
fn is_watched(project: &Project, write: impl Fn(&str)) {
    project.dev().run().succeeds();
    let watch = project.dev().with(&["--watch"]).start();
    let mut arrived = Vec::new();
    for text in ["two", "three"] {
        write(text);
        let shown = || printed(project, "shown") == text;
        arrived.push(within(Duration::from_secs(60), &shown));
        std::thread::sleep(Duration::from_millis(500)); // until it waits again
    }
    watch.signal(2);
    let run = watch.finish();
    assert_eq!(arrived, [true, true], "{run}");
}

#[test]
fn a_watch_builds_what_changes_outside_the_project() {
    let mut files = printer("shown", "\n[workspace]\n").to_vec();
    let main = "fn main() {\n    print!(\"{}\", include_str!(\"../../note.txt\"));\n}\n";
    files[2].1 = main.into();
    files.push(("note.txt".into(), "one".into()));
    let all = written(&folder!(), &files);
    let project = Project::at(&all.path("shown"));
    is_watched(&project, |text| all.write("note.txt", text));
}

#[test]
fn a_watch_builds_what_changes_behind_a_link() {
    let mut files = printer("shown", "\n[workspace]\n").to_vec();
    let main = "fn main() {\n    print!(\"{}\", include_str!(\"linked.txt\"));\n}\n";
    files[2].1 = main.into();
    files.push(("far/note.txt".into(), "one".into()));
    let all = written(&folder!(), &files);
    let project = Project::at(&all.path("shown"));
    symlink(all.path("far/note.txt"), project.path("src/linked.txt")).unwrap();
    is_watched(&project, |text| all.write("far/note.txt", text));
}

/// A library that Python loads by cffi, called `_core` as in any other such package; `value`: what it says.
fn library(name: &str, value: &str) -> Vec<(String, String)> {
    let lib = "\n[lib]\nname = \"_core\"\ncrate-type = [\"cdylib\"]\n";
    let place = format!("python-source = \"python\"\nmodule-name = \"{name}._core\"\n");
    let project = PROJECT.replace("NAME", name) + &place;
    let project = project
        .replace("\"bin\"", "\"cffi\"")
        .replace("\n\n[tool", "\ndependencies = [\"cffi\"]\n\n[tool");
    let files = [
        ("Cargo.toml", package(name, lib)),
        ("pyproject.toml", project),
        ("src/lib.rs", LIBRARY.replace("VALUE", value)),
        ("python/NAME/__init__.py", LOADER.to_owned()),
    ];
    let of = |(path, text): (&str, String)| {
        let path = path.replace("NAME", name);
        (format!("{name}/{path}"), text)
    };
    files.map(of).to_vec()
}

const LIBRARY: &str = "#[no_mangle]
pub extern \"C\" fn value() -> *const std::ffi::c_char {
    c\"VALUE\".as_ptr()
}
";

const LOADER: &str = "from ._core import ffi, lib

value = ffi.string(lib.value()).decode()
";

fn imported(project: &Project, name: &str) -> String {
    project.python(&format!("import {name}; print({name}.value)"))
}

/// Two members of one workspace whose libraries have one name.
fn alike(place: &Path) -> Project {
    let mut files = [library("one", "1"), library("two", "2")].concat();
    let workspace = "[workspace]\nresolver = \"2\"\nmembers = [\"one\", \"two\"]\n";
    files.push(("Cargo.toml".into(), workspace.into()));
    written(place, &files)
}

#[test]
fn a_member_is_built_in_one_place_wherever_it_is_asked_for() {
    let project = alike(&folder!());
    project.dev().run().succeeds();
    let two = Project::at(&project.path("two"));
    let run = two.dev().run().succeeds().says_once("Fresh two");
    run.never_says("Compiling");
    project.edit("two/src/lib.rs", "c\"2\"", "c\"3\"");
    two.dev().run().succeeds();
    // its library has not taken the place of the other's, which is only installed again
    project.edit("one/pyproject.toml", "\"1.0\"", "\"1.1\"");
    let run = project.dev().run().succeeds();
    let values = ["one", "two"].map(|name| imported(&project, name));
    assert_eq!(values, ["1", "3"], "{run}");
    run.never_says("Compiling");
}

#[test]
fn a_member_that_is_called_otherwise_is_built_where_it_was() {
    let project = alike(&folder!());
    project.dev().run().succeeds();
    for (name, new) in [("one", "zero"), ("two", "second")] {
        let [old, new] = [name, new].map(|name| format!("name = \"{name}\""));
        project.edit(&format!("{name}/pyproject.toml"), &old, &new);
    }
    let run = project.dev().run().succeeds();
    let values = ["one", "two"].map(|name| imported(&project, name));
    assert_eq!(values, ["1", "2"], "{run}");
    run.never_says("Compiling");
}

#[test]
fn members_that_change_their_names_are_both_there() {
    let project = alike(&folder!());
    project.dev().run().succeeds();
    let moved = |from: &str, to: &str| fs::rename(project.path(from), project.path(to)).unwrap();
    for (from, to) in [("one", "other"), ("two", "one"), ("other", "two")] {
        moved(from, to);
    }
    let run = project.dev().run().succeeds();
    let values = ["one", "two"].map(|name| imported(&project, name));
    assert_eq!(values, ["1", "2"], "{run}");
    run.never_says("Removing");
}

#[test]
fn a_member_that_is_gone_is_taken_away() {
    let files = ["one", "two", "three"].map(|name| library(name, name));
    let project = written(&folder!(), &files.concat());
    project.dev().run().succeeds();
    // git leaves what it ignores, and so the module among the sources
    for name in ["pyproject.toml", "Cargo.toml", "python/three/__init__.py"] {
        project.remove(&format!("three/{name}"));
    }
    let run = project.dev().run().succeeds();
    run.says_once("Removing three, whose package is gone");
    let there = "import importlib.util as u; print(u.find_spec('three') is not None)";
    let seen = |script| {
        let python = project.path(".venv/bin/python");
        let run = project.run(python, &["-I", "-c", script]).succeeds();
        run.stdout.trim_end().to_owned()
    };
    assert_eq!(seen(there), "False");
    let run = project.dev().run().succeeds();
    run.says("Fresh one\n       Fresh two\n")
        .never_says("Removing");
}

#[test]
fn where_a_link_leads_is_compiled_whatever_its_time() {
    let (_, project) = shown(&folder!());
    for value in ["one", "two", "new"] {
        let text = format!("pub const V: &str = \"{value}\";\n");
        project.write(&format!("value/{value}.rs"), &text);
    }
    let lead = |name: &str| {
        let link = project.path("value/src/lib.rs");
        let _ = fs::remove_file(&link);
        symlink(format!("../{name}.rs"), link).unwrap();
    };
    let time = modified(&project.path("value/one.rs"));
    set_modified(&project.path("value/two.rs"), time);
    for name in ["one", "two", "new"] {
        lead(name);
        if name == "new" {
            project.touch("value/new.rs");
        }
        let run = project.dev().run().succeeds();
        assert_eq!(printed(&project, "shown"), name, "{run}");
    }
    project.dev().run().finds_fresh("shown");
}

#[test]
fn projects_in_one_target_directory_do_not_build_in_each_others_place() {
    let all = written(&folder!(), &library("one", "1"));
    let one = Project::at(&all.path("one"));
    let copy = Project::at(&all.path("copy"));
    let from = one.root.to_str().unwrap();
    let status = Command::new("cp")
        .args(["-a", from])
        .arg(&copy.root)
        .status();
    assert!(status.unwrap().success());
    put(&copy, "src/lib.rs", "c\"1\"", "c\"2\"");
    let shared = [
        ("CARGO_TARGET_DIR", "shared"),
        ("CARGO_BUILD_BUILD_DIR", "between"),
    ];
    for (variable, name) in shared {
        let dev = |project: &Project| {
            let run = project.dev().env(variable, all.path(name)).run();
            run.succeeds()
        };
        for (project, value) in [(&one, "1"), (&copy, "2")] {
            let run = dev(project);
            assert_eq!(imported(project, "one"), value, "{run}");
        }
        // what is only installed again is what was compiled of it
        one.write("LICENSE", variable);
        let run = dev(&one).never_says("Compiling");
        assert_eq!(imported(&one, "one"), "1", "{run}");
    }
}
