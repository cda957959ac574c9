//! Settings of editors that make an IDE and a shell undo each other's builds.

use camino::{Utf8Path, Utf8PathBuf};
use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::disk;
use crate::error::Result;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::manifest::line_at;
use crate::session::{Session, normalize};

use super::Trap;

pub(super) fn check(session: &Session, facts: &Facts) -> Result<Vec<Trap>> {
    let project = &facts.project;
    let members = project.members.iter().map(|member| &member.dir);
    let mut folders: Vec<&Utf8PathBuf> = members.chain([&project.root, &project.home]).collect();
    folders.sort();
    folders.dedup();
    let mut found = Vec::new();
    for folder in folders {
        for editor in [&CODE, &ZED] {
            let path = folder.join(editor.file);
            if let Some(text) = disk::read_text(&path)? {
                let settings = Settings {
                    editor,
                    path,
                    text: &text,
                    folder,
                };
                found.extend(settings.check(session, facts));
            }
        }
    }
    Ok(found.into_iter().map(Trap::from).collect())
}

/// Where an editor keeps what matters here: keys from the outermost object in.
struct Editor {
    name: &'static str,
    file: &'static str,
    /// As `--editor` calls it.
    flag: &'static str,
    interpreters: &'static [&'static [&'static str]],
    environments: &'static [&'static [&'static str]],
    target: &'static [&'static str],
}

const CODE: Editor = Editor {
    name: "VS Code",
    file: ".vscode/settings.json",
    flag: "vscode",
    interpreters: &[&["python.defaultInterpreterPath"]],
    environments: &[
        &["rust-analyzer.cargo.extraEnv"],
        &["rust-analyzer.check.extraEnv"],
        &["rust-analyzer.server.extraEnv"],
    ],
    target: &["rust-analyzer.cargo.targetDir"],
};

const ZED: Editor = Editor {
    name: "Zed",
    file: ".zed/settings.json",
    flag: "zed",
    interpreters: &[
        &["lsp", "pyright", "settings", "python", "pythonPath"],
        &["lsp", "basedpyright", "settings", "python", "pythonPath"],
    ],
    environments: &[
        &[
            "lsp",
            "rust-analyzer",
            "initialization_options",
            "cargo",
            "extraEnv",
        ],
        &[
            "lsp",
            "rust-analyzer",
            "initialization_options",
            "check",
            "extraEnv",
        ],
    ],
    target: &[
        "lsp",
        "rust-analyzer",
        "initialization_options",
        "cargo",
        "targetDir",
    ],
};

/// Variables that make PyO3's build script run again wherever they differ.
const PYO3: [&str; 2] = ["PYO3_PYTHON", "PYO3_CONFIG_FILE"];

struct Settings<'a> {
    editor: &'a Editor,
    path: Utf8PathBuf,
    text: &'a str,
    /// What the editor has opened, absolute.
    folder: &'a Utf8Path,
}

