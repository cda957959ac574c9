//! Editor settings that make an IDE and a shell undo each other's builds.

use camino::Utf8PathBuf;
use clap::ValueEnum;

use crate::facts::Facts;
use crate::facts::editor::{CurrentSettings, Editor, PYO3};
use crate::model::error::Result;
use crate::model::finding::Finding;
use crate::world::disk;
use crate::world::session::Session;

use super::problem::Problem;

pub(super) fn check(session: &Session, facts: &Facts) -> Result<Vec<Problem>> {
    let project = &facts.project;
    let members = project.members.iter().map(|member| &member.dir);
    let mut folders: Vec<&Utf8PathBuf> = members.chain([&project.root, &project.home]).collect();
    folders.sort();
    folders.dedup();
    let mut found = Vec::new();
    for folder in folders {
        for editor in Editor::value_variants() {
            let path = editor.settings(folder);
            let text = disk::read_text(&path)?.unwrap_or_default();
            let Ok(settings) = editor.read(folder, &text) else {
                continue; // for the editor to say
            };
            for (line, finding) in problems(*editor, &settings, session, facts) {
                let finding = finding.at(&path, Some(line)).hint(editor.hint());
                found.push(Problem::from(finding));
            }
        }
    }
    Ok(found)
}

/// Each with its line.
fn problems(
    editor: Editor,
    settings: &CurrentSettings<'_>,
    session: &Session,
    facts: &Facts,
) -> Vec<(usize, Finding)> {
    let mut found = Vec::new();
    found.extend(interpreter(editor, settings, facts));
    found.extend(thrash(settings, session, facts));
    found
}

/// An interpreter other than the one that pyx builds for.
fn interpreter(
    editor: Editor,
    settings: &CurrentSettings<'_>,
    facts: &Facts,
) -> Option<(usize, Finding)> {
    let environment = &facts.target.environment.path;
    let (path, line) = settings
        .interpreters()
        .into_iter()
        .find(|(path, _)| !path.starts_with(environment))?;
    let own = facts.project.display(environment);
    let name = editor.name();
    let message = format!("{name} runs `{path}`, but pyx builds into `{own}`");
    Some((line, Finding::warning("ide-python", message)))
}

/// rust-analyzer compiles PyO3 for one Python, and cargo in a shell for another.
fn thrash(
    settings: &CurrentSettings<'_>,
    session: &Session,
    facts: &Facts,
) -> Option<(usize, Finding)> {
    let members = facts.project.all();
    let targets: Vec<Utf8PathBuf> = members
        .map(|member| member.directories.target.clone())
        .collect();
    if settings.is_apart(&targets) {
        return None;
    }
    let said = settings
        .variables()
        .into_iter()
        .find(|said| PYO3.contains(&&*said.key) && said.value.as_str() != session.var(&said.key))?;
    let message = format!(
        "rust-analyzer builds in `target/` with its own {}: it and cargo in a shell keep recompiling PyO3",
        said.key
    );
    Some((said.line, Finding::warning("ide-thrash", message)))
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use crate::facts::TargetEnvironment;
    use crate::facts::environment::Environment;
    use crate::facts::project::Member;

    use super::*;

    /// Rule and line of what is found in settings of `/p`, whose environment is `.venv`.
    fn found(editor: Editor, text: &str) -> Vec<(&'static str, usize)> {
        let mut member = Member::default();
        member.directories.target = "/p/target".into();
        let mut facts = Facts {
            target: TargetEnvironment {
                environment: Environment {
                    path: "/p/.venv".into(),
                    ..Environment::default()
                },
                ..TargetEnvironment::default()
            },
            ..Facts::default()
        };
        facts.project.members.push(member);
        let Ok(settings) = editor.read(Utf8Path::new("/p"), text) else {
            return Vec::new();
        };
        problems(editor, &settings, &Session::default(), &facts)
            .into_iter()
            .map(|(line, finding)| (finding.rule, line))
            .collect()
    }

    #[test]
    fn an_interpreter_elsewhere_is_found_and_the_projects_own_is_not() {
        let code = |path: &str| {
            let text =
                format!("{{\n  // mine\n  \"python.defaultInterpreterPath\": \"{path}\",\n}}");
            found(Editor::Vscode, &text)
        };
        assert_eq!(code("/usr/bin/python3"), [("ide-python", 3)]);
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
        let thrash = [("ide-thrash", 2)];
        assert_eq!(found(Editor::Vscode, &format!("{{ {env} }}")), thrash);
        let own = format!("{{ {env}, \"rust-analyzer.cargo.targetDir\": true }}");
        assert_eq!(found(Editor::Vscode, &own), []);
        let named = |dir: &str| {
            let target = format!("\"rust-analyzer.cargo.targetDir\": \"{dir}\"");
            found(Editor::Vscode, &format!("{{ {env}, {target} }}"))
        };
        assert_eq!(named("target/check"), []);
        assert_eq!(named("target"), thrash);
        assert_eq!(named("./target/pyx/test"), thrash);
        let zed = "{ \"lsp\": { \"rust-analyzer\": { \"initialization_options\": { \"cargo\": {\n\
                   \"extraEnv\": { \"PYO3_PYTHON\": \"/x/python\" }, }, }, }, }, }";
        assert_eq!(found(Editor::Zed, zed), thrash);
    }

    #[test]
    fn what_is_no_json_is_left_to_the_editor() {
        let other = "\"python.defaultInterpreterPath\": \"/usr/bin/python3\"";
        assert_eq!(found(Editor::Vscode, &format!("{{ {other} ")), []);
        // what pyx would refuse to edit
        assert_eq!(found(Editor::Vscode, &format!("{{ 'a': 1, {other} }}")), []);
    }
}
