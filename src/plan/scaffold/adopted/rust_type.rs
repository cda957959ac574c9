//! What a Python annotation becomes in Rust, and in a stub.

use crate::model::python_function::{Annotation, DefaultValue};

/// Types that PyO3 converts in both directions; all others stay objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RustType {
    Int,
    Float,
    Bool,
    Str,
    Bytes,
    List(Box<RustType>),
    Dict(Box<RustType>, Box<RustType>),
    Tuple(Vec<RustType>),
    /// `tuple[T, ...]`
    Many(Box<RustType>),
    Optional(Box<RustType>),
    None,
    /// A list, a dictionary or a tuple of anything, by its name in `pyo3::types` and in Python.
    Object(&'static str, &'static str),
    Any,
}

/// How PyO3's names are written in a certain place.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    /// The lifetime of objects.
    pub(super) life: &'a str,
    /// The prefix of names from its prelude: `pyo3::` if that is not in scope.
    pub(super) prelude: &'a str,
}

/// PyO3 converts tuples up to this size.
const LONGEST_TUPLE: usize = 12;

impl RustType {
    pub(super) fn of(annotation: &Annotation) -> Self {
        let of = |at: usize| Box::new(Self::of(&annotation.of[at]));
        let bare = ["builtins.", "typing.", "typing_extensions."]
            .iter()
            .find_map(|prefix| annotation.name.strip_prefix(prefix));
        match (bare.unwrap_or(&annotation.name), &annotation.of[..]) {
            ("int", []) => Self::Int,
            ("float", []) => Self::Float,
            ("bool", []) => Self::Bool,
            ("str", []) => Self::Str,
            ("bytes", []) => Self::Bytes,
            ("None", []) => Self::None,
            ("list" | "List", [_]) => Self::List(of(0)),
            ("list" | "List", []) => Self::Object("PyList", "list"),
            ("dict" | "Dict", [key, _]) if Self::of(key).is_key() => Self::Dict(of(0), of(1)),
            ("dict" | "Dict", _) => Self::Object("PyDict", "dict"),
            ("tuple" | "Tuple", [_, rest]) if rest.name == "..." => Self::Many(of(0)),
            ("tuple" | "Tuple", parts) if (1..=LONGEST_TUPLE).contains(&parts.len()) => {
                Self::Tuple(parts.iter().map(Self::of).collect())
            }
            ("tuple" | "Tuple", _) => Self::Object("PyTuple", "tuple"),
            ("Optional", [inner]) => Self::of(inner).optional(),
            ("Union", _) => Self::union(annotation),
            _ => Self::Any,
        }
    }

    pub(super) fn optional(self) -> Self {
        match self {
            Self::Optional(_) => self,
            Self::None => Self::Optional(Box::new(Self::Any)),
            other => Self::Optional(Box::new(other)),
        }
    }

    /// One type, or that and `None`; all others are anything.
    fn union(annotation: &Annotation) -> Self {
        let mut found: Vec<Self> = Vec::new();
        let mut waiting: Vec<&Annotation> = annotation.of.iter().rev().collect();
        while let Some(one) = waiting.pop() {
            if one.name == "typing.Union" {
                waiting.extend(one.of.iter().rev());
            } else {
                found.push(Self::of(one));
            }
        }
        let all = found.len();
        found.retain(|one| *one != Self::None);
        match &found[..] {
            [one] if all > 1 => one.clone().optional(),
            [one] => one.clone(),
            _ => Self::Any,
        }
    }

    /// Whether a Rust map can have it as keys.
    fn is_key(&self) -> bool {
        match self {
            Self::Int | Self::Bool | Self::Str | Self::Bytes => true,
            Self::Tuple(parts) => parts.iter().all(Self::is_key),
            _ => false,
        }
    }

    /// As a parameter's type: borrowed if PyO3 can lend it.
    pub(super) fn taken(&self, names: Names) -> String {
        match self {
            Self::Str => "&str".into(),
            Self::Bytes => "&[u8]".into(),
            Self::Optional(inner) => format!("Option<{}>", inner.taken(names)),
            Self::Many(inner) => format!("Vec<{}>", inner.owned(names)),
            Self::Object(..) | Self::Any | Self::None => format!("&{}", self.owned(names)),
            other => other.owned(names),
        }
    }

