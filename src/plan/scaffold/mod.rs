//! What a new project consists of: every file, as text.

// a folder with a file Cargo.toml is another package to cargo, and is not packed: the templates of that
// name are called manifest.toml
macro_rules! template {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/plan/scaffold/templates/",
            $name
        ))
    };
}

mod adopted;
pub mod automation;
mod render;
mod workflow;

use std::ops::RangeInclusive;

use camino::Utf8PathBuf;

use crate::facts::project_name::Name;
use crate::model::minor;

pub use adopted::FileChange;
use render::render;

/// Where the Python and the Rust of a new project are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum NewLayout {
    /// A Python package in python/ around a Rust module in src/
    #[default]
    Mixed,
    /// A Python package in src/ around a Rust module in rust/
    Src,
    /// A module entirely in Rust
    Pure,
    /// A Rust program that runs Python
    Embed,
}

/// The default oldest Python of a new project, as minor version of 3: the oldest that is still supported,
/// since each is for five years and a new one comes every year (PEP 602).
pub const OLDEST: u64 = minor::NEWEST_PYTHON.1 - 4;

/// Settings of a new project.
#[derive(Clone, Debug)]
pub struct Scaffold {
    pub name: Name,
    pub layout: NewLayout,
    /// The oldest Python, as minor version of 3, and whether one module supports all from it on.
    pub lowest: u64,
    pub abi3: bool,
    /// Name and address.
    pub author: Option<(String, String)>,
    /// Whether the folder is inside another cargo workspace.
    pub nested: bool,
    /// Whether it is inside another repository: GitHub reads only the workflows at its root.
    pub in_checkout: bool,
}

/// What the example of new projects does.
const DESCRIPTION: &str = "Edit distances of words, computed in Rust";

/// What a new project depends on, or has next to its module.
const BESIDE: [&str; 7] = [
    "cargo-pyx",
    "hypothesis",
    "mypy",
    "program",
    "pure",
    "pytest-benchmark",
    "ruff",
];

/// What keeps a crate out of the workspace of a folder above.
const OWN_WORKSPACE: &str = "[workspace] # its own, not that of a folder above";

/// The version of PyO3 that new projects start with.
pub const PYO3: &str = "0.29";

/// The stable ABIs that this PyO3 has a feature for, as minor versions of 3.
pub const ABI3: RangeInclusive<u64> = 8..=15;

impl NewLayout {
    /// Where the crate is, relative to the project's root.
    fn crate_dir(self) -> &'static str {
        if self == Self::Src { "rust/" } else { "" }
    }

    /// Where the Python package is; `None` if the module is all Rust.
    fn package_dir(self) -> Option<&'static str> {
        match self {
            Self::Mixed => Some("python"),
            Self::Src => Some("src"),
            Self::Pure | Self::Embed => None,
        }
    }

    /// Names that the module cannot have: if it is all Rust, it is next to functions.
    pub fn beside(self) -> Vec<&'static str> {
        let functions: &[&str] = match self {
            Self::Mixed | Self::Src => &[],
            Self::Pure => &["levenshtein"],
            Self::Embed => &["levenshtein", "main"],
        };
        [&BESIDE, functions].concat()
    }

    /// `[tool.maturin]`, and what the readme says about the folders.
    fn own(self) -> (&'static str, &'static str) {
        match self {
            Self::Mixed => (template!("mixed/maturin.toml"), template!("mixed/tour.md")),
            Self::Src => (template!("src/maturin.toml"), template!("src/tour.md")),
            Self::Pure => (template!("pure/maturin.toml"), template!("pure/tour.md")),
            Self::Embed => (template!("embed/maturin.toml"), template!("embed/tour.md")),
        }
    }
}

impl Scaffold {
    /// The crate's, relative to the project's root.
    pub fn manifest(&self) -> Utf8PathBuf {
        format!("{}Cargo.toml", self.layout.crate_dir()).into()
    }

    /// Every file, with its path relative to the project's root.
    pub fn files(&self) -> Vec<(Utf8PathBuf, String)> {
        let module = &self.name.module;
        let crate_dir = self.layout.crate_dir();
        let mut files: Vec<(String, &str)> = vec![
            (".gitignore".into(), template!("gitignore")),
            (self.manifest().into_string(), template!("manifest.toml")),
            (
                "LICENSE-APACHE".into(),
                include_str!("../../../LICENSE-APACHE"),
            ),
            ("LICENSE-MIT".into(), template!("LICENSE-MIT")),
            ("README.md".into(), template!("README.md")),
            ("benchmarks/test_bench.py".into(), template!("bench.py")),
            ("justfile".into(), template!("justfile")),
            ("pyproject.toml".into(), template!("pyproject.toml")),
            (format!("{crate_dir}src/lib.rs"), template!("lib.rs")),
            (format!("tests/test_{module}.py"), template!("test.py")),
        ];
        files.extend(self.python_files());
        if self.layout == NewLayout::Embed {
            files.extend(program_files());
        }
        if !self.in_checkout {
            files.extend(workflows());
        }
        let values = self.values();
        let render = |(path, text): (String, &str)| (path.into(), render(text, &values));
        let mut files: Vec<(Utf8PathBuf, String)> = files.into_iter().map(render).collect();
        files.sort();
        files
    }

