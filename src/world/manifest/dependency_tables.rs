//! Where a Cargo.toml lists dependencies (cargo book, "Specifying Dependencies").

use toml_edit::TableLike;

use super::Toml;

/// What the dependencies of a table are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DependencyKind {
    Normal,
    Build,
    Dev,
    /// `[workspace.dependencies]`, from which members inherit.
    Shared,
}

/// One dependency table.
#[derive(Clone)]
pub(super) struct DependencyTable<'a> {
    /// Its path of keys.
    pub(super) keys: Vec<&'a str>,
    pub(super) kind: DependencyKind,
    pub(super) table: &'a dyn TableLike,
}

impl DependencyTable<'_> {
    /// The key of `[target]` that it is below: a triple or a `cfg`.
    pub(super) fn platform(&self) -> Option<&str> {
        match self.keys[..] {
            ["target", platform, _] => Some(platform),
            _ => None,
        }
    }
}

/// Every dependency table: those for any target, those of each target, and what the workspace shares.
pub(super) fn dependency_tables(toml: &Toml) -> impl Iterator<Item = DependencyTable<'_>> {
    // cargo also accepts underscores, up to edition 2021
    const KINDS: [(&str, DependencyKind); 5] = [
        ("dependencies", DependencyKind::Normal),
        ("build-dependencies", DependencyKind::Build),
        ("build_dependencies", DependencyKind::Build),
        ("dev-dependencies", DependencyKind::Dev),
        ("dev_dependencies", DependencyKind::Dev),
    ];
    let targets = toml.table(&["target"]);
    let targets = targets
        .into_iter()
        .flat_map(|targets| targets.iter())
        .filter_map(|(name, target)| Some((vec!["target", name], target.as_table_like()?)));
    let holders = std::iter::once((Vec::new(), toml.root())).chain(targets);
    let own = holders.flat_map(|(above, holder)| {
        KINDS.into_iter().filter_map(move |(name, kind)| {
            Some(DependencyTable {
                keys: [&above[..], &[name]].concat(),
                kind,
                table: holder.get(name)?.as_table_like()?,
            })
        })
    });
    let keys = ["workspace", "dependencies"];
    let shared = toml.table(&keys).map(|table| DependencyTable {
        keys: keys.to_vec(),
        kind: DependencyKind::Shared,
        table,
    });
    own.chain(shared)
}
