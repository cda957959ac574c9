//! A project that is released once, for all tests of what becomes of its `dist/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::support::{Project, entries, folder_of, name_of, versions};

pub(crate) const SDIST: &str = "shout-0.1.0.tar.gz";

/// A project that can be released, in the test's own folder.
fn releasable(folder: &Path) -> Project {
    let project = Project::cold(&folder.join("bin"), "bin");
    let about = "description = \"Shouts\"\nlicense = \"MIT\"\nreadme = \"README.md\"\ndynamic";
    project.edit("pyproject.toml", "dynamic", about);
    let python = versions().pop().expect("a Python");
    let pythons = format!("\n[tool.pyx.release]\npythons = [\"{python}\"]\n");
    project.append("pyproject.toml", &pythons);
    project.commit();
    project
}

/// The `dist/` of such a project: a wheel and an sdist, made once.
fn dist() -> PathBuf {
    static DIST: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let folder = folder_of("publish::what_is_released::here");
        let project = releasable(&folder);
        for product in ["wheel", "sdist"] {
            let release = project.pyx("release").with(&[product]);
            release.start().finish().succeeds();
        }
        let dist = folder.join("dist");
        let _ = fs::remove_dir_all(&dist);
        fs::rename(project.path("dist"), &dist).unwrap();
        dist
    };
    DIST.get_or_init(make).clone()
}

/// The released project, in a test's own folder.
pub(crate) fn released(folder: &Path) -> Project {
    let dist = dist();
    let project = releasable(folder);
    fs::create_dir(project.path("dist")).unwrap();
    for file in entries(&dist) {
        fs::copy(&file, project.path("dist").join(name_of(&file))).unwrap();
    }
    project
}

/// The name of the wheel in `dist/`.
pub(crate) fn wheel(project: &Project) -> String {
    wheel_in(&project.path("dist"))
}

pub(crate) fn wheel_in(dist: &Path) -> String {
    let names = entries(dist).into_iter();
    let mut wheels = names
        .map(|path| name_of(&path))
        .filter(|name| name.starts_with("shout-") && name != SDIST);
    wheels.next().expect("a wheel")
}

/// A file of `dist/` does not pass for what was released.
#[track_caller]
pub(crate) fn damaged(project: &Project, file: &str, why: &str) {
    let check = project.pyx("release").with(&["check"]).run();
    let run = check.exits(1).says("checks failed");
    run.says_once(&format!("error: dist/{file}: ")).says(why);
}

/// Packed anew, it is as good a wheel as it was.
pub(crate) fn packed_anew(project: &Project, wheel: &str) {
    let packed = "import sys, zipfile
old = zipfile.ZipFile(sys.argv[1])
members = [(info, old.read(info)) for info in old.infolist()]
with zipfile.ZipFile(sys.argv[1], 'w') as new:
    for info, content in members:
        new.writestr(info, content)";
    let wheel = format!("dist/{wheel}");
    project.run("python3", &["-c", packed, &wheel]).succeeds();
}
