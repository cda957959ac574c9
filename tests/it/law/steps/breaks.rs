//! What is lost, damaged or interrupted.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use fastrand::Rng;

use crate::law::lab::{Breach, Lab, Law, said};
use crate::support::{entries, modified, name_of, set_modified};

use super::{a_token, any_time, pause, set};

/// Damages a file in one of several ways.
fn damage(path: &Path, rng: &mut Rng) {
    match rng.u32(..5) {
        0 => fs::remove_file(path).unwrap(),
        1 => fs::write(path, "").unwrap(),
        2 => {
            let mut file = File::options().append(true).open(path).unwrap();
            file.write_all(b"x").unwrap();
        }
        3 => {
            let time = modified(path);
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
            set_modified(path, time);
        }
        _ => {
            fs::remove_file(path).unwrap();
            fs::write(path, "no module").unwrap();
        }
    }
}

/// What is installed of the project: its modules, or its program.
fn installed(lab: &Lab) -> Vec<PathBuf> {
    let modules = lab.modules();
    if lab.project.kind.binding.way() == "bin" {
        return vec![lab.environment().join("bin/law-app")];
    }
    if !modules.is_empty() {
        return modules;
    }
    // what UniFFI's bindings load
    let mut found = Vec::new();
    for python in entries(&lab.environment().join("lib")) {
        found.extend(entries(&python.join("site-packages/law_app")));
    }
    found.retain(|path| path.is_file());
    found
}

pub(super) fn module_lost(lab: &mut Lab, rng: &mut Rng) -> Law {
    let installed = installed(lab);
    damage(&installed[rng.usize(..installed.len())], rng);
    lab.dev()
}

/// The files that cargo made, in the folder of the profile and in that of what lies between.
/// What cargo made for Python: the macros beside it, with a hash in their names, are between cargo and rustc.
fn artifacts(lab: &Lab) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![lab.project.dir().join("target/pyx")];
    while let Some(dir) = waiting.pop() {
        for path in entries(&dir) {
            let name = name_of(&path);
            if path.is_dir() {
                if ![".fingerprint", "build", "incremental"].contains(&&*name) {
                    waiting.push(path);
                }
            } else if name == "law-app"
                || path.extension().is_some_and(|it| it == "so") && !name.contains('-')
            {
                found.push(path);
            }
        }
    }
    found
}

/// What cargo keeps is damaged, and what was installed is lost.
pub(super) fn artifact_damaged(lab: &mut Lab, rng: &mut Rng) -> Law {
    let artifacts = artifacts(lab);
    if artifacts.is_empty() {
        return lab.dev();
    }
    let path = &artifacts[rng.usize(..artifacts.len())];
    if rng.bool() {
        fs::remove_file(path).unwrap();
    } else {
        let file = File::options().write(true).open(path).unwrap();
        file.set_len(3000).unwrap();
    }
    if rng.bool() {
        let installed = installed(lab);
        fs::remove_file(&installed[rng.usize(..installed.len())]).unwrap();
    } else {
        let (name, file) = a_token(lab, rng);
        set(lab, name, &file, any_time(rng));
    }
    lab.excuse();
    lab.dev()
}

pub(super) fn edit_and_lose(lab: &mut Lab, rng: &mut Rng) -> Law {
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, any_time(rng));
    for module in lab.modules() {
        fs::remove_file(module).unwrap();
    }
    lab.dev()
}

/// A source that does not compile, which then is as before; perhaps with an edit that keeps its time
/// elsewhere.
pub(super) fn broken(lab: &mut Lab, rng: &mut Rng) -> Law {
    let member = super::a_member(lab, rng);
    let root = lab.project.kind.binding.root_source();
    let source = lab.project.path(member.folder).join(root);
    let (time, text) = (modified(&source), fs::read_to_string(&source).unwrap());
    if rng.bool() {
        let (name, file) = a_token(lab, rng);
        if file != source {
            set(lab, name, &file, any_time(rng));
        }
    }
    fs::write(&source, format!("{text}\nfn broken( {{\n")).unwrap();
    lab.fails()?;
    if rng.bool() {
        lab.fails()?;
    }
    fs::write(&source, &text).unwrap();
    if rng.bool() {
        set_modified(&source, time);
    }
    lab.excuse();
    lab.dev()
}

/// A build ends in its middle; perhaps what it has compiled was put back meanwhile.
pub(super) fn killed(lab: &mut Lab, rng: &mut Rng) -> Law {
    let (name, file) = a_token(lab, rng);
    let (time, text) = (modified(&file), fs::read_to_string(&file).unwrap());
    set(lab, name, &file, any_time(rng));
    let run = lab.pyx("dev").start();
    pause(rng, 20, 700);
    run.signal(if rng.bool() { 9 } else { 15 });
    run.finish();
    if rng.bool() {
        end_all(&lab.project.root);
    }
    if rng.bool() {
        fs::write(&file, text).unwrap();
        set_modified(&file, time);
    }
    // whoever survived compiles beside the next run
    lab.excuse();
    lab.dev()?;
    lab.excuse();
    lab.dev()
}

/// Every process that works in a folder.
fn end_all(root: &Path) {
    use rustix::process::{Pid, Signal, kill_process};
    for process in entries(Path::new("/proc")) {
        let Ok(number) = name_of(&process).parse::<i32>() else {
            continue;
        };
        let dir = fs::read_link(process.join("cwd")).unwrap_or_default();
        if dir.starts_with(root)
            && let Some(pid) = Pid::from_raw(number)
        {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// What pyx has written down is lost or damaged, perhaps with an edit that keeps its time.
pub(super) fn records(lab: &mut Lab, rng: &mut Rng) -> Law {
    let state = lab.project.dir().join("target/pyx/state.json");
    let choice = rng.u32(..4);
    match choice {
        0 => drop(fs::remove_file(&state)),
        1 => {
            let text = fs::read(&state).unwrap_or_default();
            let half = text.len() / 2;
            fs::write(&state, &text[..half]).unwrap();
        }
        2 => drop(fs::remove_file(lab.environment().join("pyx.json"))),
        _ => fs::remove_dir_all(lab.environment()).unwrap(),
    }
    if rng.bool() {
        let (name, file) = a_token(lab, rng);
        set(lab, name, &file, any_time(rng));
    }
    if choice < 2 {
        // nobody knows what was compiled of what
        lab.excuse();
    }
    lab.dev()
}

pub(super) fn clean(lab: &mut Lab, rng: &mut Rng) -> Law {
    let words: &[&str] = match rng.u32(..3) {
        0 => &[],
        1 => &["--env"],
        _ => {
            fs::remove_dir_all(lab.project.dir().join("target")).unwrap();
            lab.excuse();
            return lab.dev();
        }
    };
    let run = lab.pyx("clean").with(words).run();
    if run.code != Some(0) {
        return Err(Breach::new("refused", said(&run)));
    }
    lab.excuse();
    lab.dev()
}

/// Something changes while the build runs: either is right, and the next run has the new one.
pub(super) fn during(lab: &mut Lab, rng: &mut Rng) -> Law {
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, any_time(rng));
    let before = lab.project.expected(&lab.world);
    lab.forget_compiled();
    let run = lab.pyx("dev").start();
    pause(rng, 5, 600);
    let (name, file) = a_token(lab, rng);
    set(lab, name, &file, any_time(rng));
    let after = lab.project.expected(&lab.world);
    let run = run.finish();
    lab.runs += 1;
    if run.code == Some(0) && lab.is_right(&before, "").is_err() {
        lab.is_right(&after, &said(&run))?;
    }
    lab.excuse();
    lab.dev()
}
