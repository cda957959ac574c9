//! Whether uv rebuilds a package when its Rust code changes (uv docs, "Dynamic metadata").

use camino::{Utf8Path, Utf8PathBuf};
use toml_edit::Item;

use crate::facts::project::{Bindings, Member, Project};
use crate::model::error::Result;
use crate::model::finding::Finding;
use crate::model::path::{normalize, relative};
use crate::world::disk;
use crate::world::manifest::{ArrayEdit, CacheKey, CargoToml, PyProject, Toml};

use super::problem::{Fix, Problem};

const KEYS: [&str; 3] = ["tool", "uv", "cache-keys"];

pub(super) fn check(project: &Project, member: &Member) -> Result<Vec<Problem>> {
    let Some(pyproject) = &member.pyproject else {
        return Ok(Vec::new());
    };
    if !uv_builds(project, pyproject)? || member.bindings == Bindings::Embed {
        return Ok(Vec::new());
    }
    let mut found = Vec::from_iter(missing(member, pyproject));
    found.extend(too_wide(member, pyproject));
    Ok(found)
}

/// Whether `uv sync` and `uv run` build the package, as far as the project uses them.
fn uv_builds(project: &Project, pyproject: &PyProject) -> Result<bool> {
    let uv = pyproject.toml.table(&["tool", "uv"]);
    let is_used = uv.is_some() || project.uv_lock()?.is_some();
    let package = pyproject.toml.bool(&["tool", "uv", "package"]);
    Ok(pyproject.is_complete() && is_used && package != Some(false))
}

/// What a crate is compiled from.
struct CrateSources {
    /// The first of its files.
    file: Utf8PathBuf,
    folder: Utf8PathBuf,
    /// The path of its build script, which does not count as source.
    script: Option<Utf8PathBuf>,
}

impl CrateSources {
    fn of(cargo: &CargoToml) -> Option<Self> {
        let said = cargo.toml.str(&["lib", "path"]).map(Utf8Path::new);
        let usual = ["src/lib.rs", "src/main.rs"].map(Utf8Path::new);
        let mut files = said
            .into_iter()
            .chain(usual)
            .map(|path| normalize(&cargo.dir().join(path)));
        let file = files.find(|path| disk::is_file(path))?;
        let folder = file.parent()?.to_owned();
        Some(Self {
            file,
            folder,
            script: cargo.build_script(),
        })
    }

    /// Those that the crate and its path dependencies ask for.
    fn all(member: &Member) -> Vec<Self> {
        let crates = member.crates();
        crates.filter_map(|cargo| Self::of(cargo)).collect()
    }

    /// All of them relative to a folder: one pattern, or the files by name if builds write below them.
    fn patterns(&self, dir: &Utf8Path, target: &Utf8Path) -> Vec<String> {
        if !target.starts_with(&self.folder) {
            return vec![format!("{}/**/*.rs", relative(dir, &self.folder))];
        }
        let files = disk::names(&self.folder)
            .into_iter()
            .map(|name| self.folder.join(name))
            .filter(|path| path.extension() == Some("rs") && Some(path) != self.script.as_ref());
        files.map(|path| relative(dir, &path)).collect()
    }
}

fn missing(member: &Member, pyproject: &PyProject) -> Option<Problem> {
    let keys = pyproject.cache_keys();
    let dir = pyproject.dir();
    let mut unseen = CrateSources::all(member);
    unseen.retain(|sources| !is_seen(&keys, dir, &sources.file));
    let first = unseen.first()?;
    let shown = match relative(dir, &first.folder) {
        root if root.is_empty() => relative(dir, &first.file),
        folder => folder,
    };
    let message = format!(
        "no cache-key covers `{shown}`: `uv run` and `uv sync` keep the old build when it changes"
    );
    let toml = &pyproject.toml;
    let said = toml.get(&KEYS).is_some();
    let mut new: Vec<String> = Vec::new();
    if !said {
        new.push(file_key("pyproject.toml"));
        for path in manifests(member) {
            new.push(file_key(&relative(dir, &path)));
        }
    }
    let patterns = unseen
        .iter()
        .flat_map(|sources| sources.patterns(dir, &member.directories.target));
    new.extend(patterns.map(|pattern| file_key(&pattern)));
    let is_of_tables = toml.get(&KEYS).is_some_and(Item::is_array_of_tables);
    let hint = if is_of_tables {
        let one = |key: &String| {
            format!(
                "[[{}]]\n{}",
                KEYS.join("."),
                key.trim_matches(['{', '}', ' '])
            )
        };
        new.iter().map(one).collect::<Vec<_>>().join("\n")
    } else {
        format!("cache-keys = [{}]", new.join(", "))
    };
    let finding = Finding::warning("cache-keys-missing", message)
        .at(&toml.path, Some(place(toml)))
        .hint(hint);
    let add = ArrayEdit::add(&KEYS, new);
    Some(Problem {
        finding,
        fix: Fix::amend(toml, add).into_iter().collect(),
    })
}

