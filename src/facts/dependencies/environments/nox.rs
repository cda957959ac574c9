//! What nox sessions install (nox docs, "Configuration & API"), from the literals in noxfile.py.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::model::package_name;

use super::python::{Placed, Token, tokens};
use super::tool_environment::{Place, ToolEnvironment, place};

/// An argument of a call.
#[derive(Debug)]
enum Argument {
    Words(Vec<String>),
    /// Dependency groups of the project.
    Groups(Vec<String>),
    /// A keyword argument: it says how, not what.
    Keyword,
    Unread,
}

/// One for each function, in file order.
pub(super) fn sessions(path: &Utf8Path, text: &str) -> Vec<ToolEnvironment> {
    let tokens = tokens(text);
    let constants = constants(&tokens);
    let mut found = vec![ToolEnvironment::default()];
    for at in 0..tokens.len() {
        let here = &tokens[at];
        if here.is_first && is_name(here, "def") {
            let name = tokens.get(at + 1).map(|next| &next.token);
            let is_for_tests = matches!(name, Some(Token::Name(name)) if name.contains("test"));
            found.push(ToolEnvironment {
                is_for_tests,
                ..ToolEnvironment::default()
            });
        }
        let Some(method) = method(&tokens, at) else {
            continue;
        };
        let place = place(path, here.line);
        let mut arguments = arguments(&tokens[at + 3..], &constants);
        let installs = match method {
            "install" => true,
            "run" | "run_always" | "run_install" => is_pip(&mut arguments),
            _ => false,
        };
        if let (true, Some(session)) = (installs, found.last_mut()) {
            add(session, &arguments, &place);
        }
    }
    found
}

fn add(session: &mut ToolEnvironment, arguments: &[Argument], place: &Place) {
    let mut words = Vec::new();
    for argument in arguments {
        match argument {
            Argument::Words(said) => words.extend(said.iter().cloned()),
            Argument::Groups(names) => {
                let names = names.iter().map(|name| package_name::normalize(name));
                session.groups.extend(names);
            }
            Argument::Keyword => {}
            Argument::Unread => {
                session.miss(place, "session.install(…)");
                words.push(String::new()); // it may be the value of the option before it
            }
        }
    }
    session.add_words(&words, place);
}

/// The method that is called on an object whose name begins here.
fn method(tokens: &[Placed], at: usize) -> Option<&str> {
    let [object, dot, method, open] = tokens.get(at..at + 4)? else {
        return None;
    };
    let is_call = matches!(object.token, Token::Name(_)) && is_sign(dot, '.') && is_sign(open, '(');
    match &method.token {
        Token::Name(name) if is_call => Some(name),
        _ => None,
    }
}

