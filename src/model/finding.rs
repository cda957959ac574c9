//! What is wrong with a project or a distribution, independent of any work on it.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use super::path::shown;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The work goes on.
    Warning,
    /// Nothing with it may be published.
    Error,
}

/// One problem, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule that it breaks, in kebab-case: `version-mismatch`. Part of the JSON output.
    pub rule: &'static str,
    pub severity: Severity,
    /// One line, lowercase, without the place.
    pub message: String,
    pub place: Option<Place>,
    /// What to do, in a form to paste where possible.
    pub hint: Option<String>,
}

/// A line of a file, or a member of an archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Absolute; inside an archive, relative to its root.
    pub path: Utf8PathBuf,
    /// From 1.
    pub line: Option<usize>,
}

impl Finding {
    pub fn error(rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            message: message.into(),
            place: None,
            hint: None,
        }
    }

    pub fn warning(rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(rule, message)
        }
    }

    #[must_use]
    pub fn at(self, path: impl Into<Utf8PathBuf>, line: Option<usize>) -> Self {
        let path = path.into();
        Self {
            place: Some(Place { path, line }),
            ..self
        }
    }

    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// `path:line: message`, with the path relative to `root` if it is below it.
    pub fn wording(&self, root: &Utf8Path) -> String {
        let Some(Place { path, line }) = &self.place else {
            return self.message.clone();
        };
        let path = shown(root, path);
        match line {
            Some(line) => format!("{path}:{line}: {}", self.message),
            None => format!("{path}: {}", self.message),
        }
    }
}

/// Worst first, then by place.
pub fn order(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    let key = (b.severity, &a.place, &a.message);
    key.cmp(&(a.severity, &b.place, &b.message))
}

/// How many of them stop the work.
pub fn errors(findings: &[Finding]) -> usize {
    findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_below_the_root_is_shown_from_there() {
        let finding = Finding::error("x", "is wrong").at("/p/a.toml", Some(3));
        assert_eq!(finding.wording(Utf8Path::new("/p")), "a.toml:3: is wrong");
        assert_eq!(
            finding.wording(Utf8Path::new("/q")),
            "/p/a.toml:3: is wrong"
        );
        let finding = Finding::warning("x", "is odd").at("/p/b", None);
        assert_eq!(finding.wording(Utf8Path::new("/p")), "b: is odd");
    }
}
