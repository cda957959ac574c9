//! What the source says about a Python function.

use serde::Deserialize;

/// A module, and what stands in it under a name.
#[derive(Clone, Debug, Deserialize)]
pub struct PythonSource {
    /// Where Python cannot read it.
    pub problem: Option<SyntaxProblem>,
    /// The last one of the name that stands in the module itself.
    pub function: Option<PythonFunction>,
    #[serde(default)]
    pub elsewhere: InnerDefinition,
    /// What was imported under the name, dotted.
    pub imported: Option<String>,
    /// The line, from 1, that gives the name another meaning after the function.
    pub bound_again: Option<usize>,
    /// All functions of the module.
    #[serde(default)]
    pub functions: Vec<String>,
    /// Whether it imports by relative names.
    #[serde(default)]
    pub relative: bool,
    /// The packages that it imports from by whole names.
    #[serde(default)]
    pub absolute: Vec<String>,
    /// Calls with nothing but literals: each argument with its name, where it has one, as it is written.
    #[serde(default)]
    pub calls: Vec<Vec<(Option<String>, String)>>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct SyntaxProblem {
    /// From 1.
    pub line: usize,
    pub message: String,
}

/// Where a function stands that the module itself has not.
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
    /// Its last.
    pub end: usize,
    pub kind: FunctionKind,
    /// As they are written.
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

/// In the order in which Python has them.
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
    /// As it is written.
    pub text: String,
    /// Whether `value` holds it: nothing but `None`, a truth value, a number or a text.
    pub plain: bool,
    pub value: serde_json::Value,
}

/// A type by its whole name: `builtins.list`, `typing.Union`, `None` or `...`; empty for one of the
/// project's own, or one that is no name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Annotation {
    pub name: String,
    /// What stands in its brackets.
    #[serde(default)]
    pub of: Vec<Annotation>,
}
