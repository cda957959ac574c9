//! What the steps of a release do, as data.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde::Serialize;

use crate::facts::artifact::Expected;
use crate::facts::release::{CheckOutcome, Checked, Entry, Linter, not_run};
use crate::model::invocation::Invocation;
use crate::world::tool::Toolbox;

/// What only a release does.
#[derive(Clone, Debug)]
pub enum ReleaseAction {
    /// Put an environment of Python tools into the user cache.
    ProvideTools {
        toolbox: Toolbox,
        uv: Utf8PathBuf,
    },
    /// Record how an environment of tools looks that was found the same by reading it whole.
    RecordTools(Toolbox),
    /// Copy the files of a folder that nobody ignores, in place of what the copy was.
    CopySources {
        from: Utf8PathBuf,
        to: Utf8PathBuf,
        /// A file at the folder's root that is left out.
        without: &'static str,
    },
    /// Write Cargo.lock in an sdist anew where it does not fit the manifests there.
    MendLock(MendLock),
    Unpack(Unpack),
    Seal(Seal),
    /// Prove that two builds have the same bytes.
    Compare {
        first: Utf8PathBuf,
        second: Utf8PathBuf,
    },
    Check(Check),
    RecordChecks(RecordChecks),
    Verdict(Verdict),
    /// Put scripts in the place of programs that the system does not start by itself.
    Launch(Launch),
    Promote(Promote),
    /// Go on only when a person says so.
    Confirm(Confirm),
    Publish(Publish),
}

impl ReleaseAction {
    /// Whether a person is told when it begins.
    pub(super) fn is_shown(&self) -> bool {
        match self {
            Self::ProvideTools { .. } | Self::Publish(_) => true,
            Self::RecordTools(_)
            | Self::CopySources { .. }
            | Self::MendLock(_)
            | Self::Unpack(_)
            | Self::Seal(_)
            | Self::Compare { .. }
            | Self::Check(_)
            | Self::RecordChecks(_)
            | Self::Verdict(_)
            | Self::Launch(_)
            | Self::Promote(_)
            | Self::Confirm(_) => false,
        }
    }

    /// The one program that it runs.
    pub(super) fn invocation(&self) -> Option<&Invocation> {
        match self {
            Self::Check(Check {
                how: How::Tool { invocation, .. },
                ..
            }) => Some(invocation),
            _ => None,
        }
    }

    /// As [`Action::command`](super::action::Action::command).
    pub(super) fn command(&self) -> String {
        match self {
            Self::ProvideTools { toolbox, .. } => {
                comment(&format!("put {} into {}", toolbox.label, toolbox.dir))
            }
            Self::RecordTools(toolbox) => {
                comment(&format!("record the contents of {}", toolbox.dir))
            }
            Self::CopySources { from, to, without } => {
                comment(&format!("copy {from} without {without} to {to}"))
            }
            Self::MendLock(mend) => {
                let text = format!("in the sdist in {}, with --locked first:", mend.folder);
                format!("{}\n{}", comment(&text), mend.metadata)
            }
            Self::Unpack(unpack) => comment(&format!("unpack {} to {}", unpack.sdist, unpack.to)),
            Self::Seal(seal) => comment(&format!(
                "remove this machine's paths from the wheel in {}, and keep it in {}",
                seal.from, seal.to
            )),
            Self::Compare { first, second } => {
                comment(&format!("compare {first} with {second}, byte by byte"))
            }
            Self::Check(check) => match &check.how {
                How::Inspect(_) => comment(&format!("read {}", check.file)),
                How::Tool { invocation, .. } => invocation.to_string(),
            },
            Self::RecordChecks(record) => {
                comment(&format!("record what was found in {}", record.path))
            }
            Self::Verdict(_) => comment("fail if a check found something"),
            Self::Launch(launch) => comment(&launch.wording()),
            Self::Promote(promote) => {
                let names: Vec<&str> = promote
                    .entries
                    .iter()
                    .filter_map(|one| one.path.file_name())
                    .collect();
                let (names, dist) = (names.join(", "), &promote.dist);
                comment(&format!("put {names} into {dist} if everything passed"))
            }
            Self::Confirm(confirm) => comment(&format!("ask: {}", confirm.question)),
            Self::Publish(publish) => {
                let uploads = publish.uploads.iter().map(|upload| &upload.invocation);
                let calls = publish.compare.iter().chain(uploads);
                let calls: Vec<String> = calls.map(ToString::to_string).collect();
                calls.join("\n")
            }
        }
    }
}

/// An sdist whose lock must fit.
#[derive(Clone, Debug)]
pub struct MendLock {
    /// The folder that holds the sdist and no other, absolute.
    pub folder: Utf8PathBuf,
    /// Where it is unpacked, absolute; its own.
    pub scratch: Utf8PathBuf,
    /// `cargo metadata` there, which writes the lock where it must.
    pub metadata: Invocation,
}

/// Fails where a check of these files has found something.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// By their labels.
    pub files: Vec<String>,
    /// How much is wrong with the project itself.
    pub errors: usize,
    /// What an earlier run has found about the same bytes.
    pub known: Vec<Checked>,
    /// By label: where files of a released set ran, in words.
    pub ran: BTreeMap<String, String>,
}

/// A line that a shell passes over, whatever the names in it hold.
pub(super) fn comment(text: &str) -> String {
    format!("# {}", text.replace('\n', "\\n"))
}

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
        before: Vec<(Invocation, CheckOutcome)>,
        invocation: Invocation,
        /// Whose words to understand.
        linter: Linter,
    },
}

/// Scripts that start programs for another machine.
#[derive(Clone, Debug)]
pub enum Launch {
    /// One for an interpreter, absolute, from which an environment can be made.
    Interpreter {
        python: Utf8PathBuf,
        script: Utf8PathBuf,
        /// A program and its arguments.
        emulator: Vec<String>,
    },
    /// Those among the programs of an environment.
    Environment {
        /// The folder of its programs, absolute.
        bin: Utf8PathBuf,
        /// The folder of its packages, absolute.
        packages: Utf8PathBuf,
        /// As in [`Machine::arch`](crate::world::machine::Machine).
        arch: &'static str,
        emulator: Vec<String>,
    },
}

impl Launch {
    fn wording(&self) -> String {
        match self {
            Self::Interpreter {
                python,
                script,
                emulator,
            } => {
                let emulator = emulator.join(" ");
                format!("write {script}, which runs {python} with {emulator}")
            }
            Self::Environment {
                bin,
                arch,
                emulator,
                ..
            } => {
                let emulator = emulator.join(" ");
                format!("have scripts run the {arch} programs in {bin} with {emulator}")
            }
        }
    }
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
    /// Whether that is the project's `dist/`, not a folder that somebody named.
    pub is_projects: bool,
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
    /// The URL of the index, without credentials.
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
    /// The interpreters that it is tested on: `cp312`, `cp312 on aarch64-gnu under qemu-aarch64`; none for what does not
    /// run here.
    pub tests: Vec<String>,
    /// Why it does not.
    pub not_run: Option<String>,
}

/// As `--dry-run` lists it.
impl std::fmt::Display for WheelRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (package, abi, platform) = (&self.package, &self.abi, &self.platform);
        write!(f, "{package} {abi} {platform}, ")?;
        match &self.not_run {
            Some(why) => f.write_str(&not_run(why)),
            None => write!(f, "tested on {}", self.tests.join(", ")),
        }
    }
}
