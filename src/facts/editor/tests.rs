use jsonc_parser::ParseOptions;
use jsonc_parser::cst::CstRootNode;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::workspace::Suite;
use super::*;
use crate::model::path::slashed;

fn workspace() -> Workspace {
    let suite = |member: &str, dir: &str| Suite {
        member: member.into(),
        dir: dir.into(),
        pytest: "/p/.venv/bin/pytest".into(),
        args: vec!["-q".into()],
    };
    Workspace {
        root: "/p".into(),
        python: "/p/.venv/bin/python".into(),
        is_pyo3: true,
        manifests: Vec::new(),
        targets: vec!["/p/target".into()],
        suites: vec![suite("one", "/p")],
        recipes: vec!["web::build".into()],
    }
}

/// What becomes of one file, and what is said of it.
fn settled(name: &str, before: Option<&str>, workspace: &Workspace) -> (String, Vec<String>) {
    let editor = if name.starts_with(".zed") {
        Editor::Zed
    } else {
        Editor::Vscode
    };
    let path = workspace.root.join(name);
    let texts: BTreeMap<_, _> = before
        .map(|text| (path.clone(), text.to_owned()))
        .into_iter()
        .collect();
    let changes = changes(&[editor], workspace, &texts).unwrap();
    let edit = changes.edits.into_iter().find(|edit| edit.path == path);
    let after = edit.map_or(before.unwrap_or_default().to_owned(), |edit| {
        edit.after.unwrap()
    });
    let of_file = |finding: &&Finding| {
        let place = finding.place.as_ref();
        place.is_some_and(|place| place.path == path)
    };
    let findings = changes.findings.iter().filter(of_file);
    let said = findings.map(|finding| finding.wording(&workspace.root));
    (after, said.collect())
}

fn after(name: &str, before: &str) -> String {
    let (after, said) = settled(name, Some(before), &workspace());
    assert_eq!(said, [""; 0]);
    after
}

#[test]
fn settings_of_others_keep_every_byte() {
    let before = r#"// own
{
    "editor.tabSize": 4, // four

    /* for tests */ "rust-analyzer.cargo.extraEnv": {"A": "1",},
    "files.exclude": {
        "**/x": true, // trailing
    },
}
"#;
    insta::assert_snapshot!(after(".vscode/settings.json", before), @r#"
    // own
    {
        "editor.tabSize": 4, // four

        /* for tests */ "rust-analyzer.cargo.extraEnv": {
            "A": "1",
            "PYO3_PYTHON": "${workspaceFolder}/.venv/bin/python",
        },
        "files.exclude": {
            "**/x": true, // trailing
        },
        "python.defaultInterpreterPath": "${workspaceFolder}/.venv/bin/python",
        "rust-analyzer.cargo.targetDir": true,
    }
    "#);
}

#[test]
fn settings_join_the_tables_that_are_there() {
    let before = r#"{
  "lsp": {
    "rust-analyzer": { // the server
      "initialization_options": {
        "check": { "command": "clippy" } // stricter
      }
    }
  }
}
"#;
    insta::assert_snapshot!(after(".zed/settings.json", before), @r#"
    {
      "lsp": {
        "rust-analyzer": { // the server
          "initialization_options": {
            "check": { "command": "clippy" }, // stricter
            "cargo": {
              "targetDir": true,
              "extraEnv": {
                "PYO3_PYTHON": "/p/.venv/bin/python"
              }
            }
          }
        },
        "basedpyright": {
          "settings": {
            "python": {
              "pythonPath": ".venv/bin/python"
            }
          }
        }
      }
    }
    "#);
}

#[test]
fn what_stands_around_the_settings_stays() {
    let settings = after(".vscode/settings.json", "\u{feff}{\r\n}\r\n");
    assert!(
        settings.starts_with("\u{feff}{\r\n  \"python."),
        "{settings:?}"
    );
    assert!(settings.ends_with("\r\n}\r\n") && !settings.replace("\r\n", "").contains('\n'));
    let tasks = after(".zed/tasks.json", "// none yet");
    assert!(
        tasks.starts_with("// none yet\n[\n  {\n") && tasks.ends_with("]\n"),
        "{tasks:?}"
    );
}

#[test]
fn a_task_of_pyx_is_brought_up_to_date_and_no_other_is_touched() {
    let before = r#"[
  // mine
  { "label": "mine", "command": "true", "args": ["pyx"] },
  {
    "label": "pyx: dev",
    "command": "cargo", // why
    "args": ["pyx", "develop"],
    "reveal": "never"
  },
]
"#;
    let text = after(".zed/tasks.json", before);
    let kept = r#"[
  // mine
  { "label": "mine", "command": "true", "args": ["pyx"] },
  {
    "label": "pyx: dev",
    "command": "cargo", // why
    "args": ["pyx", "dev"],
    "reveal": "never"
  },
  {
    "label": "pyx: test",
"#;
    assert!(text.starts_with(kept), "{text}");
    assert!(
        text.ends_with("    \"args\": [\"pyx\", \"just\", \"web::build\"],\n  },\n]\n"),
        "{text}"
    );
}

#[test]
fn what_a_user_has_set_stays_and_is_told() {
    let before = r#"{
  "rust-analyzer.cargo.targetDir": "target/pyx/ext",
  "rust-analyzer.cargo.extraEnv": null,
  "python.defaultInterpreterPath": "${workspaceFolder}/.venv/bin/python"
}
"#;
    let (text, said) = settled(".vscode/settings.json", Some(before), &workspace());
    assert_eq!(text, before);
    assert_eq!(
        said,
        [
            ".vscode/settings.json:2: `rust-analyzer.cargo.targetDir` stays \"target/pyx/ext\": \
             rust-analyzer compiles into the target directory of cargo or pyx, and each undoes the other's work",
            ".vscode/settings.json:3: `rust-analyzer.cargo.extraEnv` stays null: rust-analyzer checks against a Python other than the environment's",
        ]
    );
}

