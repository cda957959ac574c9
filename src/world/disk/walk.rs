//! What is below a directory.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::FileType;
use std::path::PathBuf;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::model::native_file::{is_native, is_tagged};
use crate::model::path::{normalize, slashed};
use crate::world::checkout;

use super::{real, resolve};

/// The files below a directory that no ignore rule of git excludes, sorted; files that git tracks despite a
/// rule are not included. Links are followed to sources in the checkout, or below the directory if there is
/// no checkout.
pub fn unignored_files(dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let real = resolve(dir);
    let bounds = checkout::root(&real).unwrap_or(&real).to_owned();
    let stays = move |path: &std::path::Path| {
        let target = dunce::canonicalize(path).unwrap_or_default();
        let below = target.strip_prefix(&bounds);
        below.is_ok_and(|below| !below.iter().any(is_no_source))
    };
    let mut files: Vec<Utf8PathBuf> = unignored(dir)
        .follow_links(true)
        .filter_entry(move |entry| {
            entry.depth() == 0 || !entry.path_is_symlink() || stays(entry.path())
        })
        .build()
        .flatten()
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .filter_map(|entry| Utf8PathBuf::from_path_buf(entry.into_path()).ok())
        .collect();
    files.sort();
    files
}

/// The files below a directory that no ignore rule of git excludes, including hidden ones, but not git's own;
/// relative to it, sorted. Files that git tracks despite a rule are not included.
pub fn kept_files(dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut files: Vec<Utf8PathBuf> = unignored(dir)
        .hidden(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build()
        .flatten()
        .filter(|entry| entry.file_type().is_some_and(|kind| !kind.is_dir()))
        .filter_map(|entry| Utf8PathBuf::from_path_buf(entry.into_path()).ok())
        .filter_map(|path| Some(slashed(path.strip_prefix(dir).ok()?).into()))
        .collect();
    files.sort();
    files
}

/// Whether it is the name of a build folder, or hidden.
fn is_no_source(name: &std::ffi::OsStr) -> bool {
    name == "target" || name.as_encoded_bytes().starts_with(b".")
}

/// A walk by git's rules, even without git. Ignore files above a checkout do not apply, nor do those above
/// the directory if there is no checkout; nor does a `.ignore`, which is for search tools (ripgrep's guide,
/// "Automatic filtering").
fn unignored(dir: &Utf8Path) -> ignore::WalkBuilder {
    let in_checkout = checkout::root(&resolve(dir)).is_some();
    let mut walk = ignore::WalkBuilder::new(dir);
    walk.require_git(in_checkout)
        .parents(in_checkout)
        .ignore(false);
    walk
}

/// The rules by which git ignores files, each ignore file read once.
#[derive(Debug, Default)]
pub struct IgnoreRules {
    /// By the folder that they apply to and the file that holds them; no file for the user's own.
    read: RefCell<BTreeMap<[Utf8PathBuf; 2], Rc<Gitignore>>>,
}

impl IgnoreRules {
    /// Whether git would ignore a file, existing or not; never outside a checkout.
    pub fn ignore(&self, path: &Utf8Path) -> bool {
        let Some(root) = checkout::root(path) else {
            return false;
        };
        let own = checkout::above(path).map(|dir| self.of(dir.join(".gitignore"), dir));
        // all worktrees share one folder (git's manual, "gitrepository-layout")
        let git = checkout::common_dir(root).unwrap_or_default();
        let all = own.chain([
            self.of(git.join("info/exclude"), root),
            self.of(Utf8PathBuf::new(), root),
        ]);
        let mut found = all.map(
            |rules| match rules.matched_path_or_any_parents(path, false) {
                ignore::Match::Ignore(_) => Some(true),
                ignore::Match::Whitelist(_) => Some(false),
                ignore::Match::None => None,
            },
        );
        found.find_map(|it| it).unwrap_or(false)
    }

    fn of(&self, file: Utf8PathBuf, dir: &Utf8Path) -> Rc<Gitignore> {
        let read = |file: &Utf8Path| {
            let mut rules = GitignoreBuilder::new(dir);
            if file.as_str().is_empty() {
                return rules.build_global().0;
            }
            rules.add(file);
            rules.build().unwrap_or_else(|_| Gitignore::empty())
        };
        let mut known = self.read.borrow_mut();
        let rules = known.entry([dir.to_owned(), file]);
        let rules = rules.or_insert_with_key(|[_, file]| Rc::new(read(file)));
        rules.clone()
    }
}

/// A symbolic link, and the real path that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub path: Utf8PathBuf,
    pub target: Utf8PathBuf,
}

