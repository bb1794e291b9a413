"""What machines measured: detection apart from similarity, similarity on a scale that means something."""

from __future__ import annotations

from collections.abc import Sequence

from facepersona_core.analysis.gates import METRIC, SAFETY, gates
from facepersona_core.metrics.base import MetricCard
from facepersona_core.metrics.cards import IDENTITY_SIMILARITY
from facepersona_core.report import figures
from facepersona_core.report.blocks import Block, Row, Strips, Table, Text
from facepersona_core.report.data import MethodFigures
from facepersona_core.report.figures import Dot
from facepersona_core.report.scales import linear
from facepersona_core.report.spans import Span, span
from facepersona_core.report.view import View
from facepersona_core.report.words import Words

RECOGNISERS = 2
"""Fewest recognisers that conditioned no method, for a claim about identity."""
REASONS = {"unsafe": SAFETY, "no_face": METRIC, "several_faces": METRIC, "too_unlike": METRIC}
"""Why a picture is sorted out, and by which metric."""


def blocks(view: View) -> list[Block]:
    """One row a method, the scale of identity, prompts by what they ask to change, and what machines would sort out."""
    words, data = view.words, view.data
    if not data.metrics:
        return [Text(view.reason("no_scores"), "warn")]
    columns = [("pictures", ""), ("detected", ""), *(("metric", card.key) for card in data.metrics)]
    head = [words("methods.head.method"), *(words(f"machine.{k}") if not m else view.metric(m) for k, m in columns)]
    rows = [[view.marked(each.card.key), *_figures(view, each)] for each in data.methods]
    found: list[Block] = [
        *_lead(view),
        Text(words("machine.policy"), "note"),
        Table(words("machine.table"), head, rows, words("machine.table_note")),
        *([_scale(view)] if any(card.key == IDENTITY_SIMILARITY.key for card in data.metrics) else []),
        *(_by_prompt_axis(view, card) for card in data.metrics),
    ]
    independent = [card for card in data.metrics if card.axis == "identity" and not card.conditions_method]
    if len(independent) < RECOGNISERS:
        found.append(Text(words("machine.recognisers", n=len(independent)), "warn"))
    return [*found, _sorted_out(view), Text(words("machine.absent"), "note")]


def _lead(view: View) -> list[Block]:
    """The finding on the chosen method."""
    words, chosen = view.words, view.data.chosen
    score = chosen.machine.get(IDENTITY_SIMILARITY.key)
    like = span(score.mean, score.interval) if score else None
    if like is None or chosen.detected is None:
        return []
    found, looked = chosen.detected
    fields = {"share": words.percent(found / looked), "n": words.count(looked)}
    told = words("machine.lead", method=view.method(view.data.method), score=words.span(like, "percent"), **fields)
    return [Text(told, "lead")]


def _figures(view: View, each: MethodFigures) -> list[str]:
    cells = [view.words.count(each.pictures), _found(view, each.detected)]
    for card in view.data.metrics:
        score = each.machine.get(card.key)
        kind = "percent" if card.key == IDENTITY_SIMILARITY.key else "number"
        cells.append(view.words.span(span(score.mean, score.interval) if score else None, kind))
    return cells


def _found(view: View, detected: tuple[int, int] | None) -> str:
    if detected is None:
        return view.words.unknown
    found, looked = detected
    return view.words("machine.found", n=found, of=looked, share=view.words.percent(found / looked))


def _scale(view: View) -> Block:
    """Each method between stranger and same person."""
    words, spans = view.words, dict[str, Span]()
    for each in view.data.methods:
        score = each.machine.get(IDENTITY_SIMILARITY.key)
        if score and (known := span(score.mean, score.interval)):
            spans[each.card.key] = known
    ends = [end for one in spans.values() for end in (one.low, one.high, one.value)]
    scale = linear([0.0, 1.0, *ends], words.percent)
    rows = [
        Row(view.marked(key), figures.strip([Dot(one, *view.looks[key])], scale, (0.0, 1.0)), words.percent(one.value))
        for key, one in spans.items()
    ]
    note = words("machine.scale_note", floor=_cosine(view, "floor"), ceiling=_cosine(view, "ceiling"))
    return Strips(words("machine.scale"), rows, figures.axis(scale), words("machine.scale_axis"), note)


def _cosine(view: View, name: str) -> str:
    """The measured cosine at an end of the scale, from the details of the scores."""
    scores = view.data.evidence.newest_scores
    details = scores.loc[scores["metric"] == IDENTITY_SIMILARITY.key, "details"]
    return view.words.list(sorted({f"{each[name]:.2f}" for each in details if name in each})) or view.words.unknown


def _by_prompt_axis(view: View, card: MetricCard) -> Table:
    """Mean of a metric for each group of prompts and each method."""
    data, words = view.data, view.words
    axes = {item.text: item.axis for item in data.evidence.plan.prompts}
    scores = data.evidence.newest_scores
    scores = scores[scores["metric"] == card.key]
    means = scores.groupby([scores["prompt"].map(axes), scores["method"]])["value"].mean()
    rows = []
    for axis in dict.fromkeys(axes.values()):
        cells = (means.get((axis, method.card.key)) for method in data.methods)
        known = (None if value is None or value != value else float(value) for value in cells)
        write = words.percent if card.key == IDENTITY_SIMILARITY.key else words.number
        rows.append([view.prompt_axis(axis), *(write(value) for value in known)])
    return Table(words("machine.by_axis", metric=view.metric(card.key)), _head(view, "people.axis"), rows, look="even")


def _sorted_out(view: View) -> Table:
    """Pictures that nobody would use, whatever else is good about them."""
    words, methods, scores = view.words, view.data.methods, view.data.evidence.newest_scores
    found = gates(scores)
    counts = found.groupby([found, found.index.get_level_values("method")]).size()
    looked = scores.groupby(["metric", "method"]).size()

    def cell(reason: str, method: MethodFigures) -> str:
        key = method.card.key
        return _of_checked(words, counts.get((reason, key), 0), looked.get((REASONS[reason], key), 0), method.pictures)

    rows = [[words(f"machine.gate.{reason}"), *(cell(reason, method) for method in methods)] for reason in REASONS]
    rows.append([words("machine.gate.seal"), *(words("machine.unchecked") for _ in methods)])
    checked = "checker" if SAFETY in looked.index.get_level_values("metric") else "no_checker"
    note = words("machine.gates_note", flag=words(f"machine.{checked}"))
    return Table(words("machine.gates"), _head(view, "machine.gate_head"), rows, note, "even")


def _of_checked(words: Words, found: int, checked: int, pictures: int) -> str:
    """``found`` of the ``checked`` of a method's ``pictures``; what nobody looked for is not 0."""
    if not checked:
        return words("machine.unchecked")
    return words.count(found) if checked == pictures else words("machine.partly", n=found, of=checked)


def _head(view: View, first: str) -> Sequence[str]:
    return [view.words(first), *(view.marked(method.card.key) for method in view.data.methods)]
