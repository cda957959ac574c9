//! What the last builds and installs of a project were made from.

use crate::facts::environment::{Environment, requested_python};
use crate::facts::fingerprint::{BuildKey, BuildRecords, Input};
use crate::facts::project::Project;
use crate::facts::request::Request;
use crate::model::error::Result;
use crate::world::session::Session;

/// As recorded for the environment of the request, without what only might matter to cargo.
///
/// # Errors
/// A project that cannot be read.
pub fn last_inputs(session: &Session, request: &Request) -> Result<Vec<Input>> {
    let project = Project::discover(session, &request.selection())?;
    let requested = requested_python::request(session, &project, request.python.as_deref())?;
    let (environment, installs) = Environment::with_record(session, &project, requested.as_ref())?;
    let mut builds = BuildRecords::load(&project.build_records()).record;
    let mut inputs = Vec::new();
    for member in &project.members {
        let key = BuildKey::new(&environment.path, &member.name);
        if let Some(build) = builds.builds.remove(&key) {
            inputs.extend(build.compile);
            inputs.extend(build.install);
        }
    }
    for sync in installs.record.syncs.into_values() {
        inputs.extend(sync.inputs);
    }
    Ok(inputs)
}
