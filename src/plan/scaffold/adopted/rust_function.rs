//! A Rust function with the signature of a Python one, and no body.

use camino::Utf8Path;

use crate::facts::adoption::HotFunction;
use crate::model::python_function::{Parameter, ParameterKind};

use super::rust_type::{Names, RustType};

/// rustfmt's line width.
const WIDTH: usize = 100;

/// clippy warns about more.
const MOST_ARGUMENTS: usize = 7;

/// Rust keywords that are valid Python names (The Rust Reference, "Keywords").
const WORDS: &str = "abstract become box const do dyn enum extern final fn gen impl let loop macro match mod \
    move mut override priv pub ref static struct trait type typeof unsafe unsized use virtual where";

/// Names that no Rust function may have: PyO3's macro makes a module from each, in which the generated code
/// names crates and types, and the others are path keywords.
const MEANT: [&str; 15] = [
    "_", "alloc", "bool", "core", "crate", "f64", "i64", "pyo3", "pyo3_ffi", "self", "std", "str",
    "super", "u8", "usize",
];

/// Names for the token that proves that Python is attached; the first that no parameter has is used.
const TOKENS: [&str; 4] = ["py", "python", "token", "py_token"];

pub(super) struct RustFunction<'a> {
    hot: &'a HotFunction,
    /// Its name in Rust.
    pub(super) name: String,
    parameters: Vec<RustParameter<'a>>,
    returned: Option<RustType>,
}

struct RustParameter<'a> {
    said: &'a Parameter,
    name: String,
    kind: RustType,
    /// In Rust, and whether it stands in for a different Python value.
    default: Option<(String, bool)>,
}

impl<'a> RustFunction<'a> {
    pub(super) fn of(hot: &'a HotFunction) -> Self {
        let returned = hot.said.returns.as_ref();
        let name = &hot.path.function;
        let lower = name.to_lowercase();
        let is_word = WORDS.split_whitespace().any(|word| word == lower);
        Self {
            name: if is_word || MEANT.contains(&&*lower) {
                format!("{lower}_")
            } else {
                lower
            },
            parameters: hot.said.parameters.iter().map(RustParameter::of).collect(),
            returned: Some(returned.map_or(RustType::Any, RustType::of))
                .filter(|kind| *kind != RustType::None),
            hot,
        }
    }

    /// `file`: where it goes. `prelude`: as in [`Names`].
    pub(super) fn text(&self, file: &Utf8Path, prelude: &str) -> String {
        let gives_object = self.gives_object();
        let life = if gives_object { "'py" } else { "'_" };
        let names = Names { life, prelude };
        let py = gives_object.then(|| (self.token(), format!("{prelude}Python<'py>")));
        let own = self
            .parameters
            .iter()
            .map(|one| (one.name.clone(), one.taken(names)));
        let all: Vec<(String, String)> = py.into_iter().chain(own).collect();
        let mut lines: Vec<String> = self.docs().iter().map(|line| comment(line)).collect();
        lines.extend(self.attributes(prelude));
        let generics = if gives_object { "<'py>" } else { "" };
        let returned = self.returned.as_ref().map(|kind| kind.owned(names));
        let result = format!("{prelude}PyResult<{}>", returned.as_deref().unwrap_or("()"));
        lines.extend(head(&format!("fn {}{generics}", self.name), &all, &result));
        lines.extend(self.body(file, &all));
        lines.push("}".into());
        lines.join("\n") + "\n"
    }

    /// Whether the return value contains a Python object.
    fn gives_object(&self) -> bool {
        let (life, prelude) = ("'py", "");
        let owned = |kind: &RustType| kind.owned(Names { life, prelude });
        let returned = self.returned.as_ref().map(owned);
        returned.is_some_and(|kind| kind.contains(life))
    }

    fn token(&self) -> String {
        let is_free = |name: &&str| self.parameters.iter().all(|one| one.name != **name);
        let token = TOKENS.into_iter().find(is_free).unwrap_or("_py");
        token.to_owned()
    }

