//! A function of a Python package that is to be written in Rust too.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, Result};
use crate::model::nearest::nearest;
use crate::model::python_function::{
    FunctionKind, InnerDefinition, Parameter, PythonFunction, PythonSource,
};
use crate::world::disk;
use crate::world::manifest::Toml;
use crate::world::python_source;
use crate::world::session::Session;

use super::options::FunctionPath;

#[derive(Debug)]
pub struct HotFunction {
    pub path: FunctionPath,
    /// The module's file, relative to the root.
    pub file: Utf8PathBuf,
    /// Its content.
    pub text: String,
    pub said: PythonFunction,
    /// Calls with literals from the project's tests, without duplicates.
    pub calls: Vec<Call>,
    /// Whether the module imports others of its package by relative names.
    pub is_relative: bool,
    /// Whether ruff is asked to find a `try` that could be `contextlib.suppress` (SIM105).
    pub is_simplified: bool,
}

/// The arguments of a call as written, each with its name if it has one.
pub type Call = Vec<(Option<String>, String)>;

/// What a name refers to in a module.
#[derive(Debug)]
pub(super) enum Found {
    Function(Box<HotFunction>),
    /// A function with its twin, imported from the Rust module.
    AlreadyInRust,
}

/// Where packages may be.
const SOURCES: [&str; 4] = ["src", "python", "lib", "."];

/// Reading more of them would cost more than it is likely to find.
const MOST_CALLERS: usize = 200;

impl HotFunction {
    /// `rust`: the dotted name of the Rust module, if there is one.
    ///
    /// # Errors
    /// [`Error::Refused`] for what a Rust function could not replace; those of [`python_source::read`].
    pub(super) fn find(
        session: &Session,
        root: &Utf8Path,
        path: &FunctionPath,
        rust: Option<&str>,
    ) -> Result<Found> {
        let file = file_of(root, path)?;
        let callers = callers(root, &path.function);
        let name = &path.function;
        let text = disk::read_utf8(&root.join(&file))?.unwrap_or_default();
        let source = python_source::read(session, &root.join(&file), name, &callers)?;
        if let Some(problem) = &source.problem {
            let message = format!("{file}:{}: {}", problem.line, problem.message);
            return Err(Error::refused(message, "fix that first"));
        }
        let imported = source
            .imported
            .as_deref()
            .map(|said| absolute(said, path, &file));
        if source.function.is_some()
            && rust.is_some_and(|rust| imported == Some(format!("{rust}.{name}")))
        {
            return Ok(Found::AlreadyInRust);
        }
        let said = checked(path, &file, &source, imported)?;
        let own = path.module.split('.').next().unwrap_or_default();
        let is_absolute = source.absolute.iter().any(|top| top == own);
        let mut calls: Vec<Call> = Vec::new();
        for call in source.calls {
            if !calls.contains(&call) {
                calls.push(call);
            }
        }
        Ok(Found::Function(Box::new(Self {
            path: path.clone(),
            is_relative: source.relative || !is_absolute,
            is_simplified: is_simplified(root)?,
            file,
            text,
            said,
            calls,
        })))
    }
}

/// The file of a module, relative to the root.
fn file_of(root: &Utf8Path, path: &FunctionPath) -> Result<Utf8PathBuf> {
    let below = path.module.replace('.', "/");
    let files = [format!("{below}.py"), format!("{below}/__init__.py")];
    let mut places = SOURCES.iter().flat_map(|source| {
        let dir = Utf8Path::new(if *source == "." { "" } else { source });
        files.iter().map(move |file| dir.join(file))
    });
    let found = places.find(|file| disk::is_file(&root.join(file)));
    found.ok_or_else(|| {
        let message = format!(
            "`{root}` has no module `{}`: neither {} nor {}, below src or at the root",
            path.module, files[0], files[1]
        );
        let hint = format!("--function PACKAGE.MODULE:{}", path.function);
        Error::refused(message, hint)
    })
}

/// ruff's configuration files, and where its settings are in them (ruff docs, "Configuring Ruff").
const LINTED: [(&str, &[&str]); 3] = [
    (".ruff.toml", &[]),
    ("ruff.toml", &[]),
    ("pyproject.toml", &["tool", "ruff"]),
];

fn is_simplified(root: &Utf8Path) -> Result<bool> {
    let is_meant = |code: &String| code == "ALL" || "SIM105".starts_with(&**code);
    for (name, settings) in LINTED {
        let path = root.join(name);
        let Some(text) = disk::read_text(&path)? else {
            continue;
        };
        let toml = Toml::parse(&path, &text)?;
        let says = |key: &str| {
            let places = [&["lint", key][..], &[key]];
            places.iter().any(|place| {
                let keys = [settings, place].concat();
                toml.strings(&keys).iter().any(is_meant)
            })
        };
        if says("select") || says("extend-select") {
            return Ok(!says("ignore") && !says("extend-ignore"));
        }
    }
    Ok(false)
}

/// Tests that contain the function's name.
fn callers(root: &Utf8Path, function: &str) -> Vec<Utf8PathBuf> {
    let is_test = |path: &Utf8PathBuf| {
        let name = path.file_stem().unwrap_or_default();
        let is_inside = path
            .components()
            .any(|part| ["test", "tests"].contains(&part.as_str()));
        path.extension() == Some("py")
            && (is_inside || name.starts_with("test") || name.ends_with("test"))
    };
    let has_name = |path: &Utf8PathBuf| {
        let text = disk::read_text(path).ok().flatten();
        text.is_some_and(|text| text.contains(function))
    };
    let tests = disk::kept_files(root).into_iter().filter(is_test);
    let tests = tests.map(|path| root.join(path)).filter(has_name);
    tests.take(MOST_CALLERS).collect()
}

