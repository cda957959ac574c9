//! `cargo pyx init`: adds the other language to a project that has one of the two, or configures an editor.

use clap::{Args, ValueEnum};

use crate::driver;
use crate::facts::adoption::{Adoption, AdoptionLayout, AdoptionOptions, FunctionPath, Subject};
use crate::facts::editor::Editor;
use crate::model::error::{Error, Result};
use crate::model::invocation::quote;
use crate::plan;

use super::apply::{Consent, apply};
use super::editors;
use super::global::CommandContext;

/// Add a Rust module to a Python package, or a Python module to a crate or workspace
///
/// A package keeps its metadata, dependencies and files, and gets a crate in rust/ and maturin as its
/// build backend. To show what the package contains, its current backend builds it once, in a copy. That
/// runs the project's code, so you are asked first; `--yes` consents. maturin's wheel is built and compared:
/// if a field or a file would differ, nothing is written. A library keeps its code and gets PyO3
/// behind a feature. Where that is impossible (no std, edition 2015, no unsafe code, an old Rust, the name
/// of one of Python's modules), a crate is added beside it, and the reason is printed; the library's package
/// on crates.io stays as it is. A workspace gets a member. A package that maturin cannot build, because it
/// compiles C code or generates files, can get the module with `--layout workspace`: as a second
/// distribution that it requires, in its own folder of one uv workspace.
/// Shows all changes as a patch and asks; overwrites nothing; does nothing if both languages are present.
///
/// With `--function`, a function of the package gets a Rust version, in a new or an existing module: the
/// signature from its annotations, a line of the stub, an import that falls back on Python, a test that
/// compares both on the arguments that the project's tests use, and a pair of benchmarks for `cargo pyx just
/// bench`. The source is read, not run; the Python function stays. The body is up to you: until it is
/// written, its test fails and says where.
///
/// With `--editor`, sets up an editor instead: tasks, interpreter, rust-analyzer and debugger, in `.zed/`
/// or `.vscode/` below the project's root. In existing files, changes only tasks and debug configurations
/// whose names begin with `pyx:`, and adds only settings that are not set.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx init                               show the changes, ask, and make them
  cargo pyx init --yes                         do not ask
  cargo pyx init --dry-run                     only print the patch
  cargo pyx init --layout workspace            a crate or a distribution beside what is there
  cargo pyx init --module fast_words           the name that Python imports, for a crate
  cargo pyx init --module words.text._fast     the same, for a package
  cargo pyx init --function words.slow:count   a function in Rust, with its test and benchmark
  cargo pyx init --editor vscode               set up VS Code
  cargo pyx init --editor zed --editor vscode  both editors")]
pub struct Init {
    /// Set up this editor for the project, and do nothing else
    #[arg(long, value_name = "EDITOR", value_enum)]
    pub editor: Vec<Editor>,
    /// Where the module goes [default: chosen by what the project allows]
    #[arg(long, value_enum)]
    pub layout: Option<AdoptionLayout>,
    /// The name that Python imports, if not the crate's; inside a package, with the package's name, as in
    /// `words.text._fast`
    #[arg(long, value_name = "NAME")]
    pub module: Option<String>,
    /// Write this function of the package in Rust: its signature, stub, import, test and benchmark
    #[arg(long, value_name = "MODULE:FUNCTION", conflicts_with = "editor")]
    pub function: Option<FunctionPath>,
    /// Make the changes without asking
    #[arg(long)]
    pub yes: bool,
}

impl Init {
    pub(super) fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        let CommandContext {
            global,
            session,
            ui,
        } = context;
        if !self.editor.is_empty() {
            return editors::set_up(context, &self.editor, self.yes);
        }
        let manifest = global.manifest(session);
        let root = manifest.as_deref().and_then(camino::Utf8Path::parent);
        let adoption = Adoption::read(session, root.unwrap_or(&session.cwd), &self.options())?;
        if let Some(why) = adoption.why_beside() {
            ui.status("Beside", &why);
        }
        let more = if global.dry_run {
            "--dry-run --yes"
        } else {
            "--yes"
        };
        let instead = global.command(&self.words(more));
        let network = global.network.into();
        let adoption = self.asked(context, adoption, &instead)?;
        let plan = plan::init(&adoption, network)?;
        driver::adoption::prove(session, ui, &adoption, &plan, network)?;
        let back = driver::adoption::way_back(session, &adoption, &plan)?;
        let consent = Consent::of(self.yes, &instead);
        if apply(context, &plan, consent)? {
            let next = global.command("test");
            ui.status("Adopted", &format!("both languages; next: {next}"));
            if let Some(next) = plan::next_source(&adoption, &plan) {
                ui.status("Next", &next);
            }
            if adoption.moves_version() {
                let change = global.command("release version --bump patch");
                let text = format!("the version now lives in {}: {change}", adoption.manifest());
                ui.status("Next", &text);
            }
            if let Some(name) = adoption.unrequired() {
                let text = format!("add `{name}` to the package's dependencies");
                ui.status("Next", &text);
            }
            if let Some(back) = back {
                ui.status("Undo", &back);
            }
        }
        Ok(())
    }

    /// A package with what its present backend makes of it, where that may be asked.
    fn asked(
        &self,
        context: CommandContext<'_>,
        adoption: Adoption,
        instead: &str,
    ) -> Result<Adoption> {
        let CommandContext {
            global,
            session,
            ui,
        } = context;
        let Some(backend) = adoption.backend() else {
            return Ok(adoption);
        };
        let is_needed = matches!(adoption.subject, Subject::NeedsBackend(_));
        if !self.yes {
            if global.dry_run && !is_needed {
                return Ok(adoption);
            }
            let message =
                format!("asking {backend} for the package's metadata runs the project's code");
            if !(session.stdin_is_terminal && session.stderr_is_terminal) {
                return Err(Error::refused(message, instead));
            }
            ui.status("Asking", &message);
            if !ui.ask("build its wheel once, in a temporary copy?")? {
                return Err(Error::refused(
                    "nothing was built or written".into(),
                    instead,
                ));
            }
        }
        driver::adoption::ask(
            session,
            ui,
            adoption,
            &self.options(),
            global.network.into(),
        )
    }

    /// The same command line with one word more.
    fn words(&self, more: &str) -> String {
        let layout = self.layout.and_then(|layout| layout.to_possible_value());
        let layout = layout.map(|value| format!(" --layout {}", value.get_name()));
        let option = |name: &str, value: Option<String>| {
            value
                .map(|value| format!(" --{name} {}", quote(&value)))
                .unwrap_or_default()
        };
        let module = option("module", self.module.clone());
        let function = option("function", self.function.as_ref().map(ToString::to_string));
        format!(
            "init{}{module}{function} {more}",
            layout.unwrap_or_default()
        )
    }

    fn options(&self) -> AdoptionOptions {
        AdoptionOptions {
            layout: self.layout,
            module: self.module.clone(),
            function: self.function.clone(),
        }
    }
}
