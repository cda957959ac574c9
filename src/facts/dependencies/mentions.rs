//! Where a project names a package that its tests lack.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::package_name;
use crate::model::path::{relative, shown};
use crate::world::checkout;
use crate::world::disk;
use crate::world::manifest::{GroupItem, Manifests, PyProject};

use super::automation;
use super::environments::Place;
use super::requirements_file;
use super::runner;

/// Packages whose import name differs from their own.
const IMPORTED_AS: [(&str, &str); 16] = [
    ("attr", "attrs"),
    ("bs4", "beautifulsoup4"),
    ("Crypto", "pycryptodome"),
    ("cv2", "opencv-python"),
    ("dateutil", "python-dateutil"),
    ("dotenv", "python-dotenv"),
    ("git", "gitpython"),
    ("jwt", "pyjwt"),
    ("OpenSSL", "pyopenssl"),
    ("PIL", "pillow"),
    ("pkg_resources", "setuptools"),
    ("serial", "pyserial"),
    ("skimage", "scikit-image"),
    ("sklearn", "scikit-learn"),
    ("yaml", "pyyaml"),
    ("zmq", "pyzmq"),
];

/// Tables of pyproject.toml that name packages but install none.
const SETTINGS: [&str; 9] = [
    "black", "coverage", "isort", "maturin", "mypy", "pyright", "pytest", "ruff", "ty",
];

/// What to do about a module that the tests of the package in `dir`, absolute, cannot import; `None` if
/// nothing in the project mentions it.
///
/// # Errors
/// A file that cannot be read.
pub fn hint_for_missing(dir: &Utf8Path, module: &str) -> Result<Option<String>> {
    let manifests = Manifests::default();
    let names = packages_of_module(module);
    let mut unread = None;
    for folder in checkout::around(dir) {
        let show = |place: &Place| {
            let path = shown(folder, &place.path);
            format!("`{path}:{}`", place.line)
        };
        let pyproject = manifests.pyproject(&folder.join("pyproject.toml"))?;
        if let Some(pyproject) = &pyproject {
            if pyproject
                .normalized_name()
                .is_some_and(|own| names.contains(&own))
            {
                return Ok(None); // its own build is what is missing
            }
            if let Some(hint) = in_group_or_extra(pyproject, &names) {
                return Ok(Some(hint));
            }
        }
        if let Some(own) = own_module(folder, module) {
            let path = match &*relative(dir, folder) {
                "" => ".".to_owned(),
                path => path.to_owned(),
            };
            return Ok(Some(format!(
                "`{own}` is part of the project: pytest finds it with `pythonpath = [\"{path}\"]` in its configuration"
            )));
        }
        if let Some(Mention { place, name, text }) = mention(folder, &names)? {
            let at = show(&place);
            if let Some(pyproject) = &pyproject
                && runner::installed_names(&manifests, pyproject)?
                    .contains(&package_name::normalize(&name))
            {
                return Ok(Some(format!(
                    "`{name}` is installed, as {at} asks for it, but has no module `{module}`: is it the right package?"
                )));
            }
            let way = way_out(&name, &text);
            return Ok(Some(format!(
                "{at} names `{name}`, but pyx does not install from there: {way}"
            )));
        }
        if let (Some(pyproject), None) = (&pyproject, &unread) {
            let found = runner::find(&manifests, pyproject)?;
            unread = found.unread.first().map(|(place, text)| {
                let at = show(place);
                let way = way_out(&names[0], text);
                format!("pyx cannot tell what {at} installs (`{text}`) without running it: {way}")
            });
        }
    }
    Ok(unread)
}

/// The module's file or package name among the files of a folder, if it is there.
fn own_module(folder: &Utf8Path, module: &str) -> Option<String> {
    let is_python = |name: &String| Utf8Path::new(name).extension() == Some("py");
    if disk::names(&folder.join(module)).iter().any(is_python) {
        return Some(format!("{module}/"));
    }
    let file = format!("{module}.py");
    disk::is_file(&folder.join(&file)).then_some(file)
}

