//! A function of a package with its Rust twin: what imports it, what compares the two, and the stub.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::adoption::{
    Adoption, Call, HotFunction, ModuleKind, ModulePlace, PythonPackage, RustDistribution,
    RustModule,
};
use crate::facts::dependencies::TestRunner;
use crate::facts::suites::TestPlace;
use crate::model::error::Result;
use crate::model::python_function::{Parameter, ParameterKind};

use super::super::render::render;
use super::file_change::{FileChange, RUST, made};
use super::rust_function::{RustFunction, separated};
use super::rust_type::RustType;
use super::{distribution, package};

/// The default line width of the strictest Python linter.
const WIDTH: usize = 79;

/// More calls do not make a better test.
const MOST_CALLS: usize = 10;

impl Adoption {
    /// What a package gets, with its function in place of the example.
    pub(super) fn of_package(&self, package: &PythonPackage) -> Result<Vec<FileChange>> {
        let mut files = package::files(package, &self.there, &self.tests)?;
        let Some(function) = &self.function else {
            return Ok(files);
        };
        let twin = AlreadyInRust {
            function,
            dotted: format!("{}.{}", package.name, package.leaf),
        };
        let example = package::test_path(package, &self.there, &self.tests);
        files.retain(|file| file.path != example);
        let lib = format!("{RUST}src/lib.rs");
        for file in &mut files {
            let is_stub = file.path.extension() == Some("pyi");
            if file.path == lib {
                file.after = Some(twin.crate_root(&package.distribution, &file.path));
            } else if is_stub {
                file.after = Some(twin.stub());
            }
        }
        files.extend(twin.beside(&self.there, &self.tests));
        Ok(files)
    }

    /// What a package that keeps its build backend gets, with its function in the new distribution.
    pub(super) fn of_distribution(&self, beside: &RustDistribution) -> Result<Vec<FileChange>> {
        let mut files = distribution::files(beside)?;
        let Some(function) = &self.function else {
            return Ok(files);
        };
        let twin = AlreadyInRust {
            function,
            dotted: beside.module.module.clone(),
        };
        for file in &mut files {
            let text = file.after.clone().unwrap_or_default();
            if file.path.extension() == Some("pyi") {
                file.after = Some(twin.with_stub(&text));
            } else if let Some(place) = ModulePlace::of(&text)
                && file.path.extension() == Some("rs")
            {
                file.after = Some(twin.with_function(&text, &file.path, &place));
            }
        }
        files.extend(twin.beside(&self.there, &self.tests));
        Ok(files)
    }

    /// What an existing module gets.
    pub(super) fn in_module(&self, module: &RustModule) -> Vec<FileChange> {
        let Some(function) = &self.function else {
            return Vec::new();
        };
        let twin = AlreadyInRust {
            function,
            dotted: module.dotted.clone(),
        };
        let mut files = vec![FileChange {
            path: module.file.clone(),
            before: Some(module.text.clone()),
            after: Some(twin.with_function(&module.text, &module.file, &module.place)),
        }];
        if let Some((path, text)) = &module.stub {
            files.push(FileChange {
                path: path.clone(),
                before: Some(text.clone()),
                after: Some(twin.with_stub(text)),
            });
        }
        files.extend(twin.beside(&self.there, &self.tests));
        files
    }
}

struct AlreadyInRust<'a> {
    function: &'a HotFunction,
    /// The Rust module, as Python imports it.
    dotted: String,
}

