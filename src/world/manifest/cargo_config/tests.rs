use serde_json::Value;

use super::*;
use crate::model::invocation::Invocation;
use crate::model::path::shown;
use crate::world::{disk, process};

/// A crate in a folder below one, and cargo's home beside them.
struct Machine {
    _temp: tempfile::TempDir,
    root: Utf8PathBuf,
    session: Session,
}

impl Machine {
    fn new(files: &[(&str, &str)]) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        let package = "[package]\nname = 'x'\nedition = '2021'\n[workspace]\n";
        let usual = [("above/x/Cargo.toml", package), ("above/x/src/lib.rs", "")];
        for (path, text) in usual.iter().chain(files) {
            disk::write(&root.join(path), text.as_bytes()).unwrap();
        }
        let mut session = Session::read().unwrap();
        session.env.retain(|name, _| !name.starts_with("CARGO_"));
        session.cwd = normalize(&root.join("above/x"));
        let home = root.join("home").to_string();
        session.env.insert("CARGO_HOME".into(), home);
        Self {
            _temp: temp,
            root,
            session,
        }
    }

    fn read(&self) -> Result<CargoConfig> {
        CargoConfig::read(&Manifests::default(), &self.session, &self.session.cwd)
    }

    /// What cargo itself answers; `None` where it refuses.
    fn cargo(&self, args: &[&str]) -> Option<Value> {
        let mut call = Invocation::new(program(self), &self.session.cwd).args(args.iter().copied());
        call.set = self.session.env.clone();
        call.set.insert("RUSTC_BOOTSTRAP".into(), "1".into()); // for `cargo config`
        let ours = Session::read().unwrap().env.into_keys();
        let ours: Vec<String> = ours.filter(|name| name.starts_with("CARGO_")).collect();
        let call = call.without(&ours);
        let output = process::read(&call).unwrap();
        let answer = serde_json::from_str(&output.stdout).ok()?;
        output.status.success().then_some(answer)
    }
}

/// Since when cargo knows `include`.
const INCLUDES: semver::Version = semver::Version::new(1, 94, 0);

/// The cargo that runs the tests, else the first on PATH.
fn program(machine: &Machine) -> &str {
    machine.session.var("CARGO").unwrap_or("cargo")
}

fn version(machine: &Machine) -> semver::Version {
    let call = Invocation::new(program(machine), &machine.session.cwd).arg("-V");
    let output = process::read(&call).unwrap().stdout;
    output.split(' ').nth(1).unwrap().parse().unwrap()
}

const NEAR: &str = "above/x/.cargo/config.toml";
const ABOVE: &str = "above/.cargo/config.toml";

#[test]
fn what_is_read_is_what_cargo_reads() {
    let lists = "[build]\nrustflags = ['-Ca', '-C b']\ntarget-dir = 'out'\n";
    let words = "[build]\nrustflags = ' -Cc  -Cd'\nbuild-dir = '/built'\n";
    let more = "include = ['deep/last.toml']\n[build]\nrustflags = ['-Cm']\n";
    let last = "[build]\nrustflags = ['-Cl']\ntarget-dir = 'last'\nbuild-dir = 'b'\n";
    for files in [
        &[][..],
        &[(NEAR, lists)],
        &[(ABOVE, lists)],
        &[("home/config.toml", lists)],
        &[(NEAR, lists), (ABOVE, last), ("home/config", lists)],
        &[(NEAR, words), (ABOVE, words)],
        &[("above/x/.cargo/config", last), (NEAR, lists)],
        &[
            (NEAR, "include = ['one.toml', 'two.toml']\n"),
            ("above/x/.cargo/one.toml", lists),
            ("above/x/.cargo/two.toml", more),
            ("above/x/.cargo/deep/last.toml", last),
            (ABOVE, lists),
        ],
        &[
            (
                ABOVE,
                "[[include]]\npath = '../more.toml'\noptional = false\n",
            ),
            ("above/more.toml", last),
        ],
        &[(ABOVE, "include = [{ path = 'no.toml', optional = true }]\n")],
    ] {
        let machine = Machine::new(files);
        if version(&machine) < INCLUDES && files.iter().any(|(_, text)| text.contains("include")) {
            continue;
        }
        let config = machine.read().unwrap();
        let metadata = machine.cargo(&["metadata", "--no-deps", "--format-version=1"]);
        let metadata = metadata.unwrap();
        let target = config.target_dir(&machine.session);
        let target = target.unwrap_or_else(|| machine.session.cwd.join("target"));
        assert_eq!(metadata["target_directory"], target.as_str(), "{files:?}");
        let build = config.build_dir(&machine.session).unwrap_or(target);
        let known = metadata.get("build_directory"); // since cargo 1.91
        assert!(
            known.is_none_or(|known| known == build.as_str()),
            "{files:?}"
        );
        let get = ["config", "get", "-Zunstable-options", "--format=json-value"];
        let flags = machine.cargo(&[&get[..], &["build.rustflags"]].concat());
        let flags = match flags {
            Some(Value::String(text)) => super::split(&text),
            Some(list) => serde_json::from_value(list).unwrap(),
            None => Vec::new(),
        };
        assert_eq!(config.rustflags(&machine.session), flags, "{files:?}");
    }
}

