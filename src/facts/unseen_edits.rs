//! Crates that cargo would consider unchanged although their files changed: it goes by timestamps, which can
//! be misleading.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build;
use crate::facts::fingerprint::{BuildRecord, BuildRecords, Input, LocalPackage};
use crate::facts::project::{Member, Project};
use crate::model::error::Result;
use crate::world::disk;
use crate::world::manifest::{Manifests, Toml};
use crate::world::session::Session;

/// Those of `packages`, the member's own first, with files whose content differs from what cargo compiled
/// last, by the records of whatever build did so, although their timestamps say otherwise. cargo never looks
/// at vendored packages, whatever the timestamps; and before 1.85 not at the `[env]` of its configuration,
/// nor at a variable named there, so all of `packages` are returned if one of `configs` or such a variable
/// differs.
///
/// `None` if no build of the member is recorded.
pub(super) fn by_records(
    session: &Session,
    packages: &[LocalPackage],
    configs: &[Utf8PathBuf],
    records: &BuildRecords,
) -> Option<BTreeSet<String>> {
    let own = packages.first()?;
    let builds = records.builds.values();
    let is_own = |build: &&_| is_of(build, own);
    let mut paths = BTreeSet::new();
    for build in builds.clone().filter(is_own) {
        paths.extend(build.compile.iter().filter_map(Input::path));
    }
    if paths.is_empty() {
        return None;
    }
    // what an older one was given has been seen to when that changed, for all profiles
    let last = builds.filter(is_own).max_by_key(|it| it.began);
    let began = last.map_or(0, |it| it.began);
    let recorded = last.into_iter().flat_map(|it| &it.compile);
    let attempts = records.attempts.values().filter(|it| it.began > began);
    let attempted = attempts.flat_map(|it| &it.changed);
    if overrides_differ(session, configs, recorded.chain(attempted)) {
        return Some(all(packages));
    }
    let compiled = last_compiled(records, &paths);
    Some(edited(session, packages, configs, &compiled))
}

/// What was recorded last for each path, with the time at which that build began.
fn newest(records: &BuildRecords) -> BTreeMap<&Utf8Path, (u64, &Input)> {
    let mut newest: BTreeMap<&Utf8Path, (u64, &Input)> = BTreeMap::new();
    for build in records.builds.values() {
        for input in &build.compile {
            let Some(path) = input.path() else { continue };
            let known = newest.entry(path).or_insert((build.began, input));
            if build.began > known.0 {
                *known = (build.began, input);
            }
        }
    }
    newest
}

/// What cargo compiled last at each of `paths`, with the time at which that build began; also what a later
/// build that did not succeed began with.
fn last_compiled<'a>(
    records: &'a BuildRecords,
    paths: &BTreeSet<&Utf8Path>,
) -> Vec<(u64, &'a Input)> {
    let mut newest = newest(records);
    newest.retain(|path, _| paths.contains(path));
    let mut compiled: Vec<(u64, &Input)> = newest.values().copied().collect();
    for attempt in records.attempts.values() {
        for input in &attempt.changed {
            let known = input.path().and_then(|path| newest.get(path));
            // a later build has compiled what was there then
            if known.is_some_and(|(began, _)| *began < attempt.began) {
                compiled.push((attempt.began, input));
            }
        }
    }
    compiled
}

/// Those of `packages` of which something in `compiled` changed without cargo noticing.
fn edited(
    session: &Session,
    packages: &[LocalPackage],
    configs: &[Utf8PathBuf],
    compiled: &[(u64, &Input)],
) -> BTreeSet<String> {
    let is_config = |input: &Input| {
        let path = input.path();
        path.is_some_and(|path| configs.iter().any(|config| config == path))
    };
    let mut names = BTreeSet::new();
    for &(began, input) in compiled {
        if is_config(input) {
            if input.stale(session).is_some() {
                return all(packages);
            }
            continue;
        }
        let vendored = packages.iter().find(|package| {
            package.is_vendored && input.path().is_some_and(|path| path == package.dir())
        });
        if let Some(package) = vendored {
            if input.stale(session).is_some() {
                names.insert(package.name.clone());
            }
            continue;
        }
        for file in input.changed_before(began) {
            let holder = holder(packages, &file).or(packages.first());
            names.extend(holder.map(|package| package.name.clone()));
        }
    }
    names
}

