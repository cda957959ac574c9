//! An editor's configuration file while pyx fills it in.

use camino::Utf8Path;
use serde_json::Value;

use crate::model::error::{Error, Result};
use crate::model::finding::Finding;
use crate::world::manifest::locate;

use super::document::{Conflict, Document, Json, include, put};
use super::workspace::Workspace;

/// A function that fills one file of an editor.
pub(super) type Fill = fn(&mut ConfigFile<'_>, &Workspace) -> Result<()>;

pub(super) struct ConfigFile<'a> {
    /// How to make pyx set its own value where another is set.
    hint: String,
    /// Absolute.
    path: &'a Utf8Path,
    before: &'a str,
    document: Document,
    pub(super) findings: Vec<Finding>,
}

/// A setting that pyx makes.
pub(super) struct Setting {
    /// From the root of the file down.
    pub(super) keys: Vec<&'static str>,
    pub(super) value: Json,
    /// The consequence of another value, as the end of a sentence.
    pub(super) otherwise: &'static str,
}

/// What to do about a value that differs from the one to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OtherValue {
    /// It stays: it works too.
    Keep,
    /// It is replaced: pyx had set it, in another checkout.
    Replace,
    /// It stays, and its consequence is reported.
    Warn,
}

impl<'a> ConfigFile<'a> {
    pub(super) fn parse(path: &'a Utf8Path, text: &'a str, hint: String) -> Result<Self> {
        Ok(Self {
            hint,
            path,
            before: text,
            document: Document::parse(path, text)?,
            findings: Vec::new(),
        })
    }

    pub(super) fn text(&self) -> String {
        self.document.text()
    }

    /// Sets a missing value; an existing other value stays and is reported.
    ///
    /// `resolve`: what to do about another value.
    ///
    /// # Errors
    /// [`Error::Manifest`] if the file has no settings at all, but something else.
    pub(super) fn set(
        &mut self,
        setting: &Setting,
        resolve: impl Fn(&Value) -> OtherValue,
    ) -> Result<()> {
        let Some(conflict) = self.document.set(&setting.keys, setting.value.clone()) else {
            return Ok(());
        };
        let Some(key) = &conflict.key else {
            return Err(self.refuse(&conflict, "an object"));
        };
        match resolve(&conflict.value) {
            OtherValue::Keep => return Ok(()),
            OtherValue::Replace => {
                self.document.replace(&setting.keys, setting.value.clone());
                return Ok(());
            }
            OtherValue::Warn => {}
        }
        let message = format!("`{key}` stays {}: {}", conflict.value, setting.otherwise);
        let finding = Finding::warning("editor-setting", message);
        let finding = finding.at(self.path, Some(conflict.line));
        self.findings.push(finding.hint(&self.hint));
        Ok(())
    }

    /// States the version of the file's format, unless it is already stated.
    pub(super) fn version(&self, version: &str) {
        self.document.set(&["version"], version.into());
    }

    /// Puts entries into the list at `keys`, each replacing the one with the same `label`.
    ///
    /// # Errors
    /// [`Error::Manifest`] if there is something else.
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

    /// Puts strings into the list at `keys`.
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
        list.map_err(|conflict| self.refuse(&conflict, "a list"))
    }

    fn refuse(&self, conflict: &Conflict, wanted: &str) -> Error {
        let lines = self.before.split_inclusive('\n').take(conflict.line - 1);
        let start = lines.map(str::len).sum::<usize>();
        let key = conflict.key.as_ref().map(|key| format!("`{key}`"));
        let what = key.as_deref().unwrap_or("the file");
        Error::Manifest {
            message: format!("{what} must be {wanted}"),
            location: Box::new(locate(self.path, self.before, &(start..start + 1))),
            hint: None,
        }
    }
}
