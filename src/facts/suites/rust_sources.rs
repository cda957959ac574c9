//! Which files make up the library and the programs of a crate, as far as their texts say.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::path::normalize;
use crate::world::disk;
use crate::world::manifest::CargoToml;

/// The sources of a crate that a plain `cargo test` compiles besides its integration tests.
#[derive(Debug, Default)]
pub(super) struct RustSources {
    /// Absolute, each with its text.
    pub(super) files: Vec<(Utf8PathBuf, String)>,
    /// Whether a source includes a file that only the compiler can locate.
    pub(super) has_unknown: bool,
}

impl RustSources {
    /// All of `src` and of the library's folder, what the manifest names for a target, and what any of these
    /// includes from elsewhere (Rust reference, "The path attribute"; std, `include!`).
    pub(super) fn of(cargo: &CargoToml) -> Self {
        let library = cargo.toml.str(&["lib", "path"]).map(Utf8Path::new);
        let library = library.and_then(Utf8Path::parent);
        let folders = BTreeSet::from(["src", library.map_or("src", Utf8Path::as_str)]);
        let folders = folders.into_iter().map(|name| cargo.dir().join(name));
        let in_folders = folders.flat_map(|dir| disk::unignored_files(&dir));
        let mut open: Vec<Utf8PathBuf> = in_folders
            .filter(|file| file.extension() == Some("rs"))
            .chain(cargo.stated_sources())
            .map(|file| normalize(&file))
            .collect();
        let mut found = Self::default();
        let mut seen = BTreeSet::new();
        while let Some(file) = open.pop() {
            if !seen.insert(file.clone()) {
                continue;
            }
            let Some(text) = disk::read_text(&file).ok().flatten() else {
                continue;
            };
            open.extend(modules(&text, &file));
            for place in taken_in(&text, &file, cargo.dir()) {
                match place {
                    TakenIn::File(place) => open.push(normalize(&place)),
                    TakenIn::Unknown => found.has_unknown = true,
                }
            }
            found.files.push((file, text));
        }
        found
    }
}

/// What a source includes.
enum TakenIn {
    /// Absolute, existing or not.
    File(Utf8PathBuf),
    /// Only the compiler knows which.
    Unknown,
}

/// Where `mod name;` may have its file.
fn modules(text: &str, file: &Utf8Path) -> Vec<Utf8PathBuf> {
    let beside = file.with_file_name("");
    let below = file.with_extension("");
    let named = text.lines().filter_map(|line| {
        let (before, rest) = line.split_once("mod ")?;
        let (name, _) = rest.split_once(';')?;
        let is_item = matches!(before.chars().last(), None | Some(' ' | ']' | '{'));
        is_item.then(|| name.trim())
    });
    let files = named.flat_map(|name| [format!("{name}.rs"), format!("{name}/mod.rs")]);
    let places = |path: String| [beside.join(&path), below.join(path)];
    files.flat_map(places).collect()
}

/// The files that a source names by path.
fn taken_in(text: &str, file: &Utf8Path, package: &Utf8Path) -> Vec<TakenIn> {
    let beside = file.with_file_name("");
    let mut found = Vec::new();
    for (at, _) in text.match_indices("#[") {
        let attribute = text[at + 2..].lines().next().unwrap_or_default();
        if let Some(path) = path_attribute(attribute) {
            found.push(TakenIn::File(beside.join(path)));
        }
    }
    for (at, name) in text.match_indices("include!") {
        let line = text[..at].rsplit('\n').next().unwrap_or_default();
        let is_longer = line.ends_with(|it: char| it.is_alphanumeric() || it == '_');
        if is_longer || line.trim_start().starts_with("//") {
            continue;
        }
        let call = text[at + name.len()..].split(';').next();
        found.extend(included(call.unwrap_or_default(), &beside, package));
    }
    found
}

/// `path = "x.rs"`, which may be behind a condition.
fn path_attribute(attribute: &str) -> Option<&str> {
    let behind = attribute.strip_prefix("cfg_attr(");
    let said = behind.map_or(Some(attribute), |it| Some(it.rsplit_once(", ")?.1))?;
    let value = said.strip_prefix("path")?.trim_start().strip_prefix('=')?;
    value.trim_start().strip_prefix('"')?.split('"').next()
}

