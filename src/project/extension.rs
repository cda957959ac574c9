//! PyO3's feature `extension-module`, which keeps programs and tests from being linked.

use camino::Utf8PathBuf;

use crate::error::Result;
use crate::manifest::{Amendment, CargoToml, PyProject};

use super::Member;
use super::crates::{Closure, pyo3_features};

const FEATURE: &str = "extension-module";

const BINDINGS: [&str; 2] = ["pyo3", "pyo3-ffi"];

/// Where a manifest switches the feature on, whoever builds the crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardWired {
    /// Of a Cargo.toml.
    pub path: Utf8PathBuf,
    pub line: usize,
    /// Whether `--no-default-features` switches it off.
    pub by_default: bool,
    /// What leaves it to `[tool.maturin] features`, by file; empty where that would change more.
    pub cure: Vec<(Utf8PathBuf, Amendment)>,
}

impl HardWired {
    /// `None` where only maturin switches it on, or nobody does.
    pub fn find(member: &Member) -> Result<Option<Self>> {
        let Some(cargo) = CargoToml::read(&member.manifest)? else {
            return Ok(None);
        };
        let closure = Closure::of(&cargo)?;
        if !pyo3_features(&cargo, &closure, &[])
            .iter()
            .any(|name| name == FEATURE)
        {
            return Ok(None);
        }
        if let Some(found) = by_default(member, &cargo) {
            return Ok(Some(found));
        }
        let root = member.workspace.join("Cargo.toml");
        for path in [&member.manifest, &root]
            .into_iter()
            .chain(&closure.manifests)
        {
            if let Some(cargo) = CargoToml::read(path)?
                && let Some(found) = in_dependency(member, &cargo)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// As a default feature of the crate.
fn by_default(member: &Member, cargo: &CargoToml) -> Option<HardWired> {
    let keys = ["features", "default"];
    let is_switch = |name: &String| {
        BINDINGS.iter().any(|package| {
            [
                format!("{package}/{FEATURE}"),
                format!("{package}?/{FEATURE}"),
            ]
            .contains(name)
        })
    };
    let values = cargo.toml.spanned_strings(&keys);
    let behind = |name: &str| cargo.features_behind(vec![name.to_owned()]);
    let switch = values
        .iter()
        .find(|value| behind(&value.value).iter().any(is_switch))?;
    // with anything else behind it, plain cargo would lose that
    let only = behind(&switch.value)
        .iter()
        .all(|name| *name == switch.value || is_switch(name));
    let old = cargo.toml.text()[switch.span.clone()].to_owned();
    let cure = only.then(|| {
        cure(
            member,
            cargo,
            (&keys.map(str::to_owned), &old),
            &switch.value,
        )
    });
    Some(HardWired {
        path: cargo.toml.path.clone(),
        line: cargo.toml.line(&switch.span),
        by_default: true,
        cure: cure.flatten().unwrap_or_default(),
    })
}

/// In an entry of `[dependencies]`, or of the workspace's.
fn in_dependency(member: &Member, cargo: &CargoToml) -> Result<Option<HardWired>> {
    let found = BINDINGS.iter().find_map(|package| {
        let switches = cargo.switches(package, FEATURE).into_iter();
        switches.map(|(keys, value)| (keys, value)).next()
    });
    let Some((keys, value)) = found else {
        return Ok(None);
    };
    let old = cargo.toml.text()[value.span.clone()].to_owned();
    let entry = keys.iter().rev().nth(1).cloned().unwrap_or_default();
    let table: Vec<&str> = keys[..keys.len() - 1].iter().map(String::as_str).collect();
    let optional = cargo.toml.get(&table).and_then(|item| item.get("optional"));
    // an entry that others inherit, or another crate's, switches it on for more than this member
    let own = cargo.toml.path == member.manifest && keys[0] != "workspace";
    let switch = format!("{entry}/{FEATURE}");
    let cure = (own && optional.is_none()).then(|| cure(member, cargo, (&keys, &old), &switch));
    Ok(Some(HardWired {
        path: cargo.toml.path.clone(),
        line: cargo.toml.line(&value.span),
        by_default: false,
        cure: cure.flatten().unwrap_or_default(),
    }))
}

/// `switch`: what maturin is to be told instead of the value `old` at `keys`.
fn cure(
    member: &Member,
    cargo: &CargoToml,
    (keys, old): (&[String], &str),
    switch: &str,
) -> Option<Vec<(Utf8PathBuf, Amendment)>> {
    let pyproject = PyProject::read(member.pyproject.as_deref()?).ok()??;
    let mut changes = vec![(
        cargo.toml.path.clone(),
        Amendment::replace(keys.to_vec(), old, Vec::new()),
    )];
    if !cargo
        .features_behind(member.features.clone())
        .iter()
        .any(|name| name == switch)
    {
        let new = vec![format!("\"{switch}\"")];
        let add = Amendment::add(&["tool", "maturin", "features"], new);
        add.apply(&pyproject.toml)?;
        changes.push((pyproject.toml.path.clone(), add));
    }
    changes[0].1.apply(&cargo.toml)?;
    Some(changes)
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::disk;
    use crate::manifest::Toml;

    const PYPROJECT: &str = "[tool.maturin]\nmodule-name = 'x._x'\n";

    /// What is found in a crate, and the texts of both manifests once that is cured.
    fn cured(cargo: &str) -> (Option<HardWired>, Vec<String>) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let cargo = format!("[package]\nname = 'x'\n{cargo}");
        disk::write(&dir.join("Cargo.toml"), cargo.as_bytes()).unwrap();
        disk::write(&dir.join("pyproject.toml"), PYPROJECT.as_bytes()).unwrap();
        let member = Member {
            manifest: dir.join("Cargo.toml"),
            pyproject: Some(dir.join("pyproject.toml")),
            workspace: dir.to_owned(),
            ..Member::default()
        };
        let found = HardWired::find(&member).unwrap();
        let cure = found.iter().flat_map(|found| &found.cure);
        let texts = cure.map(|(path, change)| {
            let toml = Toml::read(path).unwrap().unwrap();
            change.apply(&toml).unwrap()
        });
        (found.clone(), texts.collect())
    }

    #[test]
    fn a_feature_of_the_dependency_goes_to_maturin() {
        let text = "[dependencies]\npyo3 = { version = '0.29', features = ['extension-module', 'abi3'] }\n";
        let (found, texts) = cured(text);
        let found = found.unwrap();
        assert_eq!((found.line, found.by_default), (4, false));
        assert!(
            texts[0].ends_with("features = ['abi3'] }\n"),
            "{}",
            texts[0]
        );
        let expected = format!("{PYPROJECT}features = [\"pyo3/extension-module\"]\n");
        assert_eq!(texts[1], expected);
    }

    #[test]
    fn a_default_feature_is_only_cured_where_nothing_else_is_behind_it() {
        let text = |behind: &str| {
            format!(
                "[dependencies]\npyo3 = '0.29'\n[features]\ndefault = ['ext']\next = [{behind}]\n"
            )
        };
        let (found, texts) = cured(&text("'pyo3/extension-module'"));
        assert!(found.unwrap().by_default);
        assert!(texts[0].contains("default = []\n") && texts[1].contains("[\"ext\"]"));
        let (found, texts) = cured(&text("'pyo3/extension-module', 'fast'"));
        assert_eq!(found.unwrap().line, 6);
        assert!(texts.is_empty());
    }

    #[test]
    fn what_maturin_alone_switches_on_is_no_trap() {
        let text = "[dependencies]\npyo3 = '0.29'\n[features]\next = ['pyo3/extension-module']\n";
        assert_eq!(cured(text).0, None);
    }
}
