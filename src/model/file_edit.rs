//! Project files as they are and as they will be.

use camino::Utf8PathBuf;
use serde::Serialize;

/// A file of the project that is to be changed, created or removed.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Absolute.
    pub path: Utf8PathBuf,
    /// As shown to people: relative to the project's root.
    pub shown: Utf8PathBuf,
    /// The file's content; `None` if it does not exist yet.
    pub before: Option<String>,
    /// Its new content; `None` if it is to be removed.
    pub after: Option<String>,
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
    /// A unified diff that `patch` and `git apply` accept.
    pub fn diff(&self) -> String {
        let before = self.before.as_deref().unwrap_or_default();
        let after = self.after.as_deref().unwrap_or_default();
        let diff = similar::TextDiff::from_lines(before, after);
        let old = match self.before {
            Some(_) => format!("a/{}", self.shown),
            None => "/dev/null".into(),
        };
        let new = match self.after {
            Some(_) => format!("b/{}", self.shown),
            None => "/dev/null".into(),
        };
        diff.unified_diff().header(&old, &new).to_string()
    }
}

/// `after` with the line endings of `before`: an unchanged line keeps its own, a new one gets that of the
/// first line.
pub fn keep_line_ends(before: &str, after: &str) -> String {
    if !before.contains("\r\n") {
        return after.to_owned();
    }
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let first = old.first().copied().unwrap_or_default();
    let end = if first.ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let (before, after) = (before.replace("\r\n", "\n"), after.replace("\r\n", "\n"));
    let plain: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let diff = similar::TextDiff::from_slices(&plain, &new);
    let line = |change: similar::Change<&str>| match (change.old_index(), change.new_index()) {
        (Some(at), Some(_)) => old[at].to_owned(),
        (None, Some(at)) => new[at].replace('\n', end),
        _ => String::new(),
    };
    diff.iter_all_changes().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(before: Option<&str>) -> Edit {
        Edit {
            path: "/p/a".into(),
            shown: "a".into(),
            before: before.map(Into::into),
            after: Some("new\n".into()),
            changes: Vec::new(),
        }
    }

    #[test]
    fn a_diff_can_be_applied() {
        let changed = "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-old\n+new\n";
        assert_eq!(edit(Some("old\n")).diff(), changed);
        let made = "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+new\n";
        assert_eq!(edit(None).diff(), made);
        let after = None;
        let gone = Edit {
            after,
            ..edit(Some("old\n"))
        };
        let removed = "--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\n";
        assert_eq!(gone.diff(), removed);
    }

    #[test]
    fn only_lines_that_are_new_get_the_end_of_the_first() {
        let kept = |before: &str| keep_line_ends(before, "a\nb\nc\nd");
        assert_eq!(kept("a\r\nc\n"), "a\r\nb\r\nc\nd");
        assert_eq!(kept("a\nc\r\n"), "a\nb\nc\r\nd");
        assert_eq!(kept("a\nc\n"), "a\nb\nc\nd");
    }
}
