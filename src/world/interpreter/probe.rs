//! What an interpreter reports about itself.

use std::collections::BTreeMap;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::model::error::{Error, PythonError, Result};
use crate::model::implementation::Implementation;
use crate::model::invocation::Invocation;
use crate::model::minor::Minor;
use crate::world::disk;
use crate::world::process::{self, Output};
use crate::world::session::Session;

use super::trust::{behind, is_trusted};

/// An interpreter, what runs it, and what it is asked.
type Question = (
    Utf8PathBuf,
    Option<disk::Signature>,
    Vec<String>,
    &'static str,
);

/// What a script prints. An unchanged interpreter is not asked again: facts are gathered several times in a
/// run.
///
/// `runner`: the program that runs it, with its arguments; empty if the system does.
pub(super) fn answer(
    session: &Session,
    runner: &[String],
    python: &Utf8Path,
    script: &'static str,
) -> Result<Output> {
    static ANSWERS: Mutex<BTreeMap<Question, Output>> = Mutex::new(BTreeMap::new());
    let python = &if session.looks_only {
        behind(python)
    } else {
        python.to_owned()
    };
    is_trusted(session, python)?;
    let signature = disk::signature(python);
    let key = (python.to_owned(), signature, runner.to_vec(), script);
    let known = ANSWERS.lock().ok().and_then(|all| all.get(&key).cloned());
    if let Some(output) = known {
        return Ok(output);
    }
    let (program, words) = match runner.split_first() {
        Some((program, words)) => (program.into(), [words, &[python.to_string()]].concat()),
        None => (python.to_owned(), Vec::new()),
    };
    let invocation = Invocation::new(program, &session.cwd)
        .args(words)
        .args(["-I", "-S", "-c", script])
        .without(&session.scrubbed());
    let output = process::read(&invocation)?;
    if output.status.success()
        && let Ok(mut all) = ANSWERS.lock()
    {
        all.insert(key, output.clone());
    }
    Ok(output)
}

/// What an interpreter reports about itself: one of the machine, or an environment's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// As in `sys.implementation.name`.
    #[serde(rename = "implementation")]
    pub name: String,
    pub major: u64,
    pub minor: u64,
    /// Bits of a pointer.
    pub bits: u64,
    /// The file name suffixes of extension modules, the preferred one first.
    pub suffixes: Vec<String>,
    /// As in `sys.base_prefix`, absolute.
    pub base_prefix: Utf8PathBuf,
    /// The folder of the shared libpython, on Windows of its import library; absolute; `None` for a static
    /// build.
    pub libdir: Option<Utf8PathBuf>,
    /// The linker's name for that library: `python3.12`, on Windows `python312`.
    pub link_name: String,
    /// The version of the C library that it runs with, if that is glibc.
    pub glibc: Option<(u64, u64)>,
    /// Whether the interpreter was moved after it was built, so that a program that embeds it must be told
    /// its prefix.
    pub moved: bool,
}

impl Probe {
    pub fn version(&self) -> Minor {
        (self.major, self.minor)
    }

    pub fn implementation(&self) -> Implementation {
        // on Windows the tag begins without Python's name
        let tags = ["cpython-", "cp"].map(|name| format!(".{name}{}{}t", self.major, self.minor));
        let is_tagged = |own: &String| tags.iter().any(|tag| own.starts_with(tag));
        if self.name == "pypy" {
            Implementation::PyPy
        } else if self.suffixes.iter().any(is_tagged) {
            Implementation::FreeThreaded
        } else {
            Implementation::CPython
        }
    }

    /// As `--python` accepts it: `3.13`, `3.13t`, `pypy3.11`.
    pub fn label(&self) -> String {
        self.implementation().request(self.version())
    }

    /// The folder of its standard library and packages in `lib`.
    pub fn folder(&self) -> String {
        self.implementation().lib_folder(self.version())
    }

    /// What maturin tells PyO3's build script about the interpreter.
    pub fn signature(&self) -> String {
        format!(
            "{}-{}.{}-{}bit",
            self.name, self.major, self.minor, self.bits
        )
    }
}

/// Runs no code of the project: isolated mode, without site-packages.
pub fn probe(session: &Session, python: &Utf8Path) -> Result<Probe> {
    probe_by(session, &[], python)
}

pub(super) fn probe_by(session: &Session, runner: &[String], python: &Utf8Path) -> Result<Probe> {
    let output = answer(session, runner, python, include_str!("probe.py"))?;
    serde_json::from_str(output.stdout.trim()).map_err(|_| {
        Error::Python(PythonError::BadInterpreter {
            path: python.to_owned(),
            message: complaint(&output),
        })
    })
}

/// Why there is no answer: one that a signal ended may have printed nothing.
fn complaint(output: &Output) -> String {
    match output.stderr.trim() {
        "" => format!("it did not answer ({})", output.status),
        said => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::process::Status;

    #[test]
    fn an_interpreter_that_says_nothing_is_told_by_how_it_ended() {
        for (stderr, expected) in [
            ("", "it did not answer (killed by signal 15)"),
            ("no encodings\n", "no encodings"),
        ] {
            let output = Output {
                status: Status::Signal(15),
                stdout: String::new(),
                stderr: stderr.to_owned(),
            };
            assert_eq!(complaint(&output), expected);
        }
    }

    #[test]
    fn a_free_threaded_python_has_folders_of_its_own() {
        let folder = |suffix: &str| {
            let probe = Probe {
                major: 3,
                minor: 13,
                suffixes: vec![suffix.to_owned(), ".so".to_owned()],
                ..Probe::default()
            };
            probe.folder()
        };
        assert_eq!(folder(".cpython-313t-x86_64-linux-gnu.so"), "python3.13t");
        assert_eq!(folder(".cpython-313-x86_64-linux-gnu.so"), "python3.13");
        assert_eq!(folder(".cp313t-win_amd64.pyd"), "python3.13t");
        assert_eq!(folder(".cp313-win_amd64.pyd"), "python3.13");
    }
}
