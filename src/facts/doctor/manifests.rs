//! cargo's own complaints about a manifest: a build would fail there.

use camino::Utf8Path;

use crate::facts::Build;
use crate::facts::project::refused_by_cargo;
use crate::model::error::{Error, Result};
use crate::model::finding::Finding;
use crate::model::invocation::Invocation;
use crate::world::manifest::Manifests;
use crate::world::process;
use crate::world::session::Session;
use crate::world::tool;

use super::problem::Problem;

/// A manifest that cargo does not accept. A toolchain that is missing is not asked, because rustup would
/// fetch it, nor one that the checkout brings.
pub(super) fn check(
    session: &Session,
    manifests: &Manifests,
    build: &Build,
) -> Result<Option<Problem>> {
    let (member, toolchain) = (&build.member, &build.toolchain);
    match refused_by_cargo::check(manifests, &member.cargo) {
        // in other words than cargo's, and with the place
        Err(Error::Manifest {
            message,
            location,
            hint,
        }) => {
            let finding = Finding::error("cargo-manifest", message);
            let finding = finding.at(location.path, Some(location.line));
            return Ok(Some(Finding { hint, ..finding }.into()));
        }
        answer => answer?,
    }
    let Ok(cargo) = tool::cargo(session) else {
        return Ok(None); // said where it is needed
    };
    if toolchain.missing_pin.is_some() || !toolchain.may_be_asked(session) {
        return Ok(None);
    }
    let mut call = Invocation::new(cargo, &member.dir)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--locked",
            "--offline",
        ])
        .args(["--manifest-path", member.manifest().as_str()])
        .without(&session.scrubbed())
        // even this makes the directory
        .env("CARGO_TARGET_DIR", member.target.as_str());
    if let Some(name) = &toolchain.name {
        call = call.env("RUSTUP_TOOLCHAIN", name.clone());
    }
    let output = process::read(&call)?;
    if output.status.success() {
        return Ok(None);
    }
    Ok(Some(refused(member.manifest(), &output.stderr).into()))
}

fn refused(manifest: &Utf8Path, said: &str) -> Finding {
    let said = said.lines().map(str::trim);
    let mut said = said.filter(|line| !line.is_empty() && *line != "Caused by:");
    let first = said.find_map(|line| line.strip_prefix("error: "));
    let words = first.into_iter().chain(said).collect::<Vec<&str>>();
    // cargo draws the place below what it says
    let words = words.iter().take_while(|line| !line.starts_with("-->"));
    let words = words.copied().collect::<Vec<&str>>().join(": ");
    Finding::error("cargo-manifest", format!("cargo rejects this: {words}")).at(manifest, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_words_are_on_one_line() {
        let said = "warning: x\nerror: failed to parse manifest at `/p/Cargo.toml`\n\nCaused by:\n  missing field `name`\n   --> Cargo.toml:1:1\n";
        let found = refused("/p/Cargo.toml".into(), said);
        assert_eq!(
            found.message,
            "cargo rejects this: failed to parse manifest at `/p/Cargo.toml`: missing field `name`"
        );
    }
}
