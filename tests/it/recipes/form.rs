//! What all recipes have in common.

use std::path::Path;

use serde_json::Value;

use super::{recipes, small};
use crate::support::{CheckOutcome, Project, folder, name_of, uv};

/// just by itself, as nobody but pyx should call it.
fn bare(project: &Project, file: &Path, args: &[&str]) -> CheckOutcome {
    let from = ["tool", "run", "--quiet", "--from", "rust-just==1.59.0"];
    let file = ["just", "--justfile", file.to_str().unwrap()];
    project.run(uv(), &[&from[..], &file[..], args].concat())
}

#[test]
fn every_recipe_is_formatted_documented_and_grouped() {
    let project = small(&folder!());
    let mut files = recipes();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "just"));
    assert!(files.len() >= 8, "{files:?}");
    for file in files {
        bare(&project, &file, &["--fmt", "--check"]).succeeds();
        let dump = bare(&project, &file, &["--dump", "--dump-format", "json"]).succeeds();
        let dump: Value = serde_json::from_str(&dump.stdout).unwrap();
        let name = name_of(&file);
        let recipe = &dump["recipes"][name.trim_end_matches(".just")];
        assert!(recipe["doc"].is_string(), "{name}");
        assert!(recipe["attributes"].to_string().contains("group"), "{name}");
    }
}

#[test]
fn without_pyx_a_recipe_says_how_to_call_it() {
    let project = small(&folder!());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
    for name in [
        "audit", "ci", "clean", "docs", "fmt", "lint", "stubs", "types",
    ] {
        let run = bare(&project, &folder.join(format!("{name}.just")), &[name]);
        assert_ne!(run.code, Some(0), "{run}");
        run.says(&format!("cargo pyx just {name}"));
    }
}
