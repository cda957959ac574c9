//! What the user wants from an adoption.

use std::str::FromStr;

/// Where the module goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum AdoptionLayout {
    /// In the existing crate, behind a feature, or in the existing package
    Crate,
    /// In a crate of its own in the same workspace; for a package, in a distribution that it requires
    Workspace,
}

/// What the user wants to differ from the defaults.
#[derive(Clone, Debug, Default)]
pub struct AdoptionOptions {
    pub layout: Option<AdoptionLayout>,
    /// What Python imports: for a package, dotted and beginning with the package.
    pub module: Option<String>,
    /// The function to write in Rust.
    pub function: Option<FunctionPath>,
}

/// A function of a Python module, as entry points name one: `package.module:function`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionPath {
    /// Dotted.
    pub module: String,
    pub function: String,
}

impl FromStr for FunctionPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (module, function) = text
            .split_once(':')
            .ok_or("a module and a function, as in `package.module:function`")?;
        if let Some((class, method)) = function.rsplit_once('.') {
            return Err(format!(
                "`{method}` is a method of `{class}`: move its loop into a function of the module, and name that"
            ));
        }
        let mut names = module.split('.').chain([function]);
        if let Some(other) = names.find(|name| !is_name(name)) {
            return Err(format!("`{other}` is not a Python name"));
        }
        Ok(Self {
            module: module.to_owned(),
            function: function.to_owned(),
        })
    }
}

/// Whether it is a valid Python name.
pub(super) fn is_name(word: &str) -> bool {
    let mut letters = word.chars();
    let first = letters.next();
    first.is_some_and(|c| c.is_alphabetic() || c == '_')
        && letters.all(|c| c.is_alphanumeric() || c == '_')
}

impl std::fmt::Display for FunctionPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.module, self.function)
    }
}

/// The alternative for a package that maturin cannot build.
pub const BESIDE: &str = "the Rust module as a distribution of its own in the same repository: cargo \
                          pyx init --layout workspace";
