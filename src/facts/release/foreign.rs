//! Which wheels for other machines can run here: a Python for such a machine, and what runs that Python.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, PythonError, Result};
use crate::world::checkout;
use crate::world::disk;
use crate::world::interpreter::{self, Interpreter};
use crate::world::machine::Machine;
use crate::world::manifest::{CargoConfig, split};
use crate::world::session::Session;
use crate::world::tool;

use super::abi::label;
use super::context::ReleaseContext;
use super::flags;
use super::pythons::{self, Tried};

/// What starts a program for another machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Emulator {
    /// A program and its arguments; empty if the system starts it by itself.
    pub words: Vec<String>,
}

impl Emulator {
    /// The name of the program: `qemu-aarch64`.
    fn name(&self) -> Option<&str> {
        Utf8Path::new(self.words.first()?).file_stem()
    }
}

/// A Python for another machine that runs on this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignPython {
    pub tried: Tried,
    pub machine: Machine,
    pub emulator: Emulator,
}

impl ForeignPython {
    /// As in tables: `cp311 on aarch64-gnu under qemu-aarch64`.
    pub fn label(&self) -> String {
        let label = format!("{} on {}", label(&self.tried.interpreter), self.machine);
        match self.emulator.name() {
            Some(name) => format!("{label} under {name}"),
            None => label,
        }
    }

    /// Its own folder name: `cp311-aarch64-gnu`.
    pub fn folder(&self) -> String {
        format!("{}-{}", label(&self.tried.interpreter), self.machine)
    }
}

/// A target whose programs are not this machine's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ForeignTarget {
    pub(super) triple: String,
    /// One for each minor version, oldest first.
    pub(super) pythons: Vec<ForeignPython>,
    /// Why there is none, as the end of a sentence.
    pub(super) lack: String,
}

impl ForeignTarget {
    /// `why`: as the end of a sentence.
    pub(super) fn lacking(triple: &str, why: String) -> Self {
        Self {
            triple: triple.to_owned(),
            pythons: Vec::new(),
            lack: why,
        }
    }

    /// Whether the same Pythons run the programs of another target: results are recorded by the Python's
    /// name.
    pub(super) fn is_twin_of(&self, triple: &str) -> bool {
        let own = Machine::of_triple(&self.triple);
        own.is_some() && own == Machine::of_triple(triple)
    }

    pub(super) fn serves_already(&self) -> String {
        format!("its Pythons already test the wheels for {}", self.triple)
    }

    /// `config`: cargo's, for the project's root. `rustc` is asked which `cfg`s a target has.
    pub(super) fn gather(
        context: &ReleaseContext<'_>,
        config: &CargoConfig,
        rustc: Option<&Utf8Path>,
        triple: &str,
    ) -> Self {
        let lacking = |why: String| Self::lacking(triple, why);
        let Some(machine) = Machine::of_triple(triple).filter(|_| cfg!(target_os = "linux")) else {
            return lacking("wheels for this system or processor cannot be tested here".to_owned());
        };
        let session = context.session;
        let mut paths = named(context, &machine);
        paths.extend(interpreter::foreign(session, &machine));
        if paths.is_empty() {
            return lacking(format!("there is no Python for {machine} here"));
        }
        let said = match runner(session, config, rustc, triple, &context.project.root) {
            Ok(words) => words,
            Err(why) => return lacking(why),
        };
        let (mut found, mut lack) = (Vec::new(), String::new());
        for path in paths {
            match started(session, &said, &machine, &path) {
                Ok(python) => found.push(python),
                Err(why) => lack = why,
            }
        }
        let pythons = meant(context, &found);
        if pythons.is_empty() && lack.is_empty() {
            lack = format!("there is no Python for {machine} here that the project allows");
        }
        Self {
            pythons,
            ..lacking(lack)
        }
    }
}

/// Pythons for that machine that are asked for by path.
fn named(context: &ReleaseContext<'_>, machine: &Machine) -> Vec<Utf8PathBuf> {
    let words = pythons::words(context).iter();
    let paths = words.filter_map(|word| pythons::path(context.session, word));
    paths
        .filter(|path| interpreter::is_for(path, machine))
        .collect()
}

