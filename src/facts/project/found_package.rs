//! A package that was found by its manifests, and what commands know about it as a member.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8Path;

use crate::model::error::Result;
use crate::model::package_name;
use crate::model::path::normalize;
use crate::world::manifest::{CargoToml, Manifests, PyProject};

use super::crates::{Closure, cargo_lock, locked_closure};
use super::layout::installed_module;
use super::member::{Bindings, MATURIN_READMES, Member};
use super::python_module::is_module_by_itself;

/// Folders that hold packages which are not published from here.
pub(super) const ASIDE: [&str; 16] = [
    "benches",
    "docs",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "node_modules",
    "site-packages",
    "target",
    "template",
    "templates",
    "test",
    "testing",
    "tests",
    "third_party",
    "vendor",
];

/// A package's manifests.
#[derive(Debug)]
pub(super) struct FoundPackage {
    /// `None` for a crate that embeds Python, or that is a module without a pyproject.toml.
    pub(super) pyproject: Option<Arc<PyProject>>,
    pub(super) cargo: Arc<CargoToml>,
}

impl FoundPackage {
    pub(super) fn python(manifests: &Manifests, pyproject: Arc<PyProject>) -> Result<Self> {
        let missing = || {
            pyproject.toml.error(
                &(0..0),
                format!("no Cargo.toml next to `{}`", pyproject.toml.path),
                Some("[tool.maturin] manifest-path = \"path/to/Cargo.toml\"".into()),
            )
        };
        let manifest = pyproject.cargo_manifest()?.ok_or_else(missing)?;
        let cargo = manifests.cargo(&manifest)?.ok_or_else(missing)?;
        Ok(Self {
            cargo,
            pyproject: Some(pyproject),
        })
    }

    pub(super) fn dir(&self) -> &Utf8Path {
        self.pyproject
            .as_ref()
            .map_or_else(|| self.cargo.dir(), |pyproject| pyproject.dir())
    }

    pub(super) fn name(&self) -> String {
        let name = self.pyproject.as_ref().and_then(|p| p.name());
        package_name::normalize(name.or(self.cargo.package_name()).unwrap_or("unnamed"))
    }

    pub(super) fn member(&self, manifests: &Manifests) -> Result<Member> {
        let closure = Closure::of(manifests, &self.cargo)?;
        let cargo = &self.cargo;
        let parts = closure.parts(cargo, &|dir| is_host(dir, self.dir()));
        let lib = cargo.has_lib().then(|| cargo.lib_name()).flatten();
        let mut member = Member {
            name: self.name(),
            dir: self.dir().to_owned(),
            cargo: cargo.clone(),
            bindings: self.bindings(manifests, &closure)?,
            module: lib.clone().unwrap_or_default(),
            lib,
            bins: cargo.bins(),
            plain: !cargo.has_maturin_targets(),
            workspace: closure.workspace,
            workspace_cargo: closure.root,
            parts,
            path_dependencies: closure.crates,
            dependencies: Arc::new(closure.dependencies),
            ..Member::default()
        };
        if let Some(pyproject) = &self.pyproject {
            add_python(&mut member, pyproject)?;
        }
        member.metadata_files.extend(cargo.readme());
        let guessed = MATURIN_READMES.map(|name| cargo.dir().join(name));
        member.metadata_files.extend(guessed);
        Ok(member)
    }

    /// As maturin guesses: the stated one, else the binding crate among the dependencies, else cffi for a C
    /// library and bin for programs (maturin guide, "Bindings").
    fn bindings(&self, manifests: &Manifests, closure: &Closure) -> Result<Bindings> {
        let said = match &self.pyproject {
            Some(pyproject) => pyproject.maturin("bindings"),
            None if is_module_by_itself(manifests, &self.cargo)? => None,
            None => return Ok(Bindings::Embed),
        };
        Ok(match said {
            Some("pyo3" | "rust-cpython") => Bindings::Pyo3,
            Some("pyo3-ffi") => Bindings::Pyo3Ffi,
            Some("cffi") => Bindings::Cffi,
            Some("uniffi") => Bindings::Uniffi,
            Some("bin") => Bindings::Bin,
            _ => self.guessed_bindings(manifests, closure),
        })
    }

