//! Where cargo puts what it builds (cargo book, "Configuration" and "Build Cache").

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::path::normalize;
use crate::world::disk;
use crate::world::manifest::CargoConfig;
use crate::world::session::Session;

/// cargo's own directories for a workspace, absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directories {
    /// The target directory, where the artifacts are.
    pub target: Utf8PathBuf,
    /// The build directory, for intermediate files; `None` if they are among the artifacts.
    pub build: Option<Utf8PathBuf>,
    /// The folder of a target triple in both, if one is configured.
    pub triple: Option<String>,
}

impl Directories {
    /// By default `target` next to the workspace's Cargo.toml.
    pub(super) fn gather(session: &Session, config: &CargoConfig, workspace: &Utf8Path) -> Self {
        let target = config.target_dir(session);
        let build = config.build_dir(session);
        Self {
            target: target.unwrap_or_else(|| workspace.join("target")),
            build: build.map(|dir| expand(&dir, session, workspace)),
            triple: config.target(session).map(|said| triple(&said)),
        }
    }

    /// `pyx` in the target directory, if only what is in `workspace` is built there.
    pub(super) fn state(&self, workspace: &Utf8Path) -> Utf8PathBuf {
        own_folder(self.target.join("pyx"), workspace)
    }
}

/// `dir`, or a folder for the workspace in it if it is outside the workspace and shared: to cargo the crates
/// of two checkouts are one, and two libraries with one name have one file.
fn own_folder(dir: Utf8PathBuf, workspace: &Utf8Path) -> Utf8PathBuf {
    if dir.starts_with(workspace) {
        dir
    } else {
        dir.join(own_name(workspace))
    }
}

/// The folder name of a project or of a workspace among others.
pub(super) fn own_name(dir: &Utf8Path) -> String {
    let name = dir.file_name().unwrap_or_default();
    let hash = disk::digest(dir.as_str().as_bytes());
    format!("{name}-{}", &hash[..8])
}

/// The folder name of a target: that of a specification's file is its stem.
fn triple(said: &str) -> String {
    let name = Utf8Path::new(said).file_name().unwrap_or(said);
    name.strip_suffix(".json").unwrap_or(name).to_owned()
}

/// `{workspace-root}`, `{cargo-cache-home}` and `{workspace-path-hash}` in a build directory. The hash is
/// not cargo's: pyx tells cargo where to build.
fn expand(dir: &Utf8Path, session: &Session, workspace: &Utf8Path) -> Utf8PathBuf {
    let hash = disk::digest(workspace.as_str().as_bytes());
    let hash = format!("{}/{}", &hash[..2], &hash[2..16]);
    let cache = session.cargo_home();
    let mut text = dir.as_str().replace("{workspace-path-hash}", &hash);
    // these are whole paths, whatever precedes them
    for (name, path) in [
        ("{workspace-root}", workspace.as_str()),
        ("{cargo-cache-home}", cache.as_str()),
    ] {
        if let Some((_, rest)) = text.split_once(name) {
            text = format!("{path}{rest}");
        }
    }
    let expanded = normalize(Utf8Path::new(&text));
    if dir.as_str().contains("{workspace-path-hash}") {
        expanded
    } else {
        own_folder(expanded, workspace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::manifest::Manifests;

    #[test]
    fn a_build_directory_is_expanded_and_found_in_the_nearest_place() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let config = "[build]\nbuild-dir = '{workspace-root}/built'\ntarget-dir = 'out'\n";
        disk::write(&dir.join(".cargo/config.toml"), config.as_bytes()).unwrap();
        let mut session = Session {
            cwd: dir.clone(),
            ..Session::default()
        };
        let directories = |session: &Session| {
            let config = CargoConfig::read(&Manifests::default(), session, &dir.join("python"));
            Directories::gather(session, &config.unwrap(), &dir.join("rust"))
        };
        let found = directories(&session);
        assert_eq!(found.target, dir.join("out"));
        assert_eq!(found.build, Some(dir.join("rust/built")));
        session.env.insert(
            "CARGO_BUILD_BUILD_DIR".into(),
            "fast/{workspace-path-hash}".into(),
        );
        let found = directories(&session).build.unwrap();
        let hash = found.strip_prefix(dir.join("fast")).unwrap();
        assert_eq!(hash.components().count(), 2, "{hash}");
    }

    #[test]
    fn a_targets_folder_is_called_as_the_target_is() {
        assert_eq!(triple("wasm32-wasip1"), "wasm32-wasip1");
        assert_eq!(triple("targets/own.json"), "own");
    }
}