/// Those that the project allows and that were meant, one for each minor version.
fn meant(context: &ReleaseContext<'_>, found: &[ForeignPython]) -> Vec<ForeignPython> {
    let interpreter = |python: &ForeignPython| python.tried.interpreter.clone();
    let all: Vec<Interpreter> = found.iter().map(interpreter).collect();
    let meant = pythons::meant(context, &all);
    let own = |one: &Interpreter| {
        found
            .iter()
            .find(|it| it.tried.interpreter == *one)
            .cloned()
    };
    meant.iter().filter_map(own).collect()
}

/// The Python at a path with what starts it: what cargo is configured to use for the target, else the system
/// by itself, else qemu.
///
/// # Errors
/// Why nothing does, as the end of a sentence.
fn started(
    session: &Session,
    said: &[String],
    machine: &Machine,
    path: &Utf8Path,
) -> std::result::Result<ForeignPython, String> {
    let by = |words: Vec<String>| -> Result<ForeignPython> {
        let (interpreter, probe) = interpreter::introduce(session, &words, path)?;
        Ok(ForeignPython {
            tried: Tried { interpreter, probe },
            machine: machine.clone(),
            emulator: Emulator { words },
        })
    };
    if !said.is_empty() {
        return by(said.to_vec()).map_err(|error| wording(&error));
    }
    if let Ok(python) = by(Vec::new()) {
        return Ok(python);
    }
    // to ask a musl for its version uv starts the loader, which only the system can do
    if machine.is_musl() {
        return Err(format!(
            "the system itself cannot start a Python for {machine}"
        ));
    }
    let words = qemu(session, machine, path).ok_or_else(|| {
        format!(
            "there is a Python for it here, but no qemu-{}",
            machine.arch
        )
    })?;
    by(words).map_err(|error| wording(&error))
}

/// In one line.
fn wording(error: &Error) -> String {
    let text = match error {
        Error::Python(PythonError::BadInterpreter { path, message }) => {
            format!("`{path}` does not run: {message}")
        }
        other => other.to_string(),
    };
    text.lines().next().unwrap_or_default().to_owned()
}

/// qemu's user-mode emulator; Debian has it under two names.
fn qemu(session: &Session, machine: &Machine, python: &Utf8Path) -> Option<Vec<String>> {
    let names = [
        format!("qemu-{}", machine.arch),
        format!("qemu-{}-static", machine.arch),
    ];
    let program = names.iter().find_map(|name| tool::find(session, name))?;
    let root = interpreter::root_of(session, python, machine);
    let root = root.map(|root| ["-L".to_owned(), root.into_string()]);
    let words = std::iter::once(program.into_string()).chain(root.into_iter().flatten());
    Some(words.collect())
}