#[test]
fn what_cargo_refuses_is_an_error_with_its_line() {
    for (text, message) in [
        ("[build]\ntarget-dir = 3\n", "expected a string"),
        (
            "[build]\nrustflags = 3\n",
            "expected a string or an array of strings",
        ),
        (
            "[build]\nrustflags = [3]\n",
            "expected a string or an array of strings",
        ),
        ("\nbuild = 3\n", "`build` must be a table"),
        ("\ninclude = 'a.toml'\n", "expected an array"),
        (
            "\ninclude = [3]\n",
            "expected an array of paths or of tables with a `path`",
        ),
        (
            "\ninclude = ['a.toml']\n",
            "`a.toml` is included, but there is no `",
        ),
        (
            "\ninclude = ['a']\n",
            "cargo includes files that end in `.toml`, not `a`",
        ),
        (
            "\ninclude = ['config.toml']\n",
            "`config.toml` includes itself",
        ),
        ("\n= 3\n", "`config.toml` is not valid TOML"),
    ] {
        let machine = Machine::new(&[(ABOVE, text)]);
        let error = machine.read().unwrap_err().to_string();
        assert!(error.lines().next().unwrap().contains(message), "{error}");
        let place = format!("--> {}:2:", normalize(&machine.root.join(ABOVE)));
        assert!(error.contains(&place), "{error}");
        if version(&machine) >= INCLUDES {
            assert!(
                machine.cargo(&["metadata", "--no-deps"]).is_none(),
                "{text}"
            );
        }
    }
}

#[test]
fn variables_go_before_files_and_their_flags_after_them() {
    let lists = "[build]\nrustflags = ['-Ca']\ntarget-dir = 'out'\nbuild-dir = 'built'\n";
    let mut machine = Machine::new(&[(ABOVE, lists)]);
    let mut set = |name: &str, value: &str| {
        machine.session.env.insert(name.into(), value.into());
        let config = machine.read().unwrap();
        let dirs = [
            config.target_dir(&machine.session),
            config.build_dir(&machine.session),
        ];
        let dirs = dirs.map(|dir| {
            let dir = dir.unwrap();
            shown(&machine.root, &dir).into_string()
        });
        (dirs, config.rustflags(&machine.session).join(" "))
    };
    let said = |target: &str, build: &str| [target.to_owned(), build.to_owned()];
    let (dirs, flags) = set("CARGO_BUILD_RUSTFLAGS", "-Cb -Cc");
    assert_eq!(
        (dirs, &*flags),
        (said("above/out", "above/built"), "-Ca -Cb -Cc")
    );
    let (dirs, _) = set("CARGO_BUILD_TARGET_DIR", "one");
    assert_eq!(dirs, said("above/x/one", "above/built"));
    let (dirs, _) = set("CARGO_TARGET_DIR", "../two");
    assert_eq!(dirs, said("above/two", "above/built"));
    let (dirs, _) = set("CARGO_BUILD_BUILD_DIR", "three");
    assert_eq!(dirs, said("above/two", "above/x/three"));
}

#[test]
fn whoever_stands_before_the_compiler_or_tells_rustdoc_is_seen() {
    let said = |near: &str, variable: Option<(&str, &str)>| {
        let mut machine = Machine::new(&[(NEAR, near)]);
        let variable = variable.map(|(name, value)| (name.to_owned(), value.to_owned()));
        machine.session.env.extend(variable);
        machine.read().unwrap().wraps_compiler(&machine.session)
    };
    assert!(!said(
        "[build]\nrustflags = ['-Cx']\n[target.a]\nlinker = 'x'\n",
        None
    ));
    assert!(!said("", Some(("RUSTC_WRAPPER", ""))));
    for text in [
        "[build]\nrustc-wrapper = 'sccache'\n",
        "[build]\nrustc-workspace-wrapper = 'x'\n",
        "[build]\nrustdocflags = '--cfg x'\n",
        "[target.'cfg(unix)']\nrustdocflags = ['--cfg', 'x']\n",
    ] {
        assert!(said(text, None), "{text}");
    }
    for name in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTDOCFLAGS"] {
        assert!(said("", Some((name, "x"))), "{name}");
    }
}

#[test]
fn every_file_that_could_say_something_is_a_place() {
    let include = "include = [{ path = 'no.toml', optional = true }]\n";
    let machine = Machine::new(&[(ABOVE, include)]);
    let places = machine.read().unwrap().places;
    for place in [
        NEAR,
        "above/.cargo/config",
        "above/.cargo/no.toml",
        "home/config.toml",
    ] {
        assert!(places.contains(&machine.root.join(place)), "{places:?}");
    }
}

#[test]
fn an_empty_list_of_a_target_is_none() {
    let targets = "[target.a]\nrustflags = []\n[target.b]\nrustflags = ' '\n\
                       [target.c]\nrustflags = '-Cx'\n[target.'cfg(unix)']\nrustflags = ['-Cx']\n\
                       [target.d]\nlinker = 'x'\n";
    let machine = Machine::new(&[(NEAR, targets)]);
    let config = machine.read().unwrap();
    let found: Vec<&str> = config.targets_with_rustflags().into_iter().collect();
    assert_eq!(found, ["c", "cfg(unix)"]);
}

#[test]
fn a_runner_is_words_or_a_list_and_its_path_begins_where_cargos_does() {
    let near = "[target.a]\nrunner = 'qemu-a -L /root'\n[target.b]\nrunner = ['tools/run', 'it']\n\
                    [target.c]\nlinker = 'x'\n";
    let home = "[target.a]\nrunner = 'other'\n[target.'cfg(unix)']\nrunner = '/bin/run'\n";
    let machine = Machine::new(&[(NEAR, near), ("home/config.toml", home)]);
    let config = machine.read().unwrap();
    let base = machine.root.join("above").join("x");
    let own = base.join("tools/run").into_string();
    let absolute = base.join("/bin/run").into_string(); // on Windows with a drive
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let expected = [
        ("a", words("qemu-a -L /root")),
        ("b", vec![own, "it".to_owned()]),
        ("a", words("other")),
        ("cfg(unix)", vec![absolute]),
    ];
    let runners = config.runners().into_iter();
    let told: Vec<_> = runners.map(|it| (it.key, it.words)).collect();
    assert_eq!(told, expected);
}
