//! Two builds of one wheel, byte by byte.

use camino::Utf8Path;

use crate::facts::artifact::Wheel;
use crate::model::error::{ReleaseError, Result};
use crate::world::disk;

/// Whether two wheels or sdists are the same, byte for byte.
///
/// # Errors
/// [`ReleaseError::NotReproducible`], naming the members that differ, in the archive's order.
pub(super) fn compare(first: &Utf8Path, second: &Utf8Path) -> Result<()> {
    if disk::hash(first) == disk::hash(second) {
        return Ok(());
    }
    let (one, other) = (Wheel::open(first)?, Wheel::open(second)?);
    let mut members: Vec<String> = Vec::new();
    for member in one.members.iter().chain(&other.members) {
        let same = |wheel: &Wheel| {
            wheel
                .members
                .iter()
                .any(|known| known.name == member.name && known.bytes == member.bytes)
        };
        let equal = same(&one) && same(&other);
        if !equal && !members.contains(&member.name) {
            members.push(member.name.clone());
        }
    }
    if members.is_empty() {
        members.push("the archive itself".into());
    }
    Err(ReleaseError::NotReproducible {
        first: first.to_owned(),
        second: second.to_owned(),
        members,
    }
    .into())
}
