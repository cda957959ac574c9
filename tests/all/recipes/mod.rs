//! Recipes whose tools take their time, and what they make of programs that fail.

mod ci;
mod failing;
mod stubs;
