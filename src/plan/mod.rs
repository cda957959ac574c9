//! What is to be done, decided from facts alone.

mod dev;
mod linked;
mod member;
mod python;
mod release;
mod run;
mod steps;
mod sync;
mod test;
mod version;
mod wheel;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::artifact::Expected;
use crate::error::Exit;
use crate::facts::Build;
use crate::facts::release::{Checked, Entry};
use crate::invocation::Invocation;
use crate::reason::Reason;
use crate::tool::{Provision, Toolbox};

pub use dev::dev;
pub use release::release;
pub use run::run;
pub use test::test;
pub use version::{Settled, Spelled, Target, Wish, version};

/// The variable that tells a [`Reporter`]'s module where to write.
const REPORT: &str = "PYX_REPORT";

/// Steps in an order in which they could run one after another.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// The names of members that need nothing.
    pub fresh: Vec<String>,
    /// What is run when all else is done and the project's lock is free again.
    pub hand_over: Option<Step>,
    /// What a release will have.
    pub wheels: Vec<WheelRow>,
    /// Whether the facts must be gathered anew after these steps, because more depends on them.
    pub again: bool,
}

#[derive(Clone, Debug)]
pub struct Step {
    /// Unique in its plan.
    pub name: String,
    /// As in cargo's output: `Compiling`.
    pub verb: &'static str,
    pub subject: String,
    pub reason: Option<Reason>,
    /// Names of steps that must have succeeded.
    pub needs: Vec<String>,
    pub action: Action,
    /// Whether the plan goes on when it fails.
    pub optional: bool,
}

#[derive(Clone, Debug)]
pub enum Action {
    /// Put a tool into the user cache.
    Provide {
        provision: Provision,
        python: Utf8PathBuf,
        uv: Utf8PathBuf,
    },
    Run(Run),
    /// Remove cargo's own record of crates whose changes it would not see.
    Forget {
        /// The crates' names.
        crates: Vec<String>,
        /// The folder of those records, absolute.
        dir: Utf8PathBuf,
    },
    /// Copy the artifact over the installed modules, each through a rename.
    Replace(Box<Replace>),
    /// Install what another environment has.
    CopyInstall(Box<CopyInstall>),
    /// Prove that Python imports what was built, keep uv from replacing it, and record both.
    Prove(Box<Prove>),
    /// Record what the environment's packages were installed from.
    RecordSync(Box<RecordSync>),
    /// Begin a target directory as a copy of another, so that little is left to compile.
    Seed {
        from: Utf8PathBuf,
        to: Utf8PathBuf,
    },
    /// Make the PyO3 configuration with which tests link libpython.
    Link(Box<Link>),
    Test(Box<Test>),
    Untestable(Box<Untestable>),
    /// Build a distribution into a directory that holds no other.
    Pack(Box<Pack>),
    CopyTests(Box<CopyTests>),
    /// Change files of the project: all of them, or none where one is not as it was.
    Edit(Vec<Edit>),
    /// Put an environment of Python tools into the user cache.
    ProvideToolbox {
        toolbox: Toolbox,
        uv: Utf8PathBuf,
    },
    /// Copy the files of a folder that nobody ignores, in place of what the copy was.
    CopySources {
        from: Utf8PathBuf,
        to: Utf8PathBuf,
        /// A file at the folder's root that is left out.
        without: &'static str,
    },
    Unpack(Box<Unpack>),
    Seal(Box<Seal>),
    /// Prove that two builds have the same bytes.
    Compare {
        first: Utf8PathBuf,
        second: Utf8PathBuf,
    },
    Check(Box<Check>),
    RecordChecks(Box<RecordChecks>),
    /// Fail where a check has found something.
    Verdict,
    Promote(Box<Promote>),
    /// Hand the terminal to a program; its exit code becomes ours.
    Show(Invocation),
}

