//! What the output of each linter means.

use serde_json::Value;

use crate::facts::artifact::WheelName;
use crate::facts::release::{CheckOutcome, Linter};
use crate::model::manylinux;
use crate::world::process::Output;

use super::check_result::CheckResult;

/// Exit codes say too little: a linter that crashes ends with the same code as one with findings.
pub(super) fn understand(linter: Linter, file: &str, output: &Output) -> CheckResult {
    let text = format!("{}\n{}", output.stdout, output.stderr);
    let failed = !output.status.success();
    if failed && text.contains("Traceback (most recent call last)") {
        return crashed(&text);
    }
    let messages = match linter {
        Linter::Abi3audit => return abi3audit(output),
        Linter::Auditwheel => return auditwheel(file, output),
        // of what is a warning to it, it says that the file passed
        Linter::Twine if !failed => return CheckResult::warned(twine(&text)),
        _ if !failed => return CheckResult::of(CheckOutcome::Pass),
        Linter::Twine => twine(&text),
        Linter::Pydistcheck => numbered(&text),
        Linter::WheelContents => contents(file, &text),
        Linter::Unpack => all_but(&text, "Unpacking to: "),
        Linter::Stubtest => all_but(&text, "Found "),
    };
    if messages.is_empty() {
        return CheckResult::crashed(output.status.to_string());
    }
    CheckResult::found(messages.into_iter().filter_map(undue).collect())
}

/// A check-wheel-contents message without files that have to be as they are; `None` if no others are left.
fn undue(message: String) -> Option<String> {
    let parts: Vec<&str> = message.splitn(3, ": ").collect();
    let [code, what, files] = parts[..] else {
        return Some(message);
    };
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let is_hook = |name: &str| matches!(name.rsplit_once('.'), Some((stem, "py")) if stem.starts_with("hook-"));
    let left: Vec<&str> = match code {
        // files that are equal: one of them where licences are listed (PEP 639)
        "W002" => files
            .split_whitespace()
            .filter(|path| !path.contains(".dist-info/licenses/"))
            .collect(),
        // misplaced modules: what `PyInstaller` looks up by its name is none (its manual, "Providing
        // `PyInstaller` Hooks with your Package")
        "W004" => files
            .split_whitespace()
            .filter(|path| !is_hook(&name(path)))
            .collect(),
        _ => return Some(message),
    };
    // every package has these, which hold a comment at most
    let is_marker = |path: &&str| ["__init__.py", "py.typed"].contains(&&*name(path));
    let is_due = code == "W002" && (left.len() < 2 || left.iter().all(is_marker));
    (!left.is_empty() && !is_due).then(|| format!("{code}: {what}: {}", left.join(" ")))
}

/// The last line says why.
fn crashed(text: &str) -> CheckResult {
    CheckResult::crashed(text.trim().lines().last().unwrap_or_default())
}

fn words(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ")
}

/// `WARNING  …` and `ERROR  …`, coloured or not; problems of a readme are listed below, with their lines.
fn twine(text: &str) -> Vec<String> {
    let plain = anstream::adapter::strip_str(text).to_string();
    let mut messages: Vec<String> = Vec::new();
    for line in plain.lines().map(words) {
        if line.starts_with("WARNING ") || line.starts_with("ERROR ") {
            messages.push(line);
        } else if line.starts_with("line ")
            && let Some(message) = messages.last_mut()
        {
            *message = format!("{message} {line}");
        }
    }
    messages
}

/// `1. [rule] what`
fn numbered(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| {
        let (number, rest) = line.trim().split_once(". [")?;
        number.parse::<u32>().ok()?;
        Some(format!("[{rest}"))
    });
    lines.collect()
}

/// `x.whl: W005: what:`, and below it the details, indented.
fn contents(file: &str, text: &str) -> Vec<String> {
    let prefix = format!("{file}: ");
    let mut messages: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some((_, message)) = line.split_once(&prefix) {
            messages.push(message.trim().to_owned());
        } else if line.starts_with(' ')
            && let Some(message) = messages.last_mut()
        {
            *message = format!("{message} {}", line.trim());
        }
    }
    messages
}

/// Every line but those about the work itself.
fn all_but(text: &str, prefix: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with(prefix));
    let lines = lines.map(words).filter(|line| !line.is_empty());
    lines.collect()
}

