"""Plotly figures of the Results tab: values in, figure out. Colours and markers are those of `palette`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facepersona_core.palette import COLOURS, DIVERGING, GRID, INK, PAPER, SOFT
from ui.i18n import text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from facepersona_core.analysis.results import TimePoint, WinRates

FONT = "system-ui, 'Noto Sans JP', 'Noto Sans CJK JP', 'Hiragino Sans', 'Yu Gothic UI', 'Segoe UI', sans-serif"


@dataclass(frozen=True)
class Estimate:
    """One method's number with its interval, if there is one."""

    method: str
    """Method key."""
    name: str
    """What the reader sees."""
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""
    """Short text beside the name, such as the range of ranks."""


def interval_height(rows: int) -> int:
    """Pixels of an `interval_plot` with ``rows`` methods."""
    return 110 + 52 * rows


def interval_plot(
    estimates: Sequence[Estimate], looks: Mapping[str, tuple[str, str]], title: str, axis: str, percent: bool = False
) -> Figure:
    """Dots with intervals, best on top; a dot without a line has no interval yet. Values in axis units, or shares."""
    figure = new_figure(title, height=interval_height(len(estimates)))
    for estimate in sorted(estimates, key=lambda one: one.value):
        colour, marker = looks[estimate.method]
        note = f"<br><span style='color:{SOFT}'>{estimate.note}</span>" if estimate.note else ""
        figure.add_scatter(
            x=[estimate.value],
            y=[f"<b>{estimate.name}</b>{note}"],
            mode="markers",
            marker={"color": colour, "symbol": marker, "size": 13, "line": {"color": PAPER, "width": 1}},
            error_x=error_bar(estimate, colour),
            hovertemplate=f"{estimate.name}: {_range(estimate, percent)}<extra></extra>",
        )
    figure.update_xaxes(title={"text": axis, "font": {"size": 13}})
    if percent:
        figure.update_xaxes(tickformat=".0%", range=[-0.03, 1.03])
    figure.update_yaxes(automargin=True, showgrid=True)
    return figure


def win_rate_map(
    found: WinRates, order: Sequence[str], name: Callable[[str], str], title: str, language: str
) -> Figure:
    """Share of comparisons that the row wins against the column, ties as halves; cells never compared stay empty.

    ``order``: method keys, best first.
    """
    place = [found.methods.index(method) for method in order]
    labels = [name(method).replace(" ", "<br>").replace("（", "<br>（") for method in order]
    rates = [[found.rates[i][j] for j in place] for i in place]
    cells = [
        ["" if found.rates[i][j] is None else f"<b>{found.rates[i][j]:.0%}</b><br>n={found.votes[i][j]}" for j in place]
        for i in place
    ]
    figure = new_figure(title, height=170 + 58 * len(labels))
    figure.add_heatmap(
        z=rates,
        x=labels,
        y=labels,
        text=cells,
        texttemplate="%{text}",
        zmin=0,
        zmax=1,
        colorscale=[list(stop) for stop in DIVERGING],
        xgap=3,
        ygap=3,
        hoverongaps=False,
        hovertemplate="%{y} – %{x}: %{z:.0%}<extra></extra>",
        colorbar={"tickformat": ".0%", "thickness": 10, "outlinewidth": 0, "len": 0.9},
    )
    row_title, column_title = (text(f"results.plot.{key}", language) for key in ("row_wins", "against"))
    figure.update_yaxes(autorange="reversed", tickfont={"size": 12}, automargin=True, showgrid=False, title=row_title)
    figure.update_xaxes(side="bottom", tickangle=0, tickfont={"size": 11}, showgrid=False, title=column_title)
    return figure


