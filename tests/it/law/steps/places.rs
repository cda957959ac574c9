//! Folders that are moved, copied and swapped, and what git checks out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fastrand::Rng;

use crate::law::lab::{Lab, Law};

use super::{Time, a_token, any_time, set};

/// With times, links and all.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.unwrap().success(), "{}", to.display());
}

/// Another branch, which has another value.
pub(super) fn branch(lab: &mut Lab, rng: &mut Rng) -> Law {
    lab.commit();
    let here = lab.git(&["branch", "--show-current"]);
    let other = if here.trim() == "main" {
        "other"
    } else {
        "main"
    };
    if lab.git(&["branch", "--list", other]).is_empty() {
        lab.git(&["checkout", "--quiet", "-b", other]);
        let (name, file) = a_token(lab, rng);
        set(lab, name, &file, Time::New);
        lab.commit();
    } else {
        lab.git(&["checkout", "--quiet", other]);
    }
    forgive_names(lab);
    lab.dev()
}

/// What is called so in this tree may be there.
fn forgive_names(lab: &mut Lab) {
    for member in &lab.project.members {
        let module = lab.project.module(member);
        for name in ["law_app", "law_new", "_core", "_native"] {
            if let Some((package, last)) = module.rsplit_once('.') {
                if name.starts_with('_') && name != last {
                    lab.gone.insert(format!("{package}.{name}"));
                }
            } else if lab.gone.contains("law_new") && name.starts_with('l') && name != module {
                lab.gone.insert(name.to_owned());
            }
        }
        lab.gone.remove(&module);
    }
}

/// An edit is put away, and comes back.
pub(super) fn stash(lab: &mut Lab, rng: &mut Rng) -> Law {
    lab.commit();
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, any_time(rng));
    lab.dev()?;
    lab.git(&[
        "-c",
        "user.name=Law",
        "-c",
        "user.email=law@example.org",
        "stash",
        "--quiet",
    ]);
    lab.dev()?;
    let _ = lab.git(&["checkout", "--quiet", "."]);
    if !lab.git(&["stash", "list"]).is_empty() {
        lab.git(&["stash", "pop", "--quiet"]);
    }
    lab.dev()
}

/// Another folder of sources, with old times, takes the place of the one that is there.
pub(super) fn swap_sources(lab: &mut Lab, rng: &mut Rng) -> Law {
    let (name, file) = a_token(lab, rng);
    let folder = file.parent().unwrap().to_owned();
    let aside = lab.base().join("aside");
    let _ = fs::remove_dir_all(&aside);
    let _ = fs::remove_file(&aside);
    copy(&folder, &aside);
    if folder == lab.project.dir() {
        fs::remove_dir_all(&aside).unwrap();
        return lab.dev();
    }
    let other = aside.join(file.file_name().unwrap());
    set(lab, name, &other, Time::Kept);
    let gone = lab.base().join("gone");
    fs::rename(&folder, &gone).unwrap();
    fs::rename(&aside, &folder).unwrap();
    fs::remove_dir_all(&gone).unwrap();
    lab.dev()
}

/// The whole project, with what was built of it, as it was some time ago.
pub(super) fn older_copy(lab: &mut Lab, rng: &mut Rng) -> Law {
    let here = lab.project.root.clone();
    let kept = lab.base().join("kept");
    copy(&here, &kept);
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, any_time(rng));
    lab.dev()?;
    fs::remove_dir_all(&here).unwrap();
    fs::rename(&kept, &here).unwrap();
    lab.excuse();
    lab.dev()
}

fn beside(lab: &Lab, name: &str) -> PathBuf {
    let here = lab.project.root.file_name().unwrap();
    let taken = here == name;
    lab.base().join(if taken { "project" } else { name })
}

pub(super) fn moved(lab: &mut Lab, rng: &mut Rng) -> Law {
    let to = beside(lab, "moved");
    fs::rename(&lab.project.root, &to).unwrap();
    lab.project.root = to;
    if rng.bool() {
        let (name, file) = a_token(lab, rng);
        set(lab, name, &file, any_time(rng));
    }
    lab.excuse();
    lab.dev()
}

/// A copy is edited and built, then the one that was copied.
pub(super) fn copied(lab: &mut Lab, rng: &mut Rng) -> Law {
    let here = lab.project.root.clone();
    let to = beside(lab, "copied");
    copy(&here, &to);
    lab.project.root.clone_from(&to);
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, any_time(rng));
    lab.excuse();
    lab.dev()?;
    lab.project.root.clone_from(&here);
    lab.nothing()?;
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, any_time(rng));
    lab.dev()?;
    fs::remove_dir_all(to).unwrap();
    Ok(())
}

/// Two checkouts install into one environment in turns.
pub(super) fn one_environment(lab: &mut Lab, rng: &mut Rng) -> Law {
    // what the other has installed is replaced
    in_turns(lab, rng, "UV_PROJECT_ENVIRONMENT", Lab::excuse)
}

/// Two checkouts build in one target directory in turns.
pub(super) fn one_target(lab: &mut Lab, rng: &mut Rng) -> Law {
    in_turns(lab, rng, "CARGO_TARGET_DIR", |_| {})
}

/// Two checkouts of which a variable names one folder; `before` each run.
fn in_turns(lab: &mut Lab, rng: &mut Rng, variable: &'static str, before: fn(&mut Lab)) -> Law {
    let here = lab.project.root.clone();
    let to = beside(lab, "copied");
    copy(&here, &to);
    // another one each time: what was compiled in a folder that is gone is not there
    let name = format!("shared-{}", lab.fresh());
    let shared = lab.base().join(name);
    let path = shared.to_str().unwrap().to_owned();
    lab.world.env.insert(variable, path);
    let mut law = Ok(());
    for root in [&here, &to, &here, &to, &here] {
        lab.project.root.clone_from(root);
        if rng.bool() {
            let (name, file) = a_token(lab, rng);
            set(lab, name, &file, any_time(rng));
        }
        before(lab);
        law = lab.dev();
        if law.is_err() {
            break;
        }
    }
    lab.project.root = here;
    lab.world.env.remove(variable);
    law?;
    fs::remove_dir_all(to).unwrap();
    fs::remove_dir_all(shared).unwrap();
    lab.dev()
}
