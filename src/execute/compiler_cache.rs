//! sccache, whose store may be unreachable without failing a build.
//!
//! On its own, sccache waits ten seconds at startup for an unreachable store, and then compiles nothing; if
//! the store disappears while it runs, each compilation waits for half a minute. So these builds have a
//! server of their own, which can be stopped without harm to others.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::facts::{CacheUse, CompilerCache, Network};
use crate::model::error::{MachineError, Result};
use crate::model::invocation::Invocation;
use crate::ui::Ui;
use crate::world::disk;
use crate::world::interpreter;
use crate::world::network;
use crate::world::process::{self, Server};
use crate::world::session::Session;
use crate::world::tool;

/// How long a server may take to answer, as it asks its store first.
const STARTUP: Duration = Duration::from_secs(2);
/// How often the store is checked.
const TICK: Duration = Duration::from_millis(500);

/// Runs `work`; meanwhile, cargo compiles through an sccache server of its own. If sccache is not available
/// or its store cannot be reached, cargo compiles without it, with a warning.
pub fn with_compiler_cache<T>(
    session: &Session,
    ui: &Ui,
    cache: Option<&CompilerCache>,
    network: Network,
    work: impl FnOnce() -> T,
) -> T {
    let Some(cache) = cache else {
        return sharing(BTreeMap::new(), work);
    };
    if let Err(error) = provide(session, ui, cache, network) {
        ui.warn(&format!("{error}: compiling without sccache"));
        return sharing(without(), work);
    }
    if cache.is_served {
        return sharing(wrapper(cache), work);
    }
    let own = CacheServer::new(session, cache);
    let started = own.and_then(|own| own.start(true).map(|server| (own, server)));
    let Some((own, server)) = started else {
        ui.warn(&gone(cache));
        return sharing(without(), work);
    };
    let (work_goes_on, end) = mpsc::channel();
    let own = &own;
    std::thread::scope(|scope| {
        scope.spawn(move || watch(own, server, ui, &end));
        let mut variables = own.for_clients();
        variables.extend(wrapper(cache));
        let done = sharing(variables, work);
        drop::<mpsc::Sender<()>>(work_goes_on);
        done
    })
}

/// Puts sccache into the user cache, if it is to come from there.
fn provide(session: &Session, ui: &Ui, cache: &CompilerCache, network: Network) -> Result<()> {
    let Some(missing) = &cache.missing else {
        return Ok(());
    };
    if network.offline {
        return Err(MachineError::Offline(missing.label()).into());
    }
    let uv = tool::uv(session)?;
    let python = interpreter::any(session).unwrap_or_default();
    if let Some(uv) = &uv.missing {
        uv.run(session, &python, &uv.program())?;
    }
    ui.status("Fetching", &missing.label());
    missing.run(session, &python, &uv.path)
}

/// The variables that make cargo use it, if nothing else does.
fn wrapper(cache: &CompilerCache) -> BTreeMap<String, String> {
    let own = cache.is_ours.then(|| cache.program.to_string());
    own.map(|program| ("RUSTC_WRAPPER".to_owned(), program))
        .into_iter()
        .collect()
}

/// The initial variables of children. cargo asks rustc through sccache even if nothing is compiled, and waits
/// for the store: until [`with_compiler_cache`] has checked it, cargo asks rustc directly.
pub fn asking_without_cache(session: &Session) -> BTreeMap<String, String> {
    if CompilerCache::is_stored(session) {
        return without();
    }
    BTreeMap::new()
}

/// An empty value overrides cargo's configuration.
fn without() -> BTreeMap<String, String> {
    [("RUSTC_WRAPPER".to_owned(), String::new())].into()
}

fn sharing<T>(variables: BTreeMap<String, String>, work: impl FnOnce() -> T) -> T {
    let former = process::share(variables);
    let done = work();
    process::share(former);
    done
}

