//! Environments of conda, mamba and pixi: a whole Python, and in `conda-meta` a record of every file that
//! came with it. Naming one means building into it; creating and removing it is left to its tool.

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::Version;

use crate::model::implementation::Implementation;
use crate::model::package_name;
use crate::world::disk;

const RECORDS: &str = "conda-meta";

/// Whether there is one in a folder.
pub(super) fn is_at(dir: &Utf8Path) -> bool {
    disk::is_dir(&dir.join(RECORDS))
}

/// Whether such environments are created in the folder that `dir` is in: pixi's in a project, or those of a
/// conda installation, which is one itself.
fn is_made_beside(dir: &Utf8Path) -> bool {
    let Some(envs) = dir.parent().filter(|envs| envs.file_name() == Some("envs")) else {
        return false;
    };
    let owner = envs.parent();
    owner.is_some_and(|owner| owner.file_name() == Some(".pixi") || is_at(owner))
}

/// Whether a folder belongs to one of them: it has such an environment, or is where one is created and holds
/// nothing else.
pub(super) fn owns(dir: &Utf8Path) -> bool {
    is_at(dir) || is_made_beside(dir) && disk::names(dir).is_empty()
}

/// Its Python; on Windows it is where virtual environments have `pyvenv.cfg`.
pub(super) fn python(dir: &Utf8Path) -> Utf8PathBuf {
    dir.join(if cfg!(windows) {
        "python.exe"
    } else {
        "bin/python"
    })
}

/// CPython's own statement of its version, a file that exists wherever modules can be compiled. Absolute;
/// `None` if there is no Python.
pub(super) fn version_file(dir: &Utf8Path) -> Option<Utf8PathBuf> {
    const NAME: &str = "patchlevel.h";
    if cfg!(windows) {
        return Some(dir.join("include").join(NAME));
    }
    let include = dir.join("include");
    let mut names = disk::names(&include);
    names.retain(|name| Implementation::of_lib_folder(name).is_some());
    // conda has a link next to it with the folder's name truncated
    let files = names.iter().map(|name| include.join(name).join(NAME));
    files.filter(|file| disk::is_file(file)).max()
}

/// The folder in `lib` of its Python: others may be left over from an earlier one.
pub(super) fn lib_folder(dir: &Utf8Path) -> Option<String> {
    let file = version_file(dir)?;
    file.parent()?.file_name().map(str::to_owned)
}

pub(super) fn version(dir: &Utf8Path) -> Option<Version> {
    let text = disk::read_text(&version_file(dir)?).ok()??;
    let (_, rest) = text.split_once("#define PY_VERSION ")?;
    let version = rest.split('"').nth(1)?;
    Version::from_str(version.trim_end_matches('+')).ok()
}

/// An installed package of an environment.
pub(super) struct Installed {
    /// Normalised.
    pub(super) name: String,
    version: String,
    /// The installer, as it names itself (PEP 376, `INSTALLER`); empty if not stated.
    installer: String,
}

impl Installed {
    pub(super) fn is_condas(&self) -> bool {
        self.installer == "conda"
    }

    /// Whether uv, which pyx calls, may replace it.
    pub(super) fn is_uvs(&self) -> bool {
        self.installer == "uv"
    }

    /// As a requirement on the installed version: `numpy==2.3.1`.
    pub(super) fn requirement(&self) -> String {
        format!("{}=={}", self.name, self.version)
    }
}

/// All in a folder, by the names of their metadata; without what uv could not be told about.
pub(super) fn installed(packages: &Utf8Path) -> Vec<Installed> {
    let read = |file: String| {
        let (name, version) = named(&file)?;
        Version::from_str(version).ok()?;
        let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        let installer = disk::read_text(&packages.join(&file).join("INSTALLER"));
        let installer = installer.ok().flatten().unwrap_or_default();
        is_name.then(|| Installed {
            name: package_name::normalize(name),
            version: version.to_owned(),
            installer: installer.trim().to_owned(),
        })
    };
    disk::names(packages).into_iter().filter_map(read).collect()
}

/// Name and version in `six-1.16.0.dist-info`, and in the older `six-1.16.0-py3.12.egg-info`.
fn named(file: &str) -> Option<(&str, &str)> {
    if let Some(stem) = file.strip_suffix(".dist-info") {
        return stem.rsplit_once('-');
    }
    let stem = file.strip_suffix(".egg-info")?;
    let stem = stem.rsplit_once("-py").map_or(stem, |(stem, _)| stem);
    stem.rsplit_once('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_tell_who_installed_them() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        for (name, installer) in [
            ("Ruamel_Yaml-0.18.6.dist-info", Some("conda\n")),
            ("numpy-2.3.1.dist-info", None),
            ("pytest-8.0.dist-info", Some("uv")),
            ("six-1.16.0-py3.12.egg-info", None),
            ("~ip-23.2.1.dist-info", None),
            ("pytz_deprecation-2013b_x.dist-info", None),
            ("pytest", None),
        ] {
            disk::create_dir(&dir.join(name)).unwrap();
            if let Some(text) = installer {
                disk::write(&dir.join(name).join("INSTALLER"), text.as_bytes()).unwrap();
            }
        }
        let told = |it: &Installed| (it.requirement(), it.is_condas(), it.is_uvs());
        let expected = [
            ("ruamel-yaml==0.18.6", true, false),
            ("numpy==2.3.1", false, false),
            ("pytest==8.0", false, true),
            ("six==1.16.0", false, false),
        ];
        let expected =
            expected.map(|(text, is_condas, is_uvs)| (text.to_owned(), is_condas, is_uvs));
        assert_eq!(
            installed(dir).iter().map(told).collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn an_environment_of_conda_tells_its_version_without_being_run() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap().join("env");
        assert!(!is_at(&dir) && version(&dir).is_none());
        let header = "#define PY_MINOR_VERSION 13\n#define PY_VERSION      \"3.13.2+\"\n";
        let folder = if cfg!(windows) {
            "include"
        } else {
            "include/python3.13t"
        };
        disk::write(&dir.join(folder).join("patchlevel.h"), header.as_bytes()).unwrap();
        disk::write(&dir.join("conda-meta/history"), b"").unwrap();
        assert!(is_at(&dir));
        assert_eq!(version(&dir), Version::from_str("3.13.2").ok());
    }

    #[test]
    fn where_conda_and_pixi_make_theirs_nobody_else_does() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        disk::write(&dir.join("miniforge/conda-meta/history"), b"").unwrap();
        for (path, is) in [
            ("p/.pixi/envs/default", true),
            ("miniforge/envs/new", true),
            ("p/envs/new", false),
            ("p/.venv", false),
        ] {
            assert_eq!(owns(&dir.join(path)), is, "{path}");
        }
        let folder = dir.join("p/.pixi/envs/default");
        disk::create_dir(&folder).unwrap();
        assert!(owns(&folder), "it is not finished yet");
        disk::write(&folder.join("pyvenv.cfg"), b"").unwrap();
        assert!(!owns(&folder), "somebody else has made it");
    }
}
