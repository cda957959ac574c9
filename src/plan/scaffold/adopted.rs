//! What a project with one of the two languages gets: new files, and edits of its own.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::adoption::{
    Adoption, CargoWorkspace, Crate, CrateKind, Library, ModuleName, Pyo3, Subject,
};
use crate::model::error::Result;
use crate::model::file_edit::keep_line_ends;
use crate::world::manifest::{CargoToml, Toml, keys, with_member, with_module, with_package};

use super::render::render;
use super::{OLDEST, PYO3, toml_string};

mod distribution;
mod file_change;
mod member;
mod package;
mod project;
mod rust_function;
mod rust_type;
mod twin;

pub use file_change::FileChange;
use file_change::{RUST, SOURCES, cache_keys, changed, made};
use member::{Member, filled, seen_by_python};

impl Adoption {
    /// Every file to create or change; empty if there is nothing to do.
    ///
    /// # Errors
    /// [`Error::Manifest`](crate::model::error::Error::Manifest) for values of a type that no tool accepts.
    pub fn wanted(&self) -> Result<Vec<FileChange>> {
        let mut wanted = match &self.subject {
            Subject::AlreadyMixed(_) | Subject::NeedsBackend(_) => return Ok(Vec::new()),
            Subject::Module(module) => self.in_module(module),
            Subject::Package(package) => self.of_package(package)?,
            Subject::Crate(krate) => of_crate(krate)?,
            Subject::Workspace(workspace) => of_workspace(workspace)?,
            Subject::Distribution(beside) => self.of_distribution(beside)?,
        };
        let ignored: &[&str] = match &self.subject {
            Subject::Package(_) | Subject::Distribution(_) => {
                &["*.pyd", "*.so", ".venv/", "__pycache__/", "target/"]
            }
            Subject::Module(_) => &[],
            _ => &[".venv/", "__pycache__/", "target/"],
        };
        wanted.extend(gitignore(self.gitignore.as_deref(), ignored, self.kept()));
        if let Some(cargo) = self.published() {
            keep_apart(cargo, &mut wanted)?;
        }
        wanted.sort_by(|a, b| a.path.cmp(&b.path));
        for one in &mut wanted {
            let before = one.before.as_deref().unwrap_or_default();
            let after = one.after.as_deref();
            one.after = after.map(|after| keep_line_ends(before, after));
        }
        Ok(wanted)
    }

    /// The crate at the root, whose package on crates.io does not change.
    fn published(&self) -> Option<&CargoToml> {
        match &self.subject {
            Subject::Crate(krate) => Some(&krate.cargo),
            Subject::Workspace(workspace) => {
                let cargo = &workspace.cargo;
                cargo.package_name().map(|_| &**cargo)
            }
            Subject::AlreadyMixed(_)
            | Subject::Package(_)
            | Subject::NeedsBackend(_)
            | Subject::Module(_)
            | Subject::Distribution(_) => None,
        }
    }

    /// A file that git ignored until now.
    fn kept(&self) -> Option<&Utf8Path> {
        let Subject::Package(package) = &self.subject else {
            return None;
        };
        let file = package.takeover.as_ref()?.version_file.as_ref()?;
        Some(&file.path)
    }

    /// The crate's, relative to the root.
    pub fn manifest(&self) -> Utf8PathBuf {
        match &self.subject {
            Subject::Package(_) | Subject::Distribution(_) => format!("{RUST}Cargo.toml").into(),
            Subject::Workspace(workspace) if workspace.has_own_workspace => {
                Utf8Path::new(workspace.folder).join("Cargo.toml")
            }
            _ => "Cargo.toml".into(),
        }
    }
}

