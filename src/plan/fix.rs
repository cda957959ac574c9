//! `cargo pyx doctor --fix`: the edits that fix problems.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::doctor::{Fix, Problem};
use crate::model::error::Result;
use crate::model::file_edit::Edit;
use crate::model::path::shown;
use crate::model::step::StepId;
use crate::world::manifest::Toml;

use super::action::Action;
use super::step::{Plan, Step};

/// One step for all files; none if nothing can be fixed.
///
/// `texts`: the current text of every file that a fix changes.
///
/// # Errors
/// Those of a text that is not TOML.
pub fn fix(
    problems: &[Problem],
    texts: &BTreeMap<Utf8PathBuf, String>,
    root: &Utf8Path,
) -> Result<Plan> {
    let mut after: BTreeMap<&Utf8Path, String> = BTreeMap::new();
    for fix in problems.iter().flat_map(|problem| &problem.fix) {
        match fix {
            Fix::Create(path) => drop(after.insert(path, String::new())),
            Fix::Amend(path, amendment) => {
                let known = after.get(&**path).or(texts.get(path));
                let toml = Toml::parse(path, known.map_or("", String::as_str))?;
                // a change that an earlier one has made already leaves no room for itself
                if let Some(text) = amendment.apply(&toml) {
                    after.insert(path, text);
                }
            }
        }
    }
    let edits: Vec<Edit> = after
        .into_iter()
        .map(|(path, after)| Edit {
            path: path.to_owned(),
            shown: shown(root, path),
            before: texts.get(path).cloned(),
            after: Some(after),
            changes: Vec::new(),
        })
        .collect();
    if edits.is_empty() {
        return Ok(Plan::default());
    }
    let subject = match &edits[..] {
        [only] => only.shown.to_string(),
        several => format!("{} files", several.len()),
    };
    let action = Action::Edit(edits);
    Ok(Plan::of(Step::new(StepId::Edit, "Fixing", subject, action)))
}

#[cfg(test)]
mod tests {
    use crate::model::finding::Finding;
    use crate::world::manifest::ArrayEdit;

    use super::*;

    #[test]
    fn fixes_of_one_file_are_made_one_after_the_other() {
        let path: Utf8PathBuf = "/p/pyproject.toml".into();
        let add =
            |value: &str| Fix::Amend(path.clone(), ArrayEdit::add(&["a"], vec![value.into()]));
        let mut problem = Problem::from(Finding::warning("x", "x"));
        problem.fix = vec![add("1"), add("2"), Fix::Create("/p/py.typed".into())];
        let texts = BTreeMap::from([(path.clone(), "a = [0]\n".to_owned())]);
        let plan = fix(&[problem], &texts, Utf8Path::new("/p")).unwrap();
        assert_eq!(plan.steps[0].subject, "2 files");
        let Action::Edit(edits) = &plan.steps[0].action else {
            panic!("{plan}");
        };
        let after = edits
            .iter()
            .map(|edit| (edit.shown.as_str(), edit.after.as_deref().unwrap()));
        assert!(after.eq([("py.typed", ""), ("pyproject.toml", "a = [0, 1, 2]\n")]));
    }
}
