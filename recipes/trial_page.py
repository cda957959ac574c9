"""docs/recipes-table.md, from the table of projects and what came of the recipes in each."""

HEAD = """# Recipes in published projects

Each recipe of `cargo pyx just`, and `cargo pyx release wheel` for one interpreter (`wheel`), ran in the
sources of published projects, one after the other, without any configuration of ours.
`just corpus --recipes all` generates this page from [the table](corpus.toml); to add a project, add an entry there.

{summary}

- *right*: it exited with 0.
- *finding*: it failed, and the project's own command, or its tool by hand, reports the same: see below the table.
- *refusal*: it did not start, for a reason that it states in one sentence and that was verified in the sources.
- *timeout*: it did not finish in {minutes} minutes, on a busy machine with two cores.
- **defect**: anything else.

| project | {names} |
| --- | {lines} |
{rows}

## Findings

{findings}

## Refusals

{refusals}
"""

CELLS = {"defect": "**defect**"}


def page(rows, names, minutes):
    """The whole text; a row is an entry of the table and what was kept of it, by recipe."""
    names = [name for name in names if any(name in kept for _, kept in rows)]
    return HEAD.format(
        summary=summary(rows),
        minutes=f"{minutes:g}",
        names=" | ".join(names),
        lines=" | ".join("---" for _ in names),
        rows="\n".join(line(project, kept, names) for project, kept in rows),
        findings="\n".join(findings(rows, names)) or "None.",
        refusals="\n".join(refusals(rows)) or "None.",
    )


def line(project, kept, names):
    """A project and its verdicts."""
    verdicts = [kept[name]["verdict"] if name in kept else "" for name in names]
    cells = [CELLS.get(verdict, verdict) for verdict in verdicts]
    head = "{name} {version}".format(**project) + (", git" if "git" in project else "")
    return f"| {head} | " + " | ".join(cells) + " |"


def summary(rows):
    """How many of each."""
    verdicts = [result["verdict"] for _, kept in rows for result in kept.values()]
    kinds = {"right": "right", "finding": "findings", "refusal": "refusals", "timeout": "timeouts", "defect": "defects"}
    counts = ", ".join(f"{verdicts.count(kind)} {word}" for kind, word in kinds.items())
    return f"{len(verdicts)} runs in {len(rows)} projects: {counts}."


def findings(rows, names):
    """What was found, and the command that finds it without cargo-pyx; then what is a defect."""
    for project, kept in rows:
        for name in names:
            result = kept.get(name, {})
            said = result.get("said") or [f"exit code {result.get('code')}"]
            if result.get("verdict") == "finding":
                yield f"- **{project['name']}** `{name}`: {said[-1]}. By hand: `{result['proof']}`"
            elif result.get("verdict") == "defect":
                yield f"- **{project['name']}** `{name}`, a defect: {said[-1]}"


def refusals(rows):
    """Each sentence once, and where it was said."""
    found = {}
    for project, kept in rows:
        for name, result in kept.items():
            if result["verdict"] == "refusal":
                found.setdefault((name, result["said"][-1]), []).append(project["name"])
    for (name, sentence), projects in sorted(found.items()):
        yield f"- `{name}`: {sentence} ({', '.join(projects)})"
