//! just options that people write before a recipe, and that are passed on to just.

/// By name, how many values each takes (`just --help`). Not included: those that choose a justfile, that
/// print something and run no recipe, or that cargo has too.
const PASSED: &[(&str, usize)] = &[
    ("--allow-missing", 0),
    ("--clear-shell-args", 0),
    ("--command-color", 1),
    ("--dotenv-filename", 1),
    ("--dotenv-path", 1),
    ("-E", 1),
    ("--explain", 0),
    ("--highlight", 0),
    ("--no-deps", 0),
    ("--no-dotenv", 0),
    ("--no-highlight", 0),
    ("--one", 0),
    ("--set", 2),
    ("--shell", 1),
    ("--shell-arg", 1),
    ("--shell-command", 0),
    ("--tempdir", 1),
    ("--time", 0),
    ("--timestamp", 0),
    ("--timestamp-format", 1),
    ("--unstable", 0),
    ("--yes", 0),
];

/// The recipe and its arguments, without what is passed on to just before them; empty where no recipe is named.
pub fn recipe_words(words: &[String]) -> &[String] {
    &words[leading(words)..]
}

/// How many of the first words are options to pass on, with their values, or overrides (`name=value`).
fn leading(words: &[String]) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let (name, value) = word.split_once('=').unzip();
        let known = PASSED
            .iter()
            .find(|(option, _)| *option == name.unwrap_or(word));
        at += match (known, value) {
            (Some((_, values)), None) => 1 + values,
            (Some((_, 1)), Some(_)) => 1,
            (None, Some(_)) if !word.starts_with('-') => 1,
            _ => return at,
        };
    }
    at.min(words.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_passed_over_with_their_values() {
        for (words, count) in [
            ("--yes hi", 1),
            ("--set who me hi --yes", 3),
            ("--shell=bash who=me -E .env --one hi a=b", 5),
            ("hi --yes", 0),
            ("--release hi", 0),
            ("--yes=now hi", 0),
            ("--set who", 2),
            ("-n hi", 0),
        ] {
            let split: Vec<String> = words.split(' ').map(str::to_owned).collect();
            assert_eq!(leading(&split), count, "{words}");
            assert_eq!(recipe_words(&split), &split[count..]);
        }
    }
}
