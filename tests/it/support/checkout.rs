//! Checkouts of fixtures and of other projects.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use super::run::{PLACES, holds_no_place};
use super::{
    CheckOutcome, Pyx, command, entries, fixtures, name_of, read, set_modified, temp, text_of,
};

/// A checkout of one fixture.
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    /// Where a test has its project only for as long as it runs.
    slot: Option<Slot>,
    /// Whether nobody looks at it after its test, unless that fails.
    is_thrown_away: bool,
}

impl Project {
    /// A committed copy of a fixture in a slot, where what other tests compiled is kept.
    /// `folder` is the test's own.
    pub(crate) fn new(folder: &Path, fixture: &str) -> Self {
        let project = Self::in_slot(folder);
        copy(&fixtures().join(fixture), &project.root);
        project.committed()
    }

    /// A committed project of these files in a slot.
    pub(crate) fn written(folder: &Path, files: &[(&str, &str)]) -> Self {
        let project = Self::in_slot(folder);
        for (name, text) in files {
            project.write(name, text);
        }
        project.committed()
    }

    /// A folder with all that is in it, moved to a slot, where folders may be left with what was compiled.
    pub(crate) fn moved(from: &Path) -> Self {
        let project = Self::in_slot(from.parent().unwrap());
        copy(from, &project.root);
        fs::remove_dir_all(from).unwrap();
        project
    }

    /// A committed copy of a fixture at a place of its own, where nothing is compiled.
    pub(crate) fn cold(root: &Path, fixture: &str) -> Self {
        let mut project = Self::at(root);
        project.is_thrown_away = true;
        clear(root);
        copy(&fixtures().join(fixture), root);
        project.committed()
    }

    /// What is there already.
    pub(crate) fn at(root: &Path) -> Self {
        Self {
            root: root.into(),
            slot: None,
            is_thrown_away: false,
        }
    }

    fn in_slot(folder: &Path) -> Self {
        let slot = Slot::take(folder);
        clear(&slot.project);
        fs::create_dir_all(&slot.project).unwrap();
        Self {
            root: slot.project.clone(),
            slot: Some(slot),
            is_thrown_away: false,
        }
    }

    fn committed(self) -> Self {
        self.git(&["init", "--quiet"]);
        self.git(&["config", "core.excludesFile", "/dev/null"]);
        self.git(&["add", "--all"]);
        self.commit();
        self
    }

    /// What git knows becomes the last commit as it is now.
    pub(crate) fn commit(&self) {
        let user = ["-c", "user.name=Test", "-c", "user.email=test@example.org"];
        let commit = ["commit", "--quiet", "--all", "--message", "state"];
        self.git(&[&user[..], &commit[..]].concat());
    }

    /// Settles something for its releases, as git then knows it.
    #[cfg(target_os = "linux")] // as those who make them
    pub(crate) fn configure_release(&self, table: &str) {
        let table = format!("\n[tool.pyx.release]\n{table}\n");
        self.append("pyproject.toml", &table);
        self.commit();
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let mut command = command("git", &self.root);
        text_of(command.args(args))
    }

    /// `git status --porcelain`
    pub(crate) fn traces(&self) -> String {
        self.git(&["status", "--porcelain", "--untracked-files=all"])
    }

    /// A package into the environment, by uv and behind pyx's back.
    pub(crate) fn install(&self, package: &str) {
        let python = self.path(".venv/bin/python");
        let words = ["pip", "install", "--quiet", "--python"];
        let install = [&words[..], &[python.to_str().unwrap(), package]].concat();
        self.run(super::uv(), &install).succeeds();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        String::from_utf8(read(&self.path(name))).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }

