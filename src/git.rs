//! What git knows of a checkout; nothing where it is not there.

use camino::Utf8Path;

use crate::error::{Error, Result};
use crate::invocation::Invocation;
use crate::process::{self, Output};
use crate::session::Session;

#[derive(Clone, Copy, Debug)]
pub struct Git<'a> {
    pub session: &'a Session,
    pub dir: &'a Utf8Path,
}

impl Git<'_> {
    /// What git prints; nothing where it fails, as it does for a folder outside the checkout, or
    /// is not there.
    pub fn ask(&self, args: Vec<String>) -> Result<String> {
        let call = Invocation::new("git", self.dir)
            .args(args)
            .without(&self.session.scrubbed())
            .env("GIT_OPTIONAL_LOCKS", "0"); // `git status` would write the index
        match process::read(&call) {
            Ok(Output { stdout, .. }) => Ok(stdout),
            Err(Error::Spawn { .. }) => Ok(String::new()),
            Err(error) => Err(error),
        }
    }
}