impl AlreadyInRust<'_> {
    fn name(&self) -> &str {
        &self.function.path.function
    }

    /// The second name of the Python function.
    fn alias(&self) -> String {
        format!("_{}_python", self.name().trim_matches('_'))
    }

    /// A library with only the function.
    fn crate_root(&self, distribution: &str, file: &Utf8Path) -> String {
        let rust = RustFunction::of(self.function);
        let (_, leaf) = self.dotted.rsplit_once('.').unwrap_or(("", &self.dotted));
        let values = [
            (
                "description",
                format!("The Rust half of the Python package {distribution}"),
            ),
            ("dotted", self.dotted.clone()),
            ("function", rust.text(file, "").trim_end().to_owned()),
            ("leaf", leaf.to_owned()),
            ("name", rust.name.clone()),
        ];
        render(template!("adopted/function.rs"), &values)
    }

    /// A library with the function before its module, and a line in that.
    fn with_function(&self, text: &str, file: &Utf8Path, place: &ModulePlace) -> String {
        let rust = RustFunction::of(self.function);
        let has_prelude = text.lines().any(|line| line == "use pyo3::prelude::*;");
        let prelude = if has_prelude { "" } else { "pyo3::" };
        let function = rust.text(file, prelude);
        let name = &rust.name;
        let (head, rest) = text.split_at(place.before);
        let (middle, end) = rest.split_at(place.end - place.before);
        let line = match &place.kind {
            ModuleKind::Declared => {
                let gap = if middle.ends_with("{\n") { "" } else { "\n" };
                format!("{gap}    #[pymodule_export]\n    use super::{name};\n")
            }
            ModuleKind::Called(module) if has_prelude => {
                format!("    {module}.add_function(wrap_pyfunction!({name}, {module})?)?;\n")
            }
            ModuleKind::Called(module) => format!(
                "    pyo3::types::PyModuleMethods::add_function({module}, pyo3::wrap_pyfunction!({name}, {module})?)?;\n"
            ),
        };
        format!("{head}{function}\n{middle}{line}{end}")
    }

    /// A stub with only the function.
    fn stub(&self) -> String {
        let name = self.name();
        let text = self.declared();
        let any = if text.contains("Any") {
            "from typing import Any\n\n"
        } else {
            ""
        };
        format!("{any}__all__ = [\"{name}\"]\n\n{text}")
    }

    /// A stub with the function at its end.
    fn with_stub(&self, text: &str) -> String {
        let declared = self.declared();
        let any = if declared.contains("Any") && !text.contains("import Any") {
            "from typing import Any\n\n"
        } else {
            ""
        };
        let all = if text.contains("__all__") {
            format!("__all__ += [\"{}\"]\n\n", self.name())
        } else {
            String::new()
        };
        format!("{any}{}\n\n{all}{declared}", text.trim_end())
    }

    fn declared(&self) -> String {
        let said = &self.function.said;
        let names = said
            .parameters
            .iter()
            .map(|one| (one.kind, declared_parameter(one)));
        let parts = separated(names);
        let returned = said.returns.as_ref().map(|one| RustType::of(one).stub());
        let returned = returned
            .map(|kind| format!(" -> {kind}"))
            .unwrap_or_default();
        let start = format!("def {}", self.name());
        let head = call(&start, &parts, &format!("{returned}:"));
        let doc = &said.doc;
        if doc.is_empty() || doc.contains(['\\', '"']) {
            return format!("{head} ...\n");
        }
        format!("{head}\n    \"\"\"{doc}\"\"\"\n")
    }

    /// Everything but the crate and the stub.
    fn beside(&self, there: &BTreeSet<Utf8PathBuf>, tests: &TestPlace) -> Vec<FileChange> {
        let HotFunction { file, text, .. } = self.function;
        let (_, module) = self.module();
        let free = |place: &dyn Fn(&str) -> Utf8PathBuf| {
            let name = self.name().trim_matches('_');
            let names = [name.to_owned(), format!("{module}_{name}")];
            let paths = names.map(|one| place(&format!("{one}_in_rust")));
            let free = paths.iter().find(|path| !there.contains(*path));
            free.unwrap_or(&paths[0]).clone()
        };
        let calls = self.calls();
        let values = self.values(&calls);
        let test = match tests.runner {
            TestRunner::Pytest => template!("adopted/test_function.py"),
            TestRunner::Unittest | TestRunner::Stestr => template!("adopted/case_function.py"),
        };
        vec![
            FileChange {
                path: file.clone(),
                before: Some(text.clone()),
                after: Some(self.with_import(text)),
            },
            made(free(&|about| tests.file(about)), render(test, &values)),
            // pytest looks for `test_*.py`, and its fixture `benchmark` is only there for the recipe
            made(
                free(&|about| format!("benchmarks/bench_{about}.py").into()),
                render(template!("adopted/bench_function.py"), &values),
            ),
        ]
    }

    fn module(&self) -> (&str, &str) {
        let module = &self.function.path.module;
        module.rsplit_once('.').unwrap_or(("", module))
    }

    fn values(&self, calls: &[String]) -> Vec<(&'static str, String)> {
        let lines: Vec<String> = calls.iter().map(|one| format!("    ({one}),\n")).collect();
        // the longest is as good a guess as any at what takes longest
        let longest = calls.iter().max_by_key(|text| text.len()).cloned();
        let asked = format!(
            "def test_calls_are_given():\n    assert CALLS, \"add calls of `{}` to CALLS\"\n\n\n",
            self.name()
        );
        let (list, asked) = match &lines[..] {
            [] => ("CALLS = []".to_owned(), asked),
            lines => (format!("CALLS = [\n{}]", lines.concat()), String::new()),
        };
        vec![
            ("alias", self.alias()),
            ("arguments", longest.unwrap_or_else(|| "(), {}".to_owned())),
            ("asked", asked),
            ("calls", list),
            ("dotted", self.dotted.clone()),
            ("module", self.function.path.module.clone()),
            ("name", self.name().to_owned()),
            ("test", self.name().trim_matches('_').to_owned()),
        ]
    }

    /// Positional and keyword arguments, those first that fit on one line.
    fn calls(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.function.calls.iter().map(arguments).collect();
        texts.retain(|text| text.len() + "    (),".len() <= WIDTH);
        texts.truncate(MOST_CALLS);
        texts
    }

    /// The module with the import after its function.
    fn with_import(&self, text: &str) -> String {
        let is_comment =
            |line: &&str| line.starts_with([' ', '\t']) && line.trim_start().starts_with('#');
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let end = self.function.said.end.min(lines.len());
        let end = end
            + lines[end..]
                .iter()
                .take_while(|line| is_comment(line))
                .count();
        let before = lines[..end].concat();
        let noqa = if self.function.is_simplified {
            "  # noqa: SIM105"
        } else {
            ""
        };
        let values = [
            ("alias", self.alias()),
            ("from", self.imported_from()),
            ("noqa", noqa.to_owned()),
            ("name", self.name().to_owned()),
        ];
        let import = render(template!("adopted/import.py"), &values);
        let before = before.trim_end_matches(['\r', '\n']);
        let rest = lines[end..].concat();
        // as many lines as Python's formatters have around a function
        let gap = if rest.trim().is_empty() || rest.starts_with(['\r', '\n']) {
            ""
        } else {
            "\n\n"
        };
        format!("{before}\n\n\n{import}{gap}{rest}")
    }

    /// The Rust module, in the form in which the module imports from its package.
    fn imported_from(&self) -> String {
        let own: Vec<&str> = self.function.path.module.split('.').collect();
        let rust: Vec<&str> = self.dotted.split('.').collect();
        let is_package = self.function.file.file_name() == Some("__init__.py");
        let around = &own[..own.len() - usize::from(!is_package)];
        let shared = around.iter().zip(&rust).take_while(|(a, b)| a == b).count();
        if shared == 0 || !self.function.is_relative {
            return self.dotted.clone();
        }
        let dots = ".".repeat(around.len() - shared + 1);
        format!("{dots}{}", rust[shared..].join("."))
    }
}

