//! pdm's groups for development (pdm docs, "Legacy `tool.pdm.dev-dependencies`").

use crate::world::manifest::Toml;

use super::tool_environment::{ToolEnvironment, place};

pub(super) fn groups(toml: &Toml) -> Vec<ToolEnvironment> {
    let keys = ["tool", "pdm", "dev-dependencies"];
    let mut found = Vec::new();
    for name in toml.keys(&keys) {
        let mut group = ToolEnvironment::default();
        for text in toml.spanned_strings(&[&keys[..], &[&name]].concat()) {
            let place = place(&toml.path, toml.line(&text.span));
            group.add_line(&text.value, &place);
        }
        found.push(group);
    }
    found
}
