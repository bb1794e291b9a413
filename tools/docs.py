"""Writes what the documents say of the code: method and metric tables, the CLI reference, the Space's front matter.

``make docs`` writes; a test calls `pages` and fails when a page is stale.
"""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from facepersona_core.cli import app
from facepersona_core.methods import METHODS, MethodCard
from facepersona_core.metrics import METRICS, MetricCard
from facepersona_core.report.sections.methods import licence
from facepersona_core.report.words import Words

ROOT = Path(__file__).parents[1]
_METHOD_HEAD = {
    "en": ("method", "key", "paper", "learning a person", "photos", "code", "weights", "commercial use", "memory"),
    "ja": ("手法", "キー", "論文", "人物の学習", "写真", "コード", "重み", "商用利用", "メモリ"),
}
_METRIC_HEAD = {
    "en": ("metric", "key", "asks", "better", "range", "version"),
    "ja": ("指標", "キー", "問い", "良い方向", "範囲", "版"),
}
_WORDS = {
    "en": {
        "trains": "minutes of training", "forward": "one forward pass", "nothing": "none: never looks at the person",
        "yes": "yes", "no": "no", "ask": "ask the licensor", "at least": "{} or more", "higher": "higher",
        "lower": "lower", "identity": "is it the person?", "text": "does it follow the text?", "quality": "quality",
        "safety": "is it taken for nudity?",
    },
    "ja": {
        "trains": "数分の学習", "forward": "計算 1 回（学習不要）", "nothing": "なし（人物を見ません）",
        "yes": "可", "no": "不可", "ask": "権利者に要確認", "at least": "{} 枚以上", "higher": "高いほど良い",
        "lower": "低いほど良い", "identity": "本人か", "text": "文に合うか", "quality": "品質",
        "safety": "ヌードと判定されるか",
    },
}  # fmt: skip


def pages() -> dict[Path, str]:
    """Every generated page as it should be now."""
    result = {ROOT / "docs" / "cli.md": cli_reference()}
    for language, name in (("en", "README.md"), ("ja", "README.ja.md")):
        page = (ROOT / name).read_text("utf-8")
        page = _between(page, "methods", method_table(language))
        result[ROOT / name] = _between(page, "metrics", metric_table(language))
    result[ROOT / "README.md"] = front_matter() + re.sub(
        r"\A---\n.*?\n---\n", "", result[ROOT / "README.md"], flags=re.S
    )
    return result


def method_table(language: str) -> str:
    """The cards of all methods as a Markdown table."""
    return _markdown(_METHOD_HEAD[language], [_method(entry.card, language) for entry in METHODS.values()])


def _method(card: MethodCard, language: str) -> tuple[str, ...]:
    words, told = _WORDS[language], Words(language)
    learning = "trains" if card.fine_tunes else "forward" if card.uses_identity else "nothing"
    photos = words["at least"].format(card.references_needed) if card.references_needed else "-"
    memory = f"+{card.memory_gb:g} GB"
    use = words[card.commercial_use]
    licences = (card.code_licence, licence(told, card.weights_licence), use)
    name = told.either(f"names.{card.key}", card.name)
    return (name, f"`{card.key}`", card.paper or "-", words[learning], photos, *licences, memory)


def metric_table(language: str) -> str:
    """The cards of all metrics as a Markdown table."""
    return _markdown(_METRIC_HEAD[language], [_metric(entry.card, language) for entry in METRICS.values()])


def _metric(card: MetricCard, language: str) -> tuple[str, ...]:
    words = _WORDS[language]
    name = Words(language).either(f"metrics.{card.key}", card.name)
    reach = f"{card.low:g} … {card.high:g}"
    return (name, f"`{card.key}`", words[card.axis], words[card.direction], reach, card.version)


def cli_reference() -> str:
    """The help of every command."""
    about = "Generated from `--help` by `make docs`. The help speaks Japanese with FACEPERSONA_LANGUAGE=ja."
    return f"# Command line\n\n{about}\n" + "".join(_command(path) for path in commands())


def commands() -> list[tuple[str, ...]]:
    """The path of every command, groups before what is in them: (), ("people",), ("people", "list") ..."""
    found: list[tuple[str, ...]] = []

    def walk(command: object, path: tuple[str, ...]) -> None:
        found.append(path)
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, (*path, name))

    walk(get_command(app), ())
    return found


def _command(path: tuple[str, ...]) -> str:
    runner = CliRunner(env={"FACEPERSONA_LANGUAGE": "en"})
    shown = runner.invoke(app, [*path, "--help"], prog_name="facepersona").stdout.strip()
    return f"\n## {' '.join(('facepersona', *path))}\n```text\n{shown}\n```\n"


def front_matter() -> str:
    """``spaces.yaml`` between dashes, without its comment."""
    lines = (ROOT / "spaces.yaml").read_text("utf-8").splitlines()
    return "\n".join(["---", *(line for line in lines if not line.startswith("#")), "---"]) + "\n"


def _markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ("---",) * len(head), *rows])


def _between(page: str, mark: str, content: str) -> str:
    """``page`` with ``content`` between the comments ``<!-- mark -->`` and ``<!-- /mark -->``."""
    pattern = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.S)
    if not pattern.search(page):
        raise ValueError(f"no <!-- {mark} --> ... <!-- /{mark} --> in the page")
    return pattern.sub(lambda found: f"{found[1]}{content}\n{found[2]}", page)


if __name__ == "__main__":
    for path, content in pages().items():
        path.write_text(content, "utf-8")
        print(path.relative_to(ROOT))
