//! Debug configurations: a Python test under a debugger that stops in Rust code.

use super::workspace::{Suite, Workspace};

pub(super) struct Launch {
    pub(super) name: String,
    pub(super) program: String,
    pub(super) args: Vec<String>,
    pub(super) dir: String,
}

const DEBUG: &str = "pyx: debug Rust in this Python test file";

impl Workspace {
    /// What a debugger is to start, by package.
    ///
    /// `root`, `file`: the editor's variables for the open folder and the current file.
    pub(super) fn launches(&self, root: &str, file: &str) -> Vec<Launch> {
        let launch = |suite: &Suite| Launch {
            name: match self.suites.len() {
                1 => DEBUG.to_owned(),
                _ => format!("{DEBUG} ({})", suite.member),
            },
            program: self.from(root, &self.python),
            args: self.pytest(suite, root, file),
            dir: self.from(root, &suite.dir),
        };
        self.suites.iter().map(launch).collect()
    }

    /// What `test` runs, for one file. Where an environment's programs are not scripts, pytest's module.
    fn pytest(&self, suite: &Suite, root: &str, file: &str) -> Vec<String> {
        let start = if cfg!(windows) {
            vec!["-m".to_owned(), "pytest".to_owned()]
        } else {
            vec![self.from(root, &suite.pytest)]
        };
        let words = start.into_iter().chain(suite.args.clone());
        words.chain([file.to_owned()]).collect()
    }
}
