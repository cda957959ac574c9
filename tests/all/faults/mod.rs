//! Every moment at which something may go wrong, where `cargo test` tries some.

mod crashes;
mod published;
