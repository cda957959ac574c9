//! A Windows with our program: compiled for mingw, and run by wine.
//!
//! git, cargo and rustc are those of this machine behind a bridge; uv, maturin and just are Windows' own,
//! and so is Python, whose library comes in a wheel of a package that freezes programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

use crate::support::{Project, Pyx, command, entries, folder_of, on_path, skipped, text_of, uv};

const TARGET: &str = "x86_64-pc-windows-gnu";
const GCC: &str = "x86_64-w64-mingw32-gcc";
/// For which that package has a wheel.
const PYTHON: &str = "3.11";

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| made(&["build", "--bin", "cargo-pyx"]));

/// Python as Windows has it takes no file of this machine for what it writes to.
const PIPED: &str = "import os, subprocess, sys
os.environ.pop('PYENV_ROOT', None)  # of a shim that has found this Python
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
sys.stdout.buffer.write(done.stdout)
sys.stderr.buffer.write(done.stderr)
sys.exit(done.returncode)";

pub(super) struct Machine {
    wine: PathBuf,
    /// What wine keeps of it.
    prefix: PathBuf,
    /// Programs for its PATH.
    bin: PathBuf,
    /// The folder of its Python.
    python: PathBuf,
}

/// Made once for all tests; `None` where this machine has not what it needs.
pub(super) fn machine() -> Option<&'static Machine> {
    static MACHINE: LazyLock<Result<Machine, String>> = LazyLock::new(Machine::new);
    MACHINE.as_ref().map_err(|lack| skipped(lack)).ok()
}

/// Debian has it outside of PATH where nothing but `wine64` is installed.
fn wine() -> Option<PathBuf> {
    let debians = PathBuf::from("/usr/lib/wine/wine64");
    on_path("wine64").or(debians.is_file().then_some(debians))
}

fn has_standard_library() -> bool {
    let mut rustc = command("rustc", Path::new("/"));
    let folder = text_of(rustc.args(["--print", "target-libdir", "--target", TARGET]));
    Path::new(folder.trim()).is_dir()
}

/// cargo in this checkout, which finds what it has compiled for a person.
pub(super) fn cargo(words: &[&str]) -> String {
    let mut cargo = command("cargo", Path::new(env!("CARGO_MANIFEST_DIR")));
    cargo.env_remove("CARGO_PROFILE_DEV_DEBUG");
    for name in ["CARGO_INCREMENTAL", "CARGO_TARGET_DIR"] {
        if let Some(value) = std::env::var_os(name) {
            cargo.env(name, value);
        }
    }
    text_of(cargo.args(words))
}

/// The program for Windows that cargo makes of these words.
pub(super) fn made(words: &[&str]) -> PathBuf {
    let said = cargo(&[words, &["--target", TARGET, "--message-format", "json"]].concat());
    let mut programs = said.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    programs.next_back().expect("cargo names what it has made")
}

/// Compiles one of the C files beside this one.
fn compiled(name: &str, to: &Path, words: &[&str]) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/windows");
    let mut gcc = command(GCC, &sources);
    gcc.args(["-O1", "-municode", name, "-o"]).arg(to);
    text_of(gcc.args(words));
}

