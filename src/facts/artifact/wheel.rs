//! A wheel (PEP 427) and its parts.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::finding::Finding;
use crate::model::native_file::is_native;

use super::archive::{self, Contents};
use super::record::{self, RecordEntry};
use super::{ArchiveMember, Binary, Headers, WheelName};

#[derive(Clone, Debug)]
pub struct Wheel {
    pub path: Utf8PathBuf,
    /// Bytes of the file.
    pub size: u64,
    /// `None` if the file is not named as a wheel must be.
    pub name: Option<WheelName>,
    /// Of two with the same name the later one, as installers see it.
    pub members: Vec<ArchiveMember>,
    /// The top folders that end with `.dist-info`; a wheel has one.
    pub dist_infos: Vec<String>,
    pub metadata: Option<Headers>,
    /// The file WHEEL.
    pub wheel: Option<Headers>,
    pub record: Option<Vec<RecordEntry>>,
    /// Libraries, extension modules and programs, by their members' names.
    pub binaries: BTreeMap<String, Binary>,
    /// Members that should be libraries, with what is wrong with them.
    pub broken: BTreeMap<String, String>,
    /// What could not be read.
    pub(super) findings: Vec<Finding>,
}

impl Wheel {
    /// Reads the whole file. What is wrong with it is a finding: a file that is not a zip has one.
    ///
    /// # Errors
    /// [`Io`](crate::model::error::MachineError::Io) if the file cannot be read.
    pub fn open(path: &Utf8Path) -> Result<Self> {
        let bytes = archive::bytes(path)?;
        let Contents { members, findings } = archive::zip(path, &bytes);
        let mut dist_infos: Vec<String> = members
            .iter()
            .filter_map(ArchiveMember::top_folder)
            .filter(|folder| folder.ends_with(".dist-info"))
            .map(str::to_owned)
            .collect();
        dist_infos.sort();
        dist_infos.dedup();
        let part = |file: &str| {
            let name = format!("{}/{file}", dist_infos.first()?);
            let member = members.iter().find(|member| member.name == name)?;
            Some(member.bytes.as_slice())
        };
        let (metadata, wheel) = (part("METADATA"), part("WHEEL"));
        let record = part("RECORD").map(record::parse);
        let (binaries, broken) = binaries(&members);
        Ok(Self {
            path: path.to_owned(),
            size: bytes.len() as u64,
            name: WheelName::parse(path.file_name().unwrap_or_default()),
            metadata: metadata.map(Headers::parse),
            wheel: wheel.map(Headers::parse),
            record,
            dist_infos,
            binaries,
            broken,
            findings,
            members,
        })
    }
}

type Parsed = (BTreeMap<String, Binary>, BTreeMap<String, String>);

/// Libraries by their suffixes, and programs by their location.
fn binaries(members: &[ArchiveMember]) -> Parsed {
    let (mut good, mut broken) = Parsed::default();
    for member in members
        .iter()
        .filter(|member| member.intact && member.link.is_none())
    {
        let file = member.file_name();
        let library = is_native(file.into()) || file.contains(".so.");
        if !library && !member.name.contains(".data/scripts/") {
            continue;
        }
        let name = member.name.clone();
        match Binary::parse(&member.bytes) {
            Some(Ok(binary)) => good.insert(name, binary).map(drop),
            Some(Err(error)) => broken.insert(name, error.to_string()).map(drop),
            None if library => {
                let why = "it is not an ELF, Mach-O or PE file";
                broken.insert(name, why.into()).map(drop)
            }
            None => None,
        };
    }
    (good, broken)
}

/// Where a member of a wheel is installed, by the scheme of its `.data` folder (PEP 427).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed<'a> {
    /// Its path below site-packages.
    SitePackages(&'a str),
    /// Its path with the scheme.
    Data(&'a str),
}

impl<'a> Installed<'a> {
    pub fn of(member: &'a str) -> Self {
        match member.split_once(".data/") {
            Some((folder, below)) if !folder.contains('/') => {
                let packages = below.strip_prefix("purelib/");
                let packages = packages.or(below.strip_prefix("platlib/"));
                packages.map_or(Self::Data(below), Self::SitePackages)
            }
            _ => Self::SitePackages(member),
        }
    }
}

/// A member's path below site-packages, without the scheme of a `.data` folder (PEP 427); unchanged if it is
/// installed elsewhere.
pub(super) fn path_in_site_packages(member: &str) -> &str {
    match Installed::of(member) {
        Installed::SitePackages(path) => path,
        Installed::Data(_) => member,
    }
}
