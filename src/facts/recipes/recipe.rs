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
    /// The parameters that a call has to give.
    #[serde(skip)]
    pub required: Vec<String>,
    /// Whether it runs without a build before it.
    pub no_build: bool,
    /// Whether it is part of the program.
    pub built_in: bool,
    /// Whether just runs it, or one of its dependencies, as a program that it writes to its temporary folder.
    #[serde(skip)]
    pub is_script: bool,
    /// For an alias: the names of the recipes that it may mean.
    #[serde(skip)]
    pub stands_for: Vec<String>,
}

impl Recipe {
    /// Whether it cannot be run by its name alone.
    pub fn needs_arguments(&self) -> bool {
        !self.required.is_empty()
    }

    /// Whether a list of recipe names includes it; an alias is included if its target is.
    pub fn is_listed(&self, names: &[String]) -> bool {
        let all_listed = self.stands_for.iter().all(|name| names.contains(name));
        names.contains(&self.name) || (!self.stands_for.is_empty() && all_listed)
    }
}