/// What a call of `include!` names, from its arguments; nothing for what a build script writes, which is not
/// a test of the project.
fn included(call: &str, beside: &Utf8Path, package: &Utf8Path) -> Option<TakenIn> {
    const PACKAGE: &str = "env!(\"CARGO_MANIFEST_DIR\")";
    if call.contains("\"OUT_DIR\"") {
        return None;
    }
    let base = if call.contains(PACKAGE) {
        package
    } else {
        beside
    };
    let call = call.replace(PACKAGE, "");
    let words: String = call.split('"').skip(1).step_by(2).collect();
    if words.is_empty() || call.contains("env!") {
        return Some(TakenIn::Unknown);
    }
    Some(TakenIn::File(base.join(words.trim_start_matches('/'))))
}

#[cfg(test)]
mod tests {
    use crate::world::manifest::Manifests;

    use super::*;

    /// The files besides `src/lib.rs` of a crate with this library, and whether there may be more.
    fn beside(library: &str, targets: &str, files: &[&str]) -> (String, bool) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let manifest = format!("[package]\nname = 'x'\n{targets}\n");
        disk::write(&dir.join("Cargo.toml"), manifest.as_bytes()).unwrap();
        disk::write(&dir.join("src/lib.rs"), library.as_bytes()).unwrap();
        for file in files {
            disk::write(&dir.join(file), b"mod deeper;\n").unwrap();
        }
        let manifests = Manifests::default();
        let cargo = manifests.cargo(&dir.join("Cargo.toml")).unwrap().unwrap();
        let sources = RustSources::of(&cargo);
        let files = sources.files.iter().map(|(file, _)| file);
        let mut names: Vec<String> = files
            .map(|file| crate::model::path::slashed(file.strip_prefix(dir).unwrap()))
            .filter(|name| name != "src/lib.rs")
            .collect();
        names.sort();
        (names.join(" "), sources.has_unknown)
    }

    #[test]
    fn sources_elsewhere_are_found_by_the_path_that_takes_them_in() {
        let (unit, deeper) = ("tests/unit/a.rs", "tests/unit/deeper.rs");
        for library in [
            "#[cfg(test)]\n#[path = \"../tests/unit/a.rs\"]\nmod a;\n",
            "#[path=\"../tests/unit/a.rs\"] mod a;\n",
            "#[cfg_attr(unix, path = \"../tests/unit/a.rs\")]\nmod a;\n",
            "include!(\"../tests/unit/a.rs\");\n",
            "include!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/tests/unit/a.rs\"));\n",
            "include!(concat!(\n    env!(\"CARGO_MANIFEST_DIR\"),\n    \"/tests/unit/a.rs\"\n));\n",
        ] {
            let found = beside(library, "", &[unit, deeper, "tests/unit/other.rs"]);
            assert_eq!(found, (format!("{unit} {deeper}"), false), "{library}");
        }
        let computed = "include!(concat!(env!(\"X_DIR\"), \"/a.rs\"));\n";
        assert_eq!(beside(computed, "", &[]), (String::new(), true));
        for library in [
            "include!(concat!(env!(\"OUT_DIR\"), \"/a.rs\"));\n",
            "// include!(name!());\nother_include!(name!());\n",
        ] {
            assert_eq!(beside(library, "", &[unit]), (String::new(), false));
        }
    }

    #[test]
    fn sources_of_targets_are_found_where_the_manifest_has_them() {
        for (target, file, is_compiled) in [
            (
                "[[bin]]\nname = 'a'\npath = 'tools/a.rs'",
                "tools/a.rs",
                true,
            ),
            (
                "[[example]]\nname = 'a'\ntest = true",
                "examples/a.rs",
                true,
            ),
            (
                "[[example]]\nname = 'a'\ntest = true",
                "examples/a/main.rs",
                true,
            ),
            ("[[bench]]\nname = 'a'\ntest = true", "benches/a.rs", true),
            ("[[example]]\nname = 'a'", "examples/a.rs", false),
            (
                "[[bin]]\nname = 'a'\npath = 'tools/a.rs'\ntest = false",
                "tools/a.rs",
                false,
            ),
        ] {
            let found = beside("", target, &[file]).0;
            assert_eq!(found == file, is_compiled, "{target}: {found}");
        }
    }
}
