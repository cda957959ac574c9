//! pdm's development groups (pdm docs, "Legacy `tool.pdm.dev-dependencies`").

use toml_edit::Item;
use url::Url;

use crate::world::manifest::{Toml, tables_of};

use super::tool_environment::{ToolEnvironment, place};

pub(super) fn groups(toml: &Toml) -> Vec<ToolEnvironment> {
    let keys = ["tool", "pdm", "dev-dependencies"];
    let mut found = Vec::new();
    for name in toml.keys(&keys) {
        let mut group = ToolEnvironment::default();
        for text in toml.spanned_strings(&[&keys[..], &[&name]].concat()) {
            let place = place(&toml.path, toml.line(&text.span));
            group.add_line(&in_project(toml, &text.value), &place);
        }
        look_in_sources(&mut group, toml);
        found.push(group);
    }
    found
}

/// Has a group use the indexes that pdm would (pdm docs, "Configure the package indexes"). A source that is for
/// some packages only cannot be expressed by uv's options.
fn look_in_sources(group: &mut ToolEnvironment, toml: &Toml) {
    let sources = toml.get(&["tool", "pdm", "source"]).map(tables_of);
    for (source, span) in sources.unwrap_or_default() {
        let place = place(&toml.path, toml.line(&span));
        let str = |key: &str| source.get(key).and_then(Item::as_str).unwrap_or_default();
        let is_filtered = ["include_packages", "exclude_packages"]
            .iter()
            .any(|key| source.contains_key(key));
        let option = match (str("name"), str("type")) {
            (_, "find_links") => "--find-links",
            ("pypi", _) => "--default-index",
            _ => "--index",
        };
        let url = if is_filtered { "" } else { str("url") };
        group.look_in(option, url, &place);
    }
    group.settle();
}

/// With the project's folder instead of pdm's placeholder for it.
pub(super) fn in_project(toml: &Toml, line: &str) -> String {
    const ROOT: &str = "${PROJECT_ROOT}";
    let dir = toml.path.parent().unwrap_or(&toml.path);
    let url = Url::from_file_path(dir).map(String::from);
    let line = line.replace(&format!("file:///{ROOT}"), &url.unwrap_or_default());
    line.replace(ROOT, dir.as_str())
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::model::requirement::Requirement;
    use crate::world::disk;

    #[test]
    fn a_folder_of_the_project_is_found_by_pdms_name_for_its_root() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let sub = dir.join("sub");
        disk::create_dir(&sub).unwrap();
        let text = "[tool.pdm.dev-dependencies]\n\
                    test = ['pytest', '-e file:///${PROJECT_ROOT}/sub#egg=sub']\n";
        let toml = Toml::parse(&dir.join("pyproject.toml"), text).unwrap();
        let found = groups(&toml);
        assert_eq!(
            Requirement::words(&found[0].requirements),
            ["pytest", &format!("-e{sub}")]
        );
    }

    #[test]
    fn packages_are_looked_for_where_pdm_does() {
        let found = |source: &str| {
            let text = format!(
                "[tool.pdm.dev-dependencies]\ntest = ['ours']\n\
                 [[tool.pdm.source]]\nurl = 'https://corp'\n{source}"
            );
            let toml = Toml::parse(Utf8Path::new("/p/pyproject.toml"), &text).unwrap();
            groups(&toml).swap_remove(0)
        };
        for (source, index) in [
            ("name = 'corp'\n", "--index=https://corp"),
            ("name = 'pypi'\n", "--default-index=https://corp"),
        ] {
            let found = found(source);
            assert_eq!(Requirement::words(&found.indexed[0].indexes), [index]);
        }
        let filtered = found("name = 'corp'\ninclude_packages = ['ours']\n");
        assert_eq!((filtered.everything(), filtered.unread.len()), (vec![], 1));
    }
}
