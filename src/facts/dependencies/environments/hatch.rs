//! hatch's environments (hatch docs, "Environment configuration").

use std::sync::Arc;

use url::Url;

use crate::model::error::Result;
use crate::model::package_name;
use crate::model::requirement::Requirement;
use crate::world::manifest::{Manifests, PyProject, Toml};

use super::tool_environment::{ToolEnvironment, place};

/// What `hatch test` installs by default, without what it runs only on request.
const TEST: [&str; 2] = ["pytest", "pytest-mock"];

/// From hatch.toml if it exists, which takes precedence over pyproject.toml.
pub(super) fn environments(
    manifests: &Manifests,
    pyproject: &PyProject,
) -> Result<Vec<ToolEnvironment>> {
    let own = manifests.toml(&pyproject.dir().join("hatch.toml"))?;
    let own = own.filter(|toml| toml.get(&["envs"]).is_some());
    Ok(match &own {
        Some(toml) => read(toml, &["envs"]),
        None => read(&pyproject.toml, &["tool", "hatch", "envs"]),
    })
}

fn read(toml: &Arc<Toml>, keys: &[&str]) -> Vec<ToolEnvironment> {
    let mut names = toml.keys(keys);
    names.sort_by_key(|name| name != "default");
    let environments = names.iter().map(|name| environment(toml, keys, name));
    environments.collect()
}

fn environment(toml: &Toml, keys: &[&str], name: &str) -> ToolEnvironment {
    let mut found = ToolEnvironment {
        is_for_tests: matches!(name, "default" | "dev") || name.contains("test"),
        ..ToolEnvironment::default()
    };
    for key in ["dependencies", "extra-dependencies"] {
        match of_line(toml, keys, name, key) {
            Some(owner) => {
                for text in toml.spanned_strings(&[keys, &[owner, key]].concat()) {
                    let place = place(&toml.path, toml.line(&text.span));
                    found.add_line(&in_project(toml, &text.value), &place);
                }
            }
            None if name == "hatch-test" && key == "dependencies" => {
                let tools = TEST.map(|name| Requirement::Package(name.to_owned()));
                found.requirements.extend(tools);
            }
            None => {}
        }
    }
    if let Some(owner) = of_line(toml, keys, name, "env-vars") {
        let variables = [keys, &[owner, "env-vars"]].concat();
        for variable in toml.keys(&variables) {
            let own = [&variables[..], &[&variable]].concat();
            let place = place(&toml.path, toml.line_of(&own));
            found.add_variable(&variable, toml.str(&own).unwrap_or_default(), &place);
        }
    }
    found.settle();
    let normalized = |key: &str| {
        let owner = of_line(toml, keys, name, key).unwrap_or(name);
        let names = toml.strings(&[keys, &[owner, key]].concat());
        names
            .iter()
            .map(|name| package_name::normalize(name))
            .collect()
    };
    found.extras = normalized("features");
    found.groups = normalized("dependency-groups");
    found
}

/// With the project's folder instead of hatch's placeholders for it (hatch docs, "Context formatting").
fn in_project(toml: &Toml, line: &str) -> String {
    let dir = toml.path.parent().unwrap_or(&toml.path);
    let url = Url::from_file_path(dir).map(String::from);
    let line = line.replace("{root:uri}", &url.unwrap_or_default());
    line.replace("{root}", dir.as_str())
}

/// The environment that sets a key: itself, or the one that is its template. hatch's own have no template.
fn of_line<'a>(toml: &'a Toml, keys: &[&str], name: &'a str, key: &str) -> Option<&'a str> {
    let mut name = name;
    for _ in 0..8 {
        if toml.get(&[keys, &[name, key]].concat()).is_some() {
            return Some(name);
        }
        let is_detached = toml.bool(&[keys, &[name, "detached"]].concat()) == Some(true);
        let template = toml.str(&[keys, &[name, "template"]].concat());
        let is_own = name.starts_with("hatch-");
        name = match template {
            Some(other) if other != name => other,
            None if !is_detached && !is_own && name != "default" => "default",
            _ => return None,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    /// The requirements of each environment.
    fn read(text: &str) -> Vec<String> {
        let toml = Toml::parse(Utf8Path::new("/p/hatch.toml"), text).unwrap();
        let found = super::read(&Arc::new(toml), &["envs"]);
        let joined = found
            .iter()
            .map(|it| Requirement::words(&it.requirements).join(" "));
        joined.collect()
    }

    #[test]
    fn an_environment_has_what_its_template_says_unless_it_says_otherwise() {
        let text = "[envs.test]\nextra-dependencies = ['hypothesis']\n\
                    [envs.default]\ndependencies = ['pytest']\n\
                    [envs.docs]\ndependencies = ['mkdocs']\n\
                    [envs.more]\ntemplate = 'docs'\nextra-dependencies = ['x']\n\
                    [envs.alone]\ndetached = true\n\
                    [envs.hatch-test]\nextra-dependencies = ['y']\n";
        assert_eq!(
            read(text),
            [
                "pytest",
                "pytest hypothesis",
                "mkdocs",
                "mkdocs x",
                "",
                "pytest pytest-mock y"
            ]
        );
    }

    #[test]
    fn what_depends_on_where_it_runs_is_told_by_its_line() {
        let text = "[envs.default]\ndependencies = [\n  'pytest',\n  'x @ {env:X}',\n  'y @ {root:uri}/y',\n]\nfeatures = ['Test_A']\n";
        let dir = Utf8Path::new(if cfg!(windows) { "C:/p" } else { "/p" });
        let toml = Arc::new(Toml::parse(&dir.join("hatch.toml"), text).unwrap());
        let found = super::read(&toml, &["envs"]);
        let words = Requirement::words(&found[0].requirements);
        let url = Url::from_file_path(dir.join("y")).unwrap();
        assert_eq!(words, ["pytest".to_owned(), format!("y @ {url}")]);
        assert_eq!(found[0].unread[0].0.line, 4);
        assert_eq!(found[0].unread.len(), 1);
        assert_eq!(found[0].extras, ["test-a"]);
    }

    #[test]
    fn packages_are_looked_for_where_hatchs_variables_have_pip_look() {
        let text = "[envs.default]\ndependencies = ['ours']\n[envs.default.env-vars]\n\
                    MODE = 'x'\nPIP_INDEX_URL = 'https://corp'\n[envs.test]\n";
        let toml = Arc::new(Toml::parse(Utf8Path::new("/p/hatch.toml"), text).unwrap());
        for found in super::read(&toml, &["envs"]) {
            let indexes = Requirement::words(&found.indexed[0].indexes);
            assert_eq!(indexes, ["--default-index=https://corp"]);
        }
    }
}
