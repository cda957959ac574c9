//! What the source says about a Python function.

use serde::Deserialize;

/// What a module's source says about a name.
#[derive(Clone, Debug, Deserialize)]
pub struct PythonSource {
    /// If Python cannot parse it.
    pub problem: Option<SyntaxProblem>,
    /// The last one of that name at the module's top level.
    pub function: Option<PythonFunction>,
    #[serde(default)]
    pub elsewhere: InnerDefinition,
    /// What was imported under the name, dotted.
    pub imported: Option<String>,
    /// The line, from 1, that rebinds the name after the function.
    pub bound_again: Option<usize>,
    /// All functions of the module.
    #[serde(default)]
    pub functions: Vec<String>,
    /// Whether it uses relative imports.
    #[serde(default)]
    pub relative: bool,
    /// The packages that it imports from by absolute names.
    #[serde(default)]
    pub absolute: Vec<String>,
    /// Calls with only literals: each argument as written, with its name if it has one.
    #[serde(default)]
    pub calls: Vec<Vec<(Option<String>, String)>>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct SyntaxProblem {
    /// From 1.
    pub line: usize,
    pub message: String,
}

/// A definition of the function that is not at the module's top level.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct InnerDefinition {
    pub class: Option<String>,
    #[serde(default)]
    pub nested: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub struct PythonFunction {
    /// The line of `def`, from 1.
    pub line: usize,
    /// Its last line.
    pub end: usize,
    pub kind: FunctionKind,
    /// As written.
    pub decorators: Vec<String>,
    pub parameters: Vec<Parameter>,
    pub returns: Option<Annotation>,
    /// The first line of its docstring.
    pub doc: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FunctionKind {
    Plain,
    Async,
    Generator,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Parameter {
    pub name: String,
    pub kind: ParameterKind,
    pub annotation: Option<Annotation>,
    pub default: Option<DefaultValue>,
}

/// In Python's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterKind {
    PositionalOnly,
    Plain,
    Varargs,
    KeywordOnly,
    Keywords,
}

#[derive(Clone, Debug, Deserialize)]
pub struct DefaultValue {
    /// As written.
    pub text: String,
    /// Whether `value` holds it: only `None`, a boolean, a number or a string.
    pub plain: bool,
    pub value: serde_json::Value,
}

/// A type by its full name: `builtins.list`, `typing.Union`, `None` or `...`; empty for one of the project's
/// own, or one that is not a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Annotation {
    pub name: String,
    /// What is in its brackets.
    #[serde(default)]
    pub of: Vec<Annotation>,
}
