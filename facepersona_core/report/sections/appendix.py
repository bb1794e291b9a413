"""From what the report was made, how to make it again, and what every statistic means in plain words."""

from __future__ import annotations

import hashlib

from markupsafe import Markup

from facepersona_core.report.blocks import Block, Table, Text
from facepersona_core.report.view import View

TERMS = (
    "interval", "ranking", "rank_range", "holm", "tie", "acceptable", "alpha", "ac1", "gold", "repeat", "similarity",
    "text_match", "rho", "hybrid", "sampling", "tau", "sensitivity", "break_even",
)  # fmt: skip


def data(view: View) -> list[Block]:
    """Hashes, models, software, seeds, and the commands that make the report again."""
    words, evidence = view.words, view.data.evidence
    name = evidence.facts["name"]
    files = [[key, _code(digest)] for key, digest in evidence.hashes.items()]
    files.append([words("data.pictures", n=words.count(len(evidence.pictures))), _code(_all_pictures(view))])
    networks = evidence.scores[["metric", "version", "weights_sha256"]].drop_duplicates()
    models = [[words("data.model"), _code(digest)] for digest in _bundles(view)]
    models += [[f"{view.metric(m)} {v}", _code(sha)] for m, v, sha in networks.itertuples(index=False)]
    made = sorted(
        {f"{key} {value}" for recipe in view.data.recipes for key, value in recipe.get("versions", {}).items()}
    )
    used = words.list(f"{key} {value}" for key, value in evidence.facts["software"].items())
    software = [
        [words("data.analysed_with"), used],
        [words("data.made_with"), words.list(made) or words.unknown],
    ]
    seeds = [
        [words("data.picture_seeds"), words.list(str(seed) for seed in evidence.plan.seeds)],
        [words("data.design_seed"), name],
        [words("data.bootstrap_seed"), "0"],
    ]
    commands = Markup("<br>").join(
        _code(f"facepersona {line}")
        for line in (f"study export {name} --out FOLDER", f"report FOLDER --lang {words.language} --out report.pdf")
    )
    return [
        Text(words("data.lead")),
        Table(words("data.again"), [], [[words("data.commands"), commands]], words("data.again_note"), "words"),
        Table(words("data.files"), [words("data.file"), "SHA-256"], files, words("data.files_note"), "words long"),
        Table(words("data.networks"), [words("data.part"), "SHA-256"], models, look="words"),
        Table(words("data.software"), [], [*software, *seeds], look="words"),
    ]


def definitions(view: View) -> list[Block]:
    """Every term of the report."""
    words = view.words
    rows = [[words(f"definitions.{term}.name"), words(f"definitions.{term}.text")] for term in TERMS]
    head = [words("definitions.term"), words("definitions.meaning")]
    return [Table("", head, rows, look="words terms long")]


def _all_pictures(view: View) -> str:
    """SHA-256 over the sorted hashes of all pictures, one a line."""
    return hashlib.sha256("\n".join(sorted(view.data.evidence.pictures["sha256"])).encode()).hexdigest()


def _bundles(view: View) -> list[str]:
    return sorted({recipe["bundle"]["sha256"] for recipe in view.data.recipes if "bundle" in recipe})


def _code(words: str) -> Markup:
    return Markup("<code>{}</code>").format(words)
