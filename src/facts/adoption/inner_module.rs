//! Which package of a distribution gets the module, and the module's name there.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, Result};
use crate::model::package_name;
use crate::world::disk;

use super::options::is_name;

/// Names for the module, in order of preference.
const LEAVES: [&str; 3] = ["_core", "_rust", "_native"];

/// Folders next to a package that are not packages themselves.
pub(super) const ASIDE: [&str; 6] = ["benchmarks", "docs", "examples", "scripts", "test", "tests"];

/// A module inside a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InnerModule {
    /// Dotted.
    pub(super) package: String,
    pub(super) leaf: String,
}

impl InnerModule {
    /// In `package`, whose folder is below `source`.
    pub(super) fn of(source: &Utf8Path, package: String) -> Self {
        let folder = folder_of(source, &package);
        let is_free = |leaf: &&str| !is_taken(&folder, leaf);
        let leaf = LEAVES.into_iter().find(is_free).unwrap_or(LEAVES[0]);
        Self {
            package,
            leaf: leaf.to_owned(),
        }
    }

    /// As the user wants it.
    ///
    /// # Errors
    /// [`Error::Refused`] for what is not a dotted name, or not inside a package of `source`, or taken.
    pub(super) fn wished(source: &Utf8Path, wished: &str, package: &str) -> Result<Self> {
        let other = |message: String| {
            let hint = format!("cargo pyx init --module {package}._core");
            Error::refused(message, hint)
        };
        if let Some(part) = wished.split('.').find(|part| !is_name(part)) {
            return Err(other(format!(
                "`{part}` in `{wished}` is not a Python name"
            )));
        }
        let Some((around, leaf)) = wished.rsplit_once('.') else {
            return Err(other(format!(
                "`{wished}` is not inside a package: the module of a package belongs inside it"
            )));
        };
        let folder = folder_of(source, around);
        if !disk::is_dir(&folder) {
            return Err(other(format!(
                "no package `{around}`: `{folder}` is not a folder"
            )));
        }
        if is_taken(&folder, leaf) {
            return Err(other(format!("`{wished}` already exists in `{folder}`")));
        }
        Ok(Self {
            package: around.to_owned(),
            leaf: leaf.to_owned(),
        })
    }
}

fn folder_of(source: &Utf8Path, package: &str) -> Utf8PathBuf {
    source.join(package.replace('.', "/"))
}

fn is_taken(folder: &Utf8Path, leaf: &str) -> bool {
    let mut names = disk::names(folder).into_iter();
    names.any(|name| name.split('.').next() == Some(leaf))
}

/// Whether an `__init__.py` only declares that other distributions have parts of the package too (packaging
/// guide, "Packaging namespace packages").
pub(super) fn declares_namespace(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| {
        let is_words = line.starts_with('#') || is_docstring(line);
        !line.is_empty() && !is_words
    });
    let mut is_declared = false;
    let is_all = lines.all(|line| {
        let declares = line.contains("extend_path(") || line.contains("declare_namespace(");
        is_declared |= declares;
        declares || AROUND.iter().any(|start| line.starts_with(start))
    });
    is_all && is_declared
}

/// Prefixes of lines around a declaration.
const AROUND: [&str; 6] = [
    "except ",
    "from pkg_resources import ",
    "from pkgutil import ",
    "import pkg_resources",
    "import pkgutil",
    "try:",
];

fn is_docstring(line: &str) -> bool {
    ['"', '\'']
        .iter()
        .any(|quote| line.starts_with(*quote) && line.ends_with(*quote))
}

