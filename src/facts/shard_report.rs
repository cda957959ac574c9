//! What one shard of the tests reports about itself.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::facts::project::Project;
use crate::facts::request::{Request, Testing};
use crate::model::error::{Error, Result};
use crate::model::path::slashed;
use crate::model::shard::Shard;
use crate::model::test_result::TestResult;
use crate::world::disk;
use crate::world::git::Git;
use crate::world::session::Session;

/// The version of the report format.
const SCHEMA: u32 = 1;

/// The tests of one shard on one machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardReport {
    pub(super) schema: u32,
    pub shard: Shard,
    /// The project's name.
    pub project: String,
    pub(super) origin: Origin,
    /// The system and the processor: `linux x86_64`.
    pub(super) machine: String,
    /// The value of `--python`.
    pub pythons: Vec<String>,
    pub test_results: Vec<TestResult>,
    pub seconds: f64,
    /// Whether all its tests passed.
    pub passed: bool,
    /// Why they did not run, or did not finish.
    #[serde(default)]
    pub error: Option<String>,
}

/// What all shards must have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The commit that is checked out; `None` outside of git.
    pub(super) commit: Option<String>,
    /// The SHA-256 of each lock file, by its path relative to the project.
    pub(super) locks: BTreeMap<String, String>,
    /// The SHA-256 of the recorded durations.
    pub(super) durations: Option<String>,
    /// What was asked for, apart from the shard.
    pub(super) request: Vec<String>,
}

impl Origin {
    pub fn gather(session: &Session, project: &Project, request: &Request) -> Self {
        let git = Git {
            session,
            dir: &project.root,
        };
        let commit = git.ask(vec!["rev-parse".into(), "HEAD".into()]).ok();
        let workspaces = project.members.iter().map(|member| &member.workspace);
        let locks = workspaces.map(|dir| dir.join("Cargo.lock"));
        let locks: BTreeSet<Utf8PathBuf> = locks.chain([project.home.join("uv.lock")]).collect();
        let hashed = locks.iter().filter_map(|path| {
            let name = slashed(&project.display(path));
            Some((name, digest(path)?))
        });
        let testing = request.testing();
        Self {
            commit: commit
                .map(|it| it.trim().to_owned())
                .filter(|it| !it.is_empty()),
            locks: hashed.collect(),
            durations: testing
                .and_then(|it| it.reporting.durations.as_ref())
                .and_then(|path| digest(path)),
            request: testing.map(|it| words(request, it)).unwrap_or_default(),
        }
    }

    /// How two of them differ, for people.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        if self.commit != other.commit {
            let (one, two) = (said(&self.commit), said(&other.commit));
            return Some(format!("commit {one} and commit {two}"));
        }
        let names: BTreeSet<&String> = self.locks.keys().chain(other.locks.keys()).collect();
        let mut names = names.into_iter();
        if let Some(name) = names.find(|name| self.locks.get(*name) != other.locks.get(*name)) {
            return Some(format!("a different `{name}`"));
        }
        if self.durations != other.durations {
            return Some("different `--durations`".to_owned());
        }
        let (one, two) = (self.request.join(" "), other.request.join(" "));
        (one != two).then(|| format!("`{one}` and `{two}`"))
    }
}

/// Of a text, ignoring line endings: a checkout on Windows may have its own.
fn digest(path: &Utf8Path) -> Option<String> {
    let text = disk::read_text(path).ok()??;
    Some(disk::digest(text.replace("\r\n", "\n").as_bytes()))
}

/// The options that decide which tests there are and what they run against.
fn words(request: &Request, testing: &Testing) -> Vec<String> {
    let build = &request.build;
    let mut words = vec![format!("{:?}", testing.languages).to_lowercase()];
    words.extend(testing.wheel.then(|| "--wheel".to_owned()));
    words.extend(request.workspace.then(|| "--workspace".to_owned()));
    let lists = [
        ("-p", &request.members),
        ("--exclude", &request.excluded),
        ("-F", &build.features),
    ];
    for (flag, list) in lists {
        words.extend(list.iter().map(|one| format!("{flag} {one}")));
    }
    words.extend(build.profile.iter().map(|name| format!("--profile {name}")));
    words.extend(build.all_features.then(|| "--all-features".to_owned()));
    words.extend(
        build
            .no_default_features
            .then(|| "--no-default-features".to_owned()),
    );
    let wanted = &request.wanted;
    let lists = [
        ("--group", &wanted.groups),
        ("--no-group", &wanted.without_groups),
        ("--extra", &wanted.extras),
        ("--config", &build.cargo.config),
        ("-Z", &build.cargo.unstable),
    ];
    for (flag, list) in lists {
        words.extend(list.iter().map(|one| format!("{flag} {one}")));
    }
    words.extend(wanted.all_groups.then(|| "--all-groups".to_owned()));
    words.extend(wanted.all_extras.then(|| "--all-extras".to_owned()));
    words.extend(testing.arguments.iter().map(|word| format!("-- {word}")));
    words
}

