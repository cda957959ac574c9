//! What git knows: uncommitted files, tags on the last commit, ignored lock files.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::project::Project;
use crate::model::error::Result;
use crate::model::finding::Finding;
use crate::model::native_file::is_extension_module;
use crate::model::path::{normalize, slashed};
use crate::world::checkout;
use crate::world::git::Git;
use crate::world::session::Session;

/// How many files are named.
const NAMED: usize = 3;

/// Empty if the project is not in a checkout, or git is not installed.
#[derive(Debug, Default)]
pub(super) struct Checkout {
    /// Files of the project that differ from the last commit, absolute.
    dirty: Vec<Utf8PathBuf>,
    /// Whether there is no commit at all.
    unborn: bool,
    /// The names of tags on the last commit.
    pub(super) tags: Vec<String>,
    /// Lock files that git ignores, absolute.
    pub(super) ignored: Vec<Utf8PathBuf>,
}

impl Checkout {
    pub(super) fn read(session: &Session, project: &Project) -> Result<Self> {
        let root = &project.root;
        let Some(top) = checkout::root(root) else {
            return Ok(Self::default());
        };
        let git = Git { session, dir: root };
        let mut folders = folders(project);
        folders.retain(|folder| folder.starts_with(top)); // git refuses others
        let folders = folders.into_iter().map(Utf8PathBuf::into_string);
        let status = ["status", "--porcelain", "-z", "--no-renames", "--"];
        let status = status.iter().map(ToString::to_string).chain(folders);
        let status = git.demand("what differs from the last commit", status.collect())?;
        let head = git.ask(words(&["rev-parse", "--verify", "--quiet", "HEAD"]))?;
        let tags = git.ask(words(&["tag", "--points-at", "HEAD"]))?;
        // else git answers with escapes for backslashes and umlauts
        let mut check = words(&["-c", "core.quotePath=false", "check-ignore", "--"]);
        for member in &project.members {
            check.push(slashed(&member.workspace.join("Cargo.lock")));
        }
        let ignored = git.ask(check)?;
        let entries = status.split(['\0', '\n']);
        Ok(Self {
            dirty: entries
                .filter_map(|entry| Some(top.join(entry.get(3..)?)))
                .collect(),
            unborn: head.is_empty(),
            tags: tags.lines().map(str::to_owned).collect(),
            ignored: ignored.lines().map(Utf8PathBuf::from).collect(),
        })
    }
}

impl Checkout {
    pub(super) fn differs(&self, path: &Utf8Path) -> bool {
        self.dirty.iter().any(|dirty| dirty == path)
    }
}

/// The folders that distributions are made from.
fn folders(project: &Project) -> Vec<Utf8PathBuf> {
    let mut folders = vec![project.root.clone()];
    for member in &project.members {
        folders.push(member.workspace.clone());
        for cargo in &member.path_dependencies {
            folders.push(cargo.dir().to_owned());
        }
    }
    let mut apart: Vec<Utf8PathBuf> = Vec::new();
    folders.sort();
    for folder in folders {
        if !apart.iter().any(|outer| folder.starts_with(outer)) {
            apart.push(normalize(&folder));
        }
    }
    apart
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// In a repository without a commit nothing can differ from one: it says as little as no repository, and a
/// newly created project can be released.
pub(super) fn check(checkout: &Checkout, allow_dirty: bool) -> Option<Finding> {
    if allow_dirty {
        return None;
    }
    let (first, others) = checkout.dirty.split_first()?;
    if checkout.unborn {
        let finding = Finding::warning("uncommitted", "nothing is committed yet");
        return Some(finding.hint("git add --all && git commit"));
    }
    let mut message = "differs from the last commit".to_owned();
    let mut names: Vec<String> = others
        .iter()
        .take(NAMED - 1)
        .map(|path| {
            let top = first.ancestors().find(|dir| path.starts_with(dir));
            let below = top.and_then(|top| path.strip_prefix(top).ok());
            format!("`{}`", below.unwrap_or(path))
        })
        .collect();
    if others.len() > names.len() {
        names.push(format!("{} more", others.len() - names.len()));
    }
    if let Some((last, rest)) = names.split_last() {
        let rest = rest.join(", ");
        let and = if rest.is_empty() { "" } else { " and " };
        let does = if others.len() == 1 { "does" } else { "do" };
        message = format!("{message}, and so {does} {rest}{and}{last}");
    }
    let finding = Finding::error("uncommitted", message).at(first, None);
    // maturin puts these among the sources of a package, and they are not committed
    let is_built = |path: &Utf8PathBuf| is_extension_module(path);
    let ending = first.extension().unwrap_or_default();
    Some(if checkout.dirty.iter().all(is_built) {
        finding.hint(format!(
            "add `*.{ending}` to .gitignore, or pass `--allow-dirty`"
        ))
    } else {
        finding.hint("git commit, or pass `--allow-dirty`")
    })
}
