//! The surroundings of a new project: the folder, the checkout and the workspace it is in, the tools. Its
//! files are those of `plan::scaffold`.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, Result};
use crate::model::invocation::quote;
use crate::world::checkout;
use crate::world::disk;
use crate::world::git::Git;
use crate::world::interpreter;
use crate::world::manifest::Manifests;
use crate::world::session::Session;
use crate::world::tool::{self, Tool};

#[derive(Clone, Debug)]
pub struct NewProjectFacts {
    /// Where the project goes, absolute: a folder that does not exist, or is empty.
    pub folder: Utf8PathBuf,
    /// The path to `cd` to.
    pub shown: Utf8PathBuf,
    /// Whether the folder is in a git repository that does not ignore it.
    pub in_checkout: bool,
    /// Whether it is inside another cargo workspace.
    pub in_workspace: bool,
    /// git's `user.name` and `user.email`.
    pub author: Option<(String, String)>,
    pub git: Option<Utf8PathBuf>,
    pub cargo: Utf8PathBuf,
    pub uv: Tool,
    /// A Python to fetch uv with.
    pub any_python: Option<Utf8PathBuf>,
    /// What no tool may inherit.
    pub scrubbed: BTreeSet<String>,
}

/// Whether a folder above is a cargo workspace, which would claim a crate in this one.
pub fn in_workspace(manifests: &Manifests, folder: &Utf8Path) -> Result<bool> {
    for dir in folder.ancestors().skip(1) {
        let toml = manifests.toml(&dir.join("Cargo.toml"))?;
        if toml.is_some_and(|toml| toml.table(&["workspace"]).is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl NewProjectFacts {
    /// `folder`: absolute; `shown`: the same as shown to people.
    ///
    /// # Errors
    /// [`Error::Refused`] for a folder that is not empty;
    /// [`ToolError::Missing`](crate::model::error::ToolError::Missing) without cargo.
    pub fn read(session: &Session, folder: &Utf8Path, shown: &Utf8Path) -> Result<Self> {
        if disk::is_file(folder) || !disk::names(folder).is_empty() {
            let message = format!("`{shown}` is there and is not empty");
            let hint = format!("cargo pyx init -C {}", quote(shown.as_str()));
            return Err(Error::refused(message, hint));
        }
        Ok(Self {
            in_checkout: is_in_checkout(session, folder)?,
            in_workspace: in_workspace(&Manifests::default(), folder)?,
            author: author(session)?,
            cargo: tool::cargo(session)?,
            uv: tool::uv(session)?,
            any_python: interpreter::any(session),
            scrubbed: session.scrubbed(),
            git: tool::find(session, "git"),
            shown: shown.to_owned(),
            folder: folder.to_owned(),
        })
    }
}

/// Whether the new project is inside a checkout that does not ignore it, as it ignores build outputs.
fn is_in_checkout(session: &Session, folder: &Utf8Path) -> Result<bool> {
    let Some(dir) = folder.parent().and_then(checkout::root) else {
        return Ok(false);
    };
    let words = ["check-ignore", "--", folder.as_str()];
    let git = Git { session, dir };
    Ok(git.ask(words.map(str::to_owned).to_vec())?.is_empty())
}

/// As git signs commits.
fn author(session: &Session) -> Result<Option<(String, String)>> {
    let git = Git {
        session,
        dir: &session.cwd,
    };
    let ask = |key: &str| git.ask(vec!["config".to_owned(), key.to_owned()]);
    let (name, address) = (ask("user.name")?, ask("user.email")?);
    let name = name.trim().to_owned();
    Ok((!name.is_empty()).then(|| (name, address.trim().to_owned())))
}