/// Whether a variable in the `[env]` of one of `configs` differs from what a build was given.
fn overrides_differ<'a>(
    session: &Session,
    configs: &[Utf8PathBuf],
    inputs: impl Iterator<Item = &'a Input>,
) -> bool {
    // an unreadable one is left for cargo to report
    let files = configs.iter().filter_map(|path| Toml::read(path).ok()?);
    let named: BTreeSet<String> = files.flat_map(|file| file.keys(&["env"])).collect();
    let is_named =
        |input: &&Input| matches!(input, Input::Variable { name, .. } if named.contains(name));
    !named.is_empty()
        && inputs
            .filter(is_named)
            .any(|input| input.stale(session).is_some())
}

fn all(packages: &[LocalPackage]) -> BTreeSet<String> {
    packages
        .iter()
        .map(|package| package.name.clone())
        .collect()
}

/// If no build is recorded: those of `packages` with a file that was put in place after cargo compiled the
/// package for any profile, with an earlier timestamp; all if that is true of one of `configs`.
///
/// `read`: what else the compiler is known to have read. `built`: the folders of all builds.
pub(super) fn by_times(
    packages: &[LocalPackage],
    configs: &[Utf8PathBuf],
    read: &BTreeSet<Utf8PathBuf>,
    built: &[Utf8PathBuf],
) -> BTreeSet<String> {
    let written = configs.iter().filter_map(disk::signature);
    let configured = written.map(|signature| signature.written()).max();
    let is_before = |package: &LocalPackage| {
        let times = compile_times(built, &package.name);
        times.into_iter().any(|time| Some(time) < configured)
    };
    if packages.iter().any(is_before) {
        return all(packages);
    }
    let mut files: BTreeSet<Utf8PathBuf> = read.clone();
    for package in packages {
        let own = disk::package_files(package.dir(), &[]).named;
        files.extend(own.into_iter().map(|path| package.dir().join(path)));
    }
    let mut compiled: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for file in &files {
        let Some(package) = holder(packages, file).or(packages.first()) else {
            continue;
        };
        let times = compiled
            .entry(&package.name)
            .or_insert_with(|| compile_times(built, &package.name));
        let Some(signature) = disk::signature(file) else {
            continue;
        };
        let hides = |time: &u64| {
            signature.written() > *time && (signature.modified <= *time || package.is_vendored)
        };
        if times.iter().any(hides) {
            names.insert(package.name.clone());
        }
    }
    names
}

/// Like [`in_target`], below the `target/pyx` of a project: a record covers only what the last build read,
/// and cargo reuses what it compiled with other features, another profile or other dependencies.
pub(super) fn of_other_builds(
    session: &Session,
    project: &Project,
    member: &Member,
    packages: &[LocalPackage],
    records: &BuildRecords,
) -> BTreeSet<String> {
    let newest = newest(records);
    let is_as_compiled = |file: &Utf8Path| {
        let mut vendored = packages.iter().filter(|package| package.is_vendored);
        let recorded = newest.get(file);
        vendored.any(|package| file.starts_with(package.dir()))
            || recorded.is_some_and(|(_, input)| input.stale(session).is_none())
    };
    let found = in_target(
        session,
        &project.manifests,
        member,
        &project.state,
        &is_as_compiled,
    );
    found.unwrap_or_default() // an unreadable manifest is left for cargo to report
}

