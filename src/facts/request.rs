//! What was asked for.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build::Flags;
use crate::facts::dependencies::DependencySelection;
use crate::facts::project::Selection;
use crate::facts::suites::Languages;
use crate::model::error::{Error, Result};
use crate::model::path;
use crate::model::shard::Shard;
use crate::world::disk;
use crate::world::manifest::{Config, Hooks};

/// What the command line asks for, for any command that builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub manifest: Option<Utf8PathBuf>,
    /// `-p`: names or folders; empty for everything that the folder means.
    pub members: Vec<String>,
    /// `--workspace`: everything, even beyond what the folder means.
    pub workspace: bool,
    /// `--exclude`: names or folders.
    pub excluded: Vec<String>,
    pub build: Flags,
    /// `--python`
    pub python: Option<String>,
    pub wanted: DependencySelection,
    pub force: bool,
    pub network: Network,
    pub purpose: Purpose,
    pub part: CommandPart,
}

/// How much of a command is done: with several interpreters, the recipes around it run once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommandPart {
    #[default]
    Whole,
    /// cargo's choice of versions, if there is no Cargo.lock.
    Lock,
    /// The project's recipes before it.
    Before,
    /// The command's own work.
    Work,
    /// The project's recipes after it.
    After,
}

impl Request {
    /// For looking only, with nothing to do.
    pub fn look(manifest: Option<Utf8PathBuf>) -> Self {
        Self {
            manifest,
            purpose: Purpose::Look,
            ..Self::default()
        }
    }

    /// Whether wheels are built, whatever is installed.
    pub(crate) fn is_for_wheels(&self) -> bool {
        match &self.purpose {
            Purpose::Test(testing) => testing.wheel,
            Purpose::Release(_) => !self.is_for_publishing(),
            Purpose::Dev | Purpose::Run(_) | Purpose::Just(_) | Purpose::Look => false,
        }
    }

    /// Whether named distributions are checked, of whatever project.
    pub(crate) fn is_for_files(&self) -> bool {
        let named = matches!(&self.purpose, Purpose::Release(releasing)
            if releasing.product == Product::Check && !releasing.files.is_empty());
        named && self.members.is_empty() && self.manifest.is_none()
    }

    /// Whether nothing is built at all.
    pub(crate) fn is_for_publishing(&self) -> bool {
        let releasing = match &self.purpose {
            Purpose::Release(releasing) => Some(releasing),
            Purpose::Dev
            | Purpose::Test(_)
            | Purpose::Run(_)
            | Purpose::Just(_)
            | Purpose::Look => None,
        };
        releasing.is_some_and(|releasing| releasing.product == Product::Publication)
    }

    pub(crate) fn testing(&self) -> Option<&Testing> {
        match &self.purpose {
            Purpose::Test(testing) => Some(testing),
            Purpose::Dev
            | Purpose::Run(_)
            | Purpose::Release(_)
            | Purpose::Just(_)
            | Purpose::Look => None,
        }
    }

    /// Whose tests are to be run, if any.
    pub(crate) fn tested(&self) -> Option<Languages> {
        match &self.purpose {
            Purpose::Test(testing) => Some(testing.languages),
            Purpose::Release(_) => self.is_for_wheels().then_some(Languages::Python),
            Purpose::Dev | Purpose::Run(_) | Purpose::Just(_) | Purpose::Look => None,
        }
    }

    /// The recipes that a project wants around the command.
    pub(crate) fn hooks(&self, config: &Config) -> Hooks {
        match &self.purpose {
            Purpose::Dev => config.dev.clone(),
            Purpose::Test(_) => config.test.hooks(),
            Purpose::Release(_) => config.release.hooks(),
            Purpose::Run(_) | Purpose::Just(_) | Purpose::Look => Hooks::default(),
        }
    }

    pub fn selection(&self) -> Selection {
        Selection {
            manifest: self.manifest.clone(),
            members: self.members.clone(),
            workspace: self.workspace,
            excluded: self.excluded.clone(),
        }
    }
}

/// What the build is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    #[default]
    Dev,
    Test(Testing),
    Run(Running),
    Release(Releasing),
    /// A recipe and its arguments; empty if recipes are only listed.
    Just(Vec<String>),
    /// Nothing: the state is shown.
    Look,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Testing {
    pub languages: Languages,
    /// What follows `--`: for pytest, or with `--rust` for the test programs.
    pub arguments: Vec<String>,
    pub fail_fast: bool,
    /// Whether the user wants to see failures only.
    pub quiet: bool,
    /// Test a wheel instead of the build in the environment.
    pub wheel: bool,
    pub reporting: Reporting,
    /// `--jobs`: how many tests run at the same time; `None` for the runner's default.
    pub threads: Option<usize>,
}

impl Reporting {
    /// Whether it is for a single run, and not for tests that are run repeatedly.
    pub fn is_of_one_run(&self) -> bool {
        self.shard.is_some() || self.durations.is_some() || self.junit.is_some()
    }
}

