//! Where uv publishes to, according to its configuration (uv docs, "Building and publishing a package").

use camino::Utf8Path;
use toml_edit::{Item, TableLike};

use crate::model::error::Result;

use super::{Manifests, Toml, tables_of};

/// uv's configuration for `uv publish`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishConfig {
    /// `publish-url`
    pub url: Option<String>,
    /// `check-url`: where the index lists its files.
    pub check_url: Option<String>,
    pub indexes: Vec<UvIndex>,
}

/// One `[[tool.uv.index]]` that has a name and a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UvIndex {
    pub name: String,
    /// Where it lists its files.
    pub url: String,
    /// `publish-url`; `None` for an index that is only read.
    pub publish_url: Option<String>,
}

impl PublishConfig {
    /// From a folder's uv.toml, which is the only file uv reads if it exists, else from its pyproject.toml.
    ///
    /// # Errors
    /// As [`Manifests::toml`].
    pub fn read(manifests: &Manifests, dir: &Utf8Path) -> Result<Self> {
        if let Some(toml) = manifests.toml(&dir.join("uv.toml"))? {
            return Ok(Self::of(&toml, &[]));
        }
        let pyproject = manifests.toml(&dir.join("pyproject.toml"))?;
        Ok(pyproject.map_or_else(Self::default, |toml| Self::of(&toml, &["tool", "uv"])))
    }

    fn of(toml: &Toml, table: &[&str]) -> Self {
        let key = |name| [table, &[name]].concat();
        let item = toml.get(&key("index"));
        let tables = item.map(tables_of).unwrap_or_default();
        Self {
            url: toml.string(&key("publish-url")),
            check_url: toml.string(&key("check-url")),
            indexes: tables
                .into_iter()
                .filter_map(|(table, _)| index(table))
                .collect(),
        }
    }
}

fn index(table: &dyn TableLike) -> Option<UvIndex> {
    let text = |key| table.get(key).and_then(Item::as_str).map(str::to_owned);
    Some(UvIndex {
        name: text("name")?,
        url: text("url")?,
        publish_url: text("publish-url"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_read_from_tables_and_from_arrays() {
        let own = UvIndex {
            name: "own".into(),
            url: "https://own.example/simple/".into(),
            publish_url: Some("https://own.example/upload/".into()),
        };
        let parse = |text: &str| Toml::parse(Utf8Path::new("/p/x.toml"), text).unwrap();
        let tables = parse(
            "[tool.uv]\ncheck-url = \"c\"\n[[tool.uv.index]]\nurl = \"nameless\"\n\
             [[tool.uv.index]]\nname = \"own\"\nurl = \"https://own.example/simple/\"\n\
             publish-url = \"https://own.example/upload/\"\n",
        );
        let said = PublishConfig::of(&tables, &["tool", "uv"]);
        assert_eq!(said.check_url.as_deref(), Some("c"));
        assert_eq!((said.url, said.indexes), (None, vec![own.clone()]));
        let inline = parse(
            "publish-url = \"u\"\n\
             index = [{ name = \"own\", url = \"https://own.example/simple/\", \
             publish-url = \"https://own.example/upload/\" }]\n",
        );
        let said = PublishConfig::of(&inline, &[]);
        assert_eq!((said.url.as_deref(), said.indexes), (Some("u"), vec![own]));
    }
}
