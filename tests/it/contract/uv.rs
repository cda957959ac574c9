//! What uv knows and we have written down.

use cargo_pyx::model::minor::NEWEST_PYTHON;
use serde_json::Value;

use crate::support::{Project, folder, uv};

#[test]
fn the_newest_python_is_the_newest_that_uv_knows_as_released() {
    let project = Project::written(&folder!(), &[("pyproject.toml", "")]);
    let list = [
        "python",
        "list",
        "--only-downloads",
        "--output-format",
        "json",
    ];
    let said = project.run(uv(), &list).succeeds().stdout;
    let all: Value = serde_json::from_str(&said).unwrap();
    let newest = all.as_array().unwrap().iter().filter_map(|one| {
        let is_released = one["version"]
            .as_str()?
            .chars()
            .all(|c| c.is_ascii_digit() || c == '.');
        let parts = &one["version_parts"];
        let minor = (parts["major"].as_u64()?, parts["minor"].as_u64()?);
        (is_released && one["implementation"] == "cpython").then_some(minor)
    });
    assert_eq!(newest.max(), Some(NEWEST_PYTHON));
}
