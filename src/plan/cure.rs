//! `cargo pyx doctor --fix`: the edits that take traps away.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::doctor::{Cure, Trap};
use crate::edit::Edit;
use crate::error::Result;
use crate::manifest::Toml;

use super::steps::step;
use super::{Action, Plan};

/// One step for all files; none where nothing can be cured.
///
/// `texts`: the present text of every file that a cure changes.
///
/// # Errors
/// Those of a text that is no TOML.
pub fn cure(
    traps: &[Trap],
    texts: &BTreeMap<Utf8PathBuf, String>,
    root: &Utf8Path,
) -> Result<Plan> {
    let mut after: BTreeMap<&Utf8Path, String> = BTreeMap::new();
    for cure in traps.iter().flat_map(|trap| &trap.cure) {
        match cure {
            Cure::Create(path) => drop(after.insert(path, String::new())),
            Cure::Amend(path, amendment) => {
                let known = after.get(&**path).or(texts.get(path));
                let toml = Toml::parse(path, known.map_or("", String::as_str))?;
                // a change that an earlier one has made already leaves no room for itself
                if let Some(text) = amendment.apply(&toml) {
                    after.insert(path, text);
                }
            }
        }
    }
    let edits: Vec<Edit> = after
        .into_iter()
        .map(|(path, after)| Edit {
            path: path.to_owned(),
            shown: path.strip_prefix(root).unwrap_or(path).to_owned(),
            before: texts.get(path).cloned(),
            after,
            changes: Vec::new(),
        })
        .collect();
    if edits.is_empty() {
        return Ok(Plan::default());
    }
    let subject = match &edits[..] {
        [only] => only.shown.to_string(),
        several => format!("{} files", several.len()),
    };
    Ok(Plan::of(step(
        "cure",
        "Fixing",
        subject,
        Action::Edit(edits),
    )))
}
