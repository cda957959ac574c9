//! What `cargo pyx dev` would refuse.

use camino::Utf8PathBuf;

use crate::facts::{Facts, Network, Purpose, Request, RunState};
use crate::model::error::{Error, MachineError};
use crate::plan::plan;
use crate::world::session::Session;

/// The refusal, found by planning only: nothing is done or fetched. `manifest`: `--manifest-path`, absolute.
pub fn of_dev(session: &Session, manifest: Option<Utf8PathBuf>) -> Option<Error> {
    let request = Request {
        network: Network {
            offline: true,
            locked: false,
        },
        purpose: Purpose::Dev,
        ..Request::look(manifest)
    };
    let run_state = RunState::default();
    let planned = Facts::gather(session, &request, &run_state)
        .and_then(|facts| plan(&request, &facts, &run_state));
    // what it would fetch is not a refusal
    planned
        .err()
        .filter(|error| !matches!(error, Error::Machine(MachineError::Offline(_))))
}
