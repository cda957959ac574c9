//! An existing Rust module, and where it takes another function.

use std::ops::Range;
use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

use crate::facts::project::{Member, Project, Selection, package_folder};
use crate::model::error::{Error, Result};
use crate::model::path::shown;
use crate::world::disk;
use crate::world::session::Session;

#[derive(Debug)]
pub struct RustModule {
    /// The distribution's name.
    pub name: String,
    /// What Python imports.
    pub dotted: String,
    /// The library's main file, relative to the root, and its content.
    pub file: Utf8PathBuf,
    pub text: String,
    pub place: ModulePlace,
    /// The stub, relative to the root, and its content; `None` if there is none.
    pub stub: Option<(Utf8PathBuf, String)>,
}

/// Where a `#[pymodule]` takes a function: offsets into the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModulePlace {
    /// Before it and its comments, for the function itself.
    pub before: usize,
    /// Where the line goes that makes it part of the module.
    pub end: usize,
    pub kind: ModuleKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleKind {
    /// `mod name { … }`
    Declared,
    /// `fn name(m: &Bound<'_, PyModule>) -> PyResult<()> { … }`, with its name for the module.
    Called(String),
}

impl RustModule {
    /// That of the project at `root`, absolute.
    ///
    /// # Errors
    /// [`Error::Refused`] if none can take a function.
    pub(super) fn read(session: &Session, root: &Utf8Path) -> Result<Self> {
        let selection = Selection {
            manifest: Some(root.join("pyproject.toml")),
            ..Selection::default()
        };
        let project = Project::discover(session, &selection)?;
        let is_module = |member: &&Member| member.bindings.is_pyo3() && member.lib.is_some();
        let mut members = project.members.iter().filter(is_module);
        let (Some(member), None) = (members.next(), members.next()) else {
            let message = format!("`{root}` does not hold exactly one PyO3 module");
            let hint =
                "cargo pyx init --function …, in the folder of the package that has the module";
            return Err(Error::refused(message, hint));
        };
        Self::of(root, member)
    }

    /// Whether its file has a function with that name.
    pub(super) fn has_function(&self, name: &str) -> bool {
        let tokens = TokenStream::from_str(&self.text).into_iter().flatten();
        let tokens: Vec<TokenTree> = tokens.collect();
        tokens
            .windows(2)
            .any(|pair| is_word(&pair[0], "fn") && is_word(&pair[1], name))
    }

    fn of(root: &Utf8Path, member: &Member) -> Result<Self> {
        let cargo = &member.cargo;
        let path = cargo.toml.str(&["lib", "path"]).unwrap_or("src/lib.rs");
        let path = cargo.dir().join(path);
        let text = disk::read_text(&path)?.unwrap_or_default();
        let below = |path: &Utf8Path| shown(root, path);
        let file = below(&path);
        let place = place_in(&text).ok_or_else(|| {
            let message = format!("{file}: no `#[pymodule]` can take the function");
            Error::refused(message, "#[pymodule]\nmod NAME {}")
        })?;
        let (_, leaf) = member
            .module
            .rsplit_once('.')
            .unwrap_or(("", &member.module));
        let folder = package_folder(member).filter(|_| member.module.contains('.'));
        let stub = folder
            .unwrap_or_else(|| member.dir.clone())
            .join(format!("{leaf}.pyi"));
        let there = disk::read_text(&stub)?;
        Ok(Self {
            name: member.name.clone(),
            dotted: member.module.clone(),
            stub: there.map(|text| (below(&stub), text)),
            file,
            text,
            place,
        })
    }
}

impl ModulePlace {
    /// That of the first `#[pymodule]` of a file.
    pub fn of(text: &str) -> Option<Self> {
        place_in(text)
    }
}

