"""The recipe: every stage in order, each within its budget, resumed from what an earlier run left.

``python -m training.embedded.recipe --work DIR`` trains and writes ``DIR/bundle``; ``--toy`` runs through every stage
in two minutes. A stage that has spent its budget only loads what it made.
"""

from __future__ import annotations

import argparse
import copy
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch import distributed as dist

from facepersona_core.bundle import Bundle
from facepersona_core.face2diffusion.checkpoint import load_expression, load_identity, load_likeness, save_part
from facepersona_core.face2diffusion.expression import ExpressionEncoder
from facepersona_core.face2diffusion.identity import IdentityEncoder
from facepersona_core.face2diffusion.likeness import LikenessEncoder
from facepersona_core.face2diffusion.mapping import MappingConfig, MappingNetwork
from facepersona_core.faces import bundled_face_reader
from training.embedded import (
    assemble,
    autoencoder,
    evaluate,
    expression,
    identity,
    latents,
    likeness,
    loop,
    mapping,
    perception,
    reward,
    slot,
    text_to_image,
)
from training.embedded.data import Label, Pictures, load_pictures
from training.embedded.names import Names, PhotoNames, person_features
from training.embedded.sizes import Recipe, accelerator, toy
from training.embedded.who import OtherPhotos, TrueFeatures, Who, same_person
from training.embedded.words import build_tokenizer
from training.embedded.workers import on_all_cores

TOGETHER = "together.pt"


