//! What a wheel is built from: one that was built from the same is not built again.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::facts::fingerprint::Settings;
use crate::facts::member_build::Build;
use crate::world::disk::{self, Signature};
use crate::world::session::Session;
use crate::world::tool::Tool;

use super::abi::Abi;
use super::flags::Rustflags;
use super::platform::Platform;
use super::release_facts::Release;

/// Variables that C compilers and linkers read.
const COMPILERS: [&str; 7] = [
    "AR",
    "ARCHFLAGS",
    "CC",
    "CFLAGS",
    "CXX",
    "CXXFLAGS",
    "MACOSX_DEPLOYMENT_TARGET",
];

/// The serialised struct is the fingerprint.
#[derive(Serialize)]
pub(super) struct WheelIdentity<'a> {
    pyx: &'static str,
    /// The hash of the sdist, if there is one.
    sdist: Option<&'a str>,
    /// Where maturin is, and its version.
    maturin: Option<(&'a Utf8Path, Option<String>)>,
    rustc: Option<(&'a Utf8Path, Option<Signature>)>,
    abi: &'a str,
    /// Where the interpreter is, and which.
    python: (&'a Utf8Path, String),
    platform: &'a Platform,
    epoch: u64,
    rustflags: &'a Rustflags,
    options: String,
    settings: &'a Settings,
    toolbox: String,
    remapped: &'a [(Utf8PathBuf, String)],
    /// The hashes of cargo's configuration files.
    cargo_configs: Vec<String>,
    compilers: [Option<&'a str>; COMPILERS.len()],
}

impl<'a> WheelIdentity<'a> {
    /// `sdist`: the hash of what it is built from.
    pub(super) fn of(
        session: &'a Session,
        release: &'a Release,
        build: &'a Build,
        abi: &'a Abi,
        platform: &'a Platform,
        sdist: Option<&'a str>,
        maturin: Option<&'a Tool>,
    ) -> Self {
        let rustc = build.toolchain.rustc.as_deref();
        let configs = build.member.cargo_configs.iter();
        let version = |tool: &Tool| tool.version.as_ref().map(ToString::to_string);
        Self {
            pyx: env!("CARGO_PKG_VERSION"),
            sdist,
            maturin: maturin.map(|tool| (&*tool.path, version(tool))),
            rustc: rustc.map(|rustc| (rustc, disk::signature(rustc))),
            abi: &abi.label,
            python: (&abi.python.path, abi.python.to_string()),
            platform,
            epoch: release.epoch,
            rustflags: &release.rustflags,
            options: format!("{:?}", build.options),
            settings: &build.settings,
            toolbox: release.toolbox.digest(),
            remapped: &release.remapped,
            cargo_configs: configs.filter_map(|path| disk::hash(path)).collect(),
            compilers: COMPILERS.map(|name| session.var(name)),
        }
    }

    /// Short enough for a folder name.
    pub(super) fn key(&self) -> String {
        // plain data: this cannot fail
        let text = serde_json::to_vec(self).unwrap_or_default();
        disk::digest(&text)[..16].to_owned()
    }
}
