//! Wheels for another machine than this, which run under an emulator.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::released::set;
use crate::support::{
    CheckOutcome, Project, Pyx, command, entries, label, name_of, on_path, project, skipped,
    text_of,
};

const TARGET: &str = "aarch64-unknown-linux-gnu";

/// A Python for that machine, of a version that this machine has as well.
struct Arm64 {
    root: PathBuf,
    /// `3.11`
    version: String,
    /// As in tables.
    label: String,
}

/// `None` where something is not here.
fn arm64() -> Option<Arm64> {
    let found = look_for_arm64();
    if let Err(lack) = &found {
        skipped(lack);
    }
    found.ok()
}

fn look_for_arm64() -> Result<Arm64, String> {
    let qemu = ["qemu-aarch64", "qemu-aarch64-static"];
    let qemu = qemu.into_iter().find(|name| on_path(name).is_some());
    let qemu = qemu.ok_or("qemu-user (apt-get install qemu-user-static)")?;
    // one that is installed is found without being told of
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/arm64");
    let programs = entries(&root.join("usr/bin")).into_iter();
    let mut names = programs.map(|path| name_of(&path));
    let version = names.find_map(|name| name.strip_prefix("python3.").map(str::to_owned));
    let version = version.ok_or("a Python for arm64 (.ci/arm64-python target/arm64)")?;
    let version = format!("3.{version}");
    if on_path(&format!("python{version}")).is_none() {
        return Err(format!("a Python {version} of this machine"));
    }
    let sysroot = text_of(command("rustc", &root).args(["--print", "sysroot"]));
    let library = Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET);
    if !library.is_dir() {
        return Err(format!("a standard library (rustup target add {TARGET})"));
    }
    let label = format!("{} on aarch64-gnu under {qemu}", label(&version));
    Ok(Arm64 {
        root,
        version,
        label,
    })
}

impl Arm64 {
    fn release(&self, project: &Project, args: &[&str]) -> Pyx {
        let words = ["wheel", "--target", TARGET, "--python", &self.version];
        let run = project.release(&words).with(args);
        run.env("QEMU_LD_PREFIX", &self.root)
    }

    /// What `release.json` says of the only wheel.
    fn released(&self, project: &Project) -> (CheckOutcome, Value) {
        let run = self.release(project, &[]).run().succeeds();
        let known = set(project).known;
        let [(name, known)] = &Vec::from_iter(known)[..] else {
            panic!("one wheel\n{run}")
        };
        assert!(name.contains("aarch64"), "{name}");
        (run, known.clone())
    }
}

#[test]
fn a_wheel_for_another_machine_is_imported_and_tested_there() {
    let Some(arm64) = arm64() else { return };
    let project = project!("mixed");
    // what is proved of it is proved on that machine
    project.append(
        "tests/test_mixed.py",
        "\n\ndef test_machine():\n    import platform\n    import subprocess\n    import sys\n\n    \
         ask = \"import mixed, platform; print(platform.machine())\"\n    \
         said = subprocess.check_output([sys.executable, \"-c\", ask], text=True)\n    \
         assert (said.strip(), platform.machine()) == (\"aarch64\", \"aarch64\")\n",
    );
    project.commit();
    let dry = arm64.release(&project, &["--dry-run"]).run().succeeds();
    let label = &arm64.label;
    let wheel = format!("{TARGET} (zig), tested on {label}\n");
    assert!(dry.stdout.contains(&wheel), "{dry}");
    let (run, known) = arm64.released(&project);
    assert_eq!(known["tests"][label], "imports 2 passed, Python 3 passed");
    assert_eq!(known.get("not_run"), None);
    run.says(label);
    let checked = project.release(&["check"]).run().succeeds();
    checked.says("tested on").says(label);

    project.append(
        "python/mixed/__init__.py",
        "\nimport platform\n\nassert platform.machine() != \"aarch64\"\n",
    );
    project.commit();
    let before = project.read("dist/release.json");
    let failed = arm64.release(&project, &[]).run().exits(1);
    failed.says(&format!("mixed on {label}: mixed cannot be imported"));
    assert_eq!(project.read("dist/release.json"), before);
}

#[test]
fn a_program_for_another_machine_is_started_by_its_name() {
    let Some(arm64) = arm64() else { return };
    let project = project!("bin");
    let (_, known) = arm64.released(&project);
    let words = known["tests"][&arm64.label].as_str().unwrap();
    assert!(words.ends_with("Python 1 passed"), "{words}");
}

#[test]
fn what_nothing_here_runs_is_built_and_says_why() {
    let Some(arm64) = arm64() else { return };
    let project = project!("bin");
    let release = arm64
        .release(&project, &[])
        .env("QEMU_LD_PREFIX", "/nowhere");
    let run = release.run().succeeds();
    let why = "there is no Python for aarch64-gnu here";
    run.says(&format!("built, not run: {why}"));
    let known = set(&project).known;
    let known = known.values().next().unwrap();
    assert_eq!(
        (&known["not_run"], &known["tests"]),
        (&why.into(), &serde_json::json!({}))
    );
    let checked = project.release(&["check"]).run().succeeds();
    checked.says(&format!("built, not run: {why}"));
}
