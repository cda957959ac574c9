//! Members that an archive should not have, judged by name.

use std::collections::BTreeMap;

use crate::facts::artifact::archive::ending;
use crate::facts::artifact::wheel::path_in_site_packages;
use crate::facts::artifact::{ArchiveMember, Expected, Headers, Wheel};
use crate::model::finding::Finding;
use crate::model::native_file::is_native;
use crate::model::package_name;

/// What no archive should have.
pub(super) fn findings(members: &[ArchiveMember]) -> Vec<Finding> {
    let mut found = case_collisions(members);
    for member in members {
        let judged = unsafe_path(member)
            .or_else(|| bytecode(member))
            .or_else(|| litter(member));
        found.extend(judged.map(|finding| finding.at(&member.name, None)));
    }
    found
}

/// Where case does not matter (macOS, Windows), the second file replaces the first.
fn case_collisions(members: &[ArchiveMember]) -> Vec<Finding> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for member in members {
        let other = *seen
            .entry(member.name.to_lowercase())
            .or_insert(&member.name);
        if other != member.name {
            let message = format!(
                "differs from `{other}` only by case: on macOS and Windows one replaces the other"
            );
            found.push(Finding::error("case-collision", message).at(&member.name, None));
        }
    }
    found
}

fn escapes(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':');
    drive
        || path.starts_with('/')
        || path.contains('\\')
        || path.split('/').any(|part| part == "..")
}

fn unsafe_path(member: &ArchiveMember) -> Option<Finding> {
    if escapes(&member.name) {
        let message = "is a path that may lead out of the folder it is unpacked into";
        return Some(Finding::error("unsafe-path", message));
    }
    let target = member.link.as_ref()?;
    let depth = member.name.split('/').count() - 1;
    let up = target.split('/').filter(|part| *part == "..").count();
    let message = format!("links to `{target}`, which is outside of the archive");
    let outside = target.starts_with('/') || up > depth.saturating_sub(1);
    outside.then(|| Finding::error("unsafe-path", message))
}

fn bytecode(member: &ArchiveMember) -> Option<Finding> {
    let is = ending(&member.name) == Some("pyc")
        || member.name.split('/').any(|part| part == "__pycache__");
    let hint = "exclude = [\"**/__pycache__/**\"] in `[tool.maturin]`";
    is.then(|| Finding::warning("bytecode", "is bytecode, which fits only one Python").hint(hint))
}

/// What version control, editors and file managers leave behind.
fn litter(member: &ArchiveMember) -> Option<Finding> {
    const NAMES: [&str; 7] = [
        ".hg",
        ".svn",
        ".idea",
        ".vscode",
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
    ];
    let mut parts = member.name.split('/');
    if parts.clone().any(|part| part == ".git") {
        let message = "is part of a git repository, whose whole history it may hold";
        return Some(Finding::error("vcs-residue", message));
    }
    let hint = "add it to `exclude` in [tool.maturin]";
    let of = parts.find(|part| NAMES.contains(part))?;
    Some(
        Finding::warning(
            "vcs-residue",
            format!("`{of}` does not belong in a package"),
        )
        .hint(hint),
    )
}

/// What no wheel should have.
pub(super) fn of_wheel(wheel: &Wheel, expected: &Expected) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(empty(wheel));
    found.extend(stray(wheel, expected));
    let judged = |member| develop(member).or_else(|| runs_at_start(member));
    found.extend(wheel.members.iter().filter_map(judged));
    found.extend(typing(wheel, expected));
    found
}

fn is_dist_info(member: &ArchiveMember) -> bool {
    member
        .top_folder()
        .is_some_and(|folder| folder.ends_with(".dist-info"))
}

/// A wheel may be empty if it exists for its dependencies.
fn empty(wheel: &Wheel) -> Option<Finding> {
    let requires = wheel
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.get("Requires-Dist"));
    let empty = requires.is_none() && wheel.members.iter().all(is_dist_info);
    let hint = "check `python-source`, `module-name` and `include` in [tool.maturin]";
    let finding = Finding::error("empty-wheel", "no file would be installed");
    empty.then(|| finding.at(&wheel.path, None).hint(hint))
}

/// Project folders that are not packages for others to import.
const STRAY: [&str; 15] = [
    "test",
    "tests",
    "doc",
    "docs",
    "example",
    "examples",
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "src",
    "build",
    "dist",
    "target",
    "node_modules",
];

/// What would be installed next to everyone's packages in site-packages, one finding each.
fn stray(wheel: &Wheel, expected: &Expected) -> Vec<Finding> {
    let own = wheel
        .name
        .as_ref()
        .map(|name| package_name::escape(&name.distribution));
    let modules = expected.modules.iter().flatten();
    let mut own: Vec<String> = own.into_iter().chain(modules.cloned()).collect();
    for name in &mut own {
        name.truncate(name.find('.').unwrap_or(name.len()));
    }
    let mut tops: BTreeMap<&str, bool> = BTreeMap::new();
    for member in &wheel.members {
        let path = path_in_site_packages(&member.name);
        match path.split_once('/') {
            Some((folder, _)) => tops.insert(folder, true),
            None => tops.insert(path, false),
        };
    }
    let tops = tops.into_iter().filter(|(top, folder)| match folder {
        true => STRAY.contains(top) && !own.iter().any(|name| name == top),
        false => !is_importable(top) || TOOLS.contains(top),
    });
    tops.map(|(top, _)| {
        let message = "would be installed at the top level, next to all other packages";
        let hint = "move it out of `python-source`, or add it to `exclude` in [tool.maturin]";
        Finding::warning("stray-top-level", message)
            .at(top, None)
            .hint(hint)
    })
    .collect()
}