/// What to do about a module that the Rust tests of the crate in `dir`, absolute, cannot import; `None` if it
/// is the package's own, which has to be built first.
///
/// # Errors
/// A file that cannot be read.
pub fn hint_for_missing_in_rust(dir: &Utf8Path, module: &str) -> Result<Option<String>> {
    let module = module.split('.').next().unwrap_or(module);
    let names = packages_of_module(module);
    let pyproject = Manifests::default().pyproject(&dir.join("pyproject.toml"))?;
    if let Some(pyproject) = pyproject.filter(|it| it.builds_with_maturin()) {
        let own = pyproject.normalized_name();
        if own.is_some_and(|own| names.contains(&own)) {
            return Ok(None);
        }
        let hint = hint_for_missing(dir, module)?;
        return Ok(hint.or_else(|| Some(way_out(&names[0], ""))));
    }
    for folder in checkout::around(dir) {
        if let Some(Mention { place, name, .. }) = mention(folder, &names)? {
            let path = shown(folder, &place.path);
            let (line, way) = (place.line, way_out_of_crate(&name));
            return Ok(Some(format!(
                "`{path}:{line}` names `{name}`, but pyx does not install from there: {way}"
            )));
        }
    }
    Ok(Some(way_out_of_crate(&names[0])))
}

fn way_out_of_crate(name: &str) -> String {
    format!("list it in Cargo.toml, as in `[package.metadata.pyx] requires = [\"{name}\"]`")
}

/// `said`: how the project asks for it; where it takes it from belongs to that.
fn way_out(name: &str, said: &str) -> String {
    let group = |listed: &str| {
        format!("list it in a dependency group, as in `[dependency-groups] test = [\"{listed}\"]`")
    };
    match Origin::of(said) {
        None => group(name),
        Some(Origin::Url(url)) => group(&format!("{name} @ {url}")),
        Some(Origin::Folder(path)) => format!(
            "{}, with `[tool.uv.sources] {name} = {{ path = \"{path}\" }}`",
            group(name)
        ),
    }
}

/// Where a line takes a package from, if it is not an index.
enum Origin<'a> {
    /// From the folder of the file.
    Folder(&'a str),
    Url(String),
}

impl<'a> Origin<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let value = |key: &str| {
            line.match_indices(key).find_map(|(at, _)| {
                let is_key = line[..at].ends_with([' ', '{', ',']);
                let rest = line[at + key.len()..].trim_start().strip_prefix('=')?;
                let rest = rest.trim_start().strip_prefix(['"', '\''])?;
                rest.split(['"', '\'']).next().filter(|_| is_key)
            })
        };
        if let Some(path) = value("path").or_else(|| value("file")) {
            return Some(Self::Folder(path));
        }
        if let Some(url) = value("git") {
            return Some(Self::Url(format!("git+{url}")));
        }
        if let Some(url) = value("url") {
            return Some(Self::Url(url.to_owned()));
        }
        let (_, place) = line.split_once(" @ ")?;
        let place = place.split(['"', '\'', ' ', ',', ';']).next()?;
        // the names of tools for the folder of the project
        let roots = ["{root:uri}", "{root}", "${PROJECT_ROOT}"];
        let mut below = roots.iter().filter_map(|root| place.split_once(root));
        match below.next() {
            Some((_, path)) => Some(Self::Folder(path.trim_start_matches('/'))),
            None => place.contains("://").then(|| Self::Url(place.to_owned())),
        }
    }
}

/// Normalised names of the packages that may provide a module.
pub fn packages_of_module(module: &str) -> Vec<String> {
    let known = IMPORTED_AS
        .iter()
        .filter(|(imported, _)| *imported == module);
    let known = known.map(|(_, package)| (*package).to_owned());
    known.chain([package_name::normalize(module)]).collect()
}

/// A group or an extra that was not installed for the tests.
fn in_group_or_extra(pyproject: &PyProject, names: &[String]) -> Option<String> {
    let has = |text: &String| {
        package_name::of_requirement(text).is_some_and(|name| names.contains(&name))
    };
    let group = pyproject.groups.iter().find(|(_, items)| {
        items.iter().any(|item| match item {
            GroupItem::Requirement(text) => has(text),
            GroupItem::Include(_) => false,
        })
    });
    let extra = pyproject
        .extras
        .iter()
        .find(|(_, texts)| texts.iter().any(has));
    let group = group.map(|(name, _)| ("group", name));
    let (option, name) = group.or(extra.map(|(name, _)| ("extra", name)))?;
    let mut hint = format!("cargo pyx test --{option} {name}");
    let extras = ["project", "optional-dependencies"];
    let line = match option {
        "group" => pyproject.line_of_group(name),
        _ => pyproject.toml.line_of(&[&extras[..], &[name]].concat()),
    };
    let _ = write!(hint, " (`pyproject.toml:{line}` has `{}` there)", names[0]);
    Some(hint)
}

