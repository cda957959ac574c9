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

/// The oldest CPython that anyone still builds for.
const FIRST: u64 = 7;

/// This many seconds of tests justify another machine: setting one up takes less.
const WORTH_A_MACHINE: f64 = 120.0;
/// GitHub's limit of jobs in one matrix.
const MOST_ROWS: u32 = 256;
/// The number of systems that each runs on.
const SYSTEMS: u32 = 3;
/// More jobs of one kind than this only wait for each other.
const MOST_SHARDS: u32 = 10;

/// What continuous integration runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CiPlan {
    /// The CPython versions that the project supports, oldest first: `3.12`, or `3.12.1` if requires-python
    /// allows no later release of it.
    pub pythons: Vec<String>,
    /// How many parts the tests of each are split into.
    pub shards: u32,
    /// Where jobs run so that they find the project: its folder, relative to the root of the repository;
    /// empty for the root itself.
    pub folder: String,
    /// Recorded test durations that are under version control, relative to `folder`.
    pub durations: Option<String>,
    /// Where shards leave their reports, relative to the root of the repository.
    pub reports: String,
    /// Whether there are distributions to release.
    pub is_released: bool,
    /// The platform tag of wheels for Linux that the project asks for.
    pub compatibility: Option<String>,
    /// Whether a wheel is for one version of Python, so that one is built for each; not if the project names
    /// the versions itself, which `release wheel` obeys.
    pub wheel_for_each: bool,
}

impl CiPlan {
    /// `durations`: recorded test durations, absolute; else those in [`RECORDED`], else those of the last
    /// run.
    ///
    /// # Errors
    /// [`Error::Usage`] if no Python is allowed, and for durations that cannot be read.
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

/// One for each minor version, as `--python` accepts it: the newest allowed release if not all are allowed.
fn pythons(requires: &[VersionSpecifiers], supported: &[SupportedPythons]) -> Vec<String> {
    let all = (FIRST..=NEWEST_PYTHON.1).map(|minor| (NEWEST_PYTHON.0, minor));
    let is_built = |minor: &Minor| supported.iter().all(|it| it.cpython.contains(*minor));
    all.filter(is_built)
        .filter_map(|minor| admitted::request(requires, minor))
        .collect()
}

/// The beginning of each file that pyx writes for continuous integration.
const OURS: &str = "# What `cargo pyx ";

/// The edit that makes `after` the content of a file; `root`: of the repository, absolute. `names`: its name,
/// and the alternative if someone else's file has the first.
///
/// # Errors
/// [`Error::Usage`] if both are someone else's.
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

/// The recorded test durations that are under version control, absolute: next to the project, else at the
/// root of the repository.
fn recorded(session: &Session, project: &Project) -> Option<Utf8PathBuf> {
    let mut folders = [&*project.root, project.checkout()].into_iter();
    let dir = folders.find(|dir| {
        let git = Git { session, dir };
        disk::is_file(&dir.join(RECORDED)) && git.tracks(RECORDED).unwrap_or_default()
    })?;
    Some(dir.join(RECORDED))
}

/// With forward slashes; `None` if it is elsewhere, on this machine only.
fn in_checkout(project: &Project, path: &Utf8Path) -> Option<String> {
    let below = path.strip_prefix(project.checkout()).ok()?;
    Some(slashed(below))
}

/// As many as are worthwhile.
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
