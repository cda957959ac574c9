//! One line of a tool's output, read for problems that no tool can fix by itself.

use camino::Utf8Path;

use crate::model::exit::Exit;

const DISK: &str = "the disk is full";
const MEMORY: &str = "out of memory: raise the limit, or build with `-j 1` (CARGO_BUILD_JOBS=1)";
const CACHE: &str = "set UV_CACHE_DIR to another folder";
const NETWORK: &str = "is there a network?";

const BINDGEN: &str = "the bindings need a `uniffi-bindgen` of the crate's uniffi version: a program of that name in the crate or its workspace (`uniffi::uniffi_bindgen_main()`), or one on PATH";

const VERSION: &str = "`maturin develop` takes the version from one place: give `[project]` in \
     pyproject.toml a `version`, or `dynamic = [\"version\"]`, not both";

/// What the loader, the allocator and the kernel print about a program that ran out of memory.
const OUT_OF_MEMORY: [&str; 5] = [
    "Cannot allocate memory",
    "failed to map segment from shared object",
    "memory allocation of ",
    "LLVM ERROR: out of memory",
    "(signal: 9, SIGKILL: kill)",
];

/// What git, cargo, uv and Python print about a missing network or a silent server.
const UNREACHABLE: [&str; 10] = [
    "Could not connect to server",
    "Could not resolve host",
    "Could not resolve proxy",
    "Couldn't connect to server",
    "failed to lookup address",
    "name resolution",
    "Name or service not known",
    "Network is unreachable",
    "network failure seems to have happened",
    "Timeout was reached",
];

/// The same while a repository is fetched, about whose server they print less.
const NOT_FETCHED: [&str; 4] = [
    "ailed to connect to ",
    "onnection refused",
    "onnection reset",
    "timed out",
];

/// What is missing, in the project's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::execute) struct Diagnosis {
    pub(in crate::execute) text: String,
    pub(super) fault: Fault,
}

/// Where the fault lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The machine lacks something: nothing is wrong with the project.
    Machine,
    /// A tool's setting, in the project's files or in a variable.
    Configuration,
    /// Requirements that exclude each other, of which some may be the step's own.
    Requirements,
    /// A missing program.
    Program,
    /// What is being built.
    Checkout,
}

impl Diagnosis {
    /// The exit code for it, whatever the tool was to do; `None` if the tool decides.
    pub(in crate::execute) fn exit(&self) -> Option<Exit> {
        match self.fault {
            Fault::Machine => Some(Exit::Environment),
            Fault::Configuration | Fault::Requirements => Some(Exit::Usage),
            Fault::Program => Some(Exit::Tool),
            Fault::Checkout => None,
        }
    }

    /// What to do about it; `own`: what the step suggests if it fails, whatever the cause.
    pub(in crate::execute) fn hint(self, own: Option<&String>) -> String {
        match (self.fault, own) {
            (Fault::Requirements, Some(own)) => own.clone(),
            _ => self.text,
        }
    }
}

/// What a line of a failing build says is missing from the machine or the checkout; `None` for any other line.
///
/// `repository`: the one being fetched.
pub(super) fn of(line: &str, repository: Option<&str>) -> Option<Diagnosis> {
    type Reader = fn(&str) -> Option<String>;
    const READERS: [(Reader, Fault); 5] = [
        (of_the_machine, Fault::Machine),
        (of_requirements, Fault::Requirements),
        (of_configuration, Fault::Configuration),
        (of_a_program, Fault::Program),
        (of_the_checkout, Fault::Checkout),
    ];
    if let Some(text) = of_the_network(line, repository) {
        let fault = Fault::Machine;
        return Some(Diagnosis { text, fault });
    }
    READERS.into_iter().find_map(|(read, fault)| {
        let text = read(line)?;
        Some(Diagnosis { text, fault })
    })
}

/// uv's last word where it may not use the network: whatever it found before, it found in its cache alone.
pub(super) fn of_a_disabled_network(line: &str) -> Option<Diagnosis> {
    line.contains("because the network was disabled")
        .then(|| Diagnosis {
            text: "not all of it is in uv's cache: run it once without `--offline`".into(),
            fault: Fault::Machine,
        })
}

/// What follows these words in a line, up to a quote.
fn quoted(line: &str, words: &str) -> Option<String> {
    let rest = line.split_once(words)?.1;
    rest.split(['`', '\'']).next().map(str::to_owned)
}

/// The repository that cargo's line is about.
pub(super) fn repository(line: &str) -> Option<String> {
    let place = quoted(line, "nable to update ")?;
    (!is_folder(&place) && place.contains("://")).then_some(place)
}

/// Whether cargo names a folder of this machine, and not something it fetches.
fn is_folder(place: &str) -> bool {
    Utf8Path::new(place).is_absolute()
}

