//! Whether uv builds a package again when its Rust code changes (uv docs, "Dynamic metadata").

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobBuilder;

use crate::disk;
use crate::error::Result;
use crate::finding::Finding;
use crate::manifest::{Amendment, CacheKey, CargoToml, PyProject, Toml};
use crate::project::{Bindings, Member, Project};

use super::{Cure, Trap};

const KEYS: [&str; 3] = ["tool", "uv", "cache-keys"];

pub(super) fn check(project: &Project, member: &Member) -> Result<Vec<Trap>> {
    let path = member.pyproject.as_deref();
    let Some(pyproject) = path.map(PyProject::read).transpose()?.flatten() else {
        return Ok(Vec::new());
    };
    if !uv_builds(project, &pyproject) || member.bindings == Bindings::Embed {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    found.extend(missing(member, &pyproject)?);
    found.extend(too_wide(member, &pyproject)?);
    Ok(found)
}

/// Whether `uv sync` and `uv run` build the package, as far as the project uses them.
fn uv_builds(project: &Project, pyproject: &PyProject) -> bool {
    let uv = pyproject.toml.table(&["tool", "uv"]);
    let locked = disk::is_file(&project.home.join("uv.lock"));
    let package = pyproject.toml.bool(&["tool", "uv", "package"]);
    pyproject.is_complete() && (uv.is_some() || locked) && package != Some(false)
}

/// A file that the crate is compiled from, and the folder of its sources.
struct Sources {
    file: Utf8PathBuf,
    folder: Utf8PathBuf,
}

impl Sources {
    fn of(cargo: &CargoToml) -> Option<Self> {
        let said = cargo.toml.str(&["lib", "path"]).map(Utf8Path::new);
        let usual = ["src/lib.rs", "src/main.rs"].map(Utf8Path::new);
        let mut files = said
            .into_iter()
            .chain(usual)
            .map(|path| cargo.dir().join(path));
        let file = files.find(|path| disk::is_file(path))?;
        let folder = file.parent()?.to_owned();
        Some(Self { file, folder })
    }

    /// Of the crate and of its path dependencies.
    fn all(member: &Member) -> Result<Vec<Self>> {
        let manifests = std::iter::once(&member.manifest).chain(&member.path_dependencies);
        let mut all = Vec::new();
        for path in manifests {
            all.extend(CargoToml::read(path)?.as_ref().and_then(Self::of));
        }
        Ok(all)
    }
}

fn missing(member: &Member, pyproject: &PyProject) -> Result<Option<Trap>> {
    let keys = pyproject.cache_keys();
    let sources = Sources::all(member)?.into_iter();
    let unseen: Vec<Sources> = sources
        .filter(|sources| !is_seen(&keys, pyproject.dir(), &sources.file))
        .collect();
    let Some(first) = unseen.first() else {
        return Ok(None);
    };
    let shown = relative(pyproject.dir(), &first.folder);
    let message = format!(
        "no cache-key covers `{shown}`: `uv run` and `uv sync` keep the old build when it changes"
    );
    let toml = &pyproject.toml;
    let said = toml.get(&KEYS).is_some();
    let mut new: Vec<String> = Vec::new();
    if !said {
        new.push(file_key("pyproject.toml"));
        new.extend(
            manifests(member)
                .iter()
                .map(|path| file_key(&relative(pyproject.dir(), path))),
        );
    }
    let folders = unseen
        .iter()
        .map(|sources| pattern(pyproject.dir(), &sources.folder));
    new.extend(folders.map(|pattern| file_key(&pattern)));
    let hint = format!("cache-keys = [{}]", new.join(", "));
    let finding = Finding::warning("cache-keys-missing", message)
        .at(&toml.path, Some(place(toml)))
        .hint(hint);
    let add = Amendment::add(&KEYS, new);
    let cure = add
        .apply(toml)
        .is_some()
        .then(|| Cure::Amend(toml.path.clone(), add));
    Ok(Some(Trap {
        finding,
        cure: cure.into_iter().collect(),
    }))
}

/// The line of the keys, of uv's table, else of what says how the package is built.
fn place(toml: &Toml) -> usize {
    let uv = toml.get(&KEYS[..2]).is_some();
    toml.line_of(if uv { &KEYS } else { &["build-system"] })
}

/// What decides about a build besides sources, as far as it is there.
fn manifests(member: &Member) -> Vec<Utf8PathBuf> {
    let crates = std::iter::once(&member.manifest).chain(&member.path_dependencies);
    let crates = crates.flat_map(|path| [path.clone(), path.with_file_name("build.rs")]);
    let mut files: Vec<Utf8PathBuf> = crates.collect();
    files.insert(1, member.workspace.join("Cargo.lock"));
    files.retain(|path| disk::is_file(path));
    files
}

fn file_key(path: &str) -> String {
    format!("{{ file = \"{path}\" }}")
}

fn pattern(dir: &Utf8Path, folder: &Utf8Path) -> String {
    format!("{}/**/*.rs", relative(dir, folder))
}

/// A path as seen from a folder, `..` included.
fn relative(dir: &Utf8Path, path: &Utf8Path) -> String {
    let up = dir
        .ancestors()
        .take_while(|above| !path.starts_with(above))
        .count();
    let common = dir.ancestors().nth(up).unwrap_or(dir);
    let below = path.strip_prefix(common).unwrap_or(path);
    format!("{}{below}", "../".repeat(up))
}

fn is_seen(keys: &[CacheKey], dir: &Utf8Path, file: &Utf8Path) -> bool {
    let shown = relative(dir, file);
    keys.iter().any(|key| match key {
        CacheKey::File(pattern) => matches(pattern, &shown),
        CacheKey::Dir(_) | CacheKey::Env(_) | CacheKey::Git => false,
    })
}

fn matches(pattern: &str, path: &str) -> bool {
    let glob = GlobBuilder::new(pattern.trim_start_matches("./"))
        .literal_separator(true)
        .build();
    glob.is_ok_and(|glob| glob.compile_matcher().is_match(path))
}

/// A pattern that finds Rust files in the target directory, which is full of them after a build.
fn too_wide(member: &Member, pyproject: &PyProject) -> Result<Option<Trap>> {
    let Ok(target) = member.cargo.target.strip_prefix(pyproject.dir()) else {
        return Ok(None);
    };
    let toml = &pyproject.toml;
    let generated = target.join("debug/build/x-0123456789abcdef/out/x.rs");
    let keys = pyproject.file_keys().into_iter();
    let mut wide = keys.filter(|(pattern, _)| matches(pattern, generated.as_str()));
    let Some((said, span)) = wide.next() else {
        return Ok(None);
    };
    let message = format!("`{said}` also finds files that builds write to `{target}`");
    let all = Sources::all(member)?;
    let covered = all
        .iter()
        .filter(|sources| matches(&said, &relative(pyproject.dir(), &sources.file)));
    let patterns = covered.map(|sources| pattern(pyproject.dir(), &sources.folder));
    let new: Vec<String> = patterns.map(|pattern| file_key(&pattern)).collect();
    let finding = Finding::warning("cache-keys-wide", message)
        .at(&toml.path, Some(toml.line(&span)))
        .hint(format!("instead: {}", new.join(", ")));
    let old = &toml.text()[span];
    let change = Amendment::replace(KEYS.map(str::to_owned).to_vec(), old, new);
    let only_rust = Utf8Path::new(&said).extension() == Some("rs");
    let cure = only_rust.then(|| Cure::Amend(toml.path.clone(), change));
    Ok(Some(Trap {
        finding,
        cure: cure.into_iter().collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_folder_of_pyproject_toml() {
        let from = |dir: &str, path: &str| relative(Utf8Path::new(dir), Utf8Path::new(path));
        assert_eq!(from("/p", "/p/src/lib.rs"), "src/lib.rs");
        assert_eq!(from("/p/python/x", "/p/core/src"), "../../core/src");
    }

    #[test]
    fn one_star_stays_in_its_folder() {
        assert!(matches("**/*.rs", "target/debug/x.rs") && matches("**/*.rs", "x.rs"));
        assert!(matches("src/**/*.rs", "src/lib.rs"));
        assert!(!matches("*.rs", "target/x.rs") && !matches("src/*.rs", "src/a/b.rs"));
    }
}
