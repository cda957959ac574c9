//! The environment variables that a build read, according to cargo's records.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::fingerprint::{Input, LocalPackage};
use crate::world::disk;
use crate::world::session::Session;

use super::units;

/// Environment variables that the crates of the build read: `env!` by the compiler's dep-info,
/// `rerun-if-env-changed` by the output of build scripts. Without cargo's own.
///
/// `built`: as in [`intermediate_dir`](super::output::intermediate_dir); `scripts`: those found; `local`: as
/// in [`local_packages`](super::local_packages).
pub(super) fn variables(
    built: &Utf8Path,
    scripts: &ScriptOutputs,
    local: &[LocalPackage],
) -> BTreeSet<String> {
    let mut names = read_by_compiler(built);
    names.extend(declared(scripts, local));
    names
}

fn declared(scripts: &ScriptOutputs, local: &[LocalPackage]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for ScriptOutput { package, text } in &scripts.outputs {
        let is_local = local.iter().any(|known| known.name == *package);
        // what pyx puts before the inherited one is as it was, and PyO3 asks for no program in it
        let counts = |name: &str| match name {
            "PATH" => is_local,
            _ => !set_for_scripts(name) && !is_of_the_build(name),
        };
        names.extend(text.lines().filter_map(|line| {
            let line = line
                .trim_start_matches("cargo::")
                .trim_start_matches("cargo:");
            line.strip_prefix("rerun-if-env-changed=")
                .filter(|name| counts(name))
                .map(str::to_owned)
        }));
    }
    names
}

fn read_by_compiler(built: &Utf8Path) -> BTreeSet<String> {
    let texts = units::dep_info_texts(built);
    let names = texts.iter().flat_map(|text| variables_in(text));
    names.filter(|name| !is_of_the_build(name)).collect()
}

fn is_of_the_build(name: &str) -> bool {
    set_by_cargo(name) || SET_BY_MATURIN.contains(&name)
}

/// `# env-dep:NAME=VALUE` in a dep-info file of rustc.
fn variables_in(dep_info: &str) -> impl Iterator<Item = String> {
    let found = dep_info
        .lines()
        .filter_map(|line| line.strip_prefix("# env-dep:"));
    found.map(|word| word.split('=').next().unwrap_or(word).to_owned())
}

/// What build scripts have printed. One of a name may count that is not the newest: cargo writes nothing where
/// it takes a script for run, and two packages may be called the same.
#[derive(Debug)]
pub(super) struct ScriptOutputs {
    outputs: Vec<ScriptOutput>,
}

#[derive(Debug)]
struct ScriptOutput {
    /// The name of its package.
    package: String,
    text: String,
}

impl ScriptOutputs {
    /// `built`: as in [`variables`].
    pub(super) fn read(built: &Utf8Path) -> Self {
        let outputs = units::script_outputs(built).into_iter().filter_map(|it| {
            Some(ScriptOutput {
                text: disk::read_text(&it.path).ok().flatten()?,
                package: it.package,
            })
        });
        Self {
            outputs: outputs.collect(),
        }
    }

    /// The absolute paths that build scripts declare, including packages from registries: such a package does
    /// not change itself, but what it names outside may.
    pub(super) fn declared_files(&self) -> BTreeSet<Utf8PathBuf> {
        let lines = self.outputs.iter().flat_map(|output| output.text.lines());
        let declared = lines.filter_map(|line| {
            let line = line.trim_start_matches("cargo::");
            let line = line.trim_start_matches("cargo:");
            line.strip_prefix("rerun-if-changed=")
        });
        let absolute = declared.filter(|path| Utf8Path::new(path).is_absolute());
        absolute.map(Utf8PathBuf::from).collect()
    }

    /// Whether a local package's build script declares none of its inputs, so that cargo reruns it
    /// for any file of the package (cargo book, "Build Scripts").
    pub(super) fn watches_everything(&self, package: &str) -> bool {
        let mut outputs = self.outputs.iter();
        outputs.any(|output| output.package == package && !output.text.contains("rerun-if-"))
    }
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

/// What cargo additionally sets for build scripts.
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

/// What maturin and pyx set for PyO3's build script; an inherited value never arrives.
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

/// The variables that builds in a target directory read, whatever their profile and target triple, with their
/// current values.
pub fn variables_below(session: &Session, target: &Utf8Path) -> Vec<Input> {
    let built = units::build_folders(target).into_iter();
    let names: BTreeSet<String> = built
        .flat_map(|dir| variables(&dir, &ScriptOutputs::read(&dir), &[]))
        .collect();
    names
        .iter()
        .map(|name| Input::variable(session, name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(built: &Utf8Path, folder: &str, text: &str) {
        let path = built.join("build").join(folder).join("output");
        disk::write(&path, text.as_bytes()).unwrap();
    }

    #[test]
    fn what_any_script_of_a_name_has_printed_counts() {
        let temp = tempfile::tempdir().unwrap();
        let built = Utf8Path::from_path(temp.path()).unwrap();
        let one = built.join("one");
        let text = format!("cargo:rerun-if-env-changed=ONE\ncargo::rerun-if-changed={one}\n");
        output(built, "a-b-11", &text);
        output(built, "a-b-22", "cargo::rerun-if-env-changed=TWO\n");
        output(built, "c-33", "cargo:rerun-if-changed=build.rs\n");
        output(built, "c-44", "cargo:rustc-cfg=x\n");
        output(built, "c-55", "cargo:rerun-if-changed=build.rs\n");
        let scripts = ScriptOutputs::read(built);
        assert!(variables(built, &scripts, &[]).iter().eq(["ONE", "TWO"]));
        assert!(scripts.declared_files().iter().eq([&one]));
        assert!(scripts.watches_everything("c"));
        assert!(!scripts.watches_everything("a-b"));
    }

    #[test]
    fn the_programs_that_a_local_script_finds_count() {
        let temp = tempfile::tempdir().unwrap();
        let built = Utf8Path::from_path(temp.path()).unwrap();
        let text = "cargo:rerun-if-env-changed=PATH\ncargo:rerun-if-env-changed=VIRTUAL_ENV\n";
        output(built, "a-11", text);
        let local = LocalPackage {
            name: "a".into(),
            manifest: "/p/Cargo.toml".into(),
            is_vendored: false,
        };
        let scripts = ScriptOutputs::read(built);
        assert!(variables(built, &scripts, &[local]).iter().eq(["PATH"]));
        assert!(variables(built, &scripts, &[]).is_empty());
    }
}
