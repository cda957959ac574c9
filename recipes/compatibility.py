"""Writes docs/compatibility.md, from the table of projects and the results of each."""

import re

HEAD = """# Compatibility

`cargo pyx test` ran, without any configuration of ours, on published source distributions, each unpacked into
an empty folder, or on a checkout of that version (`git`) if the archive has no tests. `just corpus` generates this
page from [the table](corpus.toml); to add a project, add an entry there.

{summary}

Each count is followed by what the tests give without cargo-pyx, by the commands in the table: `=` means the same,
`?` means that nobody has run them yet. Seconds are for one cold run on a busy machine with two cores, on the given
day.

| project | layout | dependencies from | Python | Python tests | own | Rust tests | own | seconds | day | result |
| --- | --- | --- | --- | --- | --- | --- | --- | ---: | --- | --- |
{rows}
"""

NOTES = """
## What does not pass

{notes}
"""


UNITTEST = r"^Ran (\d+) tests? in .*\n\n(?:OK|FAILED)(?: \((.*)\))?$"


def counts_in(text):
    """The final counts of pytest (`132 passed, 1 skipped`), unittest and cargo (all suites together)."""
    found = re.findall(r"^=+ (.*?) in [0-9.]+s.*=+$", text, re.M) or re.findall(r"^(\d+ (?:passed|failed|errors?|skipped)\b.*?) in [0-9.]+s.*$", text, re.M)
    said = found[-1:] or [unittest_counts(*ran) for ran in re.findall(UNITTEST, text, re.M)[-1:]]
    suites = re.findall(r"^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored", text, re.M)
    if suites:
        passed, failed, ignored = (sum(int(suite[at]) for suite in suites) for at in range(3))
        said.append(words({"passed": passed, "failed": failed, "skipped": ignored}))
    return said


def unittest_counts(ran, details):
    """`Ran 9 tests …`, `FAILED (failures=1, skipped=2)` in pytest's words."""
    kinds = {"failures": "failed", "errors": "error", "skipped": "skipped", "expected failures": "xfailed"}
    other = {kinds[kind]: int(count) for kind, count in re.findall(r"([a-z][a-z ]*)=(\d+)", details) if kind in kinds}
    return words({"passed": int(ran) - sum(other.values()), **other})


def words(counts):
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "none"


def parsed(text):
    """`132 passed, 9 errors` as a dictionary without zeros and without what is not a test result."""
    kinds = {"errors": "error", "ignored": "skipped"}
    found = {}
    for count, kind in re.findall(r"(\d+) (passed|failed|errors?|skipped|ignored|xfailed|xpassed)", text):
        found[kinds.get(kind, kind)] = int(count)
    return {kind: count for kind, count in found.items() if count}


def own_counts(project):
    own = project.get("own", {})
    return [own[language] for language in ("python", "rust") if language in own]


def counted(seen, language):
    """The counts of all suites in one language together; `None` where none ran."""
    suites = [test["counts"] for test in seen["tests"] if test["language"].lower() == language]
    if not suites:
        return None
    kinds = suites[0].keys()
    total = {kind: sum(suite.get(kind, 0) for suite in suites) for kind in kinds}
    return {kind: count for kind, count in total.items() if count}


def is_equal(project, seen, language):
    """Whether the counts are the project's own; `None` if those are not known."""
    own = project.get("own", {}).get(language)
    return None if own is None else parsed(own) == (counted(seen, language) or {})


def is_confirmed(project, seen):
    """Whether the project's own commands counted each language that was counted here."""
    counted_here = [language for language in ("python", "rust") if counted(seen, language)]
    return bool(counted_here) and all(is_equal(project, seen, language) for language in counted_here)


def ended_well(project, seen):
    """Passed with counts that the project's own do not contradict; or refused, if that is right."""
    if project.get("refused"):
        return seen["code"] == 2
    differs = any(is_equal(project, seen, language) is False for language in ("python", "rust"))
    return not differs and (seen["code"] == 0 or is_as_own(project, seen))


def is_as_own(project, seen):
    """Whether as many tests fail here as with the project's own commands."""
    known = [is_equal(project, seen, language) for language in ("python", "rust")]
    own = " ".join(own_counts(project))
    return True in known and bool({"failed", "error"} & parsed(own).keys())


def layout(seen):
    texts = []
    for member in seen["members"]:
        abi = member.get("stable_abi")
        said = [member.get("layout"), member.get("bindings"), f"abi3 {abi}" if abi else ""]
        text = ", ".join(dict.fromkeys(part for part in said if part))
        if text not in texts:
            texts.append(text)
    count = len(seen["members"])
    return "; ".join(texts) + (f" ({count} packages)" if count > 1 else "") or "-"


def result(project, seen):
    if project.get("refused"):
        return "refused, rightly" if ended_well(project, seen) else "**not refused**"
    if ended_well(project, seen):
        return "passes" if seen["code"] == 0 else "as its own"
    return "timeout" if seen["code"] is None else "**differs**" if seen["code"] == 0 else "**fails**"


def cells(project, seen):
    head = "{name} {version}".format(**project) + (", git" if "git" in project else "")
    tests = []
    for language in ("python", "rust"):
        counts, own = counted(seen, language), project.get("own", {}).get(language)
        equal = is_equal(project, seen, language)
        none = not counts and own is None
        tests += [words(counts) if counts is not None else "-"]
        tests += ["" if none else "?" if equal is None else "=" if equal else own]
    facts = seen["inferred"]
    return [
        head,
        layout(seen),
        facts["dependencies"],
        facts["python"].removeprefix("CPython "),
        *tests,
        f"{seen['seconds']:.0f}",
        seen["day"],
        result(project, seen),
    ]


def note(project, seen):
    said = project.get("note") or "; ".join(seen["errors"]) or "its own commands count otherwise"
    return "- **{name}**: {said}".format(name=project["name"], said=said)


def summary(rows, projects):
    """`projects`: all of the table."""
    passing = [project for project, seen in rows if result(project, seen) == "passes"]
    proved = [project for project, seen in rows if project in passing and is_confirmed(project, seen)]
    refused = sum(result(project, seen) == "refused, rightly" for project, seen in rows)
    text = (
        f"Of {len(rows)} projects, {len(passing)} pass, {len(proved)} of them with counts confirmed "
        f"by hand.\n{refused} more are correctly refused: maturin does not build them."
    )
    run = [project for project, _ in rows]
    waiting = [project["name"] for project in projects if project not in run]
    return text + (f"\nNot run yet: {', '.join(waiting)}." if waiting else "")


def page(rows, projects):
    """The whole text; a row is an entry of the table, which has all `projects`, and what was seen of it."""
    table = ["| " + " | ".join(cells(project, seen)) + " |" for project, seen in rows]
    ill = [(project, seen) for project, seen in rows if result(project, seen) != "passes"]
    text = HEAD.format(summary=summary(rows, projects), rows="\n".join(table))
    notes = "\n".join(note(project, seen) for project, seen in ill)
    return text + (NOTES.format(notes=notes) if notes else "")