    /// As a return type, and inside others.
    pub(super) fn owned(&self, names: Names) -> String {
        match self {
            Self::Int => "i64".into(),
            Self::Float => "f64".into(),
            Self::Bool => "bool".into(),
            Self::Str => "String".into(),
            Self::Bytes => "Vec<u8>".into(),
            Self::List(inner) => format!("Vec<{}>", inner.owned(names)),
            Self::Dict(key, value) => {
                let (key, value) = (key.owned(names), value.owned(names));
                format!("std::collections::HashMap<{key}, {value}>")
            }
            Self::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(|one| one.owned(names)).collect();
                let comma = if parts.len() == 1 { "," } else { "" };
                format!("({}{comma})", parts.join(", "))
            }
            Self::Many(_) => object("types::PyTuple", names),
            Self::Optional(inner) => format!("Option<{}>", inner.owned(names)),
            Self::Object(name, _) => object(&format!("types::{name}"), names),
            Self::Any | Self::None => object("PyAny", names),
        }
    }

    /// In a stub.
    pub(super) fn stub(&self) -> String {
        match self {
            Self::Int => "int".into(),
            Self::Float => "float".into(),
            Self::Bool => "bool".into(),
            Self::Str => "str".into(),
            Self::Bytes => "bytes".into(),
            Self::List(inner) => format!("list[{}]", inner.stub()),
            Self::Dict(key, value) => format!("dict[{}, {}]", key.stub(), value.stub()),
            Self::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(Self::stub).collect();
                format!("tuple[{}]", parts.join(", "))
            }
            Self::Many(inner) => format!("tuple[{}, ...]", inner.stub()),
            Self::Optional(inner) => format!("{} | None", inner.stub()),
            Self::None => "None".into(),
            Self::Object(_, name) => (*name).into(),
            Self::Any => "Any".into(),
        }
    }

    /// A default value in Rust, if the type has it.
    pub(super) fn value(&self, default: &DefaultValue) -> Option<String> {
        let value = default.plain.then_some(&default.value)?;
        match self {
            Self::Optional(_) if value.is_null() => Some("None".into()),
            Self::Optional(inner) => Some(format!("Some({})", inner.value(default)?)),
            Self::Int => value.as_i64().map(|number| number.to_string()),
            Self::Float => value.as_f64().map(|number| format!("{number:?}")),
            Self::Bool => value.as_bool().map(|is| is.to_string()),
            Self::Str => value.as_str().map(|text| format!("{text:?}")),
            _ => None,
        }
    }
}

fn object(name: &str, names: Names) -> String {
    let Names { life, prelude } = names;
    let path = if name == "PyAny" { prelude } else { "pyo3::" };
    format!("{prelude}Bound<{life}, {path}{name}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> RustType {
        RustType::of(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn what_may_be_left_out_is_optional_also_where_it_is_only_none() {
        let names = Names {
            life: "'_",
            prelude: "",
        };
        for (of, taken) in [
            (RustType::Int, "Option<i64>"),
            (RustType::None, "Option<&Bound<'_, PyAny>>"),
            (RustType::Int.optional(), "Option<i64>"),
        ] {
            assert_eq!(of.optional().taken(names), taken);
        }
    }

    #[test]
    fn annotations_are_types_as_far_as_they_say_one() {
        let int = r#"{"name": "builtins.int"}"#;
        let text = r#"{"name": "builtins.str"}"#;
        let none = r#"{"name": "None"}"#;
        let of = |name: &str, parts: &[&str]| {
            format!(r#"{{"name": "{name}", "of": [{}]}}"#, parts.join(", "))
        };
        let rest = r#"{"name": "..."}"#;
        let float = r#"{"name": "builtins.float"}"#;
        for (json, taken, owned, stub) in [
            (int.to_owned(), "i64", "i64", "int"),
            (text.to_owned(), "&str", "String", "str"),
            (
                of("typing.List", &[text]),
                "Vec<String>",
                "Vec<String>",
                "list[str]",
            ),
            (
                of("builtins.dict", &[text, float]),
                "std::collections::HashMap<String, f64>",
                "std::collections::HashMap<String, f64>",
                "dict[str, float]",
            ),
            (
                of("builtins.dict", &[float, text]),
                "&Bound<'_, pyo3::types::PyDict>",
                "Bound<'_, pyo3::types::PyDict>",
                "dict",
            ),
            (
                of("builtins.tuple", &[int, text]),
                "(i64, String)",
                "(i64, String)",
                "tuple[int, str]",
            ),
            (
                of("builtins.tuple", &[int]),
                "(i64,)",
                "(i64,)",
                "tuple[int]",
            ),
            (
                of("builtins.tuple", &[int, rest]),
                "Vec<i64>",
                "Bound<'_, pyo3::types::PyTuple>",
                "tuple[int, ...]",
            ),
            (
                of("typing.Union", &[none, text]),
                "Option<&str>",
                "Option<String>",
                "str | None",
            ),
            (
                of("typing.Optional", &[int]),
                "Option<i64>",
                "Option<i64>",
                "int | None",
            ),
            (
                of("typing.Union", &[int, text]),
                "&Bound<'_, PyAny>",
                "Bound<'_, PyAny>",
                "Any",
            ),
            (
                r#"{"name": ""}"#.to_owned(),
                "&Bound<'_, PyAny>",
                "Bound<'_, PyAny>",
                "Any",
            ),
            // a class of the project that is called as one of Python's
            (
                r#"{"name": "a.int"}"#.to_owned(),
                "&Bound<'_, PyAny>",
                "Bound<'_, PyAny>",
                "Any",
            ),
        ] {
            let read = read(&json);
            let names = Names {
                life: "'_",
                prelude: "",
            };
            assert_eq!(
                (&*read.taken(names), &*read.owned(names), &*read.stub()),
                (taken, owned, stub),
                "{json}"
            );
        }
    }
}