/// The links below a directory that lead to something outside of `bounds`, hidden ones included and
/// ignored ones left out; sorted.
pub fn links_out_of(dir: &Utf8Path, bounds: &Utf8Path) -> Vec<Link> {
    let bounds = resolve(bounds);
    let links = unignored(dir)
        .hidden(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build()
        .flatten()
        .filter(ignore::DirEntry::path_is_symlink);
    let mut links: Vec<Link> = links
        .filter_map(|entry| {
            let path = Utf8PathBuf::from_path_buf(entry.into_path()).ok()?;
            let target = real(&path)?;
            (!target.starts_with(&bounds)).then_some(Link { path, target })
        })
        .collect();
    links.sort_by(|one, other| one.path.cmp(&other.path));
    links
}

/// Every regular file below a directory, including ignored and hidden ones; links are left out.
pub fn all_files(dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    ignore::WalkBuilder::new(dir)
        .standard_filters(false)
        .build()
        .flatten()
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .filter_map(|entry| Utf8PathBuf::from_path_buf(entry.into_path()).ok())
        .collect()
}

/// Every file of a package, including hidden, ignored and linked ones, as paths below `dir`; sorted.
///
/// Left out are: `but`, folders and files, absolute, native files without their suffix; other cargo packages;
/// environments; folders marked as caches (bford.info/cachedir); repositories; distributions in a `dist`;
/// modules for one Python or for the stable ABI, and what Python leaves next to them.
pub fn package_files(dir: &Utf8Path, but: &[Utf8PathBuf]) -> FoundFiles {
    every_file(dir, but, |name| !is_made(name))
}

/// The Rust files among them.
pub fn rust_files(dir: &Utf8Path, but: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    every_file(dir, but, |name| {
        Utf8Path::new(name).extension() == Some("rs")
    })
    .named
}

/// The compiled modules among a package's sources, as [`package_files`] finds files; absolute.
pub fn modules_among_sources(dir: &Utf8Path, but: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let files = every_file(dir, but, |name| is_native(Utf8Path::new(name))).named;
    files.into_iter().map(|path| dir.join(path)).collect()
}

fn is_made(name: &str) -> bool {
    let path = Utf8Path::new(name);
    let is_module = is_native(path) && (is_tagged(name) || name.contains(".abi3"));
    is_module || path.extension() == Some("pyc")
}

/// `keep`: whether a file with that name counts.
fn every_file(dir: &Utf8Path, but: &[Utf8PathBuf], keep: fn(&str) -> bool) -> FoundFiles {
    Walk {
        but,
        keep,
        is_package: true,
        ..Walk::default()
    }
    .files(dir)
}

/// By bytes: comparing paths part by part takes longer than finding them.
fn sort(files: &mut [Utf8PathBuf]) {
    files.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
}

/// The files of a folder.
#[derive(Debug, Default)]
pub struct FoundFiles {
    /// As paths below the folder; sorted.
    pub named: Vec<Utf8PathBuf>,
    /// Those whose names are not UTF-8 or not a single line, absolute; sorted.
    pub unnamed: Vec<PathBuf>,
}

/// Every file of a folder, following links, as paths below `dir`; sorted.
pub fn folder_files(dir: &Utf8Path) -> FoundFiles {
    Walk::default().files(dir)
}

/// A walk that follows links, into each folder once, and never into a folder that the walk began in: a link
/// to `/` leads to everything, and in `/sys` to even more.
struct Walk<'a> {
    but: &'a [Utf8PathBuf],
    keep: fn(&str) -> bool,
    /// Whether what is below belongs to the package, which ends at other packages and at generated files.
    is_package: bool,
    /// The real folders that were entered.
    entered: BTreeSet<Utf8PathBuf>,
    found: FoundFiles,
}

