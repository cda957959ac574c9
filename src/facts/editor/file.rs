//! A file of an editor while it is filled.

use camino::Utf8Path;
use serde_json::Value;

use crate::model::error::{Error, Result};
use crate::model::finding::Finding;
use crate::world::manifest::locate;

use super::Editor;
use super::document::{Document, Json, Other, include, put};

pub(super) struct File<'a> {
    editor: Editor,
    /// Absolute.
    path: &'a Utf8Path,
    before: &'a str,
    document: Document,
    pub(super) findings: Vec<Finding>,
}

/// A setting of ours.
pub(super) struct Setting<'a> {
    /// From the root of the file down.
    pub(super) keys: &'a [&'a str],
    pub(super) value: Json,
    /// What comes of another value, as the end of a sentence.
    pub(super) otherwise: &'a str,
}

/// What a value is that somebody has set instead of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It serves as well.
    Fine,
    /// We had set it, elsewhere.
    Outdated,
    Other,
}

impl<'a> File<'a> {
    pub(super) fn parse(editor: Editor, path: &'a Utf8Path, text: &'a str) -> Result<Self> {
        Ok(Self {
            editor,
            path,
            before: text,
            document: Document::parse(path, text)?,
            findings: Vec::new(),
        })
    }

    pub(super) fn text(&self) -> String {
        self.document.text()
    }

    /// Sets what nobody has set; what somebody has set to another value is told, and stays.
    ///
    /// `judge`: what is to be done about another value.
    ///
    /// # Errors
    /// [`Error::Manifest`] where the file has no settings at all, but something else.
    pub(super) fn set(
        &mut self,
        setting: &Setting<'_>,
        judge: impl Fn(&Value) -> Verdict,
    ) -> Result<()> {
        let Some(other) = self.document.set(setting.keys, setting.value.clone()) else {
            return Ok(());
        };
        let Some(key) = &other.key else {
            return Err(self.refuse(&other, "an object"));
        };
        match judge(&other.value) {
            Verdict::Fine => return Ok(()),
            Verdict::Outdated => {
                self.document.replace(setting.keys, setting.value.clone());
                return Ok(());
            }
            Verdict::Other => {}
        }
        let message = format!("`{key}` stays {}: {}", other.value, setting.otherwise);
        let finding = Finding::warning("editor-setting", message);
        let finding = finding.at(self.path, Some(other.line));
        self.findings.push(finding.hint(self.editor.hint()));
        Ok(())
    }

    /// States the version of the file's format, where nobody has.
    pub(super) fn version(&self, version: &str) {
        self.document.set(&["version"], version.into());
    }

    /// Puts entries into the list at `keys`, each in place of the one with the same `label`.
    ///
    /// # Errors
    /// [`Error::Manifest`] where something else stands there.
    pub(super) fn put(
        &self,
        keys: &[&str],
        label: &str,
        entries: &[Vec<(&str, Json)>],
    ) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let list = self.list(keys)?;
        for entry in entries {
            put(&list, label, entry);
        }
        Ok(())
    }

    /// Puts words into the list at `keys`.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub(super) fn include(&self, keys: &[&str], words: &[&str]) -> Result<()> {
        let list = self.list(keys)?;
        for word in words {
            include(&list, word);
        }
        Ok(())
    }

    fn list(&self, keys: &[&str]) -> Result<jsonc_parser::cst::CstArray> {
        let list = self.document.list(keys);
        list.map_err(|other| self.refuse(&other, "a list"))
    }

    fn refuse(&self, other: &Other, wanted: &str) -> Error {
        let lines = self.before.split_inclusive('\n').take(other.line - 1);
        let start = lines.map(str::len).sum::<usize>();
        let key = other.key.as_ref().map(|key| format!("`{key}`"));
        let what = key.as_deref().unwrap_or("the file");
        Error::Manifest {
            message: format!("{what} must be {wanted}"),
            location: Box::new(locate(self.path, self.before, &(start..start + 1))),
            hint: None,
        }
    }
}
