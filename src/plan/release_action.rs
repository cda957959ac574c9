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
    /// Record the current look of a tool environment that was found unchanged by reading all of it.
    RecordTools(Toolbox),
    /// Copy the files of a folder that are not ignored, replacing an earlier copy.
    CopySources {
        from: Utf8PathBuf,
        to: Utf8PathBuf,
        /// A file at the folder's root that is left out.
        without: &'static str,
    },
    /// Rewrite Cargo.lock in an sdist if it does not match the manifests there.
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
    /// Put scripts in place of programs that the system cannot start itself.
    Launch(Launch),
    Promote(Promote),
    /// Continue only if the user agrees.
    Confirm(Confirm),
    Publish(Publish),
}

impl ReleaseAction {
    /// Whether the user is told when it begins.
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

/// An sdist whose lock must match.
#[derive(Clone, Debug)]
pub struct MendLock {
    /// The folder that holds only the sdist, absolute.
    pub folder: Utf8PathBuf,
    /// Where it is unpacked, absolute; its own.
    pub scratch: Utf8PathBuf,
    /// `cargo metadata` there, which writes the lock if it must.
    pub metadata: Invocation,
}

/// Fails if a check of these files found something.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// By their labels.
    pub files: Vec<String>,
    /// The number of errors in the project itself.
    pub errors: usize,
    /// What an earlier run found about the same bytes.
    pub known: Vec<Checked>,
    /// By label: where files of a released set ran, in words.
    pub ran: BTreeMap<String, String>,
}

/// A line that a shell skips, whatever the names in it contain.
pub(super) fn comment(text: &str) -> String {
    format!("# {}", text.replace('\n', "\\n"))
}

/// Unpacks an sdist to build it; unchanged files are not touched, so that cargo compiles only what changed.
#[derive(Clone, Debug)]
pub struct Unpack {
    /// Absolute.
    pub sdist: Utf8PathBuf,
    /// Absolute; what the sdist does not contain is removed.
    pub to: Utf8PathBuf,
}

/// A built wheel without this machine's paths in its texts, in a folder of its own.
#[derive(Clone, Debug)]
pub struct Seal {
    /// The folder that maturin put it into, absolute.
    pub from: Utf8PathBuf,
    /// The folder that appears when it is done, absolute.
    pub to: Utf8PathBuf,
    /// Absolute paths and their replacements, longest last.
    pub remapped: Vec<(Utf8PathBuf, String)>,
    /// Where cargo compiled it, absolute: the variables that the build read are recorded next to the wheel.
    pub compiled: Utf8PathBuf,
}

/// One check of one distribution.
#[derive(Clone, Debug)]
pub struct Check {
    /// As in the table of results.
    pub check: &'static str,
    /// Absolute.
    pub file: Utf8PathBuf,
    /// For people: the file's name, or its path if several have that name.
    pub label: String,
    pub how: How,
}

#[derive(Clone, Debug)]
pub enum How {
    /// pyx's own rules.
    Inspect(Box<Expected>),
    Tool {
        /// What must succeed before, and the outcome if it does not.
        before: Vec<(Invocation, CheckOutcome)>,
        invocation: Invocation,
        /// The linter whose output is interpreted.
        linter: Linter,
    },
}

/// Scripts that start programs for another machine.
#[derive(Clone, Debug)]
pub enum Launch {
    /// One for an interpreter, absolute, which an environment can be created from.
    Interpreter {
        python: Utf8PathBuf,
        script: Utf8PathBuf,
        /// A program and its arguments.
        emulator: Vec<String>,
    },
    /// Those for the programs of an environment.
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

/// Records next to a file what its checks found.
#[derive(Clone, Debug)]
pub struct RecordChecks {
    /// The file's name.
    pub file: String,
    /// What to write, absolute.
    pub path: Utf8PathBuf,
    /// What determines the results besides the file.
    pub rules: String,
}

/// The last step of a release: the whole set, or nothing.
#[derive(Clone, Debug)]
pub struct Promote {
    pub entries: Vec<Candidate>,
    /// Absolute.
    pub dist: Utf8PathBuf,
    /// Whether that is the project's `dist/`, and not a folder that the user named.
    pub is_projects: bool,
    /// What built it, by name; asked for their versions.
    pub programs: Vec<(String, Utf8PathBuf)>,
    /// Tools whose version is known, by name.
    pub packages: Vec<(String, String)>,
    /// What the checks of earlier runs found about the same bytes.
    pub known: Vec<Checked>,
}

/// A file that is to be released.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Absolute.
    pub path: Utf8PathBuf,
    /// What is known about it beforehand.
    pub entry: Entry,
    /// The interpreters that it is tested on.
    pub serves: Vec<String>,
}

/// What the user is asked before it is done.
#[derive(Clone, Debug)]
pub struct Confirm {
    pub question: String,
    /// By file: name, size, hash, index.
    pub rows: Vec<Vec<String>>,
}

/// Uploads files to an index, one after another; existing files stay as they are.
#[derive(Clone, Debug)]
pub struct Publish {
    /// Compares all files with those of the index without uploading; `None` if the index cannot be asked.
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
    /// The interpreters that it is tested on: `cp312`, `cp312 on aarch64-gnu under qemu-aarch64`; empty for
    /// what does not run here.
    pub tests: Vec<String>,
    /// Why it does not run here.
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