/// Who gets the test results, and which of the tests this one of several machines runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reporting {
    /// `--shard`: the part of the tests to run.
    pub shard: Option<Shard>,
    /// `--python`, as often as given.
    pub pythons: Vec<String>,
    /// `--durations`: recorded seconds by which shards are balanced, and where a whole run records them;
    /// absolute.
    pub durations: Option<Utf8PathBuf>,
    /// `--junit`: where a report is written, absolute.
    pub junit: Option<Utf8PathBuf>,
    /// Whether the result of each test is to be reported.
    pub by_name: bool,
}

/// What `cargo pyx release` produces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Releasing {
    pub product: Product,
    /// `--python`: what to build wheels for; empty for everything that the project allows.
    pub pythons: Vec<String>,
    /// `--compatibility`: a platform tag.
    pub compatibility: Option<String>,
    /// `--target`: target triples; empty for the machine's own.
    pub targets: Vec<String>,
    pub allow_dirty: bool,
    pub strictness: Strictness,
    /// Whether nothing is tested, and so nothing goes to `dist/`.
    pub no_test: bool,
    /// Whether everything is built again to compare the bytes.
    pub reproduce: bool,
    /// Distributions to check or to publish, absolute; empty for those in `dist/`.
    pub files: Vec<Utf8PathBuf>,
    /// `--out-dir`: where the set goes, absolute; None for the project's `dist/`.
    pub out_dir: Option<Utf8PathBuf>,
    pub publishing: Publishing,
}

/// Which linter messages stop a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    #[default]
    Errors,
    /// `--strict`: also what a linter itself calls a warning.
    Warnings,
}

impl Releasing {
    /// The folder of the released set, absolute.
    ///
    /// # Errors
    /// [`Error::Usage`] for one that contains the project: the whole folder is replaced; and for what is not a folder.
    pub fn dist(&self, root: &Utf8Path) -> Result<Utf8PathBuf> {
        let Some(dir) = &self.out_dir else {
            return Ok(root.join("dist"));
        };
        let dir = path::normalize(dir);
        let there = disk::in_the_way(&dir.join("in"));
        if let Some(file) = there.filter(|there| !disk::is_dir(there)) {
            return Err(Error::Usage(format!(
                "`--out-dir {dir}`: `{file}` is not a folder"
            )));
        }
        if disk::resolve(root).starts_with(disk::resolve(&dir)) {
            let message = format!("`--out-dir {dir}` is not a folder only for distributions");
            return Err(Error::Usage(message));
        }
        Ok(dir)
    }
}

/// How files are published; if the command line names no index, the environment or the project does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publishing {
    /// `--index`: the name of a `[[tool.uv.index]]`.
    pub index: Option<String>,
    pub publish_url: Option<String>,
    /// Where the index lists its files.
    pub check_url: Option<String>,
    /// `--yes`: do not ask.
    pub confirmed: bool,
    /// Whether somebody would have to be asked, and nobody is there.
    pub unattended: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Product {
    #[default]
    Wheels,
    /// A source distribution, and a wheel from it for one interpreter as a test.
    Sdist,
    /// Nothing: existing files are checked.
    Check,
    /// Nothing: the released files are published.
    Publication,
}

impl Product {
    fn name(self) -> &'static str {
        match self {
            Self::Wheels => "release wheel",
            Self::Sdist => "release sdist",
            Self::Check => "release check",
            Self::Publication => "release publish",
        }
    }
}

impl Purpose {
    /// The command's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Test(_) => "test",
            Self::Run(_) => "run",
            Self::Release(releasing) => releasing.product.name(),
            Self::Just(_) => "just",
            Self::Look => "look",
        }
    }
}

/// What `run` starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub program: Program,
    /// `--env-file`: variables for the program on top of the caller's, by name.
    pub variables: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// Any program, in the environment.
    Command {
        words: Vec<String>,
        /// `--with`: requirements for this run only.
        packages: Vec<String>,
    },
    /// `--example NAME` or `--bin NAME`, and its arguments.
    Target {
        target: CargoTarget,
        arguments: Vec<String>,
    },
}

/// A cargo target that is a program, by name (cargo book, "Cargo Targets").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CargoTarget {
    Example(String),
    Bin(String),
}

impl CargoTarget {
    pub fn name(&self) -> &str {
        let (Self::Example(name) | Self::Bin(name)) = self;
        name
    }

    /// The name of cargo's flag for it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Example(_) => "example",
            Self::Bin(_) => "bin",
        }
    }
}

/// cargo's and uv's common flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Network {
    pub offline: bool,
    pub locked: bool,
}

impl Program {
    /// Whether starting it takes more than the environment.
    pub(super) fn needs_tools(&self) -> bool {
        match self {
            Self::Command { packages, .. } => !packages.is_empty(),
            Self::Target { .. } => true,
        }
    }
}
