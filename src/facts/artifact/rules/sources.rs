//! What an sdist must contain to be built: the manifests, and every file that they name.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::ArchiveMember;
use crate::model::error::{Error, Result};
use crate::model::finding::Finding;
use crate::model::path::{normalize, slashed};
use crate::world::manifest::{CargoToml, PyProject, Toml};

struct SdistSources<'a> {
    members: &'a [ArchiveMember],
    files: BTreeSet<&'a Utf8Path>,
    found: Vec<Finding>,
}

/// `top` is the top-level folder.
pub(super) fn findings(members: &[ArchiveMember], top: &str) -> Vec<Finding> {
    let mut sources = SdistSources {
        members,
        files: members
            .iter()
            .map(|member| Utf8Path::new(&member.name))
            .collect(),
        found: Vec::new(),
    };
    sources.pyproject(Utf8Path::new(top));
    sources.found
}

impl SdistSources<'_> {
    /// The manifest at a path; what is wrong with it is noted.
    fn toml(&mut self, path: &Utf8Path) -> Option<Toml> {
        let member = self
            .members
            .iter()
            .find(|member| Utf8Path::new(&member.name) == path)?;
        let text = String::from_utf8_lossy(&member.bytes).into_owned();
        self.good(path, Toml::parse(path, &text))
    }

    fn good<T>(&mut self, path: &Utf8Path, parsed: Result<T>) -> Option<T> {
        parsed
            .map_err(|error| {
                let message = match error {
                    Error::Manifest { message, .. } => message,
                    other => other.to_string(),
                };
                self.found
                    .push(Finding::error("manifest", message).at(slashed(path), None));
            })
            .ok()
    }

    fn pyproject(&mut self, top: &Utf8Path) {
        let path = Utf8PathBuf::from(format!("{top}/pyproject.toml"));
        if !self.files.contains(path.as_path()) {
            // older projects are built by setuptools
            if self.files.contains(top.join("setup.py").as_path()) {
                return;
            }
            let message = "without a `pyproject.toml`, no installer knows how to build it";
            self.found
                .push(Finding::error("missing-source", message).at(path, None));
            return;
        }
        let Some(toml) = self.toml(&path) else { return };
        let Some(pyproject) = self.good(&path, PyProject::of(toml)) else {
            return;
        };
        for file in pyproject.metadata_files() {
            self.need(&path, &file);
        }
        if !pyproject.builds_with_maturin() {
            return;
        }
        let named = pyproject.maturin("manifest-path");
        let beside = || pyproject.manifest_beside(|path| self.files.contains(path));
        let manifest = match named {
            Some(named) => normalize(&top.join(named)),
            None => beside().unwrap_or_else(|| top.join("Cargo.toml")),
        };
        self.crates(&manifest, &path);
        if !self
            .files
            .iter()
            .any(|file| file.file_name() == Some("Cargo.lock"))
        {
            let message = "there is no `Cargo.lock`: every installation resolves the crates again";
            let finding = Finding::warning("cargo-lock-missing", message);
            self.found.push(
                finding
                    .at(format!("{top}/Cargo.lock"), None)
                    .hint("cargo generate-lockfile"),
            );
        }
    }

    /// The crate, and those that it depends on by path.
    fn crates(&mut self, first: &Utf8Path, from: &Utf8Path) {
        let mut open = vec![(first.to_owned(), from.to_owned())];
        let mut seen = BTreeSet::new();
        while let Some((path, from)) = open.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            if !self.files.contains(path.as_path()) {
                self.missing(&from, &path);
                continue;
            }
            let toml = self.toml(&path);
            let manifest = toml.and_then(|toml| self.good(&path, CargoToml::of(toml)));
            if let Some(manifest) = manifest {
                self.named(&manifest, path == first);
                let needs = self.path_dependencies(&manifest);
                open.extend(
                    needs
                        .into_iter()
                        .map(|need| (need.join("Cargo.toml"), path.clone())),
                );
            }
        }
    }

    /// The files that a crate's manifest names. The readme and the license of a mere dependency are not read.
    fn named(&mut self, manifest: &CargoToml, is_first: bool) {
        let path = &manifest.toml.path;
        let mut keys = vec![["package", "build"], ["lib", "path"]];
        if is_first {
            keys.extend([["package", "readme"], ["package", "license-file"]]);
        }
        for key in keys {
            if let Some(file) = manifest.toml.str(&key) {
                self.need(path, file);
            }
        }
        if manifest.toml.table(&["lib"]).is_some() && manifest.toml.get(&["lib", "path"]).is_none()
        {
            self.need(path, "src/lib.rs");
        }
    }

    /// The folders of path dependencies; inherited ones are in the workspace's manifest, which is
    /// in a folder above.
    fn path_dependencies(&mut self, manifest: &CargoToml) -> Vec<Utf8PathBuf> {
        let all = manifest
            .dependencies()
            .into_iter()
            .chain(manifest.dev_dependencies());
        let (inherited, own): (Vec<_>, Vec<_>) = all.partition(|one| one.inherited);
        let mut paths: Vec<Utf8PathBuf> = own.into_iter().filter_map(|one| one.path).collect();
        if inherited.is_empty() {
            return paths;
        }
        let workspace = manifest.dir().ancestors().find_map(|dir| {
            let toml = self.toml(&dir.join("Cargo.toml"))?;
            let found = CargoToml::of(toml).ok()?;
            found.is_workspace().then_some(found)
        });
        let Some(workspace) = workspace else {
            let message = "inherits dependencies from a workspace whose `Cargo.toml` is not there";
            let finding = Finding::error("missing-source", message);
            self.found
                .push(finding.at(slashed(&manifest.toml.path), None));
            return paths;
        };
        let known = workspace
            .workspace_dependencies()
            .into_iter()
            .filter(|one| inherited.iter().any(|need| need.key.value == one.key.value));
        paths.extend(known.filter_map(|one| one.path));
        paths
    }

    /// A file that the manifest at `from` names, relative to its folder.
    fn need(&mut self, from: &Utf8Path, file: &str) {
        let folder = from.parent().unwrap_or(Utf8Path::new(""));
        let path = normalize(&folder.join(file));
        if !self.files.contains(path.as_path()) {
            self.missing(from, &path);
        }
    }

    fn missing(&mut self, from: &Utf8Path, path: &Utf8Path) {
        let message = format!("names `{}`, which is not there", slashed(path));
        let hint = "add it to `include` in [tool.maturin], or correct the manifest";
        let finding = Finding::error("missing-source", message).at(slashed(from), None);
        self.found.push(finding.hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(files: &[(&str, &str)]) -> Vec<String> {
        let members: Vec<ArchiveMember> = files
            .iter()
            .map(|(name, text)| ArchiveMember {
                name: format!("a-1/{name}"),
                bytes: (*text).into(),
                ..ArchiveMember::default()
            })
            .collect();
        let found = findings(&members, "a-1");
        found
            .iter()
            .map(|one| format!("{}: {}", one.rule, one.message))
            .collect()
    }

    const PYPROJECT: (&str, &str) = (
        "pyproject.toml",
        "[build-system]\nrequires = ['maturin']\nbuild-backend = 'maturin'\n[project]\nname = 'a'\n",
    );

    #[test]
    fn all_that_the_manifests_name_must_be_there() {
        let needs = "[package]\nname = 'a'\nreadme = 'R.md'\nbuild = 'b.rs'\n[lib]\nname = 'a'\n\
                     [dependencies]\nb = { path = 'b' }\n[dev-dependencies]\nc = { path = '../c' }\n";
        let missing = rules(&[PYPROJECT, ("Cargo.toml", needs), ("Cargo.lock", "")]);
        let missing: Vec<&str> = missing
            .iter()
            .filter_map(|one| one.split('`').nth(1))
            .collect();
        let all = [
            "a-1/b.rs",
            "a-1/R.md",
            "a-1/src/lib.rs",
            "c/Cargo.toml",
            "a-1/b/Cargo.toml",
        ];
        assert_eq!(missing, all);
    }

    #[test]
    fn what_is_inherited_is_in_the_workspaces_manifest() {
        let member = "[package]\nname = 'a'\n[dependencies]\nb = { workspace = true }\n";
        let pyproject =
            PYPROJECT.1.to_owned() + "[tool.maturin]\nmanifest-path = 'crates/a/Cargo.toml'\n";
        let root = "[workspace]\n[workspace.dependencies]\nb = { path = 'crates/b' }\nc = { path = 'c' }\n";
        let mut files = vec![
            ("pyproject.toml", pyproject.as_str()),
            ("crates/a/Cargo.toml", member),
            ("Cargo.lock", ""),
        ];
        let found = rules(&files);
        assert!(found[0].contains("inherits"), "{found:?}");
        files.push(("Cargo.toml", root));
        assert!(rules(&files)[0].contains("`a-1/crates/b/Cargo.toml`"));
        files.push(("crates/b/Cargo.toml", "[package]\nname = 'b'\n"));
        assert_eq!(rules(&files), [""; 0]);
    }

    #[test]
    fn an_sdist_of_another_backend_needs_no_crate() {
        let other = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n";
        assert_eq!(rules(&[("pyproject.toml", other)]), [""; 0]);
        assert!(rules(&[])[0].starts_with("missing-source"));
        assert!(rules(&[("pyproject.toml", "[")])[0].starts_with("manifest"));
    }
}
