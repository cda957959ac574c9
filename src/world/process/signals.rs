//! Signals are noted instead of ending us, so that our children end first.

use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Once, OnceLock};
use std::time::Duration;

use crate::model::error::{Error, Result};

#[cfg(unix)]
use super::running;

/// How long a child that was asked to end may clean up before it is killed.
pub(super) const GRACE: Duration = Duration::from_secs(10);
/// If a child is still there this long after a signal, the user is told that it is waited for.
#[cfg(unix)]
const PROMPT: Duration = Duration::from_secs(1);

static SIGNAL: AtomicI32 = AtomicI32::new(0);
static SIGNALS: AtomicUsize = AtomicUsize::new(0);

/// The signals noted so far, and the last one.
pub(super) fn noted() -> (usize, i32) {
    let count = SIGNALS.load(Ordering::SeqCst);
    (count, SIGNAL.load(Ordering::SeqCst))
}

fn note(signal: i32) -> usize {
    SIGNAL.store(signal, Ordering::SeqCst);
    SIGNALS.fetch_add(1, Ordering::SeqCst) + 1
}

static WAITS: OnceLock<Box<dyn Fn(Duration) + Send + Sync>> = OnceLock::new();
static NOTING: Once = Once::new();

/// Makes [`check_signals`] call `waits` with the time that a child has to clean up, unless it ends at once.
pub fn when_it_waits(waits: impl Fn(Duration) + Send + Sync + 'static) {
    let _ = WAITS.set(Box::new(waits)); // a second one would be that of the same program
}

/// The signals, each a bit from the lowest on, that our parent wants ignored, as `nohup` does, or a shell for
/// background jobs (proc(5), `SigIgn`). Only Linux reports this.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default()
}

/// SIGINT, SIGTERM and SIGHUP are noted, and Ctrl-Z at a terminal stops everything below us too.
#[cfg(unix)]
fn note_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
    let ignored = ignored();
    let noted = [SIGINT, SIGTERM, SIGHUP, SIGTSTP].into_iter();
    let noted = noted.filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let Ok(mut signals) = signal_hook::iterator::Signals::new(noted) else {
        return; // without handlers the default holds: the process dies
    };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if signal == SIGTSTP {
                running::stop();
                let _ = signal_hook::low_level::emulate_default_handler(signal);
                running::go_on();
                continue;
            }
            let count = note(signal);
            if count == 1 {
                std::thread::spawn(move || see_it_end(signal));
            } else if !running::has_any() {
                die_of(signal); // nothing is to be ended, and whatever we do does not look up
            }
        }
    });
}

/// Reports that a child is waited for unless it ends at once; ends us if there is no child and our own work
/// does not check.
#[cfg(unix)]
fn see_it_end(signal: i32) {
    std::thread::sleep(PROMPT);
    if let Some(waits) = WAITS.get().filter(|_| running::has_groups())
        && noted().0 == 1
    {
        waits(GRACE);
    }
    std::thread::sleep(GRACE);
    if !running::has_any() {
        die_of(signal);
    }
}

/// Ctrl-C is noted instead of ending the process.
#[cfg(windows)]
fn note_signals() {
    // without a handler the default holds: the process ends
    let _ = ctrlc::set_handler(|| {
        note(signal_hook::consts::SIGINT);
    });
}

/// Whether the work may go on. From the first call on, signals are noted instead of ending us: call it before
/// starting a child or changing a file. A run with nothing to do never calls it, and is spared a thread,
/// which is a tenth of its time.
///
/// # Errors
/// [`Error::Interrupted`] once a signal has been noted.
pub fn check_signals() -> Result<()> {
    NOTING.call_once(note_signals);
    match noted().1 {
        0 => Ok(()),
        signal => Err(Error::Interrupted(signal)),
    }
}

/// Dies of the signal, as a program without handlers would.
#[cfg(unix)]
pub fn die_of(signal: i32) {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

#[cfg(not(unix))]
pub fn die_of(_signal: i32) {}