fn place_in(text: &str) -> Option<ModulePlace> {
    let tokens: Vec<TokenTree> = TokenStream::from_str(text).ok()?.into_iter().collect();
    let at = (0..tokens.len()).find(|&at| attribute(&tokens, at).is_some_and(is_pymodule))?;
    let after = &tokens[at..];
    let item = after
        .iter()
        .find(|token| is_word(token, "mod") || is_word(token, "fn"))?;
    let body = after.iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        _ => None,
    })?;
    let mut first = at;
    while first >= 2 && attribute(&tokens, first - 2).is_some() {
        first -= 2;
    }
    let before = line_start(text, tokens[first].span().byte_range().start);
    let inside = inner(body);
    if is_word(item, "mod") {
        let end = line_start(text, inside.end);
        return Some(ModulePlace {
            before,
            end: if end < inside.start { inside.end } else { end },
            kind: ModuleKind::Declared,
        });
    }
    let arguments = after.iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(group),
        _ => None,
    })?;
    Some(ModulePlace {
        before,
        end: line_start(text, last_expression(body)?),
        kind: ModuleKind::Called(last_parameter(arguments)?),
    })
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(one) if one == word)
}

/// The brackets of an attribute whose `#` is at this position; a doc comment is one too.
fn attribute(tokens: &[TokenTree], at: usize) -> Option<&Group> {
    match tokens.get(at..at + 2)? {
        [TokenTree::Punct(mark), TokenTree::Group(group)]
            if mark.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
        {
            Some(group)
        }
        _ => None,
    }
}

fn is_pymodule(attribute: &Group) -> bool {
    let mut path = attribute
        .stream()
        .into_iter()
        .take_while(|token| !matches!(token, TokenTree::Group(_)));
    path.any(|token| matches!(token, TokenTree::Ident(word) if word == "pymodule"))
}

fn inner(body: &Group) -> Range<usize> {
    body.span_open().byte_range().end..body.span_close().byte_range().start
}

/// Where the expression that a function returns begins.
fn last_expression(body: &Group) -> Option<usize> {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(mark) => mark.as_char() == ';' && mark.spacing() == Spacing::Alone,
        _ => false,
    };
    let after = tokens.iter().rposition(ends).map_or(0, |at| at + 1);
    let first = tokens.get(after)?;
    Some(first.span().byte_range().start)
}

/// A word before a single colon: `m` in `(py: Python<'_>, m: &pyo3::PyModule)`.
fn last_parameter(arguments: &Group) -> Option<String> {
    let tokens: Vec<TokenTree> = arguments.stream().into_iter().collect();
    let mut named = tokens.windows(2).filter_map(|pair| match pair {
        [TokenTree::Ident(name), TokenTree::Punct(mark)]
            if mark.as_char() == ':' && mark.spacing() == Spacing::Alone =>
        {
            Some(name.to_string())
        }
        _ => None,
    });
    named.next_back()
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with what goes into it.
    fn shown(text: &str) -> Option<String> {
        let place = place_in(text)?;
        let (head, rest) = text.split_at(place.before);
        let (middle, end) = rest.split_at(place.end - place.before);
        Some(format!("{head}F\n{middle}L\n{end}"))
    }

    #[test]
    fn a_module_takes_a_function_wherever_its_attributes_are() {
        for (text, expected) in [
            (
                "// fn x\n/// Doc.\n#[pymodule]\nmod a {\n    use b; // }\n}\n",
                "// fn x\nF\n/// Doc.\n#[pymodule]\nmod a {\n    use b; // }\nL\n}\n",
            ),
            (
                "#[pyo3::pymodule(gil_used = false)]\npub mod a {}\n",
                "F\n#[pyo3::pymodule(gil_used = false)]\npub mod a {L\n}\n",
            ),
            (
                "fn a() {}\n#[pymodule]\n#[pyo3(name = \"x\")]\nfn b(m: &M) -> R<()> {\n    m.add(1)?;\n    Ok(())\n}\n",
                "fn a() {}\nF\n#[pymodule]\n#[pyo3(name = \"x\")]\nfn b(m: &M) -> R<()> {\n    m.add(1)?;\nL\n    Ok(())\n}\n",
            ),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        let called = "#[pymodule]\nfn a(_py: Python<'_>, m: &pyo3::M) -> R<()> { Ok(()) }\n";
        let kind = place_in(called).map(|place| place.kind);
        assert_eq!(kind, Some(ModuleKind::Called("m".to_owned())));
        for text in ["", "#[pymodule]\nmod a;\n", "// #[pymodule]\nmod a {}\n"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
