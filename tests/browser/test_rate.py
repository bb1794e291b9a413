"""Rating in a real browser: by keyboard, with undo, skip, zoom, reload and bad lines, and blind all the way."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, Route
from rating_site import ARTEFACTS, SECRET, Site, site

from facepersona_core.methods.base import METHODS
from storage import Rater
from ui.practice import ANSWERS, PAIRS, QUESTIONS

pytestmark = pytest.mark.browser
VOTE = ("1", "6", "7", "0", "Enter")
"""Identity A, text B, A acceptable, B not, submit."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Makes a page in a browser profile of its own."""
    contexts: list[BrowserContext] = []

    def new(**options: object) -> Page:
        contexts.append(chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options}))
        contexts[-1].set_default_timeout(90_000)
        return contexts[-1].new_page()

    yield new
    for context in contexts:
        context.close()


def begin(page: Page, site: Site, rater: Rater) -> str:
    """Open the rater's page, leave the practice out, go; returns the first assignment."""
    page.goto(site.rating_page(rater))
    page.wait_for_selector("[data-action=practise]")
    page.keyboard.press("Escape")
    return shown(page)


def shown(page: Page) -> str:
    """The assignment in sight."""
    page.wait_for_function("!document.querySelector('[data-rate].busy') && document.querySelector('[data-assignment]')")
    return str(page.get_attribute("[data-rate]", "data-assignment"))


def press(page: Page, keys: tuple[str, ...]) -> None:
    for key in keys:
        page.keyboard.press(key)


def vote(page: Page, keys: tuple[str, ...] = VOTE) -> str:
    """Vote by keyboard; returns the next assignment, or the same one when it was the last."""
    before = shown(page)
    press(page, keys)
    page.wait_for_function(
        "(before) => document.querySelector('[data-done]') || (!document.querySelector('[data-rate].busy')"
        " && document.querySelector('[data-rate]').dataset.assignment !== before)",
        arg=before,
    )
    return shown(page)


KEYS = {
    "identity": {"left": "1", "tie": "2", "right": "3"},
    "text": {"left": "4", "tie": "5", "right": "6"},
    "left_ok": {True: "7", False: "8"},
    "right_ok": {True: "9", False: "0"},
}


def practise(page: Page) -> None:
    """All practice pairs by keyboard, one answer of the first one wrong."""
    for number, pair in enumerate(PAIRS):
        shown_now = f"[...document.querySelectorAll('.pane img')].every(image => image.src.includes('/{number + 1}-'))"
        page.wait_for_function(shown_now)
        page.wait_for_selector("[data-feedback]", state="hidden")
        press(page, tuple(KEYS[name][getattr(pair, name)] for name in QUESTIONS))
        if number == 0:
            press(page, ("3",))
            picture(page, "rate-practice-1280.png")
        press(page, ("Enter",))
        page.wait_for_selector("[data-feedback]")
        if number == 0:
            picture(page, "rate-feedback-1280.png")
        press(page, ("Enter",))
    page.wait_for_selector("[data-practised]")
    press(page, ("Enter",))
    shown(page)  # the answer to the practice is kept before the first pair comes


def standing(site: Site, rater: Rater) -> list[tuple[int, str, str]]:
    """(assignment, axis, outcome) of the votes that stand."""
    votes = site.store.ratings.votes(site.study.id)
    own = votes[votes["rater"] == rater.name]
    return list(own[["assignment", "axis", "outcome"]].itertuples(index=False, name=None))


def picture(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=str(ARTEFACTS / name))