/// How PyO3 is told to link libpython, whatever the manifest says: its own description of the
/// interpreter, and two lines more.
#[derive(Clone, Debug)]
pub struct Link {
    /// Makes PyO3's build script print its configuration and stop.
    pub invocation: Invocation,
    /// The file to write, absolute.
    pub config: Utf8PathBuf,
    /// Lines to append.
    pub lines: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Pack {
    pub run: Run,
    /// Where it is put, absolute; older ones of ours go.
    pub dir: Utf8PathBuf,
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
}

/// One check of one distribution.
#[derive(Clone, Debug)]
pub struct Check {
    /// As in the table of results.
    pub check: &'static str,
    /// Absolute.
    pub file: Utf8PathBuf,
    pub how: How,
}

#[derive(Clone, Debug)]
pub enum How {
    /// Our own rules.
    Inspect(Box<Expected>),
    Tool {
        /// What must succeed before.
        before: Vec<Invocation>,
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

/// A copy of what tests read, without the packages that they import.
#[derive(Clone, Debug)]
pub struct CopyTests {
    pub from: Utf8PathBuf,
    /// Replaced as a whole.
    pub to: Utf8PathBuf,
    /// Top-level names of packages that are left out.
    pub packages: Vec<String>,
}

/// A file of the project, as it is and as it is to be.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Absolute.
    pub path: Utf8PathBuf,
    /// As people see it: from the project's root.
    pub shown: Utf8PathBuf,
    pub before: String,
    pub after: String,
    pub changes: Vec<Change>,
}

/// One value that an edit replaces.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// From 1.
    pub line: usize,
    pub from: String,
    pub to: String,
}

impl Edit {
    /// A unified diff, as `patch` and `git apply` take it.
    pub fn diff(&self) -> String {
        let diff = similar::TextDiff::from_lines(&self.before, &self.after);
        let (old, new) = (format!("a/{}", self.shown), format!("b/{}", self.shown));
        diff.unified_diff().header(&old, &new).to_string()
    }
}

/// A run of tests; its failure stops nothing but is ours at the end.
#[derive(Clone, Debug)]
pub struct Test {
    pub invocation: Invocation,
    pub runner: Runner,
    /// Whose tests they are.
    pub member: String,
    /// The interpreter, where they are run on several.
    pub on: Option<String>,
    /// Whether the code under test was compiled without optimisation.
    pub unoptimised: bool,
    /// Whether nothing more is run once it fails.
    pub fail_fast: bool,
    /// Those of the command line.
    pub arguments: Vec<String>,
}

/// Rust tests that cannot be run, which counts as their failure.
#[derive(Clone, Debug)]
pub struct Untestable {
    /// Whose tests they are.
    pub member: String,
    pub why: String,
    pub hint: Option<String>,
    /// As in [`Test`].
    pub fail_fast: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runner {
    Cargo,
    Nextest,
    Pytest(Reporter),
    Unittest(Reporter),
    Stestr,
    /// Prints which modules could be imported.
    Import,
}

/// How a Python runner tells us what it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporter {
    /// Where our module is put, absolute: among the environment's packages.
    pub module: Utf8PathBuf,
    /// What the module writes, absolute.
    pub report: Utf8PathBuf,
}

#[derive(Clone, Debug)]
pub struct Run {
    pub invocation: Invocation,
    pub listen: Listen,
    /// The code of pyx when it fails.
    pub exit: Exit,
    pub hint: Option<String>,
}

/// What a child's output is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// cargo's JSON messages on stdout, rendered diagnostics on stderr; so many packages at most.
    Cargo { packages: usize },
    /// maturin around cargo: progress lines and diagnostics on stderr.
    Maturin { packages: usize },
    /// Shown only when it fails.
    Quiet,
}

#[derive(Clone, Debug)]
pub struct Replace {
    pub build: Build,
    /// Absolute.
    pub modules: Vec<Utf8PathBuf>,
}

/// A member's installed distribution, copied file by file: what was compiled once serves both.
#[derive(Clone, Debug)]
pub struct CopyInstall {
    pub member: crate::project::Member,
    pub from: crate::environment::Environment,
    pub to: crate::environment::Environment,
}

#[derive(Clone, Debug)]
pub struct Prove {
    pub build: Build,
    pub environment: crate::environment::Environment,
    pub state: Utf8PathBuf,
    /// The uv to ask whether it would leave the install alone, and the folder of uv.lock.
    pub uv: Utf8PathBuf,
    pub home: Utf8PathBuf,
    /// The endings of the interpreter's extension modules.
    pub suffixes: Vec<String>,
    /// Whether a new `dist-info` was written.
    pub installed: bool,
    /// Whether anything was compiled for it in this plan.
    pub built: bool,
    /// Whether the build is what makes Cargo.lock.
    pub new_lock: bool,
}

#[derive(Clone, Debug)]
pub struct RecordSync {
    pub environment: crate::environment::Environment,
    /// By the name of the record: what was installed in this plan.
    pub installed: Vec<(&'static str, crate::dependencies::Dependencies)>,
    /// Which Python the project asked for when the environment was made.
    pub requested: Option<String>,
    /// Whether the environment is made in this plan.
    pub made: bool,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether a step of that name is planned.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.steps.iter().any(|step| step.name == name)
    }
}

