//! Where a program that embeds Python finds the environment's packages.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::invocation::SEPARATOR;

/// Where a program that embeds Python imports from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportPath {
    /// The folder of the environment's packages, absolute.
    packages: Utf8PathBuf,
    /// What the user's PYTHONPATH adds, unchanged.
    added: Option<String>,
}

impl ImportPath {
    pub(super) fn new(packages: Utf8PathBuf, added: Option<&String>) -> Self {
        let added = added.filter(|path| !path.is_empty()).cloned();
        Self { packages, added }
    }

    pub fn packages(&self) -> &Utf8Path {
        &self.packages
    }

    /// PYTHONPATH, if `.pth` files among the packages lead to `folders`.
    pub fn variable(&self, folders: &[Utf8PathBuf]) -> String {
        let own = std::iter::once(&self.packages).chain(folders);
        let own = own.map(|folder| folder.as_str());
        let path: Vec<&str> = own.chain(self.added.as_deref()).collect();
        path.join(SEPARATOR)
    }
}
