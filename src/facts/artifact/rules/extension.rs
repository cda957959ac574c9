//! Extension modules: their file names (PEP 3149, PEP 384, PEP 703) and their initialisers
//! (PEP 489, PEP 793).

use crate::facts::artifact::archive::ending;
use crate::facts::artifact::wheel::path_in_site_packages;
use crate::facts::artifact::{Binary, Expected, Tags, Wheel};
use crate::model::finding::Finding;

/// A file that Python may import as a module.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Extension<'a> {
    /// The member's name.
    file: &'a str,
    /// Dotted.
    module: String,
    /// `cp313t`, `abi3`, `pypy311_pp73`: the ABI in its name, in the spelling of tags.
    abi: Option<String>,
    binary: Option<&'a Binary>,
}

impl<'a> Extension<'a> {
    /// `None` for what is not an extension module by name or place.
    fn of(file: &'a str) -> Option<Self> {
        let path = path_in_site_packages(file);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let private = folder
            .split('/')
            .any(|part| ending(part) == Some("libs") || part == ".dylibs");
        let stem = name.strip_suffix(".so").or(name.strip_suffix(".pyd"))?;
        let (stem, suffix) = match stem.split_once('.') {
            Some((stem, suffix)) => (stem, Some(abi_of(suffix)?)),
            None => (stem, None),
        };
        let folders = folder.split('/').filter(|part| !part.is_empty());
        let module = folders.chain([stem]).collect::<Vec<_>>().join(".");
        (!private).then_some(Self {
            file,
            module,
            abi: suffix,
            binary: None,
        })
    }

    fn name(&self) -> &str {
        self.module.rsplit('.').next().unwrap_or_default()
    }

    fn is_module(&self) -> bool {
        self.abi.is_some() || self.binary.is_some_and(|binary| !binary.inits.is_empty())
    }

    /// Whether an interpreter that installs the wheel would load the file.
    fn loads(&self, tags: &Tags) -> bool {
        let Some(own) = self.abi.as_deref() else {
            return true;
        };
        tags.abis.iter().any(|abi| match own {
            "abi3" => abi == "none" || abi == "abi3" || has_gil(abi),
            "abi3t" => abi == "none" || abi.starts_with("abi3") || abi.starts_with("cp"),
            _ => abi == own,
        })
    }

    /// maturin puts a module without a package into a package of the same name if it has to add a stub.
    fn is(&self, expected: &str) -> bool {
        let name = expected.rsplit('.').next().unwrap_or(expected);
        self.module == expected || self.module == format!("{expected}.{name}")
    }
}

fn has_gil(abi: &str) -> bool {
    abi.starts_with("cp") && !abi.ends_with('t')
}

/// The ABI in the middle of a file name, in the spelling of tags; `None` if it names no ABI.
fn abi_of(suffix: &str) -> Option<String> {
    let mut parts = suffix.split('-');
    let first = parts.next()?;
    // from Python 3.15 on with the platform behind it
    if first == "abi3" || first == "abi3t" {
        return Some(first.to_owned());
    }
    let second = parts.next()?;
    let numbered = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if first == "cpython" && numbered(second) {
        return Some(format!("cp{second}"));
    }
    if first.strip_prefix("cp").is_some_and(numbered) {
        return Some(first.to_owned());
    }
    if first.starts_with("pypy") {
        return Some(format!("{first}_{second}"));
    }
    let third = parts.next()?;
    first
        .starts_with("graalpy")
        .then(|| format!("{first}_{second}_{third}"))
}

pub(super) fn findings(wheel: &Wheel, expected: &Expected) -> Vec<Finding> {
    let Some(name) = &wheel.name else {
        return Vec::new();
    };
    let extensions: Vec<Extension<'_>> = wheel
        .members
        .iter()
        .filter_map(|member| {
            let mut extension = Extension::of(&member.name)?;
            extension.binary = wheel.binaries.get(&member.name);
            Some(extension)
        })
        .collect();
    let modules: Vec<&Extension<'_>> = extensions.iter().filter(|one| one.is_module()).collect();
    let mut found = Vec::new();
    for module in &modules {
        found.extend(suffix(module, &modules, &name.tags));
        found.extend(initialiser(module));
    }
    match &expected.modules {
        Some(names) => found.extend(compared(&extensions, names)),
        None => found.extend(none_at_all(wheel, &name.tags)),
    }
    found
}

fn suffix(module: &Extension<'_>, all: &[&Extension<'_>], tags: &Tags) -> Option<Finding> {
    let wanted = tags.expand().into_iter().next().unwrap_or_default();
    if !module.loads(tags) {
        let abi = module.abi.as_deref().unwrap_or_default();
        let message = format!("is for the ABI `{abi}`, but the wheel's tag is `{wanted}`");
        let mut others = all.iter().filter(|other| other.module == module.module);
        let finding = if others.any(|other| other.loads(tags)) {
            let hint = "a build for another interpreter left it among the sources: add it to `exclude` in `[tool.maturin]`";
            Finding::warning("foreign-extension", message).hint(hint)
        } else {
            let hint = "build the wheel with the interpreter it is for, or correct its tag";
            Finding::error("extension-suffix", message).hint(hint)
        };
        return Some(finding.at(module.file, None));
    }
    let bare = module.abi.is_none() && ending(module.file) == Some("so") && !tags.is_abi_free();
    let message = format!(
        "has no ABI in its name, so any interpreter tries to load it, but the wheel's tag is `{wanted}`"
    );
    bare.then(|| Finding::warning("extension-suffix", message).at(module.file, None))
}

