//! Problems that no tool can fix by itself, recognised in the tools' output and named in one line.

use camino::Utf8Path;

use crate::model::error::{Error, ToolError};
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
const UNREACHABLE: [&str; 5] = [
    "Could not resolve host",
    "failed to lookup address",
    "name resolution",
    "Name or service not known",
    "Network is unreachable",
];

/// What is missing, in the project's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    pub(super) text: String,
    fault: Fault,
}

/// Where the fault lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The machine lacks something: nothing is wrong with the project.
    Machine,
    /// A tool's setting, in the project's files or in a variable.
    Configuration,
    /// A missing program.
    Program,
    /// What is being built.
    Checkout,
}

impl Diagnosis {
    /// The exit code for it, whatever the tool was to do; `None` if the tool decides.
    pub(super) fn exit(&self) -> Option<Exit> {
        match self.fault {
            Fault::Machine => Some(Exit::Environment),
            Fault::Configuration => Some(Exit::Usage),
            Fault::Program => Some(Exit::Tool),
            Fault::Checkout => None,
        }
    }
}

/// The error of fetching a tool, with what the machine lacks if that is the cause.
pub(super) fn explained(error: Error) -> Error {
    match error {
        Error::Tool(ToolError::Provision {
            tool,
            version,
            message,
            lack: None,
        }) => Error::Tool(ToolError::Provision {
            lack: message.lines().find_map(of_the_machine),
            tool,
            version,
            message,
        }),
        other => other,
    }
}

/// What is missing according to the lines of a failing build, the first of several. Messages about sources
/// are left out: they quote sources, which may contain any words.
#[derive(Debug, Default)]
pub(super) struct Diagnoses {
    block: Block,
    found: Option<Diagnosis>,
}

/// What the previous line belonged to.
#[derive(Debug, Default)]
enum Block {
    #[default]
    None,
    /// An error or a warning, with its message: whether it is about a source is still to come.
    Open(Option<Diagnosis>),
    /// rustc's message about a source, up to an empty line.
    OfSource,
}

impl Diagnoses {
    /// `line`: without colours.
    pub(super) fn hear(&mut self, line: &str) {
        let text = line.trim();
        if text.is_empty() {
            self.close();
            return;
        }
        if let Some(heading) = Heading::of(text) {
            self.close();
            self.block = match heading {
                Heading::OfSource => Block::OfSource,
                Heading::Error => Block::Open(of(line)),
                Heading::Warning => Block::Open(None),
            };
            // about the compiler, whatever its place
            if text.starts_with("error[E0554]") {
                self.found = self.found.take().or_else(|| of(line));
            }
            return;
        }
        let is_place = text.starts_with("--> ");
        match &mut self.block {
            Block::Open(_) if is_place => self.block = Block::OfSource,
            Block::OfSource => {}
            _ if is_quoted(text) => {}
            Block::Open(said) => *said = said.take().or_else(|| of(line)),
            Block::None => self.found = self.found.take().or_else(|| of(line)),
        }
    }

    pub(super) fn first(mut self) -> Option<Diagnosis> {
        self.close();
        self.found
    }

    fn close(&mut self) {
        if let Block::Open(said) = std::mem::take(&mut self.block) {
            self.found = self.found.take().or(said);
        }
    }
}

/// The first line of a message from cargo or a compiler.
enum Heading {
    OfSource,
    /// About a source or not: rustc and cargo begin alike.
    Error,
    /// A mere warning is not why it fails.
    Warning,
}

impl Heading {
    fn of(text: &str) -> Option<Self> {
        if text.starts_with("error[E") {
            return Some(Self::OfSource);
        }
        if text.starts_with("warning: ") {
            return Some(Self::Warning);
        }
        text.starts_with("error: ").then_some(Self::Error)
    }
}

/// A source line as compilers show it: `12 | …`.
fn is_quoted(text: &str) -> bool {
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    number.len() < text.len() && number.trim_start().starts_with('|')
}

/// What a line of a failing build says is missing from the machine or the checkout; `None` for any other
/// line.
fn of(line: &str) -> Option<Diagnosis> {
    type Reader = fn(&str) -> Option<String>;
    const READERS: [(Reader, Fault); 4] = [
        (of_the_machine, Fault::Machine),
        (of_configuration, Fault::Configuration),
        (of_a_program, Fault::Program),
        (of_the_checkout, Fault::Checkout),
    ];
    READERS.into_iter().find_map(|(read, fault)| {
        let text = read(line)?;
        Some(Diagnosis { text, fault })
    })
}

