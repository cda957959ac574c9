//! Python tools in the user cache: an environment of their own, created once from a list with hashes, and
//! again if it no longer is what was created.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::model::error::{Result, ToolError};
use crate::model::invocation::Invocation;
use crate::model::venv;
use crate::world::disk;
use crate::world::network;
use crate::world::process;
use crate::world::session::{CacheFolder, Session};

/// Written last: without it the environment is not complete.
const RECEIPT: &str = "receipt.json";

/// What was put into an environment, without bytecode: Python writes that by itself.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Receipt {
    /// SHA-256 of the list, hex.
    requirements: String,
    /// SHA-256 of the size, modification time and inode of every file, including the interpreter; hex.
    signatures: String,
    /// SHA-256 of the same files' content, hex.
    contents: String,
}

/// How much of an environment exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolboxState {
    Intact,
    /// The same, but its files look different, as in a copy of the cache. Everything had to be read to know.
    Same,
    Missing,
    /// Something in it is not what was put there, or its interpreter is gone or another one.
    Changed,
}

/// What wheels are checked and linked with.
const RELEASE: &str = include_str!("release.txt");

/// The oldest Python that the lists are locked for.
pub const OLDEST: [u64; 2] = [3, 10];

/// An environment that holds exactly the packages of a list, each checked by its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolbox {
    /// For people: `the release tools`.
    pub label: &'static str,
    /// Absolute.
    pub dir: Utf8PathBuf,
    /// The interpreter that it is created with, absolute.
    pub python: Utf8PathBuf,
    /// Its version.
    pub minor: (u64, u64),
    requirements: &'static str,
}

impl Toolbox {
    /// The tools of `cargo pyx release`, on an interpreter from [`OLDEST`] on.
    pub fn release(session: &Session, python: &Utf8Path, minor: (u64, u64)) -> Self {
        let identity = format!("{python} {minor:?} {RELEASE}");
        let name = format!("release-{}", &disk::digest(identity.as_bytes())[..16]);
        Self {
            label: "the release tools",
            dir: session.cached(CacheFolder::Tools).join(name),
            python: python.to_owned(),
            minor,
            requirements: RELEASE,
        }
    }

    /// Of the list, hex: what was checked with one list is checked again with another.
    pub fn digest(&self) -> String {
        disk::digest(self.requirements.as_bytes())
    }

    pub fn state(&self) -> ToolboxState {
        let receipt = disk::read_text(&self.dir.join(RECEIPT)).ok().flatten();
        let receipt = receipt.map(|text| serde_json::from_str::<Receipt>(&text));
        match receipt {
            None => ToolboxState::Missing,
            Some(Ok(receipt)) => self.beside(&receipt),
            Some(Err(_)) => ToolboxState::Changed,
        }
    }

    fn beside(&self, receipt: &Receipt) -> ToolboxState {
        let made = receipt.requirements == self.digest();
        if !made || !disk::is_file(&venv::python(&self.dir)) {
            return ToolboxState::Changed;
        }
        let files = self.files(&self.dir);
        if signatures(&self.dir, &files) == receipt.signatures {
            ToolboxState::Intact
        } else if contents(&self.dir, &files) == receipt.contents {
            ToolboxState::Same
        } else {
            ToolboxState::Changed
        }
    }

    /// One of its programs.
    pub fn program(&self, name: &str) -> Utf8PathBuf {
        venv::program(&self.dir, name)
    }

    pub fn site_packages(&self) -> Utf8PathBuf {
        let (major, minor) = self.minor;
        venv::site_packages(&self.dir, &format!("python{major}.{minor}"))
    }

    /// The version of a package in the list.
    pub fn version(&self, package: &str) -> Option<&str> {
        let prefix = format!("{package}==");
        let line = self
            .requirements
            .lines()
            .find_map(|line| line.strip_prefix(&prefix))?;
        line.split_whitespace().next()
    }

    /// Creates it, waiting for another process that does the same.
    ///
    /// # Errors
    /// [`ToolError::Provision`] with uv's message.
    pub fn provide(&self, session: &Session, uv: &Utf8Path) -> Result<()> {
        let _lock = super::lock::take(session)?;
        match self.state() {
            ToolboxState::Intact | ToolboxState::Same => return Ok(()),
            ToolboxState::Missing | ToolboxState::Changed => {}
        }
        let staging = disk::staging(&self.dir)?;
        let root = staging.path();
        let list = root.join("requirements.txt");
        disk::write(&list, self.requirements.as_bytes())?;
        let call = |words: &[&str]| {
            let call = Invocation::new(uv, root).args(words.iter().copied());
            network::patient(session, call.without(&session.scrubbed()))
        };
        let python = self.python.as_str();
        let made = [
            "venv",
            "--quiet",
            "--allow-existing",
            "--relocatable",
            "--no-config",
        ];
        self.check(&call(
            &[&made[..], &["--no-project", "--python", python, "."]].concat(),
        ))?;
        let own = venv::python(root);
        let sync = ["pip", "sync", "--quiet", "--require-hashes"];
        let rest = ["--python", own.as_str(), list.as_str()];
        self.check(&call(&[&sync[..], &rest].concat()))?;
        self.record(root)?;
        disk::exchange(staging, &self.dir)
    }

    /// Records what [`Same`](ToolboxState::Same) looks like now, so that the next run need not read it.
    ///
    /// # Errors
    /// [`MachineError::Io`](crate::model::error::MachineError::Io)
    pub fn record_again(&self, session: &Session) -> Result<()> {
        let _lock = super::lock::take(session)?;
        if self.state() == ToolboxState::Same {
            self.record(&self.dir)?;
        }
        Ok(())
    }