/// Part of a file's name.
fn on(pythons: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let plain = |word: &String| word.replace(|c| !is_plain(c), "_");
    let words: Vec<String> = pythons.iter().map(plain).collect();
    words
        .iter()
        .fold(String::new(), |all, word| all + "-python" + word)
}

impl ShardReport {
    /// A report without tests yet, which have not passed.
    pub fn new(shard: Shard, project: &Project, origin: Origin) -> Self {
        let first = project.members.first();
        Self {
            schema: SCHEMA,
            shard,
            project: first.map(|member| member.name.clone()).unwrap_or_default(),
            origin,
            machine: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            pythons: Vec::new(),
            test_results: Vec::new(),
            seconds: 0.0,
            passed: false,
            error: None,
        }
    }

    /// Where a shard's report is put, absolute. Those of several interpreters are in one folder, as when
    /// unpacked from CI's storage.
    ///
    /// `pythons`: the value of `--python`.
    pub fn path(project: &Project, shard: Shard, pythons: &[String]) -> Utf8PathBuf {
        let name = format!("{}-of-{}{}.json", shard.index, shard.count, on(pythons));
        Self::folder(project).join(name)
    }

    /// Where the reports of a project's shards are, absolute.
    pub fn folder(project: &Project) -> Utf8PathBuf {
        project.own_state().join("shards")
    }

    /// What must be removed before a shard's report is written, absolute: its own from an earlier run, and
    /// those for another number of shards, with which it does not make a whole.
    pub fn in_the_way(project: &Project, shard: Shard, pythons: &[String]) -> Vec<Utf8PathBuf> {
        let own = Self::path(project, shard, pythons);
        let dir = Self::folder(project);
        let count = format!("-of-{}", shard.count);
        let is_alike = |name: &str| {
            let rest = name.split_once(&count).map(|(_, rest)| rest);
            rest.is_some_and(|rest| rest.starts_with(['.', '-']))
        };
        let names = disk::names(&dir).into_iter();
        let names = names.filter(|name| dir.join(name) == own || !is_alike(name));
        names.map(|name| dir.join(name)).collect()
    }

    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The reports in a folder and in all folders below it.
    ///
    /// # Errors
    /// [`Error::Usage`] if there is none, or one has a newer format.
    pub fn read_all(dir: &Utf8Path) -> Result<Vec<(Utf8PathBuf, Self)>> {
        if !disk::is_dir(dir) {
            return Err(Error::Usage(format!("there is no folder `{dir}`")));
        }
        let mut reports = Vec::new();
        for path in disk::all_files(dir) {
            if path.extension() != Some("json") {
                continue;
            }
            let Some(text) = disk::read_text(&path)? else {
                continue;
            };
            let Ok(report) = serde_json::from_str::<Self>(&text) else {
                continue;
            };
            if report.schema > SCHEMA {
                let message = format!("`{path}` was written by a newer cargo-pyx");
                return Err(Error::Usage(message));
            }
            reports.push((path, report));
        }
        if reports.is_empty() {
            let message = format!(
                "no shard report in `{dir}`: `cargo pyx test --shard` says where it writes one"
            );
            return Err(Error::Usage(message));
        }
        Ok(reports)
    }

    /// The machine and the interpreters, which distinguish the shards of a matrix.
    pub fn row(&self) -> String {
        let pythons = self.test_results.iter();
        let pythons = pythons.filter_map(|it| it.python.as_deref().or(it.on.as_deref()));
        let mut pythons: BTreeSet<&str> = pythons.collect();
        if pythons.is_empty() {
            pythons = self.pythons.iter().map(String::as_str).collect();
        }
        let pythons: Vec<&str> = pythons.into_iter().collect();
        if pythons.is_empty() {
            return self.machine.clone();
        }
        format!("{}, Python {}", self.machine, pythons.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_is_the_same_whatever_its_line_ends() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let digests = ["a\nb\n", "a\r\nb\r\n", "a\nc\n"].map(|text| {
            let path = dir.join("uv.lock");
            disk::write(&path, text.as_bytes()).unwrap();
            digest(&path).unwrap()
        });
        assert_eq!(digests[0], digests[1]);
        assert_ne!(digests[0], digests[2]);
        assert_eq!(digest(&dir.join("absent")), None);
    }
}
