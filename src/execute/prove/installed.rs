//! What an install has put into the environment, and RECORD, its list.

use camino::{Utf8Path, Utf8PathBuf};

use crate::execute::context::Context;
use crate::facts::artifact::{self, RecordEntry};
use crate::facts::environment;
use crate::facts::fingerprint::EnvironmentRecord;
use crate::model::error::{Error, MachineError, Result};
use crate::model::native_file::is_native;
use crate::model::path::relative;
use crate::plan::Prove;
use crate::world::disk;

/// An extension module as it was installed, or the library of a package.
pub(super) struct InstalledModule {
    /// Absolute.
    pub(super) file: Utf8PathBuf,
    /// Dotted, as its place says.
    pub(super) name: String,
}

impl InstalledModule {
    /// `root`: the folder that Python imports from, absolute.
    fn new(root: &Utf8Path, file: Utf8PathBuf) -> Option<Self> {
        let name = module_name(root, &file)?;
        Some(Self { file, name })
    }
}

/// Dotted; `root`: the folder that Python imports the file from. `None` where it is not in there.
pub(in crate::execute) fn module_name(root: &Utf8Path, file: &Utf8Path) -> Option<String> {
    let below = file.strip_prefix(root).ok()?;
    let last = below.file_name()?.split('.').next()?;
    let folders = below.parent()?.components();
    let mut parts: Vec<&str> = folders.map(|part| part.as_str()).collect();
    parts.push(last);
    Some(parts.join("."))
}

/// What maturin has installed, whatever it is called: the extension modules in the distribution's
/// own list, and those that it has put among the sources to which the distribution's own `.pth` leads.
/// Another member's sources are on the path, too, with modules that may be as new.
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
    let known = EnvironmentRecord::load(&environment.record_path()).record;
    match known.installed.get(&member.name) {
        Some(known) if !prove.installed => files.extend(known.modules.iter().cloned()),
        _ => {
            let builds = [member.target.clone(), member.directories.target.clone()];
            for root in &sources {
                files.extend(disk::modules_among_sources(root, &builds));
            }
        }
    }
    let is_new = |path: &Utf8Path| {
        let written = disk::signature(path).map(|signature| signature.written());
        prove.installed && written.is_some_and(|written| written >= context.since)
    };
    files.retain(|path| is_native(path) && disk::is_file(path));
    files.retain(|path| {
        path.starts_with(&packages)
            || is_new(path)
            || replaced.contains(path)
            || disk::hash(path).as_ref() == Some(hash)
    });
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

/// Has RECORD say of an installed file what it is now. `hash`: the file's SHA-256, hex.
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
