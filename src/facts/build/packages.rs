//! Which packages cargo builds from this machine's files, by asking cargo.

use camino::Utf8Path;
use cargo_metadata::Metadata;

use crate::facts::fingerprint::LocalPackage;
use crate::facts::project::Member;
use crate::model::invocation::Invocation;
use crate::world::disk;
use crate::world::network;
use crate::world::process;
use crate::world::session::Session;
use crate::world::toolchain::Toolchain;

use super::output::target_dir;

/// The member's package first, then its path dependencies, whatever declares them: its own manifest, a
/// workspace's, `[patch]`, and a folder that replaces a registry. By pyx's own reading of the manifests if
/// cargo does not answer.
///
/// Everything is fetched by the time this is called, so it needs no network.
pub fn local_packages(
    session: &Session,
    member: &Member,
    toolchain: &Toolchain,
    cargo: &Utf8Path,
) -> Vec<LocalPackage> {
    let packages = asked(session, member, toolchain, cargo);
    let mut packages = packages.unwrap_or_else(|| own_packages(member));
    packages.sort();
    packages.sort_by_key(|package| package.manifest != *member.manifest());
    packages
}

/// The same by pyx's own reading of the manifests.
pub fn own_packages(member: &Member) -> Vec<LocalPackage> {
    let crates = member.crates();
    let packages = crates.map(|cargo| LocalPackage {
        name: cargo.package_name().unwrap_or_default().to_owned(),
        manifest: cargo.toml.path.clone(),
        is_vendored: false,
    });
    packages.collect()
}

/// `cargo metadata` for the member's workspace and the machine's own platform; `None` if it does not answer,
/// as without a Cargo.lock. `flags`: `--offline`, without which it fetches what is missing, and features.
pub fn metadata(
    session: &Session,
    member: &Member,
    toolchain: &Toolchain,
    cargo: &Utf8Path,
    flags: &[&str],
) -> Option<Metadata> {
    let host = toolchain.host(session)?;
    let mut call = Invocation::new(cargo, &member.dir)
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(flags.iter().copied())
        .args(["--filter-platform", host.as_str()])
        .args(["--manifest-path", member.manifest().as_str()])
        .without(&session.scrubbed())
        // even this makes the directory
        .env("CARGO_TARGET_DIR", target_dir(member).as_str());
    if let Some(name) = &toolchain.name {
        call = call.env("RUSTUP_TOOLCHAIN", name.clone());
    }
    if session.looks_only {
        // the checkout's configuration may name programs in their places
        let rustc = toolchain.rustc.as_ref()?;
        call = call
            .env("RUSTC", rustc.as_str())
            .env("RUSTC_WRAPPER", "")
            .env("RUSTC_WORKSPACE_WRAPPER", "");
        if names_credential_provider(session, member) && !flags.contains(&"--offline") {
            call = call.arg("--offline");
        }
    }
    let output = process::read(&network::patient(session, call)).ok()?;
    if !output.status.success() {
        return None;
    }
    serde_json::from_str(&output.stdout).ok()
}

/// Whether the checkout names a program that cargo would ask for a registry's credentials (cargo book,
/// "Registry Authentication").
fn names_credential_provider(session: &Session, member: &Member) -> bool {
    let home = session.cargo_home();
    let own = member.cargo_configs.iter();
    own.filter(|path| !path.starts_with(&home)).any(|path| {
        let text = disk::read_text(path).ok().flatten();
        text.is_some_and(|text| text.contains("credential-"))
    })
}

fn asked(
    session: &Session,
    member: &Member,
    toolchain: &Toolchain,
    cargo: &Utf8Path,
) -> Option<Vec<LocalPackage>> {
    let ask = |flags: &[&str]| metadata(session, member, toolchain, cargo, flags);
    // what only some features need may be compiled too; from a registry it may not be here
    let all = ask(&["--offline", "--all-features"]);
    let metadata = all.or_else(|| ask(&["--offline"]))?;
    let resolve = metadata.resolve?;
    let root = metadata
        .packages
        .iter()
        .find(|package| package.manifest_path == *member.manifest())?;
    // of a workspace only what the member reaches
    let mut reached = vec![root.id.clone()];
    let mut at = 0;
    while let Some(id) = reached.get(at).cloned() {
        at += 1;
        let node = resolve.nodes.iter().find(|node| node.id == id)?;
        for dependency in &node.dependencies {
            if !reached.contains(dependency) {
                reached.push(dependency.clone());
            }
        }
    }
    let home = session.cargo_home();
    let fetched = [home.join("registry"), home.join("git")];
    let is_fetched = |path: &Utf8Path| fetched.iter().any(|dir| path.starts_with(dir));
    let mut local = metadata.packages;
    local.retain(|package| reached.contains(&package.id) && !is_fetched(&package.manifest_path));
    let packages = local.into_iter().map(|package| LocalPackage {
        name: package.name.to_string(),
        manifest: package.manifest_path,
        is_vendored: package.source.is_some(),
    });
    Some(packages.collect())
}
