//! A source distribution (PEP 517, PEP 625, PEP 643) and its parts.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::finding::Finding;

use super::archive::{self, Contents};
use super::{ArchiveMember, Headers, SdistName};

#[derive(Clone, Debug)]
pub struct Sdist {
    pub path: Utf8PathBuf,
    /// Bytes of the file.
    pub size: u64,
    /// `None` if the file is not named as an sdist must be.
    pub name: Option<SdistName>,
    pub members: Vec<ArchiveMember>,
    /// The top-level names; an sdist has one folder.
    pub tops: BTreeSet<String>,
    /// PKG-INFO
    pub metadata: Option<Headers>,
    /// What could not be read.
    pub(super) findings: Vec<Finding>,
}

impl Sdist {
    /// Reads the whole file. What is wrong with it is a finding: a file that is not a tar archive has one.
    ///
    /// # Errors
    /// [`Io`](crate::model::error::MachineError::Io) if the file cannot be read.
    pub fn open(path: &Utf8Path) -> Result<Self> {
        let bytes = archive::bytes(path)?;
        let Contents { members, findings } = archive::tar_gz(path, &bytes);
        let tops: BTreeSet<String> = members
            .iter()
            .map(|member| member.top_folder().unwrap_or(&member.name).to_owned())
            .collect();
        let info = tops.first().map(|top| format!("{top}/PKG-INFO"));
        let info = members
            .iter()
            .find(|member| Some(&member.name) == info.as_ref());
        Ok(Self {
            path: path.to_owned(),
            size: bytes.len() as u64,
            name: SdistName::parse(path.file_name().unwrap_or_default()),
            metadata: info.map(|member| Headers::parse(&member.bytes)),
            tops,
            members,
            findings,
        })
    }
}
