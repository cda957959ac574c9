//! Python tools in the user cache: an environment of their own, made once from a list with hashes.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, Result};
use crate::model::invocation::Invocation;
use crate::model::venv;
use crate::world::disk;
use crate::world::process;
use crate::world::session::Session;

/// Written last: without it the environment is not complete.
const RECEIPT: &str = "receipt.txt";

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
    /// The interpreter that it is made with, absolute.
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
            dir: session.cache().join("tools").join(name),
            python: python.to_owned(),
            minor,
            requirements: RELEASE,
        }
    }

    /// Of the list, hex: what was checked by one list is checked again by another.
    pub fn digest(&self) -> String {
        disk::digest(self.requirements.as_bytes())
    }

    pub fn is_there(&self) -> bool {
        disk::is_file(&self.dir.join(RECEIPT))
    }

    /// One of its programs.
    pub fn program(&self, name: &str) -> Utf8PathBuf {
        venv::program(&self.dir, name)
    }

    pub fn site_packages(&self) -> Utf8PathBuf {
        let (major, minor) = self.minor;
        venv::site_packages(&self.dir, &format!("python{major}.{minor}"))
    }

    /// The version that the list has of a package.
    pub fn version(&self, package: &str) -> Option<&str> {
        let prefix = format!("{package}==");
        let line = self
            .requirements
            .lines()
            .find_map(|line| line.strip_prefix(&prefix))?;
        line.split_whitespace().next()
    }

    /// Makes it; another process that does the same is waited for.
    ///
    /// # Errors
    /// [`Error::Provision`] with what uv says.
    pub fn provide(&self, session: &Session, uv: &Utf8Path) -> Result<()> {
        let lock = session.cache().join("tools/lock");
        let _lock = disk::FileLock::take(&lock, "", |_| process::check_signals())?;
        if self.is_there() {
            return Ok(());
        }
        let staging = disk::staging(&self.dir)?;
        let root = crate::world::session::utf8(staging.path().to_owned())?;
        let list = root.join("requirements.txt");
        disk::write(&list, self.requirements.as_bytes())?;
        let call = |words: &[&str]| {
            Invocation::new(uv, &root)
                .args(words.iter().copied())
                .without(&session.scrubbed())
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
        let own = venv::python(&root);
        let sync = ["pip", "sync", "--quiet", "--require-hashes"];
        let rest = ["--python", own.as_str(), list.as_str()];
        self.check(&call(&[&sync[..], &rest].concat()))?;
        disk::write(&root.join(RECEIPT), self.digest().as_bytes())?;
        disk::promote(staging, &self.dir)
    }

    fn check(&self, invocation: &Invocation) -> Result<()> {
        let output = process::read(invocation)?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Provision {
            tool: self.label,
            version: String::new(),
            message: output.stderr.trim().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let packages = RELEASE.lines().filter(|line| line.contains("=="));
        let mut blocks = RELEASE.split("\n    --hash=sha256:").skip(1);
        assert!(packages.count() > 20);
        assert!(blocks.all(|block| block.len() >= 64));
    }
}