/// The end of Python's tracebacks: `TimeoutError: timed out`.
fn is_python_timeout(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    let name = word.strip_suffix(':').unwrap_or(word);
    name.rsplit('.').next() == Some("TimeoutError")
}

/// What cannot be reached, or needs a network that was not allowed.
pub(super) fn of_the_network(line: &str, repository: Option<&str>) -> Option<String> {
    if let Some((_, rest)) = line.split_once("error sending request for url (") {
        let url = rest.split(')').next().unwrap_or(rest);
        return Some(format!("{url} does not answer: {NETWORK}"));
    }
    let by_git = quoted(line, "unable to access '");
    let repository = by_git.as_deref().or(repository);
    let says = |all: &[&str]| all.iter().any(|words| line.contains(words));
    // a server that refuses or does not have it is reached
    let is_gits = by_git.is_some() && !line.contains("returned error: 4");
    if is_gits
        || says(&UNREACHABLE)
        || says(&NOT_FETCHED) && repository.is_some()
        || is_python_timeout(line)
    {
        let what = match repository {
            Some(repository) => format!("the dependency {repository} cannot be fetched"),
            None => "a package index or repository cannot be reached".to_owned(),
        };
        return Some(format!("{what}: {NETWORK}"));
    }
    let repository = repository.filter(|_| says(&["in offline mode (--offline)"]))?;
    Some(format!(
        "the dependency {repository} is not here yet: run it once without `--offline`"
    ))
}

pub(super) fn of_the_machine(line: &str) -> Option<String> {
    if let Some(cache) = quoted(line, "Failed to initialize cache at `") {
        return Some(format!("uv cannot write its cache {cache}: {CACHE}"));
    }
    if line.contains("No space left on device") {
        return Some(DISK.into());
    }
    let is_short = OUT_OF_MEMORY.iter().any(|words| line.contains(words));
    is_short.then(|| MEMORY.into())
}

fn of_requirements(line: &str) -> Option<String> {
    let cause = unsatisfiable(line)?;
    let text = "the requirements exclude each other: relax one of those that uv names";
    unknown_package(cause).is_none().then(|| text.to_owned())
}

/// Why uv's resolver finds no solution.
fn unsatisfiable(line: &str) -> Option<&str> {
    let (_, cause) = line.split_once("cause: Because ")?;
    cause.contains("unsatisfiable").then_some(cause)
}

/// The package without which there is none.
fn unknown_package(cause: &str) -> Option<&str> {
    let (name, _) = cause.split_once(" was not found in the package registry")?;
    (!name.contains(' ')).then_some(name)
}

/// uv's messages about its own settings before it does anything, and cargo's about its own when it needs a crate.
fn of_configuration(line: &str) -> Option<String> {
    let places = [
        "failed to read root of directory source: ",
        "local registry path is not a directory: ",
    ];
    let mut folders = places.into_iter().filter_map(|words| quoted(line, words));
    if let Some(folder) = folders.next() {
        return Some(format!(
            "cargo takes crates from {folder}, which is not there: `cargo vendor`, or correct [source] in its \
             configuration"
        ));
    }
    if let Some(cause) = unsatisfiable(line)
        && let Some(name) = unknown_package(cause)
    {
        return Some(format!(
            "no index that uv uses has `{name}`: correct its name, or declare where it comes from in [tool.uv.sources]"
        ));
    }
    if let Some(text) = of_a_feature(line) {
        return Some(text);
    }
    let said = line.trim_start().strip_prefix("error: ")?;
    if said.ends_with("is not defined")
        && let Some(profile) = quoted(said, "profile `")
    {
        return Some(format!(
            "choose another profile, or define [profile.{profile}] in the Cargo.toml of the workspace"
        ));
    }
    if said.contains("is incompatible with the project's Python requirement") {
        return Some("choose a Python that fits, with `--python` or in .python-version".into());
    }
    if said.starts_with("The project is marked as unmanaged") {
        return Some(
            "uv leaves this project alone: remove `managed = false` from [tool.uv]".into(),
        );
    }
    if let Some(file) = quoted(said, "failed to open file `") {
        return Some(format!(
            "uv cannot open {file}: is UV_CONFIG_FILE set correctly?"
        ));
    }
    if said.starts_with("Workspace member ") && said.contains("is missing a `pyproject.toml`") {
        let member = quoted(said, "Workspace member `")?;
        return Some(format!(
            "there is no package in {member}: correct `members` or `exclude` of [tool.uv.workspace]"
        ));
    }
    let file = said.strip_prefix("Failed to parse: ")?;
    let file = file.trim_matches('`');
    let is_uvs = ["uv.toml", "pyproject.toml"]
        .iter()
        .any(|name| file.ends_with(name));
    is_uvs.then(|| format!("uv cannot read {file}: fix the error named above"))
}

