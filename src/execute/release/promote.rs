//! The whole set goes to `dist/`, or none of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::Wheel;
use crate::facts::release::{
    DistributionKind, Entry, RELEASE_RECORD, ReleaseRecord, SUMS, not_run,
};
use crate::model::error::{ReleaseError, Result};
use crate::model::invocation::Invocation;
use crate::model::test_result::TestResult;
use crate::plan::{Candidate, Promote};
use crate::world::disk;
use crate::world::process;

use super::super::context::Context;
use super::super::report::job_summary;
use super::checks;

/// Makes what was checked and tested the set in `dist/`, and shows it as a table.
///
/// # Errors
/// [`ReleaseError::NotReleased`] if a check or a test failed; `dist/` is unchanged then.
pub(crate) fn promote(context: &Context<'_>, promote: &Promote) -> Result<()> {
    let files: Vec<String> = promote
        .entries
        .iter()
        .map(|one| name(one).to_owned())
        .collect();
    if let Some(failed) = checks::judged(context, &promote.known, &files, &BTreeMap::new()) {
        return Err(ReleaseError::NotReleased(format!("checks failed: {failed}")).into());
    }
    let test_results = context.with(|outcome| outcome.test_results.clone());
    let failures = test_results.iter().filter_map(|test_result| {
        let why = test_result.failure.as_ref()?;
        let on = test_result.on.as_deref().unwrap_or_default();
        Some(format!("{} on {on}: {why}", test_result.member))
    });
    let failures: Vec<String> = failures.collect();
    if !failures.is_empty() {
        return Err(ReleaseError::NotReleased(failures.join("; ")).into());
    }
    for (member, pythons) in untested(&test_results) {
        let pythons = pythons.join(", ");
        context.ui.warn(&format!(
            "no Python test of `{member}` ran on {pythons}; its modules were only imported"
        ));
    }
    let tools = tools(promote)?;
    let old = ReleaseRecord::of(&promote.dist)?;
    let mut record = ReleaseRecord {
        schema: ReleaseRecord::SCHEMA,
        files: kept(&promote.dist, &old, &promote.entries),
    };
    let mut rows = Vec::new();
    for candidate in &promote.entries {
        let entry = completed(context, promote, candidate, &test_results, &tools)?;
        rows.push(row(candidate, &entry, &test_results));
        record.files.insert(name(candidate).to_owned(), entry);
    }
    let gone = gone(&promote.dist, &old, &record);
    write(promote, &old, &record)?;
    for name in gone.removed {
        context.ui.status("Removed", &name);
    }
    for name in gone.changed {
        context.ui.warn(&format!(
            "{name} has changed since it was released: it is kept, but is not part of this release"
        ));
    }
    let head = ["file", "size", "tags", "tested on", "tests", "seconds"];
    context.ui.table(&head, &rows);
    job_summary(context.session, context.ui, &head, &rows);
    Ok(())
}

/// By member: the interpreters on which its suite had no test to run.
fn untested(test_results: &[TestResult]) -> BTreeMap<&str, Vec<&str>> {
    let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for test_result in test_results
        .iter()
        .filter(|test_result| test_result.no_tests.is_some())
    {
        let pythons = members.entry(&test_result.member).or_default();
        pythons.extend(test_result.on.as_deref());
    }
    members
}

fn name(candidate: &Candidate) -> &str {
    candidate.path.file_name().unwrap_or_default()
}

/// Files of an earlier release that the new one no longer has.
struct Gone {
    removed: Vec<String>,
    /// Those that someone has changed.
    changed: Vec<String>,
}

fn gone(dist: &Utf8Path, old: &ReleaseRecord, new: &ReleaseRecord) -> Gone {
    let names = old.files.iter();
    let names = names.filter(|(name, _)| !new.files.contains_key(*name));
    let there = names.filter(|(name, _)| disk::is_file(&dist.join(name)));
    let (removed, changed): (Vec<_>, Vec<_>) =
        there.partition(|(name, entry)| is_released(&dist.join(name), entry));
    let named = |files: Vec<(&String, &Entry)>| files.into_iter().map(|it| it.0.clone()).collect();
    Gone {
        removed: named(removed),
        changed: named(changed),
    }
}

/// What an earlier release of the same version and sources left, as far as it still exists and this one does
/// not replace it. Without a commit, the sdist identifies the sources.
fn kept(dist: &Utf8Path, old: &ReleaseRecord, new: &[Candidate]) -> BTreeMap<String, Entry> {
    let stays = |entry: &Entry| {
        new.iter().all(|candidate| {
            let own = &candidate.entry;
            let is_same = |one: &Option<String>, other| one.is_some() && one == other;
            let sources =
                is_same(&own.commit, &entry.commit) || is_same(&own.source, &entry.source);
            own.distribution != entry.distribution || (own.version == entry.version && sources)
        })
    };
    let files = old.files.iter();
    let files = files.filter(|(name, entry)| stays(entry) && is_released(&dist.join(name), entry));
    files
        .map(|(name, entry)| (name.clone(), entry.clone()))
        .collect()
}

