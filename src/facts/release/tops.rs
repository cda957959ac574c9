//! The top level of a wheel.

use camino::Utf8Path;

use crate::facts::project::Member;

/// The packages and modules that the project names for its wheels, if there are several; without those with a
/// leading underscore. What it tells check-wheel-contents itself takes precedence.
pub(super) fn of(member: &Member) -> Vec<String> {
    let Some(pyproject) = &member.pyproject else {
        return Vec::new();
    };
    let toml = &pyproject.toml;
    let mut tops = toml.strings(&["tool", "maturin", "python-packages"]);
    tops.extend(member.module.split('.').next().map(str::to_owned));
    let included = toml.strings(&["tool", "maturin", "include"]);
    let source = toml.str(&["tool", "maturin", "python-source"]);
    let modules = included.iter().filter_map(|path| {
        let path = Utf8Path::new(path);
        let below = path.strip_prefix(source.unwrap_or(".")).unwrap_or(path);
        below
            .as_str()
            .strip_suffix(".py")
            .filter(|name| !name.contains(['/', '*']))
    });
    tops.extend(modules.map(|name| format!("{name}.py")));
    tops.sort();
    tops.dedup();
    let is_told = toml.get(&["tool", "check-wheel-contents"]).is_some();
    let seen = tops.iter().filter(|top| !top.starts_with('_')).count();
    if is_told || seen < 2 {
        Vec::new()
    } else {
        tops
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::world::manifest::{PyProject, Toml};

    #[test]
    fn several_packages_are_at_the_top_where_the_project_names_them() {
        let tops = |module: &str, said: &str| {
            let toml = Toml::parse(Utf8Path::new("/p/pyproject.toml"), said).unwrap();
            of(&Member {
                module: module.to_owned(),
                pyproject: Some(Arc::new(PyProject::of(toml).unwrap())),
                ..Member::default()
            })
        };
        let maturin = |lines: &str| format!("[tool.maturin]\n{lines}\n");
        let two = maturin("python-packages = [\"a\", \"b\"]");
        assert_eq!(tops("a._core", &two), ["a", "b"]);
        let module = maturin("python-source = \"src\"\ninclude = [\"src/c.py\", \"src/a/x.py\"]");
        assert_eq!(tops("a._core", &module), ["a", "c.py"]);
        // one that anybody sees
        assert!(tops("_c._core", &module).is_empty());
        assert!(tops("a._core", "").is_empty());
        let told = format!("{two}[tool.check-wheel-contents]\n");
        assert!(tops("a._core", &told).is_empty());
    }
}
