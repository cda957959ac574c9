//! What a step does, as data.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::Dependencies;
use crate::facts::environment::Environment;
use crate::facts::fingerprint::Input;
use crate::facts::project::Member;
use crate::facts::{Build, Testing};
use crate::model::error::Exit;
use crate::model::file_edit::Edit;
use crate::model::invocation::{Invocation, quote};
use crate::model::reason::Reason;
use crate::model::shard::{Shard, without_parameters};
use crate::world::interpreter::Probe;
use crate::world::tool::Provision;

use super::context::PlanContext;
use super::release_action::{ReleaseAction, comment};

/// The variable that tells a [`Reporter`]'s module where to write.
pub(super) const REPORT: &str = "CARGO_PYX_REPORT";
/// The variable that tells it where it is said which tests are not run.
pub(super) const SHARD: &str = "CARGO_PYX_SHARD";

#[derive(Clone, Debug)]
pub enum Action {
    /// Put a tool into the user cache.
    Provide {
        provision: Provision,
        python: Utf8PathBuf,
        uv: Utf8PathBuf,
    },
    Run(Run),
    /// Write a file of pyx, absolute.
    Write {
        path: Utf8PathBuf,
        text: String,
        /// Whether it can be started.
        is_program: bool,
    },
    /// Remove cargo's own records of crates whose changes it would not see.
    Forget {
        /// The crates' names.
        crates: Vec<String>,
        /// The folders of those records, absolute.
        dirs: Vec<Utf8PathBuf>,
    },
    /// Write down that a build begins, so that one that does not end is known to the next.
    Begin(Box<Begin>),
    /// Copy the artifact over the installed modules, each through a rename.
    Replace(Box<Replace>),
    /// Install a member with a tool that removes what is there before it puts something else in its place.
    Install(Box<Install>),
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
    /// Copy what git would keep of a project, for a build that leaves nothing in it.
    CopyProject(Box<CopyProject>),
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
    /// What only a release does.
    Release(Box<ReleaseAction>),
    /// Hand the terminal to a program; its exit code becomes ours.
    Show(Invocation),
}

/// How an action stands among others while a plan is walked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionTraits {
    /// Whether it keeps all processors busy, or takes up what another of these has made: of several
    /// interpreters one at a time does.
    pub builds: bool,
    /// Whether a person is told when it begins; of the others only what came of them.
    pub is_shown: bool,
}

impl ActionTraits {
    const ASIDE: Self = Self {
        builds: false,
        is_shown: false,
    };
    const SHOWN: Self = Self {
        builds: false,
        is_shown: true,
    };
    const BUILDING: Self = Self {
        builds: true,
        is_shown: false,
    };
    const SHOWN_BUILDING: Self = Self {
        builds: true,
        is_shown: true,
    };
}

impl Action {
    pub fn traits(&self) -> ActionTraits {
        match self {
            Self::Run(run) if run.is_silent => ActionTraits::BUILDING,
            Self::Run(run) if run.listen == Listen::Quiet => ActionTraits::SHOWN,
            Self::Install(install) if install.run.listen == Listen::Quiet => ActionTraits::SHOWN,
            Self::Run(_)
            | Self::Install(_)
            | Self::CopyInstall(_)
            | Self::Link(_)
            | Self::Pack(_) => ActionTraits::SHOWN_BUILDING,
            Self::Replace(_) | Self::Prove(_) | Self::Seed { .. } => ActionTraits::BUILDING,
            Self::Provide { .. }
            | Self::Test(_)
            | Self::Untestable(_)
            | Self::Remove { .. }
            | Self::Recipe(_) => ActionTraits::SHOWN,
            Self::Release(action) if action.is_shown() => ActionTraits::SHOWN,
            Self::Write { .. }
            | Self::Forget { .. }
            | Self::Begin(_)
            | Self::RecordSync(_)
            | Self::CopyTests(_)
            | Self::CopyProject(_)
            | Self::RemoveEmpty { .. }
            | Self::Edit(_)
            | Self::WriteRecipes { .. }
            | Self::Release(_)
            | Self::Show(_) => ActionTraits::ASIDE,
        }
    }

