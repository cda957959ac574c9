//! Checkouts of fixtures and of other projects.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use super::{Outcome, Pyx, command, entries, fixtures, name_of, read, set_modified, temp, text_of};

/// A checkout of one fixture.
pub(crate) struct Project {
    pub(crate) root: PathBuf,
}

impl Project {
    pub(crate) fn new(folder: &Path, fixture: &str) -> Self {
        Self::at(&folder.join(fixture), fixture)
    }

    /// A committed copy of a fixture; what earlier runs compiled in it is kept.
    pub(crate) fn at(root: &Path, fixture: &str) -> Self {
        let project = Self::cold(root, fixture);
        // where pyx builds extensions, and programs that embed Python
        let folder = if fixture == "embed" { "test" } else { "ext" };
        let target = root.join("target/pyx").join(folder);
        if !target.is_dir() {
            copy_all(&seed().join("target/pyx/ext"), &target);
        }
        project
    }

    /// The same without anything that other projects compiled, for what builds nothing.
    pub(crate) fn cold(root: &Path, fixture: &str) -> Self {
        clear(root);
        copy(&fixtures().join(fixture), root);
        Self::committed(root)
    }

    /// A committed project of these files; what earlier runs compiled in it is kept.
    pub(crate) fn written(root: &Path, files: &[(&str, &str)]) -> Self {
        clear(root);
        let project = Self { root: root.into() };
        for (name, text) in files {
            project.write(name, text);
        }
        Self::committed(root)
    }

    fn committed(root: &Path) -> Self {
        let project = Self { root: root.into() };
        project.git(&["init", "--quiet"]);
        project.git(&["config", "core.excludesFile", "/dev/null"]);
        project.git(&["add", "--all"]);
        project.commit();
        project
    }

    /// What git knows becomes the last commit as it is now.
    pub(crate) fn commit(&self) {
        let user = ["-c", "user.name=Test", "-c", "user.email=test@example.org"];
        let commit = ["commit", "--quiet", "--all", "--message", "state"];
        self.git(&[&user[..], &commit[..]].concat());
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

    /// The folder outlives the test as what cargo compiled does: it is kept beside the project.
    pub(crate) fn keep(&self, name: &str) {
        let kept = self.root.with_file_name("kept").join(name);
        fs::create_dir_all(&kept).unwrap();
        let link = self.path(name);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(kept, link).unwrap();
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

    pub(crate) fn pyx(&self, subcommand: &str) -> Pyx {
        // as cargo calls its subcommands: with their name as the first argument
        let mut command = command(env!("CARGO_BIN_EXE_cargo-pyx"), &self.root);
        command.args(["pyx", subcommand]);
        Pyx { command }
    }

    /// Another program than pyx, in the same environment.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Pyx {
        let mut command = command(program, &self.root);
        command.args(args);
        Pyx { command }
    }

    pub(crate) fn run(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Outcome {
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
        let root = self.root.to_str().unwrap();
        let mut all = processes();
        all.retain(|process| process.contains(root));
        all
    }
}

impl Drop for Project {
    /// In CI nobody runs the tests again: what compiled for one that passed makes room. All of
    /// them together take 16 GB.
    fn drop(&mut self) {
        let last = std::env::var_os("CI").is_some();
        if last && !std::thread::panicking() {
            let _ = fs::remove_dir_all(self.path("target"));
        }
    }
}

/// A built copy of `hello`: what it compiled is where other projects start from. Where the
/// interpreter's path is another, cargo compiles PyO3 anew and keeps the rest.
fn seed() -> PathBuf {
    static SEED: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let folder = temp().join("seed");
        fs::create_dir_all(&folder).unwrap();
        let lock = File::create(folder.join("lock")).unwrap();
        lock.lock().unwrap(); // the other test files may run at the same time
        let (root, ready) = (folder.join("hello"), folder.join("ready"));
        if !ready.is_file() {
            let project = Project::cold(&root, "hello");
            project.dev().start().finish().succeeds();
            fs::write(ready, "").unwrap();
            std::mem::forget(project); // to be copied from, also in CI
        }
        root
    };
    SEED.get_or_init(make).clone()
}

/// Where cargo compiles; a release is compiled from sources that it unpacks.
const COMPILED: [&str; 7] = [
    "target/pyx/ext",
    "target/pyx/test",
    "target/pyx/release/again/builds",
    "target/pyx/release/again/.sources",
    "target/pyx/release/builds",
    "target/pyx/release/.sources",
    "target/rust-analyzer",
];

/// Removes everything but what cargo compiled.
fn clear(root: &Path) {
    for path in entries(root) {
        if COMPILED.iter().any(|kept| path.ends_with(kept)) {
            continue;
        }
        let around = [
            "target",
            "target/pyx",
            "target/pyx/release",
            "target/pyx/release/again",
        ];
        if around.iter().any(|folder| path.ends_with(folder)) {
            clear(&path);
        } else if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
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

/// Copies a directory with its times, by which cargo tells what is fresh.
fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    let mut command = command("cp", &temp());
    text_of(command.arg("-a").arg(from).arg(to));
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

/// Arguments and working directory of every process that has not ended.
fn processes() -> Vec<String> {
    let proc = Path::new("/proc/self");
    if !proc.is_dir() {
        let mut command = command("ps", Path::new("/"));
        let text = text_of(command.args(["-A", "-o", "state=,command="]));
        let lines = text.lines().filter(|line| !line.starts_with('Z'));
        return lines.map(str::to_owned).collect();
    }
    let numbered = |path: &PathBuf| name_of(path).parse::<u32>().is_ok();
    entries(Path::new("/proc"))
        .into_iter()
        .filter(numbered)
        .filter_map(|process| {
            let status = fs::read_to_string(process.join("status")).ok()?;
            let args = fs::read(process.join("cmdline")).ok()?;
            let cwd = fs::read_link(process.join("cwd")).unwrap_or_default();
            let args = String::from_utf8_lossy(&args).replace('\0', " ");
            let zombie = status.contains("\nState:\tZ");
            (!zombie).then(|| format!("{args} in {}", cwd.display()))
        })
        .collect()
}