impl Default for Walk<'_> {
    fn default() -> Self {
        Self {
            but: &[],
            keep: |_| true,
            is_package: false,
            entered: BTreeSet::new(),
            found: FoundFiles::default(),
        }
    }
}

impl Walk<'_> {
    fn files(mut self, dir: &Utf8Path) -> FoundFiles {
        let real = resolve(dir);
        self.entered
            .extend(real.ancestors().map(Utf8Path::to_owned));
        self.enter(dir, &real, Utf8Path::new(""));
        sort(&mut self.found.named);
        self.found.unnamed.sort();
        self.found
    }

    /// `real`: the folder without links; `below`: its path below the start of the walk.
    fn enter(&mut self, dir: &Utf8Path, real: &Utf8Path, below: &Utf8Path) {
        for (name, kind) in self.entries(real, below) {
            let path = real.join(&name);
            if kind.is_dir() || (kind.is_symlink() && path.is_dir()) {
                let shown = dir.join(&name);
                let real = if kind.is_symlink() {
                    resolve(&path)
                } else {
                    path
                };
                if !self.but.contains(&shown) && self.entered.insert(real.clone()) {
                    self.enter(&shown, &real, &below.join(&name));
                }
            } else if (self.keep)(&name)
                && !self.is_left_out(dir, &name)
                && (kind.is_file() || path.is_file())
            {
                self.found.named.push(below.join(&name));
            }
        }
    }

    fn is_left_out(&self, dir: &Utf8Path, name: &str) -> bool {
        let mut path = dir.join(name);
        let is_distribution = path.extension() == Some("whl") || name.ends_with(".tar.gz");
        if self.is_package && dir.file_name() == Some("dist") && is_distribution {
            return true;
        }
        if is_native(&path) {
            path.set_extension("");
        }
        // as text: paths compare their parts one by one
        self.but.iter().any(|one| one.as_str() == path.as_str())
    }

    /// The folders, links and files that count, links last: what exists without a link is found under its own
    /// name.
    fn entries(&mut self, dir: &Utf8Path, below: &Utf8Path) -> Vec<(String, FileType)> {
        const MARKS: [&str; 3] = ["CACHEDIR.TAG", "Cargo.toml", "pyvenv.cfg"];
        const APART: [&str; 5] = [".git", ".hg", ".jj", ".svn", "__pycache__"];
        let may_end = self.is_package && !below.as_str().is_empty();
        let (mut entries, mut unnamed) = (Vec::new(), Vec::new());
        for entry in dir.as_std_path().read_dir().into_iter().flatten().flatten() {
            let name = entry.file_name().into_string();
            let Some(name) = name.ok().filter(|name| !name.contains('\n')) else {
                unnamed.extend(files_at(entry.path()));
                continue;
            };
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if may_end && MARKS.contains(&&*name) {
                return Vec::new();
            }
            let counts = if kind.is_file() {
                (self.keep)(&name)
            } else {
                !self.is_package || !APART.contains(&&*name)
            };
            if counts {
                entries.push((name, kind));
            }
        }
        self.found.unnamed.extend(unnamed);
        entries.sort_by(|(one, kind), (other, others)| {
            (kind.is_symlink(), one).cmp(&(others.is_symlink(), other))
        });
        entries
    }
}

/// A file, or everything below a folder; links are left out.
fn files_at(path: PathBuf) -> impl Iterator<Item = PathBuf> {
    ignore::WalkBuilder::new(path)
        .standard_filters(false)
        .build()
        .flatten()
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(ignore::DirEntry::into_path)
}

