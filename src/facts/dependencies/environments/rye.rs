//! rye's development dependencies (rye docs, "Dev Dependencies").

use crate::world::manifest::{Toml, tables_of};

use super::pdm::in_project; // both tools have the same placeholder
use super::tool_environment::{ToolEnvironment, place};

pub(super) fn dependencies(toml: &Toml) -> Vec<ToolEnvironment> {
    let listed = toml.spanned_strings(&["tool", "rye", "dev-dependencies"]);
    if listed.is_empty() {
        return Vec::new();
    }
    let mut found = ToolEnvironment::default();
    for text in listed {
        let place = place(&toml.path, toml.line(&text.span));
        found.add_line(&in_project(toml, &text.value), &place);
    }
    let sources = toml.get(&["tool", "rye", "sources"]).map(tables_of);
    for (source, span) in sources.unwrap_or_default() {
        let place = place(&toml.path, toml.line(&span));
        let str = |key: &str| source.get(key).and_then(|it| it.as_str());
        let option = match str("name") {
            Some("default") => "--default-index",
            _ => "--index",
        };
        found.look_in(option, str("url").unwrap_or_default(), &place);
    }
    found.settle();
    vec![found]
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::model::requirement::Requirement;
    use crate::world::disk;

    #[test]
    fn they_are_taken_from_the_project_and_from_ryes_sources() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        disk::create_dir(&dir.join("sub")).unwrap();
        let url = url::Url::from_file_path(dir).unwrap();
        let text =
            "[tool.rye]\ndev-dependencies = ['pytest>=8', 'sub @ file:///${PROJECT_ROOT}/sub']\n";
        let read = |text: &str| {
            let toml = Toml::parse(&dir.join("pyproject.toml"), text).unwrap();
            dependencies(&toml)
        };
        let expected = ["pytest>=8".to_owned(), format!("sub @ {url}/sub")];
        assert_eq!(Requirement::words(&read(text)[0].requirements), expected);
        let more = format!("{text}[[tool.rye.sources]]\nname = 'corp'\nurl = 'https://corp'\n");
        let found = &read(&more)[0];
        assert_eq!(
            Requirement::words(&found.indexed[0].indexes),
            ["--index=https://corp"]
        );
        assert!(read("").is_empty());
    }
}
