//! Which of mypy's complaints about stubs are false promises to users, and which are matters of style.

use camino::Utf8Path;

use crate::facts::artifact::Wheel;
use crate::facts::release::CheckOutcome;
use crate::world::process::Output;

/// stubtest's findings: the verdict, what speaks against a release, and what does not.
pub(super) struct Stubs {
    pub(super) outcome: CheckOutcome,
    pub(super) wrong: Vec<String>,
    pub(super) noted: Vec<String>,
}

/// Errors are a missing name, unless it is an alias for annotations only, and a public function with
/// different parameters. What mypy cannot compile is not checked.
pub(super) fn judge(wheel: &Wheel, output: &Output) -> Stubs {
    let text = format!("{}\n{}", output.stdout, output.stderr);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    let uncompiled = lines
        .iter()
        .any(|line| line.contains("due to mypy build errors"));
    if uncompiled {
        return Stubs {
            outcome: CheckOutcome::NotApplicable,
            wrong: Vec::new(),
            noted: lines,
        };
    }
    let aliases = aliases(wheel);
    let (wrong, noted): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| is_wrong(line, &aliases));
    let outcome = if wrong.is_empty() {
        CheckOutcome::Pass
    } else {
        CheckOutcome::Finding
    };
    Stubs {
        outcome,
        wrong,
        noted,
    }
}

fn is_wrong(line: &str, aliases: &[String]) -> bool {
    let name = line.split_whitespace().next().unwrap_or_default();
    if line.ends_with("is not present at runtime") {
        let last = name.rsplit('.').next().unwrap_or(name);
        return !aliases.iter().any(|alias| alias == last);
    }
    let is_public = !name.split('.').any(|part| part.starts_with('_'));
    is_public && line.contains(" is inconsistent, ") && !line.contains(" default ")
}

/// Names that a stub assigns: `Mode = Literal["r", "w"]`, `Mode: TypeAlias = …`, `type Mode = …`.
fn aliases(wheel: &Wheel) -> Vec<String> {
    let is_stub = |name: &str| Utf8Path::new(name).extension() == Some("pyi");
    let stubs = wheel.members.iter().filter(|member| is_stub(&member.name));
    stubs
        .flat_map(|member| {
            let text = String::from_utf8_lossy(&member.bytes).into_owned();
            let names = text.lines().filter_map(|line| {
                let (left, _) = line.split_once('=')?;
                let (left, annotation) = left.split_once(':').unwrap_or((left, "TypeAlias"));
                let left = left.trim();
                let name = left.strip_prefix("type ").unwrap_or(left);
                let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
                (plain && annotation.contains("TypeAlias")).then(|| name.to_owned())
            });
            names.collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wrong_promises_speak_against_a_release() {
        let aliases = ["Mode".to_owned()];
        for line in [
            "x.gone is not present at runtime",
            "x.C.gone is not present at runtime",
            "x.f is inconsistent, stub parameter \"a\" differs from runtime parameter \"b\"",
        ] {
            assert!(is_wrong(line, &aliases), "{line}");
        }
        for line in [
            "x.Mode is not present at runtime",
            "x.C.__init__ is inconsistent, runtime does not have parameter \"a\"",
            "x._x.f is inconsistent, stub parameter \"a\" differs from runtime parameter \"b\"",
            "x.f is inconsistent, runtime parameter \"a\" has a default value of None",
            "x.C is a disjoint base at runtime, but isn't marked with @disjoint_base in the stub",
        ] {
            assert!(!is_wrong(line, &aliases), "{line}");
        }
    }
}
