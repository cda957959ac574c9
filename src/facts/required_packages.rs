//! The packages that an environment must hold, and why they must be installed.

use camino::Utf8PathBuf;

use crate::facts::dependencies::Dependencies;
use crate::facts::fingerprint::{self, EnvironmentRecord, Input, SyncRecord};
use crate::facts::local_distributions::LocalDistribution;
use crate::facts::project::Project;
use crate::model::reason::Reason;
use crate::world::session::Session;

/// The names of the environment's sync records.
pub const DEV: &str = "dev";
pub const TEST: &str = "test";
pub const DEVELOPERS: &str = "developers";

#[derive(Clone, Debug, Default)]
pub struct RequiredPackages {
    pub dependencies: Dependencies,
    /// Why they must be installed; `None` if they are.
    pub stale: Option<Reason>,
    /// Those from this machine's files that changed, which uv would consider installed.
    pub reinstalled: Vec<String>,
}

impl RequiredPackages {
    /// `all`: why everything is to be done again.
    pub(super) fn judge(
        dependencies: Dependencies,
        name: &str,
        record: &EnvironmentRecord,
        all: Option<&Reason>,
        session: &Session,
        project: &Project,
    ) -> Self {
        let compare = || {
            let Some(then) = record.syncs.get(name) else {
                return Some(Reason::First {
                    what: format!("packages for {name}"),
                });
            };
            fingerprint::stale_settings(&then.settings, &dependencies.settings)
                .or_else(|| fingerprint::stale(&then.inputs, session))
                .or_else(|| unjudged_lock(then, &dependencies.locks_judged_by, session))
                .map(|reason| reason.relative_to(&project.root))
        };
        let stale = all.cloned().or_else(compare);
        Self {
            dependencies,
            stale,
            reinstalled: Vec::new(),
        }
    }

    /// Finds out which distributions from this machine's files changed since they were installed.
    pub(super) fn look_at_local(
        &mut self,
        session: &Session,
        record: Option<&SyncRecord>,
        local: &[LocalDistribution],
    ) {
        let (Some(record), Some(_)) = (record, &self.stale) else {
            return;
        };
        let is_stale = |one: &&LocalDistribution| {
            let is_own =
                |input: &&Input| input.path().is_some_and(|path| path.starts_with(&one.from));
            let mut own = record.inputs.iter().filter(is_own).peekable();
            own.peek().is_none() || own.any(|input| input.stale(session).is_some())
        };
        let changed = local.iter().filter(is_stale);
        self.reinstalled = changed.map(|one| one.name.clone()).collect();
    }
}

/// Why uv is to be asked whether its locks are up to date.
fn unjudged_lock(
    record: &SyncRecord,
    judged_by: &[Utf8PathBuf],
    session: &Session,
) -> Option<Reason> {
    judged_by.iter().find_map(|path| {
        let mut known = record.locks_judged_by.iter();
        match known.find(|input| input.is_of(path)) {
            Some(input) => input.stale(session),
            None => Some(Reason::First {
                what: "whether `uv.lock` is up to date".into(),
            }),
        }
    })
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::facts::dependencies::{Source, Sync};
    use crate::world::disk;

    #[test]
    fn a_lock_that_uv_has_not_judged_as_it_is_now_is_judged_where_that_is_demanded() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let write =
            |name: &str, text: &str| disk::write(&root.join(name), text.as_bytes()).unwrap();
        let lock = "[[package]]\nname = 'own'\nsource = { virtual = '.' }\n\
                    [[package]]\nname = 'other'\nsource = { editable = 'other' }\n";
        write("uv.lock", lock);
        write("pyproject.toml", "[project]\nversion = '1'\n");
        let project = Project::default();
        let mut demanded = Dependencies {
            syncs: vec![Sync::of(Source::Lock(root.join("uv.lock")))],
            ..Dependencies::default()
        };
        let asked = demanded.clone();
        demanded.demand_current_locks(&project);
        let session = Session::default();
        let why = |record: &SyncRecord, wanted: &Dependencies| {
            let record = EnvironmentRecord {
                syncs: [(DEV.to_owned(), record.clone())].into(),
                ..EnvironmentRecord::default()
            };
            let wanted = wanted.clone();
            let judged = RequiredPackages::judge(wanted, DEV, &record, None, &session, &project);
            judged.stale.map(|reason| reason.to_string())
        };
        let unjudged = SyncRecord::default();
        assert_eq!(why(&unjudged, &asked), None);
        let said = "no record of whether `uv.lock` is up to date";
        assert_eq!(why(&unjudged, &demanded).as_deref(), Some(said));
        let files = demanded.locks_judged_by.iter();
        let judged = SyncRecord {
            locks_judged_by: files.map(|path| Input::file(path, None)).collect(),
            ..SyncRecord::default()
        };
        assert_eq!(why(&judged, &demanded), None);
        assert_eq!(why(&judged, &asked), None);
        for file in ["uv.toml", "pyproject.toml", "other/pyproject.toml"] {
            write(file, "[project]\nversion = '2'\n");
            let said = why(&judged, &demanded).unwrap().replace('\\', "/");
            assert!(said.contains(file), "{said}");
            assert_eq!(why(&judged, &asked), None);
        }
    }
    #[test]
    fn a_distribution_is_installed_anew_whichever_of_its_files_changed() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let files = ["pyproject.toml", "src/lib.rs"].map(|name| root.join(name));
        let local = LocalDistribution {
            name: "mylib".into(),
            from: root.to_owned(),
            is_editable: true,
        };
        for changed in &files {
            for file in &files {
                disk::write(file, b"one").unwrap();
            }
            let record = SyncRecord {
                inputs: files.iter().map(|file| Input::file(file, None)).collect(),
                ..SyncRecord::default()
            };
            let found = || {
                let mut packages = RequiredPackages {
                    stale: Some(Reason::Interrupted),
                    ..RequiredPackages::default()
                };
                let local = std::slice::from_ref(&local);
                packages.look_at_local(&Session::default(), Some(&record), local);
                packages.reinstalled
            };
            assert!(found().is_empty());
            disk::write(changed, b"two").unwrap();
            assert_eq!(found(), ["mylib"], "{changed}");
        }
    }
}
