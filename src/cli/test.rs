//! `cargo pyx test`: its options; `build_command` does the work.

use camino::Utf8PathBuf;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::driver::Merge;
use crate::facts::suites::Languages;
use crate::facts::{Reporting, Testing};
use crate::model::shard::Shard;
use crate::ui::MessageFormat;
use crate::world::session::Session;

use super::build_args::{CommonArgs, WatchArgs};
use super::global::Global;

const REPORTS: &str = "Shards and reports";

/// Build the project, then run its Rust and Python tests against the build
///
/// Installs the test requirements, wherever the project declares them, and runs both suites even if one
/// of them fails. Rust tests link and load the environment's Python, whatever the manifest says.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx test                     both languages
  cargo pyx test --py -- -k name     only Python; arguments after -- go to pytest
  cargo pyx test --rust -- --list    only Rust; arguments after -- go to the test programs
  cargo pyx test --release           the optimised build
  cargo pyx test --python all        on every interpreter the project allows
  cargo pyx test --jobs 4            run four tests in parallel, in both languages
  cargo pyx test --shard 2/5         the second fifth of the tests, on the second of five machines
  cargo pyx test --merge reports     one result from the reports of all shards
  cargo pyx test --junit tests.xml   a report for the CI system")]
pub struct Test {
    #[command(flatten)]
    pub languages: LanguageArgs,
    /// Test a wheel, in a clean environment and outside the source tree
    #[arg(long, conflicts_with = "rust")]
    pub wheel: bool,
    /// Stop at the first failure
    #[arg(long)]
    pub fail_fast: bool,
    #[command(flatten)]
    pub common: CommonArgs,
    /// Pythons to test on: versions, ranges, paths, or `all`; several are summarised in a table
    #[arg(long, value_name = "REQ", value_parser = NonEmptyStringValueParser::new())]
    pub python: Vec<String>,
    /// Run one of several shards of the tests: 2/5 is the second of five
    #[arg(long, value_name = "K/N", help_heading = REPORTS)]
    pub shard: Option<Shard>,
    /// Merge the reports of all shards below DIR, and run nothing
    #[arg(
        long,
        value_name = "DIR",
        help_heading = REPORTS,
        conflicts_with_all = ["shard", "rust", "py", "wheel", "python", "watch", "arguments"]
    )]
    pub merge: Option<Utf8PathBuf>,
    /// Durations of Python tests, by which shards are balanced; without --shard, they are written to FILE
    #[arg(long, value_name = "FILE", help_heading = REPORTS)]
    pub durations: Option<Utf8PathBuf>,
    /// Write the result of each test as JUnit XML
    #[arg(long, value_name = "FILE", help_heading = REPORTS)]
    pub junit: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub watch: WatchArgs,
    /// Arguments for pytest (or the project's other runner) or, with --rust, for the test programs
    #[arg(last = true, value_name = "ARGS")]
    pub arguments: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct LanguageArgs {
    /// Run only the Rust tests
    #[arg(long, conflicts_with = "py")]
    pub rust: bool,
    /// Run only the Python tests
    #[arg(long)]
    pub py: bool,
}

impl Test {
    pub(super) fn merging(&self, session: &Session) -> Option<Merge> {
        let absolute = |path: &Utf8PathBuf| session.absolute(path.as_str());
        Some(Merge {
            dir: absolute(self.merge.as_ref()?),
            junit: self.junit.as_ref().map(absolute),
            durations: self.durations.as_ref().map(absolute),
        })
    }

    pub(super) fn testing(&self, session: &Session, global: &Global) -> Testing {
        let is_for_machines = self.junit.is_some()
            || self.shard.is_some()
            || self.durations.is_some()
            || global.message_format == MessageFormat::Json;
        Testing {
            languages: match (self.languages.rust, self.languages.py) {
                (true, _) => Languages::Rust,
                (_, true) => Languages::Python,
                _ => Languages::Both,
            },
            arguments: self.arguments.clone(),
            fail_fast: self.fail_fast,
            quiet: global.quiet,
            wheel: self.wheel,
            reporting: Reporting {
                shard: self.shard,
                pythons: self.python.clone(),
                durations: self
                    .durations
                    .as_ref()
                    .map(|path| session.absolute(path.as_str())),
                junit: self
                    .junit
                    .as_ref()
                    .map(|path| session.absolute(path.as_str())),
                by_name: is_for_machines || session.annotates(),
            },
            threads: self.common.build.cargo.jobs.as_deref().map(threads),
        }
    }
}

/// How many tests run at the same time, for `--jobs` as cargo takes it.
fn threads(jobs: &str) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    match jobs.parse::<isize>() {
        Ok(number) if number > 0 => number.unsigned_abs(),
        Ok(less) => processors.saturating_sub(less.unsigned_abs()).max(1),
        Err(_) => processors,
    }
}
