//! What a project gets that has one of the two languages: new files, and edits of its own.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use toml_edit::{Array, Value};

use crate::facts::adoption::{
    Adoption, CargoWorkspace, Crate, CrateKind, Library, ModuleName, Pyo3, PythonPackage, Subject,
};
use crate::model::error::Result;
use crate::model::file_edit::keep_line_ends;
use crate::model::package_name;
use crate::world::manifest::{
    CargoToml, Toml, keys, with_maturin, with_member, with_module, with_package,
};

use super::render::render;
use super::{OLDEST, OWN_WORKSPACE, PYO3, toml_string};

/// A file as it is, where it is, and as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// From the root.
    pub path: Utf8PathBuf,
    pub before: Option<String>,
    pub after: String,
}

/// The crate beside an adopted package.
const RUST: &str = "rust/";

/// What of `[package]` maturin fills in, by the names of both sides.
const FILLED: [(&str, &str); 7] = [
    ("authors", "authors"),
    ("description", "description"),
    ("keywords", "keywords"),
    ("license", "license"),
    ("readme", "readme"),
    ("urls", "repository"),
    ("version", "version"),
];

impl Adoption {
    /// Every file that is to be made or changed; nothing where there is nothing to do.
    ///
    /// # Errors
    /// [`Error::Manifest`](crate::model::error::Error::Manifest) for values of a kind that no tool takes.
    pub fn wanted(&self) -> Result<Vec<FileChange>> {
        let mut wanted = match &self.subject {
            Subject::Whole(_) => return Ok(Vec::new()),
            Subject::Package(package) => of_package(package, &self.there)?,
            Subject::Crate(krate) => of_crate(krate)?,
            Subject::Workspace(workspace) => of_workspace(workspace)?,
        };
        let ignored: &[&str] = match &self.subject {
            Subject::Package(_) => &["*.pyd", "*.so", ".venv/", "__pycache__/", "target/"],
            _ => &[".venv/", "__pycache__/", "target/"],
        };
        wanted.extend(gitignore(self.gitignore.as_deref(), ignored));
        if let Some(cargo) = self.published() {
            keep_apart(cargo, &mut wanted)?;
        }
        wanted.sort_by(|a, b| a.path.cmp(&b.path));
        for one in &mut wanted {
            let before = one.before.as_deref().unwrap_or_default();
            one.after = keep_line_ends(before, &one.after);
        }
        Ok(wanted)
    }

    /// The crate at the root, whose package on crates.io stays as it is.
    fn published(&self) -> Option<&CargoToml> {
        match &self.subject {
            Subject::Crate(krate) => Some(&krate.cargo),
            Subject::Workspace(workspace) => {
                let cargo = &workspace.cargo;
                cargo.package_name().map(|_| &**cargo)
            }
            Subject::Whole(_) | Subject::Package(_) => None,
        }
    }

    /// The crate's, from the root.
    pub fn manifest(&self) -> Utf8PathBuf {
        match &self.subject {
            Subject::Package(_) => format!("{RUST}Cargo.toml").into(),
            Subject::Workspace(workspace) if workspace.is_apart => {
                Utf8Path::new(workspace.folder).join("Cargo.toml")
            }
            _ => "Cargo.toml".into(),
        }
    }
}

fn made(path: impl Into<Utf8PathBuf>, after: String) -> FileChange {
    let path = path.into();
    FileChange {
        path,
        before: None,
        after,
    }
}

fn changed(root: &Utf8Path, toml: &Toml, after: String) -> FileChange {
    FileChange {
        path: toml
            .path
            .strip_prefix(root)
            .unwrap_or(&toml.path)
            .to_owned(),
        before: Some(toml.text().to_owned()),
        after,
    }
}

