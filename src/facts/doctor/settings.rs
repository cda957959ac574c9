//! Profiles and toolchains.

use crate::facts::Build;
use crate::facts::project::{Member, Project};
use crate::model::error::Result;
use crate::model::finding::Finding;
use crate::world::manifest::Toml;

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

/// An optimised profile that compiles every edit.
fn profile(project: &Project, member: &Member) -> Result<Option<Finding>> {
    let root = member.workspace_cargo.as_ref().map(|cargo| &*cargo.toml);
    let optimised = |name: &str| is_release(root, name);
    let mut places = Vec::new();
    let place = |toml: &Toml, keys: &[&str]| {
        let value = toml.spanned(keys)?;
        Some((toml.path.clone(), toml.line(&value.span), value.value))
    };
    let shared = project.home.join("pyproject.toml");
    let shared = project.manifests.pyproject(&shared)?;
    for pyproject in member.pyproject.iter().chain(&shared) {
        for (keys, obeyed) in PROFILES {
            let said = place(&pyproject.toml, keys);
            places.extend(said.map(|said| (said, keys, obeyed)));
        }
    }
    if member.pyproject.is_none() {
        let keys: &[&str] = &["package", "metadata", "pyx", "profile"];
        let said = place(&member.cargo.toml, keys);
        places.extend(said.map(|said| (said, keys, true)));
    }
    let settled = member.editable_profile().is_some();
    let problem = places.into_iter().find(|((_, _, name), keys, obeyed)| {
        optimised(name) && (*obeyed || !settled) && applies(member, keys)
    });
    Ok(problem.map(|((path, line, name), _, obeyed)| {
        let (who, hint) = if obeyed {
            let hint = "remove it, and run `cargo pyx dev --release` where speed matters";
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

/// `[tool.pyx] profile` takes precedence over maturin's setting.
fn applies(member: &Member, keys: &[&str]) -> bool {
    keys[1] != "maturin" || member.config().profile.is_none()
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
    let then = if build.toolchain.may_fetch {
        "rustup will fetch it at the next build"
    } else {
        "rustup is not allowed to fetch it, so nothing can be built"
    };
    let message = format!("the toolchain {pin} is not installed; {then}");
    let finding = Finding::warning("toolchain-missing", message).at(path, Some(line));
    Some(finding.hint(format!("rustup toolchain install {pin}")))
}
