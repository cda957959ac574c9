//! What `cargo pyx new` and `init` make, with the real tools: projects that hold without an edit.

mod adopted;
mod adopting;
mod created;
mod made;
