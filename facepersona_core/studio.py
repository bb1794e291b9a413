"""The use cases that the screens and the command line share: enrol a person, get a persona, make pictures."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import facepersona_core
from facepersona_core.candidates import Likeness, draw_best, drawings
from facepersona_core.errors import ConsentMissing, ExpressionInvalid, FacePersonaError
from facepersona_core.methods import build_method, method_card
from facepersona_core.metrics import Context, Metric, build_metric, measurable
from facepersona_core.personas import PersonaCache
from facepersona_core.stores import Made, PeopleStore, PersonLike, PictureLike, PictureStore, Reading
from facepersona_core.types import (
    Face,
    Persona,
    Picture,
    Progress,
    Request,
    Score,
    json_digest,
    no_progress,
    progress_part,
)

if TYPE_CHECKING:
    from facepersona_core.bundle import Bundle
    from facepersona_core.faces import FaceReader
    from facepersona_core.settings import Settings

__all__ = ["Made", "PersonLike", "PictureLike", "Reading", "Studio"]


class Studio:
    """The use cases over one set of stores. Safe with several callers at once; models load at first use."""

    def __init__(self, settings: Settings, people: PeopleStore, pictures: PictureStore) -> None:
        self.settings = settings
        self._people = people
        self._pictures = pictures
        self._personas = PersonaCache(settings.home / "personas")
        self._enrolling: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._readings: dict[int, list[Reading]] = {}
        self._metrics: dict[str, Metric] = {}

    @property
    def bundle(self) -> Bundle:
        """The model bundle. Raises WeightsMissing."""
        from facepersona_core.bundle import open_bundle

        return open_bundle(self.settings.bundle)

    @property
    def _reader(self) -> FaceReader:
        """What finds and reads faces. Raises FacePackMissing."""
        from facepersona_core.faces import open_face_reader

        return open_face_reader(self.settings)

    def warm_up(self) -> None:
        """Load what the first picture needs, so that nobody waits for it."""
        bundle = self.bundle
        _ = self._reader, bundle.pipeline, bundle.identity_encoder, bundle.mapping, bundle.expression_encoder
        _ = bundle.likeness_encoder
        for key in measurable(self.settings):
            self._metric(key)

    def inspect(self, photos: Sequence[tuple[str, bytes]]) -> list[Reading]:
        """What the app sees in each of ``photos`` (name, bytes): never raises for a bad photo, but says why."""
        return [self._read(name, data) for name, data in photos]

    def _read(self, name: str, data: bytes) -> Reading:
        from facepersona_core.photo import read_photo

        reader = self._reader
        try:
            return Reading(name, face=reader.read(read_photo(data, name), name))
        except FacePersonaError as error:
            return Reading(name, error=error)

    def read_expression(self, name: str, data: bytes) -> tuple[float, ...]:
        """The expression of the one face in a photo (name, bytes), for `Request.expression_vector`.

        Nothing else is read of the face, and nothing of the photo is kept. Raises ExpressionInvalid when the bundle
        has no expression encoder, else PhotoRefused, NoFaceFound and SeveralFaces."""
        from facepersona_core.photo import read_photo

        encoder, info = self.bundle.expression_encoder, self.bundle.info
        if encoder is None:
            raise ExpressionInvalid(problem="unreadable", name=info["name"], edition=info["edition"])
        from facepersona_core.face2diffusion.expression import coefficients_of

        return coefficients_of(encoder, self._reader.aligned(read_photo(data, name), name))

    def enrol(
        self,
        name: str,
        photos: Sequence[tuple[str, bytes]],
        consent: Any,
        synthetic: bool = False,
    ) -> tuple[PersonLike, list[Reading]]:
        """Keep a person with the usable ones of ``photos`` (name, bytes); the readings tell about each photo.

        Raises ConsentMissing, NameTaken, and the error of the first photo when none is usable."""
        if consent is None and not synthetic:
            raise ConsentMissing(name=name, purpose="generate")
        readings = self.inspect(photos)
        _faces(readings)
        usable = [data for (_, data), reading in zip(photos, readings, strict=True) if reading.face]
        return self._people.add(name, usable, consent, synthetic=synthetic), readings

    def readings(self, person: PersonLike) -> list[Reading]:
        """What the app sees in each reference photo of ``person``; computed once."""
        if person.id not in self._readings:
            photos = self._people.photos(person.id)
            self._readings[person.id] = self.inspect([(f"#{i + 1}", data) for i, data in enumerate(photos)])
        return self._readings[person.id]

    def faces(self, person: PersonLike) -> list[Face]:
        """The faces of a person's reference photos. Raises the first photo's error when none is usable."""
        return _faces(self.readings(person))

    def is_enrolled(self, person: PersonLike, method: str) -> bool:
        """True when ``method`` needs no more work on ``person`` before it can generate."""
        return not method_card(method).fine_tunes or self._digest(person, method) in self._personas

    def persona(self, person: PersonLike, method: str, progress: Progress = no_progress) -> Persona:
        """What ``method`` keeps of ``person``; computed once, then read from the disk.

        Raises UnknownMethod, and ConsentMissing when the person has not agreed, or not any more."""
        self._people.require(person, "generate")
        digest = self._digest(person, method)
        with self._enrolling[digest]:
            if digest not in self._personas:
                persona = build_method(method, self.bundle).enrol(self.faces(person), progress)
                self._personas.save(digest, persona)
            return self._personas.load(digest)

    def _digest(self, person: PersonLike, method: str) -> str:
        faces = [face.digest for face in self.faces(person)] if method_card(method).uses_identity else []
        release = facepersona_core.__version__
        return json_digest({"method": method, "faces": faces, "bundle": self.bundle.sha256, "release": release})

    def generate(
        self, person: PersonLike, method: str, request: Request, progress: Progress = no_progress
    ) -> Iterator[Made]:
        """Make, score and keep ``request.count`` pictures, yielded one by one in the order of their seeds.

        A picture whose recipe was made before is not made again. ``progress`` hears the stages "enrol" (only
        while a fine-tuning method learns the person) and "generate". Raises PromptInvalid, RequestInvalid,
        ExpressionInvalid, UnknownMethod and ConsentMissing before any work."""
        self.bundle.check(request)
        request = replace(request, candidates=drawings(method_card(method), request))
        persona = self.persona(person, method, lambda fraction, _: progress(fraction, "enrol"))
        recipes = [self._recipe(person, persona, one) for one in _one_by_one(request)]
        done = 0
        for seeds, found in self._runs(recipes):
            if found:
                yield self._again(found)
            else:
                part = replace(request, seed=seeds[0], count=len(seeds))
                report = progress_part(progress, done / request.count, len(seeds) / request.count)
                wanted = recipes[done : done + len(seeds)]
                yield from self._make(person, persona, part, wanted, report)
            done += len(seeds)
            progress(done / request.count, "generate")

    def _metric(self, key: str) -> Metric:
        if key not in self._metrics:
            self._metrics[key] = build_metric(key, self.bundle, self.settings)
        return self._metrics[key]

    def _recipe(self, person: PersonLike, persona: Persona, request: Request) -> dict[str, Any]:
        bundle = self.bundle
        recipe: dict[str, Any] = {
            "request": request.to_json(),
            "method": persona.method,
            "person": person.name,
            "persona": persona.key,
            "bundle": {"name": bundle.info["name"], "edition": bundle.info["edition"], "sha256": bundle.sha256},
            "versions": {"facepersona": facepersona_core.__version__}
            | {name: version(name) for name in ("torch", "diffusers", "transformers")},
        }
        if request.candidates == 1:
            return recipe
        # it finds the faces by which the drawings are chosen
        return {**recipe, "detector": {"pack": self.settings.face_pack, "sha256": self._reader.detector_sha256}}

    def _runs(self, recipes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[list[int], PictureLike | None]]:
        """Split the pictures into ones that exist and runs of consecutive ones to make."""
        waiting: list[int] = []
        for recipe in recipes:
            found = self._pictures.find(json_digest(recipe))
            if found and waiting:
                yield waiting, None
                waiting = []
            if found:
                yield [found.seed], found
            else:
                waiting.append(recipe["request"]["seed"])
        if waiting:
            yield waiting, None

    def _make(
        self,
        person: PersonLike,
        persona: Persona,
        request: Request,
        recipes: Sequence[Mapping[str, Any]],
        progress: Progress,
    ) -> Iterator[Made]:
        method = build_method(persona.method, self.bundle)
        references = tuple(self.faces(person))
        self.warm_up()  # so that the first picture's seconds are its own
        likeness = Likeness(self.bundle, self._reader, references)
        images = draw_best(method, persona, request, likeness, lambda fraction, _: progress(fraction, "generate"))
        started = time.perf_counter()
        for recipe, image in zip(recipes, images, strict=True):
            seconds = time.perf_counter() - started
            context = Context(replace(request, seed=recipe["request"]["seed"], count=1), references)
            scores = tuple(self._metric(key).score(image, context) for key in measurable(self.settings))
            record = self._pictures.save(Picture(image, recipe), person.id, scores, seconds)
            yield Made(record, scores, self._pictures.image_path(record), reused=False)
            started = time.perf_counter()

    def _again(self, record: PictureLike) -> Made:
        return Made(record, self.scores(record), self._pictures.image_path(record), reused=True)

    def scores(self, record: PictureLike) -> tuple[Score, ...]:
        """What the metrics said of a stored picture."""
        rows = self._pictures.scores([record.id]).to_dict("records")
        return tuple(_score(row) for row in rows)


def _faces(readings: Sequence[Reading]) -> list[Face]:
    """The faces of the usable photos. Raises the first photo's error when there is none."""
    faces = [reading.face for reading in readings if reading.face]
    if not faces:
        raise next(reading.error for reading in readings if reading.error)
    return faces


def _score(row: Mapping[Any, Any]) -> Score:
    value = None if row["value"] != row["value"] else row["value"]  # the store's NaN: not measurable
    return Score(row["metric"], row["version"], row["weights_sha256"], value, row["details"])


def _one_by_one(request: Request) -> list[Request]:
    return [replace(request, seed=request.seed + i, count=1) for i in range(request.count)]