/// The line of the keys, else of uv's table, else of the build settings.
fn place(toml: &Toml) -> usize {
    let uv = toml.get(&KEYS[..2]).is_some();
    toml.line_of(if uv { &KEYS } else { &["build-system"] })
}

/// The existing files that decide about a build besides sources.
fn manifests(member: &Member) -> Vec<Utf8PathBuf> {
    let mut files: Vec<Utf8PathBuf> = member
        .crates()
        .flat_map(|cargo| std::iter::once(cargo.toml.path.clone()).chain(cargo.build_script()))
        .collect();
    files.insert(1, member.workspace.join("Cargo.lock"));
    files.retain(|path| disk::is_file(path));
    files
}

fn file_key(path: &str) -> String {
    format!("{{ file = \"{path}\" }}")
}

fn is_seen(keys: &[CacheKey], dir: &Utf8Path, file: &Utf8Path) -> bool {
    let shown = relative(dir, file);
    keys.iter().any(|key| match key {
        CacheKey::File(pattern) => matches(pattern, &shown),
        CacheKey::Dir(_) | CacheKey::Env(_) | CacheKey::Git => false,
    })
}

fn matches(pattern: &str, path: &str) -> bool {
    CacheKey::glob(pattern).is_some_and(|glob| glob.is_match(path))
}

/// Patterns that match Rust files in the target directory, which is full of them after a build.
fn too_wide(member: &Member, pyproject: &PyProject) -> Vec<Problem> {
    let (dir, target) = (pyproject.dir(), &member.directories.target);
    if !target.starts_with(dir) {
        return Vec::new();
    }
    let target = relative(dir, target);
    let generated = format!("{target}/debug/build/x-0123456789abcdef/out/x.rs");
    let keys = pyproject.file_keys().into_iter();
    let (wide, narrow): (Vec<_>, Vec<_>) =
        keys.partition(|(pattern, _)| matches(pattern, &generated));
    let mut kept: Vec<String> = narrow.into_iter().map(|(pattern, _)| pattern).collect();
    let mut found = Vec::new();
    for (said, span) in wide {
        let instead = narrower(member, dir, &said, &kept);
        let new: Vec<String> = instead.iter().map(|pattern| file_key(pattern)).collect();
        let hint = match &new[..] {
            [] => "remove it: other keys cover the sources".to_owned(),
            new => format!("instead: {}", new.join(", ")),
        };
        let message = format!("`{said}` also matches files that builds write to `{target}`");
        let toml = &pyproject.toml;
        let finding = Finding::warning("cache-keys-wide", message)
            .at(&toml.path, Some(toml.line(&span)))
            .hint(hint);
        let mut problem = Problem::from(finding);
        if Utf8Path::new(&said).extension() == Some("rs") {
            let old = &toml.text()[span];
            let change = ArrayEdit::replace(KEYS.map(str::to_owned).to_vec(), old, new);
            if let Some(fix) = Fix::amend(toml, change) {
                problem.fix.push(fix);
                kept.extend(instead);
            }
        }
        found.push(problem);
    }
    found
}

