//! pdm's development groups (pdm docs, "Legacy `tool.pdm.dev-dependencies`").

use url::Url;

use crate::world::manifest::Toml;

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
        found.push(group);
    }
    found
}

/// With the project's folder instead of pdm's placeholder for it.
fn in_project(toml: &Toml, line: &str) -> String {
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
}