    /// The one program that it runs, as a person would.
    pub fn invocation(&self) -> Option<&Invocation> {
        match self {
            Self::Run(run) => Some(&run.invocation),
            Self::Install(install) => Some(&install.run.invocation),
            Self::Link(link) => Some(&link.invocation),
            Self::Test(test) => Some(&test.invocation),
            Self::Pack(pack) => Some(&pack.run.invocation),
            Self::Recipe(recipe) => Some(&recipe.invocation),
            Self::Show(invocation) => Some(invocation),
            Self::Release(action) => action.invocation(),
            Self::Provide { .. }
            | Self::Write { .. }
            | Self::Forget { .. }
            | Self::Begin(_)
            | Self::Replace(_)
            | Self::CopyInstall(_)
            | Self::Prove(_)
            | Self::RecordSync(_)
            | Self::Seed { .. }
            | Self::Untestable(_)
            | Self::CopyTests(_)
            | Self::CopyProject(_)
            | Self::Remove { .. }
            | Self::RemoveEmpty { .. }
            | Self::Edit(_)
            | Self::WriteRecipes { .. } => None,
        }
    }

    /// The command to paste, or a comment that says what pyx does by itself.
    pub fn command(&self) -> String {
        match self {
            Self::Run(run) => run.invocation.to_string(),
            Self::Install(install) => install.run.invocation.to_string(),
            Self::Provide { provision, .. } => {
                comment(&format!("put {} into {}", provision.label(), provision.dir))
            }
            Self::Write {
                path,
                text,
                is_program,
            } => {
                let lines: Vec<String> =
                    text.lines().map(|line| quote(line).into_owned()).collect();
                let dir = path.parent().unwrap_or(path).as_str();
                let (dir, path) = (quote(dir), quote(path.as_str()));
                let started = if *is_program {
                    format!(" && chmod +x {path}")
                } else {
                    String::new()
                };
                format!(
                    "mkdir -p {dir} && printf '%s\\n' {} >{path}{started}",
                    lines.join(" ")
                )
            }
            Self::Forget { crates, dirs } => {
                let mut globs = Vec::new();
                for dir in dirs {
                    globs.extend(crates.iter().map(|name| format!("{dir}/{name}-*")));
                }
                comment(&format!("rm -r {}", globs.join(" ")))
            }
            Self::Begin(begin) => {
                comment(&format!("note in {} that its build begins", begin.state))
            }
            Self::Replace(replace) => {
                let paths = replace.modules.iter().filter_map(Input::path);
                let modules: Vec<&str> = paths.map(Utf8Path::as_str).collect();
                comment(&format!("replace {} by what was built", modules.join(", ")))
            }
            Self::CopyInstall(copy) => comment(&format!(
                "install {} as it is in {}",
                copy.member.name, copy.from.path
            )),
            Self::Prove(prove) => comment(&format!(
                "prove that {} is imported from what was built, and record it",
                prove.build.member.name
            )),
            Self::RecordSync(record) => comment(&format!(
                "record the packages of {}",
                record.environment.path
            )),
            Self::Seed { from, to } => comment(&format!("copy {from} to {to}")),
            Self::Link(link) => {
                let lines = link.lines.join(" and ");
                let text = format!("write {}: what this prints, and {lines}", link.config);
                format!("{}\n{}", comment(&text), link.invocation)
            }
            Self::Test(test) => test.command(),
            Self::Untestable(tests) => comment(&tests.why),
            Self::Pack(pack) => pack.run.invocation.to_string(),
            Self::WriteRecipes { folder } => comment(&format!("write our recipes to {folder}")),
            Self::Recipe(recipe) => recipe.invocation.to_string(),
            Self::CopyTests(copy) => {
                comment(&format!("copy the tests of {} to {}", copy.from, copy.to))
            }
            Self::CopyProject(copy) => comment(&format!("copy {} to {}", copy.from, copy.to)),
            Self::Remove { path, kept } if kept.is_empty() => {
                format!("rm -r {}", quote(path.as_str()))
            }
            Self::Remove { path, .. } => {
                comment(&format!("rm -r {path}, but what git tracks in it"))
            }
            Self::RemoveEmpty { path, .. } => {
                comment(&format!("rmdir {path}, where nothing is left"))
            }
            Self::Edit(edits) => {
                let diff: String = edits.iter().map(Edit::diff).collect();
                diff.strip_suffix('\n').unwrap_or(&diff).to_owned()
            }
            Self::Release(action) => action.command(),
            Self::Show(invocation) => invocation.to_string(),
        }
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
    /// A folder in `root`, as `from` is one in its repository, or `root` itself.
    pub to: Utf8PathBuf,
    /// Replaced as a whole; what stands beside `from` in its repository is linked there.
    pub root: Utf8PathBuf,
    /// Top-level names of packages that are left out.
    pub packages: Vec<String>,
}

/// A copy of a project with edits that are not made in it.
#[derive(Clone, Debug)]
pub struct CopyProject {
    /// Both absolute.
    pub from: Utf8PathBuf,
    pub to: Utf8PathBuf,
    pub edits: Vec<Edit>,
}

/// A run of tests; its failure stops nothing but is ours at the end.
#[derive(Clone, Debug)]
pub struct Test {
    pub invocation: Invocation,
    pub runner: Runner,
    /// Whose tests they are.
    pub member: String,
    /// The folder of that package, absolute.
    pub package: Utf8PathBuf,
    /// The interpreter, where they are run on several.
    pub on: Option<String>,
    /// Whether the code under test was compiled without optimisation.
    pub unoptimised: bool,
    /// Whether nothing more is run once it fails.
    pub fail_fast: bool,
    /// Those of the command line.
    pub arguments: Vec<String>,
    /// What tells it from other runs of the member's tests: a path relative to the project, or what the
    /// tests are of.
    pub suite: String,
    /// The interpreter, as [`Probe::label`] says it.
    pub python: Option<String>,
    /// Which of the tests are run; `None`: all.
    pub share: Option<Share>,
    /// Whether it is to be told how each test ended.
    pub by_name: bool,
    /// The folder of a copy that they run in, and that which was copied; both absolute.
    pub moved: Option<(Utf8PathBuf, Utf8PathBuf)>,
}

/// The part of a suite that one of several machines runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub shard: Shard,
    /// By the name of a test, the shard that recorded seconds put it in; all others are where their names
    /// put them.
    pub assigned: BTreeMap<String, u32>,
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
    /// What tells the module which tests are not run, absolute; there only where some are not.
    pub shard: Utf8PathBuf,
}

