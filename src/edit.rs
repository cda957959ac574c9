//! Files of the project as they are and as they are to be.

use camino::Utf8PathBuf;
use serde::Serialize;

/// A file of the project that is to be changed or made.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Absolute.
    pub path: Utf8PathBuf,
    /// As people see it: from the project's root.
    pub shown: Utf8PathBuf,
    /// What the file holds; nothing where there is none yet.
    pub before: Option<String>,
    pub after: String,
    pub changes: Vec<Change>,
}

/// One value that an edit replaces.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// From 1.
    pub line: usize,
    pub from: String,
    pub to: String,
}

impl Edit {
    /// A unified diff, as `patch` and `git apply` take it.
    pub fn diff(&self) -> String {
        let before = self.before.as_deref().unwrap_or_default();
        let diff = similar::TextDiff::from_lines(before, &self.after);
        let old = match self.before {
            Some(_) => format!("a/{}", self.shown),
            None => "/dev/null".into(),
        };
        let new = format!("b/{}", self.shown);
        diff.unified_diff().header(&old, &new).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(before: Option<&str>) -> Edit {
        Edit {
            path: "/p/a".into(),
            shown: "a".into(),
            before: before.map(Into::into),
            after: "new\n".into(),
            changes: Vec::new(),
        }
    }

    #[test]
    fn a_diff_can_be_applied() {
        let changed = "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-old\n+new\n";
        assert_eq!(edit(Some("old\n")).diff(), changed);
        let made = "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+new\n";
        assert_eq!(edit(None).diff(), made);
    }
}
