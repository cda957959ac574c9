//! just and the recipes, when one is to be run.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::project::Project;
use crate::facts::recipes::{self, Recipes};
use crate::model::error::Result;
use crate::world::manifest::Hooks;
use crate::world::session::Session;
use crate::world::tool::{self, Tool};

#[derive(Clone, Debug)]
pub struct Just {
    pub tool: Tool,
    /// `None` until just and the files of the built-in recipes are available.
    pub recipes: Option<Recipes>,
    /// Whether the files of the built-in recipes exist.
    pub written: bool,
    /// Where they are, absolute.
    pub folder: Utf8PathBuf,
    /// The recipes that the project wants around the command, except those that it runs in.
    pub hooks: Hooks,
    /// The root of the repository that the project is in, else the project's home, absolute.
    pub checkout: Utf8PathBuf,
}

impl Just {
    /// `dir`: whose justfile is used, absolute.
    ///
    /// # Errors
    /// A justfile that just cannot read; just is too old.
    pub(super) fn gather(
        session: &Session,
        dir: &Utf8Path,
        project: &Project,
        hooks: Hooks,
    ) -> Result<Self> {
        let tool = tool::just(session)?;
        let within = project.checkout();
        let written = recipes::are_written(session);
        let known = written && tool.missing.is_none();
        Ok(Self {
            recipes: known
                .then(|| Recipes::gather(session, &tool, dir, within))
                .transpose()?,
            tool,
            written,
            folder: recipes::folder(session),
            hooks,
            checkout: within.to_owned(),
        })
    }

    /// The text of a recipe of the project, as just prints it.
    ///
    /// # Errors
    /// [`ProjectError::Justfile`](crate::model::error::ProjectError::Justfile) if just has none.
    pub fn source(&self, session: &Session, name: &str) -> Result<String> {
        recipes::source(session, &self.tool, name)
    }
}
