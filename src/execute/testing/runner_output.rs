//! What test runners print, on its way to the terminal.

use crate::ui::Activity;
use crate::world::process::Stream;

use super::super::context::Context;

/// Shown as it comes; with `-q`, only once the runner is known to have failed.
pub(super) struct RunnerOutput<'a, 'b> {
    pub(super) activity: &'a Activity<'b>,
    pub(super) quiet: bool,
    held: Vec<Vec<u8>>,
}

impl<'a, 'b> RunnerOutput<'a, 'b> {
    pub(super) fn new(context: &Context<'_>, activity: &'a Activity<'b>) -> Self {
        Self {
            activity,
            quiet: context.ui.is_quiet(),
            held: Vec::new(),
        }
    }

    pub(super) fn show(&mut self, stream: Stream, line: &[u8]) {
        if self.quiet {
            self.activity.mute(stream, line);
            self.held.push(line.to_vec());
        } else {
            self.activity.show(stream, line);
        }
    }

    pub(super) fn end(self, failed: bool) {
        if failed {
            for line in &self.held {
                self.activity.repeat(line);
            }
        }
    }
}