/// Its report: per shared object, symbols beyond the stable ABI.
fn abi3audit(output: &Output) -> CheckResult {
    let Ok(report) = serde_json::from_str::<Value>(&output.stdout) else {
        return crashed(&output.stderr);
    };
    let mut messages = Vec::new();
    let mut passes = output.status.success();
    let specs = report["specs"].as_object().into_iter().flatten();
    for (_, spec) in specs {
        let objects = spec["wheel"].as_array().or(spec["sdist"].as_array());
        for object in objects.into_iter().flatten() {
            let name = object["name"].as_str().unwrap_or("?");
            let result = &object["result"];
            let bad = result["non_abi3_symbols"].as_array();
            let bad = bad.map(Vec::as_slice).unwrap_or_default();
            // the module's own way in (PEP 793), of which abi3audit does not know
            let is_own = |symbol: &&str| symbol.starts_with("PyModExport_");
            let bad = bad.iter().filter_map(Value::as_str);
            let (own, bad): (Vec<&str>, Vec<&str>) = bad.partition(is_own);
            passes |= !own.is_empty();
            if !bad.is_empty() {
                let symbols = bad.join(", ");
                messages.push(format!("{name} uses {symbols}, which the stable ABI lacks"));
            }
            if result["is_abi3_baseline_compatible"] == false {
                let computed = result["computed"].as_str().unwrap_or("?");
                let baseline = result["baseline"].as_str().unwrap_or("?");
                let newer = result["future_abi3_objects"].as_object();
                let newer: Vec<&str> = newer
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| &**name)
                    .collect();
                let newer = newer.join(", ");
                messages.push(format!(
                    "{name} needs Python {computed}, but its tag says {baseline}: {newer}"
                ));
            }
        }
    }
    if messages.is_empty() && !passes {
        return crashed(&output.stderr);
    }
    CheckResult::found(messages)
}

/// auditwheel's messages about a wheel whose tag is for binaries that it does not contain.
const NO_BINARY: [&str; 2] = [
    "Invalid binary wheel",
    "This does not look like a platform wheel",
];

