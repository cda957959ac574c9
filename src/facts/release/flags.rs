//! What rustc is told besides.

use camino::Utf8Path;

use crate::error::Result;
use crate::manifest::Toml;
use crate::project::cargo_configs;
use crate::session::Session;

/// rustc's flags from the environment and from cargo's configuration: what we add must not replace
/// them (cargo book, `build.rustflags`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rustflags {
    /// Those that hold for every target.
    pub general: Vec<String>,
    /// Whether a `[target.…]` table has some; those of every other source are then ignored.
    pub by_target: bool,
    /// The triple of the machine, as the toolchain's folder names it.
    pub host: Option<String>,
}

impl Rustflags {
    pub(super) fn gather(
        session: &Session,
        dir: &Utf8Path,
        rustc: Option<&Utf8Path>,
    ) -> Result<Self> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        if let Some(encoded) = session.var("CARGO_ENCODED_RUSTFLAGS") {
            let flags = encoded.split('\u{1f}').map(str::to_owned);
            return Ok(Self {
                general: flags.collect(),
                ..Self::default()
            });
        }
        if let Some(text) = session.var("RUSTFLAGS") {
            return Ok(Self {
                general: words(text),
                ..Self::default()
            });
        }
        let mut flags = Self {
            host: rustc.and_then(host_triple),
            ..Self::default()
        };
        let mut lists: Vec<Vec<String>> = Vec::new();
        for path in cargo_configs(session, dir) {
            let Some(toml) = Toml::read(&path)? else {
                continue;
            };
            lists.push(match toml.str(&["build", "rustflags"]) {
                Some(text) => words(text),
                None => toml.strings(&["build", "rustflags"]),
            });
            let targets = toml.table(&["target"]);
            flags.by_target |= targets.is_some_and(|targets| {
                let mut all = targets.iter();
                all.any(|(_, item)| item.get("rustflags").is_some())
            });
        }
        lists.reverse(); // the nearest file's come last
        flags.general = lists.concat();
        Ok(flags)
    }
}

/// `…/toolchains/1.95.0-x86_64-unknown-linux-gnu/bin/rustc`
fn host_triple(rustc: &Utf8Path) -> Option<String> {
    let toolchain = rustc.parent()?.parent()?.file_name()?;
    let at = toolchain.find(std::env::consts::ARCH)?;
    Some(toolchain[at..].to_owned())
}