def test_ten_pairs_by_keyboard_with_one_undo(running: Site, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto(running.url)
    page.fill("#fp-rate-name input, #fp-rate-name textarea", "Aiko")
    picture(page, "rate-tab-1280.png")
    page.click("#fp-rate-start")
    page.wait_for_url("**/rate/?rater=*")
    page.wait_for_selector("[data-action=practise]")
    picture(page, "rate-instructions-1280.png")
    page.keyboard.press("Enter")
    practise(page)
    rater = running.join("Aiko")
    assert rater.practice == (ANSWERS - 1, ANSWERS)
    seen = [shown(page)]
    press(page, ("1", "5", "7", "0"))
    picture(page, "rate-pair-1280.png")
    for _ in range(10):
        seen.append(vote(page))
    page.keyboard.press("z")
    page.wait_for_function("(id) => document.querySelector('[data-rate]').dataset.assignment === id", arg=seen[9])
    assert shown(page) == seen[9]
    assert page.get_attribute("[data-name=identity][data-value=left]", "aria-checked") == "true"  # as it was answered
    assert len(standing(running, rater)) == 2 * 9
    assert vote(page, ("3", "5", "Enter")) == seen[10]
    votes = standing(running, rater)
    assert [assignment for assignment, axis, _ in votes if axis == "identity"] == [int(one) for one in seen[:10]]
    assert [outcome for *_, axis, outcome in votes if axis == "identity"] == ["left"] * 9 + ["right"]
    assert [outcome for *_, axis, outcome in votes if axis == "text"] == ["right"] * 9 + ["tie"]
    assert page.inner_text("[data-count]").startswith("10 ")


def test_a_reload_resumes_at_the_same_pair(running: Site, open_page: Callable[..., Page]) -> None:
    page, rater = open_page(), running.join("Reload")
    begin(page, running, rater)
    vote(page)
    second = vote(page)
    sources = page.eval_on_selector_all(".pane img", "images => images.map(image => image.src)")
    page.reload()
    assert shown(page) == second
    assert page.eval_on_selector_all(".pane img", "images => images.map(image => image.src)") == sources
    assert not page.is_visible("[data-action=practise]")  # the instructions are not forced on anybody twice


def test_hasty_fingers_vote_once(running: Site, open_page: Callable[..., Page]) -> None:
    page, rater = open_page(), running.join("Hasty")
    first = begin(page, running, rater)
    press(page, VOTE[:4])
    page.dblclick("[data-action=submit]")
    press(page, ("Enter",) * 5)
    second = shown(page)
    press(page, VOTE[:4])
    press(page, ("Enter",) * 5)
    page.wait_for_function("(id) => document.querySelector('[data-rate]').dataset.assignment !== id", arg=second)
    shown(page)
    assert [vote[0] for vote in standing(running, rater)] == [int(first)] * 2 + [int(second)] * 2


def test_nothing_on_the_line_names_a_method_or_a_source(running: Site, open_page: Callable[..., Page]) -> None:
    rater, page = running.join("Blind"), open_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    begin(page, running, rater)
    for _ in range(4):
        vote(page)
    press(page, ("z", "f", "f", "?", "Escape"))
    shown(page)
    page.wait_for_load_state("networkidle")
    told = _forbidden(running)
    pictures = 0
    for answer in answers:
        body = answer.body() if answer.status == 200 else b""
        line = "\n".join([answer.url, str(answer.all_headers()), answer.request.post_data or ""]).encode() + body
        found = [word for word in told if word.lower().encode() in line.lower()]
        assert not found, f"{answer.url} tells {found}"
        assert "content-disposition" not in answer.all_headers()
        if "/picture/" in answer.url:
            pictures += 1
            assert _chunks(body) <= {b"IHDR", b"IDAT", b"IEND"}
    assert pictures >= 15
    content = page.content().lower()
    assert not [word for word in told if word.lower() in content]


def _forbidden(site: Site) -> list[str]:
    """Method keys and names, recipe values, and the real names of the files."""
    names = [*METHODS, *(entry.card.name for entry in METHODS.values()), SECRET, "recipe_hash", "00.png", "01.png"]
    records = [site.store.pictures.get(one) for one in site.store.studies.pictures(site.study.id).values()]
    photos = [key for person in site.store.people.list() for key in person.photo_keys]
    keys = [record.file_key for record in records] + [record.recipe_hash for record in records] + photos
    return names + [key.partition(".")[0] for key in keys]


def _chunks(png: bytes) -> set[bytes]:
    """Names of the chunks of a PNG file, checksums verified."""
    assert png.startswith(b"\x89PNG")
    names, at = set(), 8
    while at < len(png):
        length, name = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + length]
        assert zlib.crc32(name + body) == int.from_bytes(png[at + 8 + length : at + 12 + length], "big")
        names.add(name)
        at += 12 + length
    return names


