//! Which modules of a wheel stop its release: `src/plan/release/import.py`, on a distribution of their kinds.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

/// Modules of the distribution, and what is wrong with them.
const MODULES: [(&str, &str); 18] = [
    ("__init__", ""),
    ("whole", "import sys\nassert sys.platform != 'nowhere'\n"),
    // those that say it, each in its way
    ("plugin", "import no_such_package.part\n"),
    (
        "extra",
        "try:\n    import no_such_package\nexcept ImportError:\n    raise RuntimeError('pip install acme[extra]')\n",
    ),
    ("said", "raise ImportError('pip install acme[extra]')\n"),
    (
        "asserted",
        "import sys\nassert sys.platform == 'nowhere', 'why'\n",
    ),
    (
        "raised",
        "import os\nif os.name != 'nowhere':\n    raise OSError('no')\n",
    ),
    ("through_another", "from acme.asserted import x\n"),
    ("by_import", "from ctypes import WINFUNCTYPE\n"),
    ("by_name", "import ctypes\nctypes.windll.kernel32\n"),
    // those that are broken
    ("gone", "from acme import no_such_module\n"),
    ("gone_as_well", "import acme.no_such_module\n"),
    (
        "hidden",
        "try:\n    import acme.no_such_module\nexcept ImportError as error:\n    raise ImportError('no') from error\n",
    ),
    ("typo", "import sys\nif sys.platform:\n    no_such_name\n"),
    (
        "caught",
        "try:\n    import no_such_package\nexcept ImportError:\n    no_such_name\n",
    ),
    ("older", "from collections import NoSuchName\n"),
    ("wrong", "assert 1 == 2\n"),
    ("syntax", "def\n"),
];

/// Shared libraries of the distribution: one that is loaded by its path, as cffi and `UniFFI` do, and two
/// that Python is to import.
const LIBRARIES: [(&str, &str); 3] = [
    ("libacme", "\x7fELF acme_add"),
    ("damaged", "\x7fELF PyInit_damaged"),
    ("exporting", "\x7fELF PyModExport_exporting"),
];

#[test]
#[cfg(unix)] // where Python has no `windll`
fn only_a_module_that_says_why_it_cannot_be_imported_here_stops_no_release() {
    let temp = tempfile::tempdir().unwrap();
    let site = temp.path();
    let info = site.join("acme-1.0.dist-info");
    for dir in [&site.join("acme"), &info] {
        fs::create_dir(dir).unwrap();
    }
    fs::write(
        info.join("METADATA"),
        "Name: acme\nVersion: 1.0\nRequires-Dist: six; extra == \"old\"\n",
    )
    .unwrap();
    let made = MODULES.map(|(name, text)| {
        let path = format!("acme/{name}.py");
        fs::write(site.join(&path), text).unwrap();
        format!("{path},,\n")
    });
    let libraries = LIBRARIES.map(|(name, text)| {
        let path = format!("acme/{name}.so");
        fs::write(site.join(&path), text).unwrap();
        format!("{path},,\n")
    });
    fs::write(
        info.join("RECORD"),
        [made.concat(), libraries.concat()].concat(),
    )
    .unwrap();
    let output = Command::new("python3")
        .arg("src/plan/release/import.py")
        .arg("acme")
        .env("PYTHONPATH", site)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let report: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(report["good"], json!(["acme", "acme.whole"]));
    // whether an extra brings it is for who reads the metadata
    assert_eq!(report["needs"], json!({"acme.plugin": "no_such_package"}));
    assert_eq!(report["requirements"], json!(["six; extra == \"old\""]));
    insta::assert_snapshot!([lines(&report["optional"]), lines(&report["bad"])].join("\n\n"));
}

fn lines(said: &Value) -> String {
    let lines: Vec<String> = match said {
        Value::Object(all) => all.keys().cloned().collect(),
        other => serde_json::from_value(other.clone()).unwrap(),
    };
    lines.join("\n")
}
