//! What a recipe is told about the project as JSON, so that it need not find it out again.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::facts::project::Member;

use super::member_build::Build;
use super::target_environment::TargetEnvironment;

/// The value of `CARGO_PYX_FACTS`; all paths are absolute.
#[derive(Debug, Serialize)]
pub struct RecipeFacts<'a> {
    /// The root of the repository, else the project's folder.
    pub checkout: &'a Utf8PathBuf,
    /// The folder of uv's project or workspace.
    pub home: &'a Utf8PathBuf,
    /// The user cache.
    pub cache: &'a Utf8PathBuf,
    /// The uv.lock that dependencies come from.
    pub lock: Option<&'a Utf8PathBuf>,
    /// The folder of the environment's packages; `None` while its Python is not known.
    pub site_packages: Option<Utf8PathBuf>,
    /// `3.12`, as `site_packages`.
    pub python_version: Option<String>,
    pub members: Vec<RecipeMember<'a>>,
}

/// A package.
#[derive(Debug, Serialize)]
pub struct RecipeMember<'a> {
    pub name: &'a str,
    pub dir: &'a Utf8PathBuf,
    pub pyproject: Option<&'a Utf8Path>,
    /// Cargo.toml of the crate.
    pub manifest: &'a Utf8Path,
    /// The folder of the cargo workspace's Cargo.toml.
    pub workspace: &'a Utf8PathBuf,
    /// The dotted name of the extension module; empty for a crate of binaries.
    pub module: &'a str,
    pub bindings: String,
    /// The features that it is built with.
    pub features: &'a [String],
    pub no_default_features: bool,
    /// The toolchain for cargo, if it is not the folder's own.
    pub toolchain: Option<&'a str>,
}

impl<'a> RecipeMember<'a> {
    fn of(build: &'a Build) -> Self {
        let member: &Member = &build.member;
        Self {
            name: &member.name,
            dir: &member.dir,
            pyproject: member.pyproject.as_ref().map(|own| &*own.toml.path),
            manifest: member.manifest(),
            workspace: &member.workspace,
            module: &member.module,
            bindings: member.bindings.to_string(),
            features: &build.options.features,
            no_default_features: build.options.no_default_features,
            toolchain: build.toolchain.name.as_deref(),
        }
    }
}

impl<'a> RecipeFacts<'a> {
    /// `places`: by name, the folders `checkout`, `home` and `cache`.
    pub fn of(
        places: [&'a Utf8PathBuf; 3],
        target: &'a TargetEnvironment,
        builds: &'a [Build],
    ) -> Self {
        let [checkout, home, cache] = places;
        let probe = target.probe.as_ref();
        Self {
            checkout,
            home,
            cache,
            lock: target.dependencies.dependencies.lock(),
            site_packages: probe.map(|probe| target.environment.site_packages_for(probe)),
            python_version: probe
                .and_then(|probe| Some(probe.folder().strip_prefix("python")?.to_owned())),
            members: builds.iter().map(RecipeMember::of).collect(),
        }
    }

    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_recipe_is_told_of_every_package_with_what_it_is_built_with() {
        let mut build = Build::default();
        build.member.name = "a".into();
        build.member.dir = "/p/a".into();
        build.options.features = vec!["fast".into()];
        build.toolchain.name = Some("nightly".into());
        let (target, folder) = (TargetEnvironment::default(), Utf8PathBuf::from("/p"));
        let builds = [build];
        let told = RecipeFacts::of([&folder, &folder, &folder], &target, &builds).json();
        let told: BTreeMap<String, serde_json::Value> = serde_json::from_str(&told).unwrap();
        assert_eq!(told["checkout"], "/p");
        let member = &told["members"][0];
        assert_eq!(member["dir"], "/p/a");
        assert_eq!(member["features"][0], "fast");
        assert_eq!(member["toolchain"], "nightly");
        assert_eq!(told["python_version"], serde_json::Value::Null);
    }
}
