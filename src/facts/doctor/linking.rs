//! What keeps `cargo test` from linking.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::Build;
use crate::facts::project::{HardWired, Member};
use crate::model::error::Result;
use crate::model::finding::Finding;
use crate::world::disk;
use crate::world::manifest::{ArrayEdit, CargoToml, line_at};

use super::problem::{Fix, Problem};

pub(super) fn check(build: &Build) -> Result<Vec<Problem>> {
    let member = &build.member;
    let mut found = Vec::new();
    let hard_wired = build.hard_wired.as_ref();
    found.extend(hard_wired.map(|found| extension_module(found, member)));
    found.extend(cdylib_only(member)?);
    Ok(found)
}

fn extension_module(found: &HardWired, member: &Member) -> Problem {
    let without = if found.by_default {
        " without `--no-default-features`"
    } else {
        ""
    };
    let message = format!(
        "`extension-module` is on in every build: plain `cargo test` cannot link{without} \
         (`cargo pyx test` can)"
    );
    let hint = match &member.pyproject {
        Some(_) => "move it to `features` under [tool.maturin]",
        None => {
            "move it to `features` under [tool.maturin] of a pyproject.toml (`cargo pyx init` says which)"
        }
    };
    let finding = Finding::warning("extension-module", message)
        .at(&found.path, Some(found.line))
        .hint(hint);
    let fix = found.fix.iter().cloned();
    Problem {
        finding,
        fix: fix.map(|(path, change)| Fix::Amend(path, change)).collect(),
    }
}

/// Nothing can link against a library that is only a `cdylib` (Rust reference, "Linkage").
fn cdylib_only(member: &Member) -> Result<Option<Problem>> {
    let cargo = &member.cargo;
    let Some(lib) = &member.lib else {
        return Ok(None);
    };
    if cargo.crate_types() != ["cdylib"] {
        return Ok(None);
    }
    // many an extension crate has the name of the crate that it wraps, and that is meant then
    if cargo.extern_names().contains(lib) {
        return Ok(None);
    }
    let Some((path, line)) = user(cargo, lib)? else {
        return Ok(None);
    };
    let key = ["crate-type", "crate_type"]
        .into_iter()
        .find(|key| cargo.toml.get(&["lib", key]).is_some());
    let keys = ["lib", key.unwrap_or("crate-type")];
    let below = path.strip_prefix(cargo.dir()).unwrap_or(&path);
    let message = format!("`{below}:{line}` uses `{lib}`, but nothing can link against a cdylib");
    let finding = Finding::error("cdylib-only", message)
        .at(&cargo.toml.path, Some(cargo.toml.line_of(&keys)))
        .hint("crate-type = [\"cdylib\", \"rlib\"]");
    let add = ArrayEdit::add(&keys, vec!["\"rlib\"".into()]);
    Ok(Some(Problem {
        finding,
        fix: Fix::amend(&cargo.toml, add).into_iter().collect(),
    }))
}

/// The first line of a test, benchmark or example that names the library.
fn user(cargo: &CargoToml, lib: &str) -> Result<Option<(Utf8PathBuf, usize)>> {
    for folder in ["tests", "benches", "examples"] {
        let automatic = format!("auto{folder}");
        if cargo.toml.bool(&["package", &automatic]) == Some(false) {
            continue;
        }
        for path in targets(&cargo.dir().join(folder)) {
            let text = disk::read_text(&path)?.unwrap_or_default();
            if let Some(at) = names(&text, lib) {
                return Ok(Some((path, line_at(&text, at))));
            }
        }
    }
    Ok(None)
}

/// The files that are compiled as programs (cargo book, "Target auto-discovery").
fn targets(dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let files = disk::names(dir).into_iter().map(|name| {
        let path = dir.join(name);
        match path.extension() {
            Some("rs") => path,
            _ => path.join("main.rs"),
        }
    });
    files.filter(|path| disk::is_file(path)).collect()
}

/// Where a text says `use LIB`, `extern crate LIB` or `LIB::`.
fn names(text: &str, lib: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let code = line.trim_start();
        let imported = ["use ", "pub use ", "extern crate "].iter().any(|verb| {
            let rest = code
                .strip_prefix(verb)
                .and_then(|rest| rest.strip_prefix(lib));
            rest.is_some_and(|rest| rest.starts_with([':', ';', ' ']))
        });
        let path = format!("{lib}::");
        let called = code.match_indices(&path).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || "_:".contains(c))
        });
        if imported || (called && !code.starts_with("//")) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_used_by_its_name_as_a_word() {
        assert_eq!(names("// x\nuse hello::a;\n", "hello"), Some(5));
        assert!(names("fn f() { hello::a() }", "hello").is_some());
        assert!(names("use hello as h;", "hello").is_some());
        for other in [
            "use hello_world::a;",
            "// hello::a",
            "other::hello::a();",
            "say(hello)",
        ] {
            assert_eq!(names(other, "hello"), None, "{other}");
        }
    }
}
