//! Keeps uv from replacing what maturin installed.
//!
//! uv compares `uv_cache.json` in the `dist-info` folder with the project's cache keys (uv docs, "Dynamic
//! metadata"); what `maturin develop` leaves there never matches. The format is uv's own: only a file that
//! has exactly the known shape is rewritten.

use camino::Utf8Path;
use serde_json::{Value, json};

use crate::model::error::Result;
use crate::world::disk;
use crate::world::manifest::{CacheKey, PyProject};
use crate::world::session::Session;

/// Rewrites the file so that the install counts as made from the project's current state.
///
/// Returns what keeps it from being written, as the end of a sentence.
pub(super) fn settle(
    session: &Session,
    project: &PyProject,
    dist_info: &Utf8Path,
) -> Result<Option<String>> {
    let path = dist_info.join("uv_cache.json");
    let Some(text) = disk::read_text(&path)? else {
        return Ok(Some("uv wrote no `uv_cache.json`".into()));
    };
    let old: Value = serde_json::from_str(&text).unwrap_or_default();
    if !has_known_shape(&old) {
        return Ok(Some(
            "its `uv_cache.json` has a format unknown to pyx".into(),
        ));
    }
    let Some(new) = info(session, project) else {
        return Ok(Some("its cache-keys depend on git".into()));
    };
    if new != old {
        disk::write_unsynced(&path, new.to_string().as_bytes())?;
    }
    Ok(None)
}

fn has_known_shape(value: &Value) -> bool {
    let Some(object) = value.as_object() else {
        return false;
    };
    let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys == ["commit", "directories", "env", "tags", "timestamp"]
        && value["directories"].is_object()
        && value["env"].is_object()
        && (value["timestamp"].is_null() || value["timestamp"]["nanos_since_epoch"].is_u64())
}

/// By uv's rule: the newest status change of the files, the creation time of the directories, the values of
/// the variables. `None` if a key depends on git.
fn info(session: &Session, project: &PyProject) -> Option<Value> {
    let dir = project.dir();
    let mut newest: Option<u64> = None;
    let (mut directories, mut env) = (json!({}), json!({}));
    for key in project.cache_keys() {
        match key {
            CacheKey::File(pattern) => {
                let times = matches(dir, &pattern);
                newest = newest.max(times.into_iter().max());
            }
            CacheKey::Dir(name) => {
                let birth = disk::directory_birth(&dir.join(&name));
                directories[name] = birth.map_or(Value::Null, timestamp);
            }
            CacheKey::Env(name) => env[&name] = json!(session.env.get(&name)),
            CacheKey::Git => return None,
        }
    }
    Some(json!({
        "timestamp": newest.map_or(Value::Null, timestamp),
        "commit": null,
        "tags": null,
        "env": env,
        "directories": directories,
    }))
}

/// When the files that match a pattern were last changed.
fn matches(dir: &Utf8Path, pattern: &str) -> Vec<u64> {
    let written = |path: &Utf8Path| disk::signature(path).map(|signature| signature.written());
    if !pattern.contains(['*', '?', '[', '{']) {
        return written(&dir.join(pattern)).into_iter().collect();
    }
    let Some(matcher) = CacheKey::glob(pattern) else {
        return Vec::new();
    };
    disk::all_files(dir)
        .into_iter()
        .filter(|path| {
            let below = path.strip_prefix(dir).unwrap_or(path);
            matcher.is_match(below.as_std_path())
        })
        .filter_map(|path| written(&path))
        .collect()
}

fn timestamp(nanos: u64) -> Value {
    json!({
        "secs_since_epoch": nanos / 1_000_000_000,
        "nanos_since_epoch": nanos % 1_000_000_000,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_known_shape_is_rewritten() {
        let known = json!({ "timestamp": { "secs_since_epoch": 1, "nanos_since_epoch": 2 },
            "commit": null, "tags": null, "env": {}, "directories": {} });
        assert!(has_known_shape(&known));
        let mut newer = known.clone();
        newer["hashes"] = json!({});
        assert!(!has_known_shape(&newer));
        let mut other = known;
        other["timestamp"] = json!(3);
        assert!(!has_known_shape(&other));
    }
}