/// Whether a file is what a release put there: other content is someone's work, such as a signature or a
/// repair.
fn is_released(path: &Utf8Path, entry: &Entry) -> bool {
    disk::hash(path).as_ref() == Some(&entry.sha256)
}

/// By name: version and SHA-256 of a program, version of a package.
fn tools(promote: &Promote) -> Result<BTreeMap<String, String>> {
    let mut tools: BTreeMap<String, String> = promote.packages.iter().cloned().collect();
    let own = env!("CARGO_PKG_VERSION");
    tools.insert("cargo-pyx".into(), own.to_owned());
    for (name, path) in &promote.programs {
        let output =
            process::read(&Invocation::new(path.clone(), &promote.dist_parent()).arg("--version"))?;
        let version = output.stdout.lines().next().unwrap_or_default().trim();
        let hash = disk::hash(path).unwrap_or_default();
        tools.insert(name.clone(), format!("{version} sha256:{hash}"));
    }
    Ok(tools)
}

fn completed(
    context: &Context<'_>,
    promote: &Promote,
    candidate: &Candidate,
    test_results: &[TestResult],
    tools: &BTreeMap<String, String>,
) -> Result<Entry> {
    let path = &candidate.path;
    let bytes = disk::read(path)?.unwrap_or_default();
    let file = name(candidate);
    let mut entry = Entry {
        sha256: disk::digest(&bytes),
        size: bytes.len() as u64,
        tools: tools.clone(),
        ..candidate.entry.clone()
    };
    if entry.kind == DistributionKind::Wheel {
        let wheel = Wheel::open(path)?;
        entry.tags = wheel
            .name
            .map(|name| name.tags.expand().into_iter().collect())
            .unwrap_or_default();
        let needed = wheel.binaries.values().filter_map(|b| b.highest("GLIBC"));
        entry.glibc = needed.max().map(|version| {
            let parts: Vec<String> = version.iter().map(ToString::to_string).collect();
            parts.join(".")
        });
    }
    for test_result in own(candidate, test_results) {
        let on = test_result.on.clone().unwrap_or_default();
        let words = format!("{} {}", test_result.kind, test_result.wording());
        if test_result.failure.is_some() {
            entry.failed.insert(on.clone());
        }
        let known = entry.tests.entry(on).or_default();
        if !known.is_empty() {
            known.push_str(", ");
        }
        known.push_str(&words);
    }
    let run = context.with(|outcome| outcome.checks.clone());
    let all = promote.known.iter().chain(&run);
    for one in all.filter(|one| one.file == file) {
        entry.checks.insert(one.check.clone(), one.outcome);
    }
    Ok(entry)
}

/// The tests that ran against a file.
fn own<'a>(
    candidate: &'a Candidate,
    test_results: &'a [TestResult],
) -> impl Iterator<Item = &'a TestResult> {
    test_results.iter().filter(|test_result| {
        let on = test_result.on.as_ref();
        test_result.member == candidate.entry.distribution
            && on.is_some_and(|on| candidate.serves.contains(on))
    })
}

fn row(candidate: &Candidate, entry: &Entry, test_results: &[TestResult]) -> Vec<String> {
    let seconds = own(candidate, test_results).map(|test_result| test_result.seconds);
    let tags: Vec<&str> = entry.tags.iter().map(String::as_str).collect();
    let passed = own(candidate, test_results).map(|t| t.counts.get("passed").unwrap_or(&0));
    let (tests, seconds) = if let Some(why) = &entry.not_run {
        (not_run(why), String::new())
    } else {
        let tests = format!("{} passed", passed.sum::<u64>());
        (tests, format!("{:.1}", seconds.sum::<f64>()))
    };
    vec![
        name(candidate).to_owned(),
        entry.kibibytes(),
        tags.join(" "),
        candidate.serves.join(", "),
        tests,
        seconds,
    ]
}

/// A new `dist/` next to the old one, with what others put there, then swapped in one step. A link stays a
/// link, and the folder that it leads to is swapped.
fn write(promote: &Promote, old: &ReleaseRecord, new: &ReleaseRecord) -> Result<()> {
    let dist = &disk::resolve(&promote.dist);
    let staging = disk::only_staging(dist)?;
    let root = staging.path();
    let generated = [RELEASE_RECORD, SUMS];
    if disk::is_dir(dist) {
        let removed = gone(dist, old, new).removed;
        disk::mirror(dist, root, &|below| {
            let is_removed = removed.iter().any(|name| name == below.as_str());
            is_removed || generated.contains(&below.as_str())
        })?;
    }
    for candidate in &promote.entries {
        disk::replace(&candidate.path, &root.join(name(candidate)))?;
    }
    let text = serde_json::to_string_pretty(new).unwrap_or_default() + "\n";
    disk::write(&root.join(RELEASE_RECORD), text.as_bytes())?;
    disk::write(&root.join(SUMS), sums(new).as_bytes())?;
    let ignore = root.join(".gitignore");
    // where others have files, it would hide these
    let is_ours = promote.is_projects || !old.files.is_empty() || disk::names(dist).is_empty();
    if is_ours && !disk::is_file(&ignore) {
        disk::write(&ignore, b"*\n")?;
    }
    disk::exchange(staging, dist)
}

