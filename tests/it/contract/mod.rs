//! Where a tool says nothing for machines, what we read of its rules is held against what it does, in
//! layouts that are made of all combinations.

mod cargo;
mod features;
mod maturin;
mod pytest;
mod uv;
