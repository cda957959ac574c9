//! Manifests, configuration, variables and flags.

use std::fs;

use fastrand::Rng;

use crate::law::lab::{Lab, Law};
use crate::law::project::value_of;
use crate::law::world::World;

use super::{Time, a_member, a_token, replace, set};

/// Switches between two texts in a file below the root.
fn switch(lab: &Lab, name: &str, one: &str, other: &str) {
    let text = lab.project.text(name);
    if text.contains(one) {
        replace(lab, name, one, other);
    } else {
        replace(lab, name, other, one);
    }
}

fn flip(lab: &mut Lab, name: &'static str, value: &str) {
    if lab.world.env.remove(name).is_none() {
        lab.world.env.insert(name, value.to_owned());
    }
}

pub(super) fn default_feature(lab: &mut Lab, rng: &mut Rng) -> Law {
    let name = format!("{}/Cargo.toml", a_member(lab, rng).folder);
    switch(lab, &name, "default = []", "default = [\"extra\"]");
    lab.dev()
}

fn new_version(lab: &mut Lab, name: &str) {
    new_version_of(lab, name, "1.0");
}

/// `start`: what the new one has before its last number.
fn new_version_of(lab: &mut Lab, name: &str, start: &str) {
    let old = value_of(&lab.project.text(name), "version").unwrap();
    let new = format!("\"{start}.{}\"", lab.fresh());
    replace(lab, name, &format!("\"{old}\""), &new);
}

pub(super) fn crate_version(lab: &mut Lab, rng: &mut Rng) -> Law {
    let name = format!("{}/Cargo.toml", a_member(lab, rng).folder);
    new_version(lab, &name);
    lab.dev()
}

/// Of a dependency, by the workspace that it belongs to.
pub(super) fn inherited_version(lab: &mut Lab, _: &mut Rng) -> Law {
    new_version(lab, "other/Cargo.toml");
    lab.dev()
}

/// Of the crate in place of PyO3's, whose manifest only `[patch]` names.
pub(super) fn patched_version(lab: &mut Lab, _: &mut Rng) -> Law {
    new_version_of(lab, "ffi/Cargo.toml", "0.29");
    lab.dev()
}

/// Of a crate that cargo takes for unchangeable.
pub(super) fn vendored_version(lab: &mut Lab, _: &mut Rng) -> Law {
    let manifest = "vendor/law-vended/Cargo.toml";
    let version = |lab: &Lab| value_of(&lab.project.text(manifest), "version").unwrap();
    let old = version(lab);
    new_version_of(lab, manifest, "0.1");
    // as `cargo update` writes it, or the next vendoring is no match
    let locked = |version: &str| format!("name = \"law-vended\"\nversion = \"{version}\"");
    replace(lab, "app/Cargo.lock", &locked(&old), &locked(&version(lab)));
    lab.dev()
}

pub(super) fn dependency_feature(lab: &mut Lab, _: &mut Rng) -> Law {
    let [without, with] = ["features = [] }", "features = [\"loud\"] }"];
    switch(lab, "app/Cargo.toml", without, with);
    lab.dev()
}

pub(super) fn metadata(lab: &mut Lab, rng: &mut Rng) -> Law {
    let name = format!("{}/pyproject.toml", a_member(lab, rng).folder);
    new_version(lab, &name);
    lab.dev()
}

/// The module is called otherwise; in the mixed layout by `module-name`, else as its library.
pub(super) fn module_name(lab: &mut Lab, rng: &mut Rng) -> Law {
    let member = a_member(lab, rng);
    let folder = member.folder;
    let project = format!("{folder}/pyproject.toml");
    let source = format!("{folder}/src/lib.rs");
    let old = lab.project.module(&member);
    lab.gone.insert(old.clone());
    if let Some((package, last)) = old.rsplit_once('.') {
        let new = if last == "_core" { "_native" } else { "_core" };
        replace(
            lab,
            &project,
            &format!("{package}.{last}\""),
            &format!("{package}.{new}\""),
        );
        let init = format!("{folder}/python/{package}/__init__.py");
        replace(
            lab,
            &init,
            &format!(".{last} import"),
            &format!(".{new} import"),
        );
        rename(lab, &source, last, new);
        lab.gone.remove(&format!("{package}.{new}"));
        if rng.bool() {
            // the library as well
            let manifest = format!("{folder}/Cargo.toml");
            switch(lab, &manifest, "name = \"_core\"", "name = \"_native\"");
        }
        return lab.dev();
    }
    let new = if old == "law_app" {
        "law_new"
    } else {
        "law_app"
    };
    rename(lab, &source, &old, new);
    if value_of(&lab.project.text(&project), "module-name").is_some() {
        replace(
            lab,
            &project,
            &format!("module-name = \"{old}\""),
            &format!("module-name = \"{new}\""),
        );
    } else {
        let table = "[tool.maturin]\n";
        replace(
            lab,
            &project,
            table,
            &format!("{table}module-name = \"{new}\"\n"),
        );
    }
    lab.gone.remove(new);
    lab.dev()
}

fn rename(lab: &Lab, source: &str, old: &str, new: &str) {
    replace(
        lab,
        source,
        &format!("PyInit_{old}"),
        &format!("PyInit_{new}"),
    );
    replace(lab, source, &format!("c\"{old}\""), &format!("c\"{new}\""));
}