/// The package of a distribution, dotted, by the files of its wheel: one with an `__init__.py` that is in no
/// other such package, so that namespace folders are passed through; if there is none, a top-level folder.
pub(super) fn package_of(files: &BTreeMap<String, Vec<u8>>, distribution: &str) -> Option<String> {
    let all = || {
        let inits = files.iter();
        inits.filter_map(|(path, text)| Some((path.strip_suffix("/__init__.py")?, text)))
    };
    let is_own = |text: &[u8]| !declares_namespace(&String::from_utf8_lossy(text));
    let has_own = all().any(|(_, text)| is_own(text));
    let mut regular: Vec<&str> = Vec::new();
    for (folder, text) in all() {
        if has_own && !is_own(text) {
            continue;
        }
        let is_inside = |around: &&str| Utf8Path::new(folder).starts_with(around);
        if !regular.iter().any(is_inside) {
            regular.retain(|inner| !Utf8Path::new(inner).starts_with(folder));
            regular.push(folder);
        }
    }
    let tops = || {
        let tops = files
            .keys()
            .filter_map(|path| Some(path.split_once('/')?.0));
        tops.filter(|top| !top.starts_with('.')).collect()
    };
    let found: Vec<&str> = if regular.is_empty() { tops() } else { regular };
    let own = package_name::escape(distribution);
    let is_named = |folder: &&&str| folder.replace('/', "_").to_lowercase() == own;
    let is_aside = |folder: &&&str| ASIDE.contains(folder);
    let named = found.iter().find(is_named);
    let chosen = named.or_else(|| found.iter().find(|folder| !is_aside(folder)));
    chosen
        .or(found.first())
        .map(|folder| folder.replace('/', "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_of_a_distribution_is_found_in_its_namespace() {
        let of = |paths: &[&str]| {
            let files = paths.iter().map(|path| ((*path).to_owned(), Vec::new()));
            package_of(&files.collect(), "Hot-Words")
        };
        for (paths, package) in [
            (
                &["hot_words/__init__.py", "a/__init__.py"][..],
                Some("hot_words"),
            ),
            (
                &["hot/words/__init__.py", "hot/words/in/__init__.py"],
                Some("hot.words"),
            ),
            (
                &["hot/cold/__init__.py", "hot/words/a.py"],
                Some("hot.cold"),
            ),
            (&["docs/__init__.py", "words/__init__.py"], Some("words")),
            (&["tests/__init__.py"], Some("tests")),
            // no folder of it is a regular package
            (
                &[".data/x/y", "a/b.py", "hot_words/a.py"],
                Some("hot_words"),
            ),
            (&["words.py"], None),
        ] {
            assert_eq!(of(paths).as_deref(), package, "{paths:?}");
        }
    }

    #[test]
    fn a_namespace_that_is_declared_is_passed_through_as_well() {
        let of = |init: &str, inside: &str| {
            let files = [("shared/__init__.py", init), (inside, "a = 1\n")];
            let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
            package_of(&files.into(), "words").unwrap()
        };
        for declared in [
            "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
            "# shared\nfrom pkgutil import extend_path\n\n__path__ = extend_path(__path__, __name__)\n",
            "import pkg_resources\npkg_resources.declare_namespace(__name__)\n",
            "\"\"\"Shared.\"\"\"\ntry:\n    __import__('pkg_resources').declare_namespace(__name__)\n\
             except ImportError:\n    from pkgutil import extend_path\n    \
             __path__ = extend_path(__path__, __name__)\n",
        ] {
            assert_eq!(
                of(declared, "shared/words/__init__.py"),
                "shared.words",
                "{declared}"
            );
            assert_eq!(of(declared, "shared/words.py"), "shared", "{declared}");
        }
        let own =
            "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\nfrom .a import b\n";
        for own in ["", "\"\"\"Not extend_path().\"\"\"\n", own] {
            assert_eq!(of(own, "shared/words/__init__.py"), "shared", "{own}");
        }
    }

    #[test]
    fn a_module_is_where_somebody_wants_it_or_that_is_told() {
        let temp = tempfile::tempdir().unwrap();
        let source = Utf8Path::from_path(temp.path()).unwrap();
        for file in ["a/__init__.py", "a/_core.py", "a/b/c.py"] {
            disk::write(&source.join(file), b"").unwrap();
        }
        let wished = |wished: &str| InnerModule::wished(source, wished, "a");
        let expected = InnerModule {
            package: "a.b".to_owned(),
            leaf: "_fast".to_owned(),
        };
        assert_eq!(wished("a.b._fast").unwrap(), expected);
        for (other, word) in [
            ("fast", "is not inside a package"),
            ("a.b.", "is not a Python name"),
            ("a.fast-er", "`fast-er`"),
            ("a.x._fast", "no package `a.x`"),
            ("a._core", "already exists"),
            ("a.b.c", "already exists"),
        ] {
            let said = wished(other).unwrap_err().to_string();
            assert!(said.contains(word), "{said}");
        }
        assert_eq!(InnerModule::of(source, "a".to_owned()).leaf, "_rust");
    }
}
