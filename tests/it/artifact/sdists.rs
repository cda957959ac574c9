//! Ways to spoil the sdist of `hello`, and what is to be found then.

use super::wheels::Case;

const fn case(found: &'static [&'static str], spoil: fn(&mut super::parts::Parts)) -> Case {
    Case { found, spoil }
}

pub(crate) const SDISTS: &[Case] = &[
    case(&["error version-mismatch", "error top-folder"], |parts| {
        parts.file = "hello-0.2.0.tar.gz".into();
    }),
    case(&["error file-name"], |parts| {
        parts.file = "hello.tar.gz".into();
    }),
    case(&["error file-name", "error top-folder"], |parts| {
        parts.file = "Hello-0.1.0.tar.gz".into();
    }),
    case(&["error top-folder"], |parts| parts.add("other/a.py", "")),
    case(&["error pkg-info"], |parts| parts.remove("PKG-INFO")),
    case(&["error license-file"], |parts| parts.remove("/LICENSE")),
    case(&["error missing-source"], |parts| {
        parts.remove("/Cargo.toml");
    }),
    case(&["error missing-source"], |parts| {
        parts.remove("/pyproject.toml");
    }),
    case(&[], |parts| {
        parts.remove("/pyproject.toml");
        parts.add("hello-0.1.0/setup.py", "");
    }),
    case(&["warning secret"], |parts| {
        parts.add("hello-0.1.0/tests/server.key", "key\n");
    }),
    case(&["error missing-source"], |parts| {
        parts.remove("/src/lib.rs");
    }),
    case(&["error missing-source"], |parts| {
        parts.remove("/README.md");
    }),
    case(&["error missing-source"], |parts| {
        parts.edit(
            "/Cargo.toml",
            "[dependencies]\n",
            "[dependencies]\nshared = { path = \"../shared\" }\n",
        );
    }),
    case(&["error missing-source"], |parts| {
        parts.edit(
            "/Cargo.toml",
            "[package]\n",
            "[package]\nbuild = \"build.rs\"\n",
        );
    }),
    case(&["error manifest"], |parts| {
        parts.edit("/Cargo.toml", "[package]", "[package");
    }),
    case(&["warning cargo-lock-missing"], |parts| {
        parts.remove("/Cargo.lock");
    }),
    case(&["warning build-residue"], |parts| {
        parts.add("hello-0.1.0/target/debug/a", "");
    }),
    case(&["warning build-residue"], |parts| {
        parts.add("hello-0.1.0/hello.abi3.so", "");
    }),
    case(&["error secret"], |parts| {
        parts.add("hello-0.1.0/.env", "A=1\n");
    }),
    case(&["error direct-url"], |parts| {
        let line = "Requires-Dist: other @ https://example.org/other.whl\nSummary:";
        parts.edit("PKG-INFO", "Summary:", line);
    }),
    case(&["error build-path"], |parts| {
        parts
            .expected
            .private_paths
            .push("/checkout/of/somebody".into());
        parts.add("hello-0.1.0/notes.txt", "/checkout/of/somebody/notes.txt");
    }),
    case(&["error requires-python-mismatch"], |parts| {
        parts.expected.requires_python = Some(">=3.10".parse().unwrap());
    }),
    case(&["error too-large"], |parts| {
        parts.expected.size_limit = 100;
    }),
];
