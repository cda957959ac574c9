//! Scripts that start another machine's programs through an emulator. Where the system cannot start them
//! itself, no program that a test calls could either: uv and pytest start Python, tests start what a wheel
//! installed, and each expects a program it can run.

use camino::Utf8Path;

use crate::model::error::Result;
use crate::model::invocation::quote;
use crate::model::python_string;
use crate::plan::Launch;
use crate::world::disk;
use crate::world::machine::Program;

pub(crate) fn launch(launch: &Launch) -> Result<()> {
    match launch {
        Launch::Interpreter {
            python,
            script,
            emulator,
        } => write(script, emulator, python),
        Launch::Environment {
            bin,
            packages,
            arch,
            emulator,
        } => {
            replace(bin, arch, emulator)?;
            tell_python(bin, packages)
        }
    }
}

/// Each program stays next to the script with a dot before its name: a Python finds its environment, and
/// other programs their files, by the folder that they are started from.
fn replace(bin: &Utf8Path, arch: &str, emulator: &[String]) -> Result<()> {
    // `python` is there before what leads to it
    for name in disk::names(bin) {
        let path = bin.join(&name);
        let program = Program::read(&path);
        if name.starts_with('.') || program.is_none_or(|program| program.arch != arch) {
            continue;
        }
        let hidden = bin.join(format!(".{name}"));
        disk::rename(&path, &hidden)?;
        write(&path, emulator, &hidden)?;
    }
    Ok(())
}

fn write(script: &Utf8Path, emulator: &[String], program: &Utf8Path) -> Result<()> {
    let words = emulator
        .iter()
        .map(String::as_str)
        .chain([program.as_str()]);
    let words: Vec<_> = words.map(quote).collect();
    let text = format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" "));
    disk::write_program(script, text.as_bytes())
}

/// Python uses the emulator's argument as its own name, and whatever starts `sys.executable` would start
/// that.
fn tell_python(bin: &Utf8Path, packages: &Utf8Path) -> Result<()> {
    let python = bin.join("python");
    let name = python_string::literal(python.as_str());
    let line = format!("import sys; sys.executable = {name}\n");
    disk::write(&packages.join("_pyx_emulated.pth"), line.as_bytes())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;
    use crate::model::invocation::Invocation;
    use crate::world::process;

    /// An environment whose Python is a link to a program of this machine, and an emulator that prints what
    /// it was to run.
    fn environment() -> (tempfile::TempDir, Utf8PathBuf, Launch) {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap().join("a b");
        let bin = root.join("bin");
        disk::create_dir(&bin).unwrap();
        let shell = disk::resolve(Utf8Path::new("/bin/sh"));
        disk::link(&shell, &bin.join("python")).unwrap();
        std::os::unix::fs::symlink("python", bin.join("python3")).unwrap();
        disk::copy(&shell, &bin.join("shout")).unwrap();
        disk::write(&bin.join("pytest"), b"#!/bin/sh\n").unwrap();
        let launch = Launch::Environment {
            arch: Program::read(&shell).unwrap().arch,
            packages: root.join("packages"),
            emulator: ["/bin/echo", "by it"].map(str::to_owned).to_vec(),
            bin,
        };
        (temp, root, launch)
    }

    #[test]
    fn what_is_started_in_an_environment_of_another_machine_is_started_by_the_emulator() {
        let (_temp, root, environment) = environment();
        let bin = root.join("bin");
        for _ in 0..2 {
            launch(&environment).unwrap(); // once more after wheels were installed
        }
        for (name, hidden) in [
            ("python", ".python"),
            ("python3", ".python"),
            ("shout", ".shout"),
        ] {
            let call = Invocation::new(bin.join(name), &root).args(["-c", "it's"]);
            let said = process::read(&call).unwrap().stdout;
            assert_eq!(said, format!("by it {} -c it's\n", bin.join(hidden)));
        }
        let script = disk::read_text(&bin.join("pytest")).unwrap().unwrap();
        assert_eq!(script, "#!/bin/sh\n");
        let told = disk::read_text(&root.join("packages/_pyx_emulated.pth"));
        let line = format!("import sys; sys.executable = '{bin}/python'\n");
        assert_eq!(told.unwrap().unwrap(), line);
    }

    #[test]
    fn programs_of_this_machine_stay_as_they_are() {
        let (_temp, root, environment) = environment();
        let Launch::Environment {
            bin,
            packages,
            emulator,
            ..
        } = environment
        else {
            panic!("an environment")
        };
        let before = disk::names(&bin);
        let other = Launch::Environment {
            arch: "none",
            bin: bin.clone(),
            packages,
            emulator,
        };
        launch(&other).unwrap();
        assert_eq!(disk::names(&bin), before, "{root}");
    }
}
