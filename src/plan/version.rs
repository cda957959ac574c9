//! `cargo pyx release version`: one version, set wherever the project states it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::Version;
use semver::VersionReq;

use crate::facts::versions::{Statement, StatementKind, Versioned};
use crate::model::error::{Error, ProjectError, Result};
use crate::model::file_edit::{Change, Edit};
use crate::model::path::shown;
use crate::model::version::{self, Bump};
use crate::world::manifest::with_strings;

use super::edits::edits;
use super::step::Plan;

/// The requested version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewVersion {
    Exactly(BothVersions),
    Next(Bump),
}

/// One version in both spellings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BothVersions {
    pub python: Version,
    pub cargo: semver::Version,
}

impl BothVersions {
    /// Accepts either spelling; cargo's is kept as given.
    ///
    /// # Errors
    /// [`Error::Refused`] for what has no spelling in cargo or Python.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |who: &str| {
            let message = format!("`{text}` is not a valid {who} version");
            let hint = "write it as 1.2.3, 1.2.3-rc.1 or 1.2.3rc1; also alpha, beta, dev and post";
            Error::refused(message, hint)
        };
        let python = version::parse(text).ok_or_else(|| refuse("Python"))?;
        let given = semver::Version::parse(text).ok();
        let given = given.filter(|given| version::python(given).as_ref() == Some(&python));
        let cargo = given.or_else(|| version::cargo(&python));
        let cargo = cargo.ok_or_else(|| refuse("cargo"))?;
        Ok(Self { python, cargo })
    }

    fn next(bump: Bump, one: &Versioned) -> Result<Self> {
        let cargo = one.version.as_ref().and_then(version::cargo);
        let next = cargo.map(|version| bump.of(&version));
        let both = next.and_then(|cargo| Some((version::python(&cargo)?, cargo)));
        let (python, cargo) = both.ok_or_else(|| {
            let message = format!("{} has no version to count from", one.members.join(", "));
            Error::refused(message, "cargo pyx release version 0.1.0")
        })?;
        Ok(Self { python, cargo })
    }

    fn for_cargo(&self, cargo: bool) -> String {
        if cargo {
            self.cargo.to_string()
        } else {
            self.python.to_string()
        }
    }
}

/// The arguments of `release version`.
#[derive(Clone, Debug)]
pub struct VersionRequest {
    pub target: NewVersion,
    /// Whether a lower version may be set.
    pub force: bool,
}

/// What will be done, and what is left out.
#[derive(Debug, Default)]
pub struct VersionPlan {
    pub plan: Plan,
    /// Cargo.locks that cargo would write in another order or in another form, absolute: left to cargo.
    pub left: BTreeSet<Utf8PathBuf>,
}

/// `root`: the folder that paths are shown relative to. `texts`: every file that states a version.
///
/// # Errors
/// [`Error::Refused`] for a lower version, for several versions that would become one, and for a requirement
/// that is too wide to be rewritten.
pub fn version(
    request: &VersionRequest,
    versions: &[Versioned],
    root: &Utf8Path,
    texts: &BTreeMap<Utf8PathBuf, String>,
) -> Result<VersionPlan> {
    if matches!(request.target, NewVersion::Exactly(_)) {
        refuse_several(versions)?;
    }
    let mut changes: BTreeMap<&Utf8Path, Vec<(&Statement, String)>> = BTreeMap::new();
    let mut subjects = Vec::new();
    let mut left = BTreeSet::new();
    for one in versions {
        let target = match &request.target {
            NewVersion::Exactly(spelled) => spelled.clone(),
            NewVersion::Next(bump) => BothVersions::next(*bump, one)?,
        };
        if !request.force {
            refuse_lower(one, &target)?;
        }
        for said in &one.statements {
            let Some(new) = rewritten(one, said, &target)? else {
                continue;
            };
            if is_cargos(said, &target.cargo) {
                left.insert(said.path.clone());
            } else {
                changes.entry(&said.path).or_default().push((said, new));
            }
        }
        subjects.push(format!("{} {}", one.members.join(", "), target.python));
    }
    let mut changed = changes
        .iter()
        .map(|(path, changes)| edit(path, changes, root, texts))
        .collect::<Result<Vec<Edit>>>()?;
    changed.retain(|edit| !left.contains(&edit.path));
    let plan = edits("Setting", &subjects.join("; "), changed);
    Ok(VersionPlan { plan, left })
}

