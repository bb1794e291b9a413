"""The curves as one SVG: a panel a condition, both networks with their intervals, and the share of faces found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from facepersona_core.palette import COLOURS, INK, PAPER, SOFT
from facepersona_core.report.scales import Scale, shares
from facepersona_core.report.svg import Frame, drawing, line, marker, number, text
from training.robustness.calibrate import SHARES
from training.robustness.conditions import CONDITIONS
from training.robustness.curves import Estimate, Point

WIDTH, HEIGHT, COLUMNS, HEAD = 310, 190, 3, 34
LOOKS = {"encoder": (COLOURS[0], "circle"), "recogniser": (COLOURS[4], "square"), "detected": (SOFT, "diamond")}
NAMES = {"encoder": "identity, encoder", "recogniser": "identity, recogniser", "detected": "face found"}
LIMIT = "#a8322a"


def curves_svg(curves: Mapping[str, Sequence[Point]]) -> str:
    """All ``curves`` (condition -> points, the clean photo first) as one drawing with a legend."""
    rows = -(-len(curves) // COLUMNS)
    width, height = WIDTH * COLUMNS, HEAD + HEIGHT * rows
    parts = [f'<rect width="{width}" height="{height}" fill="{PAPER}"/>', _legend()]
    for i, (key, points) in enumerate(curves.items()):
        place = f"translate({WIDTH * (i % COLUMNS)},{HEAD + HEIGHT * (i // COLUMNS)})"
        parts.append(f'<g transform="{place}">{_panel(key, points)}</g>')
    label = "Identity kept and faces found against what is wrong with the reference photo"
    return str(drawing(width, height, "".join(parts), label)) + "\n"


def _legend() -> str:
    parts, x = [], 60
    for name, (colour, kind) in LOOKS.items():
        parts += [line(x, 16, x + 26, 16, colour, 2, dashed=name == "detected"), marker(x + 13, 16, colour, kind, 4)]
        parts.append(text(x + 34, 20, NAMES[name], INK, 12, "start"))
        x += 190
    return "".join([*parts, text(x, 20, "bands: 95 % interval over people", SOFT, 11, "start")])


def _panel(key: str, points: Sequence[Point]) -> str:
    condition = CONDITIONS[key]
    words = [str(point.level) if isinstance(point.level, str) else f"{point.level:g}" for point in points]
    across = Scale(-0.2, len(points) - 0.8, tuple(range(len(points))), lambda tick: words[round(tick)])
    frame = Frame(across, shares(lambda tick: f"{tick:.0%}"), WIDTH, HEIGHT, 52)
    title = f"{condition.title}, {condition.unit}" if condition.is_curve else condition.title
    parts = [frame.axes((title, ""))]
    for share in SHARES.values():
        parts.append(line(frame.left, frame.up(share), frame.right, frame.up(share), LIMIT, 0.8, dashed=True))
    parts.append(_line(frame, "detected", [point.detected for point in points], condition.is_curve))
    for network in ("recogniser", "encoder"):
        parts.append(_line(frame, network, [point.way[network] for point in points], condition.is_curve))
    return "".join(parts)


def _line(frame: Frame, name: str, values: Sequence[Estimate | None], joined: bool) -> str:
    """One curve; kinds (not ``joined``) are points with whiskers."""
    colour, kind = LOOKS[name]
    known = [(frame.across(i), each) for i, each in enumerate(values) if each is not None]
    parts = []
    if joined:
        if name != "detected":
            upper = [f"{number(x)},{number(frame.up(each.high))}" for x, each in known]
            lower = [f"{number(x)},{number(frame.up(each.low))}" for x, each in reversed(known)]
            parts.append(f'<polygon points="{" ".join(upper + lower)}" fill="{colour}" fill-opacity="0.13"/>')
        path = " ".join(f"{number(x)},{number(frame.up(each.value))}" for x, each in known)
        dashes = ' stroke-dasharray="4 3"' if name == "detected" else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
    elif name != "detected":
        parts += [line(x, frame.up(each.low), x, frame.up(each.high), colour, 1.5) for x, each in known]
    return "".join([*parts, *(marker(x, frame.up(each.value), colour, kind, 3.2) for x, each in known)])
