//! What a step does, as data.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::Build;
use crate::facts::dependencies::Dependencies;
use crate::facts::environment::Environment;
use crate::facts::fingerprint::{BuildKey, Input};
use crate::facts::project::Member;
use crate::model::exit::Exit;
use crate::model::file_edit::Edit;
use crate::model::invocation::{Invocation, quote};
use crate::world::tool::Provision;

use super::import_path::ImportPath;
use super::release_action::{ReleaseAction, comment};
use super::test_action::{CopyTests, Test, Untestable};

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
        /// Whether it is executable.
        is_program: bool,
    },
    /// Remove cargo's own records of crates whose changes it would not notice.
    Forget {
        /// The crates' names.
        crates: Vec<String>,
        /// The folders of the builds that have such, absolute.
        dirs: Vec<Utf8PathBuf>,
    },
    /// Record that a build begins, so that the next run knows about one that did not finish.
    Begin(Box<Begin>),
    /// Copy the artifact over the installed modules, each with a rename.
    Replace(Box<Replace>),
    /// Install a member with a tool that removes what is installed before it writes the replacement.
    Install(Box<Install>),
    /// Install what another environment has.
    CopyInstall(Box<CopyInstall>),
    /// Prove that Python imports what was built, keep uv from replacing it, and record both.
    Prove(Box<Prove>),
    /// Record what the environment's packages were installed from.
    RecordSync(Box<RecordSync>),
    /// Create a target directory as a copy of another, so that little is left to compile.
    Seed {
        from: Utf8PathBuf,
        to: Utf8PathBuf,
    },
    /// Create the PyO3 configuration with which tests link libpython.
    Link(Box<Link>),
    Test(Box<Test>),
    Untestable(Box<Untestable>),
    /// Build a distribution into a directory that holds no other.
    Pack(Box<Pack>),
    CopyTests(Box<CopyTests>),
    /// Copy what git would keep of a project, for a build that leaves nothing in it.
    CopyProject(Box<CopyProject>),
    /// Remove a file, or a folder with everything in it except what is to be kept; absolute.
    Remove {
        path: Utf8PathBuf,
        kept: BTreeSet<Utf8PathBuf>,
    },
    /// Remove the folder of a package that no longer exists, with its installed modules and Python's
    /// bytecode; absolute.
    RemoveHollow {
        path: Utf8PathBuf,
        modules: Vec<Utf8PathBuf>,
    },
    /// Remove a folder that only contains files with these names.
    RemoveEmpty {
        path: Utf8PathBuf,
        besides: &'static [&'static str],
    },
    /// Edit files of the project: all of them, or none if one has changed meanwhile.
    Edit(Vec<Edit>),
    /// Put the built-in recipes into the user cache.
    WriteRecipes {
        /// Absolute.
        folder: Utf8PathBuf,
    },
    Recipe(Box<RunRecipe>),
    /// What only a release does.
    Release(Box<ReleaseAction>),
    /// Hand the terminal to a program; its exit code becomes ours.
    Show(Box<Show>),
}

/// How an action stands among others while a plan is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionTraits {
    /// Whether it keeps all processors busy, takes up what another of these has made or takes away what
    /// another may use: of several interpreters one at a time does.
    pub builds: bool,
    pub showing: Showing,
}

/// What a person sees of a step when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    /// Nothing: only what comes of it.
    Silent,
    /// A line, and that it goes on.
    Line,
    /// A line, and whatever it writes to the terminal itself.
    OwnTerminal,
}

impl Action {
    pub fn traits(&self) -> ActionTraits {
        use Showing::{Line, OwnTerminal, Silent};
        let (builds, showing) = match self {
            Self::Run(run) if run.is_silent => (true, Silent),
            Self::Run(run) => (run.listen != Listen::Quiet, Line),
            Self::Install(install) => (install.run.listen != Listen::Quiet, Line),
            Self::CopyInstall(_) | Self::Link(_) | Self::Pack(_) => (true, Line),
            Self::Replace(_) | Self::Prove(_) | Self::Seed { .. } | Self::Forget { .. } => {
                (true, Silent)
            }
            Self::Provide { .. }
            | Self::Untestable(_)
            | Self::Remove { .. }
            | Self::RemoveHollow { .. } => (false, Line),
            Self::Test(_) | Self::Recipe(_) => (false, OwnTerminal),
            Self::Release(action) if action.is_shown() => (false, Line),
            Self::Write { .. }
            | Self::Begin(_)
            | Self::RecordSync(_)
            | Self::CopyTests(_)
            | Self::CopyProject(_)
            | Self::RemoveEmpty { .. }
            | Self::Edit(_)
            | Self::WriteRecipes { .. }
            | Self::Release(_)
            | Self::Show(_) => (false, Silent),
        };
        ActionTraits { builds, showing }
    }

    /// The one program that it runs, if it runs exactly one.
    pub fn invocation(&self) -> Option<&Invocation> {
        match self {
            Self::Run(run) => Some(&run.invocation),
            Self::Install(install) => Some(&install.run.invocation),
            Self::Link(link) => Some(&link.invocation),
            Self::Test(test) => Some(&test.invocation),
            Self::Pack(pack) => Some(&pack.run.invocation),
            Self::Recipe(recipe) => Some(&recipe.invocation),
            Self::Show(show) => Some(&show.invocation),
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
            | Self::RemoveHollow { .. }
            | Self::RemoveEmpty { .. }
            | Self::Edit(_)
            | Self::WriteRecipes { .. } => None,
        }
    }