/// Checks the store until the work has ended; once it is unreachable, this machine's disk replaces it.
fn watch(own: &CacheServer<'_>, server: Server, ui: &Ui, end: &mpsc::Receiver<()>) {
    while end.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
        if own.cache.store.answers() {
            continue;
        }
        // a command that waits for it compiles by itself
        drop(server);
        let other = own.start(false);
        ui.warn(&match other {
            Some(_) => lost(own.cache),
            None => gone(own.cache),
        });
        let _ = end.recv(); // it only ends
        return;
    }
    own.say(ui);
    drop(server);
}

/// The sccache server that belongs to these builds.
struct CacheServer<'a> {
    session: &'a Session,
    cache: &'a CompilerCache,
    /// Where it listens, on this machine.
    port: u16,
}

impl<'a> CacheServer<'a> {
    fn new(session: &'a Session, cache: &'a CompilerCache) -> Option<Self> {
        Some(Self {
            session,
            cache,
            port: network::free_port()?,
        })
    }

    /// The server, once it answers; with the store, or with this machine's disk.
    fn start(&self, with_store: bool) -> Option<Server> {
        if with_store && !self.cache.store.answers() {
            return None;
        }
        let begun = Instant::now();
        let mut call = self.call();
        // its own process, not one that stays when we are killed
        for name in ["SCCACHE_START_SERVER", "SCCACHE_NO_DAEMON"] {
            call = call.env(name, "1");
        }
        if !with_store {
            call = call.without(&self.cache.store.variables);
        }
        let mut server = Server::start(&call).ok()?;
        let address = format!("127.0.0.1:{}", self.port);
        while !network::listens(&address, STARTUP) {
            if server.has_ended() || begun.elapsed() > STARTUP {
                return None;
            }
            std::thread::sleep(TICK / 50);
        }
        Some(server)
    }

    fn call(&self) -> Invocation {
        let call = Invocation::new(self.cache.program.clone(), &self.session.cwd);
        call.envs(&self.for_clients())
    }

    fn for_clients(&self) -> BTreeMap<String, String> {
        let port = ("SCCACHE_SERVER_PORT".to_owned(), self.port.to_string());
        let goes_on = "SCCACHE_IGNORE_SERVER_IO_ERROR".to_owned();
        [port, (goes_on, "1".to_owned())].into()
    }

    /// Shows how much came from the cache.
    fn say(&self, ui: &Ui) {
        let call = self.call().args(["--show-stats", "--stats-format", "json"]);
        let answer = process::read(&call).ok();
        let answer = answer.and_then(|it| serde_json::from_str::<StatsReport>(&it.stdout).ok());
        let Some(StatsReport { stats }) = answer else {
            return;
        };
        let (hits, misses) = (stats.cache_hits.sum(), stats.cache_misses.sum());
        if hits + misses > 0 {
            let found = serde_json::to_string(&CacheUse { hits, misses }).unwrap_or_default();
            // of use to `doctor` alone
            let _ = disk::write(&self.cache.record, found.as_bytes());
            let all = hits + misses;
            let text = format!(
                "{hits} of {all} compilations, in {}",
                self.cache.store.label
            );
            ui.status("Cached", &text);
        }
    }
}

/// sccache's statistics in machine-readable form.
#[derive(Deserialize)]
struct StatsReport {
    stats: Stats,
}

#[derive(Deserialize)]
struct Stats {
    cache_hits: Languages,
    cache_misses: Languages,
}

#[derive(Deserialize)]
struct Languages {
    counts: BTreeMap<String, u64>,
}

impl Languages {
    fn sum(&self) -> u64 {
        self.counts.values().sum()
    }
}

/// As [`gone`], where what is compiled from now on is kept here.
fn lost(cache: &CompilerCache) -> String {
    let store = &cache.store.label;
    format!("`{store}` no longer answers: caching on this machine's disk from now on")
}

fn gone(cache: &CompilerCache) -> String {
    let CompilerCache { program, store, .. } = cache;
    let store = &store.label;
    format!("`{store}` does not answer: compiling without `{program}`")
}