/// `target.TRIPLE.runner`, from a variable or a file, else from a matching `cfg` (cargo book,
/// "Configuration"); empty if not configured.
///
/// # Errors
/// Why it is not started, as the end of a sentence: a read-only command starts nothing that the checkout
/// names.
fn runner(
    session: &Session,
    config: &CargoConfig,
    rustc: Option<&Utf8Path>,
    triple: &str,
    dir: &Utf8Path,
) -> std::result::Result<Vec<String>, String> {
    if let Some(text) = session.var(&flags::variable(triple, "RUNNER")) {
        let mut words = split(text);
        if let Some(program) = words.first_mut()
            && program.contains(['/', '\\'])
        {
            *program = session.absolute(&*program).into_string();
        }
        return Ok(words);
    }
    let runners = config.runners();
    let own = runners.iter().find(|runner| runner.key == triple);
    let fits = |key: &str| {
        let rustc = rustc.filter(|_| key.starts_with("cfg("));
        rustc.is_some_and(|rustc| flags::fits(&[key].into(), triple, rustc, dir).unwrap_or(false))
    };
    let by_cfg = || runners.iter().find(|runner| fits(runner.key));
    let Some(found) = own.or_else(by_cfg) else {
        return Ok(Vec::new());
    };
    let bounds = disk::resolve(checkout::root(dir).unwrap_or(dir));
    if session.looks_only && disk::resolve(found.from).starts_with(bounds) {
        let program = found.words.first().map_or("", String::as_str);
        return Err(format!(
            "the checkout names `{program}`, which a read-only command does not start"
        ));
    }
    Ok(found.words.clone())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::model::implementation::Implementation;
    use crate::world::disk;
    use crate::world::machine;
    use crate::world::manifest::Manifests;

    /// A Python for another machine, and a PATH with what the test puts there.
    struct World {
        _temp: tempfile::TempDir,
        dir: Utf8PathBuf,
        machine: Machine,
        session: Session,
    }

    impl World {
        fn new() -> Self {
            let temp = tempfile::tempdir().unwrap();
            let dir = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
            let (machine, of_header, loader) = machine::another();
            let python = machine::header(of_header, loader);
            disk::write(&dir.join("root/usr/bin/python3"), &python).unwrap();
            disk::write(&dir.join("root").join(&loader[1..]), b"").unwrap();
            let path = dir.join("bin").into_string();
            let session = Session {
                env: [("PATH".to_owned(), path)].into(),
                cwd: dir.clone(),
                ..Session::default()
            };
            Self {
                _temp: temp,
                dir,
                machine,
                session,
            }
        }

        /// A program that runs its argument with this machine's Python.
        fn emulator(&self, name: &str) -> Utf8PathBuf {
            let path = self.dir.join("bin").join(name);
            let own = Session::read().unwrap();
            let inherited = own.var("PATH").unwrap_or_default();
            let script = format!(
                "#!/bin/sh\nwhile [ \"$1\" != -I ]; do shift; done\n\
                 PATH='{inherited}' exec python3 \"$@\"\n"
            );
            disk::write(&path, script.as_bytes()).unwrap();
            disk::set_executable(&path, true).unwrap();
            path
        }

        fn started(&self, said: &[&str]) -> std::result::Result<Vec<String>, String> {
            let said: Vec<String> = said.iter().map(ToString::to_string).collect();
            let python = self.dir.join("root/usr/bin/python3");
            let started = started(&self.session, &said, &self.machine, &python);
            started.map(|python| python.emulator.words)
        }
    }

    #[test]
    fn qemu_runs_what_nobody_else_does_with_the_root_around_it() {
        let world = World::new();
        let lack = world.started(&[]).unwrap_err();
        let name = format!("qemu-{}", world.machine.arch);
        assert_eq!(
            lack,
            format!("there is a Python for it here, but no {name}")
        );
        let fixed = world.emulator(&format!("{name}-static"));
        let root = world.dir.join("root");
        let words = |program: &Utf8Path| vec![program.to_string(), "-L".into(), root.to_string()];
        assert_eq!(world.started(&[]).unwrap(), words(&fixed));
        let own = world.emulator(&name);
        assert_eq!(world.started(&[]).unwrap(), words(&own));
    }

    #[test]
    fn a_python_with_musl_is_left_to_the_system() {
        let world = World::new();
        world.emulator(&format!("qemu-{}", world.machine.arch));
        let machine = Machine {
            abi: "musl".into(),
            ..world.machine.clone()
        };
        let python = world.dir.join("root/usr/bin/python3");
        let lack = started(&world.session, &[], &machine, &python).unwrap_err();
        let why = format!("the system itself cannot start a Python for {machine}");
        assert_eq!(lack, why);
    }

    #[test]
    fn what_cargo_was_told_of_the_target_goes_first_and_is_taken_as_it_is() {
        let world = World::new();
        world.emulator(&format!("qemu-{}", world.machine.arch));
        let own = world.emulator("run").into_string();
        let words = [&own, "--on", "board"];
        assert_eq!(world.started(&words).unwrap(), words);
        let broken = world.dir.join("bin/broken");
        disk::write(&broken, b"#!/bin/sh\necho \"no loader\" >&2\nexit 1\n").unwrap();
        disk::set_executable(&broken, true).unwrap();
        let python = world.dir.join("root/usr/bin/python3");
        let lack = world.started(&[broken.as_str()]).unwrap_err();
        assert_eq!(lack, format!("`{python}` does not run: no loader"));
        let gone = world.dir.join("bin/gone");
        let lack = world.started(&[gone.as_str()]).unwrap_err();
        assert!(
            lack.starts_with(&format!("cannot start `{gone}`")),
            "{lack}"
        );
    }

    #[test]
    fn a_variable_goes_before_the_triple_and_that_before_a_cfg() {
        let world = World::new();
        let rustc = tool::find(&Session::read().unwrap(), "rustc");
        let said = |triple: &str, config: &str, variables: &[(&str, &str)]| {
            let file = world.dir.join(".cargo/config.toml");
            disk::write(&file, config.as_bytes()).unwrap();
            let mut session = world.session.clone();
            let variables = variables.iter();
            let variables = variables.map(|(name, value)| ((*name).into(), (*value).into()));
            session.env.extend(variables);
            let home = world.dir.join("home").into_string();
            session.env.insert("CARGO_HOME".into(), home);
            let config = CargoConfig::read(&Manifests::default(), &session, &world.dir).unwrap();
            super::runner(&session, &config, rustc.as_deref(), triple, &world.dir)
                .unwrap()
                .join(" ")
        };
        let (triple, by_cfg) = (
            "aarch64-unknown-linux-gnu",
            "[target.'cfg(target_arch = \"aarch64\")']\nrunner = 'by-cfg'\n",
        );
        assert_eq!(said(triple, "", &[]), "");
        assert_eq!(said(triple, by_cfg, &[]), "by-cfg");
        assert_eq!(said("s390x-unknown-linux-gnu", by_cfg, &[]), "");
        let both = format!("{by_cfg}[target.{triple}]\nrunner = ['qemu', '-L', '/x']\n");
        assert_eq!(said(triple, &both, &[]), "qemu -L /x");
        let variable = ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", "said it");
        assert_eq!(said(triple, &both, &[variable]), "said it");
    }

    #[test]
    fn what_only_looks_starts_no_runner_of_the_checkout() {
        let world = World::new();
        let triple = "aarch64-unknown-linux-gnu";
        let text = format!("[target.{triple}]\nrunner = 'tools/run'\n");
        let asked = |file: &str, looks_only: bool| {
            let session = Session {
                looks_only,
                env: [(
                    "CARGO_HOME".to_owned(),
                    world.dir.join("home").into_string(),
                )]
                .into(),
                ..world.session.clone()
            };
            let file = world.dir.join(file);
            disk::write(&file, text.as_bytes()).unwrap();
            let checkout = world.dir.join("checkout");
            disk::create_dir(&checkout.join(".git")).unwrap();
            let config = CargoConfig::read(&Manifests::default(), &session, &checkout).unwrap();
            let asked = runner(&session, &config, None, triple, &checkout);
            disk::remove_file(&file).unwrap();
            asked
        };
        let own = "checkout/.cargo/config.toml";
        let why = asked(own, true).unwrap_err();
        assert!(
            why.contains("which a read-only command does not start"),
            "{why}"
        );
        let program = world.dir.join("checkout/tools/run").into_string();
        assert_eq!(asked(own, false), Ok(vec![program]));
        assert!(asked("home/config.toml", true).is_ok());
    }

    #[test]
    fn a_python_says_what_runs_it() {
        let world = World::new();
        let python = |words: &[&str]| ForeignPython {
            tried: Tried {
                interpreter: Interpreter {
                    path: "/python3".into(),
                    version: "3.11.2".parse().unwrap(),
                    implementation: Implementation::CPython,
                },
                probe: interpreter::Probe::default(),
            },
            machine: world.machine.clone(),
            emulator: Emulator {
                words: words.iter().map(ToString::to_string).collect(),
            },
        };
        let under = python(&["/usr/bin/qemu-arm", "-L", "/root"]).label();
        let machine = &world.machine;
        assert_eq!(under, format!("cp311 on {machine} under qemu-arm"));
        assert_eq!(python(&[]).label(), format!("cp311 on {machine}"));
        assert_eq!(python(&[]).folder(), format!("cp311-{machine}"));
    }
}
