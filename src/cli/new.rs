//! `cargo pyx new`: a project that builds, tests and releases out of the box.

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueEnum};

use crate::execute::execute;
use crate::facts::new_project::NewProjectFacts;
use crate::facts::project_name::Name;
use crate::model::error::{Error, Result};
use crate::model::invocation::quote;
use crate::model::path::{normalize, slashed};
use crate::plan;
use crate::plan::scaffold::{ABI3, NewLayout, OLDEST, Scaffold};
use crate::world::disk;

use super::build_args::folder;
use super::global::CommandContext;

/// Start a project: a Python package with a Rust module, tests in both languages, and CI
///
/// The project passes `cargo pyx test`, `cargo pyx just ci` and `cargo pyx release wheel` unchanged.
/// Creates both lock files, and a git repository unless it is already inside one; commits nothing.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx new fast-words                  the package in python/, the crate in src/
  cargo pyx new fast-words --layout src     the package in src/, the crate in rust/
  cargo pyx new fast-words --layout pure    a module entirely in Rust
  cargo pyx new fast-words --layout embed   a Rust program that runs Python
  cargo pyx new fast-words --abi3 3.11      one wheel for Python 3.11 and later
  cargo pyx new fast-words --dry-run        only print the files")]
pub struct New {
    /// Folder of the project; its last component is the name
    #[arg(value_name = "NAME", value_parser = folder)]
    pub path: Utf8PathBuf,
    /// Where Python and Rust code goes
    #[arg(long, value_enum, default_value_t)]
    pub layout: NewLayout,
    /// Build one module for this Python and all later ones, with the stable ABI
    #[arg(long, value_name = "3.N", value_parser = minor)]
    pub abi3: Option<u64>,
    /// Name of the project, if not the folder's
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// The minor version of a Python 3, from `3.10`.
fn minor(text: &str) -> Result<u64, String> {
    let minor = text.strip_prefix("3.").and_then(|minor| minor.parse().ok());
    let known = minor.filter(|minor| ABI3.contains(minor));
    let (first, last) = (ABI3.start(), ABI3.end());
    known.ok_or_else(|| format!("PyO3 supports 3.{first} to 3.{last}, as in `3.{OLDEST}`"))
}

impl New {
    pub(super) fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        let CommandContext {
            global,
            session,
            ui,
        } = context;
        let folder = session.absolute(&self.path);
        let text = self.name.as_deref().or(folder.file_name());
        let text = text.ok_or_else(|| Error::Usage("`/` has no name: pass `--name`".into()))?;
        let named = |other: &str| global.command(&self.words(other));
        let name = Name::parse(text, &self.layout.beside(), named)?;
        let facts = NewProjectFacts::read(session, &folder, &global.seen_from_here(&self.path))?;
        let scaffold = Scaffold {
            name,
            layout: self.layout,
            lowest: self.abi3.unwrap_or(OLDEST),
            abi3: self.abi3.is_some(),
            author: facts.author.clone(),
            nested: facts.in_workspace,
            in_checkout: facts.in_checkout,
        };
        let plan = plan::new(&scaffold, &facts, global.network.into())?;
        ui.plan(&plan);
        if global.dry_run {
            ui.data(&plan.to_string());
            return Ok(());
        }
        execute(session, &plan, ui, disk::now())?;
        if facts.in_checkout {
            ui.warn(
                "no workflows were written: GitHub only reads those at the root of a repository",
            );
        }
        let next = next(&facts.shown);
        ui.status(
            "Created",
            &format!("{}; next: {next}", scaffold.name.distribution),
        );
        Ok(())
    }
}

impl New {
    /// The same with another name.
    pub(super) fn words(&self, other: &str) -> String {
        let path = match &self.name {
            Some(_) => format!("{} --name {other}", quote(self.path.as_str())),
            None => quote(&slashed(&self.path.with_file_name(other))).into_owned(),
        };
        let mut words = format!("new {path}");
        if self.layout != NewLayout::default()
            && let Some(layout) = self.layout.to_possible_value()
        {
            words.extend([" --layout ", layout.get_name()]);
        }
        if let Some(minor) = self.abi3 {
            words.extend([" --abi3 3.", &minor.to_string()]);
        }
        words
    }
}

/// What to paste when the project is there.
pub(super) fn next(shown: &Utf8Path) -> String {
    match &*slashed(&normalize(shown)) {
        "" | "." => "cargo pyx test".to_owned(),
        folder => format!("cd {} && cargo pyx test", quote(folder)),
    }
}
