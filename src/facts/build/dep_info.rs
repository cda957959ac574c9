//! cargo's record of what an artifact was made from (cargo book, "Build Cache").

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::project::Member;
use crate::model::path::normalize;
use crate::world::disk;

use super::output::artifact_names;
use super::units;

/// The files that the compiler and the build scripts read, by cargo's dep-info next to the artifact: sources
/// of the crate and of its path dependencies, and `rerun-if-changed`.
pub fn sources(member: &Member, output: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    // with `build.dep-info-basedir` they are relative, most likely to one of these
    let roots = [&member.workspace, &member.dir];
    let absolute = |path: Utf8PathBuf| {
        let mut places = roots.iter().map(|root| root.join(&path));
        let found = places.find(|place| disk::signature(place).is_some());
        found.unwrap_or_else(|| member.workspace.join(&path))
    };
    let mut files = BTreeSet::new();
    for path in dep_infos(member, output) {
        let text = disk::read_text(&path).ok().flatten().unwrap_or_default();
        let found = dep_info(&text, &member.workspace);
        files.extend(found.into_iter().map(absolute).map(without_detours));
    }
    files
}

/// Of what the compiler read in the `workspace` and below `packages`, by its own dep-info in `built`: the
/// paths that lead through links. cargo's dep-info has the resolved paths, and would not notice that a link
/// changes.
pub(super) fn linked_sources(
    built: &Utf8Path,
    workspace: &Utf8Path,
    packages: &[&Utf8Path],
) -> BTreeSet<Utf8PathBuf> {
    let mut files = BTreeSet::new();
    for text in units::dep_info_texts(built) {
        // from the folder of its workspace or of its package
        let roots = || packages.iter().chain([&workspace]);
        if is_elsewhere(&text, roots()) {
            continue;
        }
        for path in dep_info(&text, workspace) {
            files.extend(roots().filter_map(|root| linked(root, &path)));
        }
    }
    files
}

/// The sources of each crate that was compiled in `built`, cargo's folder of one profile, by the compiler's
/// own dep-info: the crate's root first, relative to `workspace` unless absolute.
pub fn sources_of_crates(built: &Utf8Path, workspace: &Utf8Path) -> Vec<Vec<Utf8PathBuf>> {
    let sources = units::dep_info_texts(built).into_iter().filter_map(|text| {
        let (_, paths) = text.lines().find_map(|line| line.split_once(": "))?;
        let paths = split_escaped(paths).into_iter();
        Some(paths.map(|path| workspace.join(path)).collect())
    });
    sources.collect()
}

/// Whether a crate's root is in none of the folders: it comes from a registry, like most crates of a build.
fn is_elsewhere<'a>(text: &str, mut roots: impl Iterator<Item = &'a &'a Utf8Path>) -> bool {
    let first = text.split_once(": ").map_or("", |(_, sources)| sources);
    let first = first.split_whitespace().next().unwrap_or_default();
    // where a blank is escaped it may be any
    Utf8Path::new(first).is_absolute()
        && !first.ends_with('\\')
        && !roots.any(|root| first.starts_with(root.as_str()))
}

/// A file below `root` that is reached through a link.
fn linked(root: &Utf8Path, path: &Utf8Path) -> Option<Utf8PathBuf> {
    let path = root.join(path);
    let below = path.strip_prefix(root).ok()?;
    let plain = normalize(&disk::resolve(root).join(below));
    (disk::is_file(&path) && disk::resolve(&path) != plain).then_some(path)
}

/// `a/../b` as `b`, which is how changes are reported; through a link that would be another file.
fn without_detours(path: Utf8PathBuf) -> Utf8PathBuf {
    let plain = normalize(&path);
    if plain != path && disk::is_there(&path) && disk::resolve(&plain) == disk::resolve(&path) {
        return plain;
    }
    path
}

/// Where cargo records what an artifact was made from.
pub(super) fn dep_infos(member: &Member, output: &Utf8Path) -> Vec<Utf8PathBuf> {
    artifact_names(member)
        .into_iter()
        .map(|name| output.join(name).with_extension("d"))
        .collect()
}