fn initialiser(module: &Extension<'_>) -> Option<Finding> {
    let inits = &module.binary?.inits;
    let name = module.name();
    if inits.is_empty() {
        let message = format!("exports no `PyInit_{name}`: Python cannot import it");
        let hint = format!("name the function or module under `#[pymodule]` `{name}`");
        return Some(
            Finding::error("init-missing", message)
                .at(module.file, None)
                .hint(hint),
        );
    }
    let fits = |init: &String| {
        let rest = init.split_once('_').unwrap_or_default().1;
        // the names of modules that are not ASCII are written in Punycode
        rest == name || (!name.is_ascii() && init.contains("U_"))
    };
    if inits.iter().any(fits) {
        return None;
    }
    let has = inits.iter().cloned().collect::<Vec<_>>().join("`, `");
    let message = format!("exports `{has}`, but Python looks for `PyInit_{name}`");
    let hint = "the name under `#[pymodule]` and the last part of `[tool.maturin] module-name` must be the same";
    Some(
        Finding::error("init-mismatch", message)
            .at(module.file, None)
            .hint(hint),
    )
}

/// The modules found, compared with those that the project declares.
fn compared(extensions: &[Extension<'_>], names: &[String]) -> Vec<Finding> {
    let missing = names
        .iter()
        .filter(|name| !extensions.iter().any(|one| one.is(name)));
    let missing = missing.map(|name| {
        Finding::error(
            "extension-missing",
            format!("no file holds the extension module `{name}`"),
        )
        .hint("build it with `cargo pyx release wheel`")
    });
    let beyond = extensions
        .iter()
        .filter(|one| one.is_module())
        .filter(|one| !names.iter().any(|name| one.is(name)))
        .map(|one| {
            let message = format!(
                "is the extension module `{}`, which the project does not mention",
                one.module
            );
            Finding::warning("extension-unexpected", message).at(one.file, None)
        });
    let bare = extensions
        .iter()
        .filter(|one| !one.is_module() && one.binary.is_some())
        .filter(|one| names.iter().any(|name| one.is(name)))
        .filter_map(initialiser);
    missing.chain(beyond).chain(bare).collect()
}

/// A platform-specific wheel without any binary has lost something.
fn none_at_all(wheel: &Wheel, tags: &Tags) -> Option<Finding> {
    let pure = tags.platforms.iter().all(|platform| platform == "any") && tags.is_abi_free();
    let lost = !pure && wheel.binaries.is_empty() && wheel.broken.is_empty();
    let message = format!(
        "it contains no binary, but its tag is `{}`",
        tags.expand().first()?
    );
    lost.then(|| Finding::error("extension-missing", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_tells_module_and_abi() {
        for (file, module, abi) in [
            ("a/b.abi3.so", "a.b", Some("abi3")),
            ("b.abi3t-x86_64-linux-gnu.so", "b", Some("abi3t")),
            ("b.cpython-313t-x86_64-linux-gnu.so", "b", Some("cp313t")),
            ("b.cpython-36m-darwin.so", "b", Some("cp36m")),
            ("b.cp313-win_amd64.pyd", "b", Some("cp313")),
            (
                "b.pypy311-pp73-x86_64-linux-gnu.so",
                "b",
                Some("pypy311_pp73"),
            ),
            (
                "b.graalpy242-311-native-x86_64-linux.so",
                "b",
                Some("graalpy242_311_native"),
            ),
            ("n-1.data/platlib/a/b.so", "a.b", None),
            ("b.pyd", "b", None),
        ] {
            let found = Extension::of(file).unwrap();
            assert_eq!(
                (found.module.as_str(), found.abi.as_deref()),
                (module, abi),
                "{file}"
            );
        }
        for file in ["a.libs/liba.so", "liba.so.1", "liba.1.so", "a.dll", "a.py"] {
            assert_eq!(Extension::of(file), None, "{file}");
        }
    }

    #[test]
    fn an_interpreter_loads_its_own_files() {
        for (file, tags, loads) in [
            ("a.abi3.so", "cp39-abi3-any", true),
            ("a.abi3.so", "cp313-cp313-any", true),
            ("a.abi3.so", "cp313-cp313t-any", false),
            ("a.abi3t.so", "cp315-abi3.abi3t-any", true),
            ("a.cpython-311-x86_64-linux-gnu.so", "cp39-abi3-any", false),
            ("a.cpython-311-x86_64-linux-gnu.so", "cp311-cp311-any", true),
            (
                "a.cpython-311-x86_64-linux-gnu.so",
                "cp310.cp311-cp310.cp311-any",
                true,
            ),
            (
                "a.cpython-313-x86_64-linux-gnu.so",
                "cp313-cp313t-any",
                false,
            ),
            ("a.so", "cp313-cp313t-any", true),
        ] {
            let tags_ = Tags::parse(tags).unwrap();
            assert_eq!(
                Extension::of(file).unwrap().loads(&tags_),
                loads,
                "{file} {tags}"
            );
        }
    }

    #[test]
    fn a_module_may_be_in_a_package_of_its_name() {
        assert!(Extension::of("hello/hello.abi3.so").unwrap().is("hello"));
        assert!(Extension::of("hello.abi3.so").unwrap().is("hello"));
        assert!(!Extension::of("hello/other.abi3.so").unwrap().is("hello"));
    }
}