fn of_package(package: &PythonPackage, there: &BTreeSet<Utf8PathBuf>) -> Result<Vec<FileChange>> {
    let toml = &package.pyproject.toml;
    let distribution = package.pyproject.name().unwrap_or_default();
    let PythonPackage {
        source, name, leaf, ..
    } = package;
    let folder = match *source {
        "." => name.clone(),
        source => format!("{source}/{name}"),
    };
    let license = toml.str(&["project", "license"]);
    let license = license.map(|text| format!("license = {}", toml_string(text)));
    let workspace = if package.nested { OWN_WORKSPACE } else { "" };
    let values = [
        (
            "crate",
            format!("{}-rust", package_name::normalize(distribution)),
        ),
        (
            "description",
            format!("The Rust half of the Python package {distribution}"),
        ),
        ("dotted", format!("{name}.{leaf}")),
        ("exports", "levenshtein".to_owned()),
        ("leaf", (*leaf).to_owned()),
        ("license", license.unwrap_or_default()),
        ("program", String::new()),
        ("publish", "publish = false".to_owned()),
        ("pyo3", format!("\"{PYO3}\"")),
        ("version", package.version.to_string()),
        ("visibility", String::new()),
        ("workspace", workspace.to_owned()),
    ];
    let render = |template| render(template, &values);
    // `core.py` has a `test_core.py` of its own in many a package
    let tests = [
        format!("test{leaf}"),
        format!("test{leaf}_module"),
        format!("test_{name}{leaf}"),
    ];
    let paths = tests.map(|test| Utf8PathBuf::from(format!("tests/{test}.py")));
    let free = paths.iter().find(|path| !there.contains(*path));
    let test = free.unwrap_or(&paths[0]).clone();
    Ok(vec![
        changed(package.pyproject.dir(), toml, built_by_maturin(package)?),
        made(format!("{RUST}Cargo.toml"), render(template!("Cargo.toml"))),
        made(format!("{RUST}src/lib.rs"), render(template!("lib.rs"))),
        made(
            format!("{folder}/{leaf}.pyi"),
            render(template!("stub.pyi")),
        ),
        made(test, render(template!("adopted/test_package.py"))),
    ])
}

fn built_by_maturin(package: &PythonPackage) -> Result<String> {
    let PythonPackage {
        source,
        name,
        leaf,
        all,
        ..
    } = package;
    let mut settings: Vec<(&str, Value)> = vec![
        ("manifest-path", format!("{RUST}Cargo.toml").into()),
        ("module-name", format!("{name}.{leaf}").into()),
        ("python-source", (*source).into()),
    ];
    if all.len() > 1 {
        settings.push(("python-packages", Array::from_iter(all).into()));
    }
    with_maturin(&package.pyproject.toml, &settings, &cache_keys(RUST))
}

/// What uv builds again for: the manifests and the crate's sources, never what was built.
fn cache_keys(crate_dir: &str) -> Vec<String> {
    let files = ["Cargo.toml", "Cargo.lock", "src/**/*.rs"];
    let of_crate = files.iter().map(|file| format!("{crate_dir}{file}"));
    std::iter::once("pyproject.toml".to_owned())
        .chain(of_crate)
        .collect()
}

/// What maturin fills in where Cargo.toml has these keys, as the elements of `dynamic`.
fn filled(has: impl Fn(&str) -> bool) -> String {
    let fields = FILLED.iter().filter(|(_, cargo)| has(cargo));
    let fields: Vec<String> = fields.map(|(field, _)| toml_string(field)).collect();
    fields.join(", ")
}

fn of_crate(krate: &Crate) -> Result<Vec<FileChange>> {
    let (root, toml) = (krate.cargo.dir(), &krate.cargo.toml);
    let dynamic = filled(|key| match key {
        "readme" => krate.has_readme,
        key => toml.get(&["package", key]).is_some(),
    });
    let name = &krate.module.module;
    let mut values = vec![
        ("declared", format!("#[pyo3::pymodule]\nmod {name}")),
        ("dynamic", dynamic),
        ("keys", keys(&cache_keys("")).to_string()),
        ("module", name.clone()),
        ("name", krate.module.distribution.clone()),
        ("python", format!("3.{OLDEST}")),
    ];
    let mut wanted = Vec::new();
    let maturin = match &krate.kind {
        CrateKind::Programs(program) => {
            values.push(("program", program.clone()));
            let test = render(template!("adopted/test_program.py"), &values);
            wanted.push(made("tests/test_program.py", test));
            "bindings = \"bin\"".to_owned()
        }
        CrateKind::Library(library) => {
            let pyo3 = (library.pyo3 == Pyo3::Absent).then_some(PYO3);
            let after = with_module(toml, pyo3)?;
            if after != toml.text() {
                wanted.push(changed(root, toml, after));
            }
            wanted.extend(module(library, &values));
            wanted.extend(seen_by_python(name, &values));
            let feature = library.pyo3.feature();
            let feature = feature.map(|name| format!("features = [{}]\n", toml_string(name)));
            let feature = feature.unwrap_or_default();
            format!("{feature}module-name = {}", toml_string(name))
        }
    };
    values.push(("maturin", maturin));
    wanted.push(made(
        "pyproject.toml",
        render(template!("adopted/pyproject.toml"), &values),
    ));
    Ok(wanted)
}

