//! Which file changes matter to a watch: those of the project's sources, not of what tools write.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::environment::{default_path, requested_python::VERSION_FILES};
use crate::facts::fingerprint::Input;
use crate::facts::project::Project;
use crate::model::native_file::is_native;
use crate::world::disk;
use crate::world::session::Session;

/// Cache folders, wherever they are.
const CACHES: [&str; 7] = [
    ".git",
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "__pycache__",
];

/// What is watched.
#[derive(Default)]
pub(super) struct Watched {
    /// The project's folder, and those of path dependencies outside it.
    pub(super) roots: BTreeSet<Utf8PathBuf>,
    /// Folders that pyx and its tools write to.
    pub(super) aside: BTreeSet<Utf8PathBuf>,
    /// What the last builds and installs were made from.
    pub(super) read: Vec<Input>,
    /// What differed from its record before the last run already, as it was then: where it still does, the run
    /// had no use for it, or failed by it.
    pub(super) passed_over: Vec<Input>,
}

impl Watched {
    pub(super) fn new(session: &Session, project: &Project) -> Self {
        let mut roots = BTreeSet::from([project.root.clone()]);
        let mut aside = BTreeSet::from([
            project.state.clone(),
            project.root.join("dist"),
            default_path(session, project),
        ]);
        for member in &project.members {
            for dir in member.crates().map(|cargo| cargo.dir()) {
                aside.insert(dir.join("target"));
                if !dir.starts_with(&project.root) {
                    roots.insert(dir.to_owned());
                }
            }
            aside.extend(member.directories.build.clone());
            aside.extend([&member.target, &member.directories.target].map(Clone::clone));
        }
        // all of a user's projects may share one target directory
        aside.retain(|dir| !roots.iter().any(|root| root.starts_with(dir)));
        Self {
            roots,
            aside,
            read: Vec::new(),
            passed_over: Vec::new(),
        }
    }

    /// Before a run; `recorded`: what the one before it was made from.
    pub(super) fn begin(&mut self, session: &Session, recorded: &[Input]) {
        let stale = recorded
            .iter()
            .filter(|input| input.stale(session).is_some());
        self.passed_over = stale.map(|input| input.again(session)).collect();
    }

    /// Whether something is not as the last run saw it.
    fn is_changed(&self, session: &Session, input: &Input) -> bool {
        let mut before = self.passed_over.iter();
        let is_as_before =
            |known: &Input| known.looks_at_the_same(input) && known.stale(session).is_none();
        input.stale(session).is_some() && !before.any(is_as_before)
    }

    /// Folders outside the roots with something that the last run read.
    pub(super) fn outside(&self) -> BTreeSet<Utf8PathBuf> {
        let mut folders = BTreeSet::new();
        for input in &self.read {
            match input {
                Input::Tree { dir, .. } => {
                    let files = disk::all_files(dir);
                    folders.extend(
                        files
                            .iter()
                            .filter_map(|path| path.parent())
                            .map(Utf8Path::to_owned),
                    );
                }
                Input::File { path, .. } => {
                    folders.extend(path.parent().map(Utf8Path::to_owned));
                    folders.extend(disk::resolve(path).parent().map(Utf8Path::to_owned));
                }
                Input::Listing { .. } | Input::Variable { .. } => {}
            }
        }
        folders.retain(|dir| {
            let mut known = self.roots.iter().chain(&self.aside);
            !known.any(|root| dir.starts_with(root)) && disk::is_dir(dir)
        });
        folders
    }

    /// What was saved in a folder before it was watched.
    pub(super) fn changed_below(
        &self,
        session: &Session,
        folder: &Utf8Path,
    ) -> Option<Utf8PathBuf> {
        let below = self.read.iter().filter(|input| {
            let path = input.path();
            path.is_some_and(|path| path.starts_with(folder) || folder.starts_with(path))
        });
        let mut stale = below.filter(|input| self.is_changed(session, input));
        stale.next().and_then(Input::path).map(Utf8Path::to_owned)
    }

    /// A file whose content differs from what the last run read, if `is_partial` says that events may be
    /// missing.
    pub(super) fn changed_of(&self, session: &Session, is_partial: bool) -> Option<Utf8PathBuf> {
        let mut roots = self.roots.iter().filter(|_| is_partial);
        roots.find_map(|root| self.changed_below(session, root))
    }

    /// Whether the last run saw different content of a file, as far as is known: of what it did not record,
    /// only sources may matter.
    pub(super) fn is_unread(&self, session: &Session, path: &Utf8Path) -> bool {
        let mut recorded = self
            .read
            .iter()
            .filter(|input| holds(input, path))
            .peekable();
        if recorded.peek().is_none() {
            return is_source(path);
        }
        recorded.any(|input| self.is_changed(session, input))
    }

    pub(super) fn is_recorded(&self, path: &Utf8Path) -> bool {
        self.read.iter().any(|input| holds(input, path))
    }

    /// Whether any of these is a project file whose current state the last run did not see.
    pub(super) fn has_news(&self, session: &Session, paths: &BTreeSet<Utf8PathBuf>) -> bool {
        let mut paths = paths.iter();
        paths.any(|path| self.is_ours(path) && self.is_unread(session, path))
    }