    /// The package around the module; if there is none, its stub and its twin.
    fn python_files(&self) -> Vec<(String, &'static str)> {
        let module = &self.name.module;
        let stub = match self.layout {
            NewLayout::Embed => template!("embed/stub.pyi"),
            _ => template!("stub.pyi"),
        };
        let pure = template!("pure.py");
        let Some(folder) = self.layout.package_dir() else {
            let stub = (format!("{module}.pyi"), stub);
            return vec![stub, ("tests/pure.py".into(), pure)];
        };
        vec![
            (
                format!("{folder}/{module}/__init__.py"),
                template!("init.py"),
            ),
            (format!("{folder}/{module}/_core.pyi"), stub),
            (format!("{folder}/{module}/pure.py"), pure),
            (format!("{folder}/{module}/py.typed"), ""),
        ]
    }

    /// The value of each name in the templates.
    fn values(&self) -> Vec<(&'static str, String)> {
        let mut values = self.said();
        values.extend(self.places());
        values.extend(workflow::values(self.lowest));
        let (maturin, tour) = self.layout.own();
        let own = [("maturin", maturin), ("tour", tour)];
        let own = own.map(|(name, text)| (name, render(text, &values).trim_end().to_owned()));
        values.extend(own);
        values
    }

    /// What follows from the name, the author and the oldest Python.
    fn said(&self) -> Vec<(&'static str, String)> {
        let name = &self.name;
        vec![
            ("authors", self.authors()),
            ("crate", name.krate.clone()),
            ("description", DESCRIPTION.to_owned()),
            ("license", "license = \"MIT OR Apache-2.0\"".to_owned()),
            ("module", name.module.clone()),
            ("name", name.distribution.clone()),
            ("publish", String::new()),
            ("pyo3", self.pyo3()),
            ("python", format!("3.{}", self.lowest)),
            ("version", "0.1.0".to_owned()),
            ("workspace", only(self.nested, OWN_WORKSPACE)),
        ]
    }

    /// What follows from the layout.
    fn places(&self) -> Vec<(&'static str, String)> {
        let (layout, module) = (self.layout, &self.name.module);
        let embeds = layout == NewLayout::Embed;
        let crate_dir = layout.crate_dir();
        let (leaf, dotted, own) = match layout.package_dir() {
            Some(_) => ("_core", format!("{module}._core"), format!("\"{module}\"")),
            None => (&**module, module.clone(), format!("\"{module}\", \"pure\"")),
        };
        let exports = if embeds {
            "{levenshtein, main}"
        } else {
            "levenshtein"
        };
        vec![
            ("crate_dir", crate_dir.to_owned()),
            ("crate_folder", crate_dir.trim_end_matches('/').to_owned()),
            ("dotted", dotted),
            ("exports", exports.to_owned()),
            ("imports", self.imports()),
            ("keys", only(embeds, "    { file = \"src/**/*.py\" },")),
            ("leaf", leaf.to_owned()),
            ("own", own),
            ("program", only(embeds, template!("embed/run.rs"))),
            ("pytest", self.pytest()),
            ("scripts", self.scripts()),
            ("visibility", only(embeds, "pub ")),
        ]
    }

    fn authors(&self) -> String {
        let Some((name, email)) = &self.author else {
            return String::new();
        };
        let name = toml_string(name);
        if email.is_empty() {
            return format!("authors = [{{ name = {name} }}]");
        }
        let email = toml_string(email);
        format!("authors = [{{ name = {name}, email = {email} }}]")
    }

    fn imports(&self) -> String {
        let module = &self.name.module;
        if self.layout.package_dir().is_some() {
            return format!("from {module} import levenshtein, pure");
        }
        format!("import pure\nfrom {module} import levenshtein")
    }

    fn pyo3(&self) -> String {
        if !self.abi3 {
            return format!("\"{PYO3}\"");
        }
        format!(
            "{{ version = \"{PYO3}\", features = [\"abi3-py3{}\"] }}",
            self.lowest
        )
    }

    fn pytest(&self) -> String {
        let beside = "pythonpath = [\"tests\"] # where pure.py is\n";
        let beside = if self.layout.package_dir().is_some() {
            ""
        } else {
            beside
        };
        format!("{beside}testpaths = [\"tests\"]")
    }

    fn scripts(&self) -> String {
        if self.layout != NewLayout::Embed {
            return String::new();
        }
        let Name {
            distribution,
            module,
            ..
        } = &self.name;
        format!(
            "\n[project.scripts]\n{} = \"{module}:main\"",
            toml_string(distribution)
        )
    }
}

fn only(on: bool, text: &str) -> String {
    if on { text.to_owned() } else { String::new() }
}

fn workflows() -> [(String, &'static str); 3] {
    let file = |name: &str| format!(".github/{name}.yml");
    [
        (file("dependabot"), template!("dependabot.yml")),
        (file("workflows/ci"), template!("ci.yml")),
        (file("workflows/release"), template!("release.yml")),
    ]
}

fn program_files() -> [(String, &'static str); 4] {
    [
        ("src/main.rs".into(), template!("embed/main.rs")),
        ("src/program.py".into(), template!("embed/program.py")),
        ("tests/program.rs".into(), template!("embed/program.rs")),
        (
            "tests/test_program.py".into(),
            template!("embed/test_program.py"),
        ),
    ]
}

/// A TOML basic string.
fn toml_string(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", clean.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests;