/// The module in a file of its own, and the line of the library that names it.
fn module(library: &Library, values: &[(&str, String)]) -> Vec<FileChange> {
    let Library {
        path, text, file, ..
    } = library;
    let feature = library.pyo3.feature();
    let feature = feature.map(|name| format!("#[cfg(feature = {})]\n", toml_string(name)));
    let feature = feature.unwrap_or_default();
    let plain = text.replace("\r\n", "\n"); // the ends come back with those of all files
    let (before, tests) = plain.split_at(end_of_code(&plain));
    let gap = match before {
        "" => "",
        before if before.ends_with("\n\n") => "",
        before if before.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let rest = if tests.is_empty() { "" } else { "\n" };
    let named = FileChange {
        path: path.clone(),
        before: Some(text.clone()),
        after: format!("{before}{gap}{feature}mod {file};\n{rest}{tests}"),
    };
    let beside = path.with_file_name(format!("{file}.rs"));
    vec![
        named,
        made(beside, render(template!("adopted/python.rs"), values)),
    ]
}

/// Where a library's tests begin that stand in a module at its end; else its end.
fn end_of_code(text: &str) -> usize {
    let tests = text.rfind("\n#[cfg(test)]\nmod ").map(|at| at + 1);
    tests.unwrap_or(text.len())
}

fn seen_by_python(module: &str, values: &[(&str, String)]) -> [FileChange; 2] {
    let test = render(template!("adopted/test_module.py"), values);
    [
        made(
            format!("{module}.pyi"),
            template!("adopted/module.pyi").to_owned(),
        ),
        made("tests/test_python.py", test),
    ]
}

/// A member of its own for Python.
fn of_workspace(workspace: &CargoWorkspace) -> Result<Vec<FileChange>> {
    let CargoWorkspace { folder, cargo, .. } = workspace;
    let values = values_of_member(workspace);
    let render = |template| render(template, &values);
    let mut wanted = vec![
        made("Cargo.toml", render(template!("adopted/Cargo.toml"))),
        made(
            "pyproject.toml",
            render(template!("adopted/pyproject.toml")),
        ),
        made("README.md", render(template!("adopted/README.md"))),
        made("src/lib.rs", render(template!("adopted/python.rs"))),
    ];
    wanted.extend(seen_by_python(&workspace.module.module, &values));
    for file in &mut wanted {
        file.path = Utf8Path::new(folder).join(&file.path);
    }
    if !workspace.is_listed {
        let after = with_member(&cargo.toml, folder)?;
        wanted.push(changed(cargo.dir(), &cargo.toml, after));
    }
    Ok(wanted)
}

fn values_of_member(workspace: &CargoWorkspace) -> Vec<(&'static str, String)> {
    let ModuleName {
        distribution,
        module,
    } = &workspace.module;
    let toml = &workspace.cargo.toml;
    let shared = toml.get(&["workspace", "package", "version"]).is_some();
    let shared = shared && !workspace.is_apart;
    let version = if shared {
        "version.workspace = true"
    } else {
        "version = \"0.1.0\""
    };
    let exposed = workspace.exposed.as_ref();
    let library =
        exposed.map(|(name, path)| format!("{name} = {{ path = {} }}", toml_string(path)));
    // a module of the library's name would be in its way
    let is_named_alike = exposed.is_some_and(|(name, _)| name.replace('-', "_") == *module);
    let declared = if is_named_alike {
        format!("#[pyo3::pymodule]\n#[pyo3(name = \"{module}\")]\nmod python")
    } else {
        format!("#[pyo3::pymodule]\nmod {module}")
    };
    let own = if workspace.is_apart {
        OWN_WORKSPACE
    } else {
        ""
    };
    let seen = exposed.map_or(distribution, |(name, _)| name);
    // as the crate says it, or the workspace for all that inherit
    let said = |key: &str| {
        let own = toml.str(&["package", key]);
        own.or_else(|| toml.str(&["workspace", "package", key]))
    };
    let line = |key: &str| {
        let text = said(key).map(|text| format!("{key} = {}", toml_string(text)));
        text.unwrap_or_default()
    };
    let described = ["description", "readme", "version"];
    let kept = ["license", "repository"].map(|key| (key, line(key)));
    let dynamic = filled(|key| {
        let is_kept = kept
            .iter()
            .any(|(kept, line)| *kept == key && !line.is_empty());
        is_kept || described.contains(&key)
    });
    let [(_, license), (_, repository)] = kept;
    vec![
        ("crate", format!("{distribution}-python")),
        ("declared", declared),
        ("dynamic", dynamic),
        ("keys", keys(&cache_keys("")).to_string()),
        ("license", license),
        ("library", library.unwrap_or_default()),
        ("maturin", format!("module-name = {}", toml_string(module))),
        ("module", module.clone()),
        ("name", distribution.clone()),
        ("pyo3", PYO3.to_owned()),
        ("python", format!("3.{OLDEST}")),
        ("repository", repository),
        ("seen", seen.clone()),
        ("version", version.to_owned()),
        ("workspace", own.to_owned()),
    ]
}

/// Leaves new files out of the crate's package that are Python's alone, and lets the module in: what is
/// published stays as it is.
fn keep_apart(cargo: &CargoToml, wanted: &mut Vec<FileChange>) -> Result<()> {
    let nested: Vec<Utf8PathBuf> = wanted
        .iter()
        .filter(|file| file.path.file_name() == Some("Cargo.toml"))
        .filter_map(|file| file.path.parent().map(Utf8Path::to_owned))
        .filter(|dir| dir != "")
        .collect();
    let of_crate = |file: &&FileChange| {
        file.before.is_none() && !nested.iter().any(|dir| file.path.starts_with(dir))
    };
    let (code, others): (Vec<_>, Vec<_>) = wanted
        .iter()
        .filter(of_crate)
        .map(|file| file.path.clone())
        .partition(|path| path.extension() == Some("rs"));
    let path = Utf8Path::new("Cargo.toml");
    let at = wanted.iter().position(|file| file.path == path);
    let text = at.map_or(cargo.toml.text(), |at| &wanted[at].after);
    let toml = Toml::parse(&cargo.toml.path, text)?;
    let after = with_package(&toml, &code, &others)?;
    match at {
        Some(at) => wanted[at].after = after,
        None if after != cargo.toml.text() => {
            wanted.push(changed(cargo.dir(), &cargo.toml, after));
        }
        None => {}
    }
    Ok(())
}

/// With what builds and tests leave behind, where it is not ignored yet.
fn gitignore(text: Option<&str>, wanted: &[&str]) -> Option<FileChange> {
    let before = text.map(str::to_owned);
    let known: Vec<&str> = text
        .unwrap_or_default()
        .lines()
        .map(|line| line.trim().trim_matches('/'))
        .collect();
    let covers = |pattern: &str| {
        let bare = pattern.trim_matches('/');
        known.contains(&bare)
            || bare == "*.pyd" && known.contains(&"*.py[cod]")
            || bare == "__pycache__" && known.contains(&"*.py[cod]")
            || bare == ".venv" && known.contains(&".venv*")
    };
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|pattern| !covers(pattern))
        .collect();
    if missing.is_empty() {
        return None;
    }
    let text = text.unwrap_or_default();
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let after = format!("{text}{end}{}\n", missing.join("\n"));
    let path = ".gitignore".into();
    Some(FileChange {
        path,
        before,
        after,
    })
}

#[cfg(test)]
mod tests;
