//! Projects to run pyx in, and what can be said of a run. Tests read as sentences:
//! `project.dev().with(&["--release"]).run().succeeds().says("Compiling hello")`.
//!
//! Every test works in copies of `fixtures/` in a folder of its own, which stays the same from
//! run to run: what cargo compiled there is kept, everything else is made anew.

mod pythons;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

/// No run of a fixture takes this long.
const HANGS: Duration = Duration::from_secs(600);

/// What a scrubbed environment keeps: how to find programs, and how to reach the registries.
const KEPT: [&str; 28] = [
    "ALL_PROXY",
    "CARGO_HOME",
    "CURL_CA_BUNDLE",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "PATH",
    "PIP_CERT",
    "PIP_CONFIG_FILE",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "PYENV_ROOT",
    "REQUESTS_CA_BUNDLE",
    "RUSTUP_HOME",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "UV_CACHE_DIR",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "all_proxy",
    "https_proxy",
    "no_proxy",
];

/// A copy of a fixture in the test's own folder.
macro_rules! project {
    ($fixture:literal) => {
        $crate::support::Project::new(&$crate::support::folder!(), $fixture)
    };
}

/// The folder of the test that says so: it has the test's name.
macro_rules! folder {
    () => {{
        fn here() {}
        $crate::support::folder_of(std::any::type_name_of_val(&here))
    }};
}

pub(crate) use pythons::versions;
pub(crate) use {folder, project};

/// `place`: the path of an item in a test, as in `dev::edits::what_is_fresh::here`.
pub(crate) fn folder_of(place: &str) -> PathBuf {
    let name = place.rsplit("::").nth(1).expect("an item in a test");
    temp().join(name)
}

fn temp() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

/// Where pyx puts the tools that this machine lacks, once for all tests.
pub(crate) fn cache() -> PathBuf {
    temp().join("cache")
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// A command in the scrubbed environment in which pyx runs as well.
fn command(program: impl AsRef<OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).env_clear().stdin(Stdio::null());
    for name in KEPT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .env("PYX_CACHE_DIR", cache())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

/// The uv that pyx uses: PATH's, else the one it provided.
pub(crate) fn uv() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let provided = entries(&cache().join("tools"))
        .into_iter()
        .filter(|dir| name_of(dir).starts_with("uv-"));
    std::env::split_paths(&path)
        .chain(provided)
        .map(|dir| dir.join("uv"))
        .find(|program| program.is_file())
        .expect("a run of pyx has provided uv")
}

/// The first program of that name on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let programs = std::env::split_paths(&path).map(|dir| dir.join(name));
    let mut found = programs.filter(|program| program.is_file());
    found.next()
}

pub(crate) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What is in a directory, sorted; nothing where there is none.
pub(crate) fn entries(dir: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(dir).into_iter().flatten();
    let mut paths: Vec<_> = found.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

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
    pub(crate) fn run(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Outcome {
        let mut command = command(program, &self.root);
        command.args(args);
        Pyx { command }.run()
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

/// Programs to put on PATH, in `dir`: they log their call and fail.
pub(crate) fn traps(dir: &Path, names: &[&str]) -> Traps {
    let log = dir.join("log");
    let _ = fs::remove_dir_all(dir);
    for name in names {
        let script = format!("echo \"$0 $*\" >>'{}'\nexit 97", log.display());
        program(&dir.join(name), &script);
    }
    Traps {
        dir: dir.into(),
        log,
    }
}

pub(crate) struct Traps {
    dir: PathBuf,
    log: PathBuf,
}

impl Traps {
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The calls so far, one a line.
    pub(crate) fn sprung(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// A shell script that can be executed.
pub(crate) fn program(path: &Path, script: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A run of pyx that is yet to start.
pub(crate) struct Pyx {
    command: Command,
}

impl Pyx {
    pub(crate) fn with(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// With a folder before all others on PATH.
    pub(crate) fn path_first(self, dir: &Path) -> Self {
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let dirs = std::iter::once(dir.to_owned()).chain(std::env::split_paths(&inherited));
        let path: OsString = std::env::join_paths(dirs).unwrap();
        self.env("PATH", path)
    }

    /// Waits for a free place among the runs of all tests, then for the end.
    pub(crate) fn run(self) -> Outcome {
        let _place = Place::take();
        self.start().finish()
    }

    /// Starts it beside the test, which should be [`alone`].
    pub(crate) fn start(mut self) -> Running {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let (pid, number) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let said = ["out", "err"].map(|name| temp().join(format!("said-{pid}-{number}-{name}")));
        // files, not pipes: whoever survives pyx must not keep the test waiting
        let [stdout, stderr] = said.each_ref().map(|path| File::create(path).unwrap());
        let child = self.command.stdout(stdout).stderr(stderr).spawn();
        Running {
            child: child.unwrap_or_else(|error| panic!("{:?}: {error}", self.command)),
            line: format!("{:?}", self.command),
            since: Instant::now(),
            said,
        }
    }
}

pub(crate) struct Running {
    child: Child,
    line: String,
    since: Instant,
    said: [PathBuf; 2],
}

impl Running {
    pub(crate) fn signal(&self, signal: i32) {
        use rustix::process::{Pid, Signal, kill_process};
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::from_named_raw(signal).unwrap()).unwrap();
    }

    pub(crate) fn finish(mut self) -> Outcome {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.since.elapsed() > HANGS {
                let _ = self.child.kill();
                panic!("{} hangs", self.line);
            }
            sleep(Duration::from_millis(5));
        };
        let took = self.since.elapsed();
        let [stdout, stderr] = self.said.map(|path| {
            let text = String::from_utf8_lossy(&read(&path)).into_owned();
            let _ = fs::remove_file(path);
            text
        });
        Outcome {
            code: status.code(),
            signal: status.signal(),
            line: self.line,
            took,
            stdout,
            stderr,
        }
    }
}

/// How a run ended, and what it said.
pub(crate) struct Outcome {
    line: String,
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            code,
            signal,
            line,
            took,
            ..
        } = self;
        writeln!(f, "{line}")?;
        writeln!(
            f,
            "ended after {took:.2?}: code {code:?}, signal {signal:?}"
        )?;
        writeln!(f, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr)
    }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert!(self.code == Some(code), "expected exit {code}:\n{self}");
        self
    }

    /// How often stderr holds a text.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.stderr.matches(text).count()
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.count(text) > 0, "expected `{text}`:\n{self}");
        self
    }

    #[track_caller]
    pub(crate) fn says_once(self, text: &str) -> Self {
        assert!(self.count(text) == 1, "expected `{text}` once:\n{self}");
        self
    }

    #[track_caller]
    pub(crate) fn never_says(self, text: &str) -> Self {
        assert!(self.count(text) == 0, "expected no `{text}`:\n{self}");
        self
    }

    /// All is as it was: nothing done, nothing said but that.
    #[track_caller]
    pub(crate) fn finds_fresh(self, name: &str) -> Self {
        let run = self.succeeds();
        let fresh = format!("{:>12} {name}\n", "Fresh");
        assert!(run.stderr == fresh, "expected only `Fresh {name}`:\n{run}");
        run
    }

    pub(crate) fn warnings(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines.filter(|line| line.starts_with("warning")).collect()
    }
}

