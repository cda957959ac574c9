//! Other runs, by pyx and by others.

use std::path::PathBuf;
use std::time::Duration;

use fastrand::Rng;

use crate::law::lab::{Breach, Expect, Lab, Law, said};
use crate::support::{cache, entries, name_of, on_path, uv, within};

use super::{a_member, a_token, any_time, pause, set};

/// The maturin that pyx uses: PATH's, else the one it provided.
fn maturin() -> PathBuf {
    let provided = entries(&cache().join("tools")).into_iter();
    let mut provided = provided.filter(|dir| {
        let name = name_of(dir);
        let version = name.strip_prefix("maturin-");
        version.is_some_and(|version| version.contains('.'))
    });
    on_path("maturin").unwrap_or_else(|| provided.next().unwrap().join("maturin"))
}

/// Somebody installs something else into the environment.
pub(super) fn by_hand(lab: &mut Lab, rng: &mut Rng) -> Law {
    if rng.bool() {
        let (name, file) = a_token(lab, rng);
        set(lab, name, &file, any_time(rng));
    }
    let member = a_member(lab, rng);
    let folder = lab.project.path(member.folder);
    let folder = folder.to_str().unwrap();
    let python = lab.environment().join("bin/python");
    let python = python.to_str().unwrap();
    let name = lab.project.distribution(&member);
    let pip = ["pip", "install", "--quiet", "--no-deps", "--python", python];
    match rng.u32(..6) {
        0 => lab.other(&uv(), &["sync", "--directory", folder]),
        1 => lab.other(&uv(), &[&pip[..], &[folder]].concat()),
        2 => lab.other(&uv(), &[&pip[..], &["--editable", folder]].concat()),
        3 => lab.other(
            &uv(),
            &["pip", "uninstall", "--quiet", "--python", python, &name],
        ),
        _ => {
            let manifest = format!("{folder}/Cargo.toml");
            let mut words = vec!["develop", "--uv", "--manifest-path", &manifest];
            if rng.bool() {
                words.push("--release");
            }
            lab.other(&maturin(), &words)
        }
    };
    lab.dev()
}

/// It has a target directory of its own.
pub(super) fn plain_cargo(lab: &mut Lab, rng: &mut Rng) -> Law {
    let word = if rng.bool() { "build" } else { "check" };
    let run = lab.other(&on_path("cargo").unwrap(), &[word, "--quiet"]);
    drop(run);
    lab.quiet()
}

/// What only looks changes nothing.
pub(super) fn looking(lab: &mut Lab, rng: &mut Rng) -> Law {
    let words: &[&str] = match rng.u32(..3) {
        0 => &["dev", "--dry-run"],
        1 => &["doctor"],
        _ => &["clean", "--dry-run"],
    };
    let run = lab.pyx(words[0]).with(&words[1..]).run();
    drop(run);
    lab.nothing()
}

/// What one member is built for from its own folder is nothing to do for all.
pub(super) fn member_alone(lab: &mut Lab, rng: &mut Rng) -> Law {
    let member = a_member(lab, rng);
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, any_time(rng));
    lab.forget_compiled();
    let folder = lab.project.path(member.folder);
    let run = lab.pyx_in(&folder, "dev").run();
    if run.code != Some(0) {
        return Err(Breach::new("refused", said(&run)));
    }
    // both together compile each crate once
    let run = lab.pyx("dev").run();
    lab.judge(&run, Expect::Right)
}

/// Another command builds before it works.
pub(super) fn run_python(lab: &mut Lab, rng: &mut Rng) -> Law {
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, any_time(rng));
    lab.run_python()
}

pub(super) fn forced(lab: &mut Lab, _: &mut Rng) -> Law {
    lab.excuse();
    lab.judged(Expect::Right, &["--force"])
}

/// Two runs begin together: both end well, and what one has compiled the other has not.
pub(super) fn at_once(lab: &mut Lab, rng: &mut Rng) -> Law {
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, any_time(rng));
    lab.forget_compiled();
    let first = lab.pyx("dev").start();
    pause(rng, 0, 200);
    let second = lab.pyx("dev").start();
    let first = first.finish();
    let second = second.finish();
    lab.judge(&first, Expect::Right)?;
    // what the first has compiled is not the second's
    lab.forget_compiled();
    lab.judge(&second, Expect::Right)?;
    lab.nothing()
}

/// While somebody watches every edit arrives.
pub(super) fn watch(lab: &mut Lab, rng: &mut Rng) -> Law {
    let run = lab.pyx("dev").with(&["--watch"]).start();
    let mut law = Ok(());
    for _ in 0..2 {
        let (name, file) = a_token(lab, rng);
        set(lab, name, &file, any_time(rng));
        let expected = lab.project.expected(&lab.world);
        let limit = Duration::from_secs(60);
        let arrives = within(limit, &|| lab.is_right(&expected, "").is_ok());
        if !arrives {
            law = lab.is_right(&expected, "");
            break;
        }
        pause(rng, 100, 900);
    }
    run.signal(2);
    let run = run.finish();
    lab.excuse();
    law.map_err(|breach| Breach::new("stale", format!("while watched: {breach}\n{}", said(&run))))?;
    lab.dev()
}
