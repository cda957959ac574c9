//! What continuous integration has to run for a project.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build::Options;
use crate::facts::project::{Locked, Project};
use crate::facts::shard_report::ShardReport;
use crate::facts::supported_pythons::SupportedPythons;
use crate::facts::{Durations, Request};
use crate::model::error::{Error, Result};
use crate::model::minor::{Minor, NEWEST_PYTHON};
use crate::world::disk;
use crate::world::session::Session;

/// The oldest CPython that anybody still builds for.
const FIRST: u64 = 7;

/// So many seconds of tests are worth a machine of their own: less goes into getting it ready.
const WORTH_A_MACHINE: f64 = 120.0;
/// More jobs of one kind than this only wait for each other.
const MOST_SHARDS: u32 = 10;

/// Recorded seconds under version control, relative to the project's root.
pub const RECORDED: &str = "test-durations.json";

/// What continuous integration runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CiPlan {
    /// The versions of CPython that the project is for, as `3.12`, oldest first.
    pub pythons: Vec<String>,
    /// Into how many parts the tests of each are split.
    pub shards: u32,
    /// Whether recorded seconds of the tests are under version control, in [`RECORDED`].
    pub has_durations: bool,
    /// Where shards leave their reports, relative to the root of the repository.
    pub reports: Utf8PathBuf,
    /// Whether a wheel is for one version of Python, so that one is built for each.
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
        let requires = project.requires_python();
        let is_for = |minor: &Minor| {
            let version = pep440_rs::Version::new([minor.0, minor.1]);
            // a bound within a minor version leaves the later ones of it
            let last = pep440_rs::Version::new([minor.0, minor.1, 99]);
            let allowed = requires
                .iter()
                .all(|it| it.contains(&version) || it.contains(&last));
            let built = supported.iter().all(|it| {
                it.oldest.is_none_or(|oldest| oldest <= *minor)
                    && it.newest.is_none_or(|newest| *minor <= newest)
            });
            allowed && built
        };
        let all = (FIRST..=NEWEST_PYTHON.1).map(|minor| (NEWEST_PYTHON.0, minor));
        let pythons = all
            .filter(is_for)
            .map(|(major, minor)| format!("{major}.{minor}"));
        let pythons: Vec<String> = pythons.collect();
        if pythons.is_empty() {
            let message = "no version of Python is allowed by requires-python and PyO3 together";
            return Err(Error::Usage(message.to_owned()));
        }
        let recorded = project.root.join(RECORDED);
        let has_durations = disk::is_file(&recorded);
        let known = match durations {
            Some(path) => Durations::read(path)?,
            None if has_durations => Durations::read(&recorded)?,
            // a cache of ours: what cannot be read says nothing
            None => Durations::read(&Durations::path(&project)).unwrap_or_default(),
        };
        Ok(Self {
            pythons,
            shards: shards(known.total()),
            has_durations,
            reports: ShardReport::folder(&project)
                .strip_prefix(project.checkout())
                .map_or_else(|_| ShardReport::folder(&project), Utf8Path::to_owned),
            wheel_for_each: project.members.iter().any(|member| {
                let options = Options::new(member, None, &request.build);
                let locked = Locked::gather(&project.manifests, member, &options.features);
                member.bindings.is_pyo3() && locked.abi_floor.is_none()
            }),
        })
    }
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
    fn a_shard_is_worth_its_machine() {
        for (seconds, expected) in [(0.0, 1), (239.0, 1), (240.0, 2), (700.0, 5), (1e6, 10)] {
            assert_eq!(shards(seconds), expected, "{seconds}");
        }
    }
}
