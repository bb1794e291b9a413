"""The ablation at toy size: what differs between variants, what is never done twice, what a difference says."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from facepersona_core.errors import EvaluationChanged
from facepersona_core.evaluation.figures import FIGURES
from facepersona_core.evaluation.report import OURS, compared
from facepersona_core.face2diffusion.checkpoint import load_identity, load_mapping
from facepersona_core.face2diffusion.identity import IdentityEncoder
from facepersona_core.face2diffusion.injection import encode_prompt, tokenize_prompt
from facepersona_core.face2diffusion.mapping import MappingConfig, MappingNetwork
from facepersona_core.methods.face2diffusion import Face2Diffusion
from facepersona_core.settings import Settings
from training.ablation import measure, networks, report
from training.ablation.frozen import frozen
from training.ablation.page import page
from training.ablation.plan import Ablation
from training.ablation.steps import run
from training.ablation.variants import PARTS, VARIANTS, variant
from training.embedded import autoencoder, identity, latents, loop, mapping
from training.embedded.recipe import Run
from training.embedded.sizes import toy

pytestmark = pytest.mark.slow
PHOTOS = Path(__file__).parents[1] / "data" / "people"
GALLERY = (990000, 990001, 990002, 990003)
TWO = """
[[prompts]]
axis = "expression"
text = "a photo of S* smiling at the beach"
plain = "a photo of S* at the beach"
wanted = { expression = "smile", scene = "beach" }
[[prompts]]
axis = "context"
text = "a photo of S* in a kitchen"
wanted = { scene = "kitchen" }
"""
TRAINED = ["face2diffusion", "arcface", "arcface_msf", "no_guidance", "rec", "masked_rec"]
WIDTH = toy().identity.shape.width


class Killed(BaseException):
    """The end of a process, in the middle of something."""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Ablation:
    """On a work folder of eight people (four, twice) whose networks know nothing."""
    folder = tmp_path_factory.mktemp("ablation")
    work, prompts = folder / "work", folder / "two.toml"
    prompts.write_text(TWO, "utf-8")
    for number in range(8):
        person = work / "data" / f"{number:06d}"
        shutil.copytree(PHOTOS / str(GALLERY[number % 4]), person)
        labels = person / "labels.json"
        labels.write_text(labels.read_text().replace(str(GALLERY[number % 4]), str(number)))
    torch.manual_seed(0)
    vae = autoencoder.build(toy().autoencoder, toy().size)
    autoencoder.start_as_identity(vae)
    loop.save(vae.state_dict(), work / "autoencoder_final.pt")
    trained = Run(toy(), work, folder / "unused")
    pictures = trained.pictures()
    model = trained.untrained(trained.latents(pictures, vae), trained.features(pictures))
    torch.nn.init.normal_(model.unet.conv_out.weight, std=0.1)  # it starts at zero, and then no word changes anything
    loop.save({"average": model.state_dict()}, work / "text_to_image.pt")
    small: dict[str, Any] = {"encoder_steps": 3, "mapping_steps": 3, "name_steps": 3, "people": 2, "steps": 2}
    bundle, out = Settings.from_environment({}).bundle, folder / "out"
    return Ablation(work, bundle, out, toy(), prompts=prompts, gallery=GALLERY, workers=1, **small)


def photos(gallery: Any, people: Any, out: Path) -> None:
    """The test people's pictures in the place of rendered ones."""
    for number in gallery:
        (out / str(number)).mkdir(parents=True, exist_ok=True)
        for source, name in (("00", "reference"), ("01", "1"), ("02", "2")):
            shutil.copy(PHOTOS / str(number) / f"{source}.png", out / str(number) / f"{name}.png")