/// Whether a command is `pip install`, which is then removed from it.
fn is_pip(arguments: &mut Vec<Argument>) -> bool {
    let word = |at: usize, arguments: &[Argument]| match arguments.get(at) {
        Some(Argument::Words(words)) => words.first().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    for start in [
        &["pip", "install"][..],
        &["uv", "pip", "install"],
        &["python", "-m", "pip", "install"],
    ] {
        let is_so = start
            .iter()
            .enumerate()
            .all(|(at, said)| word(at, arguments) == *said);
        if is_so {
            arguments.drain(..start.len());
            return true;
        }
    }
    false
}

/// From the opening parenthesis on.
fn arguments(tokens: &[Placed], constants: &BTreeMap<String, Vec<String>>) -> Vec<Argument> {
    let inside = in_brackets(tokens);
    let pieces = split(inside).into_iter().filter(|piece| !piece.is_empty());
    pieces.map(|piece| argument(piece, constants)).collect()
}

fn argument(piece: &[Placed], constants: &BTreeMap<String, Vec<String>>) -> Argument {
    if let Some(words) = texts(piece) {
        return Argument::Words(words);
    }
    match piece {
        [star, name] if is_sign(star, '*') => match &name.token {
            Token::Name(name) => known(name, constants),
            _ => Argument::Unread,
        },
        [star, rest @ ..] if is_sign(star, '*') => match list(rest) {
            Some(words) => Argument::Words(words),
            None => groups(rest).map_or(Argument::Unread, Argument::Groups),
        },
        [one] => match &one.token {
            Token::Name(name) => known(name, constants),
            _ => Argument::Unread,
        },
        [name, equal, ..] if matches!(name.token, Token::Name(_)) && is_sign(equal, '=') => {
            Argument::Keyword
        }
        _ => Argument::Unread,
    }
}

/// The names in `nox.project.dependency_groups(pyproject, "name", …)`, which returns the groups' content.
fn groups(tokens: &[Placed]) -> Option<Vec<String>> {
    let at = tokens.iter().position(|token| is_sign(token, '('))?;
    let (called, rest) = tokens.split_at(at);
    if !called
        .last()
        .is_some_and(|token| is_name(token, "dependency_groups"))
    {
        return None;
    }
    let pieces = split(in_brackets(rest)).into_iter().skip(1);
    let names: Option<Vec<Vec<String>>> = pieces.filter(|it| !it.is_empty()).map(texts).collect();
    Some(names?.concat())
}

fn known(name: &str, constants: &BTreeMap<String, Vec<String>>) -> Argument {
    let words = constants.get(name).cloned();
    words.map_or(Argument::Unread, Argument::Words)
}

/// Names that the file assigns a string or a list of strings once, outside any function, and never changes.
fn constants(tokens: &[Placed]) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Option<Vec<String>>> = BTreeMap::new();
    for at in 0..tokens.len() {
        let (name, rest) = (&tokens[at], &tokens[at + 1..]);
        let Token::Name(text) = &name.token else {
            continue;
        };
        let words = match rest {
            [equal, value @ ..] if name.is_first && is_sign(equal, '=') => {
                let value = statement(value);
                list(value).or_else(|| texts(value))
            }
            // `DEPS += …`
            [_, equal, ..] if name.is_first && is_sign(equal, '=') => None,
            [dot, method, ..] if is_sign(dot, '.') && changes(method) => None,
            _ => continue,
        };
        let words = words.filter(|_| !found.contains_key(text));
        found.insert(text.clone(), words);
    }
    let constant = found.into_iter();
    let constant = constant.filter_map(|(name, words)| Some((name, words?)));
    constant.collect()
}

/// Whether a method changes the list that has it.
fn changes(method: &Placed) -> bool {
    const METHODS: [&str; 6] = ["append", "clear", "extend", "insert", "pop", "remove"];
    METHODS.iter().any(|name| is_name(method, name))
}

/// The tokens up to the next line that begins outside brackets.
fn statement(tokens: &[Placed]) -> &[Placed] {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        if depth == 0 && (token.is_first || is_sign(token, ';')) {
            return &tokens[..at];
        }
        if is_open(token) {
            depth += 1;
        } else if is_close(token) {
            depth -= 1;
        }
    }
    tokens
}

/// A list by itself, with nothing added to it.
fn list(tokens: &[Placed]) -> Option<Vec<String>> {
    let first = tokens.first()?;
    let inside = in_brackets(tokens);
    if !(is_sign(first, '[') || is_sign(first, '(')) || inside.len() + 2 != tokens.len() {
        return None;
    }
    let pieces = split(inside).into_iter().filter(|piece| !piece.is_empty());
    let words: Option<Vec<Vec<String>>> = pieces.map(texts).collect();
    Some(words?.concat())
}

/// One string from adjacent literals.
fn texts(piece: &[Placed]) -> Option<Vec<String>> {
    let mut whole = String::new();
    for token in piece {
        let Token::Text(text) = &token.token else {
            return None;
        };
        whole.push_str(text);
    }
    (!piece.is_empty()).then(|| vec![whole])
}

/// What is between a bracket and the one that closes it.
fn in_brackets(tokens: &[Placed]) -> &[Placed] {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        if is_open(token) {
            depth += 1;
        } else if is_close(token) {
            depth -= 1;
            if depth == 0 {
                return &tokens[1..at];
            }
        }
    }
    tokens.get(1..).unwrap_or_default()
}

