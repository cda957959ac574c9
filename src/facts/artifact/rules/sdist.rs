//! All rules about an sdist, and those about its name and its top-level folder.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::artifact::{ArchiveMember, Expected, Sdist};
use crate::model::finding::Finding;
use crate::model::native_file::is_extension_module;
use crate::model::package_name;

use super::{content, leaks, metadata, requires_python, secrets, size, sources};

impl Sdist {
    /// Every rule that the sdist breaks; places are members, or the file itself.
    pub fn findings(&self, expected: &Expected) -> Vec<Finding> {
        let mut found = self.findings.clone();
        found.extend(size::too_large(&self.path, self.size, expected));
        found.extend(self.file_name());
        let Some(top) = self.tops.first() else {
            return found; // nothing could be read
        };
        found.extend(self.top_folder());
        found.extend(self.of_metadata(top, expected));
        found.extend(sources::findings(&self.members, top));
        found.extend(content::findings(&self.members));
        found.extend(residue(&self.members));
        found.extend(secrets::findings(&self.members));
        found.extend(leaks::findings(&self.members, &BTreeMap::new(), expected));
        found
    }

    fn file_name(&self) -> Option<Finding> {
        let file = self.path.file_name().unwrap_or_default();
        let Some(name) = &self.name else {
            let message = format!("`{file}` is not a valid sdist file name (PEP 625)");
            return Some(Finding::error("file-name", message).at(&self.path, None));
        };
        let wanted = format!(
            "{}-{}.tar.gz",
            package_name::escape(&name.distribution),
            name.version
        );
        let message = format!("PyPI refuses `{file}`: it must be called `{wanted}`");
        (file != wanted).then(|| Finding::error("file-name", message).at(&self.path, None))
    }

    fn top_folder(&self) -> Option<Finding> {
        let wanted = &self.name.as_ref()?.stem;
        let others: Vec<&str> = self
            .tops
            .iter()
            .filter(|top| *top != wanted)
            .map(String::as_str)
            .collect();
        let message = format!(
            "`{}` is at the top level, where only the folder `{wanted}` is allowed",
            others.join("`, `")
        );
        let finding = Finding::error("top-folder", message).at(&self.path, None);
        (!others.is_empty()).then(|| finding.hint("build it with `cargo pyx release sdist`"))
    }

    fn of_metadata(&self, top: &str, expected: &Expected) -> Vec<Finding> {
        let place = format!("{top}/PKG-INFO");
        let Some(headers) = &self.metadata else {
            let message = format!("it has no `{place}`");
            return vec![Finding::error("pkg-info", message).at(&self.path, None)];
        };
        let name = self.name.as_ref();
        let stated = name.map(|name| (name.distribution.as_str(), &name.version));
        let has = |name: &str| self.members.iter().any(|member| member.name == name);
        let files = metadata::license_files(headers, has, |file| vec![format!("{top}/{file}")]);
        let judged = metadata::findings(headers, stated, expected)
            .into_iter()
            .chain(files);
        let mut found: Vec<Finding> = judged.map(|finding| finding.at(&place, None)).collect();
        found.extend(requires_python::findings(headers, &place, None, expected));
        found
    }
}

/// What builds and environments leave next to the sources, one finding for each folder.
fn residue(members: &[ArchiveMember]) -> Vec<Finding> {
    let mut places = BTreeSet::new();
    for member in members {
        let parts: Vec<&str> = member.name.split('/').collect();
        let mut folders = parts.iter().take(parts.len() - 1).enumerate();
        let folder = folders.find(|(depth, part)| match **part {
            "target" => *depth == 1,
            part => [
                ".venv",
                "venv",
                "node_modules",
                ".pytest_cache",
                ".mypy_cache",
            ]
            .contains(&part),
        });
        if let Some((depth, _)) = folder {
            places.insert(parts[..=depth].join("/"));
        } else if is_extension_module(member.name.as_str().into()) {
            places.insert(member.name.clone());
        }
    }
    let hint = "add it to `exclude` in [tool.maturin]";
    let judge = |place| {
        Finding::warning("build-residue", "is not part of the sources")
            .at(place, None)
            .hint(hint)
    };
    places.into_iter().map(judge).collect()
}
