"""Folded stacks as a flame graph: SVG in which Rust, Python and other code differ by colour."""

import re
from html import escape

WIDTH, SIDE, TOP, ROW = 1200, 10, 64, 18
LETTER = 6.7  # pixels
STYLE = """
  text { font: 11px ui-monospace, 'DejaVu Sans Mono', Menlo, monospace; fill: #1f2328 }
  .title { font: 600 17px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif }
  .quiet { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #656d76 }
  .page { fill: #ffffff }
  rect { stroke: #ffffff; stroke-width: .5 }
  .rust { fill: #f0a069 } .native { fill: #f6d3b5 } .python { fill: #9cc3e8 } .other { fill: #d0d7de }
  g:hover > rect { stroke: #24292f; stroke-width: 1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .quiet { fill: #9198a1 }
    .page { fill: #0d1117 }
    rect { stroke: #0d1117 }
    .rust { fill: #b3541e } .native { fill: #6b4a35 } .python { fill: #2f5d8c } .other { fill: #3d444d }
    g:hover > rect { stroke: #e6edf3 }
  }
"""
LEGEND = [("rust", "the crate"), ("native", "its dependencies"), ("python", "Python"), ("other", "other native code")]
SIGNS = {"LT": "<", "GT": ">", "C": ",", "RF": "&", "BP": "*", "SP": "@", "LP": "(", "RP": ")"}


def readable(name):
    """A Rust function as in its source: without the hash, and with its escapes decoded."""
    name = re.sub(r"::h[0-9a-f]{16}\b", "", name)
    name = re.sub(r"(^|::|[ (])_(?=\$)", r"\1", name)
    name = re.sub(r"\$u([0-9a-f]{2})\$", lambda match: chr(int(match.group(1), 16)), name)
    name = re.sub(r"\$(LT|GT|C|RF|BP|SP|LP|RP)\$", lambda match: SIGNS[match.group(1)], name)
    return re.sub(r"(?<=\w)\.\.(?=\w)", "::", name)


def stacks(text):
    """Folded stacks, one per line: lists of frames, each `function (file)`, and how often they were seen."""
    text = re.sub(r'^process \d+:".*?";', "", text, flags=re.M | re.S)  # a command may have newlines
    for line in text.splitlines():
        frames, _, count = line.rpartition(" ")
        frames = [readable(frame) for frame in frames.split(";")]
        known = [frame for frame in frames if not re.match(r"0x[0-9a-f]+ \(\?\)", frame)]
        if known and count.isdigit():
            yield known, int(count)


class Node:
    def __init__(self):
        self.count, self.callees = 0, {}

    def add(self, frames, count):
        self.count += count
        if frames:
            self.callees.setdefault(frames[0], Node()).add(frames[1:], count)

    def depth(self):
        return 1 + max((callee.depth() for callee in self.callees.values()), default=0)


def flame(found, kind, title, subtitle):
    """The graph of stacks; `kind` says which class of STYLE a frame has."""
    tree = Node()
    for frames, count in found:
        tree.add(frames, count)
    height = TOP + ROW * (tree.depth() - 1) + SIDE
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        '<rect class="page" width="100%" height="100%"/>',
        f'<text class="title" x="{SIDE}" y="26">{escape(title)}</text>',
        f'<text class="quiet" x="{SIDE}" y="46">{escape(subtitle)}</text>',
        *legend(),
    ]
    scale = (WIDTH - 2 * SIDE) / tree.count
    return "\n".join([*head, *boxes(tree, (SIDE, TOP), scale, (kind, tree.count)), "</svg>", ""])


def legend():
    x = WIDTH - SIDE
    for name, text in reversed(LEGEND):
        x -= 34 + len(text) * LETTER
        yield f'<rect class="{name}" x="{x:.0f}" y="14" width="14" height="14"/>'
        yield f'<text class="quiet" x="{x + 20:.0f}" y="26">{text}</text>'


def boxes(node, place, scale, whole):
    x, y = place
    kind, total = whole
    for frame, callee in sorted(node.callees.items()):
        width = callee.count * scale
        if width >= 0.5:
            letters = int((width - 6) / LETTER)
            text = frame if len(frame) <= letters else frame[: max(0, letters - 1)] + "…"
            share = f"{callee.count} samples, {100 * callee.count / total:.1f} %"
            yield f"<g><title>{escape(frame)}: {share}</title>"
            yield f'<rect class="{kind(frame)}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 1}" rx="1"/>'
            if letters > 2:
                yield f'<text x="{x + 3:.1f}" y="{y + 12}">{escape(text)}</text>'
            yield "</g>"
            yield from boxes(callee, (x, y + ROW), scale, whole)
        x += width