class Run:
    """One run of a recipe in a work folder; every stage can be called alone."""

    def __init__(self, recipe: Recipe, work: Path, bundle: Path) -> None:
        self.recipe, self.work, self.bundle = recipe, work, bundle
        work.mkdir(parents=True, exist_ok=True)
        self.log = loop.Log(work / "log.jsonl")
        self.tokenizer = build_tokenizer(work / "tokenizer")

    def render(self) -> None:
        """Stage 0: the pictures, into ``work/data``."""
        from training.synthetic.dataset import render_dataset

        r = self.recipe
        render_dataset(r.people, r.per_person, r.size, self.work / "data", os.cpu_count() or 1)

    def pictures(self) -> Pictures:
        """The rendered pictures, some as drawings and paintings."""
        return load_pictures(self.work / "data", people=self.recipe.people, styled=True, framed=True)

    def autoencoder(self, pictures: Pictures) -> AutoencoderKL:
        """Stage 1: trained and with normalised latents, kept in ``work/autoencoder_final.pt``."""
        r, path = self.recipe, self.work / "autoencoder_final.pt"
        if state := loop.load(path):
            model = autoencoder.build(r.autoencoder, r.size)
            model.load_state_dict(state)
            return model.eval()
        model = autoencoder.train(pictures, r.autoencoder, self.work, self.log, r.seed)
        autoencoder.normalise_latents(model, pictures)
        loop.save(model.state_dict(), path)
        return model

    def decoder(self, pictures: Pictures, model: AutoencoderKL) -> AutoencoderKL:
        """Stage 3: the decoder trained on at the end, kept in ``work/decoder.pt``."""
        path = self.work / "decoder.pt"
        if state := loop.load(path):
            model.load_state_dict(state)
            return model.eval()
        r = self.recipe
        model = autoencoder.finish_decoder(model, pictures, r.autoencoder, r.decoder_minutes, self.log, r.seed)
        loop.save(model.state_dict(), path)
        return model

    def latents(self, pictures: Pictures, model: AutoencoderKL) -> latents.Latents:
        """Stage 2a, kept in ``work/latents.pt`` while the pictures stay the same."""
        path = self.work / "latents.pt"
        if path.is_file() and len(kept := latents.load(path)) == len(pictures):
            return kept
        latents.save(latents.build(pictures, model, self.tokenizer, self.recipe.seed), path)
        return latents.load(path)

    def features(self, pictures: Pictures) -> Tensor:
        """float [people, F] of the people behind ``pictures``, in order of identity."""
        return person_features(sorted(set(pictures.identities.tolist())))

    def readers(self, labels: Sequence[Label], kept: latents.Latents, features: Tensor) -> None:
        """Stage 2b, kept in ``work``, from where the stages that learn from the readers take them."""
        drawn = perception.Drawn(labels, kept, features)
        for seed, config in enumerate(self.recipe.readers):
            perception.train(drawn, config, self.work, self.log, seed)

    def text_to_image(self, kept: latents.Latents, features: Tensor) -> None:
        """Stage 2: trained on ``workers`` processes, kept in ``work/text_to_image.pt``."""
        on_all_cores(self, "_train_text_to_image", kept, features)

    def reward(self, labels: Sequence[Label], kept: latents.Latents, features: Tensor) -> text_to_image.TextToImage:
        """Stage 2c, likewise, on what stage 2 left; kept in ``work/reward.pt``. Returns it with averaged weights."""
        on_all_cores(self, "_train_reward", kept, features, labels)
        return self.trained(kept, features)

    def together(
        self,
        pictures: Pictures,
        kept: latents.Latents,
        features: Tensor,
        vectors: Tensor,
        start: text_to_image.TextToImage,
    ) -> text_to_image.TextToImage:
        """Stage 6b, kept in ``work/together.pt``: model and mapping network learn on together, on own pictures of
        people who are named by other photos of them. ``start``, whose names are `PhotoNames`, with averaged weights.
        ``vectors`` float [2, N, D]: identity vectors of ``pictures`` and their mirror images."""
        start.requires_grad_(True)
        on_all_cores(self, "_train_together", kept, features, pictures.labels, vectors.half(), start)
        start.load_state_dict(loop.load(self.work / TOGETHER)["average"])  # type: ignore[index]
        return start.eval()

    def trained(self, kept: latents.Latents, features: Tensor) -> text_to_image.TextToImage:
        """The text-to-image model as stages 2 and 2c left it, with averaged weights and the names of true features.

        Raises FileNotFoundError when neither trained it."""
        state = loop.load(self.work / reward.FILE) or loop.load(self.work / text_to_image.FILE)
        if state is None:
            raise FileNotFoundError(f"{self.work}: neither {reward.FILE} nor {text_to_image.FILE}; train stage 2 first")
        return self.rebuilt(state["average"], kept, features)

    def finished(self, kept: latents.Latents, features: Tensor) -> text_to_image.TextToImage:
        """The text-to-image model as the last stage that trained it left it, with averaged weights; its names are
        `PhotoNames` after stage 6b.

        Raises FileNotFoundError when no stage trained it."""
        state = loop.load(self.work / TOGETHER)
        return self.rebuilt(state["average"], kept, features) if state else self.trained(kept, features)

    def rebuilt(self, state: dict[str, Tensor], kept: latents.Latents, features: Tensor) -> text_to_image.TextToImage:
        """The model whose weights are ``state``, with whichever names it has."""
        model, own = self.untrained(kept, features), "names.mapping."
        if parts := {key.removeprefix(own): value for key, value in state.items() if key.startswith(own)}:
            model.names = PhotoNames(MappingNetwork(MappingConfig.of(parts)))
        model.load_state_dict(state)
        return model.eval()

    def untrained(self, kept: latents.Latents, features: Tensor) -> text_to_image.TextToImage:
        """The text-to-image model as stage 2 begins it."""
        config = self.recipe.text_to_image
        torch.manual_seed(self.recipe.seed)
        unet = text_to_image.build_unet(config, kept.mean.shape[2], kept.mean.shape[-1])
        text_encoder = text_to_image.build_text_encoder(config, self.tokenizer)
        return text_to_image.TextToImage(unet, text_encoder, Names(features.shape[1], config.text_width))

    def _train_text_to_image(self, rank: int, kept: latents.Latents, features: Tensor) -> None:
        r, model, who = self.recipe, self.untrained(kept, features), TrueFeatures(features, kept.person)
        if not (self.work / text_to_image.FILE).is_file():
            text_to_image.pretrain_text(model, kept, who, r.text_to_image, self.log, r.seed)
            for tensor in model.state_dict().values() if r.workers > 1 else ():
                dist.broadcast(tensor, 0)
        reader = perception.load(self.work, 0, kept, r.readers[0])
        text_to_image.train(
            model, kept, who, reader, r.text_to_image, self.work, self.log, seed=r.seed, rank=rank, world=r.workers
        )

    def _train_reward(self, rank: int, kept: latents.Latents, features: Tensor, labels: Sequence[Label]) -> None:
        model = self.untrained(kept, features)
        model.load_state_dict(loop.load(self.work / text_to_image.FILE)["average"])  # type: ignore[index]
        self._on_own_pictures(rank, model, kept, features, labels, TrueFeatures(features, kept.person), reward.FILE)

    def _train_together(
        self,
        rank: int,
        kept: latents.Latents,
        features: Tensor,
        labels: Sequence[Label],
        vectors: Tensor,
        start: text_to_image.TextToImage,
    ) -> None:
        who = OtherPhotos(vectors, same_person(kept.person))
        self._on_own_pictures(rank, start, kept, features, labels, who, TOGETHER)

    def _on_own_pictures(
        self,
        rank: int,
        model: text_to_image.TextToImage,
        kept: latents.Latents,
        features: Tensor,
        labels: Sequence[Label],
        who: Who,
        file: str,
    ) -> None:
        r = self.recipe
        readers = [perception.load(self.work, seed, kept, config) for seed, config in enumerate(r.readers)]
        reward.train(
            model,
            perception.Drawn(labels, kept, features),
            who,
            readers,
            r.together if file == TOGETHER else r.reward,
            r.text_to_image,
            self.work,
            self.log,
            seed=r.seed,
            rank=rank,
            world=r.workers,
            file=file,
        )

    def identity_encoder(self, pictures: Pictures) -> IdentityEncoder:
        """Stage 4."""
        return identity.train(pictures, self.recipe.identity, self.work, self.log, self.recipe.seed)

    def expression_encoder(self, pictures: Pictures) -> ExpressionEncoder:
        """Stage 4b."""
        return expression.train(pictures, self.recipe.expression, self.work, self.log, self.recipe.seed)

    def likeness_encoder(self, pictures: Pictures, vae: AutoencoderKL) -> LikenessEncoder:
        """Stage 4c, kept in ``work/likeness_encoder``."""
        folder = self.work / "likeness_encoder"
        if not folder.is_dir():
            trained = likeness.train(pictures, vae, self.recipe.likeness, self.work, self.log, self.recipe.seed + 1)
            save_part(trained, folder)
        return load_likeness(folder)

    def all(self) -> None:
        """Every stage, then the bundle."""
        self.render()
        pictures = self.pictures()
        vae = self.autoencoder(pictures)
        kept, features = self.latents(pictures, vae), self.features(pictures)
        self.readers(pictures.labels, kept, features)
        self.text_to_image(kept, features)
        model = self.reward(pictures.labels, kept, features)
        vae = self.decoder(pictures, vae)
        encoder, reader = self.identity_encoder(pictures), self.expression_encoder(pictures)
        mapped = mapping.train(
            model,
            encoder,
            self.tokenizer,
            pictures,
            kept,
            features,
            self.recipe.mapping,
            self.work,
            self.log,
            reader=reader,
        )
        model.names = PhotoNames(mapped)
        vectors = mapping.identity_vectors(encoder.to(loop.device()), pictures)
        model = self.together(pictures, kept, features, vectors, model)
        second = self.likeness_encoder(pictures, vae)
        self.write(vae, model, encoder, model.names.mapping, pictures, reader, second)
        self.judges()
        self.slot(kept, vectors)
        self.card()

    def go_on(self, source: Path) -> None:
        """On from the bundle in the folder ``source``, whose work folder is gone: identity encoder, mapping network and
        text-to-image model learn on; the rest stays as it is."""
        before, reader = load_identity(source / "identity_encoder"), load_expression(source / "expression_encoder")
        second = load_likeness(source / "likeness_encoder")
        shutil.copytree(source / "tokenizer", self.work / "tokenizer", dirs_exist_ok=True)
        self.tokenizer = build_tokenizer(self.work / "tokenizer")
        self.render()
        pictures = self.pictures()
        vae = AutoencoderKL.from_pretrained(source / "vae", torch_dtype=torch.float32).eval()
        loop.save(vae.state_dict(), self.work / "decoder.pt")
        kept, features = self.latents(pictures, vae), self.features(pictures)
        self.readers(pictures.labels, kept, features)
        encoder = identity.train(pictures, self.recipe.identity, self.work, self.log, self.recipe.seed, before)
        vectors = mapping.identity_vectors(encoder.to(loop.device()), pictures)
        model = assemble.open_text_to_image(source)
        if not (self.work / TOGETHER).is_file():
            looks = mapping.mean_vectors(mapping.identity_vectors(before.to(loop.device()), pictures)[0], kept.person)
            self._name_as_before(model, looks, vectors, kept)
        model = self.together(pictures, kept, features, vectors, model)
        self.write(vae, model, encoder, model.names.mapping, pictures, reader, second)
        for part in ("face_pack", "judges"):
            shutil.copytree(source / part, self.bundle / part, dirs_exist_ok=True)
        self.slot(kept, vectors)
        self.card(source)

    def _name_as_before(
        self,
        model: text_to_image.TextToImage,
        looks: Tensor,
        vectors: Tensor,
        kept: latents.Latents,
    ) -> None:
        """Give ``model`` a mapping network that names people by ``vectors`` [2, N, D] of another encoder as its
        own does by ``looks`` [people, D], everybody's mean vector by the encoder before."""
        r, names = self.recipe, model.names.to(loop.device()).requires_grad_(False)
        learnt = copy.deepcopy(names.mapping).requires_grad_(True).train()
        mapping.learn_names(learnt, vectors, names, looks[kept.person], kept.expression, r.mapping, self.log, r.seed)
        model.names = PhotoNames(learnt)

    def judges(self) -> None:
        """Detector, recogniser and attribute judge, apart from the model, then copied into the bundle."""
        from training.embedded.face_pack import train_detector, train_recogniser
        from training.embedded.judges import train_judge

        r, data = self.recipe, self.work / "data"
        for name, train, minutes in (
            ("detector", train_detector, r.detector_minutes),
            ("recogniser", train_recogniser, r.recogniser_minutes),
            ("judge", train_judge, r.judge_minutes),
        ):
            self.log(name, **train(data, self.work, minutes, r.seed, people=r.people))
        for part in ("face_pack", "judges"):
            shutil.copytree(self.work / part, self.bundle / part, dirs_exist_ok=True)

    def slot(self, kept: latents.Latents, vectors: Tensor) -> None:
        """Stage 7b: the written bundle's slot is told each named expression as strongly as it takes, by drawings of
        training people. ``vectors``: as for `together`."""
        r, own = self.recipe, Bundle(self.bundle)  # not the one that others open: its slot is about to change
        first = int(kept.person[: kept.held].max()) + 1  # those before validate
        people = mapping.mean_vectors(vectors[0].float(), kept.person)[first : first + r.slot_people]
        reader = bundled_face_reader(self.bundle)
        found = slot.strengthen(own, reader, people.numpy(), r.slot_strengths, self.work, self.log)
        assemble.write_expressions(self.bundle, {n: m.tolist() for n, m in own.expression_means.items()}, found)

    def card(self, source: Path | None = None) -> None:
        """Measure the bundle on held-out people and write its card; ``source``: the bundle that it goes on from."""
        if not self.recipe.evaluated_people:
            return
        figures = (evaluate.evaluate(self.bundle, self.recipe.evaluated_people, count) for count in (None, 1))
        evaluate.write_card(self.bundle, *figures, evaluate.training_facts(self.work, source))

    def write(
        self,
        vae: Any,
        model: Any,
        encoder: Any,
        mapped: Any,
        pictures: Pictures,
        reader: Any | None = None,
        second: Any | None = None,
    ) -> None:
        """The bundle from the trained parts; ``reader`` is the expression encoder, ``second`` the likeness encoder."""
        assemble.write_bundle(
            self.bundle,
            autoencoder=vae,
            model=model,
            tokenizer=self.tokenizer,
            encoder=encoder,
            mapping=mapped,
            pictures=pictures,
            edition=self.recipe.edition,
            defaults={name: getattr(self.recipe, name) for name in ("steps", "guidance", "candidates")},
            expression_encoder=reader,
            likeness_encoder=second,
        )