/// The packages of which cargo has something in `dir`, a target directory of the member, and would consider
/// it fresh although one of its sources was put in place after it was compiled, with an earlier timestamp.
/// Packages of registries and repositories never change.
///
/// `is_as_compiled`: whether a file is known to be what cargo last compiled.
pub(super) fn in_target(
    session: &Session,
    manifests: &Manifests,
    member: &Member,
    dir: &Utf8Path,
    is_as_compiled: &dyn Fn(&Utf8Path) -> bool,
) -> Result<BTreeSet<String>> {
    let home = session.cargo_home();
    let apart = [home.join("registry"), home.join("git"), dir.to_owned()];
    let mut names = BTreeSet::new();
    for built in build::build_folders(member, dir) {
        let mut crates = build::sources_of_crates(&built, &member.workspace);
        crates.retain(|sources| {
            let root = sources.first();
            root.is_some_and(|root| !apart.iter().any(|dir| root.starts_with(dir)))
        });
        for sources in crates {
            let Some(name) = package_around(manifests, &sources[0])? else {
                continue;
            };
            let times = compile_times(std::slice::from_ref(&built), &name);
            let is_hidden = |path: &Utf8PathBuf| {
                disk::signature(path).is_some_and(|file| {
                    let hides = |time: &u64| file.written() > *time && file.modified <= *time;
                    times.iter().any(hides)
                })
            };
            if sources
                .iter()
                .any(|it| is_hidden(it) && !is_as_compiled(it))
            {
                names.insert(name);
            }
        }
    }
    Ok(names)
}

/// The name of the package that a file belongs to.
fn package_around(manifests: &Manifests, file: &Utf8Path) -> Result<Option<String>> {
    for dir in file.ancestors().skip(1) {
        let cargo = manifests.cargo(&dir.join("Cargo.toml"))?;
        if let Some(name) = cargo.as_ref().and_then(|it| it.package_name()) {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

/// When whatever cargo has of a package was compiled, in nanoseconds since the epoch.
fn compile_times(built: &[Utf8PathBuf], name: &str) -> Vec<u64> {
    let found = built.iter().flat_map(|dir| build::fingerprints(dir));
    let own = found.filter(|it| it.package == name);
    let times = own.filter_map(|it| {
        let files = disk::all_files(&it.path);
        let signatures = files.iter().filter_map(disk::signature);
        signatures.map(|signature| signature.modified).max()
    });
    times.collect()
}

fn is_of(build: &BuildRecord, own: &LocalPackage) -> bool {
    let package = build.packages.first();
    package.is_some_and(|package| package.manifest == own.manifest)
}

/// The package that a file is in; a file outside any is included from somewhere.
fn holder<'a>(packages: &'a [LocalPackage], file: &Utf8Path) -> Option<&'a LocalPackage> {
    let holders = packages
        .iter()
        .filter(|package| file.starts_with(package.dir()));
    holders.max_by_key(|package| package.dir().as_str().len())
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use super::*;
    #[cfg(unix)]
    use crate::facts::fingerprint::BuildKey;

    #[test]
    #[cfg(unix)]
    fn what_another_build_has_read_is_seen_to_although_the_last_has_not_read_it() {
        let temp = tempfile::tempdir().unwrap();
        let dir = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        let write = |name: &str, text: &str| disk::write(&dir.join(name), text.as_bytes()).unwrap();
        let pause = || std::thread::sleep(std::time::Duration::from_millis(20));
        let manifest = dir.join("Cargo.toml");
        write("Cargo.toml", "[package]\nname = 'm'\n");
        write("src/lib.rs", "");
        write("apart.rs", "");
        write("src/read.rs", "");
        pause();
        let read = format!("x.d: {dir}/src/lib.rs {dir}/src/read.rs\n");
        write("target/pyx/ext/debug/deps/m-1.d", &read);
        write("target/pyx/ext/debug/.fingerprint/m-1/lib-m", "");
        pause();
        let member = Member {
            workspace: dir.clone(),
            ..Member::default()
        };
        let session = Session::default();
        let package = LocalPackage {
            name: "m".into(),
            manifest,
            is_vendored: false,
        };
        let mut records = BuildRecords::default();
        let mut record = BuildRecord {
            packages: vec![package.clone()],
            ..BuildRecord::default()
        };
        let key = BuildKey::new(&dir, "m");
        records.builds.insert(key.clone(), record.clone());
        let project = Project {
            state: dir.join("target/pyx"),
            ..Project::default()
        };
        let packages = [package];
        let found = |records: &BuildRecords| {
            of_other_builds(&session, &project, &member, &packages, records)
        };
        assert!(found(&records).is_empty());
        let path = dir.join("src/read.rs");
        std::fs::rename(dir.join("apart.rs"), &path).unwrap();
        assert!(found(&records).iter().eq(["m"]));
        record.compile.push(Input::file(&path, None));
        records.builds.insert(key, record);
        assert!(found(&records).is_empty(), "it is what was compiled");
    }
}
