//! What the jobs of GitHub workflows install with pip, in all jobs and in those that run Rust tests.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::requirement::Requirement;
use crate::world::disk;

use super::environments::ToolEnvironment;
use super::groups;

/// Packages that build and start things, and are imported by no test.
const TOOLS: [&str; 14] = [
    "build",
    "codecov",
    "coverage",
    "hatch",
    "maturin",
    "nox",
    "pdm",
    "pip",
    "poetry",
    "tox",
    "twine",
    "uv",
    "virtualenv",
    "wheel",
];

/// cargo subcommands that run tests.
const TEST: [&str; 6] = ["test", "t", "nextest", "llvm-cov", "tarpaulin", "careful"];

/// A folder's workflows, by name.
pub(super) fn files(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let workflows = folder.join(".github/workflows");
    let names = disk::names(&workflows).into_iter();
    let mut files: Vec<Utf8PathBuf> = names
        .map(|name| workflows.join(name))
        .filter(|path| matches!(path.extension(), Some("yml" | "yaml")))
        .collect();
    files.sort();
    files
}

/// PEP 508, from all jobs that run cargo's tests; for a package that several name, the first one's version
/// counts. Without variables, files and folders.
pub(super) fn installed_for_tests(text: &str) -> Vec<Requirement> {
    let mut whole = ToolEnvironment::default();
    for job in jobs(&without_expressions(text)) {
        let mut commands = commands(&job).into_iter();
        let installed = installed(&for_every_python(&job));
        let brings_runner = || {
            let mut requirements = installed.requirements.iter();
            requirements.any(|it| groups::is_runner(&it.to_string()))
        };
        if job.iter().any(|(_, line)| runs_tests(line))
            || commands.any(runs_pytest)
            || brings_runner()
        {
            whole.merge(installed);
        }
    }
    without_tools(whole.requirements)
}

/// A job without the steps that ask for the Python, or for anything else that its matrix says.
fn for_every_python<'a>(job: &[Line<'a>]) -> Vec<Line<'a>> {
    let Some(start) = job.iter().position(|(_, line)| *line == "steps:") else {
        return job.to_vec();
    };
    let (before, steps) = job.split_at(start + 1);
    let depth = steps.first().map_or(0, |(depth, _)| *depth);
    let asks = |(_, line): &Line<'_>| {
        let condition = line.trim_start_matches(['-', ' ']).strip_prefix("if:");
        condition.is_some_and(|it| {
            !it.contains("cache-hit")
                && ["matrix", "python", "$"]
                    .iter()
                    .any(|word| it.contains(word))
        })
    };
    let steps = steps.chunk_by(|_, (at, line)| !(*at == depth && line.starts_with('-')));
    let kept = steps.filter(|step| !step.iter().any(asks)).flatten();
    before.iter().chain(kept).copied().collect()
}

/// The same of each job, whatever it runs.
pub(super) fn installed_by_jobs(text: &str) -> Vec<Vec<Requirement>> {
    let text = without_expressions(text);
    let jobs = jobs(&text).into_iter();
    let installed = jobs.map(|job| without_tools(installed(&job).requirements));
    installed.collect()
}

/// Without what pyx brings itself.
pub(super) fn without_tools(mut requirements: Vec<Requirement>) -> Vec<Requirement> {
    requirements.retain(|requirement| {
        let name = requirement.package_name();
        name.is_none_or(|name| !TOOLS.contains(&&*name))
    });
    requirements
}

fn installed(job: &[Line<'_>]) -> ToolEnvironment {
    let mut found = ToolEnvironment::default();
    for line in commands(job) {
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("pip install ") {
            rest = after;
            found.merge(ToolEnvironment::of_packages(&words(after)));
        }
    }
    found
}

/// What is on the lines of each `run:`; a title with the same words installs nothing.
fn commands<'a>(job: &[Line<'a>]) -> Vec<&'a str> {
    let mut commands = Vec::new();
    let mut key: Option<usize> = None;
    for (depth, line) in job {
        if key.is_some_and(|key| *depth > key) {
            commands.push(*line);
            continue;
        }
        let own = line.trim_start_matches(['-', ' ']);
        let command = own.strip_prefix("run:");
        key = command.map(|_| depth + line.len() - own.len());
        commands.extend(command);
    }
    commands
}

/// The words of a command up to its end, or to a nested command.
fn words(command: &str) -> Vec<String> {
    let unquoted = || shlex::split(command.trim_end_matches(['\'', '"'])); // those of YAML
    let Some(all) = shlex::split(command).or_else(unquoted) else {
        return Vec::new();
    };
    let mut words = Vec::new();
    for word in all {
        let ends = word.ends_with(';');
        let word = word.trim_end_matches(';');
        if word.starts_with(['&', '|', '>', '#']) || word.contains("$(") || word.contains('`') {
            break;
        }
        words.push(word.to_owned());
        if ends {
            break;
        }
    }
    words
}

