//! cargo configuration in the checkout: it applies to builds there, but no sdist contains it.

use camino::Utf8PathBuf;

use crate::facts::project::Project;
use crate::model::error::Result;
use crate::model::finding::Finding;
use crate::world::manifest::Toml;
use crate::world::session::Session;

/// The name of the rule.
pub const RULE: &str = "cargo-config";

/// Keys that change the compiled code.
const KEYS: [&[&str]; 2] = [&["build", "rustflags"], &["env"]];

pub(super) fn check(session: &Session, project: &Project) -> Result<Vec<Finding>> {
    let mut paths: Vec<Utf8PathBuf> = Vec::new();
    for member in &project.members {
        paths.extend(member.cargo_configs.iter().cloned());
    }
    let home = session.cargo_home();
    paths.retain(|path| path.starts_with(project.checkout()) && !path.starts_with(&home));
    paths.sort();
    paths.dedup();
    let mut found = Vec::new();
    for path in paths {
        if let Some(toml) = project.manifests.toml(&path)? {
            found.extend(judge(&toml));
        }
    }
    Ok(found)
}

fn judge(toml: &Toml) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut tables: Vec<Vec<String>> = Vec::new();
    for keys in KEYS {
        tables.push(keys.iter().map(|key| (*key).to_owned()).collect());
    }
    let targets = toml.table(&["target"]);
    for (name, _) in targets.into_iter().flat_map(|targets| targets.iter()) {
        tables.push(["target", name, "rustflags"].map(str::to_owned).into());
    }
    for keys in tables {
        let words: Vec<&str> = keys.iter().map(String::as_str).collect();
        let Some(item) = toml.get(&words) else {
            continue;
        };
        let said = keys.join(".");
        if item.to_string().contains("target-cpu=native") {
            let message = format!(
                "`{said}` compiles for this machine's processor: others may not run the wheels"
            );
            let finding = Finding::error("native-cpu", message);
            let finding =
                finding.hint("name a baseline that all machines have: `target-cpu=x86-64-v2`");
            found.push(finding.at(&toml.path, Some(toml.line_of(&words))));
        }
        let message =
            format!("`{said}` is not in the sdist: builds from it elsewhere lack this setting");
        let finding = Finding::warning(RULE, message);
        found.push(finding.at(&toml.path, Some(toml.line_of(&words))));
    }
    found
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    #[test]
    fn what_only_the_checkout_tells_the_compiler_is_named() {
        let found = |text: &str| {
            let toml = Toml::parse(Utf8Path::new("/p/.cargo/config.toml"), text).unwrap();
            let rules = judge(&toml).into_iter();
            rules
                .map(|one| (one.rule, one.place.and_then(|place| place.line)))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            found("[build]\ntarget-dir = 'x'\n[net]\noffline = true\n"),
            []
        );
        let flags = "[build]\nrustflags = ['--cfg', 'x']\n";
        assert_eq!(found(flags), [(RULE, Some(2))]);
        let native = "[target.'cfg(unix)']\nrustflags = ['-Ctarget-cpu=native']\n";
        assert_eq!(found(native), [("native-cpu", Some(2)), (RULE, Some(2))]);
    }
}
