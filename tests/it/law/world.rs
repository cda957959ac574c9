//! What stands around a project: variables, flags, toolchains.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex};

use crate::support::Project as Checkout;

/// For the next runs.
#[derive(Clone)]
pub(super) struct World {
    pub(super) env: BTreeMap<&'static str, String>,
    pub(super) profile: &'static str,
    pub(super) extra: bool,
    /// Whether the runs begin in another folder, with `-C`.
    pub(super) elsewhere: bool,
}

impl World {
    pub(super) fn new() -> Self {
        // a compile cache, by the endpoint of its Redis
        let store = std::env::var("CARGO_PYX_LAW_STORE").ok();
        let store = store.map(|endpoint| ("SCCACHE_REDIS_ENDPOINT", endpoint));
        Self {
            env: store.into_iter().collect(),
            profile: "dev",
            extra: false,
            elsewhere: false,
        }
    }

    pub(super) fn flags(&self) -> Vec<&str> {
        let mut flags = match self.profile {
            "dev" => Vec::new(),
            "release" => vec!["--release"],
            other => vec!["--profile", other],
        };
        if self.extra {
            flags.extend(["--features", "extra"]);
        }
        flags
    }

    /// What the compiler of a toolchain says of itself; empty: the default one.
    pub(super) fn rustc(toolchain: &str) -> String {
        static KNOWN: LazyLock<Mutex<BTreeMap<String, String>>> = LazyLock::new(Mutex::default);
        let mut known = KNOWN.lock().unwrap();
        let said = known.entry(toolchain.to_owned()).or_insert_with(|| {
            let plus = format!("+{toolchain}");
            let mut words = vec!["--version"];
            if !toolchain.is_empty() {
                words.insert(0, &plus);
            }
            let run = Checkout::at(Path::new("/")).run("rustc", &words);
            run.succeeds().stdout.trim().to_owned()
        });
        said.clone()
    }

    /// The installed toolchains of Rust 1.`oldest` and later; none without rustup.
    pub(super) fn toolchains(oldest: u32) -> Vec<String> {
        let Some(rustup) = crate::support::on_path("rustup") else {
            return Vec::new();
        };
        let run = Checkout::at(Path::new("/")).run(rustup, &["toolchain", "list"]);
        let names = run.stdout.lines().filter_map(|line| line.split(' ').next());
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        let minor = |name: &str| {
            let said = Self::rustc(name);
            let version = said.split(' ').nth(1)?;
            version.split('.').nth(1)?.parse::<u32>().ok()
        };
        names.retain(|name| {
            !name.starts_with("nightly") && minor(name).is_some_and(|minor| minor >= oldest)
        });
        names
    }
}
