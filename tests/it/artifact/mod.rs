//! Every rule about wheels and sdists, on a good one that was spoilt in that one way.

pub(crate) mod library;
pub(crate) mod parts;
mod sdists;
pub(crate) mod wheels;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::support::{cache, entries, folder, name_of, on_path, project};
use camino::Utf8Path;
use cargo_pyx::facts::artifact::{Expected, Sdist, Wheel};
use cargo_pyx::model::error::{Error, MachineError};
use cargo_pyx::model::finding::{Finding, Severity};
use parts::Parts;
use wheels::Case;

/// Distributions of `hello` as maturin left them.
struct Hello {
    /// Where it was built.
    root: String,
    wheel: PathBuf,
    sdist: PathBuf,
}

/// Built once.
fn hello() -> &'static Hello {
    static HELLO: OnceLock<Hello> = OnceLock::new();
    HELLO.get_or_init(|| {
        let project = project!("hello");
        let run = project.pyx("test").with(&["--wheel", "--release", "--py"]);
        run.run().succeeds();
        let built = project.path("target/pyx/wheels/hello");
        let provided = entries(&cache().join("tools")).into_iter();
        let mut provided = provided.map(|dir| dir.join("maturin"));
        let provided = provided.find(|file| file.is_file());
        let maturin = on_path("maturin").or(provided).unwrap();
        let out = ["sdist", "--out", built.to_str().unwrap()];
        project.run(maturin, &out).succeeds();
        let kept = folder!();
        let _ = fs::remove_dir_all(&kept);
        fs::create_dir_all(&kept).unwrap();
        let keep = |ending: &str| {
            let mut built = entries(&built).into_iter();
            let file = built.find(|file| name_of(file).ends_with(ending));
            let file = file.unwrap();
            let to = kept.join(name_of(&file));
            fs::copy(file, &to).unwrap();
            to
        };
        Hello {
            root: project.root.to_str().unwrap().to_owned(),
            wheel: keep(".whl"),
            sdist: keep(".tar.gz"),
        }
    })
}

/// The wheel of `hello` as it may be published: with a tag that PyPI takes, and without paths of
/// its sources and of cargo's registry.
fn good_wheel() -> Parts {
    let Hello { root, wheel, .. } = hello();
    let mut parts = Parts::of_wheel(wheel);
    parts.edit("hello.cyclonedx.json", &format!("//{root}"), "/hello");
    let glibc = opened(wheel)
        .binaries
        .values()
        .next()
        .unwrap()
        .highest("GLIBC");
    let tag = format!("manylinux_2_{}_", glibc.unwrap()[1]);
    parts.retag("linux_", &tag);
    let library = parts.bytes(".so");
    while let Some(at) = memchr::memmem::find(library, b"/.cargo/") {
        library[at + 1] = b'-';
    }
    parts.expected = Expected {
        name: Some("hello".into()),
        version: Some("0.1.0".parse().unwrap()),
        private_paths: vec![root.into()],
        ..Expected::default()
    };
    parts
}

/// maturin's sdist of `hello`.
fn good_sdist() -> Parts {
    Parts::of_sdist(&hello().sdist)
}

fn opened(path: &Path) -> Wheel {
    Wheel::open(Utf8Path::from_path(path).unwrap()).unwrap()
}

/// Severities and rules.
fn rules(found: &[Finding]) -> BTreeSet<String> {
    let word = |finding: &Finding| match finding.severity {
        Severity::Error => format!("error {}", finding.rule),
        Severity::Warning => format!("warning {}", finding.rule),
    };
    found.iter().map(word).collect()
}

fn of_wheel(parts: Parts, folder: &Path) -> Vec<Finding> {
    let expected = parts.expected.clone();
    let path = parts.wheel(folder);
    Wheel::open(&path).unwrap().findings(&expected)
}

fn of_sdist(parts: Parts, folder: &Path) -> Vec<Finding> {
    let expected = parts.expected.clone();
    let path = parts.sdist(folder);
    Sdist::open(&path).unwrap().findings(&expected)
}

type Judge = fn(Parts, &Path) -> Vec<Finding>;

/// Nothing is found but what each case says.
#[track_caller]
fn judged(cases: &[Case], good: &Parts, judge: Judge, folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    let mut wrong = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let mut parts = good.clone();
        (case.spoil)(&mut parts);
        let found = judge(parts, &folder.join(index.to_string()));
        let wanted: BTreeSet<String> = case.found.iter().map(ToString::to_string).collect();
        if rules(&found) != wanted {
            wrong.push(format!("case {index} wants {wanted:?}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_good_wheel_breaks_no_rule() {
    let mut parts = good_wheel();
    let found = of_wheel(parts.clone(), &folder!());
    assert!(found.is_empty(), "{found:#?}");
    parts.expected.requires_python = Some(">=3.9".parse().unwrap());
    parts.expected.modules = Some(vec!["hello".into()]);
    parts.expected.typed = true;
    let found = of_wheel(parts, &folder!());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_wheel_as_maturin_left_it_tells_where_its_sources_are() {
    let Hello { root, wheel, .. } = hello();
    let expected = Expected {
        private_paths: vec![root.into()],
        ..Expected::default()
    };
    let found = rules(&opened(wheel).findings(&expected));
    assert!(found.contains("error build-path"), "{found:?}");
    assert!(found.contains("error platform-tag"), "{found:?}");
}

#[test]
fn the_parts_of_a_wheel_agree_on_its_name() {
    judged(wheels::NAMES, &good_wheel(), of_wheel, &folder!());
}

#[test]
fn bad_metadata_of_a_wheel_is_found() {
    judged(wheels::METADATA, &good_wheel(), of_wheel, &folder!());
}

#[test]
fn a_false_record_is_found() {
    judged(wheels::RECORD, &good_wheel(), of_wheel, &folder!());
}

#[test]
fn what_a_wheel_should_not_hold_is_found() {
    judged(wheels::CONTENT, &good_wheel(), of_wheel, &folder!());
}

#[test]
fn a_module_that_cannot_be_imported_everywhere_is_found() {
    judged(wheels::BINARIES, &good_wheel(), of_wheel, &folder!());
}

#[test]
fn a_good_sdist_breaks_no_rule() {
    let found = of_sdist(good_sdist(), &folder!());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_bad_sdist_is_found() {
    judged(sdists::SDISTS, &good_sdist(), of_sdist, &folder!());
}

#[test]
fn what_cannot_be_read_is_a_finding_and_what_is_not_there_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = good_wheel().wheel(dir.path());
    let whole = fs::read(&path).unwrap();
    for bytes in [&whole[..whole.len() / 2], b"", b"PK\x05\x06"] {
        fs::write(&path, bytes).unwrap();
        let found = Wheel::open(&path).unwrap().findings(&Expected::default());
        assert_eq!(rules(&found), ["error unreadable".to_owned()].into());
    }
    // a bit of a member's content
    let mut flipped = whole.clone();
    flipped[100] ^= 1;
    fs::write(&path, flipped).unwrap();
    let found = Wheel::open(&path).unwrap().findings(&Expected::default());
    assert!(rules(&found).contains("error unreadable"), "{found:?}");
    fs::remove_file(&path).unwrap();
    assert!(matches!(
        Wheel::open(&path),
        Err(Error::Machine(MachineError::Io { .. }))
    ));
}
