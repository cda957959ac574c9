//! Editors: the settings, tasks and debug configurations that make them agree with pyx.
//!
//! `workspace` is what an editor has to know about a project. `zed` and `vscode` express it in their own
//! terms, with what `servers` (language servers), `tasks` and `launch` have for both. `document` edits the
//! JSON, `settings` reads what is already set.

mod config_file;
mod document;
mod editors;
mod launch;
mod servers;
mod settings;
mod settings_file;
mod tasks;
mod vscode;
mod workspace;
mod zed;

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::model::error::Result;
use crate::model::file_edit::Edit;
use crate::model::finding::Finding;
use crate::model::path::normalize;

use config_file::ConfigFile;

pub use editors::Editor;
pub use servers::PYO3;
pub use settings::CurrentSettings;
pub use workspace::Workspace;

/// What will change, and what will not.
#[derive(Debug, Default)]
pub struct EditorChanges {
    pub edits: Vec<Edit>,
    /// Files that already have all of it, as shown to people.
    pub fresh: Vec<Utf8PathBuf>,
    /// Settings that differ from what pyx would set; they stay.
    pub findings: Vec<Finding>,
}

/// What has to change in the editors' files.
///
/// `texts`: the existing files.
///
/// # Errors
/// [`Error::Manifest`](crate::model::error::Error::Manifest) for a file that is not JSON with comments, or
/// has something else where a list must be.
pub fn changes(
    editors: &[Editor],
    workspace: &Workspace,
    texts: &BTreeMap<Utf8PathBuf, String>,
) -> Result<EditorChanges> {
    let mut changes = EditorChanges::default();
    for editor in editors {
        for (name, fill) in editor.files() {
            let path = normalize(&workspace.root.join(name));
            let before = texts.get(&path);
            let mut file =
                ConfigFile::parse(&path, before.map_or("", String::as_str), editor.hint())?;
            fill(&mut file, workspace)?;
            let after = file.text();
            changes.findings.extend(file.findings);
            if before.is_some_and(|before| *before == after) {
                changes.fresh.push((*name).into());
            } else if !after.is_empty() {
                changes.edits.push(Edit {
                    path,
                    shown: (*name).into(),
                    before: before.cloned(),
                    after: Some(after),
                    changes: Vec::new(),
                });
            }
        }
    }
    Ok(changes)
}

#[cfg(test)]
mod tests;