/// A line that names a package.
struct Mention {
    place: Place,
    /// As it is written.
    name: String,
    /// All of the line.
    text: String,
}

/// The first line of a folder's files that names one of the packages, and the name as written.
fn mention(folder: &Utf8Path, names: &[String]) -> Result<Option<Mention>> {
    for path in files(folder) {
        let text = disk::read_transcoded(&path)?.unwrap_or_default();
        if let Some((line, name)) = line_naming(&text, path.extension(), names) {
            let text = text.lines().nth(line - 1).unwrap_or_default().to_owned();
            let place = Place { path, line };
            return Ok(Some(Mention { place, name, text }));
        }
    }
    Ok(None)
}

fn line_naming(text: &str, kind: Option<&str>, names: &[String]) -> Option<(usize, String)> {
    let mut is_setting = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') && kind == Some("toml") {
            let table = line.trim_matches(['[', ']']);
            let tool = table.strip_prefix("tool.").unwrap_or_default();
            is_setting = SETTINGS.contains(&tool.split('.').next().unwrap_or_default());
        }
        if is_setting
            || line.starts_with('#')
            || line.starts_with("import ")
            || line.starts_with("from ")
        {
            continue;
        }
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let mut words = line.split(|c| !is_of_name(c));
        let named = words.find(|word| names.contains(&package_name::normalize(word)));
        if let Some(word) = named {
            return Some((at + 1, word.to_owned()));
        }
    }
    None
}