/// The absolute name of a relative import.
fn absolute(said: &str, path: &FunctionPath, file: &Utf8Path) -> String {
    let name = said.trim_start_matches('.');
    let dots = said.len() - name.len();
    if dots == 0 {
        return said.to_owned();
    }
    let mut parts: Vec<&str> = path.module.split('.').collect();
    let up = dots - usize::from(file.file_name() == Some("__init__.py"));
    parts.truncate(parts.len().saturating_sub(up));
    parts.push(name);
    parts.join(".")
}

/// The function, if one in Rust can replace it.
fn checked(
    path: &FunctionPath,
    file: &Utf8Path,
    source: &PythonSource,
    imported: Option<String>,
) -> Result<PythonFunction> {
    let name = &path.function;
    let Some(function) = &source.function else {
        return Err(missing(path, file, source, imported));
    };
    let place = format!("{file}:{}", function.line);
    let why = match (function.kind, &function.decorators[..], source.bound_again) {
        (FunctionKind::Async, ..) => "is async: move the hot part into a plain function".to_owned(),
        (FunctionKind::Generator, ..) => {
            "is a generator: move the hot part into a function that returns a value".to_owned()
        }
        (_, [decorator, ..], _) => {
            format!(
                "is decorated (`{decorator}`), which a Rust function would not be: move the hot part into a plain function"
            )
        }
        (.., Some(line)) => {
            format!("is redefined in line {line}, and that definition would be lost")
        }
        _ => match function.parameters.iter().find(|one| is_unspeakable(one)) {
            Some(one) => format!("has a parameter `{}`, a name that Rust reserves", one.name),
            None => return Ok(function.clone()),
        },
    };
    let hint = format!("cargo pyx init --function {}:ANOTHER", path.module);
    Err(Error::refused(format!("{place}: `{name}` {why}"), hint))
}

/// Words that Rust allows in no form as a parameter (The Rust Reference, "Raw identifiers").
fn is_unspeakable(parameter: &Parameter) -> bool {
    ["self", "Self", "super", "crate", "_"].contains(&&*parameter.name)
}

fn missing(
    path: &FunctionPath,
    file: &Utf8Path,
    source: &PythonSource,
    imported: Option<String>,
) -> Error {
    let FunctionPath { module, function } = path;
    let other = |name: &str| format!("cargo pyx init --function {module}:{name}");
    let InnerDefinition { class, nested } = &source.elsewhere;
    let (why, hint) = match (class, imported, source.bound_again) {
        (Some(class), ..) => (
            format!(
                "`{function}` is a method of `{class}`: move its loop into a function of the module"
            ),
            other("ANOTHER"),
        ),
        (_, Some(imported), _) => {
            let (from, name) = imported.rsplit_once('.').unwrap_or((module, &imported));
            let there = format!("cargo pyx init --function {from}:{name}");
            (format!("`{function}` is imported from `{from}`"), there)
        }
        _ if *nested => (
            format!("`{function}` is not defined at the top level of the module"),
            other("ANOTHER"),
        ),
        (.., Some(line)) => (
            format!("`{function}` in line {line} is not a function defined there"),
            other("ANOTHER"),
        ),
        _ => {
            let known = source.functions.iter().map(String::as_str);
            let near = nearest(function, known).unwrap_or("ANOTHER");
            (format!("there is no function `{function}`"), other(near))
        }
    };
    Error::refused(format!("{file}: {why}"), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_as_entry_points_name_one() {
        let path: FunctionPath = "a.b:c".parse().unwrap();
        assert_eq!((&*path.module, &*path.function), ("a.b", "c"));
        for (text, why) in [
            ("a.b", "a module and a function"),
            ("a.b:C.d", "`d` is a method of `C`"),
            ("a..b:c", "`` is not a Python name"),
            ("a-b:c", "`a-b` is not a Python name"),
        ] {
            let error = text.parse::<FunctionPath>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn ruff_is_obeyed_where_it_is_told_to_simplify() {
        for (name, text, expected) in [
            (
                "pyproject.toml",
                "[tool.ruff.lint]\nselect = [\"E\", \"SIM\"]\n",
                true,
            ),
            ("ruff.toml", "[lint]\nextend-select = [\"ALL\"]\n", true),
            ("ruff.toml", "select = [\"SIM1\"]\n", true),
            (
                "ruff.toml",
                "[lint]\nselect = [\"ALL\"]\nignore = [\"SIM105\"]\n",
                false,
            ),
            ("ruff.toml", "[lint]\nselect = [\"E\", \"SIM9\"]\n", false),
            ("other.toml", "select = [\"SIM\"]\n", false),
        ] {
            let temp = tempfile::tempdir().unwrap();
            let root = Utf8Path::from_path(temp.path()).unwrap();
            disk::write(&root.join(name), text.as_bytes()).unwrap();
            assert_eq!(is_simplified(root).unwrap(), expected, "{name} {text}");
        }
    }

    #[test]
    fn a_relative_name_is_that_of_the_package_around_it() {
        let path: FunctionPath = "a.b:c".parse().unwrap();
        for (said, file, whole) in [
            ("._core.c", "a/b.py", "a._core.c"),
            ("._core.c", "a/b/__init__.py", "a.b._core.c"),
            ("..x.c", "a/b/__init__.py", "a.x.c"),
            ("x.c", "a/b.py", "x.c"),
        ] {
            assert_eq!(absolute(said, &path, Utf8Path::new(file)), whole, "{said}");
        }
    }
}
