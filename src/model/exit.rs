//! The documented exit codes.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0
    Success,
    /// 1: a compilation, a test or a check failed.
    Failed,
    /// 2: the command line or the project's configuration is wrong.
    Usage,
    /// 3: a tool or an interpreter is missing, too old or fails its hash.
    Tool,
    /// 4: disk, permissions, lock timeout, network.
    Environment,
    /// 5: there are no tests, or none was selected.
    NoTests,
    /// 70: a bug in pyx.
    Bug,
    /// `run` passes on its child's code.
    Child(u8),
    /// A signal ended the run: the process dies of it, the shell sees 128 + n.
    Signal(i32),
}

impl Exit {
    /// The process exit code; for a signal, what a shell reports.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Tool => 3,
            Self::Environment => 4,
            Self::NoTests => 5,
            Self::Bug => 70,
            Self::Child(code) => code,
            Self::Signal(number) => u8::try_from(128 + number).unwrap_or(128),
        }
    }
}
