//! Ways to spoil the wheel of `hello`, and what is to be found then: severities and rules.

use super::library::library;
use super::parts::Parts;

/// Of the wheel that is spoilt everything else is as in the good one: nothing more is found.
pub(crate) struct Case {
    pub(crate) found: &'static [&'static str],
    pub(crate) spoil: fn(&mut Parts),
}

const fn case(found: &'static [&'static str], spoil: fn(&mut Parts)) -> Case {
    Case { found, spoil }
}

const ROOT: &str = "/checkout/of/somebody";

/// The extension module becomes one of the stable ABI of 3.9.
pub(crate) fn stable_abi(parts: &mut Parts) {
    let python = parts.python();
    parts.retag(&format!("cp{python}-cp{python}"), "cp39-abi3");
    let name = parts.named(".so");
    parts.rename(&name, "hello/hello.abi3.so");
}

/// The extension module is another library.
fn replace_library(parts: &mut Parts, source: &str, args: &[&str]) {
    *parts.bytes(".so") = library(source, args);
}

pub(crate) const INIT: &str = "#[unsafe(no_mangle)] pub extern \"C\" fn PyInit_hello() {}";

pub(crate) const NAMES: &[Case] = &[
    case(&["error version-mismatch", "error dist-info"], |parts| {
        parts.file = parts.file.replace("0.1.0", "0.2.0");
    }),
    case(&["error name-mismatch", "error dist-info"], |parts| {
        parts.file = parts.file.replace("hello", "hallo");
    }),
    case(&["error version-mismatch"], |parts| {
        parts.expected.version = Some("0.2.0".parse().unwrap());
    }),
    case(&["error name-mismatch"], |parts| {
        parts.expected.name = Some("hallo".into());
    }),
    case(&["error file-name", "error dist-info"], |parts| {
        parts.file = parts.file.replace("hello", "Hello");
    }),
    case(&["error tag-mismatch"], |parts| {
        parts.file = parts.file.replace("manylinux_2_", "manylinux_2_9");
    }),
    case(&["error platform-tag"], |parts| {
        let platform = parts.platform();
        let machine = std::env::consts::ARCH;
        parts.retag(&platform, &format!("linux_{machine}"));
    }),
    case(&["error dist-info"], |parts| parts.remove("/RECORD")),
    case(&["error dist-info"], |parts| {
        parts.add("other-1.0.dist-info/METADATA", "");
    }),
    case(&["error too-large"], |parts| {
        parts.expected.size_limit = 1000;
    }),
];

pub(crate) const METADATA: &[Case] = &[
    case(&["warning description-missing"], |parts| {
        let text = String::from_utf8(parts.bytes("/METADATA").clone()).unwrap();
        let headers = text.split("\n\n").next().unwrap();
        *parts.bytes("/METADATA") = format!("{headers}\n\n").into_bytes();
    }),
    case(&["error description-content-type"], |parts| {
        parts.edit("/METADATA", "text/markdown", "text/html");
    }),
    case(&["error license-file"], |parts| {
        parts.remove("licenses/LICENSE");
    }),
    // where maturin put it before metadata 2.4 told where
    case(&[], |parts| {
        parts.edit(
            "/METADATA",
            "Metadata-Version: 2.4",
            "Metadata-Version: 2.1",
        );
        parts.edit("/METADATA", "License-Expression: MIT", "License: MIT");
        parts.rename("/licenses/LICENSE", "/license_files/LICENSE");
    }),
    case(&["warning license-missing"], |parts| {
        parts.edit("/METADATA", "License-Expression: MIT\n", "");
        parts.edit("/METADATA", "License-File: LICENSE\n", "");
    }),
    case(&["error direct-url"], |parts| {
        let line = "Requires-Dist: other @ file:///other\nSummary:";
        parts.edit("/METADATA", "Summary:", line);
    }),
    case(&["warning requires-python-missing"], |parts| {
        parts.edit("/METADATA", "Requires-Python: >=3.9\n", "");
    }),
    case(&["error requires-python-excludes"], |parts| {
        parts.edit("/METADATA", ">=3.9", ">=3.99");
    }),
    case(&["error requires-python-mismatch"], |parts| {
        parts.expected.requires_python = Some(">=3.10".parse().unwrap());
    }),
    case(&["error requires-python-too-low"], |parts| {
        stable_abi(parts);
        parts.expected.abi3_floor = Some((3, 9));
        parts.edit("/METADATA", ">=3.9", ">=3.8");
    }),
    case(&["warning requires-python-too-low"], |parts| {
        stable_abi(parts);
        parts.edit("/METADATA", ">=3.9", ">=3.8");
    }),
];