impl Machine {
    /// What this machine lacks, where it lacks anything.
    fn new() -> Result<Self, String> {
        let wine = wine().ok_or("wine (apt-get install wine64)")?;
        if on_path(GCC).is_none() || !has_standard_library() {
            return Err(format!("{GCC} and Rust's standard library for {TARGET}"));
        }
        let root = folder_of("windows::here");
        let machine = Self {
            wine,
            prefix: root.join("prefix"),
            bin: root.join("bin"),
            python: root.join("python"),
        };
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&machine.bin).unwrap();
        let boot = machine.program(&Project::at(&root), Path::new("wineboot"), &["--init"]);
        boot.run().succeeds();
        let system = machine.prefix.join("drive_c/windows/system32");
        let random = ["-shared", "-ladvapi32"];
        compiled("random.c", &system.join("bcryptprimitives.dll"), &random);
        for name in ["cargo.exe", "git.exe", "rustc.exe"] {
            compiled("bridge.c", &machine.bin.join(name), &[]);
        }
        let project = Project::cold(&root.join("project"), "hello");
        project.pyx("just").run().succeeds(); // brings uv along where it is missing
        let mut python = command(uv(), &root);
        let found = python.args(["python", "find", "--no-project", PYTHON]);
        if !found.output().unwrap().status.success() {
            return Err(format!("Python {PYTHON}, for its standard library"));
        }
        machine.install_tools(&root);
        machine.install_python(&root);
        Ok(machine)
    }

    /// uv and maturin as they are published for Windows.
    fn install_tools(&self, root: &Path) {
        let tools = root.join("tools");
        fetch(root, &tools, &["uv", "maturin"]);
        for program in entries(&tools.join("bin")) {
            fs::copy(&program, self.bin.join(program.file_name().unwrap())).unwrap();
        }
    }

    /// A CPython as its installer lays it out: with the standard library of this machine's.
    fn install_python(&self, root: &Path) {
        let wheel = root.join("wheel");
        fetch(root, &wheel, &["panda3d"]);
        let dlls = self.python.join("DLLs");
        fs::create_dir_all(&dlls).unwrap();
        for file in entries(&wheel.join("deploy_libs")) {
            let name = file.file_name().unwrap().to_str().unwrap();
            let is_windows_own = name.starts_with("api-ms-");
            let is_beside = name.starts_with("python") || name.starts_with("VCRUNTIME");
            let folder = if is_beside { &self.python } else { &dlls };
            if !is_windows_own {
                fs::copy(&file, folder.join(name)).unwrap();
            }
        }
        fs::remove_dir_all(wheel).unwrap(); // the rest draws worlds
        let library = format!("python{}.dll", PYTHON.replace('.', ""));
        let library = self.python.join(library);
        let linked = [library.to_str().unwrap()];
        compiled("python.c", &self.python.join("python.exe"), &linked);
        self.install_library(root);
        let launchers = self.python.join("Lib/venv/scripts/nt");
        fs::create_dir_all(&launchers).unwrap();
        for name in ["python.exe", "pythonw.exe"] {
            compiled("launcher.c", &launchers.join(name), &[]);
        }
    }

    fn install_library(&self, root: &Path) {
        let mut python = command(uv(), root);
        let script = "import sysconfig; print(sysconfig.get_path('stdlib'))";
        python.args(["run", "--quiet", "--no-project", "--python", PYTHON]);
        let library = text_of(python.args(["python", "-c", script]));
        let library = Path::new(library.trim());
        let own = self.python.join("Lib");
        let mut copy = command("cp", root);
        text_of(copy.arg("-r").arg(library).arg(&own));
        for name in ["site-packages", "lib-dynload", "test"] {
            let _ = fs::remove_dir_all(own.join(name));
        }
    }

    /// One of its programs, in the folder of a project.
    pub(super) fn program(&self, project: &Project, program: &Path, words: &[&str]) -> Pyx {
        let wine = self.wine.to_str().unwrap();
        let piped = ["-c", PIPED, wine, program.to_str().unwrap()];
        self.at_home(project.program("python3", &piped).with(words))
    }

    /// `cargo pyx …`
    pub(super) fn pyx(&self, project: &Project, words: &[&str]) -> Pyx {
        self.program(project, &PROGRAM, &["pyx"]).with(words)
    }

    /// As [`pyx`](Self::pyx), where a signal ends the program itself.
    pub(super) fn mortal_pyx(&self, project: &Project, words: &[&str]) -> Pyx {
        let program = [PROGRAM.to_str().unwrap(), "pyx"];
        self.at_home(project.program(&self.wine, &program).with(words))
    }

    fn at_home(&self, run: Pyx) -> Pyx {
        let bridge = "tests/all/windows/bridge.py";
        let bridge = Path::new(env!("CARGO_MANIFEST_DIR")).join(bridge);
        let path = [&self.bin, &self.python].map(|dir| format!("Z:{}", dir.display()));
        run.env("BRIDGE", bridge)
            .env("CARGO_PYX_CACHE_DIR", "") // that of this machine has other programs
            .env("LC_ALL", "C.UTF-8") // in which wine names files
            .env("PYENV_ROOT", "")
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree,mshtml,winemenubuilder.exe=")
            .env("WINEPATH", path.join(";"))
            .env("WINEPREFIX", &self.prefix)
    }
}

/// What wheels for Windows hold, unpacked.
fn fetch(root: &Path, to: &Path, packages: &[&str]) {
    let mut install = command(uv(), root);
    let words = ["pip", "install", "--quiet", "--no-deps", "--target"];
    install.args(words).arg(to);
    let of_windows = ["--python-platform", "windows", "--python-version", PYTHON];
    let only = ["--only-binary", ":all:"];
    text_of(install.args(of_windows).args(only).args(packages));
}