/// In the format of `sha256sum --check`.
fn sums(record: &ReleaseRecord) -> String {
    let mut text = String::new();
    for (name, entry) in &record.files {
        let _ = writeln!(text, "{}  {name}", entry.sha256);
    }
    text
}

impl Promote {
    fn dist_parent(&self) -> Utf8PathBuf {
        let parent = self.dist.parent();
        parent.map_or_else(|| Utf8PathBuf::from("/"), Utf8Path::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_nothing(dist: &Utf8Path) -> Promote {
        Promote {
            entries: Vec::new(),
            dist: dist.to_owned(),
            is_projects: true,
            programs: Vec::new(),
            packages: Vec::new(),
            known: Vec::new(),
        }
    }

    #[test]
    fn what_no_interpreter_here_serves_says_so_and_counts_no_seconds() {
        let candidate = Candidate {
            path: "/p/one-1.0-py3-none-musllinux_1_2_aarch64.whl".into(),
            entry: Entry {
                not_run: Some("no Python is here".into()),
                ..Entry::default()
            },
            serves: Vec::new(),
        };
        let row = row(&candidate, &candidate.entry, &[]);
        assert_eq!(row[4..], ["built, not run: no Python is here", ""]);
    }

    #[cfg(unix)]
    #[test]
    fn a_linked_folder_of_distributions_is_filled_where_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let (dist, place) = (dir.join("p/dist"), dir.join("disk/dist"));
        disk::create_dir(&dir.join("p")).unwrap();
        disk::write(&place.join("notes"), b"theirs").unwrap();
        disk::link(&place, &dist).unwrap();
        let promote = of_nothing(&dist);
        let record = ReleaseRecord::default();
        write(&promote, &record, &record).unwrap();
        assert!(dist.is_symlink());
        assert_eq!(
            disk::read_text(&place.join("notes")).unwrap().as_deref(),
            Some("theirs")
        );
        assert!(disk::is_file(&place.join(RELEASE_RECORD)));
    }

    #[test]
    fn what_somebody_has_changed_since_it_was_released_stays() {
        let temp = tempfile::tempdir().unwrap();
        let dist = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let entry = Entry {
            sha256: disk::digest(b"wheel"),
            ..Entry::default()
        };
        let names = ["same.whl", "signed.whl", "away.whl"].map(str::to_owned);
        let old = ReleaseRecord {
            schema: 1,
            files: names.map(|name| (name, entry.clone())).into(),
        };
        disk::write(&dist.join("same.whl"), b"wheel").unwrap();
        disk::write(&dist.join("signed.whl"), b"signed wheel").unwrap();
        let new = ReleaseRecord::default();
        let found = gone(&dist, &old, &new);
        assert_eq!(found.removed, ["same.whl"]);
        assert_eq!(found.changed, ["signed.whl"]);
        let promote = of_nothing(&dist);
        write(&promote, &old, &new).unwrap();
        assert!(!disk::is_file(&dist.join("same.whl")));
        let text = disk::read_text(&dist.join("signed.whl")).unwrap();
        assert_eq!(text.as_deref(), Some("signed wheel"));
    }

    #[test]
    fn a_set_is_of_one_version_and_the_same_sources() {
        let temp = tempfile::tempdir().unwrap();
        let dist = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        disk::write(&dist.join("one.whl"), b"wheel").unwrap();
        let entry = |version: &str, commit: Option<&str>, source: &str| Entry {
            distribution: "one".into(),
            version: version.into(),
            sha256: disk::digest(b"wheel"),
            commit: commit.map(str::to_owned),
            source: (!source.is_empty()).then(|| source.to_owned()),
            ..Entry::default()
        };
        let stays = |old: &Entry, new: Entry| {
            let files = BTreeMap::from([("one.whl".to_owned(), old.clone())]);
            let old = ReleaseRecord { schema: 1, files };
            let new = Candidate {
                path: dist.join("one.tar.gz"),
                entry: new,
                serves: Vec::new(),
            };
            !kept(&dist, &old, &[new]).is_empty()
        };
        let clean = entry("1.0", Some("c1"), "s1");
        assert!(stays(&clean, entry("1.0", Some("c1"), "s2")));
        assert!(stays(&clean, entry("1.0", None, "s1")));
        assert!(!stays(&clean, entry("1.0", Some("c2"), "s2")));
        assert!(!stays(&clean, entry("1.1", Some("c1"), "s1")));
        // nothing tells that these are the same
        assert!(!stays(&entry("1.0", None, ""), entry("1.0", None, "")));
        assert!(!stays(&entry("1.0", None, "s1"), entry("1.0", None, "s2")));
    }
}