impl Settings<'_> {
    fn check(&self, session: &Session, facts: &Facts) -> Vec<Finding> {
        let parsed = parse_to_ast(
            self.text,
            &CollectOptions::default(),
            &ParseOptions::default(),
        );
        let value = parsed.ok().and_then(|parsed| parsed.value);
        let Some(Value::Object(root)) = value else {
            return Vec::new(); // for the editor to say
        };
        let mut found = Vec::new();
        found.extend(self.interpreter(&root, facts));
        found.extend(self.thrash(&root, session));
        found
    }

    fn finding(&self, rule: &'static str, message: String, at: usize) -> Finding {
        let line = line_at(self.text, at);
        let finding = Finding::warning(rule, message).at(&self.path, Some(line));
        finding.hint(format!("cargo pyx init --editor {}", self.editor.flag))
    }

    /// Another interpreter than the one that pyx builds for.
    fn interpreter(&self, root: &Object<'_>, facts: &Facts) -> Option<Finding> {
        let said = self
            .editor
            .interpreters
            .iter()
            .filter_map(|keys| get(root, keys));
        let said = said.filter_map(|value| Some((value.as_string_lit()?, value.start())));
        let mut elsewhere = said.filter_map(|(text, at)| {
            let path = self.absolute(&text.value)?;
            (!path.starts_with(&facts.environment.path)).then_some((path, at))
        });
        let (path, at) = elsewhere.next()?;
        let own = facts.project.display(&facts.environment.path);
        let message = format!(
            "{} runs `{path}`, but pyx builds into `{own}`",
            self.editor.name
        );
        Some(self.finding("ide-python", message, at))
    }

    /// `None` for what is no path, or depends on what only the editor knows.
    fn absolute(&self, text: &str) -> Option<Utf8PathBuf> {
        let text = text
            .replace("${workspaceFolder}", self.folder.as_str())
            .replace("${workspaceRoot}", self.folder.as_str());
        let is_path = text.contains('/') && !text.contains("${") && !text.starts_with('~');
        is_path.then(|| normalize(&self.folder.join(text)))
    }

    /// rust-analyzer compiles PyO3 for one Python where cargo in a shell compiles it for another.
    fn thrash(&self, root: &Object<'_>, session: &Session) -> Option<Finding> {
        let apart = get(root, self.editor.target).is_some_and(|value| match value {
            Value::BooleanLit(own) => own.value,
            Value::StringLit(_) => true,
            _ => false,
        });
        let environments = self.editor.environments.iter();
        let mut set = environments
            .filter_map(|keys| get(root, keys)?.as_object())
            .flat_map(|object| &object.properties)
            .filter(|property| {
                let name = property.name.as_str();
                let value = property
                    .value
                    .as_string_lit()
                    .map(|text| text.value.as_ref());
                PYO3.contains(&name) && value != session.var(name)
            });
        let property = set.next().filter(|_| !apart)?;
        let message = format!(
            "rust-analyzer builds in `target/` with a {} of its own: it and cargo in a shell \
             compile PyO3 anew in turns",
            property.name.as_str()
        );
        Some(self.finding("ide-thrash", message, property.start()))
    }
}

fn get<'a, 'b>(root: &'b Object<'a>, keys: &[&str]) -> Option<&'b Value<'a>> {
    let (last, outer) = keys.split_last()?;
    let object = outer
        .iter()
        .try_fold(root, |object, key| object.get_object(key));
    Some(&object?.get(last)?.value)
}

#[cfg(test)]
mod tests {
    use crate::environment::Environment;

    use super::*;

    /// Rule and line of what is found in settings of `/p`, whose environment is `.venv`.
    fn found(editor: &Editor, text: &str) -> Vec<(&'static str, Option<usize>)> {
        let facts = Facts {
            environment: Environment {
                path: "/p/.venv".into(),
                ..Environment::default()
            },
            ..Facts::default()
        };
        let settings = Settings {
            editor,
            path: "/p/settings.json".into(),
            text,
            folder: Utf8Path::new("/p"),
        };
        let found = settings.check(&Session::default(), &facts).into_iter();
        found
            .map(|finding| (finding.rule, finding.place.and_then(|place| place.line)))
            .collect()
    }

    #[test]
    fn an_interpreter_elsewhere_is_found_and_the_projects_own_is_not() {
        let code = |path: &str| {
            let text =
                format!("{{\n  // mine\n  \"python.defaultInterpreterPath\": \"{path}\",\n}}");
            found(&CODE, &text)
        };
        assert_eq!(code("/usr/bin/python3"), [("ide-python", Some(3))]);
        assert_eq!(code("${workspaceFolder}/env/bin/python").len(), 1);
        for own in [
            "${workspaceFolder}/.venv/bin/python",
            "./.venv",
            "python3",
            "${env:PY}/x",
        ] {
            assert_eq!(code(own), [], "{own}");
        }
    }

    #[test]
    fn rust_analyzer_with_another_python_needs_a_target_of_its_own() {
        let env = "\"rust-analyzer.cargo.extraEnv\": {\n\"PYO3_PYTHON\": \"/x/python\" }";
        let thrash = [("ide-thrash", Some(2))];
        assert_eq!(found(&CODE, &format!("{{ {env} }}")), thrash);
        let own = format!("{{ {env}, \"rust-analyzer.cargo.targetDir\": true }}");
        assert_eq!(found(&CODE, &own), []);
        let zed = "{ \"lsp\": { \"rust-analyzer\": { \"initialization_options\": { \"cargo\": {\n\
                   \"extraEnv\": { \"PYO3_PYTHON\": \"/x/python\" }, }, }, }, }, }";
        assert_eq!(found(&ZED, zed), thrash);
    }

    #[test]
    fn what_is_no_json_is_left_to_the_editor() {
        assert_eq!(found(&CODE, "{ \"a\": "), []);
    }
}
