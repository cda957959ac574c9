//! sccache with a store beyond this machine, so that the store can be gone without stopping anybody.
//!
//! By itself sccache waits ten seconds for such a store at its start, and then compiles nothing; where the
//! store goes while it runs, each compilation waits for half a minute. So these builds have a server of
//! their own, which can be ended without harm to others.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::facts::CompilerCache;
use crate::model::invocation::Invocation;
use crate::ui::Ui;
use crate::world::network;
use crate::world::process::{self, Server};
use crate::world::session::Session;

/// How long a store may take to answer before it counts as gone.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a server may take to answer, which asks its store first.
const STARTUP: Duration = Duration::from_secs(2);
/// How often the store is looked at.
const TICK: Duration = Duration::from_millis(500);

/// Runs `work`; as long as it goes on, cargo compiles through a server of sccache's that is there for it
/// alone. Where the store cannot be reached it compiles without, and that is said.
pub fn with_compiler_cache<T>(
    session: &Session,
    ui: &Ui,
    cache: Option<&CompilerCache>,
    work: impl FnOnce() -> T,
) -> T {
    let Some(cache) = cache else {
        return sharing(BTreeMap::new(), work);
    };
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
        let done = sharing(own.for_clients(), work);
        drop::<mpsc::Sender<()>>(work_goes_on);
        done
    })
}

/// cargo asks rustc through sccache also where nothing is compiled, and waits for the store: until
/// [`with_compiler_cache`] has seen to that, it asks rustc itself.
pub fn ask_without_cache(session: &Session) {
    if CompilerCache::is_stored(session) {
        process::share(without());
    }
}

/// Empty, it takes back what cargo's configuration says.
fn without() -> BTreeMap<String, String> {
    [("RUSTC_WRAPPER".to_owned(), String::new())].into()
}

fn sharing<T>(variables: BTreeMap<String, String>, work: impl FnOnce() -> T) -> T {
    let former = process::share(variables);
    let done = work();
    process::share(former);
    done
}

/// Looks at the store until the work has ended; from when it is gone on, this machine's disk is in its
/// place.
fn watch(own: &CacheServer<'_>, server: Server, ui: &Ui, end: &mpsc::Receiver<()>) {
    while end.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
        if is_there(own.cache) {
            continue;
        }
        ui.warn(&gone(own.cache));
        // who waits for it compiles by itself
        drop(server);
        let _other = own.start(false);
        let _ = end.recv(); // it only ends
        return;
    }
    own.say(ui);
    drop(server);
}

/// The server of sccache that these builds have for themselves.
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
        if with_store && !is_there(self.cache) {
            return None;
        }
        let begun = Instant::now();
        let mut call = self.call();
        // its own process, not one that stays when we are killed
        for name in ["SCCACHE_START_SERVER", "SCCACHE_NO_DAEMON"] {
            call = call.env(name, "1");
        }
        if !with_store {
            call = call.without(&self.cache.variables);
        }
        let mut server = Server::start(&call).ok()?;
        let address = format!("127.0.0.1:{}", self.port);
        while !network::listens(&address, PATIENCE) {
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

    /// How much there was to take.
    fn say(&self, ui: &Ui) {
        let call = self.call().args(["--show-stats", "--stats-format", "json"]);
        let answer = process::read(&call).ok();
        let answer = answer.and_then(|it| serde_json::from_str::<StatsReport>(&it.stdout).ok());
        let Some(StatsReport { stats }) = answer else {
            return;
        };
        let (hits, misses) = (stats.cache_hits.sum(), stats.cache_misses.sum());
        if hits + misses > 0 {
            let all = hits + misses;
            let text = format!("{hits} of {all} compilations, in {}", self.cache.store);
            ui.status("Cached", &text);
        }
    }
}

/// What sccache tells machines of what it did.
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

fn is_there(cache: &CompilerCache) -> bool {
    let mut addresses = cache.addresses.iter();
    addresses.all(|address| network::listens(address, PATIENCE))
}

fn gone(cache: &CompilerCache) -> String {
    let CompilerCache { program, store, .. } = cache;
    format!("`{store}` does not answer: compiling without `{program}`")
}
