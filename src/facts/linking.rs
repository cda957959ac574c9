//! How the tests of an extension module, which does not link libpython itself, are linked with it.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build::tests_dir;
use crate::facts::environment::Environment;
use crate::facts::project::{Locked, Member};
use crate::world::disk;
use crate::world::interpreter::Probe;

/// How far the programs that embed Python are prepared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linking {
    pub by: LinkedBy,
    /// The file that says how libpython is linked, absolute: PyO3's configuration, or the wrapper.
    pub file: Utf8PathBuf,
    /// Whether it exists.
    pub configured: bool,
    /// Whether the target directory of tests exists.
    pub seeded: bool,
}

/// What is told about libpython.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LinkedBy {
    /// PyO3's build script, by a configuration: then PyO3 is compiled again for the tests.
    #[default]
    Pyo3,
    /// The compiler, only for the crates of the workspace: their dependencies are compiled once, for the
    /// extension and for them.
    Wrapper(Wrapper),
}

/// What cargo starts instead of rustc for the crates of a workspace (cargo book, "Environment Variables",
/// `RUSTC_WORKSPACE_WRAPPER`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapper {
    /// For `/bin/bash`.
    pub script: String,
    /// The flags it adds; also for rustdoc, which compiles documentation tests without cargo.
    pub flags: String,
}

/// Other shells, such as dash, do not pass on variables whose names are not valid in the shell, such as
/// cargo's `CARGO_BIN_EXE_my-program`.
const SHELL: &str = "/bin/bash";

impl Linking {
    /// `can_share`: whether dependencies can be those of the extension, because there is no cache in front of
    /// the compiler and what PyO3 is told for it is known before it is built.
    pub(super) fn of(
        member: &Member,
        locked: &Locked,
        probe: &Probe,
        environment: &Environment,
        can_share: bool,
    ) -> Self {
        let folder = tests_dir(member);
        let named = |name: &str, identity: &str, ending: &str| {
            let hash = disk::digest(identity.as_bytes());
            folder.join(format!("{name}-{}{ending}", &hash[..16]))
        };
        let seeded = disk::is_dir(&member.intermediate_dir(&folder));
        if let Some(wrapper) = Wrapper::of(member, probe).filter(|_| can_share) {
            let file = named("link-python", &wrapper.script, "");
            return Self {
                configured: disk::is_file(&file),
                by: LinkedBy::Wrapper(wrapper),
                file,
                seeded,
            };
        }
        let identity = format!("{} {probe:?} {locked:?}", environment.python());
        let file = named("pyo3-config", &identity, ".txt");
        Self {
            by: LinkedBy::Pyo3,
            // without a lock it may be of any PyO3, and none reads all that another writes
            configured: locked.exists && disk::is_file(&file),
            file,
            seeded,
        }
    }
}

impl Wrapper {
    /// `None` if the user has a wrapper, or nothing can run this one.
    fn of(member: &Member, probe: &Probe) -> Option<Self> {
        let is_free = cfg!(target_os = "linux")
            && member.bindings.is_pyo3()
            && !member.wraps_compiler
            && disk::is_file(SHELL.into());
        let libdir = probe.libdir.as_deref().unwrap_or(Utf8Path::new(""));
        if !is_free || libdir.as_str().contains(char::is_whitespace) {
            return None;
        }
        // they come after everything linked: whether a library is needed is judged by what precedes it
        let flags = format!("-Clink-arg=-L{libdir} -Clink-arg=-l{}", probe.link_name);
        // build scripts and procedural macros are the compiler's programs: they never use Python's symbols
        let script = format!(
            "#!{SHELL} -p\n\
             # by cargo-pyx: links Python into the tests and programs of a workspace\n\
             for word; do\n\
             \x20   case $word in build_script_*|proc-macro) exec \"$@\" ;; esac\n\
             done\n\
             exec \"$@\" {flags}\n"
        );
        Some(Self { script, flags })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::facts::project::Bindings;
    use crate::world::manifest::Manifests;

    use super::*;

    #[test]
    fn tests_are_compiled_as_the_extension_is_where_nothing_is_in_the_way() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let by = |features: &str, libdir: &str, wraps_compiler, can_share| {
            let text = format!(
                "[package]\nname = 'a'\nversion = '1.0.0'\n\
                 [dependencies]\npyo3 = {{ version = '0.29', features = [{features}] }}\n"
            );
            let manifest = dir.join("Cargo.toml");
            disk::write(&manifest, text.as_bytes()).unwrap();
            let manifests = Manifests::default();
            let cargo = manifests.cargo(&manifest).unwrap().unwrap();
            let listed = [(manifest.clone(), cargo.dependencies())].into();
            let member = Member {
                dependencies: Arc::new(listed),
                bindings: Bindings::Pyo3,
                wraps_compiler,
                cargo,
                ..Member::default()
            };
            let probe = Probe {
                link_name: "python3.11".into(),
                libdir: Some(libdir.into()),
                ..Probe::default()
            };
            let place = Environment::default();
            Linking::of(&member, &Locked::default(), &probe, &place, can_share).by
        };
        if cfg!(target_os = "linux") && disk::is_file(SHELL.into()) {
            let LinkedBy::Wrapper(wrapper) = by("", "/py/lib", false, true) else {
                panic!("nothing is in the way");
            };
            let flags = "-Clink-arg=-L/py/lib -Clink-arg=-lpython3.11";
            assert_eq!(wrapper.flags, flags);
            assert!(wrapper.script.ends_with(&format!("exec \"$@\" {flags}\n")));
        }
        for (features, libdir, wraps_compiler, can_share) in [
            ("", "/py/lib", true, true),
            ("", "/py/lib", false, false),
            ("", "/a b/lib", false, true), // a flag is one word
        ] {
            let found = by(features, libdir, wraps_compiler, can_share);
            assert_eq!(
                found,
                LinkedBy::Pyo3,
                "{features} {libdir} {wraps_compiler}"
            );
        }
    }
}
