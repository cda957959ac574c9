//! Distributions that were installed from this machine's files, according to the environment itself (PEP 610,
//! `direct_url.json`).

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use url::Url;

use crate::facts::environment::Environment;
use crate::facts::fingerprint::{Input, TreeScope};
use crate::world::disk;
use crate::world::manifest::Manifests;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalDistribution {
    /// Its name for itself.
    pub name: String,
    /// The folder or the archive that it was installed from, absolute.
    pub from: Utf8PathBuf,
    /// Whether its files are imported from there.
    pub is_editable: bool,
}

#[derive(Deserialize)]
struct DirectUrl {
    url: String,
    #[serde(default)]
    dir_info: DirInfo,
}

#[derive(Default, Deserialize)]
struct DirInfo {
    #[serde(default)]
    editable: bool,
}

impl LocalDistribution {
    /// All in the environment, by folder name; `members`: folders of packages that pyx installs itself,
    /// absolute.
    pub fn all(environment: &Environment, members: &[Utf8PathBuf]) -> Vec<Self> {
        let Some(packages) = environment.site_packages() else {
            return Vec::new();
        };
        let names = disk::names(&packages)
            .into_iter()
            .filter(|name| name.ends_with(".dist-info"));
        let mut found: Vec<Self> = names
            .filter_map(|name| Self::read(&packages, &name))
            .collect();
        found.retain(|one| !members.contains(&one.from));
        found
    }

    fn read(packages: &Utf8Path, dist_info: &str) -> Option<Self> {
        let text = disk::read_text(&packages.join(dist_info).join("direct_url.json"));
        let said: DirectUrl = serde_json::from_str(&text.ok()??).ok()?;
        let path = Url::parse(&said.url).ok()?.to_file_path().ok()?;
        let name = dist_info.split('-').next().unwrap_or(dist_info);
        Some(Self {
            name: name.to_owned(),
            from: Utf8PathBuf::from_path_buf(path).ok()?,
            is_editable: said.dir_info.editable,
        })
    }

    /// What decides how it is installed: all its files, or only its metadata files if the others are imported
    /// from where they are.
    pub fn input(&self) -> Vec<Input> {
        if disk::is_file(&self.from) {
            return vec![Input::file(&self.from, None)];
        }
        if self.is_editable {
            let files = self.built_from().into_iter();
            return files.map(|path| Input::file(&path, None)).collect();
        }
        vec![Input::tree(&self.from, TreeScope::Package, &[], None)]
    }

    /// The files that an editable one is built from, existing or not: its `[tool.uv] cache-keys`, and the Rust
    /// sources and manifests of cargo in its folder.
    fn built_from(&self) -> BTreeSet<Utf8PathBuf> {
        let names = ["pyproject.toml", "setup.cfg", "setup.py"];
        let mut files: BTreeSet<Utf8PathBuf> = names.map(|name| self.from.join(name)).into();
        let path = self.from.join("pyproject.toml");
        let pyproject = Manifests::default().pyproject(&path).ok().flatten();
        for (pattern, _) in pyproject.iter().flat_map(|it| it.file_keys()) {
            files.insert(self.from.join(&pattern));
            files.extend(disk::matching(&self.from, &pattern));
        }
        let mut rust = disk::unignored_files(&self.from);
        rust.retain(|path| {
            let below = path.strip_prefix(&self.from).unwrap_or(path);
            let is_built = below.components().any(|part| part.as_str() == "target");
            let name = path.file_name().unwrap_or_default();
            !is_built
                && (path.extension() == Some("rs") || ["Cargo.toml", "Cargo.lock"].contains(&name))
        });
        files.extend(rust);
        files
    }
}

#[cfg(test)]
mod tests {
    use crate::world::session::Session;

    use super::*;

    #[test]
    fn what_an_editable_one_is_compiled_from_counts_and_not_what_is_imported() {
        let temp = tempfile::tempdir().unwrap();
        let root = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        let write =
            |name: &str, text: &str| disk::write(&root.join(name), text.as_bytes()).unwrap();
        let keys = "[tool.uv]\ncache-keys = [{ file = 'native/**/*.c' }, { file = 'VERSION' }]\n";
        write("pyproject.toml", keys);
        for file in [
            "Cargo.toml",
            "rust/Cargo.toml",
            "rust/src/lib.rs",
            "native/a/b.c",
            "mylib/__init__.py",
            "target/debug/build/x.rs",
        ] {
            write(file, "one");
        }
        let distribution = LocalDistribution {
            name: "mylib".into(),
            from: root.clone(),
            is_editable: true,
        };
        let stale = |inputs: &[Input]| {
            let mut inputs = inputs.iter();
            inputs.any(|input| input.stale(&Session::default()).is_some())
        };
        for (file, counts) in [
            ("Cargo.toml", true),
            ("rust/src/lib.rs", true),
            ("native/a/b.c", true),
            ("VERSION", true),
            ("setup.py", true),
            ("mylib/__init__.py", false),
            ("target/debug/build/x.rs", false),
        ] {
            let inputs = distribution.input();
            assert!(!stale(&inputs));
            write(file, "two");
            assert_eq!(stale(&inputs), counts, "{file}");
        }
    }

    #[test]
    fn what_was_installed_from_a_folder_says_so() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let write =
            |name: &str, text: &str| disk::write(&root.join(name), text.as_bytes()).unwrap();
        let drive = if cfg!(windows) { "/C:" } else { "" };
        write("plain-1.0.dist-info/METADATA", "");
        write(
            "h_x-1.0.dist-info/direct_url.json",
            &format!(r#"{{"url":"file://{drive}/a%20b/h","dir_info":{{}}}}"#),
        );
        write(
            "v-1.dist-info/direct_url.json",
            r#"{"url":"https://x/v.git","vcs_info":{}}"#,
        );
        let editable = format!(r#"{{"url":"file://{drive}/e","dir_info":{{"editable":true}}}}"#);
        write("e-1.dist-info/direct_url.json", &editable);
        let read = |name: &str| LocalDistribution::read(root, name);
        let found = read("h_x-1.0.dist-info").unwrap();
        let path = Utf8PathBuf::from(format!("{}/", drive.trim_start_matches('/')));
        assert_eq!((&*found.name, &*found.from), ("h_x", &*path.join("a b/h")));
        assert!(!found.is_editable && read("e-1.dist-info").unwrap().is_editable);
        assert_eq!(read("v-1.dist-info"), None);
        assert_eq!(read("plain-1.0.dist-info"), None);
    }
}
