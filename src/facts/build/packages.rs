//! Which packages cargo builds from this machine's files: cargo is asked.

use camino::Utf8Path;
use cargo_metadata::Metadata;

use crate::facts::fingerprint::LocalPackage;
use crate::facts::project::Member;
use crate::model::invocation::Invocation;
use crate::world::process;
use crate::world::session::Session;
use crate::world::toolchain::Toolchain;

use super::output::target_dir;

/// The member's package first, then those that it depends on by path, whatever says so: its own
/// manifest, a workspace's, `[patch]`. By our own reading of the manifests where cargo does not answer.
///
/// Everything is fetched by the time that this is asked, so it needs no network.
pub fn local_packages(
    session: &Session,
    member: &Member,
    toolchain: &Toolchain,
    cargo: &Utf8Path,
) -> Vec<LocalPackage> {
    let mut packages = asked(session, member, toolchain, cargo).unwrap_or_else(|| {
        let crates = member.crates();
        crates
            .map(|cargo| LocalPackage {
                name: cargo.package_name().unwrap_or_default().to_owned(),
                manifest: cargo.toml.path.clone(),
            })
            .collect()
    });
    packages.sort();
    packages.sort_by_key(|package| package.manifest != *member.manifest());
    packages
}

/// What `cargo metadata` says of the member's workspace, for the machine's own platform; `None` where it
/// does not answer, as without a Cargo.lock. Without `offline` it fetches what is not there.
pub fn metadata(
    session: &Session,
    member: &Member,
    toolchain: &Toolchain,
    cargo: &Utf8Path,
    offline: bool,
) -> Option<Metadata> {
    let host = toolchain.host(session)?;
    let mut call = Invocation::new(cargo, &member.dir)
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(offline.then_some("--offline"))
        .args(["--filter-platform", host.as_str()])
        .args(["--manifest-path", member.manifest().as_str()])
        .without(&session.scrubbed())
        // even this makes the directory
        .env("CARGO_TARGET_DIR", target_dir(member).as_str());
    if let Some(name) = &toolchain.name {
        call = call.env("RUSTUP_TOOLCHAIN", name.clone());
    }
    let output = process::read(&call).ok()?;
    if !output.status.success() {
        return None;
    }
    serde_json::from_str(&output.stdout).ok()
}

fn asked(
    session: &Session,
    member: &Member,
    toolchain: &Toolchain,
    cargo: &Utf8Path,
) -> Option<Vec<LocalPackage>> {
    let metadata = metadata(session, member, toolchain, cargo, true)?;
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
    let local = metadata
        .packages
        .iter()
        .filter(|package| package.source.is_none() && reached.contains(&package.id));
    let packages = local.map(|package| LocalPackage {
        name: package.name.to_string(),
        manifest: package.manifest_path.clone(),
    });
    Some(packages.collect())
}
