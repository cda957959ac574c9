//! Everything of a project that a compiler could see: where it is as before, cargo has nothing to do.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::support::{entries, modified, name_of, read};

use super::project::Project;
use super::world::World;

/// The contents, the variables and the toolchain. Comments of manifests do not count.
pub(super) fn digest(project: &Project, world: &World) -> String {
    // a `cdylib` has one place in its folder, with whichever features
    let mut text = format!("{:?} {}\n", world.env, world.extra);
    for path in files(project) {
        let name = path.strip_prefix(&project.root).unwrap().display();
        let _ = writeln!(text, "{name} {}", content(&path));
    }
    text
}

fn content(path: &Path) -> String {
    let text = String::from_utf8_lossy(&read(path)).into_owned();
    let is_toml = path.extension().is_some_and(|ending| ending == "toml");
    // a build script that declares nothing is run for any change in its package
    if !is_toml || path.with_file_name("build.rs").exists() {
        return text;
    }
    let parsed = toml_edit::de::from_str::<serde_json::Value>(&text);
    parsed.map_or(text, |toml| toml.to_string())
}

/// When the last of them was written; a folder counts for what went.
pub(super) fn newest(project: &Project) -> SystemTime {
    let mut times: Vec<SystemTime> = Vec::new();
    for path in files(project) {
        times.push(modified(&path));
        times.push(modified(path.parent().unwrap()));
    }
    times.into_iter().max().unwrap()
}

fn files(project: &Project) -> Vec<PathBuf> {
    let mut found = Vec::new();
    below(&project.root, &mut found);
    found
}

fn below(dir: &Path, found: &mut Vec<PathBuf>) {
    for path in entries(dir) {
        let name = name_of(&path);
        if path.is_dir() {
            if !["target", ".venv", ".git", "python", "tests"].contains(&&*name) {
                below(&path, found);
            }
            continue;
        }
        let is_input = !["pyproject.toml", "uv.lock", ".gitignore"].contains(&&*name)
            && ![".md", ".so"].iter().any(|ending| name.ends_with(ending));
        if is_input && fs::metadata(&path).is_ok() {
            found.push(path);
        }
    }
}