fn of_crate(krate: &Crate) -> Result<Vec<FileChange>> {
    let (root, toml) = (krate.cargo.dir(), &krate.cargo.toml);
    let dynamic = filled(|key| match key {
        "readme" => krate.has_readme,
        key => toml.get(&["package", key]).is_some(),
    });
    let name = &krate.module.module;
    let sources = match &krate.kind {
        CrateKind::Library(library) => library.path.parent(),
        CrateKind::Programs(_) => None,
    };
    let sources = sources.unwrap_or(SOURCES.into());
    let mut values = vec![
        ("declared", format!("#[pyo3::pymodule]\nmod {name}")),
        ("dynamic", dynamic),
        ("keys", keys(&cache_keys("", sources)).to_string()),
        ("module", name.clone()),
        ("name", krate.module.distribution.clone()),
        ("pythons", format!(">=3.{OLDEST}")),
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

/// The module in a file of its own, and the library's line that names it.
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
        after: Some(format!("{before}{gap}{feature}mod {file};\n{rest}{tests}")),
    };
    let beside = path.with_file_name(format!("{file}.rs"));
    vec![
        named,
        made(beside, render(template!("adopted/python.rs"), values)),
    ]
}

/// Where a library's test module at the end begins; else the end.
fn end_of_code(text: &str) -> usize {
    let tests = text.rfind("\n#[cfg(test)]\nmod ").map(|at| at + 1);
    tests.unwrap_or(text.len())
}

/// A separate member for Python.
fn of_workspace(workspace: &CargoWorkspace) -> Result<Vec<FileChange>> {
    let CargoWorkspace { folder, cargo, .. } = workspace;
    let mut wanted = member_of(workspace).files();
    if !workspace.is_listed {
        let after = with_member(&cargo.toml, folder)?;
        wanted.push(changed(cargo.dir(), &cargo.toml, after));
    }
    Ok(wanted)
}

fn member_of(workspace: &CargoWorkspace) -> Member<'_> {
    let ModuleName {
        distribution,
        module,
    } = &workspace.module;
    let toml = &workspace.cargo.toml;
    let shared = toml.get(&["workspace", "package", "version"]).is_some();
    let exposed = workspace.exposed.as_ref();
    let library =
        exposed.map(|(name, path)| format!("{name} = {{ path = {} }}", toml_string(path)));
    let seen = exposed.map_or(distribution, |(name, _)| name);
    // as the crate says it, or the workspace for all that inherit
    let said = |key: &str| {
        let own = toml.str(&["package", key]);
        let said = own.or_else(|| toml.str(&["workspace", "package", key]));
        said.map(str::to_owned)
    };
    Member {
        folder: workspace.folder,
        module: &workspace.module,
        krate: format!("{distribution}-python"),
        about: format!("{seen} for Python"),
        inherits_version: shared && !workspace.has_own_workspace,
        license: said("license"),
        repository: said("repository"),
        pythons: format!(">=3.{OLDEST}"),
        dependency: library.unwrap_or_default(),
        // a module of the library's name would be in its way
        is_named_alike: exposed.is_some_and(|(name, _)| name.replace('-', "_") == *module),
        has_own_workspace: workspace.has_own_workspace,
    }
}

/// Leaves new files that are only for Python out of the crate's package, and includes the module: what is
/// published does not change.
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
    let edited = at.and_then(|at| wanted[at].after.as_deref());
    let text = edited.unwrap_or(cargo.toml.text());
    let toml = Toml::parse(&cargo.toml.path, text)?;
    let after = with_package(&toml, &code, &others)?;
    match at {
        Some(at) => wanted[at].after = Some(after),
        None if after != cargo.toml.text() => {
            wanted.push(changed(cargo.dir(), &cargo.toml, after));
        }
        None => {}
    }
    Ok(())
}

/// A .gitignore with what builds and tests leave behind, unless already ignored.
fn gitignore(text: Option<&str>, wanted: &[&str], kept: Option<&Utf8Path>) -> Option<FileChange> {
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
    let kept = kept.map(|path| format!("!/{path}"));
    let kept = kept.filter(|line| !known.contains(&line.trim_matches('/')));
    let missing: Vec<&str> = missing.into_iter().chain(kept.as_deref()).collect();
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
        after: Some(after),
    })
}

#[cfg(test)]
mod tests;