/// Whether an entry of a Cargo.lock would move, or be named differently by others.
fn is_cargos(said: &Statement, new: &semver::Version) -> bool {
    let old = semver::Version::parse(&said.text).ok();
    let moves = |rival: &semver::Version| {
        let new = new.cmp(rival);
        new == Ordering::Equal || old.as_ref().map(|old| old.cmp(rival)) != Some(new)
    };
    said.rivals.iter().any(moves)
}

fn refuse_several(versions: &[Versioned]) -> Result<()> {
    let [first, rest @ ..] = versions else {
        return Ok(());
    };
    let Some(other) = rest.iter().find(|other| other.version != first.version) else {
        return Ok(());
    };
    let name = |one: &Versioned| {
        let version = one.version.as_ref().map(|version| format!(" is {version}"));
        one.members.join(", ") + &version.unwrap_or_default()
    };
    let message = format!("{}, but {}", name(first), name(other));
    let hint = format!("choose with `-p {}`", first.members.join(" -p "));
    Err(Error::refused(message, hint))
}

fn refuse_lower(one: &Versioned, target: &BothVersions) -> Result<()> {
    match &one.version {
        Some(present) if target.python < *present => {
            let message = format!("{} is lower than the current {present}", target.python);
            Err(Error::refused(message, "pass `--force` to set it anyway"))
        }
        _ => Ok(()),
    }
}

/// What a statement becomes; `None` if it stays.
fn rewritten(one: &Versioned, said: &Statement, target: &BothVersions) -> Result<Option<String>> {
    if said.kind == StatementKind::Requirement {
        return required(one, said, &target.cargo);
    }
    let present = said.version();
    let follows = said.kind != StatementKind::Dunder || present == one.version;
    let stays = present.as_ref() == Some(&target.python) || !follows;
    Ok((!stays).then(|| target.for_cargo(said.kind.is_cargo())))
}

/// A requirement on exactly the current version is updated, and so is one that would exclude the new one; its
/// operator stays.
fn required(one: &Versioned, said: &Statement, new: &semver::Version) -> Result<Option<String>> {
    let number = said.text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let operator = &said.text[..said.text.len() - number.len()];
    let is_present = one
        .statements
        .iter()
        .any(|other| other.kind == StatementKind::Cargo && other.text == number);
    let admits = VersionReq::parse(&said.text).is_ok_and(|asked| asked.matches(new));
    if admits && (!is_present || number == new.to_string()) {
        return Ok(None);
    }
    if number.contains(',') || operator.contains(['<', '>']) {
        let message = format!(
            "{}:{}: `{}` would exclude {new}",
            said.path, said.line, said.text
        );
        return Err(Error::refused(message, "change that requirement first"));
    }
    Ok(Some(format!("{operator}{new}")))
}

