//! How long something has been waited for.

use std::time::{Duration, Instant};

/// A clock that does not run while we are stopped at a terminal: it counts at most a second per look, so it
/// must be looked at more often than that.
#[derive(Debug)]
pub struct Patience {
    last: Instant,
    spent: Duration,
}

const LOOK: Duration = Duration::from_secs(1);

impl Default for Patience {
    fn default() -> Self {
        Self {
            last: Instant::now(),
            spent: Duration::ZERO,
        }
    }
}

impl Patience {
    /// The time since it was created, as far as it was looked at meanwhile.
    pub fn spent(&mut self) -> Duration {
        let now = Instant::now();
        self.spent += now.duration_since(self.last).min(LOOK);
        self.last = now;
        self.spent
    }
}
