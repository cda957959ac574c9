//! Identifiers of the steps of a plan.

use camino::Utf8PathBuf;
use serde::{Serialize, Serializer};

/// Identifies a step of a plan. Unique within its plan; two steps with the same id are the same work.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepId {
    /// Fetch a tool, by name and version.
    Provide(String),
    /// Have rustup fetch the toolchain that the project pins.
    Toolchain(String),
    /// Fetch the tools that check distributions.
    ProvideReleaseTools,
    /// Have cargo resolve the crates of a workspace, absolute.
    Lock(Utf8PathBuf),
    /// Have uv fetch an interpreter, by what was asked for.
    Interpreter(String),
    Environment,
    /// Tell uv which packages not to install.
    LeftOut,
    /// Give maturin a dependency group that brings nothing.
    NoGroup,
    /// Tell uv which packages stay as they are.
    KeptPackages,
    /// Install dependencies; numbered from 1.
    Sync(usize),
    /// Install pip, which an old maturin needs.
    Pip,
    RecordEnvironment,
    /// Create a target directory, absolute, as a copy of another.
    Seed(Utf8PathBuf),
    /// Make cargo recompile a member's crates, whatever it has recorded.
    Forget(String),
    /// The same for what a member's Rust tests were compiled from.
    ForgetTests(String),
    /// Record that a member's build begins.
    Begin(String),
    Compile(String),
    /// Uninstall a distribution, by name.
    Uninstall(String),
    Install(String),
    Prove(String),
    /// Tell PyO3 how a member's tests link libpython.
    Link(String),
    /// Compile a program that embeds Python.
    Program(String),
    /// Compile the tests of the crates around a manifest, absolute.
    TestPrograms(Utf8PathBuf),
    /// Compile the examples that tests run, of the crates around a manifest, absolute.
    Examples(Utf8PathBuf),
    /// Run the tests of the crates around a manifest.
    RustTests {
        /// Absolute.
        manifest: Utf8PathBuf,
        /// The only one of them, where the others are run apart.
        package: Option<String>,
    },
    /// As [`StepId::RustTests`], those in the documentation.
    Doctests(Utf8PathBuf),
    /// Run the tests of a folder, absolute.
    PythonTests(Utf8PathBuf),
    /// Build a member's wheel for its tests.
    TestWheel(String),
    /// Copy tests to a folder, absolute.
    CopyTests(Utf8PathBuf),
    /// Write scripts that start programs for another machine; absolute.
    Launch(Utf8PathBuf),
    /// Install what a release has built.
    InstallWheels,
    Import(String),
    /// Put the built-in recipes into the user cache.
    WriteRecipes,
    /// A recipe of the project before the command's own work.
    Before(String),
    /// A recipe of the project after the command's own work.
    After(String),
    /// Copy a member's sources to a folder, absolute, where they can be packed.
    CopySources(Utf8PathBuf),
    Sdist(String),
    /// Make sure that Cargo.lock in a package's sdist matches.
    MendLock(String),
    /// Unpack an sdist to a folder, absolute.
    Unpack(Utf8PathBuf),
    /// Build the wheel of a folder, absolute.
    Wheel(Utf8PathBuf),
    /// Remove this machine's paths from the wheel of a folder, absolute.
    Seal(Utf8PathBuf),
    /// Compare a file, absolute, with that of a second build.
    Compare(Utf8PathBuf),
    /// One check of a file, absolute.
    Check(&'static str, Utf8PathBuf),
    RecordChecks(Utf8PathBuf),
    Verdict,
    Promote,
    Confirm,
    Publish,
    /// Change files of the project.
    Edit,
    /// Have cargo or uv write a lock file, by name.
    LockFile(&'static str),
    /// Create a repository.
    Git,
    /// Remove a path, absolute.
    Remove(Utf8PathBuf),
    /// The program that is run at the end, with the terminal to itself.
    HandOver,
    /// A step in an environment other than the project's own, by its name.
    In(String, Box<StepId>),
}

impl StepId {
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        Self::In(place.to_owned(), Box::new(self))
    }
}