pub(crate) const RECORD: &[Case] = &[
    case(&["error record-hash"], |parts| {
        parts.seal();
        parts.edit("__init__.pyi", "def", "dev");
    }),
    case(&["error record-size"], |parts| {
        parts.seal();
        parts.bytes("py.typed").push(b'\n');
    }),
    case(&["error record-missing"], |parts| {
        parts.seal();
        parts.add("hello/more.py", "");
    }),
    case(&["error record-extra"], |parts| {
        parts.add("hello/more.py", "");
        parts.seal();
        parts.remove("more.py");
    }),
];

pub(crate) const CONTENT: &[Case] = &[
    case(&["warning stray-top-level"], |parts| {
        parts.add("tests/__init__.py", "");
    }),
    case(&["warning stray-top-level"], |parts| {
        parts.add("README.md", "");
    }),
    case(&["warning bytecode"], |parts| {
        parts.add("hello/__pycache__/a.cpython-311.pyc", "");
    }),
    case(&["error duplicate-member"], |parts| {
        parts.add("hello/__init__.px", "");
        parts.seal();
        parts.edit(
            "/RECORD",
            "hello/__init__.px,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n",
            "",
        );
        let own = parts.members.remove(0).1;
        parts.remove("__init__.px");
        parts
            .members
            .insert(0, ("hello/__init__.px".into(), Vec::new()));
        parts.add("hello/__init__.py", own);
        parts
            .patches
            .push(("hello/__init__.px".into(), "hello/__init__.py".into()));
    }),
    case(&["error case-collision"], |parts| {
        parts.add("hello/__INIT__.py", "");
    }),
    case(&["error unsafe-path"], |parts| {
        parts.add("hello/../../evil.py", "");
    }),
    case(&["warning vcs-residue"], |parts| {
        parts.add("hello/.DS_Store", "");
    }),
    case(&["error vcs-residue"], |parts| {
        parts.add("hello/.git/config", "");
    }),
    case(&["error develop-residue"], |parts| {
        parts.add("hello-0.1.0.dist-info/direct_url.json", "{}");
    }),
    case(&["warning develop-residue"], |parts| {
        parts.add("hello-0.1.0.dist-info/uv_cache.json", "{}");
    }),
    case(&["error develop-residue"], |parts| {
        parts.add("hello.pth", "/src/hello/python\n");
    }),
    case(&["error runs-at-start"], |parts| {
        parts.add("hello.pth", "import hello\n");
    }),
    case(&["error runs-at-start"], |parts| {
        parts.add("hello-0.1.0.data/purelib/hello.pth", "import hello\n");
    }),
    case(&["error runs-at-start"], |parts| {
        parts.add("sitecustomize.py", "import hello\n");
    }),
    case(&["error py-typed"], |parts| parts.remove("py.typed")),
    case(&["warning py-typed"], |parts| {
        parts.edit("/METADATA", "Classifier: Typing :: Typed\n", "");
        parts.remove("py.typed");
    }),
    case(&["error secret"], |parts| {
        parts.add("hello/.env", "TOKEN=1\n");
    }),
    case(&["error secret"], |parts| {
        parts.add("hello/key.pem", "key\n");
    }),
    case(&["error private-key"], |parts| {
        let line = "MIIEow01".repeat(8);
        let key = format!("KEY = '''-----BEGIN PRIVATE KEY-----\n{line}\n'''\n");
        parts.add("hello/settings.py", key);
    }),
    case(&["error token"], |parts| {
        let token = format!("TOKEN = 'pypi-AgEIcHlwaS5vcmc{}'\n", "aB3-_".repeat(20));
        parts.add("hello/settings.py", token);
    }),
    case(&["error build-path"], |parts| {
        parts.expected.private_paths.push(ROOT.into());
        let text = format!("# hello\n\nSee {ROOT}/README.md.\n");
        parts.bytes("/METADATA").extend(text.into_bytes());
    }),
    case(&["warning build-path"], |parts| {
        parts.edit(
            "hello.cyclonedx.json",
            "path+file:/hello",
            "path+file:///home/me/hello",
        );
    }),
    case(&["error empty-wheel", "error extension-missing"], |parts| {
        parts
            .members
            .retain(|(name, _)| name.contains(".dist-info/"));
    }),
];

