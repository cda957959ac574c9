//! What cargo's records of a build tell of the environment variables that it read.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::world::disk;

/// Environment variables that the crates of the build read: `env!` by the compiler's dep-info,
/// `rerun-if-env-changed` by the output of build scripts. cargo's own are left out.
///
/// `built`: as [`intermediate_dir`](super::intermediate_dir) says.
pub(super) fn variables(built: &Utf8Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, text) in script_outputs(built) {
        names.extend(text.lines().filter_map(|line| {
            let line = line
                .trim_start_matches("cargo::")
                .trim_start_matches("cargo:");
            line.strip_prefix("rerun-if-env-changed=")
                .filter(|name| !set_for_scripts(name))
                .map(str::to_owned)
        }));
    }
    let deps = built.join("deps");
    for name in disk::names(&deps)
        .into_iter()
        .filter(|name| Utf8Path::new(name).extension() == Some("d"))
    {
        let text = disk::read_text(&deps.join(name))
            .ok()
            .flatten()
            .unwrap_or_default();
        let found = text
            .lines()
            .filter_map(|line| line.strip_prefix("# env-dep:"));
        names.extend(found.map(|word| word.split('=').next().unwrap_or(word).to_owned()));
    }
    names.retain(|name| !set_by_cargo(name) && !SET_BY_MATURIN.contains(&name.as_str()));
    names
}

/// What cargo tells the compiler (cargo book, "Environment variables").
fn set_by_cargo(name: &str) -> bool {
    const PREFIXES: [&str; 4] = [
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
    ];
    name == "CARGO" || name == "OUT_DIR" || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// What cargo tells build scripts on top of that.
fn set_for_scripts(name: &str) -> bool {
    const EXACT: [&str; 7] = [
        "DEBUG",
        "HOST",
        "NUM_JOBS",
        "OPT_LEVEL",
        "PROFILE",
        "RUSTDOC",
        "TARGET",
    ];
    const PREFIXES: [&str; 3] = ["CARGO_CFG_", "CARGO_FEATURE_", "DEP_"];
    EXACT.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// What maturin and pyx themselves tell PyO3's build script; an inherited value never arrives.
pub(super) const SET_BY_MATURIN: [&str; 8] = [
    "PYO3_PYTHON",
    "PYO3_ENVIRONMENT_SIGNATURE",
    "PYO3_BUILD_EXTENSION_MODULE",
    "PYTHON_SYS_EXECUTABLE",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PATH",
    "PYO3_NO_PYTHON",
];

/// Per package folder name (`NAME-HASH` without the hash), what its build script last printed.
fn script_outputs(built: &Utf8Path) -> Vec<(String, String)> {
    let root = built.join("build");
    let mut newest: BTreeMap<String, (u64, Utf8PathBuf)> = BTreeMap::new();
    for folder in disk::names(&root) {
        let path = root.join(&folder).join("output");
        let Some(signature) = disk::signature(&path) else {
            continue;
        };
        let package = folder
            .rsplit_once('-')
            .map_or(folder.as_str(), |(name, _)| name);
        let known = newest.entry(package.to_owned()).or_default();
        if signature.modified >= known.0 {
            *known = (signature.modified, path);
        }
    }
    newest
        .into_iter()
        .map(|(package, (_, path))| {
            let text = disk::read_text(&path).ok().flatten().unwrap_or_default();
            (package, text)
        })
        .collect()
}

/// Whether a local package's build script declares none of its inputs, so that cargo reruns it
/// for any file of the package (cargo book, "Build Scripts").
pub(super) fn watches_everything(package: &str, built: &Utf8Path) -> bool {
    script_outputs(built)
        .into_iter()
        .any(|(name, text)| name == package && !text.contains("rerun-if-"))
}
