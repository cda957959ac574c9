//! How PyO3 is made to link libpython into tests and programs.

use crate::model::error::{Error, Result};
use crate::model::exit::Exit;
use crate::plan::Link;
use crate::ui::Activity;
use crate::world::disk;
use crate::world::process::{self, Stream};

/// Asks PyO3's build script for its configuration, in its version's own format, and writes it with our lines
/// appended.
pub(super) fn link(link: &Link, activity: &Activity<'_>) -> Result<()> {
    let mut text = String::new();
    let mut inside = false;
    let mut held = Vec::new();
    let status = process::stream(&link.invocation, |stream, line| {
        let line_text = String::from_utf8_lossy(line).trim().to_owned();
        if line_text.starts_with("-- PYO3_PRINT_CONFIG=1 is set") {
            inside = true;
        } else if inside
            && line_text
                .split_once('=')
                .is_some_and(|(key, _)| is_key(key))
        {
            text.push_str(&line_text);
            text.push('\n');
        } else if inside {
            inside = false;
        }
        held.push(line.to_vec());
        activity.mute(stream, line);
    })?;
    if text.is_empty() && status.success() {
        return Ok(()); // with these features nothing needs PyO3, whose build script would have ended cargo
    }
    if text.is_empty() {
        for line in &held {
            activity.show(Stream::Stderr, line);
        }
        return Err(Error::Step {
            step: "asking PyO3 how it links".into(),
            status: "no configuration printed".into(),
            invocation: Box::new(link.invocation.clone()),
            exit: Exit::Failed,
            hint: None,
        });
    }
    for line in &link.lines {
        text.push_str(line);
        text.push('\n');
    }
    disk::write(&link.config, text.as_bytes())
}

/// Such as `lib_dir` and `abi3`.
fn is_key(key: &str) -> bool {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !key.is_empty() && key.chars().all(known)
}
