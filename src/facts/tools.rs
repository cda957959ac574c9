//! The programs that do the work.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::model::error::Result;
use crate::world::session::Session;
use crate::world::tool::{self, Tool};

#[derive(Clone, Debug)]
pub struct Tools {
    pub cargo: Utf8PathBuf,
    pub uv: Tool,
    /// By member name, for those whose build or wheel is due.
    pub maturin: BTreeMap<String, Tool>,
    /// For modules that link a shared library, where PATH has none.
    pub patchelf: Option<Tool>,
    /// Any Python that can fetch uv.
    pub any_python: Option<Utf8PathBuf>,
}

impl Tools {
    /// cargo and uv, without what only a build needs.
    ///
    /// # Errors
    /// A tool that is missing and cannot be provided, or is too old.
    pub fn find(session: &Session) -> Result<Self> {
        Ok(Self {
            cargo: tool::cargo(session)?,
            uv: tool::uv(session)?,
            maturin: BTreeMap::new(),
            patchelf: None,
            any_python: None,
        })
    }
}
