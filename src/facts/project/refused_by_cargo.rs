//! What cargo rejects before it compiles anything.

use std::sync::Arc;

use camino::Utf8Path;

use crate::model::error::Result;
use crate::model::path::{relative, slashed};
use crate::world::disk;
use crate::world::manifest::{CargoToml, Manifests};

use super::crates::crates_from;

/// The root of the workspace above a crate that neither has nor excludes it: "current package believes it's in a
/// workspace when it's not" (cargo book, "Workspaces").
pub(super) fn workspace_without(
    manifests: &Manifests,
    cargo: &CargoToml,
) -> Result<Option<Arc<CargoToml>>> {
    let dir = manifests.workspace_root(cargo)?;
    if dir == cargo.dir() {
        return Ok(None);
    }
    let Some(root) = manifests.cargo(&dir.join("Cargo.toml"))? else {
        return Ok(None); // named by the crate, and not there
    };
    let names_root = cargo.toml.str(&["package", "workspace"]).is_some();
    if names_root && !cargo.dir().starts_with(&dir) {
        return Ok(None); // a member by the dependencies of others, wherever it is
    }
    let folder = slashed(relative(root.dir(), cargo.dir()).as_str().into());
    let members = root.toml.strings(&["workspace", "members"]);
    let mut members = members.iter();
    if members.any(|pattern| disk::is_folder_like(pattern, &folder)) {
        return Ok(None); // without a look at all the others
    }
    let crates = crates_from(manifests, &root, Vec::new())?;
    let has_it = crates.iter().any(|one| one.toml.path == cargo.toml.path);
    Ok((!has_it).then_some(root))
}

/// Finds that cargo would refuse a crate, to say it with its place before anything is made.
///
/// # Errors
/// [`Error::Manifest`](crate::model::error::Error::Manifest) with the place, and those of the manifests around it.
pub fn check(manifests: &Manifests, cargo: &CargoToml) -> Result<()> {
    let Some(root) = workspace_without(manifests, cargo)? else {
        return Ok(());
    };
    let to = |path: &Utf8Path| slashed(relative(cargo.dir(), path).as_str().into());
    let folder = slashed(relative(root.dir(), cargo.dir()).as_str().into());
    let message = format!(
        "cargo rejects this crate: the workspace of `{}` neither lists nor excludes it",
        to(&root.toml.path)
    );
    let hint = format!(
        "add \"{folder}\" to `members` or to `exclude` under [workspace] in {}",
        root.toml.path
    );
    let name = cargo.toml.spanned(&["package", "name"]);
    let place = name.map(|name| name.span).unwrap_or_default();
    Err(cargo.toml.error(&place, message, Some(hint)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::disk;

    #[test]
    fn a_crate_that_the_workspace_above_neither_has_nor_excludes_is_refused() {
        for (root, crate_, is_refused) in [
            ("[workspace]\nmembers = ['b']\n", "", true),
            ("[workspace]\nmembers = ['b', 'a']\n", "", false),
            ("[workspace]\nmembers = ['./*']\n", "", false),
            ("[workspace]\nmembers = ['b']\nexclude = ['a']\n", "", false),
            ("[workspace]\nmembers = ['b']\n", "[workspace]\n", false),
            ("[workspace]\nmembers = ['c']\n", "", false), // which depends on it
            ("[package]\nname = 'root'\n", "", false),
            ("[package]\nname = 'root'\n[workspace]\n", "", true),
        ] {
            let temp = tempfile::tempdir().unwrap();
            let dir = Utf8Path::from_path(temp.path()).unwrap();
            let package = |name: &str, rest: &str| format!("[package]\nname = '{name}'\n{rest}");
            let needs = "[dev-dependencies]\na.path = '../a'\n";
            for (name, text) in [
                ("Cargo.toml", root.to_owned()),
                ("a/Cargo.toml", package("a", crate_)),
                ("b/Cargo.toml", package("b", "")),
                ("c/Cargo.toml", package("c", needs)),
            ] {
                disk::write(&dir.join(name), text.as_bytes()).unwrap();
            }
            let manifests = Manifests::default();
            let cargo = manifests.cargo(&dir.join("a/Cargo.toml")).unwrap().unwrap();
            let error = check(&manifests, &cargo).err();
            assert_eq!(error.is_some(), is_refused, "{root}");
            if let Some(error) = error {
                let text = error.to_string();
                assert!(text.contains("the workspace of `../Cargo.toml`"), "{text}");
                assert!(text.contains("a/Cargo.toml:2:"), "{text}");
                let hint = error.hint().unwrap();
                assert!(hint.starts_with("add \"a\" to `members`"), "{hint}");
            }
        }
    }
}