    /// Replaces a piece of a file, which must be there.
    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "{name} holds no `{old}`:\n{text}");
        self.write(name, &text.replace(old, new));
    }

    pub(crate) fn append(&self, name: &str, text: &str) {
        self.write(name, &(self.read(name) + text));
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// As `touch` does: a new modification time for the same content.
    pub(crate) fn touch(&self, name: &str) {
        set_modified(&self.path(name), SystemTime::now());
    }

    /// Every file with its content, except in folders of `but`.
    pub(crate) fn listing(&self, but: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        list(&self.root, &mut found);
        found.retain(|path, _| !but.iter().any(|name| path.starts_with(self.path(name))));
        found
    }

    /// `cargo pyx dev`
    pub(crate) fn dev(&self) -> Pyx {
        self.pyx("dev")
    }

    /// `cargo pyx release …`
    #[cfg(target_os = "linux")]
    pub(crate) fn release(&self, args: &[&str]) -> Pyx {
        self.pyx("release").with(args)
    }

    pub(crate) fn pyx(&self, subcommand: &str) -> Pyx {
        // as cargo calls its subcommands: with their name as the first argument
        let mut command = command(env!("CARGO_BIN_EXE_cargo-pyx"), &self.root);
        command.args(["pyx", subcommand]);
        Pyx {
            command,
            is_typed_at: false,
        }
    }

    /// Another program than pyx, in the same environment.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Pyx {
        let mut command = command(program, &self.root);
        command.args(args);
        Pyx {
            command,
            is_typed_at: false,
        }
    }

    pub(crate) fn run(&self, program: impl AsRef<OsStr>, args: &[&str]) -> CheckOutcome {
        self.program(program, args).run()
    }

    /// What a script prints in the project's environment.
    pub(crate) fn python(&self, script: &str) -> String {
        let run = self.run(self.path(".venv/bin/python"), &["-c", script]);
        run.succeeds().stdout.trim_end().to_owned()
    }

    /// The file from which Python imports a module.
    pub(crate) fn file_of(&self, module: &str) -> PathBuf {
        let script = format!("import importlib as i; print(i.import_module('{module}').__file__)");
        PathBuf::from(self.python(&script))
    }

    /// The processes that work for this project: by their arguments, or in its folder.
    pub(crate) fn processes(&self) -> Vec<String> {
        let ours = self.working().into_iter();
        ours.map(|process| process.text).collect()
    }

    /// The same, each with its state: `R` runs, `S` waits, `T` is stopped.
    #[cfg(target_os = "linux")]
    pub(crate) fn states(&self) -> Vec<(char, String)> {
        let ours = self.working().into_iter();
        ours.map(|process| (process.state, process.text)).collect()
    }

    fn working(&self) -> Vec<Process> {
        let root = self.root.to_str().unwrap();
        let mut all = processes();
        all.retain(|process| process.text.contains(root));
        all
    }
}

impl Drop for Project {
    /// What failed can be looked at where the test has its own things.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            if self.is_thrown_away {
                let _ = fs::remove_dir_all(&self.root);
            }
            return;
        }
        // who still runs, or is stopped, would hold locks for which the tests after it wait; a project that is
        // no test's own has others who work in it
        let is_own = self.root.starts_with(temp());
        let left = if is_own { self.working() } else { Vec::new() };
        let left = left.iter().map(|process| process.id.as_str());
        let _ = command("kill", Path::new("/"))
            .arg("-KILL")
            .args(left)
            .output();
        if let Some(slot) = &self.slot {
            let _ = fs::remove_dir_all(&slot.kept);
            let _ = fs::create_dir_all(slot.kept.parent().unwrap());
            let _ = fs::rename(&slot.project, &slot.kept);
        }
    }
}

/// One of the places where a test after the other has its project, always at the same path: with
/// the path of its interpreter, PyO3 would be another to cargo, and be compiled for each test.
struct Slot {
    project: PathBuf,
    /// Where a project goes whose test failed.
    kept: PathBuf,
    /// Held, by other processes as well.
    _lock: File,
}

