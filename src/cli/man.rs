//! `cargo pyx man`: the manual, one page for each command.

use camino::Utf8PathBuf;
use clap::{Args, Command};
use clap_mangen::Man as Page;
use clap_mangen::roff::{Roff, roman};

use crate::model::error::{Error, MachineError, Result};
use crate::world::disk;

use super::global::CommandContext;

/// Print the manual page, or write the pages of all commands into a folder
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx man | man -l -                         read it
  cargo pyx man --out ~/.local/share/man/man1      for `man cargo-pyx` and `man cargo-pyx-dev`")]
pub struct Man {
    /// Write cargo-pyx.1 and one page per command into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<Utf8PathBuf>,
}

impl Man {
    /// `command`: the whole command line.
    pub(super) fn perform(&self, context: CommandContext<'_>, command: Command) -> Result<()> {
        let CommandContext {
            global,
            session,
            ui,
        } = context;
        let pages = pages(command)?;
        let Some(out) = &self.out else {
            for (_, text) in pages.iter().take(1) {
                ui.data(text);
            }
            return Ok(());
        };
        let dir = session.absolute(out);
        for (name, text) in &pages {
            let path = dir.join(name);
            if global.dry_run {
                ui.data(&format!("# write {path}\n"));
            } else {
                disk::write(&path, text.as_bytes())?;
            }
        }
        if !global.dry_run {
            ui.status("Wrote", &format!("{} pages to {dir}", pages.len()));
        }
        Ok(())
    }
}

/// File names and texts; the program's own page first.
pub(super) fn pages(command: Command) -> Result<Vec<(String, String)>> {
    let mut command = command.name("cargo-pyx").disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    collect(&command, &mut pages).map_err(|source| {
        Error::Machine(MachineError::Io {
            verb: "write",
            path: "a manual page".into(),
            source,
        })
    })?;
    Ok(pages)
}

fn collect(command: &Command, pages: &mut Vec<(String, String)>) -> std::io::Result<()> {
    let name = command
        .get_display_name()
        .unwrap_or(command.get_name())
        .to_owned();
    pages.push((format!("{name}.1"), page(command)?));
    for command in command.get_subcommands() {
        collect(command, pages)?;
    }
    Ok(())
}

/// As the crate renders it, but for the text after the options, whose indented lines stay lines.
fn page(command: &Command) -> std::io::Result<String> {
    // a date would differ from build to build; a blank one keeps its place
    let page = Page::new(command.clone())
        .date(" ")
        .source(concat!("cargo-pyx ", env!("CARGO_PKG_VERSION")))
        .manual("cargo pyx");
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    if let Some(after) = command.get_after_help() {
        let mut roff = Roff::default();
        roff.control("SH", ["EXAMPLES"]);
        let mut is_filled = true;
        for line in after
            .to_string()
            .lines()
            .filter(|line| *line != "Examples:")
        {
            if line.starts_with(' ') == is_filled {
                is_filled = !is_filled;
                roff.control(if is_filled { "fi" } else { "nf" }, []);
            }
            if line.is_empty() {
                roff.control("PP", []);
            } else {
                roff.text([roman(line)]);
            }
        }
        roff.to_writer(&mut text)?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}
