//! Foreign files in an sdist: those behind links that lead out of the checkout.
//!
//! cargo and maturin pack the target of a link as if it were there, so releasing a cloned repository could
//! publish files of this machine.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::Sdist;
use crate::facts::project::{Member, Project};
use crate::model::error::Result;
use crate::model::finding::Finding;
use crate::model::path::slashed;
use crate::world::checkout;
use crate::world::disk;

/// One for each link that was followed. The sdist is only read if there are such links.
pub(super) fn findings(
    project: &Project,
    member: &Member,
    sdist: &Utf8Path,
) -> Result<Vec<Finding>> {
    let mut links = Vec::new();
    for folder in folders(member) {
        let found = disk::links_out_of(&folder, bounds(project, &folder));
        links.extend(found.into_iter().map(|link| (folder.clone(), link)));
    }
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let packed: Vec<String> = Sdist::open(sdist)?
        .members
        .into_iter()
        .map(|member| below_top(&member.name).to_owned())
        .collect();
    let mut found: Vec<Finding> = links
        .iter()
        .filter(|(folder, link)| is_packed(&packed, folder, &link.path))
        .map(|(_, link)| judged(link))
        .collect();
    found.dedup();
    Ok(found)
}

/// What maturin packs, each at a place of its own in the sdist.
fn folders(member: &Member) -> BTreeSet<Utf8PathBuf> {
    let crates = member.path_dependencies.iter().map(|cargo| cargo.dir());
    let own = [&*member.dir, member.cargo.dir()];
    own.into_iter()
        .chain(crates)
        .map(Utf8Path::to_owned)
        .collect()
}

/// The folder that a link may not lead out of.
fn bounds<'a>(project: &'a Project, folder: &'a Utf8Path) -> &'a Utf8Path {
    let own = checkout::root(&project.root).unwrap_or(&project.root);
    if folder.starts_with(own) {
        return own;
    }
    checkout::root(folder).unwrap_or(folder)
}

/// A path in an sdist without its top-level folder.
fn below_top(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, below)| below)
}

/// Whether a link in a folder is among what is packed. maturin packs a folder at its path below a common
/// ancestor with others; up to maturin 1.0, a path dependency in a common place.
fn is_packed(packed: &[String], folder: &Utf8Path, link: &Utf8Path) -> bool {
    let at = |place: String| {
        let inside = format!("{place}/");
        let mut names = packed.iter();
        names.any(|name| *name == place || name.starts_with(&inside))
    };
    let mut places = folder.ancestors();
    let below = |dir| link.strip_prefix(dir).ok();
    let is_at_its_place = places.any(|dir| below(dir).is_some_and(|below| at(slashed(below))));
    let apart = || {
        let (name, below) = (folder.file_name()?, below(folder)?);
        Some(format!("local_dependencies/{name}/{}", slashed(below)))
    };
    is_at_its_place || apart().is_some_and(at)
}

fn judged(link: &disk::Link) -> Finding {
    let message = format!(
        "is packed, but links to `{}`, which is outside the checkout",
        link.target
    );
    Finding::error("link-outside", message)
        .at(&link.path, None)
        .hint("replace it with what is to be published, or add it to `exclude` in [tool.maturin]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_packed_at_its_place_and_at_no_other() {
        let is_packed = |names: &[&str], folder: &str, link: &str| {
            let packed: Vec<String> = names.iter().map(|it| below_top(it).to_owned()).collect();
            is_packed(&packed, folder.into(), link.into())
        };
        assert!(is_packed(&["p-1/data"], "/r/p", "/r/p/data"));
        assert!(is_packed(&["p-1/data/x"], "/r/p", "/r/p/data"));
        assert!(is_packed(&["p-1/p/data/x"], "/r/p", "/r/p/data"));
        assert!(is_packed(
            &["p-1/crates/core/data"],
            "/r/crates/core",
            "/r/crates/core/data"
        ));
        let old = "p-1/local_dependencies/core/data";
        assert!(is_packed(&[old], "/r/core", "/r/core/data"));
        for other in ["p-1/other/data/x", "p-1/database", "p-1/x-data"] {
            assert!(!is_packed(&[other], "/r/p", "/r/p/data"), "{other}");
        }
    }
}