    /// Neither in a folder that tools write to, nor a module that a build put next to the sources, nor an
    /// editor's own file.
    pub(super) fn is_ours(&self, path: &Utf8Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        let module = is_native(path) || path.extension() == Some("pyc");
        let editors =
            name.starts_with('.') || name.ends_with('~') || path.extension() == Some("swp");
        let is_read = self.read.iter().any(|input| holds(input, path));
        let known = name == "rust-toolchain" || VERSION_FILES.contains(&name) || is_read;
        let is_below = self.roots.iter().any(|root| path.starts_with(root));
        !module
            && (!editors || known)
            && !self.aside.iter().any(|dir| path.starts_with(dir))
            && if is_below {
                !self.is_cached(path)
            } else {
                is_read
            }
            && !disk::is_dir(path)
    }

    /// In a cache folder, by its name or by its marker: build folders of other tools may have any name.
    fn is_cached(&self, path: &Utf8Path) -> bool {
        let roots = || self.roots.iter().map(Utf8PathBuf::as_path);
        let folders = path.ancestors().skip(1);
        let mut inside = folders.take_while(|dir| !roots().any(|root| root == *dir));
        inside.any(|dir| {
            let name = dir.file_name().unwrap_or_default();
            CACHES.contains(&name) || disk::is_file(&dir.join("CACHEDIR.TAG"))
        })
    }
}

/// Whether a file is what was read, which may have been through a link.
fn holds(input: &Input, file: &Utf8Path) -> bool {
    input.is_of(file) || input.path().is_some_and(|read| disk::resolve(read) == file)
}

/// By name: in a language that extension modules are written in, or a configuration of tools.
fn is_source(path: &Utf8Path) -> bool {
    const ENDINGS: [&str; 28] = [
        "S", "asm", "c", "c++", "cc", "cfg", "cpp", "cu", "cxx", "h", "h++", "hh", "hpp", "hxx",
        "inc", "ini", "inl", "ipp", "lock", "pxd", "pxi", "py", "pyi", "pyx", "rs", "s", "toml",
        "udl",
    ];
    path.extension()
        .is_some_and(|ending| ENDINGS.contains(&ending))
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::facts::project::Member;
    use crate::world::manifest::{CargoToml, Toml};

    pub(in crate::driver) fn watched() -> Watched {
        let cargo = |path: &str| {
            let toml = Toml::parse(Utf8Path::new(path), "").unwrap();
            Arc::new(CargoToml::of(toml).unwrap())
        };
        let member = Member {
            cargo: cargo("/p/Cargo.toml"),
            path_dependencies: vec![cargo("/q/dist/core/Cargo.toml")],
            ..Member::default()
        };
        let project = Project {
            root: "/p".into(),
            home: "/p".into(),
            state: "/p/target/pyx".into(),
            members: vec![member],
            ..Project::default()
        };
        let env = [("UV_PROJECT_ENVIRONMENT".to_owned(), "venv".to_owned())];
        let session = Session {
            env: env.into(),
            ..Session::default()
        };
        Watched::new(&session, &project)
    }

    #[test]
    fn what_tools_write_is_no_change() {
        let watched = watched();
        let ours = |path: &str| watched.is_ours(Utf8Path::new(path));
        for path in [
            "/p/src/lib.rs",
            "/p/tests/test_a.py",
            "/p/.python-version",
            "/p/.python-versions",
            "/p/src/target/mod.rs",
            "/p/pkg/dist/x.py",
            "/q/dist/core/src/lib.rs",
        ] {
            assert!(ours(path), "{path}");
        }
        for path in [
            "/p/target/x.rs",
            "/p/dist/x.py",
            "/p/venv/a.py",
            "/p/other/.venv/a.py",
            "/q/dist/core/target/x.rs",
            "/p/pkg/_a.abi3.so",
            "/p/src/.lib.rs.swp",
            "/p/a/__pycache__/b.pyc",
        ] {
            assert!(!ours(path), "{path}");
        }
    }

    #[test]
    fn what_had_changed_before_a_run_and_is_no_record_of_it_is_no_change() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let file = root.join("p/justfile");
        disk::write(&file, b"old").unwrap();
        let session = Session::default();
        let mut watched = Watched {
            roots: BTreeSet::from([root.join("p")]),
            read: vec![Input::file(&file, None)],
            ..Watched::default()
        };
        disk::write(&file, b"new").unwrap();
        let read = watched.read.clone();
        watched.begin(&session, &read);
        let changed = |watched: &Watched| watched.changed_below(&session, root);
        assert_eq!(changed(&watched), None);
        assert!(!watched.is_unread(&session, &file));
        disk::write(&file, b"newer").unwrap();
        assert_eq!(changed(&watched), Some(file.clone()));
        assert!(watched.is_unread(&session, &file));
        watched.begin(&session, &[]);
        assert_eq!(changed(&watched), Some(file));
    }

    #[test]
    fn what_is_marked_as_a_cache_is_no_change() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let watched = Watched {
            roots: BTreeSet::from([root.to_owned()]),
            ..Watched::default()
        };
        let file = root.join("fuzz/target/debug/x.rs");
        assert!(watched.is_ours(&file));
        disk::write(&root.join("CACHEDIR.TAG"), b"").unwrap(); // whatever the project itself lies in
        assert!(watched.is_ours(&file));
        disk::write(&root.join("fuzz/target/CACHEDIR.TAG"), b"").unwrap();
        assert!(!watched.is_ours(&file));
    }
}
