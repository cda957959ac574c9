//! Python implementations: what is compiled for one cannot be imported by another.

use super::minor::Minor;

/// An implementation of Python, as far as extension modules distinguish them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Implementation {
    #[default]
    CPython,
    /// CPython built without the GIL (PEP 703); only chosen when asked for.
    FreeThreaded,
    /// Only chosen when asked for.
    PyPy,
}

impl Implementation {
    /// By the folder in `lib` that holds its packages: `python3.13`, `python3.13t`, `pypy3.10`. `None` for
    /// other names.
    pub fn of_lib_folder(name: &str) -> Option<Self> {
        let is_version = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let (name, implementation) = match name.strip_prefix("python") {
            Some(rest) if rest.ends_with('t') => (rest, Self::FreeThreaded),
            Some(rest) => (rest, Self::CPython),
            None => (name.strip_prefix("pypy")?, Self::PyPy),
        };
        is_version(name).then_some(implementation)
    }

    /// The folder in `lib` that holds its packages.
    pub fn lib_folder(self, (major, minor): Minor) -> String {
        match self {
            Self::CPython => format!("python{major}.{minor}"),
            Self::FreeThreaded => format!("python{major}.{minor}t"),
            Self::PyPy => format!("pypy{major}.{minor}"),
        }
    }

    /// As in wheel tags: `cp312`, `cp313t`, `pp310`.
    pub fn tag(self, (major, minor): Minor) -> String {
        match self {
            Self::CPython => format!("cp{major}{minor}"),
            Self::FreeThreaded => format!("cp{major}{minor}t"),
            Self::PyPy => format!("pp{major}{minor}"),
        }
    }

    /// As `--python` accepts it.
    pub fn request(self, (major, minor): Minor) -> String {
        match self {
            Self::CPython => format!("{major}.{minor}"),
            Self::FreeThreaded => format!("{major}.{minor}t"),
            Self::PyPy => format!("pypy{major}.{minor}"),
        }
    }

    pub fn is_cpython(self) -> bool {
        self != Self::PyPy
    }

    /// With a version, for people: `CPython 3.12.1`, `CPython 3.13.0t`, `PyPy 3.10.14`.
    pub fn wording(self, version: impl std::fmt::Display) -> String {
        match self {
            Self::CPython => format!("CPython {version}"),
            Self::FreeThreaded => format!("CPython {version}t"),
            Self::PyPy => format!("PyPy {version}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_packages_is_of_the_implementation_that_has_it() {
        use Implementation::{CPython, FreeThreaded, PyPy};
        for (implementation, name) in [
            (CPython, "python3.13"),
            (FreeThreaded, "python3.13t"),
            (PyPy, "pypy3.13"),
        ] {
            assert_eq!(implementation.lib_folder((3, 13)), name);
            assert_eq!(Implementation::of_lib_folder(name), Some(implementation));
        }
        for name in ["python-apt", "site-packages", "pypysomething"] {
            assert_eq!(Implementation::of_lib_folder(name), None, "{name}");
        }
    }
}