def unavailable(title: str, reason: str) -> Figure:
    """In place of a figure that cannot be drawn yet: its title and the reason."""
    figure = new_figure(title, height=220)
    figure.add_annotation(
        text=reason, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font={"color": SOFT, "size": 14}
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def trade_off(
    points: Sequence[tuple[Estimate, Estimate]],
    looks: Mapping[str, tuple[str, str]],
    title: str,
    axes: tuple[str, str],
    percent: bool = False,
) -> Figure:
    """One point a method: (editability, identity fidelity), each with its interval. Top right is best."""
    figure = new_figure(title, height=430)
    middle = sum(x.value for x, _ in points) / len(points)
    room = _pad(figure, points)
    for x, y in points:
        colour, marker = looks[x.method]
        right = x.value > middle  # the name goes to the inner side, so that none is cut
        near = [other for other in points if _names_meet((x, y), other, room)]
        below = any((up.value, up.method) > (y.value, y.method) for _, up in near)
        told = [f"{axis}: {_range(one, percent)}" for axis, one in zip(axes, (x, y), strict=True)]
        figure.add_scatter(
            x=[x.value],
            y=[y.value],
            mode="markers",
            marker={"color": colour, "symbol": marker, "size": 15, "line": {"color": PAPER, "width": 1}},
            error_x=error_bar(x, colour),
            error_y=error_bar(y, colour),
            hovertemplate="<br>".join([x.name, *told]) + "<extra></extra>",
        )
        figure.add_annotation(
            x=x.value,
            y=y.value,
            text=f"<b>{x.name}</b>",
            showarrow=False,
            xanchor="right" if right else "left",
            yanchor="top" if below else "bottom",
            xshift=-9 if right else 9,
            yshift=-5 if below else 5,
            font={"color": colour, "size": 13},
            bgcolor="rgba(255,255,255,.75)",
        )
    ticks = {"tickformat": ".0%", "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1]} if percent else {}
    figure.update_xaxes(title=f"{axes[0]}  →", **ticks)
    figure.update_yaxes(title=f"{axes[1]}  →", **ticks)
    return figure


def _names_meet(one: tuple[Estimate, Estimate], other: tuple[Estimate, Estimate], room: tuple[float, float]) -> bool:
    """Whether two points are so near in a figure of so much ``room`` that names on the same side of both would meet."""
    across, up = (abs(a.value - b.value) / all_of_it for a, b, all_of_it in zip(one, other, room, strict=True))
    return across < 0.3 and up < 0.09


def votes_over_time(points: Sequence[TimePoint], title: str, language: str, height: int) -> Figure:
    """Comparisons answered so far against the clock (UTC)."""
    figure = new_figure(title, height=height)
    figure.add_scatter(
        x=[point.at for point in points],
        y=[point.comparisons for point in points],
        mode="lines" if len(points) > 1 else "markers",
        line={"color": COLOURS[0], "width": 2.5, "shape": "hv"},
        fill="tozeroy",
        fillcolor="rgba(0,114,178,.10)",
        hovertemplate="%{x|%Y-%m-%d %H:%M}: %{y}<extra></extra>",
    )
    figure.update_xaxes(tickformatstops=_time_formats(language), nticks=6)
    figure.update_yaxes(title=text("results.plot.votes", language), rangemode="tozero")
    return figure


def _time_formats(language: str) -> list[dict[str, Any]]:
    day = "%-m月%-d日" if language == "ja" else "%b %-d"
    return [
        {"dtickrange": [None, 60_000], "value": "%H:%M:%S"},
        {"dtickrange": [60_000, 86_400_000], "value": "%H:%M"},
        {"dtickrange": [86_400_000, None], "value": day},
    ]


def new_figure(title: str, height: int) -> Figure:
    """An empty figure in the house style, ``height`` pixels high."""
    from plotly.graph_objects import Figure

    figure = Figure()
    figure.update_layout(
        title={"text": f"<b>{title}</b>", "font": {"size": 16}, "x": 0.01, "y": 0.97, "yref": "container"},
        height=height,
        margin={"l": 12, "r": 24, "t": 52, "b": 48},
        paper_bgcolor=PAPER,
        plot_bgcolor=PAPER,
        font={"family": FONT, "size": 13, "color": INK},
        showlegend=False,
        hoverlabel={"font": {"family": FONT}},
        dragmode=False,
    )
    figure.update_xaxes(gridcolor=GRID, zerolinecolor="#cbd4da", zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor=GRID, zerolinecolor="#cbd4da", zeroline=False, automargin=True)
    return figure


def error_bar(estimate: Estimate, colour: str) -> dict[str, Any]:
    """The interval of ``estimate``, if there is one, as Plotly's ``error_x`` or ``error_y``."""
    if estimate.low is None or estimate.high is None:
        return {"visible": False}
    return {
        "type": "data",
        "symmetric": False,
        "array": [estimate.high - estimate.value],
        "arrayminus": [estimate.value - estimate.low],
        "color": colour,
        "thickness": 2.5,
        "width": 7,
    }


def _range(estimate: Estimate, percent: bool = False) -> str:
    shape = "{:.0%}" if percent else "{:.2f}"
    value = shape.format(estimate.value)
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} ({shape.format(estimate.low)} – {shape.format(estimate.high)})"


def _pad(figure: Figure, points: Sequence[tuple[Estimate, Estimate]]) -> tuple[float, float]:
    """Room around the outermost points, a little more at the top, where the names stand; how much there is in all."""
    widths = []
    for index, update in ((0, figure.update_xaxes), (1, figure.update_yaxes)):
        each = [pair[index] for pair in points]
        ends = [end for one in each for end in (one.value, one.low, one.high) if end is not None]
        room = max(max(ends) - min(ends), 0.05)
        low, high = min(ends) - 0.12 * room, max(ends) + (0.12, 0.14)[index] * room
        update(range=[low, high])
        widths.append(high - low)
    return widths[0], widths[1]
