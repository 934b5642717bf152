"""Draws a `Plot` as SVG: panels side by side, readable on light and on dark pages."""

import math
from html import escape

PANEL_WIDTH, PANEL_HEIGHT = 300, 210
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 66, 46
COLOURS = ("#2f7fd6", "#d9771f", "#3a9d5d", "#a35bc4")
MARKS = ("circle", "square", "triangle", "diamond")
LOGARITHMIC_FROM = 30
"""A y axis is logarithmic if its largest value is more than so many times the smallest one."""

STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #444; }
.title { font-size: 14px; font-weight: 600; }
.axis { stroke: #777; fill: none; }
.grid { stroke: #888; stroke-opacity: 0.25; }
@media (prefers-color-scheme: dark) { text { fill: #ccc; } }
"""


class Linear:
    """From 0 to a round number above `highest`."""

    def __init__(self, highest):
        raw = max(highest, 1e-9) / 4
        power = 10 ** math.floor(math.log10(raw))
        step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw)
        self.ticks = [step * number for number in range(math.ceil(highest / step - 1e-9) + 1)]

    def position(self, value):
        return value / self.ticks[-1]


class Logarithmic:
    """Between the powers of `base` around the values; at most about six ticks."""

    def __init__(self, lowest, highest, base):
        self._first = math.floor(math.log(lowest, base) + 1e-9)
        self._last = max(self._first + 1, math.ceil(math.log(highest, base) - 1e-9))
        self._base = base
        step = max(1, math.ceil((self._last - self._first) / 6))
        self.ticks = [float(base) ** power for power in range(self._first, self._last + 1, step)]

    def position(self, value):
        return (math.log(value, self._base) - self._first) / (self._last - self._first)


def label(value):
    """A short number: 0.5, 20, 1500."""
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.3g}"


def mark(kind, x, y, colour):
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
    corners = {
        "square": ((-3, -3), (3, -3), (3, 3), (-3, 3)),
        "triangle": ((0, -4), (4, 3.5), (-4, 3.5)),
        "diamond": ((0, -4.5), (4.5, 0), (0, 4.5), (-4.5, 0)),
    }[kind]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" fill="{colour}"/>'


def text(x, y, content, anchor="middle", kind="", turned=False):
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    name = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{name}{turn}>{escape(content)}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def panel(drawn, left, x_label, styles):
    """One panel whose outer left edge is at `left`."""
    x0, y0 = left + LEFT, TOP + PANEL_HEIGHT
    xs = [x for curve in drawn.curves for x, _ in curve.points]
    ys = [y for curve in drawn.curves for _, y in curve.points]
    x_axis = Logarithmic(min(xs), max(xs), 2)
    is_wide = min(ys) > 0 and max(ys) / min(ys) > LOGARITHMIC_FROM
    y_axis = Logarithmic(min(ys), max(ys), 10) if is_wide else Linear(max(ys))

    def place(x, y):
        return x0 + x_axis.position(x) * PANEL_WIDTH, y0 - y_axis.position(y) * PANEL_HEIGHT

    parts = []
    for tick in y_axis.ticks:
        y = y0 - y_axis.position(tick) * PANEL_HEIGHT
        parts += [line(x0, y, x0 + PANEL_WIDTH, y, "grid"), text(x0 - 6, y + 4, label(tick), "end")]
    for tick in x_axis.ticks:
        x = x0 + x_axis.position(tick) * PANEL_WIDTH
        parts += [line(x, y0, x, y0 + 4, "axis"), text(x, y0 + 18, label(tick))]
    parts.append(f'<path d="M{x0} {TOP}V{y0}H{x0 + PANEL_WIDTH}" class="axis"/>')
    parts.append(text(x0 + PANEL_WIDTH / 2, y0 + 38, x_label))
    parts.append(text(left + 14, TOP + PANEL_HEIGHT / 2, drawn.y_label, turned=True))
    for curve in drawn.curves:
        colour, kind = styles[curve.name]
        points = [place(x, y) for x, y in curve.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [mark(kind, x, y, colour) for x, y in points]
    return parts


def legend(styles):
    """The names of the curves, each after its line."""
    parts, x, y = [], LEFT, 46
    for name, (colour, kind) in styles.items():
        parts.append(f'<line x1="{x}" y1="{y}" x2="{x + 24}" y2="{y}" stroke="{colour}" stroke-width="2"/>')
        parts += [mark(kind, x + 12, y, colour), text(x + 30, y + 4, name, "start")]
        x += 30 + 8 * len(name) + 20
    return parts


def svg(plot):
    """The plot as the text of an SVG file."""
    names = list(dict.fromkeys(curve.name for drawn in plot.panels for curve in drawn.curves))
    styles = {name: (COLOURS[at % len(COLOURS)], MARKS[at % len(MARKS)]) for at, name in enumerate(names)}
    step = LEFT + PANEL_WIDTH + RIGHT
    width, height = step * len(plot.panels), TOP + PANEL_HEIGHT + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(plot.title)}">',
        f"<title>{escape(plot.title)}</title>",
        f"<style>{STYLE}</style>",
        text(LEFT, 22, plot.title, "start", "title"),
        *legend(styles),
    ]
    for number, drawn in enumerate(plot.panels):
        parts += panel(drawn, number * step, plot.x_label, styles)
    return "\n".join([*parts, "</svg>", ""])