@pytest.fixture(scope="module")
def done(plan: Ablation) -> Iterator[Counter[str]]:
    """A run that was ended while it trained the third network, then at the fourth picture; what each part did."""
    counts: Counter[str] = Counter()
    fit, learn, generate = mapping.fit, identity.train, Face2Diffusion.generate
    end_at: dict[str, int] = {"network arcface_msf": 1, "picture": 4}

    def count(what: str) -> None:
        counts[what] += 1
        if counts[what] == end_at.get(what):
            raise Killed(what)

    def counted_fit(*arguments: Any) -> Any:
        count(f"network {arguments[6].name}")
        return fit(*arguments)

    def counted_learn(*arguments: Any) -> Any:
        count(f"recogniser {arguments[2].name}")
        return learn(*arguments)

    def counted_generate(self: Face2Diffusion, persona: Any, request: Any, progress: Any = None) -> Any:
        if request.steps == 2:  # not the one that warms up
            count("picture")
        return generate(self, persona, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "render_references", photos)
        patch.setattr(mapping, "fit", counted_fit)
        patch.setattr(identity, "train", counted_learn)
        patch.setattr(Face2Diffusion, "generate", counted_generate)
        for what in ("network arcface_msf", "picture"):
            with pytest.raises(Killed, match=what):
                run(plan)
        run(plan)
        yield counts


def test_an_ended_run_goes_on_and_does_nothing_twice(plan: Ablation, done: Counter[str]) -> None:
    pictures = 2 * 2 * len(VARIANTS)
    once = {"recogniser msid": 1, "recogniser deep": 1} | {f"network {key}": 1 for key in TRAINED}
    assert done == once | {"network arcface_msf": 2, "picture": pictures + 1}  # the two that were being made
    before = (plan.out / "report.json").read_text("utf-8")
    run(plan)
    assert done == once | {"network arcface_msf": 2, "picture": pictures + 1}
    assert (plan.out / "report.json").read_text("utf-8") == before
    with pytest.raises(EvaluationChanged, match="setting"):
        run(replace(plan, setting="recipe"))


def test_the_report_has_every_variant_and_admits_what_was_not_measured(plan: Ablation, done: Counter[str]) -> None:
    facts = json.loads((plan.out / "report.json").read_text("utf-8"))
    assert list(facts["figures"]) == [each.key for each in VARIANTS] and VARIANTS[0].key == OURS
    assert facts["figures"][OURS].keys() == {each.key for each in FIGURES}
    assert facts["figures"][OURS]["glasses"] is None and facts["figures"][OURS]["scene"] is not None
    assert {(each["variant"], each["figure"]) for each in facts["contrasts"]} == {
        (each.key, key) for each in VARIANTS if each.part for key in PARTS[each.part][1]
    }
    assert facts["networks"].keys() == set(TRAINED)
    assert {found["step"] for found in [*facts["networks"].values(), *facts["recognisers"].values()]} == {3}
    written = (plan.out / "report.md").read_text("utf-8")
    assert all(f"| {each.title} |" in written for each in VARIANTS) and "not measured" in written
    assert "second task of\ntelling the person's true parameters is on for both" in written
    assert (plan.out / "images" / "ablation.jpg").stat().st_size > 10_000


def test_variants_differ_in_their_own_part_alone(plan: Ablation, done: Counter[str]) -> None:
    whole = plan.mapping_training(variant(OURS))
    assert whole == plan.mapping_training()
    for each in VARIANTS:
        own = plan.mapping_training(each)
        changed = {name for name in vars(own) if getattr(own, name) != getattr(whole, name)}
        assert changed <= {"expression": {"expression_dropout"}, "objective": {"objective"}}.get(each.part or "", set())
    shapes = {part.name: load_identity(part).config for part in (plan.out / "encoders").iterdir()}
    assert {name: shape.taps for name, shape in shapes.items()} == {
        "arcface": (1,), "arcface_msf": (0, 1), "msid": (0, 1),
    }  # fmt: skip
    widths = {key: load_mapping(plan.network(key) / "mapping").config.identity for key in TRAINED}
    assert widths == {key: WIDTH if key == "arcface" else 2 * WIDTH for key in TRAINED}
    linked = measure.bundle_of(plan, variant("rec_dsc")).path / "mapping"
    assert linked.resolve() == (plan.network("rec") / "mapping").resolve()


