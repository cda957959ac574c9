//! The files of the projects, as texts. Each input holds a token `NAME=NUMBER` that Python sees.

/// In place of PyO3's crate, and compiled in a tenth of a second. The project patches it in, so it is a
/// local crate as well.
pub(super) const FFI_MANIFEST: &str = r#"[package]
name = "pyo3-ffi"
version = "0.29.0"
edition = "2021"

[features]
default = []
extension-module = []
abi3 = []
abi3-py39 = ["abi3"]
abi3-py310 = ["abi3"]

[workspace]
"#;

pub(super) const FFI: &str = r#"#![allow(non_snake_case)]
use std::ffi::{c_char, c_int, c_void, CStr};
use std::ptr::{null, null_mut};

pub const V: &str = "ffi=1000";
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[repr(C)]
pub struct PyObject {
    count: isize,
    kind: *mut c_void,
}

#[repr(C)]
pub struct PyModuleDef {
    object: PyObject,
    init: *mut c_void,
    index: isize,
    copy: *mut c_void,
    name: *const c_char,
    doc: *const c_char,
    size: isize,
    more: [*mut c_void; 5],
}

extern "C" {
    pub fn PyModule_Create2(def: *mut PyModuleDef, api: c_int) -> *mut PyObject;
    pub fn PyModule_AddStringConstant(
        module: *mut PyObject,
        name: *const c_char,
        value: *const c_char,
    ) -> c_int;
}

pub const fn def(name: &'static CStr) -> PyModuleDef {
    let object = PyObject { count: 1, kind: null_mut() };
    PyModuleDef {
        object,
        init: null_mut(),
        index: 0,
        copy: null_mut(),
        name: name.as_ptr(),
        doc: null(),
        size: -1,
        more: [null_mut(); 5],
    }
}
"#;

/// A line for each value, with a tab after its name.
const VALUES: &str = r#"#![allow(unexpected_cfgs)]

MODS
pub const V: &str = "lib=1000";

fn all_values() -> String {
    let mut all = String::new();
    let mut put = |name: &str, value: &str| all += &format!("{name}\t{}\n", value.trim());
    put("lib", V);
    put("mods", &[MODULE_VALUES].join(","));
    put("version", env!("CARGO_PKG_VERSION"));
    put("flavor", option_env!("LAW_FLAVOR").unwrap_or("none"));
    put("debug", if cfg!(debug_assertions) { "on" } else { "off" });
    put("extra", if cfg!(feature = "extra") { "on" } else { "off" });
    put("flag", if cfg!(law_flag = "env") { "env" } else if cfg!(law_flag = "config") { "config" } else { "none" });
MORE    all
}
"#;

const FFI_MODULE: &str = r#"
static mut DEF: pyo3_ffi::PyModuleDef = pyo3_ffi::def(c"MODULE");

#[no_mangle]
pub unsafe extern "C" fn PyInit_MODULE() -> *mut pyo3_ffi::PyObject {
    let module = pyo3_ffi::PyModule_Create2(&raw mut DEF, 1013);
    let all = std::ffi::CString::new(all_values()).unwrap();
    pyo3_ffi::PyModule_AddStringConstant(module, c"VALUES".as_ptr(), all.as_ptr());
    module
}
"#;

/// With PyO3's own crate.
const REAL_MODULE: &str = r#"
use pyo3_ffi::*;
use std::ptr::null_mut;

static mut DEF: PyModuleDef = PyModuleDef {
    m_base: PyModuleDef_HEAD_INIT, m_name: c"MODULE".as_ptr(), m_doc: std::ptr::null(), m_size: -1,
    m_methods: null_mut(), m_slots: null_mut(), m_traverse: None, m_clear: None, m_free: None,
};

#[no_mangle]
pub unsafe extern "C" fn PyInit_MODULE() -> *mut PyObject {
    let module = PyModule_Create(&raw mut DEF);
    let all = std::ffi::CString::new(all_values()).unwrap();
    PyModule_AddStringConstant(module, c"VALUES".as_ptr(), all.as_ptr());
    module
}
"#;

const CFFI_LIBRARY: &str = r#"
#[no_mangle]
pub extern "C" fn values() -> *const std::ffi::c_char {
    std::ffi::CString::new(all_values()).unwrap().into_raw()
}
"#;

const UNIFFI_LIBRARY: &str = "
uniffi::setup_scaffolding!();

#[uniffi::export]
pub fn values() -> String {
    all_values()
}
";

