//! All rules about a wheel, and those about its name, its tags and its `dist-info` folder.

use std::collections::BTreeSet;

use pep440_rs::Version;

use crate::facts::artifact::{ArchiveMember, Expected, Headers, Tags, Wheel};
use crate::model::finding::Finding;
use crate::model::package_name;

use super::{
    content, extension, leaks, metadata, platform_tag, policy, record, requires_python, secrets,
    size,
};

impl Wheel {
    /// Every rule that the wheel breaks; places are members, or the file itself.
    pub fn findings(&self, expected: &Expected) -> Vec<Finding> {
        let mut found = self.findings.clone();
        found.extend(self.file_name());
        found.extend(size::too_large(&self.path, self.size, expected));
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
            let message = format!("`{file}` is not a valid wheel file name (PEP 427)");
            return vec![Finding::error("file-name", message).at(&self.path, None)];
        };
        let mut found = platform_tag::findings(&name.tags);
        let escaped = package_name::escape(&name.distribution);
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
                "it has {count} `*.dist-info` folders, but must have one"
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

    /// The tags of the file name, compared with those in the file WHEEL.
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
        (listed != named)
            .then(|| finding.hint("build it again with the right tags; do not rename files"))
    }

    fn of_metadata(&self, expected: &Expected) -> Vec<Finding> {
        let (Some(headers), Some(folder)) = (&self.metadata, self.dist_infos.first()) else {
            return Vec::new();
        };
        let place = format!("{folder}/METADATA");
        let name = self.name.as_ref();
        let stated = name.map(|name| (name.distribution.as_str(), &name.version));
        let has = |name: &str| self.members.iter().any(|member| member.name == name);
        let beside: &[&str] = if is_before_licences(headers) {
            &["", "license_files/"]
        } else {
            &[]
        };
        let files = metadata::license_files(headers, has, |file| {
            ["licenses/"]
                .iter()
                .chain(beside)
                .map(|place| format!("{folder}/{place}{file}"))
                .collect()
        });
        let judged = metadata::findings(headers, stated, expected)
            .into_iter()
            .chain(files);
        let mut found: Vec<Finding> = judged.map(|finding| finding.at(&place, None)).collect();
        let tags = name.map(|name| &name.tags);
        found.extend(requires_python::findings(headers, &place, tags, expected));
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
        let bundled: Vec<&str> = self.members.iter().map(ArchiveMember::file_name).collect();
        for (member, binary) in &self.binaries {
            let judged = policy::findings(&name.tags, binary, &bundled);
            found.extend(judged.into_iter().map(|finding| finding.at(member, None)));
        }
        found
    }
}

/// Whether the metadata version is older than 2.4, which says where licences are: before, tools put them next
/// to METADATA.
fn is_before_licences(headers: &Headers) -> bool {
    let version = headers.get("Metadata-Version");
    let version = version.and_then(|text| text.trim().parse::<Version>().ok());
    version.is_some_and(|version| version < Version::new([2, 4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_has_a_version_of_numbers() {
        for (version, expected) in [("2.1", true), ("2.4", false), ("2.10", false), ("x", false)] {
            let headers = Headers::parse(format!("Metadata-Version: {version}\n").as_bytes());
            assert_eq!(is_before_licences(&headers), expected, "{version}");
        }
    }
}
