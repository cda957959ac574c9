//! What `cargo pyx release wheel`, `sdist` and `check` promise, in real projects with the real tools.

mod imports;
mod refused;
mod settings;