pub(crate) const BINARIES: &[Case] = &[
    case(&["error bad-binary"], |parts| {
        let bytes = parts.bytes(".so");
        bytes.truncate(bytes.len() / 2);
    }),
    case(&["error bad-binary"], |parts| {
        *parts.bytes(".so") = Vec::new();
    }),
    case(&["error glibc-too-new"], |parts| {
        let platform = parts.platform();
        parts.retag(
            &platform,
            &format!("manylinux2014_{}", std::env::consts::ARCH),
        );
    }),
    case(&["error wrong-libc"], |parts| {
        let platform = parts.platform();
        let needs = ["-Clink-arg=-Wl,--no-as-needed", "-Clink-arg=-lc"];
        replace_library(parts, INIT, &needs);
        parts.retag(
            &platform,
            &format!("musllinux_1_2_{}", std::env::consts::ARCH),
        );
    }),
    case(&["error machine-mismatch"], |parts| {
        let other = if cfg!(target_arch = "x86_64") {
            "aarch64"
        } else {
            "x86_64"
        };
        parts.retag(std::env::consts::ARCH, other);
        let name = parts.named(".so").replace(std::env::consts::ARCH, other);
        parts.rename(std::env::consts::ARCH, other);
        assert_eq!(parts.named(".so"), name);
    }),
    case(&["error machine-mismatch"], |parts| {
        let platform = parts.platform();
        parts.retag(&platform, "any");
    }),
    case(&["error foreign-library"], |parts| {
        let needs = ["-Clink-arg=-Wl,--no-as-needed", "-Clink-arg=-lown"];
        replace_library(parts, INIT, &needs);
    }),
    case(&["error init-mismatch"], |parts| {
        parts.rename("hello/hello.", "hello/other.");
    }),
    case(&["error init-missing"], |parts| {
        replace_library(parts, "", &[]);
    }),
    case(&["error extension-suffix"], |parts| {
        let python = parts.python();
        parts.rename(&format!("cpython-{python}-"), "cpython-38-");
    }),
    case(&["error extension-suffix"], |parts| {
        let name = parts.named(".so");
        stable_abi(parts);
        parts.rename("hello/hello.abi3.so", &name);
    }),
    case(&["error extension-suffix"], |parts| {
        let python = parts.python();
        parts.retag(
            &format!("cp{python}-cp{python}-"),
            &format!("cp{python}-cp{python}t-"),
        );
    }),
    case(&["warning extension-suffix"], |parts| {
        let name = parts.named(".so");
        parts.rename(&name, "hello/hello.so");
    }),
    case(&["warning foreign-extension"], |parts| {
        let copy = parts.bytes(".so").clone();
        parts.add("hello/hello.cpython-38-x86_64-linux-gnu.so", copy);
    }),
    case(
        &["error extension-missing", "warning extension-unexpected"],
        |parts| {
            parts.expected.modules = Some(vec!["hello._native".into()]);
        },
    ),
    case(&["error rpath"], |parts| {
        replace_library(
            parts,
            INIT,
            &["-Clink-arg=-Wl,-rpath,/src/hello/target/release"],
        );
    }),
    case(&["warning rpath"], |parts| {
        replace_library(parts, INIT, &["-Clink-arg=-Wl,-rpath,/opt/lib"]);
    }),
    case(&["warning debug-info"], |parts| {
        replace_library(parts, INIT, &["-Cdebuginfo=2"]);
    }),
    case(&["error build-path"], |parts| {
        parts.expected.private_paths.push(ROOT.into());
        parts
            .bytes(".so")
            .extend(format!("{ROOT}/src/lib.rs\0").into_bytes());
    }),
];
