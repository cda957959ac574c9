//! Projects to run pyx in, and what can be said of a run. Tests read as sentences:
//! `project.dev().with(&["--release"]).run().succeeds().says("Compiling hello")`.
//!
//! Every test works in copies of `fixtures/`: in a slot, which one test after the other has and where
//! what cargo compiled is kept, or in a folder of its own. Everything else is made anew.

mod checkout;
pub(crate) mod pythons;
mod run;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use cargo_pyx::world::session::Session;
use cargo_pyx::world::{interpreter, tool};

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

pub(crate) use checkout::{COMPILED, Project};
#[cfg(target_os = "linux")] // where releases are tested
pub(crate) use pythons::{label, newest};
pub(crate) use pythons::{oldest_and_newest, versions};
pub(crate) use run::{CheckOutcome, Pyx, Running, alone, summary};
pub(crate) use {folder, project};

/// `place`: the path of an item in a test, as in `dev::fresh::what_is_fresh::here`.
pub(crate) fn folder_of(place: &str) -> PathBuf {
    let mut around = place.rsplit("::").skip(1);
    let name = around.find(|part| *part != "{{closure}}");
    temp().join(name.expect("an item in a test"))
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
pub(crate) fn command(program: impl AsRef<OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).env_clear().stdin(Stdio::null());
    for name in KEPT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .env("CARGO_PROFILE_DEV_DEBUG", "0") // half of what cargo leaves
        .env("CARGO_PYX_CACHE_DIR", cache())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

/// The uv that pyx uses: PATH's, else the one that it provides.
pub(crate) fn uv() -> PathBuf {
    static UV: LazyLock<PathBuf> = LazyLock::new(|| {
        let mut session = Session::read().unwrap();
        let cache = cache().to_str().unwrap().to_owned();
        session.env.insert("CARGO_PYX_CACHE_DIR".to_owned(), cache);
        let tool = tool::uv(&session).unwrap();
        if let Some(provision) = &tool.missing {
            let pythons = interpreter::installed(&session);
            provision
                .run(&session, &pythons[0].path, &tool.path)
                .unwrap();
        }
        tool.path.into()
    });
    UV.clone()
}

/// Says that a test holds nothing here, and what it lacks.
#[expect(
    clippy::print_stderr,
    reason = "who reads the run must know that nothing was held"
)]
pub(crate) fn skipped(needs: &str) {
    eprintln!("skipped: needs {needs}");
}

/// The machine's target triple.
pub(crate) fn host() -> String {
    let run = Project::at(Path::new("/")).run("rustc", &["-vV"]);
    let run = run.succeeds();
    let mut lines = run.stdout.lines();
    let host = lines.find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
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

pub(crate) fn text_of(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{text}{errors}");
    text
}

/// A link to a program, under its own name, in a folder that is to be all of PATH.
pub(crate) fn link(program: &Path, dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    let link = dir.join(program.file_name().unwrap());
    let _ = fs::remove_file(&link);
    symlink(program, link).unwrap();
}
