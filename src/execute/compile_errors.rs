//! rustc's errors with their places, parsed from its output for people.

use camino::Utf8Path;

use crate::model::test_result::SourceLine;
use crate::ui::Ui;
use crate::world::session::Session;

use super::report::in_workspace;

/// The errors among the lines so far.
#[derive(Debug, Default)]
pub(super) struct CompileErrors {
    /// The message whose place is still to come.
    open: Option<String>,
    found: Vec<(SourceLine, String)>,
}

impl CompileErrors {
    /// `line`: without colours.
    pub(super) fn hear(&mut self, line: &str) {
        if let Some(message) = message(line) {
            self.open = Some(message.to_owned());
        } else if let Some(place) = place(line) {
            if let Some(message) = self.open.take() {
                self.found.push((place, message));
            }
        } else if line.trim().is_empty() || line.starts_with("warning") {
            self.open = None;
        }
    }

    /// Reports each at its line, if the output is shown somewhere that wants that; `dir`: where the compiler
    /// was started, absolute: its relative paths are relative to this or to a folder above.
    pub(super) fn annotate(&self, session: &Session, ui: &Ui, dir: &Utf8Path) {
        if !session.annotates() {
            return;
        }
        let roots: Vec<_> = dir.ancestors().map(Utf8Path::to_owned).collect();
        for (place, message) in &self.found {
            let place = in_workspace(session, place, &roots);
            ui.annotation(Some(&place), "does not compile", message);
        }
    }
}

/// `error[E0308]: mismatched types`, `error: no rules expected …`
fn message(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("error")?;
    let rest = match rest.strip_prefix('[') {
        Some(code) => code.split_once(']')?.1,
        None => rest,
    };
    rest.strip_prefix(": ")
}

/// `  --> src/lib.rs:3:9`
fn place(line: &str) -> Option<SourceLine> {
    let place = line.trim_start().strip_prefix("--> ")?;
    SourceLine::parse(place.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stands_where_its_arrow_points() {
        let mut errors = CompileErrors::default();
        let said = "warning: unused\n --> src/a.rs:1:1\n\nerror[E0308]: mismatched types\n  --> src/lib.rs:3:9\n   |\n\
                    3 | x\n\nerror: could not compile `a` (lib) due to 1 previous error\n\n  --> src/b.rs:1:1\n";
        said.lines().for_each(|line| errors.hear(line));
        assert_eq!(errors.found.len(), 1);
        let (place, message) = &errors.found[0];
        assert_eq!((&*place.file, place.line), ("src/lib.rs", 3));
        assert_eq!(message, "mismatched types");
    }
}
