//! What an sdist holds of other people's: files behind links that lead out of the checkout.
//!
//! cargo and maturin pack what a link leads to as if it stood there, so whoever clones a repository and
//! releases it would publish files of this machine.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::Sdist;
use crate::facts::project::{Member, Project};
use crate::model::error::Result;
use crate::model::finding::Finding;
use crate::world::checkout;
use crate::world::disk;

/// One for each link that was followed. The sdist is only read where there are such links.
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
        .map(|member| member.name)
        .collect();
    let mut found: Vec<Finding> = links
        .iter()
        .filter(|(folder, link)| is_packed(&packed, link.path.strip_prefix(folder).ok()))
        .map(|(_, link)| judged(link))
        .collect();
    found.dedup();
    Ok(found)
}

/// What maturin packs, each at some place of its own in the sdist.
fn folders(member: &Member) -> BTreeSet<Utf8PathBuf> {
    let crates = member.path_dependencies.iter().map(|cargo| cargo.dir());
    let own = [&*member.dir, member.cargo.dir()];
    own.into_iter()
        .chain(crates)
        .map(Utf8Path::to_owned)
        .collect()
}

/// The folder that a link may not leave.
fn bounds<'a>(project: &'a Project, folder: &'a Utf8Path) -> &'a Utf8Path {
    let own = checkout::root(&project.root).unwrap_or(&project.root);
    if folder.starts_with(own) {
        return own;
    }
    checkout::root(folder).unwrap_or(folder)
}

/// `below`: a path in one of the folders that are packed.
fn is_packed(packed: &[String], below: Option<&Utf8Path>) -> bool {
    let Some(below) = below else {
        return false;
    };
    let (file, folder) = (format!("/{below}"), format!("/{below}/"));
    packed
        .iter()
        .any(|name| name.ends_with(&file) || name.contains(&folder))
}

fn judged(link: &disk::Link) -> Finding {
    let message = format!(
        "is packed, and links to `{}`, which is outside of the checkout",
        link.target
    );
    Finding::error("link-outside", message)
        .at(&link.path, None)
        .hint("replace it by what is to be published, or name it under `exclude` in [tool.maturin]")
}
