//! What pyx left on the disk and may remove.
//!
//! `target/pyx` is marked with a `.gitignore` of its own, environments record that pyx created them,
//! `release.json` lists what is in `dist/`. Nothing that git tracks is included.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build;
use crate::facts::environment::Environment;
use crate::facts::fingerprint::{EnvironmentRecord, Input};
use crate::facts::project::Project;
use crate::facts::release;
use crate::model::error::Result;
use crate::world::disk::{self, Usage};
use crate::world::git::Git;
use crate::world::session::{CacheFolder, Session};

/// What to remove besides builds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CleanOptions {
    /// The environments that pyx created, and the modules that only they import.
    pub environments: bool,
    /// Released files, and what projects share: target directories and the user cache.
    pub everything: bool,
}

/// A file or folder of pyx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Absolute.
    pub path: Utf8PathBuf,
    pub usage: Usage,
    /// Files in it that git tracks, which stay.
    pub kept: BTreeSet<Utf8PathBuf>,
    /// For a folder that is only removed once it is empty, after all others: files in it that do not count.
    pub besides: Option<&'static [&'static str]>,
}

/// In path order, folders that may have become empty last.
///
/// # Errors
/// If git does not report what it tracks.
pub fn gather(
    session: &Session,
    project: &Project,
    options: CleanOptions,
) -> Result<Vec<Leftover>> {
    let dir = &project.root;
    let tracked = Git { session, dir }.tracked()?;
    let mut found: Vec<Leftover> = paths(session, project, options)?
        .into_iter()
        .filter_map(|path| Leftover::of(path, &tracked))
        .collect();
    if !found.is_empty() {
        let mut folders = emptied(session, project, options);
        folders.retain(|(path, _)| {
            disk::is_dir(path) && !tracked.iter().any(|file| file.starts_with(path))
        });
        found.extend(folders.into_iter().map(|(path, besides)| Leftover {
            path,
            usage: Usage::default(),
            kept: BTreeSet::new(),
            besides: Some(besides),
        }));
    }
    Ok(found)
}

impl Leftover {
    /// `None` if git tracks all of it.
    fn of(path: Utf8PathBuf, tracked: &BTreeSet<Utf8PathBuf>) -> Option<Self> {
        let kept: BTreeSet<Utf8PathBuf> = tracked
            .iter()
            .filter(|file| file.starts_with(&path))
            .cloned()
            .collect();
        let mut usage = disk::usage(&path);
        for file in &kept {
            usage -= disk::usage(file);
        }
        (kept.is_empty() || usage.files > 0).then_some(Self {
            path,
            usage,
            kept,
            besides: None,
        })
    }
}

/// Each with its content, sorted.
fn paths(session: &Session, project: &Project, options: CleanOptions) -> Result<Vec<Utf8PathBuf>> {
    let mut paths = builds(project, options);
    if options.environments {
        for environment in environments(session, project)? {
            paths.extend(modules(session, &environment));
            paths.push(environment.path);
        }
    }
    if options.everything {
        paths.extend(released(&project.root.join("dist")));
        paths.extend(
            CacheFolder::ALL
                .map(|folder| cached(session, folder))
                .concat(),
        );
    }
    paths.retain(|path| disk::is_there(path));
    paths.sort();
    paths.dedup();
    let all = paths.clone();
    let is_inside = |path: &Utf8PathBuf| {
        let mut others = all.iter().filter(|outer| *outer != path);
        others.any(|outer| path.starts_with(outer))
    };
    paths.retain(|path| !is_inside(path));
    Ok(paths)
}

/// What is removed from a folder of the user cache: not locks, which others may hold, nor the record of
/// interpreters that may run.
fn cached(session: &Session, folder: CacheFolder) -> Vec<Utf8PathBuf> {
    let path = session.cached(folder);
    match folder {
        CacheFolder::Adoption
        | CacheFolder::Recipes
        | CacheFolder::SdistBuilds
        | CacheFolder::Tools
        | CacheFolder::WheelTests => vec![path],
        CacheFolder::WithoutProject => unmarked(&path),
        CacheFolder::Locks | CacheFolder::TrustedInterpreters => Vec::new(),
    }
}

/// The contents of a folder that pyx marks, without the marks.
fn unmarked(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut names = disk::names(folder);
    names.retain(|name| !MARKS.contains(&name.as_str()));
    names.into_iter().map(|name| folder.join(name)).collect()
}

