//! The rules for distributions. A rule is a function from what was read to findings, which carry its name.
//!
//! `wheel` and `sdist` list all their rules; every other file is about one part: the names of members
//! (`content`), extension modules, METADATA, RECORD, `Requires-Python`, what a platform tag promises
//! (`policy`), secrets, paths of the build machine (`leaks`), the sources that an sdist is built from.

mod content;
mod extension;
mod leaks;
mod metadata;
mod platform_tag;
mod policy;
mod record;
mod requires_python;
mod sdist;
mod secrets;
mod size;
mod sources;
mod wheel;