/// Folders below `dir` (itself included), no deeper than `depth`, that are not ignored and whose name `enter`
/// accepts; nearest first, then by name.
pub fn folders(dir: &Utf8Path, depth: usize, enter: fn(&str) -> bool) -> Vec<Utf8PathBuf> {
    let mut folders: Vec<Utf8PathBuf> = unignored(dir)
        .max_depth(Some(depth))
        .filter_entry(move |entry| {
            entry.depth() == 0
                || (entry.file_type().is_some_and(|kind| kind.is_dir())
                    && entry.file_name().to_str().is_some_and(enter))
        })
        .build()
        .flatten()
        .filter_map(|entry| Utf8PathBuf::from_path_buf(entry.into_path()).ok())
        .collect();
    folders.sort_by_key(|folder| (folder.components().count(), folder.clone()));
    folders
}

/// The folders that match a glob relative to `dir`, absolute; none if it is not a glob.
pub fn folders_like(dir: &Utf8Path, pattern: &str) -> Vec<Utf8PathBuf> {
    let Ok(paths) = glob::glob(&below(dir, pattern)) else {
        return Vec::new();
    };
    let paths = paths.flatten().map(Utf8PathBuf::from_path_buf);
    let mut folders: Vec<Utf8PathBuf> = paths.flatten().collect();
    folders.retain(|path| path.is_dir());
    folders
}

/// Whether a glob in `dir` matches a path; its star matches any part of one.
pub fn is_match(dir: &Utf8Path, pattern: &str, path: &Utf8Path) -> bool {
    let pattern = glob::Pattern::new(&below(dir, pattern));
    pattern.is_ok_and(|pattern| pattern.matches_path(path.as_std_path()))
}

/// Whether [`folders_like`] would find a folder by the pattern if it existed, both relative to the same
/// folder.
pub fn is_folder_like(pattern: &str, folder: &str) -> bool {
    let plain = |text: &str| normalize(Utf8Path::new(text)).into_string();
    let options = glob::MatchOptions {
        require_literal_separator: true,
        ..glob::MatchOptions::default()
    };
    let pattern = glob::Pattern::new(&plain(pattern));
    pattern.is_ok_and(|pattern| pattern.matches_with(&plain(folder), options))
}

fn below(dir: &Utf8Path, pattern: &str) -> String {
    let dir = glob::Pattern::escape(dir.as_str());
    normalize(&Utf8Path::new(&dir).join(pattern)).into_string()
}

#[cfg(test)]
mod tests {
    use crate::world::disk::tests::dir;
    use crate::world::disk::write;

    use super::*;

    #[test]
    fn a_star_for_folders_means_one_name() {
        for (pattern, folder, expected) in [
            ("python", "python", true),
            ("./bindings/*/", "bindings/python", true),
            ("*", "python", true),
            ("*", "bindings/python", false),
            ("**/python", "bindings/python", true),
            ("bindings", "bindings/python", false),
        ] {
            assert_eq!(
                super::is_folder_like(pattern, folder),
                expected,
                "{pattern}"
            );
        }
    }

    #[test]
    #[cfg(unix)]
    fn links_within_the_checkout_are_followed() {
        use crate::world::disk::remove_dir;
        use std::os::unix::fs::symlink;
        let (_guard, dir) = dir();
        for name in [
            "p/.git/HEAD",
            "p/shared/test_a.py",
            "p/python/b.py",
            "p/target/d.py",
            "out/c.py",
        ] {
            write(&dir.join(name), b"").unwrap();
        }
        let links = [
            ("../shared", "tests"),
            ("b.py", "again.py"),
            ("../../out", "out"),
            ("../../out/c.py", "c.py"),
            (".", "loop"),
            ("../target", "builds"),
            ("nowhere", "dangling"),
        ];
        for (target, link) in links {
            symlink(target, dir.join("p/python").join(link)).unwrap();
        }
        let python = dir.join("p/python");
        let found = |files: [&str; 3]| files.map(|file| python.join(file));
        let expected = found(["again.py", "b.py", "tests/test_a.py"]);
        assert_eq!(unignored_files(&python), expected);
        remove_dir(&dir.join("p/.git")).unwrap();
        assert_eq!(unignored_files(&python), expected[..2]);
    }

