//! What the steps of a release do, as data.

use camino::Utf8PathBuf;
use serde::Serialize;

use crate::facts::artifact::Expected;
use crate::facts::release::{Checked, Entry, Outcome};
use crate::model::invocation::Invocation;

/// An sdist where it is built; files whose content is the same stay as they are, so that cargo
/// compiles only what changed.
#[derive(Clone, Debug)]
pub struct Unpack {
    /// Absolute.
    pub sdist: Utf8PathBuf,
    /// Absolute; what the sdist does not hold goes.
    pub to: Utf8PathBuf,
}

/// A built wheel without the paths of this machine in its texts, in a folder of its own.
#[derive(Clone, Debug)]
pub struct Seal {
    /// The folder that maturin put it into, absolute.
    pub from: Utf8PathBuf,
    /// The folder that appears when it is done, absolute.
    pub to: Utf8PathBuf,
    /// Absolute paths and what to write instead, longest last.
    pub remapped: Vec<(Utf8PathBuf, String)>,
    /// Where cargo compiled it, absolute: which variables it read is kept beside the wheel.
    pub compiled: Utf8PathBuf,
}

/// One check of one distribution.
#[derive(Clone, Debug)]
pub struct Check {
    /// As in the table of results.
    pub check: &'static str,
    /// Absolute.
    pub file: Utf8PathBuf,
    /// For people: the file's name, or its path where several have that name.
    pub label: String,
    pub how: How,
}

#[derive(Clone, Debug)]
pub enum How {
    /// Our own rules.
    Inspect(Box<Expected>),
    Tool {
        /// What must succeed before, and what it means when it does not.
        before: Vec<(Invocation, Outcome)>,
        invocation: Invocation,
        reader: Reader,
    },
}

/// Whose words to understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Twine,
    Pydistcheck,
    WheelContents,
    Unpack,
    Abi3audit,
    Auditwheel,
    Stubtest,
}

/// Keeps what the checks of a file have found beside it.
#[derive(Clone, Debug)]
pub struct RecordChecks {
    /// The file's name.
    pub file: String,
    /// What to write, absolute.
    pub path: Utf8PathBuf,
    /// What decides about the results besides the file.
    pub rules: String,
}

/// The last step of a release: the whole set, or nothing.
#[derive(Clone, Debug)]
pub struct Promote {
    pub entries: Vec<Candidate>,
    /// Absolute.
    pub dist: Utf8PathBuf,
    /// What built it, by name; asked for their versions.
    pub programs: Vec<(String, Utf8PathBuf)>,
    /// Tools whose version is known, by name.
    pub packages: Vec<(String, String)>,
    /// What the checks of earlier runs have found about the same bytes.
    pub known: Vec<Checked>,
}

/// A file that is to be released.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Absolute.
    pub path: Utf8PathBuf,
    /// What is known of it beforehand.
    pub entry: Entry,
    /// The interpreters that it is tested on.
    pub serves: Vec<String>,
}

/// What a person is asked before it is done.
#[derive(Clone, Debug)]
pub struct Confirm {
    pub question: String,
    /// By file: name, size, hash, index.
    pub rows: Vec<Vec<String>>,
}

/// Sends files to an index, one after another; what is there already stays as it is.
#[derive(Clone, Debug)]
pub struct Publish {
    /// Compares all files with those of the index and sends nothing; none where the index does not
    /// tell.
    pub compare: Option<Invocation>,
    pub uploads: Vec<Upload>,
    /// Of the index, without credentials.
    pub url: String,
}

/// One file that is published.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Absolute.
    pub path: Utf8PathBuf,
    /// Hex.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
    pub invocation: Invocation,
}

impl Upload {
    pub fn name(&self) -> &str {
        self.path.file_name().unwrap_or_default()
    }
}

/// One wheel of a release, for people and for a CI matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WheelRow {
    pub package: String,
    /// `cp312`, `cp313t`, `abi3`; `py3` for what does not depend on Python.
    pub abi: String,
    /// The version of the interpreter that it is built with.
    pub python: String,
    /// In words: the platform tag, the target triple, whether zig links.
    pub platform: String,
    /// A target triple; `None` for the machine's own.
    pub target: Option<String>,
    /// The interpreters that it is tested on; none for what does not run here.
    pub tests: Vec<String>,
}
