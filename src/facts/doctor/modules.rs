//! Files that Python imports instead of what is built, and stubs that type checkers ignore.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::fingerprint::EnvironmentRecord;
use crate::facts::project::{Bindings, package_folder};
use crate::facts::{Build, Facts};
use crate::model::error::{Result, out_of_the_way};
use crate::model::finding::Finding;
use crate::model::invocation::quote;
use crate::model::native_file::is_extension_module;
use crate::model::native_file::is_tagged;
use crate::model::stable_abi::StableAbis;
use crate::world::disk;
use crate::world::git::Git;
use crate::world::session::Session;

use super::problem::{Fix, Problem};

/// What would be imported instead of a built module, and what such modules left among the sources.
///
/// # Errors
/// Those of asking git for tracked files.
pub(super) fn check(session: &Session, facts: &Facts, build: &Build) -> Result<Vec<Problem>> {
    if matches!(build.member.bindings, Bindings::Embed | Bindings::Bin) {
        return Ok(Vec::new());
    }
    let package = package_folder(&build.member);
    let shadows = shadows(facts, build, package.as_deref()).into_iter();
    let shadows = shadows.map(|path| {
        let git = Git {
            session,
            dir: path.parent().unwrap_or(&path),
        };
        let is_tracked = git.tracks(path.file_name().unwrap_or_default())?;
        Ok(shadow(path, &build.member.module, is_tracked))
    });
    let mut found: Vec<Problem> = shadows.collect::<Result<_>>()?;
    if let Some(package) = package {
        found.extend(untyped(build, &package));
    }
    Ok(found)
}

fn shadows(facts: &Facts, build: &Build, package: Option<&Utf8Path>) -> Vec<Utf8PathBuf> {
    let member = &build.member;
    let record = EnvironmentRecord::load(&facts.target.environment.record_path()).record;
    let installed = record.installed.get(&member.name);
    let own = installed
        .map(|record| record.modules.clone())
        .unwrap_or_default();
    let (top, inner) = match member.module.split_once('.') {
        Some((top, inner)) => (top, Some(inner)),
        None => (&*member.module, None),
    };
    let probe = facts.target.probe.as_ref();
    let suffixes = probe.map(|probe| &probe.suffixes[..]).unwrap_or_default();
    let mut found = Vec::new();
    if let (Some(package), Some(inner)) = (package, inner) {
        let (folders, stem) = inner.rsplit_once('.').unwrap_or(("", inner));
        let folder = package.join(folders.replace('.', "/"));
        let is_stable = build.locked.stable_abis != StableAbis::default();
        found.extend(beside(&folder, stem, is_stable, suffixes));
    }
    // Python looks into the folder that it is started in first, and takes a package before a module
    if package.is_none_or(|package| package.parent() != Some(&member.dir)) {
        found.extend(extensions(&member.dir, top, suffixes));
    }
    let packages = facts.target.environment.site_packages();
    if let Some(packages) = packages.filter(|dir| !own.iter().any(|path| path.starts_with(dir))) {
        let copy = packages.join(top);
        let stale = !own.is_empty() && disk::is_file(&copy.join("__init__.py"));
        found.extend(stale.then_some(copy));
    }
    found.retain(|path| !own.contains(path));
    found
}

fn shadow(path: Utf8PathBuf, built: &str, is_tracked: bool) -> Problem {
    let message = format!("Python imports this as `{built}` instead of the built module");
    let hint = out_of_the_way(&path, is_tracked);
    let finding = Finding::error("shadowing-module", message);
    Problem::from(finding.at(path, None).hint(hint))
}

/// What is imported before the module that maturin puts into a source folder: a package with its name, or a
/// module whose suffix Python prefers.
fn beside(
    folder: &Utf8Path,
    stem: &str,
    stable_abi: bool,
    suffixes: &[String],
) -> Vec<Utf8PathBuf> {
    let inner = folder.join(stem);
    let mut found = Vec::new();
    found.extend(disk::is_file(&inner.join("__init__.py")).then_some(inner));
    if stable_abi {
        for path in extensions(folder, stem, suffixes) {
            if path.file_name().is_some_and(is_tagged) {
                found.push(path);
            }
        }
    }
    found
}