impl Slot {
    /// Waits for one that is free. `folder` is the test's own.
    fn take(folder: &Path) -> Self {
        holds_no_place();
        loop {
            for number in 0..PLACES {
                let slot = temp().join(format!("slot-{number}"));
                fs::create_dir_all(&slot).unwrap();
                let lock = File::create(slot.join("lock")).unwrap();
                if lock.try_lock().is_ok() {
                    // else clippy takes that of this checkout
                    fs::write(slot.join("clippy.toml"), "").unwrap();
                    return Self {
                        project: slot.join("project"),
                        kept: folder.join("failed"),
                        _lock: lock,
                    };
                }
            }
            sleep(Duration::from_millis(20));
        }
    }
}

/// Where cargo compiles, for pyx and for its user; a release is compiled from sources that it unpacks.
pub(crate) const COMPILED: [&str; 10] = [
    "target/debug",
    "target/pyx/builds",
    "target/pyx/ext",
    "target/pyx/lint",
    "target/pyx/release/again/.sources",
    "target/pyx/release/again/builds",
    "target/pyx/release/.sources",
    "target/pyx/release/builds",
    "target/pyx/test",
    "target/rust-analyzer",
];

/// Removes everything but what cargo compiled.
fn clear(root: &Path) {
    let compiled = COMPILED.map(|name| root.join(name));
    clear_but(root, &compiled);
}

fn clear_but(dir: &Path, kept: &[PathBuf]) {
    for path in entries(dir) {
        if kept.contains(&path) {
            continue;
        }
        if path.is_symlink() || !path.is_dir() {
            fs::remove_file(&path).unwrap();
        } else if kept.iter().any(|inner| inner.starts_with(&path)) {
            clear_but(&path, kept);
        } else {
            fs::remove_dir_all(&path).unwrap();
        }
    }
}

/// Copies a fixture, without what somebody built in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for path in entries(from) {
        let name = name_of(&path);
        let built = ["target", ".venv", "__pycache__", ".pytest_cache"].contains(&&*name)
            || path.extension().is_some_and(|ending| ending == "so");
        if built {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn list(dir: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for path in entries(dir) {
        if path.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            found.insert(path, target.as_os_str().as_bytes().to_vec());
        } else if path.is_dir() {
            list(&path, found);
            found.insert(path, Vec::new());
        } else {
            let bytes = read(&path);
            found.insert(path, bytes);
        }
    }
}

/// One that has not ended.
struct Process {
    id: String,
    state: char,
    /// Arguments and working directory.
    text: String,
}

fn processes() -> Vec<Process> {
    let proc = Path::new("/proc/self");
    let all: Vec<Process> = if proc.is_dir() {
        let paths = entries(Path::new("/proc"));
        paths.iter().filter_map(|path| process(path)).collect()
    } else {
        let mut command = command("ps", Path::new("/"));
        let text = text_of(command.args(["-A", "-o", "pid=,state=,command="]));
        let word = |line: &str| {
            let (word, rest) = line.trim_start().split_once(' ')?;
            Some((word.to_owned(), rest.to_owned()))
        };
        let listed = text.lines().filter_map(|line| {
            let (id, rest) = word(line)?;
            let (state, text) = word(&rest)?;
            let state = state.chars().next()?;
            Some(Process { id, state, text })
        });
        listed.collect()
    };
    all.into_iter()
        .filter(|process| process.state != 'Z')
        .collect()
}

/// Of a folder of `/proc`.
fn process(path: &Path) -> Option<Process> {
    let id = name_of(path);
    id.parse::<u32>().ok()?;
    let status = fs::read_to_string(path.join("status")).ok()?;
    let (_, state) = status.split_once("\nState:")?;
    let args = fs::read(path.join("cmdline")).ok()?;
    let args = String::from_utf8_lossy(&args).replace('\0', " ");
    let cwd = fs::read_link(path.join("cwd")).unwrap_or_default();
    Some(Process {
        id,
        state: state.trim_start().chars().next()?,
        text: format!("{args} in {}", cwd.display()),
    })
}