pub(super) fn distribution_name(lab: &mut Lab, rng: &mut Rng) -> Law {
    let member = a_member(lab, rng);
    let name = format!("{}/pyproject.toml", member.folder);
    let plain = member.package.replace('_', "-");
    // a program is called as its crate, and a pure module as its crate's library, whatever installs it
    if lab.project.kind.binding.way() == "bin" {
        return lab.dev();
    }
    let module = lab.project.module(&member);
    let text = lab.project.text(&name);
    if value_of(&text, "module-name").is_none() {
        let table = "[tool.maturin]\n";
        replace(
            lab,
            &name,
            table,
            &format!("{table}module-name = \"{module}\"\n"),
        );
    }
    let [one, other] = [
        format!("name = \"{plain}\"\n"),
        format!("name = \"{plain}-too\"\n"),
    ];
    switch(lab, &name, &one, &other);
    if lab.project.members.len() > 1 {
        lab.excuse(); // the folder of its builds has its name
    }
    // uv would have to resolve anew
    let lock = lab.project.path(member.folder).join("uv.lock");
    let _ = fs::remove_file(lock);
    lab.dev()
}

pub(super) fn lock_lost(lab: &mut Lab, _: &mut Rng) -> Law {
    let _ = fs::remove_file(lab.project.dir().join("Cargo.lock"));
    lab.excuse();
    lab.dev()
}

/// In one of two places; that above the project names the folder of vendored crates as well.
pub(super) fn cargo_config(lab: &mut Lab, rng: &mut Rng) -> Law {
    let near = lab.project.dir().join(".cargo/config.toml");
    let above = lab.project.path(".cargo/config.toml");
    let is_apart = near != above;
    let kept = fs::read_to_string(&above).unwrap_or_default();
    let kept = kept
        .split("[env]")
        .next()
        .unwrap()
        .split("[build]")
        .next()
        .unwrap();
    let number = lab.fresh();
    let new = match rng.u32(..4) {
        0 => String::new(),
        1 => "[build]\nrustflags = [\"--cfg\", \"law_flag\"]\n"
            .replace("law_flag", "law_flag=\\\"config\\\""),
        _ => format!("[env]\nLAW_FLAVOR = \"config{number}\"\n"),
    };
    let is_near = is_apart && rng.bool();
    fs::create_dir_all(above.parent().unwrap()).unwrap();
    let text = if is_near {
        kept.to_owned()
    } else {
        format!("{kept}{new}")
    };
    if text.is_empty() {
        let _ = fs::remove_file(&above);
    } else {
        fs::write(&above, text).unwrap();
    }
    if is_apart {
        fs::create_dir_all(near.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&near);
        if is_near && !new.is_empty() {
            fs::write(&near, new).unwrap();
        }
    }
    lab.dev()
}

pub(super) fn toolchain(lab: &mut Lab, rng: &mut Rng) -> Law {
    let known = World::toolchains(lab.project.kind.oldest_rust());
    let file = lab.project.dir().join("rust-toolchain.toml");
    let _ = fs::remove_file(&file);
    let chosen = rng.usize(..=known.len());
    if let Some(name) = known.get(chosen) {
        fs::write(&file, format!("[toolchain]\nchannel = \"{name}\"\n")).unwrap();
    }
    lab.dev()
}

pub(super) fn flavor(lab: &mut Lab, rng: &mut Rng) -> Law {
    let value = ["sweet", "sour", "a b"][rng.usize(..3)];
    flip(lab, "LAW_FLAVOR", value);
    lab.dev()
}

pub(super) fn script_variable(lab: &mut Lab, _: &mut Rng) -> Law {
    let value = lab.fresh().to_string();
    flip(lab, "LAW_SCRIPT", &value);
    lab.dev()
}

pub(super) fn rustflags(lab: &mut Lab, _: &mut Rng) -> Law {
    flip(lab, "RUSTFLAGS", "--cfg law_flag=\"env\"");
    lab.dev()
}

/// Perhaps a build for the triple that everything is built for already; its files are in another folder.
pub(super) fn build_target(lab: &mut Lab, rng: &mut Rng) -> Law {
    flip(lab, "CARGO_BUILD_TARGET", &crate::support::host());
    if rng.bool() {
        let (name, file) = a_token(lab, rng);
        set(lab, name, &file, Time::Kept);
    }
    lab.dev()
}

fn other_profile(lab: &Lab, rng: &mut Rng) -> &'static str {
    let mut all = vec!["dev", "release", "law"];
    all.retain(|name| *name != lab.world.profile);
    all[rng.usize(..all.len())]
}

pub(super) fn profile(lab: &mut Lab, rng: &mut Rng) -> Law {
    lab.world.profile = other_profile(lab, rng);
    lab.dev()
}

/// An edit that keeps its time is built with another profile first.
pub(super) fn profile_and_back(lab: &mut Lab, rng: &mut Rng) -> Law {
    let here = lab.world.profile;
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, Time::Kept);
    lab.world.profile = other_profile(lab, rng);
    lab.dev()?;
    lab.world.profile = here;
    lab.dev()
}

pub(super) fn feature_flag(lab: &mut Lab, _: &mut Rng) -> Law {
    lab.world.extra = !lab.world.extra;
    lab.dev()
}

/// A folder with a configuration and a toolchain of its own, which are not the project's.
pub(super) fn elsewhere(lab: &mut Lab, rng: &mut Rng) -> Law {
    lab.world.elsewhere = !lab.world.elsewhere;
    if rng.bool() {
        return lab.nothing();
    }
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, Time::New);
    lab.dev()
}
