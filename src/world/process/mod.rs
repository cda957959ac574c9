//! The only place that spawns.
//!
//! - [`read`]: the program's text is needed.
//! - [`stream`]: its output is processed while it runs; its whole process group ends with us.
//! - [`show`]: a person works in it; the terminal belongs to it.
//! - [`Server`]: other processes talk to it while it runs.

mod child;
mod heard;
mod patience;
mod running;
mod server;
mod shown;
mod signals;

pub use child::{Output, Status, Stream, share};
pub use heard::{read, stream};
pub use patience::Patience;
pub use server::Server;
pub use shown::{end_shown, is_shown, show};
pub use signals::{check_signals, die_of, when_it_waits};