    fn guessed_bindings(&self, manifests: &Manifests, closure: &Closure) -> Bindings {
        let is_cdylib = self.cargo.crate_types().iter().any(|kind| kind == "cdylib");
        if !is_cdylib && !self.cargo.bins().is_empty() {
            return Bindings::Bin;
        }
        let direct = BTreeSet::new();
        let known = [
            ("pyo3", Bindings::Pyo3),
            ("pyo3-ffi", Bindings::Pyo3Ffi),
            ("uniffi", Bindings::Uniffi),
        ];
        let named = |locked: &BTreeSet<String>| {
            known
                .iter()
                .find(|(package, _)| closure.depends_on(package, locked))
                .map(|(_, bindings)| *bindings)
        };
        named(&direct)
            .or_else(|| {
                let package = self.cargo.package_name().unwrap_or_default();
                let lock = cargo_lock(manifests, &closure.workspace)?;
                named(&locked_closure(&lock, package))
            })
            .unwrap_or(Bindings::Cffi)
    }
}

/// Whether the crate in `dir` is above a package that is among its examples or tests: any other package with
/// a crate above, such as a module in `python/` with its library, consists of it.
fn is_host(dir: &Utf8Path, package: &Utf8Path) -> bool {
    let mut between = package.strip_prefix(dir).into_iter().flatten();
    between.any(|name| ASIDE.contains(&name))
}

fn add_python(member: &mut Member, pyproject: &Arc<PyProject>) -> Result<()> {
    const UNUSUAL: [&str; 7] = [
        "all-features",
        "cargo-extra-args",
        "config",
        "rustc-args",
        "targets",
        "unstable-flags",
        "use-cross",
    ];
    let unusual = pyproject.maturin_has(&UNUSUAL);
    member.conditional_features = pyproject.conditional_features();
    member.plain &= !unusual && member.conditional_features.is_empty();
    member.pyproject = Some(pyproject.clone());
    // maturin guide, "Project layout": `module-name`, the library's own name, the project's, the crate's
    if let Some(module) = pyproject.maturin("module-name") {
        installed_module(pyproject, module).clone_into(&mut member.module);
    } else if member.lib.is_some()
        && member.cargo.toml.str(&["lib", "name"]).is_none()
        && let Some(name) = pyproject.name()
    {
        member.module = name.replace('-', "_");
    }
    let mut features = pyproject.maturin_features();
    if pyproject.toml.bool(&["tool", "maturin", "all-features"]) == Some(true) {
        features.extend(member.cargo.all_features());
    }
    for feature in features {
        let feature = member.own_feature(&feature).to_owned();
        if !member.features.contains(&feature) {
            member.features.push(feature);
        }
    }
    member.maturin = pyproject.maturin_versions()?;
    if member.crates().any(|cargo| cargo.has_build_script()) {
        member.build_requirements = pyproject.other_build_requirements();
    }
    member.requires_python = pyproject.requires_python()?;
    member.needs = pyproject
        .dependencies()
        .into_iter()
        .filter_map(|text| package_name::of_requirement(&text))
        .collect();
    let dir = pyproject.dir();
    member.metadata_files = pyproject
        .metadata_files()
        .into_iter()
        .map(|file| normalize(&dir.join(file)))
        .collect();
    // maturin guide, "Project layout": a stub beside pyproject.toml goes into a pure-Rust package
    let stem = member.module.split('.').next().unwrap_or_default();
    member.metadata_files.push(dir.join(format!("{stem}.pyi")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use crate::world::disk;

    use super::*;

    #[test]
    fn each_readme_that_maturin_would_find_is_part_of_the_metadata() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        disk::write(&dir.join("Cargo.toml"), b"[package]\nname = 'x'\n").unwrap();
        let manifests = Manifests::default();
        let package = FoundPackage {
            cargo: manifests.cargo(&dir.join("Cargo.toml")).unwrap().unwrap(),
            pyproject: None,
        };
        let member = package.member(&manifests).unwrap();
        for name in ["README.md", "README.txt", "README.rst", "README"] {
            assert!(member.metadata_files.contains(&dir.join(name)), "{name}");
        }
    }
}