    /// The command to paste, or a comment that says what pyx does itself.
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
                    // in either layout of a build directory
                    globs.extend(crates.iter().map(|name| {
                        format!("{dir}/.fingerprint/{name}-* {dir}/build/{name}/*/fingerprint")
                    }));
                }
                comment(&format!("rm -rf {}", globs.join(" ")))
            }
            Self::Begin(begin) => {
                comment(&format!("note in {} that its build begins", begin.state))
            }
            Self::Replace(replace) => {
                let paths = replace.modules.iter().filter_map(Input::path);
                let modules: Vec<&str> = paths.map(Utf8Path::as_str).collect();
                comment(&format!(
                    "replace {} with what was built",
                    modules.join(", ")
                ))
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
            Self::WriteRecipes { folder } => {
                comment(&format!("write the built-in recipes to {folder}"))
            }
            Self::Recipe(recipe) => recipe.invocation.to_string(),
            Self::CopyTests(copy) => {
                comment(&format!("copy the tests of {} to {}", copy.from, copy.to))
            }
            Self::CopyProject(copy) => comment(&format!("copy {} to {}", copy.from, copy.to)),
            Self::Remove { path, kept } if kept.is_empty() => {
                format!("rm -r {}", quote(path.as_str()))
            }
            Self::Remove { path, .. } => {
                comment(&format!("rm -r {path}, except what git tracks in it"))
            }
            Self::RemoveHollow { path, .. } => comment(&format!(
                "remove {path}, which only held the installed module"
            )),
            Self::RemoveEmpty { path, .. } => comment(&format!("rmdir {path}, which is now empty")),
            Self::Edit(edits) => {
                let diff: String = edits.iter().map(Edit::diff).collect();
                diff.strip_suffix('\n').unwrap_or(&diff).to_owned()
            }
            Self::Release(action) => action.command(),
            Self::Show(show) => show.invocation.to_string(),
        }
    }
}

/// A program that gets the terminal.
#[derive(Clone, Debug)]
pub struct Show {
    pub invocation: Invocation,
    /// Where it imports from, if it embeds Python.
    pub imports: Option<ImportPath>,
}

impl Show {
    pub(super) fn of(invocation: Invocation) -> Self {
        Self {
            invocation,
            imports: None,
        }
    }
}

/// How PyO3 is told to link libpython, whatever the manifest says: its own description of the interpreter,
/// with two more lines.
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
    /// Where it is put, absolute; older ones from pyx are removed.
    pub dir: Utf8PathBuf,
}

/// A recipe in a plan; its output is shown.
#[derive(Clone, Debug)]
pub struct RunRecipe {
    pub invocation: Invocation,
    /// pyx's exit code if it fails.
    pub exit: Exit,
    /// Whether it runs only if no test has failed before.
    pub after: bool,
}

/// A copy of a project with edits that are not made in the project.
#[derive(Clone, Debug)]
pub struct CopyProject {
    /// Both absolute.
    pub from: Utf8PathBuf,
    pub to: Utf8PathBuf,
    pub edits: Vec<Edit>,
}

#[derive(Clone, Debug)]
pub struct Run {
    pub invocation: Invocation,
    pub listen: Listen,
    /// pyx's exit code if it fails.
    pub exit: Exit,
    pub hint: Option<String>,
    /// Whether nothing is shown when it begins: there is most likely nothing to do, or something else is
    /// shown meanwhile.
    pub is_silent: bool,
}

impl Run {
    /// A run whose output is shown only if it fails.
    pub(super) fn quiet(invocation: Invocation, exit: Exit) -> Self {
        Self {
            invocation,
            listen: Listen::Quiet,
            exit,
            hint: None,
            is_silent: false,
        }
    }

    /// A build, shown through cargo's or maturin's messages.
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

/// How a child's output is interpreted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// cargo's JSON messages on stdout, rendered diagnostics on stderr; at most this many packages.
    Cargo { packages: usize },
    /// maturin around cargo: progress lines and diagnostics on stderr.
    Maturin { packages: usize },
    /// Shown only if it fails.
    Quiet,
}

#[derive(Clone, Debug)]
pub struct Begin {
    /// `state.json`, absolute.
    pub state: Utf8PathBuf,
    pub build: BuildKey,
    /// What changed since the last build, as it is now.
    pub changed: Vec<Input>,
}

#[derive(Clone, Debug)]
pub struct Replace {
    pub build: Build,
    /// As recorded.
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
    /// The suffixes of the interpreter's extension modules.
    pub suffixes: Vec<String>,
    /// Whether a new `dist-info` was written.
    pub installed: bool,
    /// cargo, to be asked which packages are local.
    pub cargo: Utf8PathBuf,
    /// How often it was rebuilt in this run.
    pub rebuilds: usize,
    /// The one that pyx provides to maturin, absolute.
    pub patchelf: Option<Utf8PathBuf>,
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
    /// Which Python the project asked for when the environment was created.
    pub requested: Option<String>,
    /// Whether the environment is created in this plan.
    pub made: bool,
}
