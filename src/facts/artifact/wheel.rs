//! A wheel (PEP 427): its parts, and all rules about it.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::finding::Finding;

use super::archive::{self, Contents};
use super::record::{self, Entry};
use super::{
    Binary, Expected, Headers, Member, Tags, WheelName, content, extension, leaks, metadata, name,
    platform, policy, python, secrets,
};

#[derive(Clone, Debug)]
pub struct Wheel {
    pub path: Utf8PathBuf,
    /// Bytes of the file.
    pub size: u64,
    /// `None` where the file is not called as a wheel must be.
    pub name: Option<WheelName>,
    /// Of two with the same name the later one, as installers see it.
    pub members: Vec<Member>,
    /// The top folders that end with `.dist-info`; a wheel has one.
    pub dist_infos: Vec<String>,
    pub metadata: Option<Headers>,
    /// The file WHEEL.
    pub wheel: Option<Headers>,
    pub record: Option<Vec<Entry>>,
    /// Libraries, extension modules and programs, by their members' names.
    pub binaries: BTreeMap<String, Binary>,
    /// Members that should be libraries, with what is wrong with them.
    pub broken: BTreeMap<String, String>,
    findings: Vec<Finding>,
}

impl Wheel {
    /// Reads the whole file. What is wrong with it is a finding: a file that is no zip has one.
    ///
    /// # Errors
    /// [`Io`](crate::model::error::Error::Io) where the file cannot be read.
    pub fn open(path: &Utf8Path) -> Result<Self> {
        let bytes = archive::bytes(path)?;
        let Contents { members, findings } = archive::zip(path, &bytes);
        let mut dist_infos: Vec<String> = members
            .iter()
            .filter_map(Member::top_folder)
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
            metadata: metadata.and_then(Headers::parse),
            wheel: wheel.and_then(Headers::parse),
            record,
            dist_infos,
            binaries,
            broken,
            findings,
            members,
        })
    }

    /// Every rule that the wheel breaks; places are members, or the file itself.
    pub fn findings(&self, expected: &Expected) -> Vec<Finding> {
        let mut found = self.findings.clone();
        found.extend(self.file_name());
        found.extend(too_large(&self.path, self.size, expected));
        if self.members.is_empty() && !self.findings.is_empty() {
            return found; // nothing could be read
        }
        found.extend(self.dist_info());
        found.extend(self.tags());
        found.extend(self.of_metadata(expected));
        if let (Some(record), Some(folder)) = (&self.record, self.dist_infos.first()) {
            found.extend(record::findings(record, &self.members, folder));
        }
        found.extend(self.of_binaries());
        found.extend(extension::findings(self, expected));
        found.extend(content::findings(&self.members));
        found.extend(content::of_wheel(self, expected));
        found.extend(secrets::findings(&self.members));
        found.extend(leaks::findings(&self.members, &self.binaries, expected));
        found
    }

    fn file_name(&self) -> Vec<Finding> {
        let file = self.path.file_name().unwrap_or_default();
        let Some(name) = &self.name else {
            let message = format!("`{file}` is no file name of a wheel (PEP 427)");
            return vec![Finding::error("file-name", message).at(&self.path, None)];
        };
        let mut found = platform::refused(&name.tags);
        let escaped = name::escape(&name.distribution);
        if name.distribution != escaped {
            let message = format!("PyPI refuses `{file}`: it must begin with `{escaped}-`");
            found.push(Finding::error("file-name", message));
        }
        let own = |finding: Finding| finding.at(&self.path, None);
        found.into_iter().map(own).collect()
    }

    fn dist_info(&self) -> Vec<Finding> {
        let wrong = |message: String| Finding::error("dist-info", message).at(&self.path, None);
        let [folder] = &self.dist_infos[..] else {
            let count = self.dist_infos.len();
            return vec![wrong(format!(
                "it has {count} folders `*.dist-info`, and must have one"
            ))];
        };
        let mut found = Vec::new();
        if let Some(name) = &self.name
            && *folder != format!("{}.dist-info", name.stem)
        {
            let message = format!("is not `{}.dist-info`, as the file name says", name.stem);
            let finding = Finding::error("dist-info", message).at(folder, None);
            found.push(finding.hint("build it again; do not rename files"));
        }
        let parts = [
            ("METADATA", self.metadata.is_some()),
            ("WHEEL", self.wheel.is_some()),
            ("RECORD", self.record.is_some()),
        ];
        let missing = parts.into_iter().filter(|(_, is)| !is);
        found.extend(missing.map(|(part, _)| wrong(format!("it has no `{folder}/{part}`"))));
        found
    }

    /// The tags of the file name, against those that the file WHEEL lists.
    fn tags(&self) -> Option<Finding> {
        let named = self.name.as_ref()?.tags.expand();
        let lines = self.wheel.as_ref()?.all("Tag").filter_map(Tags::parse);
        let listed: BTreeSet<String> = lines.flat_map(|tags| tags.expand()).collect();
        let words = |tags: &mut dyn Iterator<Item = &String>| {
            let words: Vec<&str> = tags.map(String::as_str).collect();
            words.join("`, `")
        };
        let message = format!(
            "lists `{}`, but the file name says `{}`",
            words(&mut listed.difference(&named)),
            words(&mut named.difference(&listed))
        );
        let finding = Finding::error("tag-mismatch", message);
        let finding = finding.at(format!("{}/WHEEL", self.dist_infos.first()?), None);
        (listed != named).then(|| {
            finding.hint("build it again with the tags that it is to have; do not rename files")
        })
    }

    fn of_metadata(&self, expected: &Expected) -> Vec<Finding> {
        let (Some(headers), Some(folder)) = (&self.metadata, self.dist_infos.first()) else {
            return Vec::new();
        };
        let place = format!("{folder}/METADATA");
        let name = self.name.as_ref();
        let stated = name.map(|name| (name.distribution.as_str(), &name.version));
        let has = |name: &str| self.members.iter().any(|member| member.name == name);
        // before metadata 2.4, which tells where, tools put them beside METADATA
        let old = headers
            .get("Metadata-Version")
            .is_some_and(|version| version < "2.4");
        let files = metadata::license_files(headers, has, |file| {
            let beside = old.then(|| format!("{folder}/{file}"));
            [format!("{folder}/licenses/{file}")]
                .into_iter()
                .chain(beside)
                .collect()
        });
        let judged = metadata::findings(headers, stated, expected)
            .into_iter()
            .chain(files);
        let mut found: Vec<Finding> = judged.map(|finding| finding.at(&place, None)).collect();
        let tags = name.map(|name| &name.tags);
        found.extend(python::findings(headers, &place, tags, expected));
        found
    }

    fn of_binaries(&self) -> Vec<Finding> {
        let broken = self.broken.iter().map(|(member, why)| {
            let message = format!("cannot be loaded: {why}");
            Finding::error("bad-binary", message)
                .at(member, None)
                .hint("build it again")
        });
        let mut found: Vec<Finding> = broken.collect();
        let Some(name) = &self.name else {
            return found;
        };
        let bundled: Vec<&str> = self.members.iter().map(Member::file_name).collect();
        for (member, binary) in &self.binaries {
            let judged = policy::findings(&name.tags, binary, &bundled);
            found.extend(judged.into_iter().map(|finding| finding.at(member, None)));
        }
        found
    }
}