/// How many runs of pyx there are at once, whatever number of tests: each compiles by itself.
const PLACES: usize = 2;

static TAKEN: Mutex<usize> = Mutex::new(0);
static LEFT: Condvar = Condvar::new();

thread_local! {
    /// Whether this test holds all places.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// The right to use a part of the machine.
pub(crate) struct Place(usize);

impl Place {
    fn take() -> Self {
        let wanted = usize::from(!ALONE.get());
        Self::wait(wanted)
    }

    fn wait(wanted: usize) -> Self {
        let taken = TAKEN
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut taken = LEFT
            .wait_while(taken, |taken| *taken + wanted > PLACES)
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *taken += wanted;
        Self(wanted)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let taken = TAKEN.lock();
        *taken.unwrap_or_else(std::sync::PoisonError::into_inner) -= self.0;
        if self.0 == PLACES {
            ALONE.set(false);
        }
        LEFT.notify_all();
    }
}

/// For tests that watch the clock, or start several runs themselves.
pub(crate) fn alone() -> Place {
    let place = Place::wait(PLACES);
    ALONE.set(true);
    place
}

/// Whether something comes true within a time.
pub(crate) fn within(limit: Duration, holds: &dyn Fn() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < limit {
        if holds() {
            return true;
        }
        sleep(Duration::from_millis(20));
    }
    holds()
}

pub(crate) fn set_modified(path: &Path, time: SystemTime) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

pub(crate) fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

pub(crate) fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text_of(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{text}{errors}");
    text
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
        }
        root
    };
    SEED.get_or_init(make).clone()
}

/// Each test file is compiled with all of this file, and uses a part of it.
const _: () = {
    let _ = (Project::processes, Project::remove, Project::touch);
    let _ = (Traps::sprung, Traps::dir, Pyx::with, Pyx::path_first);
    let _ = (Running::signal, Outcome::warnings, alone, link, modified);
    let _ = (set_modified, traps, uv, within, on_path);
    let _ = (
        Project::listing,
        Project::file_of,
        Project::traces,
        Project::keep,
    );
    let _ = (
        Project::read,
        Project::write,
        Project::edit,
        Project::append,
    );
    let _ = (Project::written, versions, Outcome::count, Outcome::says);
    let _ = (
        Outcome::says_once,
        Outcome::never_says,
        Outcome::finds_fresh,
    );
    let _ = (Project::dev, || crate::support::project!("hello"));
};

/// Removes everything but what cargo compiled.
fn clear(root: &Path) {
    for path in entries(root) {
        if path.ends_with("target/pyx/ext") || path.ends_with("target/pyx/test") {
            continue;
        }
        if path.ends_with("target") || path.ends_with("target/pyx") {
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

/// A link to a program, under its own name, in a folder that is to be all of PATH.
pub(crate) fn link(program: &Path, dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    let link = dir.join(program.file_name().unwrap());
    let _ = fs::remove_file(&link);
    symlink(program, link).unwrap();
}
