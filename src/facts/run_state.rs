//! What this run has done already, for those who gather and plan again.

use std::collections::BTreeSet;

use crate::model::step::StepId;

#[derive(Clone, Debug, Default)]
pub struct RunState {
    /// Pythons that uv was asked to download and could not, as they were asked for.
    pub unavailable: Vec<String>,
    /// The steps that have succeeded.
    pub done: BTreeSet<StepId>,
    /// The packages whose modules found no shared library that they link: names.
    pub unlinked: BTreeSet<String>,
    /// How often it was built anew because something changed meanwhile.
    pub rebuilds: usize,
}
