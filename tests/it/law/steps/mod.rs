//! The kinds of step: each changes something, and runs dev until the law can be judged.

mod around;
mod breaks;
mod edits;
mod places;
mod settings;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fastrand::Rng;

use crate::support::{modified, set_modified};

use super::lab::{Lab, Law};
use super::project::{Project, place_of};

type Act = fn(&mut Lab, &mut Rng) -> Law;

/// A kind of step.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// How often it is chosen, among all others.
    pub(super) weight: u32,
    /// How many seconds it takes at most where crates compile in one: the short run leaves out the long.
    pub(super) seconds: u32,
    pub(super) fits: fn(&Project) -> bool,
    pub(super) act: Act,
}

fn any(_: &Project) -> bool {
    true
}

fn mixed(project: &Project) -> bool {
    project.is_mixed()
}

fn module(project: &Project) -> bool {
    project.kind.binding.is_module()
}

fn patched(project: &Project) -> bool {
    project.kind.binding.is_patched()
}

fn several(project: &Project) -> bool {
    project.members.len() > 1
}

fn single(project: &Project) -> bool {
    project.members.len() == 1
}

const fn kind(name: &'static str, weight: u32, seconds: u32, act: Act) -> Kind {
    Kind {
        name,
        weight,
        seconds,
        fits: any,
        act,
    }
}

impl Kind {
    const fn of(mut self, fits: fn(&Project) -> bool) -> Self {
        self.fits = fits;
        self
    }
}

pub(super) const ALL: &[Kind] = &[
    kind("edit", 10, 1, edits::edit),
    kind("edit-and-back", 3, 1, edits::edit_and_back),
    kind("comment", 2, 1, edits::comment),
    kind("touch", 2, 1, edits::touch),
    kind("new-module", 2, 1, edits::new_module),
    kind("module-moves", 2, 1, edits::module_moves),
    kind("module-leaves", 1, 1, edits::module_leaves),
    kind("python-file", 2, 1, edits::python_file).of(mixed),
    kind("watched-folder", 3, 1, edits::watched_folder).of(mixed),
    kind("notes", 2, 1, edits::notes),
    kind("manifest-comment", 1, 1, edits::manifest_comment),
    kind("default-feature", 2, 1, settings::default_feature),
    kind("crate-version", 2, 1, settings::crate_version),
    kind("inherited-version", 2, 1, settings::inherited_version).of(mixed),
    kind("patched-version", 1, 1, settings::patched_version).of(patched),
    kind("vendored-version", 1, 1, settings::vendored_version).of(mixed),
    kind("dependency-feature", 2, 1, settings::dependency_feature).of(mixed),
    kind("metadata", 2, 1, settings::metadata),
    kind("module-name", 2, 1, settings::module_name).of(module),
    kind("distribution-name", 1, 1, settings::distribution_name),
    kind("lock-lost", 1, 1, settings::lock_lost),
    kind("cargo-config", 3, 1, settings::cargo_config),
    kind("toolchain", 2, 3, settings::toolchain),
    kind("flavor", 2, 1, settings::flavor),
    kind("script-variable", 2, 1, settings::script_variable).of(mixed),
    kind("rustflags", 2, 1, settings::rustflags),
    kind("build-target", 2, 1, settings::build_target),
    kind("profile", 3, 1, settings::profile),
    kind("profile-and-back", 3, 2, settings::profile_and_back),
    kind("feature-flag", 2, 1, settings::feature_flag).of(single),
    kind("elsewhere", 2, 1, settings::elsewhere),
    kind("module-lost", 3, 1, breaks::module_lost),
    kind("artifact-damaged", 2, 1, breaks::artifact_damaged),
    kind("edit-and-lose", 2, 1, breaks::edit_and_lose).of(module),
    kind("broken", 3, 1, breaks::broken),
    kind("killed", 3, 2, breaks::killed),
    kind("records", 3, 1, breaks::records),
    kind("clean", 2, 2, breaks::clean),
    kind("during", 3, 2, breaks::during),
    kind("by-hand", 3, 6, around::by_hand),
    kind("plain-cargo", 1, 2, around::plain_cargo),
    kind("looking", 1, 1, around::looking),
    kind("member-alone", 4, 2, around::member_alone).of(several),
    kind("run-python", 3, 1, around::run_python),
    kind("forced", 1, 1, around::forced),
    kind("at-once", 3, 2, around::at_once),
    kind("watch", 2, 4, around::watch),
    kind("branch", 2, 1, places::branch),
    kind("stash", 2, 2, places::stash),
    kind("swap-sources", 2, 1, places::swap_sources),
    kind("older-copy", 1, 2, places::older_copy),
    kind("moved", 1, 2, places::moved),
    kind("copied", 1, 3, places::copied),
    kind("one-environment", 1, 4, places::one_environment),
    kind("one-target", 1, 4, places::one_target),
];

/// What becomes of a file's time.
#[derive(Clone, Copy)]
enum Time {
    New,
    /// As before.
    Kept,
    /// An hour earlier.
    Older,
}

fn any_time(rng: &mut Rng) -> Time {
    match rng.u32(..4) {
        0 => Time::Kept,
        1 => Time::Older,
        _ => Time::New,
    }
}

/// A file of the project that holds a value, with its value's name.
fn a_token(lab: &Lab, rng: &mut Rng) -> (&'static str, PathBuf) {
    let all = lab.project.tokens();
    all[rng.usize(..all.len())].clone()
}

/// A new number for a value.
fn set(lab: &mut Lab, name: &str, file: &Path, time: Time) {
    let text = fs::read_to_string(file).unwrap();
    let [from, to] = place_of(&text, name);
    let number = lab.fresh();
    let new = format!("{}{number}{}", &text[..from], &text[to..]);
    write_at(file, &new, time);
}

fn write_at(file: &Path, text: &str, time: Time) {
    let before = modified(file);
    // one after another within a tick of the clock would be no change to see for anybody
    fs::write(file, text).unwrap();
    match time {
        Time::New => {}
        Time::Kept => set_modified(file, before),
        Time::Older => set_modified(file, SystemTime::now() - Duration::from_secs(3600)),
    }
}

/// Replaces a piece of a file below the root, where it is there.
fn replace(lab: &Lab, name: &str, old: &str, new: &str) {
    let text = lab.project.text(name);
    lab.project.write(name, &text.replacen(old, new, 1));
}

fn pause(rng: &mut Rng, from: u64, to: u64) {
    std::thread::sleep(Duration::from_millis(rng.u64(from..to)));
}

/// The folder of a member, below the root.
fn a_member(lab: &Lab, rng: &mut Rng) -> super::project::Member {
    let all = &lab.project.members;
    all[rng.usize(..all.len())].clone()
}
