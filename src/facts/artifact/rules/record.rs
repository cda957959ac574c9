//! Whether RECORD matches the files. Installers that verify it refuse a wheel in which it does not.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::artifact::record::in_base64;
use crate::facts::artifact::{ArchiveMember, RecordEntry};
use crate::model::finding::Finding;
use crate::world::disk;

/// What RECORD says about the files, compared with what they are. `dist_info` is its folder.
pub(super) fn findings(
    entries: &[RecordEntry],
    members: &[ArchiveMember],
    dist_info: &str,
) -> Vec<Finding> {
    let record = format!("{dist_info}/RECORD");
    let files: BTreeMap<&str, &ArchiveMember> = members
        .iter()
        .map(|member| (member.name.as_str(), member))
        .collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for entry in entries {
        if !seen.insert(entry.path.as_str()) {
            let message = format!("lists `{}` more than once", entry.path);
            found.push(Finding::error("record-duplicate", message).at(&record, None));
        }
        match files.get(entry.path.as_str()) {
            Some(member) => found.extend(differs(entry, member, &record)),
            None => found.push(absent(entry, &record)),
        }
    }
    let unlisted = files.keys().filter(|name| !seen.contains(**name));
    // signatures cannot be listed: they sign the list
    let unlisted = unlisted.filter(|name| !is_signature(name, &record));
    found.extend(unlisted.map(|name| {
        Finding::error("record-missing", "is not listed in RECORD")
            .at(*name, None)
            .hint("build the wheel again; do not add files to it by hand")
    }));
    found
}

fn is_signature(name: &str, record: &str) -> bool {
    let ending = name.strip_prefix(record);
    matches!(ending, Some(".jws" | ".p7s"))
}

fn absent(entry: &RecordEntry, record: &str) -> Finding {
    let message = format!("lists `{}`, which is not in the archive", entry.path);
    Finding::error("record-extra", message)
        .at(record, None)
        .hint("build the wheel again; do not remove files from it by hand")
}

fn differs(entry: &RecordEntry, member: &ArchiveMember, record: &str) -> Option<Finding> {
    if member.name == record || !member.intact {
        return None;
    }
    let wrong = |rule, message: String| {
        let finding = Finding::error(rule, message).at(&member.name, None);
        Some(finding.hint("build the wheel again; do not edit files in it by hand"))
    };
    let size = member.bytes.len() as u64;
    let Some(hash) = &entry.hash else {
        return wrong("record-hash", "has no hash in RECORD".into());
    };
    if entry.size.is_some_and(|said| said != size) {
        let said = entry.size.unwrap_or_default();
        let message = format!("has {size} bytes, but RECORD says {said}");
        return wrong("record-size", message);
    }
    match hash.split_once('=') {
        Some(("sha256", said)) => {
            let is = in_base64(&disk::digest(&member.bytes));
            let message = format!("has the SHA-256 `{is}`, but RECORD says `{said}`");
            (said.trim_end_matches('=') != is).then(|| wrong("record-hash", message))?
        }
        Some(("sha384" | "sha512", _)) => None,
        _ => wrong(
            "record-hash",
            format!("has the hash `{hash}` in RECORD, which is not a SHA-256"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::artifact::record::parse;

    use super::*;

    fn file(name: &str, text: &str) -> ArchiveMember {
        ArchiveMember {
            name: name.into(),
            bytes: text.into(),
            intact: true,
            ..ArchiveMember::default()
        }
    }

    /// RECORD's judgement of one file `a` with the content `abc`.
    fn rules(record: &str) -> Vec<&'static str> {
        let members = [
            file("a", "abc"),
            file("d/RECORD", record),
            file("d/RECORD.jws", ""),
        ];
        let found = findings(&parse(record.as_bytes()), &members, "d");
        found.iter().map(|finding| finding.rule).collect()
    }

    const HASH: &str = "sha256=ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";

    #[test]
    fn record_lists_every_file_with_hash_and_size() {
        assert!(rules(&format!("a,{HASH},3\nd/RECORD,,\n")).is_empty());
        assert!(rules(&format!("a,{HASH},\nd/RECORD,,\n")).is_empty());
        assert_eq!(rules(&format!("a,{HASH},4\nd/RECORD,,\n")), ["record-size"]);
        assert_eq!(rules("a,sha256=x,3\nd/RECORD,,\n"), ["record-hash"]);
        assert_eq!(rules("a,md5=x,3\nd/RECORD,,\n"), ["record-hash"]);
        assert_eq!(rules("a,,\nd/RECORD,,\n"), ["record-hash"]);
        assert_eq!(rules("d/RECORD,,\n"), ["record-missing"]);
        let extra = format!("a,{HASH},3\nb,,\nd/RECORD,,\n");
        assert_eq!(rules(&extra), ["record-extra"]);
        let twice = format!("a,{HASH},3\na,{HASH},3\nd/RECORD,,\n");
        assert_eq!(rules(&twice), ["record-duplicate"]);
    }
}
