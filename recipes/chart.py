"""Bars for pairs of benchmarks, as SVG that is readable on light and on dark pages."""

from html import escape

WIDTH, LEFT, BARS, ROW = 760, 24, 430, 74
STYLE = """
  text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #24292f }
  .title { font-size: 18px; font-weight: 600 }
  .name { font-weight: 600 }
  .factor { font-size: 20px; font-weight: 700; fill: #b7410e }
  .quiet { fill: #656d76; font-size: 12px }
  .page { fill: #ffffff }
  .pure { fill: #8c959f }
  .rust { fill: #dd6b20 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .factor { fill: #ffa657 }
    .quiet { fill: #9198a1 }
    .page { fill: #0d1117 }
    .pure { fill: #6e7681 }
    .rust { fill: #f0883e }
  }
"""


def duration(result):
    """A median for people: `1.23 ms`."""
    if not result:
        return "-"
    seconds = result["stats"]["median"]
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{digits(seconds / size)} {unit}"
    return f"{digits(seconds / 1e-9)} ns"


def digits(number):
    """Three digits that count."""
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def factor(times):
    return "-" if times is None else f"{digits(times)}×"


def chart(benchmarks, moved, subtitle):
    """One row for each benchmark; within it, the longer bar is the slower side."""
    height = 96 + ROW * len(benchmarks)
    slowest = max(median(side) for b in benchmarks for side in (b.pure, b.rust))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>Benchmarks: pure Python and Rust</title><style>{STYLE}</style>",
        '<rect class="page" width="100%" height="100%"/>',
        f'<text class="title" x="{LEFT}" y="34">Pure Python and Rust</text>',
        f'<text class="quiet" x="{LEFT}" y="56">{escape(subtitle)}</text>',
        *legend(),
    ]
    for number, benchmark in enumerate(benchmarks):
        scale = max(median(benchmark.pure), median(benchmark.rust)) if benchmark.times else slowest
        parts += row(benchmark, 84 + ROW * number, scale, moved.get(benchmark.name))
    return "\n".join([*parts, "</svg>", ""])


def median(result):
    return result["stats"]["median"] if result else 0


def legend():
    for x, side, text in (WIDTH - 210, "pure", "pure Python"), (WIDTH - 90, "rust", "Rust"):
        yield f'<rect class="{side}" x="{x}" y="24" width="12" height="12" rx="2"/>'
        yield f'<text x="{x + 18}" y="34">{text}</text>'


def row(benchmark, y, scale, moved):
    yield f'<text class="name" x="{LEFT}" y="{y + 14}">{escape(benchmark.name)}</text>'
    top = y + 22
    for side, result in ("pure", benchmark.pure), ("rust", benchmark.rust):
        if result:
            width = max(2, BARS * median(result) / scale)
            yield f'<rect class="{side}" x="{LEFT}" y="{top}" width="{width:.1f}" height="16" rx="2"/>'
            yield f'<text class="quiet" x="{LEFT + width + 8:.1f}" y="{top + 12}">{duration(result)}</text>'
            top += 19
    if benchmark.times:
        word = "faster" if benchmark.times >= 1 else "slower"
        times = benchmark.times if benchmark.times >= 1 else 1 / benchmark.times
        yield f'<text class="factor" x="{WIDTH - LEFT}" y="{y + 38}" text-anchor="end">{factor(times)} {word}</text>'
    if moved is not None:
        text = f"{moved * 100:+.1f} % time since the last run"
        yield f'<text class="quiet" x="{WIDTH - LEFT}" y="{y + 57}" text-anchor="end">{text}</text>'
