//! Profiles and toolchains.

use crate::facts::Build;
use crate::facts::project::{Member, Project};
use crate::model::error::Result;
use crate::model::finding::Finding;
use crate::world::manifest::{CargoToml, PyProject, Toml};

use super::problem::Problem;

pub(super) fn check(project: &Project, build: &Build) -> Result<Vec<Problem>> {
    let mut found: Vec<Finding> = Vec::new();
    found.extend(profile(project, &build.member)?);
    found.extend(missing_pin(build));
    Ok(found.into_iter().map(Problem::from).collect())
}

/// The manifest's values that choose a profile, and whether `cargo pyx dev` obeys them.
const PROFILES: [(&[&str], bool); 3] = [
    (&["tool", "pyx", "profile"], true),
    (&["tool", "maturin", "editable-profile"], true),
    (&["tool", "maturin", "profile"], false),
];

/// An optimised profile where every edit is compiled.
fn profile(project: &Project, member: &Member) -> Result<Option<Finding>> {
    let root = Toml::read(&member.workspace.join("Cargo.toml"))?;
    let optimised = |name: &str| is_release(root.as_ref(), name);
    let mut places = Vec::new();
    let shared = project.home.join("pyproject.toml");
    for path in member.pyproject.iter().chain([&shared]) {
        let pyproject = PyProject::read(path)?;
        for (keys, obeyed) in PROFILES {
            let said = pyproject.as_ref().and_then(|pyproject| {
                let value = pyproject.toml.spanned(keys)?;
                Some((path.clone(), pyproject.toml.line(&value.span), value.value))
            });
            places.extend(said.map(|said| (said, keys, obeyed)));
        }
    }
    if let Some(cargo) = CargoToml::read(&member.manifest)? {
        let keys: &[&str] = &["package", "metadata", "pyx", "profile"];
        let said = cargo
            .toml
            .spanned(keys)
            .filter(|_| member.pyproject.is_none());
        places.extend(said.map(|value| {
            let line = cargo.toml.line(&value.span);
            ((cargo.toml.path.clone(), line, value.value), keys, true)
        }));
    }
    let settled = member.editable_profile.is_some();
    let problem = places.into_iter().find(|((_, _, name), keys, obeyed)| {
        optimised(name) && (*obeyed || !settled) && applies(member, keys)
    });
    Ok(problem.map(|((path, line, name), _, obeyed)| {
        let (who, hint) = if obeyed {
            let hint = "take it out, and say `cargo pyx dev --release` where speed matters";
            ("`cargo pyx dev` compiles", hint)
        } else {
            let hint = "editable-profile = \"dev\", which `cargo pyx dev` does by itself";
            ("plain `maturin develop` compiles", hint)
        };
        let message = format!("{who} every edit with the profile `{name}`");
        Finding::warning("release-profile", message)
            .at(path, Some(line))
            .hint(hint)
    }))
}

/// `[tool.pyx] profile` goes before what maturin is told.
fn applies(member: &Member, keys: &[&str]) -> bool {
    keys[1] != "maturin" || member.config.profile.is_none()
}

/// cargo's `release`, or a profile that inherits from it.
fn is_release(root: Option<&Toml>, name: &str) -> bool {
    let mut name = name.to_owned();
    for _ in 0..8 {
        if name == "release" {
            return true;
        }
        let base = root.and_then(|toml| toml.string(&["profile", &name, "inherits"]));
        let Some(base) = base else { return false };
        name = base;
    }
    false
}

fn missing_pin(build: &Build) -> Option<Finding> {
    let (pin, path) = build.toolchain.missing_pin.as_ref()?;
    // the older format is the bare name
    let line = match Toml::read(path) {
        Ok(Some(toml)) => toml.line_of(&["toolchain", "channel"]),
        _ => 1,
    };
    let instead = build.toolchain.name.as_deref().unwrap_or("the default one");
    let message = format!("the toolchain {pin} is not installed; pyx builds with {instead}");
    let finding = Finding::warning("toolchain-missing", message).at(path, Some(line));
    Some(finding.hint(format!("rustup toolchain install {pin}")))
}
