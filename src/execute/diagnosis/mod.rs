//! Problems that no tool can fix by itself, recognised in the tools' output and named in one line.

mod lines;

use crate::model::error::{Error, ToolError};

use lines::{of, of_a_disabled_network, of_the_machine, of_the_network, repository};

pub(super) use lines::Diagnosis;

/// The error of fetching a tool, with what the machine lacks if that is the cause.
pub(super) fn explained(error: Error) -> Error {
    match error {
        Error::Tool(ToolError::Provision {
            tool,
            version,
            message,
            lack: None,
        }) => Error::Tool(ToolError::Provision {
            lack: message.lines().find_map(|line| {
                let of_network = of_the_network(line, None);
                of_network.or_else(|| of_the_machine(line))
            }),
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
    /// The repository that cargo could not fetch a dependency from; the cause comes later.
    repository: Option<String>,
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
        if let Some(said) = of_a_disabled_network(text) {
            self.found = Some(said);
            return;
        }
        self.repository = repository(line).or(self.repository.take());
        let said = of(line, self.repository.as_deref());
        if let Some(heading) = Heading::of(text) {
            self.close();
            // about the compiler, whatever its place
            let is_of_compiler = text.starts_with("error[E0554]");
            self.found = self
                .found
                .take()
                .or(said.clone().filter(|_| is_of_compiler));
            self.block = match heading {
                Heading::OfSource => Block::OfSource,
                Heading::Error => Block::Open(said),
                Heading::Warning => Block::Open(None),
            };
            return;
        }
        let is_place = text.starts_with("--> ");
        match &mut self.block {
            Block::Open(_) if is_place => self.block = Block::OfSource,
            Block::OfSource => {}
            _ if is_quoted(text) => {}
            Block::Open(first) => *first = first.take().or(said),
            Block::None => self.found = self.found.take().or(said),
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

#[cfg(test)]
mod tests {
    use super::lines::Fault;
    use super::*;

    #[test]
    fn a_network_is_named_where_the_cause_of_a_failed_update_does() {
        let hint = |place: &str, causes: &[&str]| {
            let causes = causes
                .iter()
                .map(|cause| format!("Caused by:\n  {cause}\n\n"));
            let causes: String = causes.collect();
            let failed = "error: failed to get `a` as a dependency of package `b v0.1.0`\n\n";
            heard(&format!(
                "{failed}Caused by:\n  failed to load source for dependency `a`\n\nCaused by:\n  unable to \
                 update {place}\n\n{causes}"
            ))
            .map(|it| it.text)
        };
        let url = "https://example.org/a.git?branch=b";
        let fetched = format!("the dependency {url} cannot be fetched: is there a network?");
        for cause in [
            "failed to connect to 127.0.0.1: Connection refused; class=Os (2)",
            "failed to resolve address for example.org: Name or service not known; class=Net (12)",
        ] {
            let said = hint(url, &["failed to clone into: /c/git/db/a", cause]);
            assert_eq!(said.as_ref(), Some(&fetched), "{cause}");
        }
        let offline = "failed to lookup reference in preexisting repository, and can't check for updates in offline \
                       mode (--offline)";
        assert_eq!(
            hint(url, &[offline, "reference 'x' not found"]).unwrap(),
            format!("the dependency {url} is not here yet: run it once without `--offline`")
        );
        let registry = "registry `crates-io`";
        let replaced = "failed to update replaced source registry `crates-io`";
        assert_eq!(
            hint(
                registry,
                &[
                    replaced,
                    "failed to fetch `https://e.org/i`",
                    "network failure seems to have happened"
                ]
            )
            .unwrap(),
            "a package index or repository cannot be reached: is there a network?"
        );
        for missing in [
            "failed to read root of directory source: /p/vendor",
            "local registry path is not a directory: /p/vendor",
        ] {
            assert_eq!(
                hint(
                    registry,
                    &[replaced, missing, "No such file or directory (os error 2)"]
                )
                .unwrap(),
                "cargo takes crates from /p/vendor, which is not there: `cargo vendor`, or correct [source] in its \
                 configuration"
            );
        }
        for (place, cause) in [
            (url, "failed to find branch `b`"),
            (
                registry,
                "failed to open `/c/registry/index/x`: Permission denied (os error 13)",
            ),
        ] {
            assert_eq!(hint(place, &[cause]), None, "{cause}");
        }
    }

    fn heard(said: &str) -> Option<Diagnosis> {
        let mut diagnoses = Diagnoses::default();
        said.lines().for_each(|line| diagnoses.hear(line));
        diagnoses.first()
    }

    #[test]
    fn what_only_the_cache_lacks_is_no_mistake_of_the_project() {
        let failed = "error: No solution found when resolving dependencies\n  cause: Because only attrs==24 is available \
                      and you require attrs>24, we can conclude that your requirements are unsatisfiable.\n";
        let fault = |said: &str| heard(said).map(|it| it.fault);
        assert_eq!(fault(failed), Some(Fault::Requirements));
        let offline = "\nhint: Packages were unavailable because the network was disabled. When the network is \
                       disabled, registry packages may only be read from the cache.\n";
        assert_eq!(fault(&format!("{failed}{offline}")), Some(Fault::Machine));
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
}