/// What follows these words in a line, up to a quote.
fn quoted(line: &str, words: &str) -> Option<String> {
    let rest = line.split_once(words)?.1;
    rest.split(['`', '\'']).next().map(str::to_owned)
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

fn of_the_machine(line: &str) -> Option<String> {
    // cargo's words, then git's own
    let repository = quoted(line, "nable to update ").filter(|it| !is_folder(it));
    let repository = repository.or_else(|| quoted(line, "unable to access '"));
    if let Some(repository) = repository {
        return Some(format!(
            "the dependency {repository} cannot be fetched: {NETWORK}"
        ));
    }
    if let Some((_, rest)) = line.split_once("error sending request for url (") {
        let url = rest.split(')').next().unwrap_or(rest);
        return Some(format!("{url} does not answer: {NETWORK}"));
    }
    if UNREACHABLE.iter().any(|words| line.contains(words)) || is_python_timeout(line) {
        return Some(format!(
            "a package index or repository cannot be reached: {NETWORK}"
        ));
    }
    if let Some(cache) = quoted(line, "Failed to initialize cache at `") {
        return Some(format!("uv cannot write its cache {cache}: {CACHE}"));
    }
    if line.contains("No space left on device") {
        return Some(DISK.into());
    }
    let is_short = OUT_OF_MEMORY.iter().any(|words| line.contains(words));
    is_short.then(|| MEMORY.into())
}

/// uv's messages about its own settings before it does anything.
fn of_configuration(line: &str) -> Option<String> {
    let said = line.trim_start().strip_prefix("error: ")?;
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
    fn what_the_machine_lacks_is_named() {
        let hint = |line| of(line).map(|it| it.text).unwrap_or_default();
        let library = "  The system library `libpq` required by crate `pq-sys` was not found.";
        assert!(hint(library).contains("`libpq-dev`"));
        let library = library.replace("libpq", "openssl");
        assert!(hint(&library).contains("`libopenssl-dev`"));
        assert!(hint("/usr/bin/ld: cannot find -lssl: No such file or directory").contains("ssl"));
        assert!(
            hint("  Unable to update https://example.org/x.git#1234").contains("example.org/x.git")
        );
        assert!(
            hint("  failed to execute command: No such file (is `cmake` not installed?)")
                .contains("cmake")
        );
        let folder = if cfg!(windows) {
            r"C:\p\gone"
        } else {
            "/p/gone"
        };
        let line = format!("  Unable to update {folder}");
        let gone = hint(&line);
        assert!(gone.contains("correct the `path`") && !gone.contains("network"));
        let caused = "  unable to update https://example.org/z.git?rev=1#1";
        assert!(hint(caused).contains("example.org/z.git"));
        let git = "fatal: unable to access 'https://example.org/y.git/': Could not resolve host: e";
        assert!(hint(git).contains("dependency https://example.org/y.git/ cannot"));
        let old = "error: package `x v1` cannot be built because it requires rustc 1.99 or newer, while …";
        assert!(hint(old).contains("1.99"));
        let new = hint("error: rustc 1.95.0 is not supported by the following packages:");
        assert!(
            new.starts_with("rustc 1.95.0 is too old") && new.contains("rustup update"),
            "{new}"
        );
        let twice = "  Caused by: Cannot build without valid version information. You need to …";
        assert!(hint(twice).contains("not both"));
        let noisy =
            "  Caused by: Trying to get metadata from the python interpreter '/v/python' failed";
        assert!(hint(noisy).contains("`/v/python -c ''` must print nothing"));
        let bindgen = "  Caused by: Failed to run uniffi-bindgen, did you install it?";
        assert!(hint(bindgen).contains("uniffi_bindgen_main"));
        let unstable = "error[E0554]: `#![feature]` may not be used on the stable release channel";
        assert!(hint(unstable).contains("nightly"));
    }

    #[test]
    fn what_the_machine_has_too_little_of_is_no_fault_of_the_project() {
        for line in [
            "  No space left on device (os error 28)",
            "rustc: error while loading shared libraries: libLLVM.so: failed to map segment from shared object",
            "  process didn't exit successfully: `rustc …` (signal: 9, SIGKILL: kill)",
            "error: Failed to initialize cache at `/nonexistent/.cache/uv`",
            "  [6] Could not resolve hostname (Could not resolve host: example.org)",
            "  cause: error sending request for url (http://127.0.0.1:9/simple/pytest/)",
            "URLError: <urlopen error [Errno -3] Temporary failure in name resolution>",
        ] {
            assert!(
                of(line).is_some_and(|said| said.exit() == Some(Exit::Environment)),
                "{line}"
            );
        }
        let library = of("/usr/bin/ld: cannot find -lssl: No such file or directory").unwrap();
        assert_eq!(library.exit(), None);
    }

    #[test]
    fn what_is_set_wrongly_and_what_is_not_installed_ends_as_that() {
        for (line, exit) in [
            ("error: The project is marked as unmanaged: /p", Exit::Usage),
            ("error: Failed to parse: uv.toml", Exit::Usage),
            (
                "error: failed to open file `/nope`: No such file or directory (os error 2)",
                Exit::Usage,
            ),
            (
                "error: Workspace member `/p/x` is missing a `pyproject.toml` (matches: `x`)",
                Exit::Usage,
            ),
            (
                "error: could not execute process `/no/sccache /r/bin/rustc -vV` (never executed)",
                Exit::Tool,
            ),
        ] {
            assert_eq!(of(line).and_then(|said| said.exit()), Some(exit), "{line}");
        }
        // a program of the project's own
        assert_eq!(
            of("error: could not execute process `/p/target/debug/a` (never executed)"),
            None
        );
    }

    fn heard(said: &str) -> Option<Diagnosis> {
        let mut diagnoses = Diagnoses::default();
        said.lines().for_each(|line| diagnoses.hear(line));
        diagnoses.first()
    }

    #[test]
    fn what_a_compiler_quotes_of_a_source_is_no_word_of_a_tool() {
        let of_code = "error[E0423]: expected value, found struct `TimeoutError`\n --> src/lib.rs:2:13\n  |\n1 | \
                       struct TimeoutError; // No space left on device\n  | ------ Network is unreachable\n  |\n  = note: \
                       TimeoutError: Could not resolve host\n\n";
        let of_macro = "error: No space left on device\n --> src/lib.rs:2:13\n  |\n2 | compile_error!(\"No space \
                        left on device\");\n\n";
        let warning =
            "warning: struct `TimeoutError` is Network is unreachable\n --> src/lib.rs:1:8\n\n";
        let of_c = "  cargo:warning=src/a.c:3:1: error: unknown type name\n      3 | TimeoutError No space left on device;\n";
        let end = "error: could not compile `a` (lib) due to 1 previous error\n";
        for said in [of_code, of_macro, warning, of_c] {
            for said in [said.to_owned(), said.replace('\n', "\n      ")] {
                assert_eq!(heard(&format!("{said}\n{end}")), None, "{said}");
            }
        }
        let is_of_the_machine = |said: &str| heard(said).map(|it| it.fault == Fault::Machine);
        // what stands beside that, and errors without a place
        let full = "error: failed to write `a.o`: No space left on device (os error 28)\n\n";
        assert_eq!(is_of_the_machine(full), Some(true));
        assert_eq!(is_of_the_machine(&format!("{of_code}{full}")), Some(true));
        let killed =
            "\nCaused by:\n  process didn't exit successfully: `rustc` (signal: 9, SIGKILL: kill)";
        assert_eq!(
            is_of_the_machine(&format!("{warning}{end}{killed}")),
            Some(true)
        );
        let maturin = "warning: unused manifest key: a\n💥 maturin failed\n  Caused by: No space left on device";
        assert_eq!(is_of_the_machine(maturin), Some(true));
        let python = "Traceback (most recent call last):\n  File \"a.py\", line 1\nsocket.TimeoutError: timed out";
        assert_eq!(is_of_the_machine(python), Some(true));
        let linker = "error: linking with `cc` failed: exit status: 1\n  |\n  = note:  \"cc\" \"-m64\"\n  = note: \
                      /usr/bin/ld: cannot find -lssl: No such file or directory\n          collect2: error: ld\n\n";
        assert_eq!(is_of_the_machine(linker), Some(false));
        let nightly = "error[E0554]: `#![feature]` may not be used on the stable release channel\n --> src/lib.rs:1:1\n";
        assert_eq!(is_of_the_machine(nightly), Some(false));
    }

    #[test]
    fn an_error_of_the_project_is_left_to_speak_for_itself() {
        for line in ["error[E0425]: cannot find value `x`", "warning: unused", ""] {
            assert_eq!(of(line), None);
        }
    }
}