/// `(1, "a"), {"limit": 3}`
fn arguments(call: &Call) -> String {
    let placed: Vec<&str> = call
        .iter()
        .filter(|(name, _)| name.is_none())
        .map(|(_, text)| &**text)
        .collect();
    let named = call.iter().filter_map(|(name, text)| {
        let name = name.as_ref()?;
        Some(format!("\"{name}\": {text}"))
    });
    let named: Vec<String> = named.collect();
    let comma = if placed.len() == 1 { "," } else { "" };
    format!("({}{comma}), {{{}}}", placed.join(", "), named.join(", "))
}

fn declared_parameter(said: &Parameter) -> String {
    let stars = match said.kind {
        ParameterKind::Varargs => "*",
        ParameterKind::Keywords => "**",
        _ => "",
    };
    let kind = said.annotation.as_ref().map(|one| RustType::of(one).stub());
    let kind = kind.map(|kind| format!(": {kind}")).unwrap_or_default();
    let default = said.default.as_ref().map(|default| {
        let is_short = default.plain && !default.text.contains('\n');
        let value = if is_short { &*default.text } else { "..." };
        let equal = if kind.is_empty() { "=" } else { " = " };
        format!("{equal}{value}")
    });
    format!("{stars}{}{kind}{}", said.name, default.unwrap_or_default())
}

/// As Python formatters format it.
fn call(start: &str, parts: &[String], end: &str) -> String {
    let whole = format!("{start}({}){end}", parts.join(", "));
    if whole.len() <= WIDTH || parts.is_empty() {
        return whole;
    }
    let lines: Vec<String> = parts.iter().map(|part| format!("    {part},\n")).collect();
    format!("{start}(\n{}){end}", lines.concat())
}