/// The program that writes the Python for `uniffi`, as its guide has it.
pub(super) const BINDGEN: &str = "fn main() {
    uniffi::uniffi_bindgen_main()
}
";

pub(super) const BINDGEN_MANIFEST: &str = "
[[bin]]
name = \"uniffi-bindgen\"
path = \"uniffi-bindgen.rs\"
required-features = [\"bindgen\"]
";

const PROGRAM: &str = "
fn main() {
    print!(\"{}\", all_values());
}
";

/// How Python reaches the values of a crate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {
    Ffi,
    /// The same for the stable ABI.
    Abi3,
    /// The same with the crate that PyO3 publishes.
    Real,
    Cffi,
    Uniffi,
    Bin,
}

impl Binding {
    /// As the program that looks calls it.
    pub(super) fn way(self) -> &'static str {
        match self {
            Self::Ffi | Self::Abi3 | Self::Real => "module",
            Self::Cffi => "cffi",
            Self::Uniffi => "uniffi",
            Self::Bin => "bin",
        }
    }

    pub(super) fn is_module(self) -> bool {
        self.way() == "module"
    }

    /// The Rust that compiles it, by the second number of its version.
    pub(super) fn oldest_rust(self) -> u32 {
        match self {
            Self::Real => 83,   // of PyO3 0.29
            Self::Uniffi => 91, // of cargo-platform, which uniffi needs
            _ => 0,
        }
    }

    pub(super) fn root_source(self) -> &'static str {
        if self == Self::Bin {
            "src/main.rs"
        } else {
            "src/lib.rs"
        }
    }

    pub(super) fn dependency(self) -> &'static str {
        match self {
            Self::Ffi => "pyo3-ffi = \"0.29\"\n",
            Self::Abi3 => "pyo3-ffi = { version = \"0.29\", features = [\"abi3-py39\"] }\n",
            Self::Real => "pyo3-ffi = \"=0.29.3\"\n",
            Self::Uniffi => "uniffi = \"0.32\"\n",
            Self::Cffi | Self::Bin => "",
        }
    }

    /// For `[tool.maturin]`.
    pub(super) fn setting(self) -> &'static str {
        match self {
            Self::Cffi => "bindings = \"cffi\"\n",
            Self::Uniffi => "bindings = \"uniffi\"\n",
            Self::Bin => "bindings = \"bin\"\n",
            Self::Ffi | Self::Abi3 | Self::Real => "",
        }
    }

    /// Whether the crate in place of PyO3's is compiled.
    pub(super) fn is_patched(self) -> bool {
        matches!(self, Self::Ffi | Self::Abi3)
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Ffi | Self::Abi3 => FFI_MODULE,
            Self::Real => REAL_MODULE,
            Self::Cffi => CFFI_LIBRARY,
            Self::Uniffi => UNIFFI_LIBRARY,
            Self::Bin => PROGRAM,
        }
    }
}

/// The crate's own source; `more`: lines of Rust that put more values.
pub(super) fn source(binding: Binding, module: &str, mods: &[String], more: &str) -> String {
    let declared: Vec<String> = mods.iter().map(|name| format!("mod {name};\n")).collect();
    let values: Vec<String> = mods.iter().map(|name| format!("{name}::V")).collect();
    let values = if values.is_empty() {
        "\"\"".to_owned()
    } else {
        values.join(", ")
    };
    let text = VALUES
        .replace("MODS\n", &declared.concat())
        .replace("MODULE_VALUES", &values)
        .replace("MORE", more);
    text + &binding.ending().replace("MODULE", module)
}

pub(super) const PROFILES: &str = r#"
[profile.dev]
debug = 0
incremental = false

[profile.release]
opt-level = 0
debug = 0

[profile.law]
inherits = "dev"
debug-assertions = false
"#;

