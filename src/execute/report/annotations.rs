//! Failed tests at their lines, as GitHub shows them next to a change.

use camino::Utf8PathBuf;

use crate::model::path::shown;
use crate::model::test_result::{SourceLine, TestResult};
use crate::ui::Ui;
use crate::world::disk;
use crate::world::session::Session;

/// Reports each failed test at its line; `on`: the interpreter, if there are several; `roots`: the folders
/// that Rust's paths may be relative to, absolute, the likeliest first.
pub fn annotate(
    session: &Session,
    ui: &Ui,
    test_result: &TestResult,
    on: Option<&str>,
    roots: &[Utf8PathBuf],
) {
    if !session.annotates() {
        return;
    }
    let kind = test_result.kind.one();
    let on = on.map(|on| format!(" ({on})")).unwrap_or_default();
    let cases = test_result.cases.iter();
    for case in cases.filter(|case| case.outcome.is_bad()) {
        let place = case.place.as_ref();
        let place = place.map(|place| in_workspace(session, place, roots));
        let title = format!("{kind} {}{on}", case.name);
        // whom it called is of no use beside the line
        let message = case.message.split("stack backtrace:").next();
        let message = message.filter(|it| !it.is_empty()).unwrap_or("failed");
        ui.annotation(place.as_ref(), &title, message);
    }
}

/// Relative to the folder that was checked out, if it is in there.
pub(in crate::execute) fn in_workspace(
    session: &Session,
    place: &SourceLine,
    roots: &[Utf8PathBuf],
) -> SourceLine {
    let mut candidates = roots.iter().map(|root| root.join(&place.file));
    let path = candidates.find(|path| disk::is_file(path));
    let path = path.unwrap_or_else(|| session.absolute(&place.file));
    let root = session.path_var("GITHUB_WORKSPACE");
    let root = root.unwrap_or_else(|| session.cwd.clone());
    SourceLine {
        file: shown(&root, &path).into_string(),
        line: place.line,
    }
}