def test_a_finished_checkpoint_is_loaded_and_not_trained(
    plan: Ablation, done: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = (plan.network("rec") / "mapping" / "model.safetensors").read_bytes()
    shutil.rmtree(plan.network("rec") / "mapping")
    monkeypatch.setattr(mapping, "mapping_loss", None)
    networks.train_network(plan, "rec")
    assert (plan.network("rec") / "mapping" / "model.safetensors").read_bytes() == kept


def test_the_deep_recogniser_knows_nothing_of_shallow_scales(plan: Ablation, done: Counter[str]) -> None:
    deep = load_identity(plan.encoder("arcface"))
    assert {name.split(".")[1] for name in deep.state_dict() if name.startswith("norms.")} == {"layer_1"}
    faces = np.random.default_rng(0).integers(0, 255, (40, 112, 112, 3), dtype=np.uint8)
    scales = networks.with_scales(deep, (0, 1), faces, batch=20)
    x = torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        torch.testing.assert_close(scales(x)[:, WIDTH:], deep(x))
        tokens = scales.norms["layer_0"][0](_token(scales, x))
        torch.testing.assert_close(tokens.mean(0), torch.zeros(WIDTH), atol=1e-4, rtol=0)
        before = scales(x)
        scales.norms["layer_0"][1].bias.add_(1)
        torch.testing.assert_close(scales(x) - before, torch.tensor([1.0] * WIDTH + [0.0] * WIDTH).expand(40, -1))
    vectors = {key: networks.identity_vectors(plan, key) for key in ("arcface", "arcface_msf", "msid")}
    assert torch.equal(vectors["arcface"], vectors["arcface_msf"][..., WIDTH:])
    assert not torch.allclose(vectors["arcface_msf"], vectors["msid"])


def _token(encoder: IdentityEncoder, x: Tensor) -> Tensor:
    """[B, width]: class token after the first block."""
    seen: list[Tensor] = []
    with encoder.blocks[0].register_forward_hook(lambda module, inputs, output: seen.append(output[:, 0])):
        encoder(x)
    return seen[0]


def fitted(plan: Ablation, key: str, work: Path, told: float) -> dict[str, Tensor]:
    """Weights of the network of a variant, with every picture's expression ``told``."""
    model, tokenizer, features = frozen(plan)
    kept = plan.latents()
    kept = replace(kept, expression=torch.full_like(kept.expression, told))
    vectors, config = networks.identity_vectors(plan, "msid"), plan.mapping_training(variant(key))
    log = loop.Log(work / "log.jsonl")
    return mapping.fit(model, vectors, tokenizer, kept, features, config, work, log).state_dict()


@pytest.mark.parametrize("setting", ["paper", "recipe"])
def test_without_guidance_no_expression_reaches_the_network(
    plan: Ablation, done: Counter[str], tmp_path: Path, setting: Any
) -> None:
    chosen = replace(plan, setting=setting)
    for key, same in (("no_guidance", True), (OURS, False)):
        first, second = (fitted(chosen, key, tmp_path / f"{key} {told}", told) for told in (0.0, 3.0))
        assert all(torch.equal(first[name], second[name]) for name in first) is same


def test_the_class_start_is_a_person_for_everybody(plan: Ablation, done: Counter[str]) -> None:
    model, tokenizer, _ = frozen(plan)
    network = MappingNetwork(MappingConfig(6, 3, 16, model.names.width)).eval()
    bare = tokenize_prompt(tokenizer, mapping.BARE_PROMPT)
    class_ids = torch.tensor(tokenizer(mapping.CLASS_PHRASE, add_special_tokens=False).input_ids)
    mapping.start_as_class(network, model.text_encoder, bare, class_ids)
    plain = tokenizer("a photo of a person", padding="max_length", return_tensors="pt").input_ids
    with torch.no_grad():
        words = network(torch.randn(1, 6), torch.randn(1, 3))
        named = encode_prompt(model.text_encoder, *bare, words)
        torch.testing.assert_close(named, model.text_encoder(plain).last_hidden_state)


def test_the_setting_says_which_picture_the_identity_comes_from(plan: Ablation) -> None:
    kept, count = plan.latents(), len(plan.latents())
    number = torch.arange(2.0 * count).view(2, count)
    seen = number[..., None, None, None].expand(kept.mean.shape)
    kept = latents.Latents(**{**vars(kept), "mean": seen, "deviation": torch.zeros_like(kept.deviation)})
    others = torch.arange(count)[:, None].expand(-1, 3)[torch.randperm(count)]
    bare = (kept.named[0, 0, :1].long(), 2)
    for setting, same in (("paper", True), ("recipe", False)):
        config = replace(replace(plan, setting=setting).mapping_training(), batch=64)  # type: ignore[arg-type]
        source = torch.Generator().manual_seed(0)
        batch = mapping.draw(kept, number[..., None], others, bare, torch.tensor([5, 6]), config, source)
        assert torch.equal(batch.identity[:, 0], batch.latents[:, 0, 0, 0]) is same
        assert (batch.position == 2).all().item() is same  # the paper's prompt is always the bare one


def test_a_budget_of_steps_is_kept_whatever_the_clock_says() -> None:
    clock = loop.Clock(1e-9, spent=100.0, steps=4, step=1)
    assert clock.fraction == 0.25
    assert [clock.tick() for _ in range(3)] == [2, 3, 4] and clock.fraction == 1
    assert loop.Clock(1.0, spent=600.0).fraction == 1


SEEN = {"clothes": "coat", "cloth_colour": "red", "glasses": "none", "pose": "front", "light": "soft"}


def row(scene: str, expression: str, cosine: float, yaw: float) -> dict[str, Any]:
    """A picture that was to show the beach and a smile."""
    return {
        "slot": False, "wanted": {"scene": "beach", "expression": "smile"}, "face": True, "identity": cosine,
        "nearer": [], "judged": {**SEEN, "scene": scene, "expression": expression}, "yaw": yaw, "copied_face": 0.0,
        "copied_setting": 0.0, "seconds": 1.0,
    }  # fmt: skip


def planted(beach: float, smile: float, identity: float, turn: float) -> dict[int, list[Any]]:
    """Ten people of ten pictures: about these shares show beach and smile; identity and turn as said, a little more
    or less for everybody."""
    random, people = np.random.default_rng(3), {}
    for person in range(10):
        own = random.normal(0, 0.01)
        chances = random.random((10, 2))
        people[person] = [
            row("beach" if b < beach else "cafe", "smile" if s < smile else "neutral", identity + own, turn * (-1) ** i)
            for i, (b, s) in enumerate(chances)
        ]
    return people


def test_planted_differences_are_found_and_named(plan: Ablation) -> None:
    variants = {each.key: planted(0.9, 0.7, 0.6, 10.0) for each in VARIANTS}
    variants["arcface_msf"] = planted(0.9, 0.7, 0.8, 2.0)
    variants["no_guidance"] = planted(0.9, 0.3, 0.6, 10.0)
    variants["rec"] = planted(0.4, 0.7, 0.6, 10.0)
    differences = compared(variants)["differences"]
    found = {(each["variant"], each["figure"]): each["verdict"] for each in report.contrasts(differences)}
    assert found["no_guidance", "expression"] == found["rec", "scene"] == report.LOWERS
    assert found["masked_rec", "scene"] == found["arcface", "identity"] == report.NONE
    assert found["rec", "text"] == report.LOWERS and found["rec", "identity"] == report.NONE
    assert found["no_guidance", "expression_diversity"] == report.UNMEASURED  # every prompt names one
    assert found["arcface_msf", "identity"] == report.UNKNOWN  # everybody gained the same, to the last digit
    assert report.verdict({"value": 0.2, "low": 0.1, "high": 0.3}) == report.RAISES
    assert report.verdict({"value": -0.2, "low": -0.5, "high": 0.1}) == report.NONE


def test_the_page_says_plainly_what_was_not_shown(plan: Ablation, done: Counter[str]) -> None:
    facts = json.loads((plan.out / "report.json").read_text("utf-8"))
    for each in facts["contrasts"]:
        lowered = (each["variant"], each["figure"]) == ("rec", "scene")
        each["difference"] = {"value": -0.4, "low": -0.5, "high": -0.3} if lowered else None
        each["verdict"] = report.verdict(each["difference"])
    written = page(facts)
    assert "**Multi-scale identity encoder**: not shown here, 0 of 8 differences." in written
    assert "**Class-guided denoising regularisation**: shown here, 1 of 9 differences." in written
    assert "plain reconstruction: lowers scene, not measured: text" in written
    assert "| plain reconstruction | scene | **-40 (-50 … -30)** | lowers it beyond its interval |" in written
