//! One recipe.

use serde::Serialize;

/// One recipe, as far as people and plans need it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recipe {
    /// With its modules: `web::build`.
    pub name: String,
    pub doc: Option<String>,
    pub groups: Vec<String>,
    /// As in just's list: `target *args`.
    pub parameters: String,
    /// Whether it runs without a build before it.
    pub no_build: bool,
    /// Whether it is part of the program.
    pub built_in: bool,
    /// Whether just runs it, or one of its dependencies, as a program that it writes to its temporary folder.
    #[serde(skip)]
    pub is_script: bool,
}

impl Recipe {
    /// Whether it cannot be run by its name alone.
    pub fn needs_arguments(&self) -> bool {
        self.parameters
            .split_whitespace()
            .any(|word| !word.starts_with('*') && !word.contains('='))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_may_need_arguments() {
        let needs = |parameters: &str| {
            let parameters = parameters.to_owned();
            let recipe = Recipe {
                parameters,
                ..Recipe::default()
            };
            recipe.needs_arguments()
        };
        assert!(!needs("") && !needs("*args") && !needs("a='b' *args"));
        assert!(needs("a") && needs("+args") && needs("a b='c'"));
    }
}