def main() -> None:
    """Run the recipe from the command line."""
    parser = argparse.ArgumentParser(description="Train the embedded model; resumes where an earlier run stopped.")
    parser.add_argument("--work", type=Path, required=True, help="folder for pictures, checkpoints, log and bundle")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--toy", action="store_true", help="run through every stage in two minutes")
    sizes.add_argument("--accelerator", action="store_true", help="batches and budgets for one large accelerator")
    parser.add_argument("--people", type=int, help="how many people to render and train on")
    parser.add_argument("--workers", type=int, help="processes, one a core")
    parser.add_argument("--minutes", type=float, help="budget of the text-to-image stage")
    parser.add_argument("--from-bundle", type=Path, help="go on from this bundle, whose work folder is gone")
    chosen = parser.parse_args()
    recipe = toy() if chosen.toy else accelerator() if chosen.accelerator else Recipe()
    changes = {key: value for key in ("people", "workers") if (value := getattr(chosen, key)) is not None}
    if chosen.minutes is not None:
        changes["text_to_image"] = replace(recipe.text_to_image, minutes=chosen.minutes)
    if not torch.cuda.is_available():
        torch.set_num_threads(1)
    run = Run(replace(recipe, **changes), chosen.work, chosen.work / "bundle")
    if chosen.from_bundle:
        run.go_on(chosen.from_bundle)
    else:
        run.all()


if __name__ == "__main__":
    main()