def test_the_next_pair_is_loaded_before_it_is_needed(running: Site, open_page: Callable[..., Page]) -> None:
    page, rater = open_page(), running.join("Swift")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    begin(page, running, rater)
    page.wait_for_load_state("networkidle")
    known = set(requested)
    vote(page)
    assert set(page.eval_on_selector_all(".pane img", "images => images.map(image => image.src)")) <= known


def test_skip_with_a_reason_zoom_and_rubric(running: Site, open_page: Callable[..., Page]) -> None:
    page, rater = open_page(), running.join("Skipper")
    first = begin(page, running, rater)
    press(page, ("f", "+", "+", "ArrowLeft"))
    matrix = "image => { const m = new DOMMatrix(getComputedStyle(image).transform); return [m.a, m.e / image.width]; }"
    zooms = page.eval_on_selector_all(".pane img", f"images => images.map({matrix})")
    assert all(one == pytest.approx(zooms[0], abs=0.002) for one in zooms)  # the three move as one
    assert zooms[0] == pytest.approx([1.5625, 0.08], abs=0.002)
    picture(page, "rate-zoom-1280.png")
    press(page, ("Escape", "?"))
    assert page.is_visible(".rubric")
    press(page, ("Escape", "s"))
    picture(page, "rate-skip-1280.png")
    page.keyboard.press("1")
    page.wait_for_function("(id) => document.querySelector('[data-rate]').dataset.assignment !== id", arg=first)
    assert standing(running, rater) == []
    assert running.store.ratings.progress(rater.id)[0] == 1


def test_an_answer_survives_a_broken_line(running: Site, open_page: Callable[..., Page]) -> None:
    page, rater = open_page(), running.join("Tunnel")
    first = begin(page, running, rater)

    def broken(route: Route) -> None:
        route.abort()

    page.route("**/component_server/", broken)
    press(page, VOTE)
    page.wait_for_selector("[data-message].problem")
    assert shown(page) == first
    page.unroute("**/component_server/", broken)
    assert vote(page, ("Enter",)) != first
    assert [outcome for *_, outcome in standing(running, rater)] == ["left", "right"]


def test_the_end_in_japanese_on_a_tablet(running: Site, open_page: Callable[..., Page]) -> None:
    rater = running.join("花子", "ja")
    page = open_page(viewport={"width": 820, "height": 1180})
    begin(page, running, rater)
    assert page.get_attribute("html", "lang") == "ja"
    press(page, ("1", "5", "7", "0"))
    picture(page, "rate-pair-ja-820.png")
    total = running.store.ratings.progress(rater.id)[1]
    for _ in range(total):
        vote(page)
    page.wait_for_selector("[data-done]")
    assert "花子" in page.inner_text("[data-done]")
    picture(page, "rate-done-ja-820.png")
    press(page, VOTE)
    assert len(standing(running, rater)) == 2 * total
    page.reload()
    page.wait_for_selector("[data-done]")
    assert len(standing(running, rater)) == 2 * total


@pytest.mark.parametrize(("query", "stop"), [("", "no_link"), ("?rater=nobody", "unknown")])
def test_a_page_without_a_valid_link_says_what_to_do(
    running: Site, open_page: Callable[..., Page], query: str, stop: str
) -> None:
    page = open_page()
    page.goto(f"{running.url}/rate{query}")
    page.wait_for_selector(f"[data-stop={stop}]")
    assert page.get_attribute(".sheet a", "href") == "../"


@pytest.mark.parametrize("language_kept", [False, True])
def test_a_pause_stops_votes_and_keeps_the_pair(
    running: Site, open_page: Callable[..., Page], language_kept: bool
) -> None:
    page, rater = open_page(), running.join(f"Paused {language_kept}")
    first = begin(page, running, rater)
    if language_kept:  # as by the button; without it the page is built again in the rater's own language
        page.evaluate("localStorage.setItem('facepersona.rate.language', 'en')")
    running.store.ratings.pause(running.study.id, True)
    try:
        press(page, VOTE)
        page.wait_for_selector("[data-stop=paused]")
        picture(page, "rate-paused-1280.png")
        assert standing(running, rater) == []
    finally:
        running.store.ratings.pause(running.study.id, False)
    page.click("[data-sheet] button")
    page.wait_for_selector("[data-sheet]", state="hidden")
    assert shown(page) == first
    assert vote(page) != first
