//! Where cargo and maturin put what they build, and what is there now.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::fingerprint::Artifact;
use crate::facts::project::{Bindings, Member};
use crate::model::path::executable;
use crate::world::disk;

use super::options::Options;
use super::units;

/// The folder for builds of tests, and of programs that embed Python.
const TESTS: &str = "test";

/// The directory of the member's extension builds, or of its binaries if it embeds Python.
pub fn target_dir(member: &Member) -> Utf8PathBuf {
    target_dir_in(&member.target, member)
}

/// Like [`target_dir`], among the target directories of the environment that has them in `state`.
pub fn target_dir_in(state: &Utf8Path, member: &Member) -> Utf8PathBuf {
    match (member.bindings, member.has_own_target_dir) {
        (Bindings::Embed, _) => state.join(TESTS),
        (_, false) => state.join("ext"),
        (_, true) => state.join(format!("ext-{}", member.place())),
    }
}

/// Where a build's files are: below the target triple's folder if one is configured.
pub fn output_dir(member: &Member, options: &Options) -> Utf8PathBuf {
    output_dir_in(target_dir(member), member, options)
}

/// As [`output_dir`], of a build in the target directory `target`.
pub fn output_dir_in(mut target: Utf8PathBuf, member: &Member, options: &Options) -> Utf8PathBuf {
    target.extend(&member.directories.triple);
    target.join(options.folder())
}

/// Where what cargo keeps of a member's last build is found.
pub fn build_folder(member: &Member, options: &Options) -> Utf8PathBuf {
    intermediate_dir(member, &output_dir(member, options))
}

/// Where cargo keeps intermediate files of `output`: there, or below `build.build-dir` (from cargo 1.91 on;
/// cargo book, "Build Cache").
pub(super) fn intermediate_dir(member: &Member, output: &Utf8Path) -> Utf8PathBuf {
    let dir = member.intermediate_dir(output);
    if disk::is_dir(&dir) {
        dir
    } else {
        output.to_owned()
    }
}

/// The target directory of a member's Rust tests and of programs that embed Python, absolute.
pub fn tests_dir(member: &Member) -> Utf8PathBuf {
    member.target.join(TESTS)
}

/// Like [`fingerprints`](super::units::fingerprints), of every profile, target and interpreter that is built
/// below `state`: the `target/pyx` of a project, absolute.
pub fn build_folders(member: &Member, state: &Utf8Path) -> Vec<Utf8PathBuf> {
    units::build_folders(&member.intermediate_dir(state))
}

/// The file names of a member's build artifacts.
pub(super) fn artifact_names(member: &Member) -> Vec<String> {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    match member.bindings {
        Bindings::Bin | Bindings::Embed => {
            member.bins.iter().map(|name| executable(name)).collect()
        }
        _ => member
            .lib
            .iter()
            .map(|name| format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"))
            .collect(),
    }
}

/// What the build left in `output`.
pub fn artifacts(member: &Member, output: &Utf8Path) -> Vec<Artifact> {
    artifact_names(member)
        .into_iter()
        .map(|name| output.join(name))
        .filter_map(|path| {
            let hash = disk::hash(&path)?;
            let size = disk::signature(&path)?.size;
            Some(Artifact { path, hash, size })
        })
        .collect()
}
