//! What git knows of a checkout; nothing where it is not there.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk;
use crate::error::{Error, Exit, Result};
use crate::invocation::Invocation;
use crate::process::{self, Output, Status};
use crate::session::Session;

pub use crate::disk::checkout;

/// Whether a folder is the root of a checkout.
pub fn is_checkout(dir: &Utf8Path) -> bool {
    disk::is_there(&dir.join(".git"))
}

#[derive(Clone, Copy, Debug)]
pub struct Git<'a> {
    pub session: &'a Session,
    pub dir: &'a Utf8Path,
}

impl Git<'_> {
    /// What git prints; nothing where it fails, as it does for a folder outside the checkout, or
    /// is not there.
    pub fn ask(&self, args: Vec<String>) -> Result<String> {
        match process::read(&self.call(self.dir, args)) {
            Ok(Output { stdout, .. }) => Ok(stdout),
            Err(Error::Spawn { .. }) => Ok(String::new()),
            Err(error) => Err(error),
        }
    }

    /// The files of the checkout that git tracks, absolute; none where there is no checkout.
    ///
    /// # Errors
    /// [`Error::NoTool`] and [`Error::Step`] where git does not tell: any file may be tracked then.
    pub fn tracked(&self) -> Result<BTreeSet<Utf8PathBuf>> {
        let Some(top) = checkout(self.dir) else {
            return Ok(BTreeSet::new());
        };
        let call = self.call(top, ["ls-files", "-z"].map(str::to_owned).to_vec());
        let output = process::read(&call).map_err(|error| match error {
            Error::Spawn { .. } => Error::NoTool {
                tool: "git",
                get: "https://git-scm.com/downloads".into(),
            },
            error => error,
        })?;
        if output.status != Status::Code(0) {
            return Err(silent(call, &output));
        }
        let names = output.stdout.split('\0');
        let names = names.map(|name| name.trim_end_matches('\n'));
        let names = names.filter(|name| !name.is_empty());
        Ok(names.map(|name| top.join(name)).collect())
    }

    fn call(&self, dir: &Utf8Path, args: Vec<String>) -> Invocation {
        Invocation::new("git", dir)
            .args(args)
            .without(&self.session.scrubbed())
            .env("GIT_OPTIONAL_LOCKS", "0") // `git status` would write the index
    }
}

/// git's own words, and the command that it names for a checkout of somebody else's.
fn silent(call: Invocation, output: &Output) -> Error {
    let lines = || output.stderr.lines().map(str::trim);
    let why = lines().find(|line| !line.is_empty()).unwrap_or_default();
    let trust = lines().find(|line| line.starts_with("git config "));
    Error::Step {
        step: "asking git which files it tracks".into(),
        status: format!("{}: {why}", output.status),
        hint: trust.map(str::to_owned),
        exit: Exit::Environment,
        invocation: Box::new(call),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_that_git_cannot_read_is_none_without_tracked_files() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        disk::write(&dir.join(".git"), b"gitdir: /nowhere\n").unwrap();
        let session = Session::default();
        let below = dir.join("below");
        disk::write(&below.join("x"), b"").unwrap();
        let git = Git {
            session: &session,
            dir: &below,
        };
        let error = git.tracked().unwrap_err();
        assert_eq!(error.exit(), Exit::Environment);
        let text = error.to_string();
        assert!(text.contains("fatal: not a git repository"), "{text}");
    }
}
