//! Which interpreters a read-only command runs: none that a checkout brings, until a command that builds has.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, Result};
use crate::model::venv;
use crate::world::checkout;
use crate::world::disk;
use crate::world::session::{CacheFolder, Session};

use super::places::{pyenv_root, uv_roots};

/// For read-only commands, refuses an interpreter that a checkout brings, or whose environment takes its
/// standard library from there. What is found without the checkout naming it is the user's own, and what the
/// user has built into is [`trust`]ed.
///
/// # Errors
/// [`Error::Refused`]
pub(super) fn is_trusted(session: &Session, python: &Utf8Path) -> Result<()> {
    if !session.looks_only || !is_brought(session, python) {
        return Ok(());
    }
    let record = disk::read_text(&trust_record(session, python));
    if record.ok().flatten() == Some(identity(python)) {
        return Ok(());
    }
    let message = format!(
        "refusing to run `{python}`: it comes from this checkout, and this command only reads"
    );
    let hint = "if you trust this checkout, run `cargo pyx dev --force`";
    Err(Error::refused(message, hint))
}

/// Lets later commands run the interpreter of an environment, now that a command that builds has run it: this
/// is recorded outside the checkout.
///
/// # Errors
/// Those of writing into the user cache.
pub fn trust(session: &Session, python: &Utf8Path) -> Result<()> {
    if !is_brought(session, python) {
        return Ok(());
    }
    disk::write(&trust_record(session, python), identity(python).as_bytes())
}

/// Changes with the file, or with what says where its standard library is.
fn identity(python: &Utf8Path) -> String {
    let homes: Vec<Utf8PathBuf> = homes(python).collect();
    let hash = disk::hash(python).unwrap_or_default();
    disk::digest(format!("{hash} {homes:?}").as_bytes())
}

fn trust_record(session: &Session, python: &Utf8Path) -> Utf8PathBuf {
    let name = disk::digest(python.as_str().as_bytes());
    session.cached(CacheFolder::TrustedInterpreters).join(name)
}

/// Whether a program belongs to a checkout, or is an environment's Python that takes its standard library
/// from one. A checkout is the folder that the command works in, any repository, and what is unpacked with a
/// manifest next to it.
pub fn is_brought(session: &Session, python: &Utf8Path) -> bool {
    const MARKS: [&str; 3] = [".git", "pyproject.toml", "Cargo.toml"];
    let bounds = disk::resolve(checkout::root(&session.cwd).unwrap_or(&session.cwd));
    let mut own = session.search_path();
    // any other depends on the working directory, an empty one too; and everything is below the root
    own.retain(|dir| dir.is_absolute() && dir.parent().is_some());
    own.push(pyenv_root(session));
    own.extend(uv_roots(session));
    own.extend(session.path_var("QEMU_LD_PREFIX")); // a person has named it
    let own: Vec<Utf8PathBuf> = own.iter().map(|dir| disk::resolve(dir)).collect();
    let is_marked = |dir: &Utf8Path| MARKS.iter().any(|name| disk::is_there(&dir.join(name)));
    let is_brought = |path: &Utf8Path| {
        let real = disk::resolve(path);
        let is_own = own.iter().any(|dir| real.starts_with(dir));
        !is_own && (real.starts_with(&bounds) || real.ancestors().skip(1).any(is_marked))
    };
    // Python resolves a relative path against the folder it is started in
    let is_home = |home: Utf8PathBuf| !home.is_absolute() || is_brought(&home);
    is_brought(python) || homes(python).any(is_home)
}

/// The folders of the interpreters that an environment's Python takes its standard library from, as written.
fn homes(python: &Utf8Path) -> impl Iterator<Item = Utf8PathBuf> {
    let folders = python.ancestors().skip(1).take(2); // where Python looks for `pyvenv.cfg`
    folders.filter_map(|dir| {
        let text = disk::read_text(&dir.join("pyvenv.cfg")).ok()??;
        Some(venv::config(&text).remove("home")?.into())
    })
}