/// The paths in a dep-info file, `target: path path …` with `\ ` for a blank. A newline in the workspace's
/// own path is the only one that cargo does not escape.
fn dep_info(text: &str, workspace: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    const HIDDEN: &str = "\u{0}";
    let escaped = workspace.as_str().replace(' ', "\\ ");
    let text = text.replace(&escaped, HIDDEN);
    let mut files = BTreeSet::new();
    for line in text.lines() {
        let Some((_, paths)) = line.split_once(": ") else {
            continue;
        };
        for path in split_escaped(paths) {
            files.insert(path.replace(HIDDEN, workspace.as_str()).into());
        }
    }
    files
}

fn split_escaped(paths: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut chars = paths.chars().peekable();
    while let Some(c) = chars.next() {
        let word = words.last_mut().expect("there is always a last word");
        match c {
            '\\' if chars.peek() == Some(&' ') => word.extend(chars.next()),
            ' ' => words.push(String::new()),
            other => word.push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str, workspace: &str) -> Vec<String> {
        let found = dep_info(text, Utf8Path::new(workspace));
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn dep_info_is_read_with_blanks_and_newlines_in_the_projects_path() {
        assert_eq!(
            paths("/p/t/libx.so: /p/a.rs /p/b.rs\n", "/p"),
            ["/p/a.rs", "/p/b.rs"]
        );
        assert_eq!(
            paths("/a\\ b/libx.so: /a\\ b/c\\ d.rs\n", "/a b"),
            ["/a b/c d.rs"]
        );
        assert_eq!(
            paths("/a\nb/libx.so: /a\nb/c.rs\n", "/a\nb"),
            ["/a\nb/c.rs"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_detour_is_left_out_unless_it_leads_through_a_link() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let root = disk::resolve(root);
        for file in ["note.txt", "src/main.rs", "far/note.txt", "far/src/main.rs"] {
            disk::write(&root.join(file), b"").unwrap();
        }
        std::os::unix::fs::symlink(root.join("far/src"), root.join("linked")).unwrap();
        let plain = |path: &str| without_detours(root.join(path));
        assert_eq!(plain("src/../note.txt"), root.join("note.txt"));
        let linked = "linked/../note.txt"; // `far/note.txt` to the system
        assert_eq!(plain(linked), root.join(linked));
        assert_eq!(plain("src/../gone.txt"), root.join("src/../gone.txt"));
    }

    #[cfg(unix)]
    #[test]
    fn what_the_compiler_read_through_a_link_is_known_by_the_links_path() {
        let temp = tempfile::tempdir().unwrap();
        let root = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        for file in ["p/src/lib.rs", "p/one/a.rs", "p/one/b.rs"] {
            disk::write(&root.join(file), b"").unwrap();
        }
        let dir = root.join("p");
        std::os::unix::fs::symlink("../one/a.rs", dir.join("src/a.rs")).unwrap();
        std::os::unix::fs::symlink("one", dir.join("now")).unwrap();
        // that of a registry's crate is not looked at
        let other = format!("m.d: /cargo/src/lib.rs {dir}/now/a.rs\n");
        disk::write(&root.join("built/deps/other.d"), other.as_bytes()).unwrap();
        let text = format!("m.d: src/lib.rs src/a.rs src/../one/b.rs {dir}/now/b.rs /gone.rs\n");
        disk::write(&root.join("built/deps/m.d"), text.as_bytes()).unwrap();
        let found = linked_sources(&root.join("built"), &dir, &[]);
        let links = ["now/b.rs", "src/a.rs"].map(|name| dir.join(name));
        assert_eq!(Vec::from_iter(found), links);
        // the whole project may be behind one
        std::os::unix::fs::symlink(&dir, root.join("link")).unwrap();
        let found = linked_sources(&root.join("built"), &root.join("link"), &[]);
        assert_eq!(Vec::from_iter(found), [root.join("link/src/a.rs")]);
    }
}