    /// Everything that its tools consist of, sorted; absolute. `root`: where it is.
    fn files(&self, root: &Utf8Path) -> Vec<Utf8PathBuf> {
        let receipt = root.join(RECEIPT);
        let mut files = disk::all_files(root);
        files.retain(|file| {
            let mut parts = file.as_str().split(['/', '\\']);
            !parts.any(|part| part == "__pycache__") && *file != receipt
        });
        // by their texts: they are twenty thousand
        files.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        files.push(venv::python(root));
        if cfg!(windows) {
            files.push(self.python.clone()); // elsewhere the other is a link to it
        }
        files
    }

    /// `root`: where it is until it is complete.
    fn record(&self, root: &Utf8Path) -> Result<()> {
        let files = self.files(root);
        let receipt = serde_json::to_vec_pretty(&Receipt {
            requirements: self.digest(),
            signatures: signatures(root, &files),
            contents: contents(root, &files),
        });
        disk::write(&root.join(RECEIPT), &receipt.unwrap_or_default())
    }

    fn check(&self, invocation: &Invocation) -> Result<()> {
        let output = process::read(invocation)?;
        if output.status.success() {
            return Ok(());
        }
        Err(ToolError::Provision {
            tool: self.label,
            version: String::new(),
            message: output.stderr.trim().to_owned(),
            lack: None,
        }
        .into())
    }
}

/// The status-change time is not included: uv links one file into many environments, and each link changes
/// it.
fn signatures(dir: &Utf8Path, files: &[Utf8PathBuf]) -> String {
    of_each(dir, files, &|file| {
        let signature = disk::signature(file);
        let said = signature.map(|it| format!("{} {} {}", it.size, it.modified, it.inode));
        said.unwrap_or_default()
    })
}

fn contents(dir: &Utf8Path, files: &[Utf8PathBuf]) -> String {
    of_each(dir, files, &|file| disk::hash(file).unwrap_or_default())
}

fn of_each(dir: &Utf8Path, files: &[Utf8PathBuf], say: &dyn Fn(&Utf8Path) -> String) -> String {
    let mut text = String::new();
    for file in files {
        let below = file.strip_prefix(dir).unwrap_or(file);
        let _ = writeln!(text, "{below} {}", say(file));
    }
    disk::digest(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_intact_as_long_as_its_files_and_its_interpreter_are() {
        use ToolboxState::{Changed, Intact, Missing, Same};
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let python = dir.join("python3");
        let mut session = Session::default();
        let cache = dir.join("cache").into_string();
        session.env.insert("CARGO_PYX_CACHE_DIR".into(), cache);
        let toolbox = Toolbox {
            label: "tools",
            dir: dir.join("tools"),
            python: python.clone(),
            minor: (3, 12),
            requirements: "",
        };
        let tool = toolbox.program("twine");
        let write = |path: &Utf8Path, text: &str| disk::write(path, text.as_bytes()).unwrap();
        assert_eq!(toolbox.state(), Missing);
        let make = || {
            write(&python, "python");
            write(&tool, "twine");
            disk::remove_file(&venv::python(&toolbox.dir)).unwrap();
            disk::link(&python, &venv::python(&toolbox.dir)).unwrap();
            toolbox.record(&toolbox.dir).unwrap();
            assert_eq!(toolbox.state(), Intact);
        };
        make();
        write(&toolbox.dir.join("lib/__pycache__/a.pyc"), "Python's own");
        std::fs::hard_link(&tool, dir.join("linked")).unwrap(); // as uv does for another environment
        assert_eq!(toolbox.state(), Intact);
        write(&tool, "twine"); // as by a copy of the cache
        assert_eq!(toolbox.state(), Same);
        toolbox.record_again(&session).unwrap();
        assert_eq!(toolbox.state(), Intact);
        let breaks: [&dyn Fn(); 5] = [
            &|| write(&tool, "other"),
            &|| write(&toolbox.dir.join("lib/more.py"), ""),
            &|| disk::remove_file(&tool).unwrap(),
            &|| write(&python, "another version"),
            &|| write(&toolbox.dir.join(RECEIPT), "{"),
        ];
        for spoil in breaks {
            spoil();
            assert_eq!(toolbox.state(), Changed);
            disk::remove_dir(&toolbox.dir.join("lib")).unwrap();
            make();
        }
        disk::remove_file(&python).unwrap();
        assert_eq!(toolbox.state(), Changed);
    }

    #[test]
    fn every_package_of_a_list_has_a_version_and_hashes() {
        let session = Session::default();
        let toolbox = Toolbox::release(&session, Utf8Path::new("/usr/bin/python3"), (3, 12));
        for tool in [
            "twine",
            "auditwheel",
            "abi3audit",
            "ziglang",
            "mypy",
            "wheel",
        ] {
            assert!(toolbox.version(tool).is_some(), "{tool}");
        }
        let mut packages = 0;
        let joined = RELEASE.replace("\\\n", " ");
        for line in joined.lines().filter(|line| line.contains("==")) {
            packages += 1;
            let hashes: Vec<&str> = line.split("--hash=sha256:").skip(1).collect();
            let is_whole = |hash: &&str| hash.trim().len() == 64;
            assert!(!hashes.is_empty() && hashes.iter().all(is_whole), "{line}");
        }
        assert!(packages > 20);
    }
}
