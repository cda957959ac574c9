//! Which files are compiled, by name.

use camino::Utf8Path;

/// Whether Python imports it as an extension module, on one system or another.
pub fn is_extension_module(path: &Utf8Path) -> bool {
    matches!(path.extension(), Some("so" | "pyd"))
}

/// Whether it is native code: an extension module, or a library that Python loads, as cffi and `UniFFI` do.
pub fn is_native(path: &Utf8Path) -> bool {
    is_extension_module(path) || matches!(path.extension(), Some("dylib" | "dll"))
}

/// Whether a module is for one version of one implementation only (PEP 3149; `.cp312-win_amd64.pyd`
/// on Windows).
pub fn is_tagged(name: &str) -> bool {
    [".cpython-3", ".cp3", ".pypy3"]
        .iter()
        .any(|tag| name.contains(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_native_and_no_extension_module() {
        for (name, extension, native) in [
            ("a/b.abi3.so", true, true),
            ("b.cp312-win_amd64.pyd", true, true),
            ("libb.dylib", false, true),
            ("b.dll", false, true),
            ("b.py", false, false),
            ("so", false, false),
        ] {
            let path = Utf8Path::new(name);
            assert_eq!(is_extension_module(path), extension, "{name}");
            assert_eq!(is_native(path), native, "{name}");
        }
    }
}
