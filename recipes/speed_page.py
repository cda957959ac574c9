"""The page and the picture of what recipes/speed.py has measured."""

from html import escape

from chart import STYLE, digits

OURS = "cargo pyx"
SIDES = (OURS, "maturin develop", "uv run", "cargo alone")
WIDTH, MARGIN, NAMES, BARS = 880, 24, 330, 330


def duration(seconds):
    return f"{digits(seconds)} s" if seconds >= 1 else f"{digits(seconds * 1000)} ms"


def ratio(found, side):
    if side not in found or OURS not in found or side == OURS:
        return ""
    return f"{found[OURS]['median'] / found[side]['median']:.2f}"


def rows(seen, titles):
    """Of every project its situations, in the order of both tables."""
    for project, results in seen["results"].items():
        for name, title in titles.items():
            if name in results:
                yield project, title, results[name]


def page(seen, titles):
    machine = seen.get("machine", {})
    lines = [
        "# Speed",
        "",
        "Whole processes, medians of hyperfine, all sides of a line in one run on an otherwise idle machine;",
        "`just speed` makes this page. ×: what cargo-pyx takes of the other's time. By hand means `maturin develop",
        "--uv`, and for tests `cargo test` and pytest beside it; `uv run` with `cache-keys` for the Rust files (without",
        "them it is done at once, and imports what was built before the edit); cargo alone is the limit: it",
        "compiles and installs nothing.",
        "",
        f"{machine.get('processor', '?')}, {machine.get('cores', '?')} cores, {machine.get('system', '?')}; "
        f"{machine.get('cargo', '')}, {machine.get('uv', '')}, {machine.get('maturin', '')}, Python {machine.get('python', '')}.",
        "",
        "![what each takes](speed.svg)",
        "",
        "| project | situation | cargo pyx | by hand | × | uv run | × | cargo alone | × | fastest run |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for project, title, found in rows(seen, titles):
        cells = [project, title, duration(found[OURS]["median"]) if OURS in found else "-"]
        for side in SIDES[1:]:
            cells += [duration(found[side]["median"]) if side in found else "", ratio(found, side)]
        cells.append(duration(found[OURS]["min"]) if OURS in found else "-")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def picture(seen, titles):
    """Bars of each line, the slowest side the longest; readable on light and dark pages."""
    body, y, last = [], 78, None
    for project, title, found in rows(seen, titles):
        if project != last:
            body.append(f'<text class="group" x="{MARGIN}" y="{y + 10}">{escape(project)}</text>')
            y, last = y + 22, project
        sides = [side for side in SIDES if side in found]
        slowest = max(found[side]["median"] for side in sides)
        body.append(f'<text x="{MARGIN}" y="{y + 4 + 6 * len(sides)}">{escape(title)}</text>')
        for side in sides:
            kind = "rust" if side == OURS else "other"
            width = max(2, BARS * found[side]["median"] / slowest)
            x = MARGIN + NAMES
            body.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width:.1f}" height="10" rx="2"/>')
            text = f"{side} {duration(found[side]['median'])}"
            body.append(f'<text class="quiet" x="{x + width + 6:.1f}" y="{y + 9}">{escape(text)}</text>')
            y += 13
        y += 9
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 8}" viewBox="0 0 {WIDTH} {y + 8}" role="img">',
        f"<title>What each takes</title><style>{STYLE}</style>",
        '<rect class="page" width="100%" height="100%"/>',
        f'<text class="title" x="{MARGIN}" y="34">What each takes</text>',
        f'<text class="quiet" x="{MARGIN}" y="54">medians; each line has its own scale</text>',
    ]
    return "\n".join([*head, *body, "</svg>", ""])