/// The extension modules with a name in a folder; without `suffixes`, those of every interpreter.
fn extensions(folder: &Utf8Path, stem: &str, suffixes: &[String]) -> Vec<Utf8PathBuf> {
    let modules = disk::names(folder).into_iter().filter(|name| {
        let Some(ending) = name.strip_prefix(stem).filter(|rest| rest.starts_with('.')) else {
            return false;
        };
        is_extension_module(name.as_str().into())
            && (suffixes.is_empty() || suffixes.iter().any(|known| known == ending))
    });
    modules.map(|name| folder.join(name)).collect()
}

/// PEP 561: type checkers read a package's types only if it has a `py.typed`.
fn untyped(build: &Build, package: &Utf8Path) -> Option<Problem> {
    const CLAIM: &str = "Typing :: Typed";
    let is_marked = |folder: &Utf8Path| disk::is_file(&folder.join("py.typed"));
    let unread = |path: &Utf8PathBuf| {
        let mut folders = path.ancestors().skip(1);
        let inside = folders.by_ref().take_while(|dir| dir.starts_with(package));
        path.extension() == Some("pyi") && !inside.into_iter().any(is_marked)
    };
    let files = disk::unignored_files(package);
    let finding = if let Some(stub) = files.iter().find(|path| unread(path)) {
        let message = "type checkers ignore this stub: its package has no `py.typed`";
        Finding::warning("py-typed", message).at(stub, None)
    } else {
        let toml = &build.member.pyproject.as_ref()?.toml;
        let said = toml.spanned_strings(&["project", "classifiers"]);
        let claim = said.iter().find(|classifier| classifier.value == CLAIM)?;
        if is_marked(package) {
            return None;
        }
        let message = "type checkers ignore the package's types: it has no `py.typed`";
        Finding::warning("py-typed", message).at(&toml.path, Some(toml.line(&claim.span)))
    };
    let marker = package.join("py.typed");
    let finding = finding.hint(format!("touch {}", quote(marker.as_str())));
    let fix = vec![Fix::Create(marker)];
    Some(Problem { finding, fix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagged_module_and_a_package_are_imported_before_the_stable_one() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        for name in [
            "_x.abi3.so",
            "_x.cpython-311-x.so",
            "_x.cpython-39-x.so",
            "_x.pyi",
            "_y.so",
        ] {
            disk::write(&dir.join(name), b"").unwrap();
        }
        let own = [".cpython-311-x.so", ".abi3.so", ".so"].map(str::to_owned);
        let names = |stable_abi, suffixes: &[String]| -> Vec<String> {
            beside(dir, "_x", stable_abi, suffixes)
                .into_iter()
                .map(|path| path.file_name().unwrap().to_owned())
                .collect()
        };
        assert_eq!(names(true, &own), ["_x.cpython-311-x.so"]);
        assert_eq!(names(true, &[]).len(), 2);
        assert!(names(false, &own).is_empty());
        disk::write(&dir.join("_x/__init__.py"), b"").unwrap();
        assert_eq!(names(false, &own), ["_x"]);
    }
    #[test]
    fn hints_can_be_pasted_whatever_the_path() {
        let temp = tempfile::tempdir().unwrap();
        let package = Utf8Path::from_path(temp.path()).unwrap().join("it's here");
        disk::write(&package.join("x.pyi"), b"").unwrap();
        let untyped = untyped(&Build::default(), &package).unwrap();
        let shadow = shadow(package.join("x.so"), "x", false);
        let words =
            [untyped, shadow].map(|problem| shlex::split(&problem.finding.hint.unwrap()).unwrap());
        assert_eq!(words[0], ["touch", package.join("py.typed").as_str()]);
        assert_eq!(words[1], ["rm", "-r", package.join("x.so").as_str()]);
    }
}