/// A feature that the crate that it is asked of does not have, by cargo's message.
fn of_a_feature(line: &str) -> Option<String> {
    if line.contains(" does not have that feature") {
        let (package, feature) = (quoted(line, " but `")?, quoted(line, "with feature `")?);
        return Some(format!(
            "{package} has no feature `{feature}`: correct where it is asked for"
        ));
    }
    let said = line.strip_prefix("error: ")?;
    let (words, features) = said.split_once(": ")?;
    let is_list = words.contains(" contain")
        && (words.ends_with(" this feature") || words.ends_with(" these features"));
    is_list
        .then(|| format!("correct `{features}`: [features] of Cargo.toml lists those that exist"))
}

/// A compiler, or its wrapper, that cargo could not start.
fn of_a_program(line: &str) -> Option<String> {
    let call = quoted(line, "could not execute process `")?;
    let program = call.split(' ').next().unwrap_or(&call);
    let is_compiler = line.contains("(never executed)") && call.contains("rustc");
    is_compiler.then(|| {
        format!(
            "{program} cannot be started: install it, or correct the setting that names it (RUSTC, RUSTC_WRAPPER, \
             `build.rustc-wrapper`)"
        )
    })
}

fn of_the_checkout(line: &str) -> Option<String> {
    if let Some(library) = quoted(line, "The system library `") {
        // pkg-config's names have Debian's prefix or not
        let name = library.strip_prefix("lib").unwrap_or(&library);
        return Some(format!(
            "the system library {library} is missing: install its development package (`lib{name}-dev` or the like)"
        ));
    }
    if let Some(rest) = line.split_once("cannot find -l").map(|(_, rest)| rest) {
        let library = rest.split([':', ' ']).next().unwrap_or(rest);
        return Some(format!(
            "the linker has no library {library}: install its development package"
        ));
    }
    if let Some(folder) = quoted(line, "nable to update ").filter(|it| is_folder(it)) {
        return Some(format!(
            "there is no crate in {folder}: correct the `path` of the dependency"
        ));
    }
    if let Some(python) = quoted(line, "metadata from the python interpreter '") {
        return Some(format!(
            "`{python} -c ''` must print nothing, or maturin cannot read the interpreter's metadata: look into \
             the environment's `.pth` files and sitecustomize.py"
        ));
    }
    if line.contains("requires rustc ") && line.contains("or newer") {
        let text = line.trim().trim_start_matches("error: ");
        return Some(format!(
            "{text}: run `rustup update` or choose another toolchain"
        ));
    }
    if line.contains("is not supported by the following package") {
        let text = line.trim().trim_start_matches("error: ");
        let rustc = text.split(" is not").next().unwrap_or(text);
        return Some(format!(
            "{rustc} is too old for the package named above: run `rustup update` or choose another toolchain"
        ));
    }
    if line.contains("Cannot build without valid version information") {
        return Some(VERSION.into());
    }
    if line.contains("may not be used on the stable release channel") {
        return Some("a crate needs a nightly toolchain: set `RUSTUP_TOOLCHAIN=nightly`".into());
    }
    if line.contains("Failed to run uniffi-bindgen") {
        return Some(BINDGEN.into());
    }
    let missing = ["cmake", "protoc", "pkg-config", "clang", "nasm", "perl"].into_iter();
    let mut missing = missing.filter(|tool| {
        line.contains(&format!("is `{tool}` not installed?"))
            || line.contains(&format!("Could not find `{tool}`"))
    });
    missing
        .next()
        .map(|tool| format!("the program {tool} is missing: install it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_what_helps() {
        let folder = if cfg!(windows) {
            r"C:\p\gone"
        } else {
            "/p/gone"
        };
        for (line, hint) in [
            (
                "  The system library `libpq` required by crate `pq-sys` was not found.",
                "the system library libpq is missing: install its development package (`libpq-dev` or the like)",
            ),
            (
                "  The system library `openssl` required by crate `openssl-sys` was not found.",
                "the system library openssl is missing: install its development package (`libopenssl-dev` or the \
                 like)",
            ),
            (
                "/usr/bin/ld: cannot find -lssl: No such file or directory",
                "the linker has no library ssl: install its development package",
            ),
            (
                "  failed to execute command: No such file (is `cmake` not installed?)",
                "the program cmake is missing: install it",
            ),
            (
                &*format!("  Unable to update {folder}"),
                &*format!("there is no crate in {folder}: correct the `path` of the dependency"),
            ),
            (
                "fatal: unable to access 'https://example.org/y.git/': Could not resolve host: e",
                "the dependency https://example.org/y.git/ cannot be fetched: is there a network?",
            ),
            (
                "error: package `x v1` cannot be built because it requires rustc 1.99 or newer, while …",
                "package `x v1` cannot be built because it requires rustc 1.99 or newer, while …: run `rustup update` or \
                 choose another toolchain",
            ),
            (
                "error: rustc 1.95.0 is not supported by the following packages:",
                "rustc 1.95.0 is too old for the package named above: run `rustup update` or choose another toolchain",
            ),
            (
                "  Caused by: Cannot build without valid version information. You need to …",
                VERSION,
            ),
            (
                "  Caused by: Trying to get metadata from the python interpreter '/v/python' failed",
                "`/v/python -c ''` must print nothing, or maturin cannot read the interpreter's metadata: look into the \
                 environment's `.pth` files and sitecustomize.py",
            ),
            (
                "  Caused by: Failed to run uniffi-bindgen, did you install it?",
                BINDGEN,
            ),
            (
                "error[E0554]: `#![feature]` may not be used on the stable release channel",
                "a crate needs a nightly toolchain: set `RUSTUP_TOOLCHAIN=nightly`",
            ),
        ] {
            let said = of(line, None).map(|it| it.text);
            assert_eq!(said.as_deref(), Some(hint), "{line}");
        }
    }

    #[test]
    fn what_the_machine_has_too_little_of_is_no_fault_of_the_project() {
        for line in [
            "  No space left on device (os error 28)",
            "rustc: error while loading shared libraries: libLLVM.so: failed to map segment from shared object",
            "  process didn't exit successfully: `rustc …` (signal: 9, SIGKILL: kill)",
            "error: Failed to initialize cache at `/nonexistent/.cache/uv`",
            "  [6] Could not resolve hostname (Could not resolve host: example.org)",
            "  [28] Timeout was reached (Connection timed out after 30001 milliseconds)",
            "fatal: unable to access 'https://example.org/y.git/': The requested URL returned error: 503",
            "fatal: unable to access 'https://example.org/y.git/': Could not resolve proxy: none.invalid",
            "  cause: error sending request for url (http://127.0.0.1:9/simple/pytest/)",
            "URLError: <urlopen error [Errno -3] Temporary failure in name resolution>",
        ] {
            assert!(
                of(line, None).is_some_and(|said| said.exit() == Some(Exit::Environment)),
                "{line}"
            );
        }
        let refused = "fatal: unable to access 'https://example.org/y.git/': The requested URL returned error: 403";
        assert_eq!(of(refused, None), None);
        let library = of(
            "/usr/bin/ld: cannot find -lssl: No such file or directory",
            None,
        )
        .unwrap();
        assert_eq!(library.exit(), None);
    }

    #[test]
    fn what_is_set_wrongly_and_what_is_not_installed_ends_as_that() {
        for (line, exit) in [
            ("error: The project is marked as unmanaged: /p", Exit::Usage),
            ("error: Failed to parse: uv.toml", Exit::Usage),
            (
                "  cause: Because own-helpers was not found in the package registry and you require own-helpers, we \
                 can conclude that your requirements are unsatisfiable.",
                Exit::Usage,
            ),
            (
                "  cause: Because you require attrs>25 and attrs<24, we can conclude that your requirements are \
                 unsatisfiable.",
                Exit::Usage,
            ),
            (
                "error: The requested interpreter resolved to Python 3.11.7, which is incompatible with the project's \
                 Python requirement: `>=3.12` (from `tool.uv.dependency-groups.dev.requires-python`)",
                Exit::Usage,
            ),
            (
                "error: failed to open file `/nope`: No such file or directory (os error 2)",
                Exit::Usage,
            ),
            (
                "error: Workspace member `/p/x` is missing a `pyproject.toml` (matches: `x`)",
                Exit::Usage,
            ),
            ("error: profile `nope` is not defined", Exit::Usage),
            (
                "error: the package 'hello' does not contain this feature: nope",
                Exit::Usage,
            ),
            (
                "error: none of the selected packages contains these features: no, nope",
                Exit::Usage,
            ),
            (
                "package `hello` depends on `pyo3` with feature `nope` but `pyo3` does not have that feature.",
                Exit::Usage,
            ),
            (
                "error: could not execute process `/no/sccache /r/bin/rustc -vV` (never executed)",
                Exit::Tool,
            ),
        ] {
            assert_eq!(
                of(line, None).and_then(|said| said.exit()),
                Some(exit),
                "{line}"
            );
        }
        // a program of the project's own
        assert_eq!(
            of(
                "error: could not execute process `/p/target/debug/a` (never executed)",
                None
            ),
            None
        );
    }

    #[test]
    fn an_error_of_the_project_is_left_to_speak_for_itself() {
        for line in ["error[E0425]: cannot find value `x`", "warning: unused", ""] {
            assert_eq!(of(line, None), None);
        }
    }
}
