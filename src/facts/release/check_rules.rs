//! What the checks of a file depend on besides the file: while it is the same, earlier results still hold.

use camino::Utf8Path;

use crate::facts::request::Strictness;
use crate::world::disk;
use crate::world::session::Session;
use crate::world::tool::Toolbox;

/// Where a project configures check-wheel-contents, which also looks in the folders above, and pydistcheck
/// (the first of them).
const LINTERS_READ: [&str; 5] = [
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
    "check-wheel-contents.cfg",
    ".check-wheel-contents.cfg",
];

/// pyx's own rules, the linters and their arguments, as one hash. `root`: where the linters are run.
pub(super) fn digest(
    session: &Session,
    root: &Utf8Path,
    toolbox: &Toolbox,
    strictness: Strictness,
) -> String {
    // our rules are part of the program, and two builds of one version may differ in them
    let program = disk::signature(&session.program);
    let mut told = Vec::new();
    for folder in root.ancestors() {
        told.extend(LINTERS_READ.map(|name| disk::hash(&folder.join(name))));
    }
    let version = env!("CARGO_PKG_VERSION");
    let text = format!(
        "{version} {program:?} {} {told:?} {strictness:?}",
        toolbox.digest()
    );
    disk::digest(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_holds_for_the_same_program_and_the_same_configuration_of_linters() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let (program, root) = (dir.join("bin/cargo-pyx"), dir.join("p"));
        disk::write(&program, b"one build").unwrap();
        disk::create_dir(&root).unwrap();
        let session = Session {
            program: program.clone(),
            ..Session::default()
        };
        let toolbox = Toolbox::release(&session, Utf8Path::new("/python3"), (3, 12));
        let mut known = vec![digest(&session, &root, &toolbox, Strictness::Errors)];
        assert_eq!(
            digest(&session, &root, &toolbox, Strictness::Errors),
            known[0]
        );
        for (path, text) in [
            (&program, "another build of the version"),
            (
                &root.join("setup.cfg"),
                "[check-wheel-contents]\nignore = W004\n",
            ),
            (&root.join("setup.cfg"), "[metadata]\n"),
            (&dir.join("pyproject.toml"), "[tool.check-wheel-contents]\n"),
        ] {
            disk::write(path, text.as_bytes()).unwrap();
            let now = digest(&session, &root, &toolbox, Strictness::Errors);
            assert!(!known.contains(&now), "{path}: {text}");
            known.push(now);
        }
    }
}