/// At commas outside brackets.
fn split(tokens: &[Placed]) -> Vec<&[Placed]> {
    let mut pieces = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, token) in tokens.iter().enumerate() {
        if is_open(token) {
            depth += 1;
        } else if is_close(token) {
            depth -= 1;
        } else if depth == 0 && is_sign(token, ',') {
            pieces.push(&tokens[start..at]);
            start = at + 1;
        }
    }
    pieces.push(&tokens[start..]);
    pieces
}

fn is_name(token: &Placed, name: &str) -> bool {
    matches!(&token.token, Token::Name(text) if text == name)
}

fn is_sign(token: &Placed, sign: char) -> bool {
    token.token == Token::Sign(sign)
}

fn is_open(token: &Placed) -> bool {
    matches!(token.token, Token::Sign('(' | '[' | '{'))
}

fn is_close(token: &Placed) -> bool {
    matches!(token.token, Token::Sign(')' | ']' | '}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::requirement::Requirement;

    fn of(text: &str) -> Vec<ToolEnvironment> {
        let mut found = sessions(Utf8Path::new("/p/noxfile.py"), text);
        found.retain(|session| *session != ToolEnvironment::default());
        found
    }

    #[test]
    fn each_session_has_its_own_literals() {
        let text = "DEPS = [\n    'numpy<3',  # why\n    \"attrs\",\n]\nONE = 'x'\n\n\
            @nox.session(python=['3.9'])\ndef test(session):\n    \
            session.install(\n        'pytest', \"hypothesis\" '>=6',\n        '-r', 'requirements.txt', silent=True,\n    )\n    \
            session.install(*DEPS, ONE, *['y', 'z'])\n    session.run('pytest', 'tests')\n\n\
            @nox.session\ndef lint(s: nox.Session) -> None:\n    s.run('pip', 'install', 'ruff')\n    s.install('.[dev]', '-e', '.')\n";
        let found = of(text);
        let expected = [
            "pytest",
            "hypothesis>=6",
            "-r/p/requirements.txt",
            "numpy<3",
            "attrs",
            "x",
            "y",
            "z",
        ];
        assert_eq!(Requirement::words(&found[0].requirements), expected);
        assert!(found[0].unread.is_empty(), "{found:?}");
        assert_eq!(Requirement::words(&found[1].requirements), ["ruff"]);
        assert_eq!(found[1].extras, ["dev"]);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn what_only_running_it_would_tell_is_told_by_its_line() {
        let text = "A = ['x']\nA = ['y']\n\ndef test(session):\n    session.install('pytest')\n    session.install(*A)\n    \
            session.install(f'django=={v}')\n    session.install(*read(), 'idna')\n";
        let found = of(text);
        assert_eq!(
            Requirement::words(&found[0].requirements),
            ["pytest", "idna"]
        );
        let lines: Vec<usize> = found[0]
            .unread
            .iter()
            .map(|(place, _)| place.line)
            .collect();
        assert_eq!(lines, [6, 7, 8]);
    }

    #[test]
    fn a_list_that_is_put_together_is_no_constant() {
        for made in [
            "A = ['x'] + MORE",
            "A = MORE + ['x']",
            "A = ['x']\nA += ['y']",
            "A = ['x']\nA.append('y')",
            "A = ['x']\nif FAST:\n    A.extend(MORE)",
            "A = MORE\nA = ['x']",
            "A = ('x', *MORE)",
        ] {
            let text = format!("{made}\n\ndef test(session):\n    session.install(*A)\n");
            let found = of(&text);
            assert!(found[0].requirements.is_empty(), "{made}");
            assert_eq!(found[0].unread.len(), 1, "{made}");
        }
        let found = of("A = [\n  'x',\n]; B = 1\n\ndef test(session):\n    session.install(*A)\n");
        assert_eq!(Requirement::words(&found[0].requirements), ["x"]);
    }

    #[test]
    fn a_file_that_only_running_it_would_tell_is_none() {
        let text = "def test(session):\n    session.install('-r', FILES['test'])\n    \
            session.install('-c', pins(), 'idna', '-r')\n    session.install('-e', HERE)\n";
        let found = of(text);
        assert_eq!(Requirement::words(&found[0].requirements), ["idna"]);
        assert_eq!(found[0].unread.len(), 3, "{found:?}");
    }
}
