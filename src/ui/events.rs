//! What machines are told, one JSON object per line; tables and reports are for people too.

use camino::Utf8Path;
use serde::Serialize;
use serde_json::{Value, json};

use crate::facts::recipes::Recipe;
use crate::model::exit::Exit;
use crate::model::finding::Finding;
use crate::plan::{Plan, Step};

use super::{MessageFormat, Ui, aligned};

impl Ui {
    pub(super) fn event(&self, kind: &str, fields: &Value) {
        if self.options.format != MessageFormat::Json {
            return;
        }
        let mut object = json!({ "type": kind });
        if let (Some(object), Some(fields)) = (object.as_object_mut(), fields.as_object()) {
            object.extend(fields.clone());
            object.extend(
                self.buffer
                    .iter()
                    .map(|buffer| ("python".to_owned(), json!(buffer.python))),
            );
        }
        let mut line = object.to_string();
        line.push('\n');
        self.out(&line);
    }

    pub fn plan(&self, plan: &Plan) {
        let steps: Vec<_> = plan
            .steps
            .iter()
            .chain(&plan.hand_over)
            .map(Step::view)
            .collect();
        self.event(
            "plan",
            &json!({ "steps": to_json(&steps), "fresh": plan.fresh, "again": plan.again, "wheels": to_json(&plan.wheels) }),
        );
    }

    /// `seconds`: from the start of the command.
    pub fn summary(&self, exit: Exit, seconds: f64) {
        self.event(
            "summary",
            &json!({ "exit": exit.code(), "seconds": seconds }),
        );
    }

    /// The matrix of a job of continuous integration.
    pub fn matrix(&self, fields: &Value) {
        self.event("matrix", fields);
    }

    /// A version, and where it is stated.
    pub fn version(&self, fields: &Value) {
        self.event("version", fields);
    }

    /// What there is to run: the project's recipes, then the built-in ones that it does not define.
    pub fn recipes(&self, project: &[Recipe], built_in: &[Recipe]) {
        let fields = json!({ "project": to_json(&project), "built_in": to_json(&built_in) });
        self.event("recipes", &fields);
    }

    /// The text of a recipe.
    pub fn recipe(&self, name: &str, text: &str) {
        self.data(text);
        self.event("recipe", &json!({ "name": name, "text": text }));
    }

    /// A command line that says nothing; people have been told by who reads it.
    pub fn misused(&self, message: &str, hint: Option<&str>) {
        self.event("error", &json!({ "message": message, "hint": hint }));
    }

    /// What became of one file that was to be published.
    pub fn published(&self, fields: &Value) {
        self.event("published", fields);
    }

    /// One run of tests, by its numbers.
    pub fn tested(&self, fields: &Value) {
        self.event("tested", fields);
    }

    /// How one test ended.
    pub fn test_case(&self, fields: &Value) {
        self.event("test", fields);
    }

    /// A table for people, on stderr as all talk; columns as wide as their widest cell.
    pub fn table(&self, head: &[&str], rows: &[Vec<String>]) {
        self.event("table", &json!({ "columns": head, "rows": rows }));
        if !self.talks() {
            return;
        }
        let head: Vec<String> = head.iter().map(|word| (*word).to_owned()).collect();
        let all: Vec<&Vec<String>> = std::iter::once(&head).chain(rows).collect();
        for line in aligned(&all) {
            self.say(line.as_bytes());
        }
    }

    /// What was found about a project: rows for people, an event for machines.
    pub fn report(&self, rows: &[Vec<String>], fields: &impl Serialize) {
        self.event("report", &to_json(fields));
        if self.is_quiet() {
            return;
        }
        let rows: Vec<&Vec<String>> = rows.iter().collect();
        self.data(
            &aligned(&rows)
                .into_iter()
                .map(|line| line + "\n")
                .collect::<String>(),
        );
    }

    /// Variables that a shell or an IDE is to set.
    pub fn exports(&self, variables: &impl Serialize) {
        self.event("env", &json!({ "variables": to_json(variables) }));
    }

    /// What `clean` has removed.
    pub fn freed(&self, fields: &Value) {
        self.event("freed", fields);
    }

    /// One problem of a project.
    ///
    /// `fixable`: whether pyx can take it away by itself.
    pub fn problem(&self, finding: &Finding, root: &Utf8Path, fixable: bool) {
        let mut fields = to_json(finding);
        fields["fixable"] = json!(fixable);
        self.event("finding", &fields);
        if self.options.format == MessageFormat::Human {
            self.finding(finding, root);
        }
    }
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