/// The folders that may be empty without these, and files in them that do not count.
fn emptied(
    session: &Session,
    project: &Project,
    options: CleanOptions,
) -> Vec<(Utf8PathBuf, &'static [&'static str])> {
    let mut folders = vec![project.own_state()];
    let apart = project
        .all()
        .filter(|member| member.directories.build.is_some());
    folders.extend(apart.map(|member| member.intermediate_dir(&member.target)));
    if options.everything {
        folders.extend([project.root.join("dist"), session.cache()]);
    }
    let marked = states(project);
    folders.retain(|folder| !marked.contains(folder));
    // in which others may have folders of their own
    let around = project.state.parent().filter(|dir| dir.ends_with("pyx"));
    let alone = |path: Utf8PathBuf| (path, &[][..]);
    let marked = marked.into_iter().map(|path| (path, &MARKS[..]));
    let inside = folders.into_iter().map(alone).chain(marked);
    let around = around.map(Utf8Path::to_owned).map(alone);
    inside.chain(around).collect()
}

/// The top-level files of `target/pyx` that hold no build: they are removed with the last of the others.
const MARKS: [&str; 2] = [".gitignore", "lock"];

/// Whether pyx has marked a folder as its own.
fn is_marked(folder: &Utf8Path) -> bool {
    let mark = disk::read_text(&folder.join(".gitignore")).ok().flatten();
    mark.as_deref() == Some("*\n")
}

/// The folders of a project that pyx has marked; others may share them.
fn states(project: &Project) -> Vec<Utf8PathBuf> {
    let targets = project.all().map(|member| member.target.clone());
    let mut states: Vec<Utf8PathBuf> = targets.chain([project.state.clone()]).collect();
    states.sort();
    states.dedup();
    states.retain(|folder| is_marked(folder));
    states
}

/// Where builds may belong to other projects too: target directories outside the project.
pub fn shared(project: &Project) -> Vec<Utf8PathBuf> {
    let mut states = states(project);
    states.retain(|state| !project.owns(state));
    states
}

fn builds(project: &Project, options: CleanOptions) -> Vec<Utf8PathBuf> {
    let mut paths = Vec::new();
    for state in states(project) {
        if project.owns(&state) || options.everything {
            paths.extend(unmarked(&state));
        } else if state == project.state {
            let own = project.own_state();
            paths.extend(disk::names(&own).into_iter().map(|name| own.join(name)));
        }
    }
    // a workspace next to the project's own, and cargo's own folder for intermediate files
    for member in project.all() {
        for target in [build::target_dir(member), build::tests_dir(member)] {
            let between = member.intermediate_dir(&target);
            let made = |dir: &Utf8PathBuf| disk::is_file(&dir.join("CACHEDIR.TAG"));
            let reached = |dir: &Utf8PathBuf| project.owns(dir) || options.everything;
            paths.extend(
                [target, between]
                    .into_iter()
                    .filter(|dir| made(dir) && reached(dir)),
            );
        }
    }
    if !options.environments {
        paths.retain(|path| *path != project.envs());
    }
    paths
}

/// The default environment if pyx created it, and those of `--python`.
fn environments(session: &Session, project: &Project) -> Result<Vec<Environment>> {
    let mut environments = Vec::new();
    let (default, record) = Environment::with_record(session, project, None)?;
    if record.record.made {
        environments.push(default);
    }
    let envs = project.envs();
    for name in disk::names(&envs) {
        environments.push(Environment {
            path: envs.join(name),
            ..Environment::default()
        });
    }
    Ok(environments)
}

/// The modules that a build put into the sources, as far as they are unchanged.
fn modules(session: &Session, environment: &Environment) -> Vec<Utf8PathBuf> {
    let record = EnvironmentRecord::load(&environment.record_path()).record;
    let installed = record.installed.values();
    let mut found = Vec::new();
    for install in installed {
        let is_same = |module: &Utf8PathBuf| {
            install.inputs.iter().any(|input| match input {
                Input::File { path, .. } => path == module && input.stale(session).is_none(),
                _ => false,
            })
        };
        let outside = install
            .modules
            .iter()
            .filter(|path| !path.starts_with(&environment.path));
        found.extend(outside.filter(|path| is_same(path)).cloned());
    }
    found
}

/// The files that `release.json` lists, if unchanged, and what describes them.
fn released(dist: &Utf8Path) -> Vec<Utf8PathBuf> {
    let record = release::ReleaseRecord::read(dist);
    if record.files.is_empty() {
        return Vec::new();
    }
    let own = record.files.iter().filter_map(|(name, entry)| {
        let path = dist.join(name);
        (disk::hash(&path).as_ref() == Some(&entry.sha256)).then_some(path)
    });
    let mut paths: Vec<Utf8PathBuf> = own.collect();
    paths.extend([release::RELEASE_RECORD, release::SUMS].map(|name| dist.join(name)));
    paths.extend(is_marked(dist).then(|| dist.join(".gitignore")));
    paths
}
