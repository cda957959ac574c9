//! A crate with a module and its maturin packaging: a package of its own among others.

use crate::facts::adoption::ModuleName;
use crate::world::manifest::keys;

use super::super::render::render;
use super::super::{OWN_WORKSPACE, PYO3, toml_string};
use super::file_change::{FileChange, SOURCES, cache_keys, made};

/// What maturin fills in from `[package]`, by the names of both sides.
const FILLED: [(&str, &str); 7] = [
    ("authors", "authors"),
    ("description", "description"),
    ("keywords", "keywords"),
    ("license", "license"),
    ("readme", "readme"),
    ("urls", "repository"),
    ("version", "version"),
];

pub(super) struct Member<'a> {
    /// Relative to the root.
    pub(super) folder: &'a str,
    pub(super) module: &'a ModuleName,
    pub(super) krate: String,
    /// A short description.
    pub(super) about: String,
    /// Whether its version is that of the workspace.
    pub(super) inherits_version: bool,
    pub(super) license: Option<String>,
    pub(super) repository: Option<String>,
    /// The supported versions (Python packaging guide, `requires-python`).
    pub(super) pythons: String,
    /// The dependency line for the library that Python is to see; empty if there is none.
    pub(super) dependency: String,
    /// Whether that library has the module's name in Rust.
    pub(super) is_named_alike: bool,
    /// Whether it is a cargo workspace of its own.
    pub(super) has_own_workspace: bool,
}

impl Member<'_> {
    pub(super) fn files(&self) -> Vec<FileChange> {
        let values = self.values();
        let render = |template| render(template, &values);
        let mut wanted = vec![
            made("Cargo.toml", render(template!("adopted/manifest.toml"))),
            made(
                "pyproject.toml",
                render(template!("adopted/pyproject.toml")),
            ),
            made("README.md", render(template!("adopted/README.md"))),
            made("src/lib.rs", render(template!("adopted/python.rs"))),
        ];
        wanted.extend(seen_by_python(&self.module.module, &values));
        for file in &mut wanted {
            file.path = format!("{}/{}", self.folder, file.path).into();
        }
        wanted
    }

    fn values(&self) -> Vec<(&'static str, String)> {
        let ModuleName {
            distribution,
            module,
        } = self.module;
        let version = if self.inherits_version {
            "version.workspace = true"
        } else {
            "version = \"0.1.0\""
        };
        let declared = if self.is_named_alike {
            format!("#[pyo3::pymodule]\n#[pyo3(name = \"{module}\")]\nmod python")
        } else {
            format!("#[pyo3::pymodule]\nmod {module}")
        };
        let own = if self.has_own_workspace {
            OWN_WORKSPACE
        } else {
            ""
        };
        let line = |key: &str, said: &Option<String>| {
            let line = said
                .as_ref()
                .map(|text| format!("{key} = {}", toml_string(text)));
            line.unwrap_or_default()
        };
        let dynamic = filled(|key| match key {
            "license" => self.license.is_some(),
            "repository" => self.repository.is_some(),
            key => ["description", "readme", "version"].contains(&key),
        });
        vec![
            ("about", self.about.clone()),
            ("crate", self.krate.clone()),
            ("declared", declared),
            ("dynamic", dynamic),
            ("keys", keys(&cache_keys("", SOURCES.into())).to_string()),
            ("license", line("license", &self.license)),
            ("library", self.dependency.clone()),
            ("maturin", format!("module-name = {}", toml_string(module))),
            ("module", module.clone()),
            ("name", distribution.clone()),
            ("pyo3", PYO3.to_owned()),
            ("pythons", self.pythons.clone()),
            ("repository", line("repository", &self.repository)),
            ("version", version.to_owned()),
            ("workspace", own.to_owned()),
        ]
    }
}

/// What maturin fills in if Cargo.toml has these keys, as the elements of `dynamic`.
pub(super) fn filled(has: impl Fn(&str) -> bool) -> String {
    let fields = FILLED.iter().filter(|(_, cargo)| has(cargo));
    let fields: Vec<String> = fields.map(|(field, _)| toml_string(field)).collect();
    fields.join(", ")
}

/// The stub and a test of a module.
pub(super) fn seen_by_python(module: &str, values: &[(&str, String)]) -> [FileChange; 2] {
    let test = render(template!("adopted/test_module.py"), values);
    [
        made(
            format!("{module}.pyi"),
            template!("adopted/module.pyi").to_owned(),
        ),
        made("tests/test_python.py", test),
    ]
}