impl std::fmt::Display for StepId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Provide(tool) => write!(f, "provide {tool}"),
            Self::Toolchain(pin) => write!(f, "toolchain {pin}"),
            Self::ProvideReleaseTools => f.write_str("provide the release tools"),
            Self::Lock(workspace) => write!(f, "lock the crates of {workspace}"),
            Self::Interpreter(wanted) => write!(f, "interpreter {wanted}"),
            Self::Environment => f.write_str("environment"),
            Self::LeftOut => f.write_str("packages left out"),
            Self::NoGroup => f.write_str("group of nothing"),
            Self::KeptPackages => f.write_str("packages kept"),
            Self::Sync(number) => write!(f, "sync {number}"),
            Self::Pip => f.write_str("pip"),
            Self::RecordEnvironment => f.write_str("record"),
            Self::Seed(path) => write!(f, "seed {path}"),
            Self::Forget(member) => write!(f, "forget {member}"),
            Self::ForgetTests(member) => write!(f, "forget tests of {member}"),
            Self::Begin(member) => write!(f, "begin {member}"),
            Self::Compile(member) => write!(f, "compile {member}"),
            Self::Uninstall(name) => write!(f, "uninstall {name}"),
            Self::Install(member) => write!(f, "install {member}"),
            Self::Prove(member) => write!(f, "prove {member}"),
            Self::Link(member) => write!(f, "link {member}"),
            Self::Program(name) => write!(f, "program {name}"),
            Self::TestPrograms(manifest) => write!(f, "test programs {manifest}"),
            Self::Examples(manifest) => write!(f, "examples of {manifest}"),
            Self::RustTests {
                manifest,
                package: None,
            } => write!(f, "Rust tests {manifest}"),
            Self::RustTests {
                package: Some(package),
                ..
            } => write!(f, "Rust tests {package}"),
            Self::Doctests(manifest) => write!(f, "doctests {manifest}"),
            Self::PythonTests(dir) => write!(f, "Python tests {dir}"),
            Self::TestWheel(member) => write!(f, "wheel {member}"),
            Self::CopyTests(folder) => write!(f, "copy tests to {folder}"),
            Self::Launch(path) => write!(f, "launch {path}"),
            Self::InstallWheels => f.write_str("install"),
            Self::Import(package) => write!(f, "import {package}"),
            Self::WriteRecipes => f.write_str("recipes"),
            Self::Before(recipe) => write!(f, "before: {recipe}"),
            Self::After(recipe) => write!(f, "after: {recipe}"),
            Self::CopySources(path) => write!(f, "copy {path}"),
            Self::MendLock(package) => write!(f, "lock {package}"),
            Self::Sdist(package) => write!(f, "sdist {package}"),
            Self::Unpack(path) => write!(f, "unpack {path}"),
            Self::Wheel(folder) => write!(f, "wheel {folder}"),
            Self::Seal(folder) => write!(f, "seal {folder}"),
            Self::Compare(file) => write!(f, "compare {file}"),
            Self::Check(check, file) => write!(f, "check {check} {file}"),
            Self::RecordChecks(file) => write!(f, "record {file}"),
            Self::Verdict => f.write_str("verdict"),
            Self::Promote => f.write_str("promote"),
            Self::Confirm => f.write_str("confirm"),
            Self::Publish => f.write_str("publish"),
            Self::Edit => f.write_str("edit"),
            Self::LockFile(name) => f.write_str(name),
            Self::Git => f.write_str("git"),
            Self::Remove(path) => write!(f, "remove {path}"),
            Self::HandOver => f.write_str("run"),
            Self::In(place, step) => write!(f, "{place}: {step}"),
        }
    }
}

/// As shown to people.
impl Serialize for StepId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