fn files(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    const BESIDES: [&str; 7] = [
        "hatch.toml",
        "setup.py",
        "Pipfile",
        "environment.yml",
        "environment.yaml",
        "requirements-dev.lock",
        ".pre-commit-config.yaml",
    ];
    let mut files = automation::files(folder);
    files.extend(BESIDES.map(|name| folder.join(name)));
    files.extend(requirements_file::in_folder(folder));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(files: &[(&str, &str)], module: &str) -> Option<String> {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        disk::create_dir(&dir.join(".git")).unwrap();
        for (name, text) in files {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        hint_for_missing(&dir.join("python"), module).unwrap()
    }

    #[test]
    fn a_missing_module_is_found_wherever_the_project_names_its_package() {
        let way = "list it in a dependency group, as in `[dependency-groups] test";
        for (file, text, module, begin) in [
            (
                "python/requirements/fuzz.txt",
                "# x\nhypothesis>=6\n",
                "hypothesis",
                "`requirements/fuzz.txt:2` names `hypothesis`",
            ),
            (
                ".github/workflows/ci.yml",
                "- run: pip install PyYAML\n",
                "yaml",
                "`.github/workflows/ci.yml:1` names `PyYAML`",
            ),
            (
                "python/setup.py",
                "import numpy\nsetup(tests_require=['numpy'])\n",
                "numpy",
                "`setup.py:2` names `numpy`",
            ),
            (
                "python/pyproject.toml",
                "[tool.mypy]\nx = 'numpy'\n[tool.x]\nneeds = ['numpy']\n",
                "numpy",
                "`pyproject.toml:4` names `numpy`",
            ),
        ] {
            let hint = hint(&[(file, text)], module).unwrap();
            assert!(hint.starts_with(begin) && hint.contains(way), "{hint}");
        }
        let group = "[dependency-groups]\ndev = ['pytest']\nfuzz = ['hypothesis']\n";
        let found = hint(&[("python/pyproject.toml", group)], "hypothesis").unwrap();
        assert_eq!(
            found,
            "cargo pyx test --group fuzz (`pyproject.toml:3` has `hypothesis` there)"
        );
        let own = "[project]\nname = 'Num-Py'\n[tool.x]\nneeds = ['num_py']\n";
        assert_eq!(hint(&[("python/pyproject.toml", own)], "num_py"), None);
        assert_eq!(hint(&[("python/pyproject.toml", "")], "numpy"), None);
    }

    #[test]
    fn a_package_keeps_the_place_that_the_project_takes_it_from() {
        let folder = "test = [\"helpers\"]`, with `[tool.uv.sources] helpers = { path = \"tests/helpers\" }`";
        for (line, way) in [
            (
                "[tool.x]\nhelpers = { path = \"tests/helpers\", editable = true }",
                folder,
            ),
            (
                "[tool.x]\nlist = [\"helpers @ {root:uri}/tests/helpers\"]",
                folder,
            ),
            (
                "[tool.x]\nlist = [\"helpers @ file:///${PROJECT_ROOT}/tests/helpers\"]",
                folder,
            ),
            (
                "[tool.x]\nhelpers = {git=\"https://e.org/h.git\"}",
                "test = [\"helpers @ git+https://e.org/h.git\"]`",
            ),
            (
                "[tool.x]\nlist = [\"helpers @ https://e.org/h.zip\"]",
                "test = [\"helpers @ https://e.org/h.zip\"]`",
            ),
            ("[tool.x]\nlist = [\"helpers\"]", "test = [\"helpers\"]`"),
        ] {
            let hint = hint(&[("python/pyproject.toml", line)], "helpers").unwrap();
            assert!(hint.ends_with(way), "{line}: {hint}");
        }
    }

    #[test]
    fn what_is_installed_and_lacks_the_module_is_not_said_to_be_missing() {
        let tox = "[testenv]\ndeps =\n  pytest\n  helpers\n";
        let files = [("python/tox.ini", tox), ("python/pyproject.toml", "")];
        let hint = hint(&files, "helpers").unwrap();
        assert!(
            hint.starts_with("`helpers` is installed, as `tox.ini:4` asks for it"),
            "{hint}"
        );
    }

    #[test]
    fn rust_tests_that_miss_a_module_are_told_where_to_list_its_package() {
        const CRATE: &str = "list it in Cargo.toml, as in `[package.metadata.pyx] requires = ";
        let hint = |files: &[(&str, &str)], module: &str| {
            let temp = tempfile::tempdir().unwrap();
            let dir = Utf8Path::from_path(temp.path()).unwrap();
            for (name, text) in files {
                disk::write(&dir.join(name), text.as_bytes()).unwrap();
            }
            hint_for_missing_in_rust(dir, module).unwrap()
        };
        let alone = hint(&[], "yaml.nodes").unwrap();
        assert_eq!(alone, format!("{CRATE}[\"pyyaml\"]`"));
        let files = [(".github/workflows/ci.yml", "- run: conda install NumPy\n")];
        let named = hint(&files, "numpy").unwrap();
        let place =
            "`.github/workflows/ci.yml:1` names `NumPy`, but pyx does not install from there";
        assert_eq!(named, format!("{place}: {CRATE}[\"NumPy\"]`"));
        let maturin = "[build-system]\nbuild-backend = 'maturin'\n[project]\nname = 'x-y'\n";
        let files = [("pyproject.toml", maturin)];
        let built = hint(&files, "numpy").unwrap();
        assert!(
            built.ends_with("[dependency-groups] test = [\"numpy\"]`"),
            "{built}"
        );
        assert_eq!(hint(&files, "x_y.inner"), None);
    }

    #[test]
    fn a_module_that_lies_in_the_project_is_no_package_that_it_lists() {
        let files = [
            ("python/pyproject.toml", ""),
            (
                ".github/workflows/ci.yml",
                "- run: python scripts/check.py\n",
            ),
            ("scripts/check.py", ""),
        ];
        assert_eq!(
            hint(&files, "scripts").unwrap(),
            "`scripts/` is part of the project: pytest finds it with `pythonpath = [\"..\"]` in its configuration"
        );
    }

    #[test]
    fn what_only_running_a_tool_would_tell_is_named_where_nothing_else_is() {
        let nox = "def test(session):\n    session.install('pytest', *read())\n";
        let files = [("python/noxfile.py", nox), ("python/pyproject.toml", "")];
        let hint = hint(&files, "numpy").unwrap();
        assert!(
            hint.starts_with("pyx cannot tell what `noxfile.py:2` installs (`session.install(…)`)"),
            "{hint}"
        );
        assert!(hint.contains("test = [\"numpy\"]"), "{hint}");
    }
}
