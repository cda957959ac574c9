//! Which tests a project has, and how they are run.
//!
//! - Python: `python` finds the folder and the arguments of a package's tests, from `pytest_config` and
//!   `test_files`; `pytest_args` and `unittest` have the arguments of the runners, `test_place` where another
//!   test goes, `unshipped` which tests no wheel contains.
//! - Rust: `rust` finds the crates that have tests, `rust_sources` the files that may contain them,
//!   `documented_tests` how their project runs them.
//! - `word`: what arguments on the command line name.
//!
//! What runs the Python tests is known to [`dependencies`](super::dependencies).

mod around;
mod doctests;
mod documented_tests;
mod nested_config;
mod pytest_args;
mod pytest_config;
mod python;
mod rust;
mod rust_sources;
mod test_files;
mod test_place;
mod unittest;
mod unshipped;
mod word;

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use crate::facts::dependencies::{Automation, TestRunner};
use crate::facts::project::{Bindings, Project};
use crate::model::error::{Result, ToolError};
use crate::world::session::Session;
use crate::world::tool;

use python::PythonTests;

pub use documented_tests::DocumentedFeatures;
pub use python::PythonSuite;
pub use rust::RustSuite;
pub use test_place::TestPlace;
pub use unshipped::unshipped_tests;
pub use word::Word;

/// Which of the two languages to test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Languages {
    #[default]
    Both,
    Rust,
    Python,
}

/// Everything that `test` would run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suites {
    pub python: Vec<PythonSuite>,
    pub rust: Vec<RustSuite>,
    /// Folders with Python files that are named like tests but are not run, absolute.
    pub left_out: BTreeSet<Utf8PathBuf>,
    /// The same for extensions that no pyproject.toml makes a package, so that nothing installs them.
    pub unpackaged: BTreeSet<Utf8PathBuf>,
    /// Extension packages with documentation that is Rust and not tested.
    pub untested_documentation: BTreeSet<String>,
}

impl Suites {
    pub fn gather(session: &Session, project: &Project, languages: Languages) -> Result<Self> {
        let mut suites = Self::default();
        if languages != Languages::Rust {
            for member in &project.members {
                if member.bindings != Bindings::Embed {
                    suites.add_python(PythonSuite::find(project, member)?);
                } else if member
                    .cargo
                    .crate_types()
                    .iter()
                    .any(|kind| kind == "cdylib")
                {
                    suites.unpackaged.extend(test_files::named(&member.dir));
                }
            }
            let others = PythonSuite::of_workspace(project, &suites.python)?;
            suites.add_python(others);
            let around = PythonSuite::around(project, &suites.python)?;
            suites.add_python(around);
            let mut seen = BTreeSet::new();
            suites.python.retain(|suite| seen.insert(suite.dir.clone()));
            for suite in &mut suites.python {
                suite.as_module = pytest_args::is_started_as_module(&Automation::read(&suite.dir)?);
            }
        }
        if languages != Languages::Python {
            let has_nextest = tool::find(session, "cargo-nextest").is_some();
            let found = RustSuite::find(project, has_nextest)?;
            suites.rust = found.suites;
            suites.untested_documentation = found.untested_documentation;
            if !has_nextest && suites.rust.iter().any(|suite| suite.nextest) {
                return Err(ToolError::Missing {
                    tool: "cargo-nextest",
                    get: "cargo install cargo-nextest --locked".into(),
                }
                .into());
            }
        }
        Ok(suites)
    }

    fn add_python(&mut self, found: PythonTests) {
        self.python.extend(found.suite);
        self.left_out.extend(found.left_out);
    }

    /// Arguments for the Python runner, interpreted by its options: pytest's if several run.
    pub fn words(&self, session: &Session, arguments: &[String]) -> Vec<Word> {
        let first = self.python.first().map(|suite| suite.runner);
        let runner = first.unwrap_or_default();
        let is_alone = self.python.iter().all(|suite| suite.runner == runner);
        let runner = if is_alone { runner } else { TestRunner::Pytest };
        Word::read(session, runner.options(), arguments)
    }

    pub fn is_empty(&self) -> bool {
        self.python.is_empty() && self.rust.is_empty()
    }
}
