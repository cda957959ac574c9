//! Which Cargo.toml is the root of a crate's workspace (cargo book, "Workspaces").

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::path::normalize;

use super::Toml;

/// The workspace folder of the crate that a Cargo.toml belongs to; its own if it has no workspace. `read`:
/// gives the manifests of the folders above.
pub(super) fn root_of(
    cargo: &Toml,
    mut read: impl FnMut(&Utf8Path) -> Result<Option<Arc<Toml>>>,
) -> Result<Utf8PathBuf> {
    let own = folder(cargo);
    if let Some(named) = cargo.str(&["package", "workspace"]) {
        return Ok(normalize(&own.join(named)));
    }
    if is_root(cargo) {
        return Ok(own.to_owned());
    }
    for dir in own.ancestors().skip(1) {
        let Some(toml) = read(&dir.join("Cargo.toml"))? else {
            continue;
        };
        // past one that excludes the crate cargo looks further up
        if is_root(&toml) && !excludes(&toml, own) {
            return Ok(dir.to_owned());
        }
    }
    Ok(own.to_owned())
}

/// Whether a workspace root excludes a folder: `exclude` names it or one above it, and `members` does not.
/// What `members` finds by a glob does not count as named.
pub fn excludes(root: &Toml, dir: &Utf8Path) -> bool {
    let names = |key: &str| {
        let folders = root.strings(&["workspace", key]);
        let mut folders = folders
            .iter()
            .map(|path| normalize(&folder(root).join(path)));
        folders.any(|folder| dir.starts_with(folder))
    };
    names("exclude") && !names("members")
}

fn is_root(toml: &Toml) -> bool {
    toml.table(&["workspace"]).is_some()
}

fn folder(toml: &Toml) -> &Utf8Path {
    toml.path.parent().unwrap_or(Utf8Path::new("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::disk;

    /// Which folder is the root of the crate in `x/y`, below those of `files`.
    fn root(files: &[(&str, &str)]) -> String {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        disk::write(&dir.join("x/y/Cargo.toml"), b"[package]\nname = 'y'\n").unwrap();
        for (folder, text) in files {
            disk::write(&dir.join(folder).join("Cargo.toml"), text.as_bytes()).unwrap();
        }
        let cargo = Toml::read(&dir.join("x/y/Cargo.toml")).unwrap().unwrap();
        let root = root_of(&cargo, |path| Ok(Toml::read(path)?.map(Arc::new))).unwrap();
        root.strip_prefix(&dir).unwrap().to_string()
    }

    #[test]
    fn who_is_named_as_a_member_is_one_whatever_is_excluded_around_it() {
        let of = |members: &str| {
            let text = format!("[workspace]\nmembers = ['{members}']\nexclude = ['x']\n");
            root(&[("", &text)])
        };
        assert_eq!(of("x/y"), "");
        assert_eq!(of("x/*"), "x/y");
        assert_eq!(of("z"), "x/y");
    }

    #[test]
    fn past_a_workspace_that_excludes_a_crate_the_next_one_has_it() {
        let inner = "[workspace]\nexclude = ['y']\n[package]\nname = 'x'\n";
        let outer = "[workspace]\nmembers = ['x/y']\n";
        assert_eq!(root(&[("x", inner), ("", outer)]), "");
        assert_eq!(root(&[("x", inner)]), "x/y");
    }
}
