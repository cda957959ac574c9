//! What runs where the program is developed and released: the workflows, the action, the hooks.

use std::process::Command;

use cargo_pyx::facts::release::HOSTED;

use super::{root, text};
use crate::support::{Project, folder, uv};

/// Pinned: a linter that learns something new is no fault of the file at hand.
const ZIZMOR: &str = "zizmor@1.32.0";
const SCHEMA: &str = "check-jsonschema@0.39.0";

const FLOWS: [&str; 2] = [".github/workflows/ci.yml", ".github/workflows/release.yml"];

/// What a tool from the package registry says of files of the repository.
pub(super) fn tool(words: &[&str], files: &[&str]) -> String {
    let mut command = Command::new(uv());
    command
        .args(["tool", "run", "--quiet"])
        .args(words)
        .args(files);
    let output = command.current_dir(root()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{words:?}: {found}{said}");
    found
}

/// zizmor finds nothing in a project's workflows, and its files are of the forms that these schemas say.
pub(crate) fn are_sound(project: &Project, schemas: &[(&str, &[&str])]) {
    let tool = |words: &[&str]| {
        let run = project.run(uv(), &[&["tool", "run"][..], words].concat());
        run.succeeds()
    };
    let found = tool(&[
        ZIZMOR,
        "--offline",
        "--no-progress",
        "--format",
        "json",
        ".",
    ]);
    assert_eq!(found.stdout.trim(), "[]");
    for (schema, files) in schemas {
        tool(&[&[SCHEMA, "--builtin-schema", schema], *files].concat());
    }
}

#[test]
fn they_satisfy_zizmor_and_their_schemas() {
    let audit = [ZIZMOR, "--offline", "--no-progress", "--format", "json"];
    let all = [&FLOWS[..], &["action.yml"]].concat();
    assert_eq!(tool(&audit, &all).trim(), "[]");
    let schemas = [
        ("vendor.github-workflows", &FLOWS[..]),
        ("vendor.github-actions", &["action.yml"]),
    ];
    for (schema, files) in schemas {
        tool(&[SCHEMA, "--builtin-schema", schema], files);
    }
    let hooks = [".pre-commit-hooks.yaml"];
    tool(
        &[
            "--from",
            "pre-commit@4.7.0",
            "pre-commit",
            "validate-manifest",
        ],
        &hooks,
    );
}

#[test]
fn a_release_is_made_for_the_platforms_that_new_projects_get() {
    let flow = text(&root().join(FLOWS[1]));
    for hosted in &HOSTED {
        let row = format!("{{ runner: {}, target: {}", hosted.runner, hosted.target);
        assert!(flow.contains(&row), "{row}");
    }
    let [major, minor, _] = [0, 1, 2].map(|at| {
        let mut parts = env!("CARGO_PKG_VERSION").split(['.', '-']);
        parts.nth(at).unwrap().parse::<u32>().unwrap()
    });
    let range = format!("default: \">={major}.{minor},<{major}.{}\"", minor + 1);
    assert!(text(&root().join("action.yml")).contains(&range), "{range}");
}

/// A wheel as `bindings = "bin"` makes them, in the folder that the workflow gives it.
const WHEEL: &str = "
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.writestr('cargo_pyx-1.2.3.data/scripts/cargo-pyx', '#!/bin/sh\\necho it runs\\n')
    wheel.writestr('cargo_pyx-1.2.3.dist-info/METADATA', '')";

#[test]
fn the_archives_are_where_binstall_looks_for_them() {
    let folder = folder!();
    let _ = std::fs::remove_dir_all(&folder);
    let target = "x86_64-unknown-linux-gnu";
    let set = folder.join("sets").join(format!("set-{target}"));
    std::fs::create_dir_all(&set).unwrap();
    let python = |words: &[&str]| {
        let run = Command::new("python3")
            .args(words)
            .current_dir(&folder)
            .status();
        assert!(run.unwrap().success(), "{words:?}");
    };
    let wheel = set.join("cargo_pyx-1.2.3-py3-none-manylinux2014_x86_64.whl");
    python(&["-c", WHEEL, wheel.to_str().unwrap()]);
    let script = root().join(".ci/archives.py");
    python(&[script.to_str().unwrap(), "sets", "out"]);

    let manifest: serde_json::Value =
        toml_edit::de::from_str(&text(&root().join("Cargo.toml"))).unwrap();
    let stated = |name: &str| {
        let value = manifest["package"]["metadata"]["binstall"][name].as_str();
        let filled = value.unwrap().replace("{ version }", "1.2.3");
        let filled = filled.replace("{ target }", target);
        filled.replace("{ bin }{ binary-ext }", "cargo-pyx")
    };
    let url = stated("pkg-url");
    let (_, archive) = url.rsplit_once('/').unwrap();
    let untar = Command::new("tar")
        .args(["-xzf", archive])
        .current_dir(folder.join("out"))
        .status();
    assert!(untar.unwrap().success(), "{archive}");
    let program = folder.join("out").join(stated("bin-dir"));
    let output = Command::new(&program).output().unwrap();
    assert_eq!(output.stdout, b"it runs\n", "{}", program.display());
    let sums = text(&folder.join("out/SHA256SUMS"));
    let bytes = std::fs::read(folder.join("out").join(archive)).unwrap();
    let hash = cargo_pyx::world::disk::digest(&bytes);
    assert_eq!(sums, format!("{hash}  {archive}\n"));
}