    fn docs(&self) -> Vec<String> {
        let path = &self.hot.path;
        let first = match &*self.hot.said.doc {
            "" => format!("As `{}.{}` in Python.", path.module, path.function),
            said => said.to_owned(),
        };
        let mut docs = vec![first];
        for one in &self.parameters {
            if let (Some((_, true)), Some(default)) = (&one.default, &one.said.default) {
                docs.push(String::new());
                let text = default
                    .text
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ");
                docs.push(format!("`{}`: `None` stands for `{text}`.", one.said.name));
            }
        }
        docs
    }

    fn attributes(&self, prelude: &str) -> Vec<String> {
        let mut attributes = vec![format!("#[{prelude}pyfunction]")];
        if self.name != self.hot.path.function {
            attributes.push(format!("#[pyo3(name = \"{}\")]", self.hot.path.function));
        }
        if let Some(signature) = self.signature() {
            attributes.push(format!("#[pyo3(signature = ({signature}))]"));
        }
        let py = usize::from(self.gives_object());
        if self.parameters.len() + py > MOST_ARGUMENTS {
            attributes
                .push(r#"#[expect(clippy::too_many_arguments, reason = "as in Python")]"#.into());
        }
        let is_snake = |one: &RustParameter| one.said.name == one.said.name.to_lowercase();
        if !self.parameters.iter().all(is_snake) {
            attributes.push(r#"#[expect(non_snake_case, reason = "as in Python")]"#.into());
        }
        attributes
    }

    /// What PyO3 cannot infer: `None` if all arguments are required, and positional or keyword.
    fn signature(&self) -> Option<String> {
        let is_plain = |one: &RustParameter| {
            one.said.kind == ParameterKind::Plain && one.said.default.is_none()
        };
        if self.parameters.iter().all(is_plain) {
            return None;
        }
        let names = self
            .parameters
            .iter()
            .map(|one| (one.said.kind, one.signature()));
        Some(separated(names).join(", "))
    }

    fn body(&self, file: &Utf8Path, all: &[(String, String)]) -> Vec<String> {
        let HotFunction {
            path,
            file: python,
            said,
            ..
        } = self.hot;
        let sentence = format!(
            "write `{}` in {file}: its Python is in {python}:{}",
            path.function, said.line
        );
        let sentence = sentence.replace(['{', '}'], "");
        let names: Vec<&str> = all.iter().map(|(name, _)| &**name).collect();
        let unused = match &names[..] {
            [] => None,
            [one] => Some(format!("    let _ = {one};")),
            _ => Some(format!("    let _ = ({});", names.join(", "))),
        };
        let mut lines: Vec<String> = unused.into_iter().collect();
        let whole = format!("    todo!({sentence:?})");
        if whole.len() <= WIDTH {
            lines.push(whole);
        } else {
            lines.extend([
                "    todo!(".into(),
                format!("        {sentence:?}"),
                "    )".into(),
            ]);
        }
        lines
    }
}

impl<'a> RustParameter<'a> {
    fn of(said: &'a Parameter) -> Self {
        let kind = said.annotation.as_ref().map_or(RustType::Any, RustType::of);
        let is_word = WORDS.split_whitespace().any(|word| word == said.name);
        let mut one = Self {
            name: if is_word {
                format!("r#{}", said.name)
            } else {
                said.name.clone()
            },
            kind,
            said,
            default: None,
        };
        if let Some(default) = &said.default {
            let value = one.kind.value(default);
            if value.is_none() {
                one.kind = one.kind.optional();
            }
            let is_other = value.is_none() && !(default.plain && default.value.is_null());
            one.default = Some((value.unwrap_or("None".to_owned()), is_other));
        }
        one
    }

    fn taken(&self, names: Names) -> String {
        match self.said.kind {
            ParameterKind::Varargs => RustType::Object("PyTuple", "tuple").taken(names),
            ParameterKind::Keywords => RustType::Object("PyDict", "dict").optional().taken(names),
            _ => self.kind.taken(names),
        }
    }

    fn signature(&self) -> String {
        match (self.said.kind, &self.default) {
            (ParameterKind::Varargs, _) => format!("*{}", self.name),
            (ParameterKind::Keywords, _) => format!("**{}", self.name),
            (_, Some((default, _))) => format!("{}={default}", self.name),
            (_, None) => self.name.clone(),
        }
    }
}

/// With `/` after positional-only parameters, and `*` before keyword-only ones.
pub(super) fn separated(names: impl Iterator<Item = (ParameterKind, String)>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut before = None;
    for (kind, name) in names {
        if before == Some(ParameterKind::PositionalOnly) && kind != ParameterKind::PositionalOnly {
            all.push("/".into());
        }
        if kind == ParameterKind::KeywordOnly && before < Some(ParameterKind::Varargs) {
            all.push("*".into());
        }
        all.push(name);
        before = Some(kind);
    }
    if before == Some(ParameterKind::PositionalOnly) {
        all.push("/".into());
    }
    all
}

fn comment(line: &str) -> String {
    format!("/// {line}").trim_end().to_owned()
}

/// As rustfmt formats it.
fn head(start: &str, all: &[(String, String)], result: &str) -> Vec<String> {
    let parts: Vec<String> = all
        .iter()
        .map(|(name, kind)| format!("{name}: {kind}"))
        .collect();
    let whole = format!("{start}({}) -> {result} {{", parts.join(", "));
    if whole.len() <= WIDTH {
        return vec![whole];
    }
    let mut lines = vec![format!("{start}(")];
    lines.extend(parts.iter().map(|part| format!("    {part},")));
    lines.push(format!(") -> {result} {{"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, parameters: &str) -> String {
        let parameters = parameters.split_whitespace().map(|name| {
            format!(r#"{{"name": "{name}", "kind": "plain", "annotation": null, "default": null}}"#)
        });
        let parameters: Vec<String> = parameters.collect();
        let said = format!(
            r#"{{"line": 1, "end": 2, "kind": "plain", "decorators": [], "returns": null, "doc": "",
                "parameters": [{}]}}"#,
            parameters.join(", ")
        );
        let hot = HotFunction {
            path: format!("a.b:{name}").parse().unwrap(),
            file: "a/b.py".into(),
            text: String::new(),
            said: serde_json::from_str(&said).unwrap(),
            calls: Vec::new(),
            is_relative: true,
            is_simplified: false,
        };
        RustFunction::of(&hot).text("src/lib.rs".into(), "pyo3::")
    }

    #[test]
    fn a_function_is_called_otherwise_where_rust_means_another_by_its_name() {
        // PyO3's macro makes a module of the function's name, which then stands for crates and types
        for name in [
            "std", "core", "pyo3", "i64", "str", "bool", "loop", "crate", "super", "_",
        ] {
            let text = text(name, "");
            let named = format!("#[pyo3(name = \"{name}\")]\n");
            assert!(text.contains(&named), "{text}");
            assert!(text.contains(&format!("\nfn {name}_<'py>(")), "{text}");
        }
        let text = text("steps", "std i64");
        assert!(!text.contains("name = "), "{text}");
    }

    #[test]
    fn the_token_has_a_name_that_no_parameter_has() {
        for (parameters, token) in [("n", "py"), ("py n", "python"), ("python py", "token")] {
            let text = text("steps", parameters);
            let head = format!("fn steps<'py>({token}: pyo3::Python<'py>, ");
            let head = text.replace("\n    ", "").contains(&head)
                || text.contains(&format!(
                    "fn steps<'py>(\n    {token}: pyo3::Python<'py>,\n"
                ));
            assert!(head, "{text}");
        }
    }
}