/// The most general tag that the binary allows must be the file's tag, or more general.
fn auditwheel(file: &str, output: &Output) -> CheckResult {
    let Ok(report) = serde_json::from_str::<Value>(output.stdout.trim()) else {
        return crashed(&output.stderr);
    };
    if let Some(error) = report["error"].as_str() {
        let is_known = NO_BINARY.iter().any(|known| error.starts_with(known));
        return if is_known {
            CheckResult::found(vec![words(error)])
        } else {
            CheckResult::crashed(words(error))
        };
    }
    let Some(found) = report["overall_tag"].as_str() else {
        return CheckResult::crashed("its report has no tag");
    };
    let own = WheelName::parse(file).and_then(|name| name.tags.glibc());
    match (own, manylinux::glibc(found)) {
        (Some(own), Some(needed)) if needed <= own => CheckResult::of(CheckOutcome::Pass),
        (Some(_), _) => CheckResult::found(vec![format!("it is consistent with {found} only")]),
        (None, _) => CheckResult::of(CheckOutcome::NotApplicable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::process::Status;

    fn output(code: i32, stdout: &str, stderr: &str) -> Output {
        Output {
            status: Status::Code(code),
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        }
    }

    #[test]
    fn a_linter_that_dies_is_told_from_one_that_finds() {
        let traceback = "Traceback (most recent call last):\n  File\nELFError: Magic number";
        let CheckResult { outcome, messages } =
            understand(Linter::Twine, "x.whl", &output(1, "", traceback));
        assert_eq!(
            (outcome, messages),
            (
                CheckOutcome::Crashed,
                vec!["ELFError: Magic number".to_owned()]
            )
        );
        let warned =
            "Checking x.whl: FAILED due to warnings\nWARNING  `long_description` missing.\n";
        let CheckResult { outcome, messages } =
            understand(Linter::Twine, "x.whl", &output(1, warned, ""));
        assert_eq!(outcome, CheckOutcome::Finding);
        assert_eq!(messages, ["WARNING `long_description` missing."]);
        // unless warnings count, it says that the file passed
        let CheckResult { outcome, messages } =
            understand(Linter::Twine, "x.whl", &output(0, warned, ""));
        assert_eq!(outcome, CheckOutcome::Pass);
        assert_eq!(messages, ["WARNING `long_description` missing."]);
        let silent = output(2, "", "");
        assert_eq!(
            understand(Linter::Twine, "x.whl", &silent).outcome,
            CheckOutcome::Crashed
        );
    }

    #[test]
    fn auditwheels_tag_is_compared_with_the_files_name() {
        let says = |tag: &str| output(0, &format!("{{\"overall_tag\": \"{tag}\"}}"), "");
        let file = "x-1.0-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl";
        let read = |tag| understand(Linter::Auditwheel, file, &says(tag)).outcome;
        assert_eq!(read("manylinux_2_17_x86_64"), CheckOutcome::Pass);
        assert_eq!(read("manylinux_2_5_x86_64"), CheckOutcome::Pass);
        assert_eq!(read("manylinux_2_34_x86_64"), CheckOutcome::Finding);
        assert_eq!(read("linux_x86_64"), CheckOutcome::Finding);
    }

    #[test]
    fn a_tag_for_binaries_that_are_not_there_is_a_finding() {
        let report = |error: &str| output(1, &format!("{{\"error\": \"{error}\"}}"), "INFO: …");
        let file = "x-1.0-cp311-cp311-manylinux2014_x86_64.whl";
        let read = |error| understand(Linter::Auditwheel, file, &report(error));
        let CheckResult { outcome, messages } =
            read("Invalid binary wheel: none found:\\n\\thello.so\\n");
        assert_eq!(outcome, CheckOutcome::Finding);
        assert_eq!(messages, ["Invalid binary wheel: none found: hello.so"]);
        assert_eq!(
            read("No space left on device").outcome,
            CheckOutcome::Crashed
        );
        let nothing = output(0, "{}", "");
        let outcome = understand(Linter::Auditwheel, file, &nothing).outcome;
        assert_eq!(outcome, CheckOutcome::Crashed);
    }

    #[test]
    fn each_linters_own_words_are_kept() {
        let messages = |linter, text: &str| {
            let CheckResult { outcome, messages } =
                understand(linter, "x.whl", &output(1, text, ""));
            assert_eq!(outcome, CheckOutcome::Finding);
            messages
        };
        let contents = "a/x.whl: W005: Common name:\n  tests/\n  docs/\na/x.whl: W001: Bytecode:\n";
        assert_eq!(
            messages(Linter::WheelContents, contents),
            ["W005: Common name: tests/ docs/", "W001: Bytecode:"]
        );
        let hooks = "a/x.whl: W004: Module is not located at importable path:\n  x/__pyinstaller/hook-x.py\n";
        let passed = understand(Linter::WheelContents, "x.whl", &output(1, hooks, ""));
        assert_eq!(passed, CheckResult::of(CheckOutcome::Pass));
        let other = format!("{hooks}  x/my-tool.py\n");
        assert_eq!(
            messages(Linter::WheelContents, &other),
            ["W004: Module is not located at importable path: x/my-tool.py"]
        );
        let equal = |files: &str| {
            let text = format!("a/x.whl: W002: Wheel contains duplicate files:\n{files}");
            understand(Linter::WheelContents, "x.whl", &output(1, &text, ""))
        };
        for due in [
            "  x/__init__.py\n  x/y/__init__.py\n",
            "  x/LICENSE\n  x-1.0.dist-info/licenses/x/LICENSE\n",
        ] {
            assert_eq!(equal(due), CheckResult::of(CheckOutcome::Pass), "{due}");
        }
        let undue = "  x/a.txt\n  x/b.txt\n  x-1.0.dist-info/licenses/a.txt\n";
        assert_eq!(
            equal(undue).messages,
            ["W002: Wheel contains duplicate files: x/a.txt x/b.txt"]
        );
        let distcheck = "1. [path-too-long] Path too long\nerrors found while checking: 1\n";
        assert_eq!(
            messages(Linter::Pydistcheck, distcheck),
            ["[path-too-long] Path too long"]
        );
        let readme = "Checking x.whl: FAILED\nERROR    bad markup   \n         line 1: Error: no.  \n\n\
                      \x20        .. no::\n";
        assert_eq!(
            messages(Linter::Twine, readme),
            ["ERROR bad markup line 1: Error: no."]
        );
        let unpack = "Unpacking to: /t/x-1.0...\nHash mismatch for file 'x/a.py'\n";
        assert_eq!(
            messages(Linter::Unpack, unpack),
            ["Hash mismatch for file 'x/a.py'"]
        );
    }

    #[test]
    fn what_a_linter_says_besides_is_nothing_when_it_passes() {
        let quoted = "x.whl: OK\nTraceback (most recent call last)\n";
        for linter in [Linter::Twine, Linter::WheelContents, Linter::Stubtest] {
            let passed = understand(linter, "x.whl", &output(0, quoted, ""));
            assert_eq!(passed, CheckResult::of(CheckOutcome::Pass));
        }
    }

    #[test]
    fn symbols_beyond_the_stable_abi_are_named() {
        let report = r#"{"specs": {"x.whl": {"kind": "wheel", "wheel": [{"name": "x.abi3.so", "result": {
            "is_abi3": false, "is_abi3_baseline_compatible": false, "baseline": "3.9", "computed": "3.12",
            "non_abi3_symbols": ["_PyDict_New"], "future_abi3_objects": {"PyObject_Later": "3.12"}}}]}}}"#;
        let CheckResult { outcome, messages } =
            understand(Linter::Abi3audit, "x.whl", &output(1, report, ""));
        assert_eq!(outcome, CheckOutcome::Finding);
        assert_eq!(messages.len(), 2);
        assert!(
            messages[0].contains("_PyDict_New")
                && messages[1].contains("3.12, but its tag says 3.9: PyObject_Later")
        );
        let own = r#"{"specs": {"x.whl": {"kind": "wheel", "wheel": [{"name": "x.abi3t.so", "result": {
            "is_abi3": false, "is_abi3_baseline_compatible": true, "baseline": "3.15", "computed": "3.15",
            "non_abi3_symbols": ["PyModExport_x"], "future_abi3_objects": {}}}]}}}"#;
        let passed = understand(Linter::Abi3audit, "x.whl", &output(1, own, ""));
        assert_eq!(passed, CheckResult::of(CheckOutcome::Pass));
        let none = output(1, r#"{"specs": {}}"#, "gone");
        let outcome = understand(Linter::Abi3audit, "x.whl", &none).outcome;
        assert_eq!(outcome, CheckOutcome::Crashed);
    }
}