pub(super) fn too_large(path: &Utf8Path, size: u64, expected: &Expected) -> Option<Finding> {
    let limit = expected.size_limit;
    let message = format!(
        "it has {} MiB, and the limit is {} MiB",
        size >> 20,
        limit >> 20
    );
    let hint = "build it with --release and `strip = true`, or ask PyPI for a higher limit";
    let finding = Finding::error("too-large", message).at(path, None);
    (size > limit).then(|| finding.hint(hint))
}

type Parsed = (BTreeMap<String, Binary>, BTreeMap<String, String>);

/// Libraries by their endings, and programs by where they are.
fn binaries(members: &[Member]) -> Parsed {
    let (mut good, mut broken) = Parsed::default();
    for member in members
        .iter()
        .filter(|member| member.intact && member.link.is_none())
    {
        let file = member.file_name();
        let endings = [".so", ".pyd", ".dll", ".dylib"];
        let library = endings.iter().any(|ending| file.ends_with(ending)) || file.contains(".so.");
        if !library && !member.name.contains(".data/scripts/") {
            continue;
        }
        let name = member.name.clone();
        match Binary::parse(&member.bytes) {
            Some(Ok(binary)) => good.insert(name, binary).map(drop),
            Some(Err(error)) => broken.insert(name, error.to_string()).map(drop),
            None if library => {
                let why = "it is no ELF, Mach-O or PE file";
                broken.insert(name, why.into()).map(drop)
            }
            None => None,
        };
    }
    (good, broken)
}