#[test]
fn a_target_directory_of_the_users_own_is_as_good_as_the_default() {
    let said = |value: &str| {
        let text = format!("{{ \"rust-analyzer.cargo.targetDir\": {value} }}");
        let (after, said) = settled(".vscode/settings.json", Some(&text), &workspace());
        assert!(after.contains(&format!("targetDir\": {value}")), "{after}");
        said.len()
    };
    for own in ["\"target/check\"", "\"../elsewhere\"", "true"] {
        assert_eq!(said(own), 0, "{own}");
    }
    for shared in ["\"target\"", "\"./target/pyx/test\"", "false", "null"] {
        assert_eq!(said(shared), 1, "{shared}");
    }
}

#[test]
fn a_path_of_another_checkout_is_set_anew() {
    let at = |python: &str| {
        let options =
            format!(r#"{{ "cargo": {{ "extraEnv": {{ "PYO3_PYTHON": "{python}" }} }} }}"#);
        format!(r#"{{ "lsp": {{ "rust-analyzer": {{ "initialization_options": {options} }} }} }}"#)
    };
    let value = |before: &str| {
        let (after, said) = settled(".zed/settings.json", Some(&at(before)), &workspace());
        let after: Value = serde_json::from_str(&after).unwrap();
        let path = "/lsp/rust-analyzer/initialization_options/cargo/extraEnv/PYO3_PYTHON";
        (
            after.pointer(path).unwrap().as_str().unwrap().to_owned(),
            said.len(),
        )
    };
    assert_eq!(
        value("/q/.venv/bin/python"),
        ("/p/.venv/bin/python".into(), 0)
    );
    assert_eq!(value("/usr/bin/python3"), ("/usr/bin/python3".into(), 1));
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    let refused = |name: &str, text: &str| {
        let path = Utf8PathBuf::from(format!("/p/{name}"));
        let texts = [(path, text.to_owned())].into();
        let editors = [Editor::Zed, Editor::Vscode];
        let error = changes(&editors, &workspace(), &texts).unwrap_err();
        slashed(error.to_string().as_ref())
    };
    insta::assert_snapshot!(refused(".vscode/settings.json", "{\n  \"a\" 1\n}\n"), @r#"
    this is not JSON with comments: expected colon after the string or word in object property
     --> /p/.vscode/settings.json:2:7
      |
    2 |   "a" 1
      |       ^
    "#);
    insta::assert_snapshot!(refused(".zed/tasks.json", "// none\r\n{}\r\n"), @r"
    the file must be a list
     --> /p/.zed/tasks.json:2:1
      |
    2 | {}
      | ^
    ");
    insta::assert_snapshot!(refused(".vscode/tasks.json", "{\n  \"tasks\": {}\n}\n"), @r#"
    `tasks` must be a list
     --> /p/.vscode/tasks.json:2:1
      |
    2 |   "tasks": {}
      | ^
    "#);
}

#[test]
fn of_several_packages_each_can_be_debugged() {
    let mut several = workspace();
    several.suites.push(Suite {
        member: "two".into(),
        dir: "/p/packages/two".into(),
        ..several.suites[0].clone()
    });
    several.manifests = vec!["packages/two/Cargo.toml".into()];
    let (launch, _) = settled(".vscode/launch.json", None, &several);
    assert!(launch.contains("test file (two)\""), "{launch}");
    assert!(
        launch.contains("\"cwd\": \"${workspaceFolder}/packages/two\""),
        "{launch}"
    );
    let (settings, _) = settled(".vscode/settings.json", None, &several);
    let linked = "\"rust-analyzer.linkedProjects\": [\"packages/two/Cargo.toml\"]";
    assert!(settings.contains(linked), "{settings}");
}

#[test]
fn an_environment_elsewhere_is_named_by_its_whole_path() {
    let elsewhere = Workspace {
        python: "/e/bin/python".into(),
        ..workspace()
    };
    for name in [".zed/settings.json", ".vscode/settings.json"] {
        let (text, _) = settled(name, None, &elsewhere);
        assert_eq!(text.matches("\"/e/bin/python\"").count(), 2, "{text}");
    }
}

/// The files in the editors' own words, as their documentation has them: neither publishes a schema.
mod schema {
    use super::{Deserialize, Value};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct VscodeTasks {
        pub(super) version: String,
        pub(super) tasks: Vec<VscodeTask>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct VscodeTask {
        pub(super) label: String,
        pub(super) r#type: String,
        pub(super) command: String,
        pub(super) args: Vec<String>,
        pub(super) group: Option<String>,
        pub(super) problem_matcher: Vec<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Launch {
        pub(super) version: String,
        pub(super) configurations: Vec<CodeLldb>,
    }

    /// The manual of `CodeLLDB`, "Launching a New Process".
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct CodeLldb {
        #[serde(alias = "label")]
        pub(super) name: String,
        #[serde(alias = "adapter")]
        pub(super) r#type: String,
        pub(super) request: String,
        pub(super) program: String,
        pub(super) args: Vec<String>,
        pub(super) cwd: String,
        #[serde(alias = "build")]
        pub(super) pre_launch_task: String,
        pub(super) source_languages: Vec<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Extensions {
        pub(super) recommendations: Vec<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct ZedTask {
        pub(super) label: String,
        pub(super) command: String,
        pub(super) args: Vec<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct VscodeSettings {
        #[serde(rename = "python.defaultInterpreterPath")]
        pub(super) python: String,
        #[serde(rename = "rust-analyzer.cargo.targetDir")]
        pub(super) target: Value,
        #[serde(rename = "rust-analyzer.cargo.extraEnv")]
        pub(super) env: std::collections::BTreeMap<String, String>,
    }
}

fn read<T: for<'a> Deserialize<'a>>(name: &str) -> T {
    let (text, _) = settled(name, None, &workspace());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"))
}

#[test]
fn every_file_is_what_its_editor_documents() {
    let tasks: schema::VscodeTasks = read(".vscode/tasks.json");
    assert_eq!(tasks.version, "2.0.0");
    let zed: Vec<schema::ZedTask> = read(".zed/tasks.json");
    for (task, same) in tasks.tasks.iter().zip(&zed) {
        let groups = [None, Some("build"), Some("test")];
        assert!(groups.contains(&task.group.as_deref()), "{task:?}");
        assert_eq!((&*task.r#type, &*task.command), ("process", "cargo"));
        assert_eq!(task.problem_matcher, ["$rustc"]);
        let args = task
            .args
            .iter()
            .map(|arg| arg.replace("${file}", "$ZED_FILE"));
        assert_eq!(
            (&task.label, args.collect::<Vec<_>>()),
            (&same.label, same.args.clone())
        );
        assert_eq!(same.command, "cargo");
    }
    assert_eq!(tasks.tasks.len(), zed.len());
    let launch: schema::Launch = read(".vscode/launch.json");
    assert_eq!(launch.version, "0.2.0");
    let debug: Vec<schema::CodeLldb> = read(".zed/debug.json");
    let both = launch.configurations.iter().zip(["lldb"]);
    for (configuration, kind) in both.chain(debug.iter().zip(["CodeLLDB"])) {
        assert_eq!(
            (&*configuration.r#type, &*configuration.request),
            (kind, "launch")
        );
        assert!(configuration.name.starts_with("pyx: debug"));
        assert!(configuration.program.ends_with("/.venv/bin/python"));
        // where programs of an environment are no scripts it is `-m pytest`
        assert_eq!(configuration.args.len(), if cfg!(windows) { 4 } else { 3 });
        assert_eq!(configuration.source_languages, ["rust"]);
        assert!(!configuration.cwd.is_empty());
        assert!(
            zed.iter()
                .any(|task| task.label == configuration.pre_launch_task)
        );
    }
    let extensions: schema::Extensions = read(".vscode/extensions.json");
    assert!(
        extensions
            .recommendations
            .contains(&"rust-lang.rust-analyzer".into())
    );
    let settings: schema::VscodeSettings = read(".vscode/settings.json");
    assert_eq!(settings.env["PYO3_PYTHON"], settings.python);
    assert_eq!(settings.target, true);
}

/// A value with comments, blanks and trailing commas wherever they may be.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("-1.5e3".to_owned()),
        "\"[a-zé/*,{}]{0,6}\"",
        Just("[]".to_owned()),
        Just("{ }".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let entry = (blank(), inner, blank()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
        let entries = prop::collection::vec(entry, 1..4);
        (entries, any::<bool>(), any::<bool>()).prop_map(|(entries, list, trailing)| {
            let comma = if trailing { "," } else { "" };
            if list {
                return format!("[{}{comma}]", entries.join(","));
            }
            let keyed: Vec<_> = entries
                .iter()
                .enumerate()
                .map(|(i, value)| format!("\"k{i}\":{value}"))
                .collect();
            format!("{{{}{comma}}}", keyed.join(","))
        })
    })
}

fn blank() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        " ",
        "\n  ",
        "\t",
        " // c\n",
        "/* {\" */",
        "\n\n",
        "\r\n",
    ])
}

fn is_subsequence(part: &str, whole: &str) -> bool {
    let mut chars = whole.chars().filter(|c| !c.is_whitespace());
    part.chars()
        .filter(|c| !c.is_whitespace())
        .all(|c| chars.any(|other| other == c))
}

proptest! {
    #[test]
    fn an_edit_leaves_all_other_values_and_comments_as_they_were(
        (head, inside, tail) in (blank(), prop::collection::vec((value(), blank()), 0..4), blank()),
        trailing: bool,
    ) {
        let entries: Vec<_> = inside.iter().enumerate().map(|(i, (value, blank))| format!("\"a{i}\": {value}{blank}")).collect();
        let comma = if trailing && !entries.is_empty() { "," } else { "" };
        let before = format!("{head}{{{}{comma}{tail}}}{head}", entries.join(","));
        for name in [".vscode/settings.json", ".zed/settings.json", ".vscode/tasks.json"] {
            let (once, said) = settled(name, Some(&before), &workspace());
            prop_assert!(said.is_empty());
            prop_assert!(is_subsequence(&before, &once), "{before}\n{once}");
            let read = |text: &str| CstRootNode::parse(text, &ParseOptions::default()).unwrap().to_serde_value().unwrap();
            let (old, new) = (read(&before), read(&once));
            for (key, value) in old.as_object().unwrap() {
                prop_assert_eq!(Some(value), new.get(key));
            }
            let (twice, _) = settled(name, Some(&once), &workspace());
            prop_assert_eq!(&once, &twice);
        }
    }
}
