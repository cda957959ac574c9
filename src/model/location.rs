//! A place in a text file, shown as rustc shows one.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use camino::Utf8PathBuf;

/// A place in a text file, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub path: Utf8PathBuf,
    /// Counts from 1.
    pub line: usize,
    /// The offending line; a long one is cut after the place.
    pub text: String,
    /// The byte range of `text` that is meant.
    pub span: Range<usize>,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let snippet = Snippet::source(&self.text)
            .path(self.path.as_str())
            .line_start(self.line)
            .annotation(AnnotationKind::Primary.span(self.span.clone()));
        let group = Group::with_level(Level::ERROR).element(snippet);
        f.write_str(&Renderer::plain().render(&[group]))
    }
}
