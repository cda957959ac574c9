//! Editors: the files of settings, tasks and debug configurations with which they and pyx agree.

mod document;
mod file;
mod launch;
mod servers;
mod settings;
mod tasks;
mod vscode;
mod workspace;
mod zed;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::file_edit::Edit;
use crate::model::finding::Finding;

use file::File;
use settings::Places;

pub use servers::PYO3;
pub use settings::{SettingValue, Settings};
pub use workspace::{Suite, Workspace};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Editor {
    Zed,
    Vscode,
}

/// What fills a file of settings.
type Fill = fn(&mut File<'_>, &Workspace) -> Result<()>;

impl Editor {
    /// From the folder that the editor opens.
    fn files(self) -> &'static [(&'static str, Fill)] {
        match self {
            Self::Zed => zed::FILES,
            Self::Vscode => vscode::FILES,
        }
    }

    fn places(self) -> &'static Places {
        match self {
            Self::Zed => &zed::PLACES,
            Self::Vscode => &vscode::PLACES,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Zed => "Zed",
            Self::Vscode => "VS Code",
        }
    }

    /// What makes pyx set a value of its own where somebody has set another.
    pub fn hint(self) -> String {
        let value = clap::ValueEnum::to_possible_value(&self);
        let name = value
            .as_ref()
            .map_or("", clap::builder::PossibleValue::get_name);
        format!("remove it, and run `cargo pyx init --editor {name}`")
    }

    /// Every file that may be edited, absolute.
    pub fn paths(self, root: &Utf8Path) -> Vec<Utf8PathBuf> {
        let files = self.files().iter();
        files.map(|(name, _)| root.join(name)).collect()
    }
}

/// What is to change, and what is not.
#[derive(Debug, Default)]
pub struct Settled {
    pub edits: Vec<Edit>,
    /// Files that have all of it, as people see them.
    pub fresh: Vec<Utf8PathBuf>,
    /// Settings of the user's own that differ from ours; they stay.
    pub findings: Vec<Finding>,
}

/// `texts`: the files that are there.
///
/// # Errors
/// [`Error::Manifest`](crate::model::error::Error::Manifest) for a file that is no JSON with comments, or has
/// something else where a list must be.
pub fn settle(
    editors: &[Editor],
    workspace: &Workspace,
    texts: &BTreeMap<Utf8PathBuf, String>,
) -> Result<Settled> {
    let mut settled = Settled::default();
    let files = |editor: Editor| editor.files().iter().map(move |file| (editor, file));
    for (editor, (name, fill)) in editors.iter().copied().flat_map(files) {
        let path = workspace.root.join(name);
        let before = texts.get(&path);
        let mut file = File::parse(editor, &path, before.map_or("", String::as_str))?;
        fill(&mut file, workspace)?;
        let after = file.text();
        settled.findings.extend(file.findings);
        if before.is_some_and(|before| *before == after) {
            settled.fresh.push((*name).into());
        } else if !after.is_empty() {
            settled.edits.push(Edit {
                path,
                shown: (*name).into(),
                before: before.cloned(),
                after,
                changes: Vec::new(),
            });
        }
    }
    Ok(settled)
}

#[cfg(test)]
mod tests;