/// The program that answers for an environment's Python: on Windows that is not a link but a program, which
/// could be the checkout's, and starts this one.
pub(super) fn behind(python: &Utf8Path) -> Utf8PathBuf {
    let home = if cfg!(windows) {
        homes(python).next()
    } else {
        None
    };
    home.map_or_else(|| python.to_owned(), |home| home.join("python.exe"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    struct World {
        _temp: tempfile::TempDir,
        root: Utf8PathBuf,
        /// A read-only session that works in a folder outside `root`.
        session: Session,
    }

    impl World {
        fn new() -> Self {
            let temp = tempfile::tempdir().unwrap();
            let root = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
            let folders = ["HOME", "CARGO_PYX_CACHE_DIR"];
            let env = folders.map(|name| (name.to_owned(), root.join(name).into_string()));
            let session = Session {
                cwd: root.join("elsewhere"),
                env: env.into(),
                looks_only: true,
                ..Session::default()
            };
            Self {
                _temp: temp,
                root,
                session,
            }
        }

        fn python(&self, place: &str) -> Utf8PathBuf {
            let path = self.root.join(place).join("env/bin/python");
            disk::write(&path, b"python").unwrap();
            path
        }

        fn home(&self, place: &str, home: &str) {
            let config = self.root.join(place).join("env/pyvenv.cfg");
            disk::write(&config, format!("home = {home}\n").as_bytes()).unwrap();
        }

        fn trusts(&self, python: &Utf8Path) -> bool {
            is_trusted(&self.session, python).is_ok()
        }
    }

    #[test]
    fn a_path_of_relative_folders_has_nothing_trusted() {
        let mut world = World::new();
        let python = world.python(".git");
        disk::write(&world.root.join(".git/.git"), b"").unwrap();
        for path in ["bin", "", "/"] {
            world.session.env.insert("PATH".into(), path.into());
            assert!(!world.trusts(&python), "{path}");
            world.session.leave_out_relative_path();
            assert!(!world.trusts(&python), "{path}");
        }
    }

    #[test]
    fn what_lies_below_a_manifest_or_in_a_repository_is_a_checkouts_wherever_one_works() {
        let mut world = World::new();
        let python = world.python("plain");
        assert!(world.trusts(&python));
        for mark in [".git", "pyproject.toml", "Cargo.toml"] {
            let python = world.python(mark);
            disk::write(&world.root.join(mark).join(mark), b"").unwrap();
            assert!(!world.trusts(&python), "{mark}");
            // a person has named it
            let root = world.root.join(mark).into_string();
            world.session.env.insert("QEMU_LD_PREFIX".into(), root);
            assert!(world.trusts(&python), "{mark}");
            world.session.env.remove("QEMU_LD_PREFIX");
        }
        // without any of them the folder itself counts
        world.session.cwd = world.root.join("plain");
        assert!(!world.trusts(&python));
        for path in ["/bin:", ".:/bin", "env/bin"] {
            world.session.env.insert("PATH".into(), path.into());
            assert!(!world.trusts(&python), "{path}");
        }
        let path = python.parent().unwrap().to_string();
        world.session.env.insert("PATH".into(), path);
        assert!(world.trusts(&python));
    }

    #[test]
    fn a_library_that_is_taken_from_where_python_is_started_is_nobodys() {
        let world = World::new();
        let python = world.python("plain");
        world.home("plain", world.root.join("opt/bin").as_str());
        assert!(world.trusts(&python));
        world.home("plain", "link/bin");
        assert!(!world.trusts(&python));
        disk::write(&world.root.join("checkout/Cargo.toml"), b"").unwrap();
        world.home("plain", world.root.join("checkout/bin").as_str());
        assert!(!world.trusts(&python));
    }

    #[test]
    fn what_was_built_into_is_run_until_it_or_its_home_is_another() {
        let world = World::new();
        let python = world.python("checkout");
        let home = world.root.join("opt/bin");
        disk::write(&world.root.join("checkout/Cargo.toml"), b"").unwrap();
        world.home("checkout", home.as_str());
        assert!(!world.trusts(&python));
        trust(&world.session, &python).unwrap();
        assert!(world.trusts(&python));
        world.home("checkout", "checkout/evil");
        assert!(!world.trusts(&python));
        world.home("checkout", home.as_str());
        assert!(world.trusts(&python));
        disk::write(&python, b"another").unwrap();
        assert!(!world.trusts(&python));
        // nothing is noted of what is a person's own
        let own = world.python("plain");
        trust(&world.session, &own).unwrap();
        assert!(!disk::is_there(&trust_record(&world.session, &own)));
    }
}
