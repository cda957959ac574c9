//! Edits of sources and of other files.

use std::fs;
use std::time::SystemTime;

use fastrand::Rng;

use crate::law::lab::{Lab, Law};
use crate::support::{entries, set_modified};

use super::{Time, a_member, a_token, any_time, replace, set, write_at};

pub(super) fn edit(lab: &mut Lab, rng: &mut Rng) -> Law {
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, any_time(rng));
    if rng.u32(..4) == 0 {
        let (name, file) = a_token(lab, rng);
        set(lab, name, &file, any_time(rng));
    }
    lab.dev()
}

/// The content of before comes back, perhaps with its time.
pub(super) fn edit_and_back(lab: &mut Lab, rng: &mut Rng) -> Law {
    let (name, file) = a_token(lab, rng);
    let before = fs::read_to_string(&file).unwrap();
    let aside = lab.base().join("aside");
    fs::copy(&file, &aside).unwrap();
    let time = crate::support::modified(&file);
    set(lab, name, &file, any_time(rng));
    lab.dev()?;
    if rng.bool() {
        set_modified(&aside, time);
        let _ = fs::remove_file(&aside);
        write_at(&file, &before, Time::New);
        set_modified(&file, time);
    } else {
        write_at(&file, &before, any_time(rng));
    }
    lab.dev()
}

pub(super) fn comment(lab: &mut Lab, rng: &mut Rng) -> Law {
    let (_, file) = a_token(lab, rng);
    if file.extension().is_some_and(|ending| ending == "rs") {
        let text = fs::read_to_string(&file).unwrap();
        let number = lab.fresh();
        write_at(&file, &remarked(&text, "//", number), any_time(rng));
    }
    lab.dev()
}

/// The text with one comment at its end; `sign`: how comments begin.
fn remarked(text: &str, sign: &str, number: u32) -> String {
    let start = format!("{sign} remark");
    let mut lines: Vec<&str> = text.lines().collect();
    lines.retain(|line| !line.starts_with(&start));
    let new = format!("{start} {number}\n");
    lines.push(&new);
    lines.join("\n")
}

pub(super) fn touch(lab: &mut Lab, rng: &mut Rng) -> Law {
    let (_, file) = a_token(lab, rng);
    set_modified(&file, SystemTime::now());
    lab.nothing()
}

pub(super) fn new_module(lab: &mut Lab, rng: &mut Rng) -> Law {
    let member = a_member(lab, rng);
    let name = format!("m{}", lab.fresh());
    let number = lab.fresh();
    let folder = member.folder;
    let file = if rng.bool() {
        format!("{folder}/src/{name}.rs")
    } else {
        format!("{folder}/src/{name}/mod.rs")
    };
    let text = format!("pub const V: &str = \"mod={number}\";\n");
    lab.project.write(&file, &text);
    let source = format!("{folder}/{}", lab.project.kind.binding.root_source());
    replace(
        lab,
        &source,
        "mod m0;\n",
        &format!("mod m0;\nmod {name};\n"),
    );
    replace(lab, &source, "&[m0::V", &format!("&[m0::V, {name}::V"));
    lab.dev()
}

/// From `NAME.rs` to `NAME/mod.rs`, or back, with another content.
pub(super) fn module_moves(lab: &mut Lab, rng: &mut Rng) -> Law {
    let member = a_member(lab, rng);
    let mods = lab.project.mods(&member);
    let name = mods[rng.usize(..mods.len())].clone();
    let from = lab.project.file_of(&member, &name);
    let dir = lab.project.path(member.folder).join("src");
    let flat = dir.join(format!("{name}.rs"));
    let deep = dir.join(&name).join("mod.rs");
    let to = if from == flat { &deep } else { &flat };
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(&from, to).unwrap();
    if from == deep {
        fs::remove_dir(dir.join(&name)).unwrap();
    }
    if rng.bool() {
        set(lab, "mod", to, any_time(rng));
    }
    lab.dev()
}

pub(super) fn module_leaves(lab: &mut Lab, rng: &mut Rng) -> Law {
    let member = a_member(lab, rng);
    let mods = lab.project.mods(&member);
    let name = &mods[rng.usize(..mods.len())];
    if name == "m0" {
        return lab.dev();
    }
    let source = format!(
        "{}/{}",
        member.folder,
        lab.project.kind.binding.root_source()
    );
    replace(lab, &source, &format!("mod {name};\n"), "");
    replace(lab, &source, &format!(", {name}::V"), "");
    let file = lab.project.file_of(&member, name);
    if rng.bool() {
        fs::remove_file(file).unwrap();
    }
    lab.dev()
}

pub(super) fn python_file(lab: &mut Lab, rng: &mut Rng) -> Law {
    let (name, file) = if rng.bool() {
        ("python", "app/python/law_app/__init__.py")
    } else {
        ("package", "app/python/law_app/data.txt")
    };
    let path = lab.project.path(file);
    set(lab, name, &path, any_time(rng));
    lab.quiet()
}

/// The folder that the build script names.
pub(super) fn watched_folder(lab: &mut Lab, rng: &mut Rng) -> Law {
    let dir = lab.project.path("app/data/dir");
    let files = entries(&dir);
    let number = lab.fresh();
    match rng.u32(..4) {
        0 => fs::write(dir.join(format!("n{number}.txt")), format!("n={number}\n")).unwrap(),
        1 if files.len() > 1 => fs::remove_file(&files[1]).unwrap(),
        2 => fs::rename(&files[0], dir.join(format!("z{number}.txt"))).unwrap(),
        _ => write_at(&files[0], &format!("a={number}\n"), any_time(rng)),
    }
    lab.dev()
}

/// What no build reads.
pub(super) fn notes(lab: &mut Lab, rng: &mut Rng) -> Law {
    let number = lab.fresh();
    let folder = a_member(lab, rng).folder;
    match rng.u32(..3) {
        0 => lab.project.write("NOTES.md", &format!("{number}\n")),
        1 => lab
            .project
            .write(&format!("{folder}/HISTORY.md"), &format!("{number}\n")),
        _ => lab.project.write(
            &format!("{folder}/tests/test_it.py"),
            &format!("# {number}\n"),
        ),
    }
    lab.quiet()
}

pub(super) fn manifest_comment(lab: &mut Lab, rng: &mut Rng) -> Law {
    let name = format!("{}/Cargo.toml", a_member(lab, rng).folder);
    let number = lab.fresh();
    let text = lab.project.text(&name);
    lab.project.write(&name, &remarked(&text, "#", number));
    lab.dev()
}
