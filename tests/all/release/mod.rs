//! Whole sets for several Pythons, built twice, and every seeded defect.

mod again;
mod check;
mod dist;
mod foreign;
mod hello;
mod refused;
mod set;
mod settings;
mod uniffi;