    #[test]
    #[cfg(unix)]
    fn links_lead_into_each_folder_once_and_never_out_to_everything() {
        use std::os::unix::fs::symlink;
        let (_guard, dir) = dir();
        for name in ["p/src/lib.rs", "apart/deep/x.rs"] {
            write(&dir.join(name), b"").unwrap();
        }
        let package = dir.join("p");
        for (target, link) in [
            ("/", "root"),
            ("..", "up"),
            ("src", "again"),
            ("../apart", "one"),
            ("../apart/deep", "two"),
        ] {
            symlink(target, package.join(link)).unwrap();
        }
        symlink("../../apart", dir.join("apart/deep/back")).unwrap();
        let found = ["one/deep/x.rs", "src/lib.rs"];
        assert_eq!(package_files(&package, &[]).named, found);
        assert_eq!(rust_files(&package, &[]), found);
        assert_eq!(folder_files(&package).named, found);
    }

    #[test]
    fn what_is_ignored_above_the_project_is_not_ignored_in_it() {
        let (_guard, dir) = dir();
        let project = dir.join("p");
        let write = |name: &str, text: &[u8]| write(&project.join(name), text).unwrap();
        write("../.gitignore", b"*");
        write(".gitignore", b"b.py");
        write("python/a.py", b"");
        write("python/b.py", b"");
        let a = [project.join("python/a.py")];
        assert_eq!(unignored_files(&project), a);
        assert_eq!(
            folders(&project, 1, |_| true),
            [&*project, &*project.join("python")]
        );
        write(".git/HEAD", b"");
        assert_eq!(unignored_files(&project), a);
        assert_eq!(unignored_files(&project.join("python")), a);
    }

    #[test]
    fn what_a_search_is_to_leave_out_is_kept() {
        let (_guard, dir) = dir();
        write(&dir.join(".ignore"), b"data").unwrap();
        write(&dir.join("data/a"), b"").unwrap();
        assert_eq!(unignored_files(&dir), [dir.join("data/a")]);
        assert_eq!(kept_files(&dir), [".ignore", "data/a"]);
    }

    #[test]
    fn what_is_excluded_in_a_worktree_stands_in_its_common_folder() {
        let (_guard, dir) = dir();
        let rules = IgnoreRules::default();
        let own = dir.join("main/.git/worktrees/w");
        write(&own.join("commondir"), b"../..\n").unwrap();
        write(&dir.join("main/.git/info/exclude"), b"x\n").unwrap();
        write(&dir.join("w/.git"), format!("gitdir: {own}\n").as_bytes()).unwrap();
        assert!(rules.ignore(&dir.join("w/x")));
        assert!(!rules.ignore(&dir.join("w/y")));
        assert!(rules.ignore(&dir.join("main/x")));
        // of a submodule it is its own
        let own = dir.join("main/.git/modules/s");
        write(&own.join("info/exclude"), b"y\n").unwrap();
        let link = b"gitdir: ../.git/modules/s\n";
        write(&dir.join("main/s/.git"), link).unwrap();
        assert!(rules.ignore(&dir.join("main/s/y")));
        assert!(!rules.ignore(&dir.join("main/s/x")));
    }

    #[test]
    fn rules_are_read_once() {
        let (_guard, dir) = dir();
        write(&dir.join(".git/HEAD"), b"").unwrap();
        write(&dir.join(".gitignore"), b"x*").unwrap();
        let rules = IgnoreRules::default();
        assert!(rules.ignore(&dir.join("x1")) && !rules.ignore(&dir.join("y1")));
        write(&dir.join(".gitignore"), b"y*").unwrap();
        assert!(rules.ignore(&dir.join("x2")) && !rules.ignore(&dir.join("y2")));
    }
}
