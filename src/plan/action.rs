//! What a step does, as data.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use crate::facts::Build;
use crate::facts::release::Checked;
use crate::model::error::Exit;
use crate::model::file_edit::Edit;
use crate::model::invocation::{Invocation, quote};
use crate::world::tool::{Provision, Toolbox};

use super::distribution::{Check, Confirm, How, Promote, Publish, RecordChecks, Seal, Unpack};
use super::{REPORT, Step};

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
    /// Remove a file, or a folder with all that is in it but what is to be kept; absolute.
    Remove {
        path: Utf8PathBuf,
        kept: BTreeSet<Utf8PathBuf>,
    },
    /// Remove a folder in which nothing is left but files of these names.
    RemoveEmpty {
        path: Utf8PathBuf,
        besides: &'static [&'static str],
    },
    /// Change files of the project: all of them, or none where one is not as it was.
    Edit(Vec<Edit>),
    /// Put our recipes into the user cache.
    WriteRecipes {
        /// Absolute.
        folder: Utf8PathBuf,
    },
    Recipe(Box<RunRecipe>),
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
    /// Fail where a check of these files, by their labels, has found something.
    Verdict {
        files: Vec<String>,
        /// What is wrong with the project itself.
        errors: usize,
        /// What an earlier run has found about the same bytes.
        known: Vec<Checked>,
    },
    Promote(Box<Promote>),
    /// Go on only when a person says so.
    Confirm(Box<Confirm>),
    Publish(Box<Publish>),
    /// Hand the terminal to a program; its exit code becomes ours.
    Show(Invocation),
}

impl Action {
    /// Whether it keeps all processors busy, or takes up what another of these has made.
    pub fn is_building(&self) -> bool {
        match self {
            Self::Run(run) => run.listen != Listen::Quiet,
            action => matches!(
                action,
                Self::Replace(_)
                    | Self::CopyInstall(_)
                    | Self::Prove(_)
                    | Self::Seed { .. }
                    | Self::Link(_)
                    | Self::Pack(_)
            ),
        }
    }

    /// Whether a person is told when it begins; of the others only what came of them.
    pub fn is_shown(&self) -> bool {
        matches!(
            self,
            Self::Run(_)
                | Self::Remove { .. }
                | Self::Provide { .. }
                | Self::Link(_)
                | Self::Pack(_)
                | Self::ProvideToolbox { .. }
                | Self::Recipe(_)
                | Self::Publish(_)
                | Self::CopyInstall(_)
                | Self::Untestable(_)
                | Self::Test(_)
        )
    }
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

/// A recipe in a plan; what it prints is shown.
#[derive(Clone, Debug)]
pub struct RunRecipe {
    pub invocation: Invocation,
    /// The code of pyx when it fails.
    pub exit: Exit,
    /// Whether it runs only when no test has failed before.
    pub after: bool,
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
    Cargo {
        /// Whether a program among the tests may tell of them in words of its own.
        own_words: bool,
    },
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
    pub member: crate::facts::project::Member,
    pub from: crate::facts::environment::Environment,
    pub to: crate::facts::environment::Environment,
}

#[derive(Clone, Debug)]
pub struct Prove {
    pub build: Build,
    pub environment: crate::facts::environment::Environment,
    pub state: Utf8PathBuf,
    /// The uv to ask whether it would leave the install alone, and the project's home.
    pub uv: Utf8PathBuf,
    pub home: Utf8PathBuf,
    /// The uv.lock there that the dependencies come from.
    pub lock: Option<Utf8PathBuf>,
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
    pub environment: crate::facts::environment::Environment,
    /// By the name of the record: what was installed in this plan.
    pub installed: Vec<(&'static str, crate::facts::dependencies::Dependencies)>,
    /// Which Python the project asked for when the environment was made.
    pub requested: Option<String>,
    /// Whether the environment is made in this plan.
    pub made: bool,
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
            Action::WriteRecipes { folder } => comment(&format!("write our recipes to {folder}")),
            Action::Recipe(recipe) => recipe.invocation.to_string(),
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
            Action::Verdict { .. } => comment("fail where a check has found something"),
            Action::Promote(promote) => {
                let names = promote.entries.iter();
                let names: Vec<&str> = names.filter_map(|one| one.path.file_name()).collect();
                let (names, dist) = (names.join(", "), &promote.dist);
                comment(&format!("put {names} into {dist} when all is well"))
            }
            Action::Confirm(confirm) => comment(&format!("ask: {}", confirm.question)),
            Action::Publish(publish) => {
                let uploads = publish.uploads.iter().map(|upload| &upload.invocation);
                let calls = publish.compare.iter().chain(uploads);
                let calls: Vec<String> = calls.map(ToString::to_string).collect();
                calls.join("\n")
            }
            Action::CopyTests(copy) => {
                comment(&format!("copy the tests of {} to {}", copy.from, copy.to))
            }
            Action::Remove { path, kept } if kept.is_empty() => {
                format!("rm -r {}", quote(path.as_str()))
            }
            Action::Remove { path, .. } => {
                comment(&format!("rm -r {path}, but what git tracks in it"))
            }
            Action::RemoveEmpty { path, .. } => {
                comment(&format!("rmdir {path}, where nothing is left"))
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
pub(super) fn comment(text: &str) -> String {
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
            Runner::Cargo { .. } | Runner::Nextest | Runner::Stestr | Runner::Import => {}
        }
        invocation
    }
}
