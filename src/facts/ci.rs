//! What continuous integration has to run for a project.

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::VersionSpecifiers;

use crate::facts::build::Options;
use crate::facts::project::{Locked, Project};
use crate::facts::shard_report::ShardReport;
use crate::facts::supported_pythons::SupportedPythons;
use crate::facts::{Durations, RECORDED, Request};
use crate::model::admitted;
use crate::model::error::{Error, Result};
use crate::model::file_edit::Edit;
use crate::model::minor::{Minor, NEWEST_PYTHON};
use crate::model::path::{relative, slashed, within};
use crate::world::disk;
use crate::world::git::Git;
use crate::world::session::Session;

/// The oldest CPython that anybody still builds for.
const FIRST: u64 = 7;

/// So many seconds of tests are worth a machine of their own: less goes into getting it ready.
const WORTH_A_MACHINE: f64 = 120.0;
/// GitHub runs no more jobs of one matrix.
const MOST_ROWS: u32 = 256;
/// On how many systems each is run.
const SYSTEMS: u32 = 3;
/// More jobs of one kind than this only wait for each other.
const MOST_SHARDS: u32 = 10;

/// What continuous integration runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CiPlan {
    /// The versions of CPython that the project is for, oldest first: `3.12`, or `3.12.1` where requires-python
    /// allows no later release of it.
    pub pythons: Vec<String>,
    /// Into how many parts the tests of each are split.
    pub shards: u32,
    /// Where jobs are run, as the project is what is found there: its folder, relative to the root of the
    /// repository; empty for the root itself.
    pub folder: String,
    /// Recorded seconds of the tests that are under version control, relative to `folder`.
    pub durations: Option<String>,
    /// Where shards leave their reports, relative to the root of the repository.
    pub reports: String,
    /// Whether there are distributions to release.
    pub is_released: bool,
    /// What the project says of the platform tag of wheels for Linux.
    pub compatibility: Option<String>,
    /// Whether a wheel is for one version of Python, so that one is built for each; not where the project says
    /// itself for which, as `release wheel` obeys that.
    pub wheel_for_each: bool,
}

impl CiPlan {
    /// `durations`: recorded seconds of the tests, absolute; else those in [`RECORDED`], else those of the
    /// last run.
    ///
    /// # Errors
    /// [`Error::Usage`] where no Python is allowed, and for durations that cannot be read.
    pub fn gather(
        session: &Session,
        request: &Request,
        durations: Option<&Utf8PathBuf>,
    ) -> Result<Self> {
        let project = Project::discover(session, &request.selection())?;
        let supported = SupportedPythons::of_project(session, &project, request);
        let pythons = pythons(&project.requires_python(), &supported);
        if pythons.is_empty() {
            let message = "requires-python and PyO3 have no Python version in common";
            return Err(Error::Usage(message.to_owned()));
        }
        let release = &project.config.release;
        let folder = in_checkout(&project, &project.root).unwrap_or_default();
        let recorded = recorded(session, &project);
        let known = match (durations, &recorded) {
            (Some(path), _) => Durations::present(path)?,
            (None, Some(recorded)) => Durations::read(recorded)?,
            // a cache of ours: what cannot be read says nothing
            (None, None) => Durations::read(&Durations::path(&project)).unwrap_or_default(),
        };
        let rows = SYSTEMS * u32::try_from(pythons.len()).unwrap_or(u32::MAX);
        Ok(Self {
            pythons,
            shards: shards(known.total()).min(MOST_ROWS / rows).max(1),
            durations: recorded.map(|recorded| relative(&project.root, &recorded)),
            reports: in_checkout(&project, &ShardReport::folder(&project))
                .unwrap_or_else(|| within(&folder, "target/pyx/shards")),
            folder,
            is_released: project.members.iter().any(|it| it.pyproject.is_some()),
            compatibility: release.compatibility.clone(),
            wheel_for_each: release.pythons.is_empty()
                && project.members.iter().any(|member| {
                    let options = Options::new(member, None, &request.build);
                    let locked =
                        Locked::gather(&project.manifests, member, options.feature_selection());
                    member.bindings.is_pyo3() && locked.stable_abis.abi3_floor().is_none()
                }),
        })
    }
}

/// One of each minor version, as `--python` takes it: where not all of its releases are allowed, the newest
/// that is.
fn pythons(requires: &[VersionSpecifiers], supported: &[SupportedPythons]) -> Vec<String> {
    let all = (FIRST..=NEWEST_PYTHON.1).map(|minor| (NEWEST_PYTHON.0, minor));
    let is_built = |minor: &Minor| supported.iter().all(|it| it.cpython.contains(*minor));
    all.filter(is_built)
        .filter_map(|minor| admitted::request(requires, minor))
        .collect()
}

/// How each file begins that pyx writes for continuous integration.
const OURS: &str = "# What `cargo pyx ";

/// The edit that has a file hold `after`; `root`: of the repository, absolute. `names`: its name, and that
/// which it gets where somebody else's has the first.
///
/// # Errors
/// [`Error::Usage`] where both are somebody else's.
pub fn ci_edit(root: &Utf8Path, names: [&str; 2], after: String) -> Result<Edit> {
    for shown in names {
        let path = root.join(shown);
        let before = disk::read_text(&path)?;
        if before.as_ref().is_none_or(|text| text.starts_with(OURS)) {
            return Ok(Edit {
                path,
                shown: shown.into(),
                before,
                after: Some(after),
                changes: Vec::new(),
            });
        }
    }
    let message = format!("`{}` were not written by cargo pyx", names.join("` and `"));
    Err(Error::Usage(message))
}

/// The recorded seconds of the tests that are under version control, absolute: beside the project, else at
/// the root of the repository.
fn recorded(session: &Session, project: &Project) -> Option<Utf8PathBuf> {
    let mut folders = [&*project.root, project.checkout()].into_iter();
    let dir = folders.find(|dir| {
        let git = Git { session, dir };
        disk::is_file(&dir.join(RECORDED)) && git.tracks(RECORDED).unwrap_or_default()
    })?;
    Some(dir.join(RECORDED))
}

/// As it is written on any system; `None` where it is elsewhere, as on this machine alone.
fn in_checkout(project: &Project, path: &Utf8Path) -> Option<String> {
    let below = path.strip_prefix(project.checkout()).ok()?;
    Some(slashed(below))
}

/// As many as are worth it.
fn shards(seconds: f64) -> u32 {
    let mut count = 1;
    while count < MOST_SHARDS && seconds / f64::from(count + 1) >= WORTH_A_MACHINE {
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_is_tested_on_in_a_release_that_requires_python_allows() {
        for (requires, expected) in [
            (">=3.13", "3.13 3.14 3.15"),
            ("==3.12.1", "3.12.1"),
            (">=3.11,<=3.12", "3.11 3.12.0"),
            ("<3", ""),
        ] {
            let found = pythons(&[requires.parse().unwrap()], &[]);
            assert_eq!(found.join(" "), expected, "{requires}");
        }
    }

    #[test]
    fn a_shard_is_worth_its_machine() {
        for (seconds, expected) in [(0.0, 1), (239.0, 1), (240.0, 2), (700.0, 5), (1e6, 10)] {
            assert_eq!(shards(seconds), expected, "{seconds}");
        }
    }
}
