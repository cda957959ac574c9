//! Cargo.toml and pyproject.toml.
#![no_main]

use camino::Utf8Path;
use cargo_pyx::world::manifest::{CargoToml, PyProject, Toml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(toml) = Toml::parse(Utf8Path::new("/p/Cargo.toml"), text) else {
        return;
    };
    if let Ok(cargo) = CargoToml::of(toml) {
        cargo.package_name();
        cargo.lib_name();
        cargo.crate_types();
        cargo.bins();
        cargo.resolver();
        cargo.enabled_features(&[]);
        cargo.tests_with_features();
        cargo.dependencies();
        cargo.workspace_dependencies();
        cargo.dev_dependencies();
        cargo.enabled_features(&cargo.all_features());
        cargo.extern_names();
        cargo.needs();
        cargo.readme();
    }
    let Ok(toml) = Toml::parse(Utf8Path::new("/p/pyproject.toml"), text) else {
        return;
    };
    if let Ok(project) = PyProject::of(toml) {
        project.normalized_name();
        project.builds_with_maturin();
        project.other_build_requirements();
        let _ = project.maturin_versions();
        let _ = project.requires_python();
        let _ = project.cargo_manifest();
        project.requirements();
        project.published_requirements();
        project.default_group_names();
        project.conflicts();
        project.path_sources();
        project.cache_keys();
        project.file_keys();
        project.dependency_tables();
        project.licence_globs();
    }
});