pub(super) const PATCH: &str = "
[patch.crates-io]
pyo3-ffi = { path = \"FFI\" }
";

pub(super) const IGNORED: &str = "target/\n.venv/\n*.so\n__pycache__/\nuv.lock\n";

pub(super) const BUILD_SCRIPT: &str = r#"use std::{env, fs};

const SCRIPT: &str = "script=1000";

fn main() {
    println!("cargo:rerun-if-changed=data/built.txt");
    println!("cargo:rerun-if-changed=data/dir");
    println!("cargo:rerun-if-env-changed=LAW_SCRIPT");
    let set = |name: &str, value: &str| println!("cargo:rustc-env={name}={}", value.trim());
    set("SCRIPT", SCRIPT);
    set("BUILT", &fs::read_to_string("data/built.txt").unwrap());
    set("TOLD", &env::var("LAW_SCRIPT").unwrap_or("none".into()));
    let mut paths: Vec<_> = fs::read_dir("data/dir").unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    let texts: Vec<String> = paths.iter().map(|it| fs::read_to_string(it).unwrap().trim().to_owned()).collect();
    set("DIR", &texts.join(","));
    let rustc = std::process::Command::new(env::var("RUSTC").unwrap()).arg("--version").output().unwrap();
    set("RUSTC_VERSION", &String::from_utf8(rustc.stdout).unwrap());
}
"#;

pub(super) const MIXED_VALUES: &str = r#"    put("text", include_str!("../data/text.txt"));
    put("note", include_str!("../../shared/note.txt"));
    put("linked", linked::V);
    put("built", env!("BUILT"));
    put("script", env!("SCRIPT"));
    put("told", env!("TOLD"));
    put("dir", env!("DIR"));
    put("rustc", env!("RUSTC_VERSION"));
    put("dep", law_dep::V);
    put("depdata", law_dep::DATA);
    put("watched", law_dep::WATCHED);
    put("loud", law_dep::LOUD);
    put("inner", law_inner::V);
    put("innerversion", law_inner::VERSION);
    put("vended", law_vended::V);
    put("vendedversion", law_vended::VERSION);
    put("ffi", pyo3_ffi::V);
    put("ffiversion", pyo3_ffi::VERSION);
"#;

pub(super) const DEP: &str = r#"pub const V: &str = "dep=1000";
pub const DATA: &str = include_str!("../data.txt");
pub const WATCHED: &str = env!("WATCHED");
pub const LOUD: &str = if cfg!(feature = "loud") { "on" } else { "off" };
"#;

pub(super) const VENDED: &str = r#"pub const V: &str = "vended=1000";
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
"#;

/// It declares no inputs: cargo runs it again for any file of the package.
pub(super) const DEP_SCRIPT: &str = r#"fn main() {
    let text = std::fs::read_to_string("notes.txt").unwrap();
    println!("cargo:rustc-env=WATCHED={}", text.trim());
}
"#;

pub(super) const INNER: &str = r#"pub const V: &str = "inner=1000";
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
"#;

pub(super) const PACKAGE: &str = r#"from importlib import resources

from .MODULE import VALUES as _VALUES

PYTHON = "python=1000"

data = resources.files(__package__).joinpath("data.txt").read_text().strip()
VALUES = _VALUES + f"python\t{PYTHON}\npackage\t{data}\n"
"#;

/// Says as JSON what Python finds. Its argument: distribution, way and module of each member, and the
/// modules that should not be there.
pub(super) const LOOK: &str = r#"
import importlib, json, os, subprocess, sys
from importlib import metadata

members, gone = json.loads(sys.argv[1])
found = {}
for name, way, module in members:
    try:
        if way == "bin":
            text = subprocess.run([os.path.join(sys.prefix, "bin", name)], capture_output=True, text=True, check=True).stdout
        else:
            it = importlib.import_module(module)
            text = {
                "module": lambda: it.VALUES,
                "cffi": lambda: it.ffi.string(it.lib.values()).decode(),
                "uniffi": lambda: it.values(),
            }[way]()
        values = dict(line.split("\t") for line in text.splitlines())
        values["metadata"] = metadata.version(name)
    except BaseException as error:
        values = {"error": repr(error)}
    found[name] = values
left = []
for name in gone:
    try:
        importlib.import_module(name)
        left.append(name)
    except ImportError:
        pass
known = sorted({it.metadata["Name"] for it in metadata.distributions()})
left += [name for name in known if name.startswith("law-") and name not in found]
print(json.dumps({"found": found, "left": left}))
"#;

/// Logs what rustc is called for: a line with name, kinds, metadata and folder of each crate.
pub(super) const WRAPPER: &str = r#"name= kinds= meta= out= last=
for word in "$@"; do
    case $last in
        --crate-name) name=$word ;;
        --out-dir) out=$word ;;
        --crate-type) kinds=$kinds+$word ;;
    esac
    case $word in metadata=*) meta=${word#metadata=} ;; esac
    last=$word
done
if [ -n "$name" ] && [ "$name" != ___ ]; then
    echo "$name$kinds $meta $out" >>"$(dirname "$0")/compiled"
fi
exec "$@"
"#;
