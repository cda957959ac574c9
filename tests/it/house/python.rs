//! The Python of recipes, of tests and of what the program runs in environments.

use super::workflows::tool;

/// As `pyproject.toml` configures it. Pinned, as its rules and its format change.
const RUFF: &str = "ruff@0.17.6";

/// Among others a name that nothing defines: no test comes to every line of every recipe.
#[test]
fn it_is_formatted_and_names_nothing_that_is_not_there() {
    tool(&[RUFF, "check", "--no-cache"], &["."]);
    tool(&[RUFF, "format", "--check", "--no-cache"], &["."]);
}