fn edit(
    path: &Utf8Path,
    changes: &[(&Statement, String)],
    root: &Utf8Path,
    texts: &BTreeMap<Utf8PathBuf, String>,
) -> Result<Edit> {
    let before = texts.get(path).cloned().unwrap_or_default();
    let is_there = |said: &Statement| {
        before
            .get(said.span.clone())
            .is_some_and(|at| at.contains(&said.text))
    };
    if !changes.iter().all(|(said, _)| is_there(said)) {
        return Err(ProjectError::Changed(path.to_owned()).into());
    }
    let strings: Vec<_> = changes
        .iter()
        .map(|(said, new)| (said.span.clone(), new.clone()))
        .collect();
    let changes = changes.iter().map(|(said, new)| Change {
        line: said.line,
        from: said.text.clone(),
        to: new.clone(),
    });
    Ok(Edit {
        path: path.to_owned(),
        shown: shown(root, path),
        after: Some(with_strings(&before, &strings)),
        before: Some(before),
        changes: changes.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::slashed;
    use crate::plan::action::Action;

    /// A version that each text states once, between quotes.
    fn stated(
        version: &str,
        files: &[(StatementKind, &str, &str)],
    ) -> (Versioned, BTreeMap<Utf8PathBuf, String>) {
        let statements = files.iter().map(|(kind, name, text)| {
            let start = text.find('"').unwrap();
            let end = text.rfind('"').unwrap();
            Statement {
                kind: *kind,
                path: Utf8Path::new("/p").join(name),
                span: start..end + 1,
                line: 1,
                text: text[start + 1..end].to_owned(),
                rivals: Vec::new(),
            }
        });
        let one = Versioned {
            members: vec!["one".into()],
            version: version::parse(version),
            statements: statements.collect(),
            is_private: false,
            is_shared: false,
        };
        let texts = files
            .iter()
            .map(|(_, name, text)| (Utf8Path::new("/p").join(name), (*text).to_owned()));
        (one, texts.collect())
    }

    fn planned(
        target: &str,
        version_text: &str,
        files: &[(StatementKind, &str, &str)],
    ) -> Result<Vec<String>> {
        let (one, texts) = stated(version_text, files);
        let target = match target {
            "minor" => NewVersion::Next(Bump::Minor),
            text => NewVersion::Exactly(BothVersions::parse(text)?),
        };
        let request = VersionRequest {
            target,
            force: false,
        };
        let plan = version(&request, &[one], Utf8Path::new("/p"), &texts)?.plan;
        let edits = plan.steps.iter().flat_map(|step| match &step.action {
            Action::Edit(edits) => edits
                .iter()
                .map(|edit| format!("{}: {}", edit.shown, edit.after.as_ref().unwrap()))
                .collect(),
            _ => Vec::new(),
        });
        Ok(edits.collect())
    }

    #[test]
    fn each_file_gets_its_own_spelling() {
        let files = [
            (
                StatementKind::PyProject,
                "pyproject.toml",
                "version = \"0.1.0\"",
            ),
            (
                StatementKind::Cargo,
                "Cargo.toml",
                "version = \"0.1.0\" # here",
            ),
            (
                StatementKind::Dunder,
                "one/__init__.py",
                "__version__ = \"0.1.0\"",
            ),
            (StatementKind::UvLock, "uv.lock", "version = \"0.1.0\""),
        ];
        for target in ["0.2.0-rc.1", "0.2.0rc1", "0.2.0.rc.1"] {
            assert_eq!(
                planned(target, "0.1.0", &files).unwrap(),
                [
                    "Cargo.toml: version = \"0.2.0-rc.1\" # here",
                    "one/__init__.py: __version__ = \"0.2.0rc1\"",
                    "pyproject.toml: version = \"0.2.0rc1\"",
                    "uv.lock: version = \"0.2.0rc1\"",
                ],
                "{target}"
            );
        }
        assert_eq!(
            planned("minor", "0.1.0", &files).unwrap()[0],
            "Cargo.toml: version = \"0.2.0\" # here"
        );
        assert_eq!(planned("0.1.0", "0.1.0", &files).unwrap(), [""; 0]);
    }

    #[test]
    fn a_literal_that_was_another_version_stays() {
        let files = [
            (StatementKind::Cargo, "Cargo.toml", "version = \"0.1.0\""),
            (
                StatementKind::Dunder,
                "one/__init__.py",
                "__version__ = \"7\"",
            ),
        ];
        let edits = planned("0.2.0", "0.1.0", &files).unwrap();
        assert_eq!(edits, ["Cargo.toml: version = \"0.2.0\""]);
    }

    #[test]
    fn requirements_follow_where_they_must() {
        let moved = |asked: &str, target: &str| {
            let asked = format!("one = \"{asked}\"");
            let files = [
                (StatementKind::Cargo, "Cargo.toml", "version = \"0.1.0\""),
                (StatementKind::Requirement, "other/Cargo.toml", &*asked),
            ];
            planned(target, "0.1.0", &files).map(|edits| edits.get(1).cloned().unwrap_or_default())
        };
        for (asked, target, after) in [
            ("0.1.0", "0.1.1", "0.1.1"),
            ("=0.1.0", "0.1.1", "=0.1.1"),
            ("0.1", "0.1.1", ""),
            ("*", "0.2.0", ""),
            ("^0.1", "0.2.0", "^0.2.0"),
            (">=0.1, <1", "0.2.0", ""),
        ] {
            let expected = match after {
                "" => String::new(),
                after => format!("other/Cargo.toml: one = \"{after}\""),
            };
            assert_eq!(moved(asked, target).unwrap(), expected, "{asked} {target}");
        }
        let refused = moved(">=0.1, <0.2", "0.2.0").unwrap_err();
        assert_eq!(
            slashed(refused.to_string().as_ref()),
            "/p/other/Cargo.toml:1: `>=0.1, <0.2` would exclude 0.2.0"
        );
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_hint() {
        let files = [(StatementKind::Cargo, "Cargo.toml", "version = \"0.2.0\"")];
        let says = |target: &str| {
            let error = planned(target, "0.2.0", &files).unwrap_err();
            format!("{error}; {}", error.hint().unwrap())
        };
        assert_eq!(
            says("0.1.9"),
            "0.1.9 is lower than the current 0.2.0; pass `--force` to set it anyway"
        );
        assert_eq!(
            says("0.3.0-nightly"),
            "`0.3.0-nightly` is not a valid Python version; write it as 1.2.3, 1.2.3-rc.1 or 1.2.3rc1; also \
             alpha, beta, dev and post"
        );
        assert!(says("1!1.0").starts_with("`1!1.0` is not a valid cargo version"));
    }

    #[test]
    fn several_versions_do_not_become_one_by_accident() {
        let (one, mut texts) = stated("0.1.0", &[(StatementKind::Cargo, "a.toml", "\"0.1.0\"")]);
        let (mut two, more) = stated("0.2.0", &[(StatementKind::Cargo, "b.toml", "\"0.2.0\"")]);
        two.members = vec!["two".into()];
        texts.extend(more);
        let both = [one, two];
        let request = |target| VersionRequest {
            target,
            force: false,
        };
        let exactly = request(NewVersion::Exactly(BothVersions::parse("0.3.0").unwrap()));
        let error = version(&exactly, &both, Utf8Path::new("/p"), &texts).unwrap_err();
        assert_eq!(error.to_string(), "one is 0.1.0, but two is 0.2.0");
        assert_eq!(error.hint().unwrap(), "choose with `-p one`");
        let next = request(NewVersion::Next(Bump::Patch));
        let plan = version(&next, &both, Utf8Path::new("/p"), &texts)
            .unwrap()
            .plan;
        assert_eq!(plan.steps[0].subject, "one 0.1.1; two 0.2.1");
    }

    #[test]
    fn a_dry_run_is_a_patch() {
        let text = "[package]\nname = 'x'\nversion = \"0.1.0\"\n\n[lib]\n";
        let (one, texts) = stated("0.1.0", &[(StatementKind::Cargo, "Cargo.toml", text)]);
        let target = NewVersion::Exactly(BothVersions::parse("0.2.0").unwrap());
        let plan = version(
            &VersionRequest {
                target,
                force: false,
            },
            &[one],
            Utf8Path::new("/p"),
            &texts,
        );
        insta::assert_snapshot!(plan.unwrap().plan.to_string(), @r#"
        # Setting one 0.2.0
        --- a/Cargo.toml
        +++ b/Cargo.toml
        @@ -1,5 +1,5 @@
         [package]
         name = 'x'
        -version = "0.1.0"
        +version = "0.2.0"
         
         [lib]
        "#);
    }

    #[test]
    fn a_lock_that_cargo_would_write_anew_is_left_to_it() {
        let text = "version = \"0.3.0\"";
        let lock = (StatementKind::CargoLock, "Cargo.lock", text);
        let (mut one, texts) = stated("0.3.0", &[(StatementKind::Cargo, "Cargo.toml", text), lock]);
        for (rival, target, left) in [
            ("0.9.0", "0.4.0", false),
            ("0.9.0", "1.0.0", true),
            ("0.9.0", "0.9.0", true),
            ("0.3.0", "0.4.0", true),
            ("0.1.0", "0.4.0", false),
        ] {
            one.statements[1].rivals = vec![semver::Version::parse(rival).unwrap()];
            let target = NewVersion::Exactly(BothVersions::parse(target).unwrap());
            let request = VersionRequest {
                target,
                force: false,
            };
            let settled = version(&request, &[one.clone()], Utf8Path::new("/p"), &texts).unwrap();
            let Action::Edit(edits) = &settled.plan.steps[0].action else {
                panic!("{:?}", settled.plan);
            };
            assert_eq!(settled.left.len() + edits.len(), 2);
            assert_eq!(
                settled.left.contains(Utf8Path::new("/p/Cargo.lock")),
                left,
                "{rival}"
            );
        }
    }
}