impl Step {
    /// The command to paste, or a comment that says what pyx does by itself.
    pub fn command(&self) -> String {
        match &self.action {
            Action::Run(run) => run.invocation.to_string(),
            Action::Provide { provision, .. } => {
                comment(&format!("put {} into {}", provision.label(), provision.dir))
            }
            Action::Forget { crates, dir } => {
                let globs = crates.iter().map(|name| format!("{dir}/{name}-*"));
                comment(&format!("rm -r {}", globs.collect::<Vec<_>>().join(" ")))
            }
            Action::Replace(replace) => {
                let modules: Vec<&str> = replace.modules.iter().map(|path| path.as_str()).collect();
                comment(&format!("replace {} by what was built", modules.join(", ")))
            }
            Action::CopyInstall(copy) => comment(&format!(
                "install {} as it is in {}",
                copy.member.name, copy.from.path
            )),
            Action::Prove(prove) => comment(&format!(
                "prove that {} is imported from what was built, and record it",
                prove.build.member.name
            )),
            Action::RecordSync(record) => comment(&format!(
                "record the packages of {}",
                record.environment.path
            )),
            Action::Seed { from, to } => comment(&format!("copy {from} to {to}")),
            Action::Link(link) => {
                let lines = link.lines.join(" and ");
                let text = format!("write {}: what this prints, and {lines}", link.config);
                format!("{}\n{}", comment(&text), link.invocation)
            }
            Action::Test(test) => test.without_reporter().to_string(),
            Action::Untestable(tests) => comment(&tests.why),
            Action::Pack(pack) => pack.run.invocation.to_string(),
            Action::ProvideToolbox { toolbox, .. } => {
                comment(&format!("put {} into {}", toolbox.label, toolbox.dir))
            }
            Action::CopySources { from, to, without } => {
                comment(&format!("copy {from} without {without} to {to}"))
            }
            Action::Unpack(unpack) => comment(&format!("unpack {} to {}", unpack.sdist, unpack.to)),
            Action::Seal(seal) => comment(&format!(
                "take this machine's paths out of the wheel in {}, and keep it in {}",
                seal.from, seal.to
            )),
            Action::Compare { first, second } => {
                comment(&format!("compare {first} with {second}, byte by byte"))
            }
            Action::Check(check) => match &check.how {
                How::Inspect(_) => comment(&format!("read {}", check.file)),
                How::Tool { invocation, .. } => invocation.to_string(),
            },
            Action::RecordChecks(record) => {
                comment(&format!("record what was found in {}", record.path))
            }
            Action::Verdict => comment("fail where a check has found something"),
            Action::Promote(promote) => comment(&format!(
                "move {} files to {} when all is well",
                promote.entries.len(),
                promote.dist
            )),
            Action::CopyTests(copy) => {
                comment(&format!("copy the tests of {} to {}", copy.from, copy.to))
            }
            Action::Edit(edits) => {
                let diff: String = edits.iter().map(Edit::diff).collect();
                diff.strip_suffix('\n').unwrap_or(&diff).to_owned()
            }
            Action::Show(invocation) => invocation.to_string(),
        }
    }
}

/// A line that a shell passes over, whatever the names in it hold.
fn comment(text: &str) -> String {
    format!("# {}", text.replace('\n', "\\n"))
}

impl Test {
    /// The command without the module that only a real run puts into the environment.
    fn without_reporter(&self) -> Invocation {
        let mut invocation = self.invocation.clone();
        invocation.set.remove(REPORT);
        match &self.runner {
            // its first arguments are `-p MODULE`
            Runner::Pytest(_) => drop(invocation.args.drain(..2)),
            // its first arguments are `-m MODULE`
            Runner::Unittest(_) => "unittest".clone_into(&mut invocation.args[1]),
            Runner::Cargo | Runner::Nextest | Runner::Stestr | Runner::Import => {}
        }
        invocation
    }
}

/// `--dry-run`: a reason as a comment, then the command.
impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for wheel in &self.wheels {
            let tests = match &wheel.tests[..] {
                [] => "built, not run".to_owned(),
                pythons => format!("tested on {}", pythons.join(", ")),
            };
            let (package, abi, platform) = (&wheel.package, &wheel.abi, &wheel.platform);
            writeln!(f, "# wheel: {package} {abi} {platform}, {tests}")?;
        }
        for step in self.steps.iter().chain(&self.hand_over) {
            let title = format!("{} {}", step.verb, step.subject);
            match &step.reason {
                Some(reason) => writeln!(f, "{}", comment(&format!("{title}: {reason}")))?,
                None => writeln!(f, "{}", comment(&title))?,
            }
            writeln!(f, "{}", step.command())?;
        }
        if self.again {
            writeln!(f, "# then look again: the rest depends on what this brings")?;
        }
        Ok(())
    }
}

/// A step as JSON shows it.
#[derive(Debug, Serialize)]
pub struct StepView<'a> {
    pub name: &'a str,
    pub verb: &'a str,
    pub subject: &'a str,
    pub reason: Option<&'a Reason>,
    pub because: Option<String>,
    pub needs: &'a [String],
    pub command: String,
    /// By file, for steps that change files of the project.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub edits: BTreeMap<&'a Utf8Path, &'a [Change]>,
}

impl Step {
    fn edits(&self) -> BTreeMap<&Utf8Path, &[Change]> {
        let Action::Edit(edits) = &self.action else {
            return BTreeMap::new();
        };
        let changes = edits.iter().map(|edit| (&*edit.shown, &*edit.changes));
        changes.collect()
    }

    pub fn view(&self) -> StepView<'_> {
        StepView {
            name: &self.name,
            verb: self.verb,
            subject: &self.subject,
            reason: self.reason.as_ref(),
            because: self.reason.as_ref().map(ToString::to_string),
            needs: &self.needs,
            command: self.command(),
            edits: self.edits(),
        }
    }
}