/// With a `$` in place of each `${{ … }}`, and continued lines joined.
fn without_expressions(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace("\\\n", " ");
    let mut parts = text.split("${{");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push('$');
        plain.push_str(part.split_once("}}").map_or(part, |(_, after)| after));
    }
    plain
}

/// A line without its indentation, and the width of that.
type Line<'a> = (usize, &'a str);

/// The lines of each job, without comments: below `jobs:`, each key with the first one's indentation begins
/// one.
fn jobs(text: &str) -> Vec<Vec<Line<'_>>> {
    let mut jobs: Vec<Vec<Line<'_>>> = Vec::new();
    let mut indentation = None;
    let mut is_inside = false;
    for line in text.lines() {
        let plain = line.trim_start();
        let depth = line.len() - plain.len();
        let plain = plain.split(" #").next().unwrap_or_default();
        if plain.is_empty() || plain.starts_with('#') {
            continue;
        }
        if depth == 0 {
            is_inside = line.starts_with("jobs:");
        } else if is_inside {
            if depth == *indentation.get_or_insert(depth) {
                jobs.push(Vec::new());
            }
            if let Some(job) = jobs.last_mut() {
                job.push((depth, plain));
            }
        }
    }
    jobs
}

fn runs_tests(line: &str) -> bool {
    let mut words = line.split(|c: char| c.is_whitespace() || "'\"".contains(c));
    let is_cargo = words.by_ref().any(|word| word == "cargo");
    is_cargo && words.any(|word| TEST.contains(&word))
}

fn runs_pytest(command: &str) -> bool {
    let words = command.split(|c: char| c.is_whitespace() || "'\"/".contains(c));
    let mut run = words.take_while(|word| *word != "install");
    run.any(|word| matches!(word, "pytest" | "py.test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed_words(text: &str) -> Vec<String> {
        Requirement::words(&installed_for_tests(text))
    }

    /// What a job installs that runs tests after a step.
    fn after(step: &str) -> Vec<String> {
        installed_words(&format!(
            "on: push\njobs:\n  test:\n    steps:\n      - {step}\n      - run: cargo +stable test --all\n"
        ))
    }

    #[test]
    fn plain_words_after_pip_install_are_packages() {
        for step in [
            "run: pip install numpy",
            "run: python -m pip install -U pip numpy",
            "run: uv pip install --system numpy && echo ok",
            "run: 'pip install numpy'",
            "run: |\n          pip install \\\n            numpy; echo attrs",
            "name: x\n        run: >-\n          true &&\n          pip install numpy\n        shell: bash",
            "run: pip install numpy  # attrs",
            "run: pip install --timeout 60 numpy ./here .[x] -r x.txt -e .",
            "run: pip install $MORE numpy ${{ matrix.more }} attrs==${{ matrix.version }}",
            "run: pip install pip; pip install numpy",
            "run: pip install --find-links $WHEELS numpy $(cat attrs)",
        ] {
            assert_eq!(after(step), ["numpy"], "{step}");
        }
        assert_eq!(
            after("run: pip install \"numpy>=1,<3\" 'attrs'"),
            ["numpy>=1,<3", "attrs"]
        );
        for step in [
            "run: cargo install numpy",
            "# run: pip install numpy",
            "run: pip install maturin",
            "run: pip install --index-url https://example.org/x numpy", // another's, perhaps
            "name: then pip install numpy",
            "name: pip install numpy\n        run: make numpy",
            "run: |\n          make\n        name: pip install numpy",
        ] {
            assert_eq!(after(step), [""; 0], "{step}");
        }
    }

    #[test]
    fn only_jobs_that_run_tests_count() {
        let text = "env:\n  X: pip install x\njobs:\n  docs:\n    steps:\n      - run: pip install sphinx\n  \
            lint:\n    steps:\n      - run: pip install ruff\n      - run: cargo clippy\n  \
            cover:\n    steps:\n      - run: pip install numpy\n      - run: cargo llvm-cov\n";
        assert_eq!(installed_words(text), ["numpy"]);
    }
    #[test]
    fn jobs_of_python_tests_count_without_steps_for_some_pythons() {
        let job = |steps: &str| format!("jobs:\n  test:\n    steps:\n{steps}");
        for (steps, installed) in [
            (
                "    - run: pip install numpy\n    - run: python -m pytest tests\n",
                vec!["numpy"],
            ),
            (
                "    - run: pip install numpy\n    - run: .venv/bin/pytest\n",
                vec!["numpy"],
            ),
            (
                "    - run: pip install numpy\n    - run: make check\n",
                vec![],
            ),
            (
                "    - run: pip install pytest numpy\n    - run: make check\n",
                vec!["pytest", "numpy"],
            ),
            (
                "    - run: pip install numpy<1.20\n      if: matrix.python == '3.8'\n    - if: ${{ matrix.x }}\n      run: pip install scipy\n    - run: |\n        pip install attrs\n        pytest\n",
                vec!["attrs"],
            ),
        ] {
            assert_eq!(installed_words(&job(steps)), installed, "{steps}");
        }
    }
}
