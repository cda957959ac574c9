//! The Python of recipes, of tests and of what the program runs in environments.

use super::workflows::tool;

/// Pinned, as its rules and its format change.
const RUFF: &str = "ruff@0.17.6";
const CONFIGURED: [&str; 3] = ["--config", ".ci/ruff.toml", "--no-cache"];

/// Among others a name that nothing defines: no test comes to every line of every recipe.
#[test]
fn it_is_formatted_and_names_nothing_that_is_not_there() {
    for call in [&["check"][..], &["format", "--check"]] {
        tool(&[&[RUFF], call, &CONFIGURED].concat(), &["."]);
    }
}