/// What a pattern matches of a crate, without what other keys cover.
fn narrower(member: &Member, dir: &Utf8Path, wide: &str, others: &[String]) -> Vec<String> {
    let covered = CrateSources::all(member)
        .into_iter()
        .filter(|sources| matches(wide, &relative(dir, &sources.file)));
    let mut found: Vec<String> = covered
        .flat_map(|sources| sources.patterns(dir, &member.directories.target))
        .filter(|pattern| !others.contains(pattern))
        .collect();
    let is_seen = |found: &[String], path: &str| {
        let mut patterns = others.iter().chain(found);
        patterns.any(|pattern| matches(pattern, path))
    };
    for path in manifests(member)
        .into_iter()
        .chain([dir.join("pyproject.toml")])
    {
        let path = relative(dir, &path);
        if matches(wide, &path) && !is_seen(&found, &path) {
            found.push(path);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::manifest::Manifests;

    /// What is found about a package that has these files in a folder `p`, and its keys once that is
    /// fixed.
    fn found(files: &[&str], cargo: &str, keys: &str) -> (Vec<Problem>, String) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap().join("p");
        for name in files {
            disk::write(&dir.join(name), b"").unwrap();
        }
        let cargo = format!("[package]\nname = 'x'\n{cargo}");
        disk::write(&dir.join("Cargo.toml"), cargo.as_bytes()).unwrap();
        let text = format!(
            "[build-system]\nrequires = ['maturin']\nbuild-backend = 'maturin'\n\
             [project]\nname = 'x'\nversion = '1'\n[tool.uv]\n{keys}\n"
        );
        disk::write(&dir.join("pyproject.toml"), text.as_bytes()).unwrap();
        let manifests = Manifests::default();
        let mut member = Member {
            cargo: manifests.cargo(&dir.join("Cargo.toml")).unwrap().unwrap(),
            pyproject: manifests.pyproject(&dir.join("pyproject.toml")).unwrap(),
            workspace: dir.clone(),
            ..Member::default()
        };
        member.directories.target = dir.join("target");
        let found = check(&Project::default(), &member).unwrap();
        let mut toml = Toml::read(&dir.join("pyproject.toml")).unwrap().unwrap();
        for fix in found.iter().flat_map(|problem| &problem.fix) {
            if let Fix::Amend(path, change) = fix {
                toml = Toml::parse(path, &change.apply(&toml).unwrap()).unwrap();
            }
        }
        let keys = toml.text().split("[tool.uv]\n").nth(1).unwrap();
        (found, keys.trim_end().to_owned())
    }

    #[test]
    fn keys_in_tables_of_their_own_are_keys() {
        let table = |file: &str| format!("[[tool.uv.cache-keys]]\nfile = '{file}'");
        let (problems, _) = found(&["src/lib.rs"], "", &table("src/**/*.rs"));
        assert!(problems.is_empty());
        let (problems, keys) = found(&["src/lib.rs"], "", &table("Cargo.toml"));
        let hint = problems[0].finding.hint.as_deref();
        assert_eq!(hint, Some("[[tool.uv.cache-keys]]\nfile = \"src/**/*.rs\""));
        assert_eq!(keys, table("Cargo.toml"), "the text is for people to write");
    }

    #[test]
    fn a_narrower_pattern_goes_on_covering_the_build_script() {
        let files = ["src/lib.rs", "build.rs"];
        let (problems, keys) = found(&files, "", "cache-keys = [{ file = '**/*.rs' }]");
        assert_eq!(problems.len(), 1);
        let both = "cache-keys = [{ file = \"src/**/*.rs\" }, { file = \"build.rs\" }]";
        assert_eq!(keys, both);
        let cargo = "build = 'tools/make.rs'\n";
        let files = ["src/lib.rs", "tools/make.rs"];
        let (_, keys) = found(&files, cargo, "cache-keys = [{ file = '**/*.rs' }]");
        assert!(keys.contains("\"tools/make.rs\""), "{keys}");
        let files = ["src/lib.rs", "build.rs"];
        let (_, keys) = found(
            &files,
            "build = false\n",
            "cache-keys = [{ file = '**/*.rs' }]",
        );
        assert!(!keys.contains("build.rs"), "{keys}");
    }

    #[test]
    fn every_wide_pattern_is_a_problem_and_what_one_says_the_next_does_not() {
        let wide = "cache-keys = ['./**/*.rs', { file = 'pyproject.toml' }, '**/*.rs', '**/*']";
        let (problems, keys) = found(&["src/lib.rs"], "", wide);
        assert_eq!(problems.len(), 3);
        let hint = problems[2].finding.hint.as_deref();
        assert_eq!(hint, Some("instead: { file = \"Cargo.toml\" }"));
        let left = "cache-keys = [{ file = \"src/**/*.rs\" }, { file = 'pyproject.toml' }, '**/*']";
        assert_eq!(keys, left);
    }

    #[test]
    fn a_library_beside_pyproject_toml_is_covered_without_the_target_directory() {
        let cargo = "[lib]\npath = 'lib.rs'\n";
        let (problems, keys) = found(&["lib.rs"], cargo, "cache-keys = ['Cargo.toml']");
        let message = &problems[0].finding.message;
        assert!(
            message.starts_with("no cache-key covers `lib.rs`"),
            "{message}"
        );
        assert_eq!(keys, "cache-keys = ['Cargo.toml', { file = \"lib.rs\" }]");
        let (_, keys) = found(&["lib.rs"], cargo, "cache-keys = ['**/*.rs']");
        assert_eq!(keys, "cache-keys = [{ file = \"lib.rs\" }]");
    }

    #[test]
    fn one_star_finds_files_in_folders_below_as_it_does_for_uv() {
        for pattern in ["**/*.rs", "*.rs", "./*.rs"] {
            assert!(matches(pattern, "target/debug/x.rs") && matches(pattern, "x.rs"));
        }
        for pattern in ["src/**/*.rs", "src/*.rs"] {
            assert!(matches(pattern, "src/a/b.rs") && !matches(pattern, "target/x.rs"));
        }
    }
}
