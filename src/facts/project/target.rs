//! Where cargo puts what it builds (cargo book, "Configuration" and "Build Cache").

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::path::normalize;
use crate::world::disk;
use crate::world::manifest::Toml;
use crate::world::session::Session;

use super::directories::Directories;
use super::member::Member;

/// The target directory is that of `CARGO_TARGET_DIR`, `CARGO_BUILD_TARGET_DIR`, `build.target-dir` of
/// the nearest configuration, else `target` beside the workspace's Cargo.toml; the build directory
/// that of `CARGO_BUILD_BUILD_DIR` or `build.build-dir`.
pub(super) fn directories(session: &Session, member: &Member) -> Result<Directories> {
    let target = match session.path_var("CARGO_TARGET_DIR") {
        Some(dir) => Some(dir),
        None => configured(session, member, "target-dir")?,
    };
    let build = configured(session, member, "build-dir")?;
    Ok(Directories {
        target: target.unwrap_or_else(|| member.workspace.join("target")),
        build: build.map(|dir| expand(&dir, session, member)),
        triple: triple(session, member)?,
    })
}

/// A path in `[build]`, or in the variable that stands for it.
fn configured(session: &Session, member: &Member, key: &str) -> Result<Option<Utf8PathBuf>> {
    let variable = key.replace('-', "_").to_uppercase();
    if let Some(dir) = session.path_var(&format!("CARGO_BUILD_{variable}")) {
        return Ok(Some(dir));
    }
    for path in cargo_configs(session, &member.dir) {
        if let Some(toml) = Toml::read(&path)?
            && let Some(dir) = toml.str(&["build", key])
        {
            let holder = path.parent().and_then(Utf8Path::parent);
            return Ok(Some(holder.unwrap_or(&member.dir).join(dir)));
        }
    }
    Ok(None)
}

/// `CARGO_BUILD_TARGET`, else `build.target` of the nearest configuration; a specification's file is
/// called by its stem.
fn triple(session: &Session, member: &Member) -> Result<Option<String>> {
    let folder = |said: &str| {
        let name = Utf8Path::new(said).file_name().unwrap_or(said);
        name.strip_suffix(".json").unwrap_or(name).to_owned()
    };
    if let Some(said) = session.var("CARGO_BUILD_TARGET") {
        return Ok(Some(folder(said)));
    }
    for path in cargo_configs(session, &member.dir) {
        if let Some(toml) = Toml::read(&path)?
            && let Some(said) = toml.str(&["build", "target"])
        {
            return Ok(Some(folder(said)));
        }
    }
    Ok(None)
}

/// `{workspace-root}`, `{cargo-cache-home}` and `{workspace-path-hash}` in a build directory. The hash is
/// not cargo's: pyx tells cargo where to build.
fn expand(dir: &Utf8Path, session: &Session, member: &Member) -> Utf8PathBuf {
    let hash = disk::digest(member.workspace.as_str().as_bytes());
    let hash = format!("{}/{}", &hash[..2], &hash[2..16]);
    let root = member.workspace.as_str();
    let cache = session.cargo_home();
    let mut text = dir.as_str().replace("{workspace-path-hash}", &hash);
    // these are whole paths, whatever stands before them
    for (name, path) in [
        ("{workspace-root}", root),
        ("{cargo-cache-home}", cache.as_str()),
    ] {
        if let Some((_, rest)) = text.split_once(name) {
            text = format!("{path}{rest}");
        }
    }
    normalize(Utf8Path::new(&text))
}

/// Every place where cargo looks for configuration from a folder, nearest first, there or not.
pub fn cargo_configs(session: &Session, dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut paths: Vec<Utf8PathBuf> = dir
        .ancestors()
        .map(|ancestor| ancestor.join(".cargo"))
        .chain([session.cargo_home()])
        .flat_map(|folder| [folder.join("config"), folder.join("config.toml")])
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_directory_is_expanded_and_found_in_the_nearest_place() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let config = "[build]\nbuild-dir = '{workspace-root}/built'\ntarget-dir = 'out'\n";
        disk::write(&dir.join(".cargo/config.toml"), config.as_bytes()).unwrap();
        let member = Member {
            dir: dir.join("python"),
            workspace: dir.join("rust"),
            ..Member::default()
        };
        let mut session = Session {
            cwd: dir.clone(),
            ..Session::default()
        };
        let found = directories(&session, &member).unwrap();
        assert_eq!(found.target, dir.join("out"));
        assert_eq!(found.build, Some(dir.join("rust/built")));
        session.env.insert(
            "CARGO_BUILD_BUILD_DIR".into(),
            "fast/{workspace-path-hash}".into(),
        );
        let found = directories(&session, &member).unwrap().build.unwrap();
        let hash = found.strip_prefix(dir.join("fast")).unwrap();
        assert_eq!(hash.components().count(), 2, "{hash}");
    }

    #[test]
    fn what_lies_between_has_the_place_in_the_build_directory_that_artifacts_have_in_theirs() {
        let mut member = Member {
            directories: Directories {
                target: "/p/target".into(),
                build: Some("/fast".into()),
                ..Directories::default()
            },
            ..Member::default()
        };
        let of = |member: &Member, dir: &str| member.intermediate_dir(Utf8Path::new(dir));
        assert_eq!(
            of(&member, "/p/target/pyx/ext/debug"),
            "/fast/pyx/ext/debug"
        );
        let [one, other] = ["/q/pyx/builds/3.13", "/r/pyx/builds/3.13"].map(|dir| of(&member, dir));
        assert!(one.starts_with("/fast") && one != other, "{one} {other}");
        member.directories.build = None;
        assert_eq!(of(&member, "/p/target/pyx/ext"), "/p/target/pyx/ext");
    }
}
