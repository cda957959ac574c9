"""The page and the picture of what recipes/speed.py has measured."""

from html import escape

from chart import STYLE, digits

OURS = "cargo pyx"
BY_HAND = "maturin develop"
SIDES = (OURS, BY_HAND, "import hook", "uv run", "cargo alone")
# not among the sides: it imports what was built before an edit
KEYLESS = "uv run without keys"
YARDSTICK = "git status"
# of all that is measured, what a picture can show at a glance
PICTURED = ("no-op", "edit", "green", "switch", "cold")
WIDTH, MARGIN, NAMES, BARS = 880, 24, 330, 330


def duration(seconds):
    return f"{digits(seconds)} s" if seconds >= 1 else f"{digits(seconds * 1000)} ms"


def cell(found, side):
    """What a side took, and what cargo-pyx takes of that."""
    if side not in found:
        return ""
    took = duration(found[side]["median"])
    if OURS not in found or side == OURS:
        return took
    return f"{took} ({found[OURS]['median'] / found[side]['median']:.2f})"


def rows(seen, titles):
    """Of every project its situations, in the order of both tables."""
    for project, results in seen["results"].items():
        for name, title in titles.items():
            if name in results:
                yield project, title, results[name]


def keyless(seen, titles):
    """What `uv run` does about edits that it was not told to look for."""
    said = []
    for project, title, found in rows(seen, titles):
        if found.get(KEYLESS, {}).get("stale"):
            said.append(f"{project}, {title}: {duration(found[KEYLESS]['median'])}, **stale**")
    return said


def page(seen, titles):
    machine = seen.get("machine", {})
    lines = [
        "# Speed",
        "",
        "Whole processes, medians of hyperfine, all sides of a line in one run on an otherwise idle machine;",
        "`just speed` generates this page. In brackets: the time of cargo-pyx as a fraction of the other's. By hand means",
        "`maturin develop --uv`, and for tests also `cargo test` and pytest; the import hook is maturin's, including",
        "the start of Python; `uv run` has `cache-keys` for the Rust files; cargo alone is the lower bound: it",
        "installs nothing. For a release, cargo-pyx also makes the sdist, and checks and tests each wheel; by hand the",
        "wheel is only built.",
        "",
        f"{machine.get('processor', '?')}, {machine.get('cores', '?')} cores, {machine.get('system', '?')}; "
        f"{machine.get('cargo', '')}, {machine.get('uv', '')}, {machine.get('maturin', '')}, Python {machine.get('python', '')}.",
        "",
        "![how long each takes](speed.svg)",
        "",
        "| project | situation | cargo pyx | fastest | by hand | import hook | uv run | cargo alone |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for project, title, found in rows(seen, titles):
        cells = [cell(found, side) for side in SIDES]
        cells.insert(1, duration(found[OURS]["min"]) if OURS in found else "")
        lines.append("| " + " | ".join([project, title, *cells]) + " |")
    yardsticks = [f"{project} {duration(found[YARDSTICK]['median'])}" for project, _, found in rows(seen, titles) if YARDSTICK in found]
    if yardsticks:
        lines += ["", f"`git status` in the run of each project's first line: {', '.join(yardsticks)}."]
    if stale := keyless(seen, titles):
        lines += ["", "Without `cache-keys`, `uv run` finishes at once and imports what was built before the edit:", ""]
        lines += [f"- {line}" for line in stale]
    return "\n".join([*lines, ""])


def picture(seen, titles):
    """Bars of cargo-pyx and of the same by hand, the slower one the longer; for light and dark pages."""
    body, y, last = [], 78, None
    for project, title, found in rows(seen, {name: titles[name] for name in PICTURED if name in titles}):
        if project != last:
            body.append(f'<text class="group" x="{MARGIN}" y="{y + 10}">{escape(project)}</text>')
            y, last = y + 22, project
        sides = [side for side in (OURS, BY_HAND) if side in found]
        if not sides:
            continue
        slowest = max(found[side]["median"] for side in sides)
        body.append(f'<text x="{MARGIN}" y="{y + 4 + 6 * len(sides)}">{escape(title)}</text>')
        for side in sides:
            kind = "rust" if side == OURS else "other"
            width = max(2, BARS * found[side]["median"] / slowest)
            x = MARGIN + NAMES
            body.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width:.1f}" height="10" rx="2"/>')
            text = f"{'by hand' if side == BY_HAND else side} {duration(found[side]['median'])}"
            body.append(f'<text class="quiet" x="{x + width + 6:.1f}" y="{y + 9}">{escape(text)}</text>')
            y += 13
        y += 9
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 8}" viewBox="0 0 {WIDTH} {y + 8}" role="img">',
        f"<title>How long each takes</title><style>{STYLE}</style>",
        '<rect class="page" width="100%" height="100%"/>',
        f'<text class="title" x="{MARGIN}" y="34">How long each takes</text>',
        f'<text class="quiet" x="{MARGIN}" y="54">medians; each line has its own scale</text>',
    ]
    return "\n".join([*head, *body, "</svg>", ""])
