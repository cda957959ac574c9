//! Arguments for a Python test runner, and the files that they name.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::path::{normalize, slashed};
use crate::model::runner_options::{RunnerOptions, WordRole};
use crate::world::disk;
use crate::world::session::Session;

/// An argument for a test runner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    /// The file or folder that it names in the working directory, absolute; the file may contain the selected
    /// test (`tests/test_a.py::test_b`). `None` for what does not exist: options, their values, names of
    /// tests, and what only the runner can find.
    pub path: Option<Utf8PathBuf>,
}

impl Word {
    pub fn read(session: &Session, options: &RunnerOptions, arguments: &[String]) -> Vec<Self> {
        let mut words = Vec::new();
        for (text, role) in arguments.iter().zip(options.roles(arguments)) {
            let path = session.absolute(file_of(text));
            let may_be_named = match role {
                WordRole::Option | WordRole::Value => false,
                WordRole::Either => path.extension() == Some("py"),
                WordRole::Test => true,
            };
            words.push(Self {
                text: text.clone(),
                path: (may_be_named && disk::is_there(&path)).then_some(path),
            });
        }
        words
    }

    /// The argument for a runner that works in `dir`.
    pub fn seen_from(&self, dir: &Utf8Path) -> String {
        let file = file_of(&self.text);
        let Some(path) = &self.path else {
            return self.text.clone();
        };
        let is_same = !Utf8Path::new(file).has_root() && normalize(&dir.join(file)) == *path;
        // of a folder around several suites each has its own
        if is_same || (dir != path && dir.starts_with(path)) {
            return self.text.clone();
        }
        let path = match path.strip_prefix(dir) {
            Ok(inside) if inside.as_str().is_empty() => ".".to_owned(),
            Ok(inside) => slashed(inside),
            Err(_) => path.to_string(),
        };
        format!("{path}{}", &self.text[file.len()..])
    }
}

fn file_of(argument: &str) -> &str {
    argument.split("::").next().unwrap_or(argument)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::shown;
    use crate::model::runner_options::PYTEST;

    #[test]
    fn what_is_there_is_named_and_values_of_options_are_not() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        for name in ["tests/test_a.py", "tests/a/data", "a/test_b.py"] {
            disk::write(&root.join(name), b"").unwrap();
        }
        let session = Session {
            cwd: root.join("tests"),
            ..Session::default()
        };
        let named = |words: &[&str]| -> Vec<Option<String>> {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            let words = Word::read(&session, &PYTEST, &words).into_iter();
            let inside = |path: Utf8PathBuf| shown(root, &path).into_string();
            words.map(|word| word.path.map(inside)).collect()
        };
        let some = |path: &str| Some(path.to_owned());
        let file = || some("tests/test_a.py");
        assert_eq!(named(&["test_a.py::A::test[b::c]"]), [file()]);
        assert_eq!(named(&["-v", "a", "-x"]), [None, some("tests/a"), None]);
        for words in [["--pdb", "test_a.py"], ["--nobody-knows", "test_a.py"]] {
            assert_eq!(named(&words), [None, file()], "{words:?}");
        }
        assert_eq!(named(&["-xk", "a"]), [None, None]);
        assert_eq!(named(&["-ka", "a"]), [None, some("tests/a")]);
        assert_eq!(named(&["../a/test_b.py"]), [some("a/test_b.py")]);
        for words in [["-k", "a"], ["--tb", "a"], ["--deselect", "test_a.py"]] {
            assert_eq!(named(&words), [None, None], "{words:?}");
        }
        // only the suite's folder has it
        assert_eq!(named(&["tests/test_a.py"]), [None]);
    }

    #[test]
    fn a_file_is_named_as_its_suite_sees_it() {
        let seen = |text: &str, path: &str, dir: &str| {
            let word = Word {
                text: text.into(),
                path: Some(path.into()),
            };
            word.seen_from(Utf8Path::new(dir))
        };
        let (file, dir) = ("/p/one/tests/test_a.py", "/p/one");
        assert_eq!(seen("test_a.py::b", file, dir), "tests/test_a.py::b");
        assert_eq!(seen(file, file, dir), "tests/test_a.py");
        assert_eq!(seen("./tests/test_a.py", file, dir), "./tests/test_a.py");
        assert_eq!(seen(".", dir, dir), ".");
        assert_eq!(seen("one", dir, dir), ".");
        assert_eq!(seen(".", "/p", dir), ".");
        assert_eq!(
            seen("two/test_b.py", "/p/two/test_b.py", dir),
            "/p/two/test_b.py"
        );
    }
}