#[derive(Clone, Debug)]
pub struct Run {
    pub invocation: Invocation,
    pub listen: Listen,
    /// The code of pyx when it fails.
    pub exit: Exit,
    pub hint: Option<String>,
    /// Whether nothing is said of it when it begins: there is most likely nothing to do, or something else
    /// is shown meanwhile.
    pub is_silent: bool,
}

impl Run {
    /// A run whose output is shown only when it fails.
    pub(super) fn quiet(invocation: Invocation, exit: Exit) -> Self {
        Self {
            invocation,
            listen: Listen::Quiet,
            exit,
            hint: None,
            is_silent: false,
        }
    }

    /// A build, of which cargo or maturin tells.
    pub(super) fn building(invocation: Invocation, listen: Listen) -> Self {
        Self {
            invocation,
            listen,
            exit: Exit::Failed,
            hint: None,
            is_silent: false,
        }
    }
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
pub struct Begin {
    /// `state.json`, absolute.
    pub state: Utf8PathBuf,
    /// As [`build_id`](crate::facts::fingerprint::build_id) says.
    pub id: String,
    /// What changed since the last build, as it is now.
    pub changed: Vec<Input>,
}

#[derive(Clone, Debug)]
pub struct Replace {
    pub build: Build,
    /// As they were recorded.
    pub modules: Vec<Input>,
}

#[derive(Clone, Debug)]
pub struct Install {
    pub run: Run,
    pub member: Member,
    pub environment: Environment,
}

/// A member's installed distribution, copied file by file: what was compiled once serves both.
#[derive(Clone, Debug)]
pub struct CopyInstall {
    pub member: Member,
    pub from: Environment,
    pub to: Environment,
}

#[derive(Clone, Debug)]
pub struct Prove {
    pub build: Build,
    pub environment: Environment,
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
    /// Why it was built in this plan; `None` where it was not.
    pub reason: Option<Reason>,
    /// cargo, to be asked which packages are local.
    pub cargo: Utf8PathBuf,
    /// How often it was built anew in this run.
    pub rebuilds: usize,
    /// The one that pyx provides to maturin, absolute.
    pub patchelf: Option<Utf8PathBuf>,
    /// Whether cargo most likely had nothing to do.
    pub is_doubt: bool,
    /// Whether the build is what makes Cargo.lock.
    pub new_lock: bool,
}

impl Prove {
    /// Whether what changed meanwhile is left to the next run.
    pub fn is_last(&self) -> bool {
        const REBUILDS: usize = 3;
        self.rebuilds >= REBUILDS
    }
}

#[derive(Clone, Debug)]
pub struct RecordSync {
    pub environment: Environment,
    /// By the name of the record: what was installed in this plan.
    pub installed: Vec<(&'static str, Dependencies)>,
    /// The folders of the packages that are installed besides them, absolute.
    pub members: Vec<Utf8PathBuf>,
    /// Which Python the project asked for when the environment was made.
    pub requested: Option<String>,
    /// Whether the environment is made in this plan.
    pub made: bool,
}

impl Share {
    pub fn holds(&self, name: &str) -> bool {
        match self.assigned.get(without_parameters(name)) {
            Some(index) => *index == self.shard.index,
            None => self.shard.holds(name),
        }
    }
}

impl Test {
    pub(super) fn of(
        context: &PlanContext<'_>,
        build: &Build,
        testing: &Testing,
        invocation: Invocation,
        runner: Runner,
    ) -> Self {
        Self {
            invocation,
            runner,
            member: build.member.name.clone(),
            package: build.member.dir.clone(),
            on: None,
            unoptimised: build.options.profile == "dev",
            fail_fast: testing.fail_fast,
            arguments: testing.arguments.clone(),
            suite: String::new(),
            python: context.target.probe.as_ref().map(Probe::label),
            share: testing.reporting.shard.map(|shard| Share {
                shard,
                assigned: BTreeMap::new(),
            }),
            by_name: testing.reporting.by_name,
            moved: None,
        }
    }

    fn command(&self) -> String {
        let command = self.without_reporter();
        match &self.share {
            Some(share) if self.runner != Runner::Nextest => {
                let text = format!("of these tests only those of shard {}:", share.shard);
                format!("{}\n{command}", comment(&text))
            }
            _ => command.to_string(),
        }
    }

    /// The command without the module that only a real run puts into the environment.
    fn without_reporter(&self) -> Invocation {
        let mut invocation = self.invocation.clone();
        invocation.set.remove(REPORT);
        invocation.set.remove(SHARD);
        match &self.runner {
            // `-p MODULE` comes first of what pytest is given
            Runner::Pytest(_) => {
                let at = invocation.args.iter().position(|word| word == "-p");
                let at = at.unwrap_or_default();
                invocation.args.drain(at..at + 2);
            }
            // its first arguments are `-m MODULE`
            Runner::Unittest(_) => "unittest".clone_into(&mut invocation.args[1]),
            Runner::Cargo { .. } | Runner::Nextest | Runner::Stestr | Runner::Import => {}
        }
        invocation
    }
}
