//! What an install put into the environment, according to RECORD.

use camino::{Utf8Path, Utf8PathBuf};

use crate::execute::context::Context;
use crate::facts::artifact::{self, RecordEntry};
use crate::facts::build;
use crate::facts::environment::{self, Environment};
use crate::facts::fingerprint::EnvironmentRecord;
use crate::facts::project::Member;
use crate::model::error::{Error, MachineError, Result};
use crate::model::native_file::is_native;
use crate::model::path::relative;
use crate::plan::Prove;
use crate::world::disk;

/// An installed extension module, or the library of a package.
pub(super) struct InstalledModule {
    /// Absolute.
    pub(super) file: Utf8PathBuf,
    /// Dotted, by its place.
    pub(super) name: String,
}

impl InstalledModule {
    /// `root`: the folder that Python imports from, absolute.
    fn new(root: &Utf8Path, file: Utf8PathBuf) -> Option<Self> {
        let name = module_name(root, &file)?;
        Some(Self { file, name })
    }
}

/// Dotted; `root`: the folder that Python imports the file from. `None` if it is not in there.
pub(in crate::execute) fn module_name(root: &Utf8Path, file: &Utf8Path) -> Option<String> {
    let below = file.strip_prefix(root).ok()?;
    let last = below.file_name()?.split('.').next()?;
    let folders = below.parent()?.components();
    let mut parts: Vec<&str> = folders.map(|part| part.as_str()).collect();
    parts.push(last);
    Some(parts.join("."))
}

/// What maturin installed, whatever its name: the extension modules in the distribution's own list, and those
/// that it put among the sources that the distribution's own `.pth` leads to. Another member's sources are on
/// the path too, with modules that may be as new, and so are copies that users keep.
pub(super) fn installed_modules(
    context: &Context<'_>,
    prove: &Prove,
    hash: &String,
    replaced: &[Utf8PathBuf],
) -> Result<Vec<InstalledModule>> {
    let (environment, member) = (&prove.environment, &prove.build.member);
    let Some(packages) = environment.site_packages() else {
        return Ok(Vec::new());
    };
    let listed = match environment.dist_info(member) {
        Some(dist_info) => artifact::installed(&dist_info)?,
        None => Vec::new(),
    };
    let sources = environment::path_file_folders_of(&packages, &listed);
    let mut files: Vec<Utf8PathBuf> = listed.iter().map(|name| packages.join(name)).collect();
    let is_built = |path: &Utf8Path| disk::hash(path).as_ref() == Some(hash);
    match &prove.build.reusable {
        None if prove.installed => files.extend(put_among(&sources, context, member, &is_built)),
        other => {
            let whose = other.as_ref().filter(|_| prove.installed);
            let whose = whose.map_or(environment, |reusable| &reusable.environment);
            let known = recorded(whose, member).into_iter();
            files.extend(known.filter(|path| replaced.contains(path) || is_built(path)));
        }
    }
    files.retain(|path| is_native(path) && disk::is_file(path));
    files.sort();
    files.dedup();
    let named = files.into_iter().filter_map(|file| {
        let roots = sources.iter().chain([&packages]);
        let root = roots.filter(|root| file.starts_with(root));
        let root = root.max_by_key(|root| root.as_str().len())?;
        InstalledModule::new(root, file.clone())
    });
    Ok(named.collect())
}

/// Where an environment's modules of the package were at the last proof.
fn recorded(environment: &Environment, member: &Member) -> Vec<Utf8PathBuf> {
    let known = EnvironmentRecord::load(&environment.record_path()).record;
    let install = known.installed.get(&member.name);
    install.map_or_else(Vec::new, |install| install.modules.clone())
}

/// What maturin put among the sources in this run: what was written meanwhile, and what is where it belongs,
/// as copying preserves a file's times on some systems.
fn put_among(
    sources: &[Utf8PathBuf],
    context: &Context<'_>,
    member: &Member,
    is_built: &dyn Fn(&Utf8Path) -> bool,
) -> Vec<Utf8PathBuf> {
    let builds = [member.target.clone(), member.directories.target.clone()];
    let walked = sources
        .iter()
        .flat_map(|root| disk::modules_among_sources(root, &builds));
    let places = build::modules_in_sources(member);
    let is_placed = |path: &Utf8Path| {
        let stem = path.file_name().and_then(|name| name.split('.').next());
        let place = stem.map(|stem| path.with_file_name(stem));
        place.is_some_and(|place| places.contains(&place))
    };
    let is_new = |path: &Utf8Path| {
        let written = disk::signature(path).map(|signature| signature.written());
        written.is_some_and(|written| written >= context.since)
    };
    let (own, other): (Vec<_>, Vec<_>) = walked
        .filter(|path| is_new(path) || is_placed(path) && is_built(path))
        .partition(|path| is_placed(path) || is_built(path));
    // a user may have kept the former one meanwhile; and patchelf changes one with an unknown name
    if own.is_empty() { other } else { own }
}

/// Updates RECORD for an installed file. `hash`: the file's SHA-256, hex.
pub(super) fn update_record(
    dist_info: &Utf8Path,
    packages: &Utf8Path,
    module: &Utf8Path,
    hash: &str,
) -> Result<()> {
    let path = dist_info.join("RECORD");
    let is_listed = module.starts_with(packages);
    let Some(old) = disk::read(&path)?.filter(|_| is_listed) else {
        return Ok(());
    };
    let name = relative(packages, module); // with slashes on every system
    let Some(signature) = disk::signature(module) else {
        return Ok(());
    };
    let entry = RecordEntry::of(&name, hash, signature.size);
    let new = artifact::rewritten(&old, &[entry]).map_err(|source| {
        Error::Machine(MachineError::Io {
            verb: "rewrite",
            path: path.clone(),
            source,
        })
    })?;
    if new == old {
        return Ok(());
    }
    disk::write_unsynced(&path, &new)
}
