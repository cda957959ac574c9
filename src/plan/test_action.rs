//! What the steps that run tests do, as data.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::facts::{Build, Testing};
use crate::model::invocation::Invocation;
use crate::model::shard::{Shard, without_parameters};
use crate::world::interpreter::Probe;

use super::context::PlanContext;
use super::import_path::ImportPath;
use super::release_action::comment;

/// The variable that tells a [`Reporter`]'s module where to write.
pub(super) const REPORT: &str = "CARGO_PYX_REPORT";
/// The variable that tells it where the list of tests not to run is.
pub(super) const SHARD: &str = "CARGO_PYX_SHARD";

/// A test run; its failure stops nothing but makes the command fail at the end.
#[derive(Clone, Debug)]
pub struct Test {
    pub invocation: Invocation,
    /// Where the tests import from, if they embed Python.
    pub imports: Option<ImportPath>,
    pub runner: Runner,
    /// Whose tests they are.
    pub member: String,
    /// The folder of that package, absolute.
    pub package: Utf8PathBuf,
    /// The interpreter, if they are run on several.
    pub on: Option<String>,
    /// Whether the code under test was compiled without optimisation.
    pub unoptimised: bool,
    /// Whether nothing more is run once it fails.
    pub fail_fast: bool,
    /// Those of the command line.
    pub arguments: Vec<String>,
    /// What distinguishes it from other runs of the member's tests: a path relative to the project, or what
    /// the tests are about.
    pub suite: String,
    /// The interpreter, as in [`Probe::label`].
    pub python: Option<String>,
    /// Which of the tests are run; `None`: all.
    pub share: Option<Share>,
    /// Whether the result of each test is to be reported.
    pub by_name: bool,
    /// The folder of the copy that they run in, and the original; both absolute.
    pub moved: Option<(Utf8PathBuf, Utf8PathBuf)>,
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
            imports: None,
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

    /// As [`Action::command`](super::action::Action::command).
    pub(super) fn command(&self) -> String {
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

/// The part of a suite that one of several machines runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub shard: Shard,
    /// By test name, the shard that recorded durations put it in; all others are where their names put them.
    pub assigned: BTreeMap<String, u32>,
}

impl Share {
    pub fn holds(&self, name: &str) -> bool {
        match self.assigned.get(without_parameters(name)) {
            Some(index) => *index == self.shard.index,
            None => self.shard.holds(name),
        }
    }
}

/// Rust tests that cannot be run, which counts as a failure.
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
        /// Whether a test program may report in a format of its own.
        own_words: bool,
    },
    Nextest,
    Pytest(Reporter),
    Unittest(Reporter),
    Stestr,
    /// Prints which modules could be imported.
    Import,
}

/// How a Python runner reports what it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporter {
    /// Where our module is put, absolute: among the environment's packages.
    pub module: Utf8PathBuf,
    /// What the module writes, absolute.
    pub report: Utf8PathBuf,
    /// The list of tests not to run, for the module, absolute; exists only if there are some.
    pub shard: Utf8PathBuf,
}

/// A copy of what tests read, without the packages that they import.
#[derive(Clone, Debug)]
pub struct CopyTests {
    pub from: Utf8PathBuf,
    /// A folder in `root`, at the same place as `from` in its repository, or `root` itself.
    pub to: Utf8PathBuf,
    /// Replaced as a whole; what is next to `from` in its repository is linked there.
    pub root: Utf8PathBuf,
    /// Top-level names of packages that are left out.
    pub packages: Vec<String>,
}