/// Files of a project's own tools.
const TOOLS: [&str; 4] = ["setup.py", "conftest.py", "noxfile.py", "build.py"];

fn is_importable(file: &str) -> bool {
    is_native(file.into()) || matches!(ending(file), Some("py" | "pyi" | "pth"))
}

/// What an editable install (PEP 660) or an installer leaves behind.
fn develop(member: &ArchiveMember) -> Option<Finding> {
    let file = member.file_name();
    if is_dist_info(member) && file == "direct_url.json" {
        let message = "is an installer's record of where a package came from (PEP 610)";
        return Some(Finding::error("develop-residue", message).at(&member.name, None));
    }
    if is_dist_info(member)
        && ["uv_cache.json", "uv_build.json", "INSTALLER", "REQUESTED"].contains(&file)
    {
        let message = "is an installer's record, which does not belong in a wheel";
        return Some(Finding::warning("develop-residue", message).at(&member.name, None));
    }
    let text = String::from_utf8_lossy(&member.bytes);
    let mut lines = text.lines().map(str::trim);
    let leads = |line: &str| {
        line.starts_with('/') || line.contains("__editable__") || line.get(1..3) == Some(":\\")
    };
    let editable = !member.name.contains('/') && ending(file) == Some("pth") && lines.any(leads);
    let message = "belongs to an editable install: it leads to the sources on the build machine";
    editable.then(|| Finding::error("develop-residue", message).at(&member.name, None))
}

/// What Python reads and runs at every start of every program, whether that imports the package or not
/// (module `site`).
fn runs_at_start(member: &ArchiveMember) -> Option<Finding> {
    const NAMES: [&str; 2] = ["sitecustomize", "usercustomize"];
    let path = path_in_site_packages(&member.name);
    let top = path.split('/').next()?;
    let name = top.split('.').next()?;
    let is_path_file = top == path && ending(path) == Some("pth");
    if !is_path_file && !NAMES.contains(&name) {
        return None;
    }
    let message = "runs at every start of Python, even in programs that never import the package";
    let hint = "add it to `exclude` in [tool.maturin]";
    let finding = Finding::error("runs-at-start", message).at(&member.name, None);
    Some(finding.hint(hint))
}

/// PEP 561: type checkers read the stubs of a package only if it has a `py.typed`.
fn typing(wheel: &Wheel, expected: &Expected) -> Option<Finding> {
    let claims = |metadata: &Headers| {
        metadata
            .all("Classifier")
            .any(|one| one == "Typing :: Typed")
    };
    let claimed = expected.typed || wheel.metadata.as_ref().is_some_and(claims);
    let paths = wheel
        .members
        .iter()
        .map(|member| path_in_site_packages(&member.name));
    let marked: Vec<&str> = paths
        .clone()
        .filter_map(|path| path.strip_suffix("/py.typed"))
        .collect();
    let partial = paths.clone().any(|path| path.contains("-stubs/"));
    let in_packages = paths.clone().filter(|path| path.contains('/'));
    let hint = "put an empty file `py.typed` next to the package's `__init__.py`";
    if claimed
        && marked.is_empty()
        && !partial
        && in_packages
            .clone()
            .any(|path| path.ends_with("__init__.py"))
    {
        let message = "the package claims to be typed, but has no `py.typed`";
        return Some(Finding::error("py-typed", message).hint(hint));
    }
    let below = |path: &str| {
        marked.iter().any(|folder| {
            path.strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let stub = in_packages
        .filter(|path| ending(path) == Some("pyi") && !path.contains("-stubs/"))
        .find(|path| !below(path))?;
    let message = "is a stub that type checkers ignore, because its package has no `py.typed`";
    Some(
        Finding::warning("py-typed", message)
            .at(stub, None)
            .hint(hint),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> ArchiveMember {
        ArchiveMember {
            name: name.into(),
            ..ArchiveMember::default()
        }
    }

    #[test]
    fn a_member_stays_in_its_folder() {
        for name in ["/etc/passwd", "../a", "a/../../b", "a\\b", "C:/a"] {
            assert!(unsafe_path(&member(name)).is_some(), "{name}");
        }
        assert!(unsafe_path(&member("a/b..c/...")).is_none());
        for (name, target, outside) in [
            ("top/a", "b", false),
            ("top/a/b", "../c", false),
            ("top/a", "../c", true),
            ("top/a", "/etc", true),
        ] {
            let link = ArchiveMember {
                link: Some(target.into()),
                ..member(name)
            };
            assert_eq!(unsafe_path(&link).is_some(), outside, "{name} -> {target}");
        }
    }

    #[test]
    fn only_lines_that_lead_elsewhere_make_a_path_file_editable() {
        let pth = |text: &str| ArchiveMember {
            bytes: text.into(),
            ..member("a.pth")
        };
        assert!(develop(&pth("/home/me/a/python\n")).is_some());
        assert!(develop(&pth("import __editable___a_finder\n")).is_some());
        assert!(develop(&pth("import a_hook\n")).is_none());
    }
}
