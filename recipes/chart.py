"""Bars of benchmarks, as SVG that is readable on light and on dark pages: pairs of what is compared, and
a ranking by group of what is not."""

from html import escape

WIDTH, MARGIN, NAMES, BARS = 880, 24, 280, 270
LETTER, BOLD = 6.4, 7.9  # pixels
STYLE = """
  text { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #24292f }
  .title { font-size: 18px; font-weight: 600 }
  .name, .group { font-weight: 600 }
  .group { font-size: 13px }
  .factor { font-size: 15px; font-weight: 700; fill: #b7410e }
  .slower { fill: #59636e }
  .quiet { fill: #59636e; font-size: 11px }
  .page { fill: #ffffff }
  .line { stroke: #d1d9e0 }
  .other { fill: #8c959f }
  .rust { fill: #dd6b20 }
  .alone { fill: #d9b99b }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .factor { fill: #ffa657 }
    .slower, .quiet { fill: #9198a1 }
    .page { fill: #0d1117 }
    .line { stroke: #3d444d }
    .other { fill: #6e7681 }
    .rust { fill: #f0883e }
    .alone { fill: #7a5a40 }
  }
"""


def duration(result):
    """A median for people: `1.23 ms`."""
    return spelled(result["stats"]["median"]) if result else "-"


def spelled(seconds):
    """Seconds in the unit that fits."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{digits(seconds / size)} {unit}"
    return f"{digits(seconds / 1e-9)} ns"


def digits(number):
    """Three digits that count."""
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def factor(times):
    return "-" if times is None else f"{digits(times)}×"


def chart(found, moved, subtitle):
    """The picture of what was compared, and of what was only measured; `moved`: since the last run, by full name."""
    pairs = [one for one in found if one.others]
    title = "Rust and what stands beside it" if pairs else "Benchmarks"
    alone = [one for one in found if not one.others]
    body, y = [], 84
    for one in pairs:
        rows, y = pair(one, y, moved.get(one.ours["fullname"]))
        body += rows
    if pairs and alone:
        body.append(f'<text class="title" x="{MARGIN}" y="{y + 28}">With nothing beside them</text>')
        y += 48
    rows, y = ranking(alone, y, moved, "alone" if pairs else "rust")
    body += rows
    if any(change is not None for change in moved.values()):
        subtitle += "; in brackets: since the last run"
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 8}" viewBox="0 0 {WIDTH} {y + 8}" role="img">',
        f"<title>{title}</title><style>{STYLE}</style>",
        '<rect class="page" width="100%" height="100%"/>',
        f'<text class="title" x="{MARGIN}" y="34">{title}</text>',
        f'<text class="quiet" x="{MARGIN}" y="54">{escape(subtitle)}</text>',
        *(legend() if pairs else ()),
    ]
    return "\n".join([*head, *body, "</svg>", ""])


def median(result):
    return result["stats"]["median"] if result else 0


def legend():
    """Which bar is which."""
    for x, kind, text in (WIDTH - 220, "other", "beside it"), (WIDTH - 110, "rust", "Rust"):
        yield f'<rect class="{kind}" x="{x}" y="24" width="11" height="11" rx="2"/>'
        yield f'<text x="{x + 17}" y="34">{text}</text>'


def fitted(text, width, letter=LETTER):
    """A text that is no longer than so many pixels; its end tells most of a benchmark's name."""
    letters = int(width / letter)
    return text if len(text) <= letters else f"…{text[1 - letters :]}"


def named(name, y):
    """A benchmark's name, whole for who points at it."""
    shown = escape(fitted(name, NAMES - 10, BOLD))
    return f'<text class="name" x="{MARGIN}" y="{y}"><title>{escape(name)}</title>{shown}</text>'


def bar(kind, y, width, text):
    """One bar and what it stands for."""
    x = MARGIN + NAMES
    yield f'<rect class="{kind}" x="{x}" y="{y}" width="{max(2, width):.1f}" height="10" rx="2"/>'
    yield f'<text class="quiet" x="{x + max(2, width) + 6:.1f}" y="{y + 9}">{escape(text)}</text>'


def pair(one, y, moved):
    """One comparison: its bars are as long as their times, the slowest the longest. Ends at its lower edge."""
    sides = [(label, other, "other") for label, other in one.others.items()] + [("", one.ours, "rust")]
    slowest = max(median(result) for _, result, _ in sides) or 1
    rows, top = [named(one.name, y + 5 + 7 * len(sides))], y
    for label, result, kind in sides:
        change = f"({moved * 100:+.1f} %)" if kind == "rust" and moved is not None else ""
        text = f"{duration(result)} {fitted(label, 110)}{change}".rstrip()
        rows += bar(kind, top, BARS * median(result) / slowest, text)
        top += 14
    rows += told(one, y + 5 + 7 * len(sides))
    rows.append(f'<path class="line" d="M{MARGIN} {top + 4.5}H{WIDTH - MARGIN}"/>')
    return rows, top + 10


def told(one, y):
    """How much faster the project's own is than the nearest beside it."""
    times = [times for times in map(one.times, one.others) if times]
    if times:
        least = min(times)
        word = "faster" if least >= 1 else "slower"
        kind = "factor" if least >= 1 else "factor slower"
        shown = factor(least if least >= 1 else 1 / least)
        yield f'<text class="{kind}" x="{WIDTH - MARGIN}" y="{y}" text-anchor="end">{shown} {word}</text>'


def ranking(found, y, moved, kind):
    """All benchmarks, the fastest of each group first, in bars of that kind."""
    groups = {}
    for one in found:
        place = one.group or one.ours["fullname"].rpartition("::")[0]
        groups.setdefault(place, []).append(one)
    rows = []
    for place, members in groups.items():
        rows.append(f'<text class="group" x="{MARGIN}" y="{y + 10}">{escape(place)}</text>')
        y += 20
        slowest = max(median(one.ours) for one in members) or 1
        for one in sorted(members, key=lambda one: median(one.ours)):
            change = moved.get(one.ours["fullname"])
            text = duration(one.ours) + ("" if change is None else f" ({change * 100:+.1f} %)")
            rows.append(named(one.name, y + 9))
            rows += bar(kind, y, BARS * median(one.ours) / slowest, text)
            y += 18
        y += 10
    return rows, y
