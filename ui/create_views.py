"""The Create tab's HTML: people, readings of photos, chips, method cards, the status line and the picture board."""

from __future__ import annotations

import base64
import io
import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from facepersona_core.methods import METHODS, MethodCard, method_card
from facepersona_core.prompt import unknown_words
from ui.html import badge, escape, hint, icon, note
from ui.i18n import catalogue, text

if TYPE_CHECKING:
    from facepersona_core.stores import Reading
    from storage.records import PersonRecord


def people_html(people: Sequence[PersonRecord], names_ja: Mapping[str, str], language: str) -> str:
    """The gallery: one button a person, picture and name. The page's script marks the chosen one."""
    if not people:
        return f'<div class="fp-empty">{escape(text("create.people_empty", language))}</div>'
    return "".join(_person(person, shown_name(person.name, names_ja, language)) for person in people)


def _person(person: PersonRecord, name: str) -> str:
    return (
        f'<button type="button" class="fp-person" data-name="{escape(person.name)}" aria-pressed="false">'
        f'<img src="/files/{escape(person.photo_keys[0])}" alt="" loading="lazy"><span>{escape(name)}</span></button>'
    )


def shown_name(name: str, names_ja: Mapping[str, str], language: str) -> str:
    """A sample person's name in the language of the page; anybody else's as it was given."""
    return names_ja.get(name, name) if language == "ja" else name


def readings_html(readings: Sequence[Reading], language: str) -> str:
    """What the app saw in each photo, usability in words, and why a photo is skipped."""
    rows = "".join(_reading(index, reading, language) for index, reading in enumerate(readings))
    return f'<div class="fp-readings">{rows}</div>'


def seen_html(readings: Sequence[Reading], language: str) -> str:
    """The same of an enrolled person in little space: a strip of crops, words for the photos that are not good."""
    strip = "".join(_crop(reading, language) for reading in readings)
    good = [reading.face is not None and reading.face.usability.level == "good" for reading in readings]
    if all(good):
        words = text("create.all_good", language, count=len(readings))
        return f'<div class="fp-strip">{strip}</div>{hint(words)}'
    rows = "".join(
        _reading(index, reading, language, crop=len(readings) == 1)
        for index, reading in enumerate(readings)
        if not good[index]
    )
    shown = f'<div class="fp-strip">{strip}</div>' if len(readings) > 1 else ""
    return f'{shown}<div class="fp-readings">{rows}</div>'


def _crop(reading: Reading, language: str) -> str:
    if reading.face is None:
        return f'<div class="fp-nocrop">{icon("face")}</div>'
    return f'<img src="{_data_uri(reading.face.crop)}" alt="{escape(text("create.saw", language))}">'


def _reading(index: int, reading: Reading, language: str, crop: bool = True) -> str:
    face = reading.face
    if face is None:
        level, tone = "skipped", "poor"
        reasons = [reading.error.text(language)] if reading.error else []
    else:
        level = tone = face.usability.level
        facts = {**vars(face.usability), "detection_score": face.detection_score}
        keys = face.usability.reasons or ("good",)
        reasons = [text(f"usability.{key}", language, **facts) for key in keys]
    title = text("create.photo_number", language, number=index + 1)
    lines = "".join(f"<p>{escape(reason)}</p>" for reason in reasons)
    label = badge(text(f"create.level_{level}", language), tone)
    picture = _crop(reading, language) if crop else ""
    kind = "fp-reading" if crop else "fp-reading is-bare"
    return f'<div class="{kind}">{picture}<div><b>{escape(title)}</b> {label}{lines}</div></div>'


def _data_uri(crop: Any) -> str:
    """A crop as JPEG inside the page: it is shown once and never stored."""
    from PIL import Image

    buffer = io.BytesIO()
    picture = Image.fromarray(crop)
    picture.thumbnail((160, 160))
    picture.save(buffer, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


@cache
def _axes() -> list[dict[str, Any]]:
    axes: list[dict[str, Any]] = tomllib.loads(files("ui").joinpath("chips.toml").read_text("utf-8"))["axis"]
    return axes


def chips_html(known: Collection[str], language: str) -> str:
    """Phrases to click, one line an axis; only those whose words are all ``known`` to the model."""
    rows = []
    for axis in _axes():
        chips = [chip for chip in axis["chips"] if not unknown_words(chip["words"], known)]
        if chips:
            buttons = "".join(_chip(axis, chip, language) for chip in chips)
            title = escape(text(f"create.axis_{axis['key']}", language))
            rows.append(f'<div class="fp-axis"><b>{title}</b><div>{buttons}</div></div>')
    return f'<div class="fp-chips">{"".join(rows)}</div>'


def _chip(axis: dict[str, Any], chip: dict[str, str], language: str) -> str:
    return (
        f'<button type="button" class="fp-chip" data-words="{escape(chip["words"])}" '
        f'data-group="{chip.get("group", axis["key"])}" data-place="{axis.get("place", "tail")}" '
        f'title="{escape(chip["words"])}">{escape(chip[language])}</button>'
    )


def words_html(prompt: str, known: Collection[str], language: str) -> str:
    """A note on words that the model does not know; nothing while the prompt is empty."""
    unknown = unknown_words(prompt, known)
    if not prompt.strip():
        return ""
    if unknown:
        return note(text("create.unknown_words", language, words=", ".join(unknown)), "fair", "warning")
    return hint(text("create.known_words", language))


def methods_html(learned: Collection[str], person: str, language: str) -> str:
    """A card a method with what to know before choosing it; ``learned``: fine-tuned on ``person`` already."""
    return "".join(_method(entry.card, entry.card.key in learned, person, language) for entry in METHODS.values())


def _method(card: MethodCard, learned: bool, person: str, language: str) -> str:
    if not card.fine_tunes:
        training = badge(text("create.instant", language), "good")
    elif learned:
        training = badge(text("create.learned", language, name=person), "good")
    else:
        training = badge(text("create.learns", language), "fair")
    use = badge(
        text(f"create.commercial_{card.commercial_use}", language), "" if card.commercial_use == "yes" else "fair"
    )
    licence = badge(card.weights_licence.split(" (")[0])
    facts = [text("create.licence", language, code=card.code_licence, weights=card.weights_licence), card.paper]
    about = escape("\n".join(fact for fact in facts if fact))
    return (
        f'<label class="fp-method" title="{about}"><input type="checkbox" data-method="{card.key}">'
        f"<b>{escape(method_name(card.key, language))}</b>"
        f"<p>{escape(text(f'create.about_{card.key}', language))}</p>"
        f'<div class="fp-badges">{training}{use}{licence}</div></label>'
    )


def method_name(key: str, language: str) -> str:
    """The proper name of a method; the baseline without a paper has a translated one."""
    card = method_card(key)
    return card.name if card.paper else text(f"create.name_{key}", language)


def expression_name(key: str, language: str) -> str:
    """An expression of the bundle in words; one the catalogue does not know keeps its own name."""
    known: str = catalogue(language)["create"].get(f"expression_{key}", key)
    return known
