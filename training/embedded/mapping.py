"""Stage 6: the mapping network learns to name people from their pictures (CGDR), everything else frozen.

It starts from the names that the text-to-image model learned for the training people (a regression without any
UNet), then learns what the paper asks: to denoise the head into this person and the rest into what the text says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from facepersona_core.face2diffusion.cgdr import Objective
from facepersona_core.face2diffusion.expression import ExpressionEncoder
from facepersona_core.face2diffusion.identity import IdentityEncoder
from facepersona_core.face2diffusion.injection import tokenize_prompt
from facepersona_core.face2diffusion.mapping import MappingConfig, MappingNetwork
from facepersona_core.face2diffusion.training import MappingBatch, mapping_loss
from training.embedded import loop
from training.embedded.data import Pictures, to_tensor
from training.embedded.expression import read
from training.embedded.identity import align_all
from training.embedded.latents import Latents
from training.embedded.names import Naming, slots
from training.embedded.text_to_image import TextToImage, build_scheduler
from training.embedded.who import same_person

BARE_PROMPT = "a photo of S*"
CLASS_PHRASE = "a person"


@dataclass(frozen=True)
class MappingTraining:
    """Training of the mapping network."""

    hidden: int = 384
    name_minutes: float = 1.5
    minutes: float = 20.0
    name_steps: int | None = None
    steps: int | None = None
    """In place of minutes: what is to be compared has to learn equally long."""
    batch: int = 16
    rate: float = 3e-4
    bare_share: float = 0.5
    """Share of samples under the bare prompt; the others have the picture's own caption."""
    start: Literal["names", "class"] = "names"
    """What S* is before the objective: the person's name, by regression, or for everybody the class phrase."""
    own_picture: bool = False
    """The identity comes from the very picture that is denoised, as where there is one picture a person, instead of
    from any of the same person."""
    objective: Objective = "cgdr"
    expression_dropout: float = 0.2
    """Share of samples whose slot stays empty though the prompt tells no expression; 1: no expression guidance."""
    read_expressions: bool = False
    """The expression slot gets what the expression encoder reads in each training picture, as in the paper, instead of
    the truth that the world knows."""


@torch.no_grad()
def identity_vectors(encoder: IdentityEncoder, pictures: Pictures, batch: int = 64) -> Tensor:
    """float [2, N, D]: of every picture (0) and its mirror image (1)."""
    where, crops = next(encoder.parameters()).device, align_all(pictures)
    plain, mirrored = [], []
    for start in range(0, len(crops), batch):
        x = to_tensor(crops[start : start + batch]).to(where)
        plain.append(encoder(x).float().cpu())
        mirrored.append(encoder(x.flip(3)).float().cpu())
    return torch.stack([torch.cat(plain), torch.cat(mirrored)])


def mean_vectors(vectors: Tensor, person: Tensor) -> Tensor:
    """float [people, D]: mean over the pictures of each ``person`` (int64 [N]) of ``vectors`` [N, D]."""
    total = torch.zeros(int(person.max()) + 1, vectors.shape[1]).index_add_(0, person, vectors)
    return total / person.bincount()[:, None]


def learn_names(
    mapping: MappingNetwork,
    vectors: Tensor,
    names: Naming,
    features: Tensor,
    expressions: Tensor,
    config: MappingTraining,
    log: loop.Log,
    seed: int,
) -> None:
    """Regress the word vectors on the training people's names, half of them with an expression in the slot (none
    without expression guidance).

    ``vectors`` [2, N, D]; ``features`` [N, F]: what ``names`` are made from, of the pictures' people; ``expressions``
    [2, N, E]."""
    where, source = loop.device(), torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(mapping.parameters(), 1e-3, weight_decay=0.02)
    clock, step = loop.Clock(config.name_minutes, steps=config.name_steps), 0
    told_share = min(0.5, 1 - config.expression_dropout)
    with torch.no_grad():
        some = torch.arange(0, len(features), max(1, len(features) // 2000))
        told = (some % 2 == 0) & (told_share > 0)
        scale = names(features[some].to(where), slots(expressions[0, some], told).to(where)).var()
    loss = torch.zeros(())
    while clock.fraction < 1:
        loop.set_rate(optimiser, loop.cosine(clock.fraction, step))
        index = torch.randint(0, vectors.shape[1], (128,), generator=source)
        mirrored = torch.randint(0, 2, (128,), generator=source)
        shown = torch.randint(0, vectors.shape[1], (128,), generator=source)  # anybody's expression will do
        expression, told = expressions[mirrored, shown].to(where), torch.rand(128, generator=source) < told_share
        told = told.to(where)
        with torch.no_grad():
            wanted = names(features[index].to(where), slots(expression, told))
        first, last = mapping(
            vectors[mirrored, index].to(where), torch.where(told[:, None], expression, mapping.null_exp)
        )
        loss = F.mse_loss(torch.stack([first, last], 1), wanted) / scale
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        step = clock.tick()
    log("mapping_names", step=step, unexplained=float(loss), seconds=clock.spent)


@torch.no_grad()
def start_as_class(mapping: MappingNetwork, text_encoder: Any, bare: tuple[Tensor, int], class_ids: Tensor) -> None:
    """Let S* be the class phrase for everybody: its input embeddings at the place where the bare prompt has S*."""
    ids, position = bare[0].clone(), bare[1]
    ids[0, position : position + 2] = class_ids
    words = getattr(text_encoder, "text_model", text_encoder).embeddings(ids.to(loop.device()))[0, position:]
    for mapper, word in ((mapping.i2t_first, words[0]), (mapping.i2t_last, words[1])):
        mapper.fc_out.weight.zero_()
        mapper.fc_out.bias.copy_(word)


def draw(
    latents: Latents,
    vectors: Tensor,
    others: Tensor,
    bare: tuple[Tensor, int],
    class_ids: Tensor,
    config: MappingTraining,
    source: torch.Generator,
) -> MappingBatch:
    """A batch for `mapping_loss`. ``others`` [N, M]: pictures of the same person; the identity comes from one of
    them, so that the vector cannot tell what is special to the picture, unless ``config.own_picture``.
    ``class_ids``: the two tokens of the class phrase."""
    size = config.batch
    index = torch.randint(latents.held, len(latents), (size,), generator=source)
    mirrored = torch.randint(0, 2, (size,), generator=source)
    seen = others[index, torch.randint(0, others.shape[1], (size,), generator=source)]
    mean, deviation = latents.mean[mirrored, index].float(), latents.deviation[mirrored, index].float()
    which = torch.randint(0, latents.named.shape[2], (size,), generator=source)
    ids, position = latents.named[mirrored, index, which].long(), latents.position[mirrored, index, which].long()
    in_words = which < latents.named.shape[2] // 2
    is_bare = torch.rand(size, generator=source) < config.bare_share
    in_words[is_bare] = False
    ids[is_bare], position[is_bare] = bare[0].expand(int(is_bare.sum()), -1), bare[1]
    plain, rows = ids.clone(), torch.arange(size)
    for offset in (0, 1):
        plain[rows, position + offset] = class_ids[offset]
    where = loop.device()
    shown = mean + deviation * torch.randn(mean.shape, generator=source)
    side = torch.randint(0, 2, (size,), generator=source)
    parts = (
        shown,
        vectors[mirrored, index] if config.own_picture else vectors[side, seen],
        latents.expression[mirrored, index],
        latents.mask[mirrored, index].float(),
        ids,
        position,
        plain,
        in_words,
    )
    return MappingBatch(*(part.to(where) for part in parts))


def train(
    model: TextToImage,
    encoder: IdentityEncoder,
    tokenizer: Any,
    pictures: Pictures,
    latents: Latents,
    features: Tensor,
    config: MappingTraining,
    work: Path,
    log: loop.Log,
    seed: int = 0,
    reader: ExpressionEncoder | None = None,
) -> MappingNetwork:
    """Train within ``config.minutes``, resuming from ``work/mapping.pt``. The first pictures stay out of training, as
    they did for the text-to-image model. ``reader``: needed with ``config.read_expressions``."""
    if config.read_expressions:
        assert reader is not None, "read_expressions needs an expression encoder"
        latents = replace(latents, expression=read(reader.to(loop.device()), align_all(pictures)))
    vectors = identity_vectors(encoder.to(loop.device()), pictures)
    return fit(model, vectors, tokenizer, latents, features, config, work, log, seed)


def fit(
    model: TextToImage,
    vectors: Tensor,
    tokenizer: Any,
    latents: Latents,
    features: Tensor,
    config: MappingTraining,
    work: Path,
    log: loop.Log,
    seed: int = 0,
) -> MappingNetwork:
    """`train` on the identity ``vectors`` [2, N, D] of the pictures and their mirror images."""
    torch.manual_seed(seed)
    where, checkpoint = loop.device(), work / "mapping.pt"
    model.to(where).requires_grad_(False).eval()
    text_width = model.names.width
    mapping = MappingNetwork(
        MappingConfig(vectors.shape[-1], latents.expression.shape[2], config.hidden, text_width, dropout=0.1)
    ).to(where)
    bare = tokenize_prompt(tokenizer, BARE_PROMPT)
    class_ids = torch.tensor(tokenizer(CLASS_PHRASE, add_special_tokens=False).input_ids)
    average, step, spent = loop.Average(mapping, 0.995), 0, 0.0
    optimiser = torch.optim.AdamW(mapping.parameters(), config.rate, weight_decay=0.01)
    if state := loop.resume(checkpoint, mapping, average, optimiser):
        step, spent = state["step"], state["spent"]
    else:
        if config.start == "names":
            learn_names(mapping, vectors, model.names, features[latents.person], latents.expression, config, log, seed)
        else:
            start_as_class(mapping, model.text_encoder, bare, class_ids)
        average = loop.Average(mapping, 0.995)
    others, scheduler = same_person(latents.person), build_scheduler()
    channels = latents.visible.to(where)[:, None, None]
    source, clock, last, running = (
        torch.Generator().manual_seed(seed + 1 + step),
        loop.Clock(config.minutes, spent, config.steps, step),
        spent,
        None,
    )
    while clock.fraction < 1:
        loop.set_rate(optimiser, loop.cosine(clock.fraction, step))
        batch = draw(latents, vectors, others, bare, class_ids, config, source)
        with loop.half_precision(where), loop.attention(where):
            loss = mapping_loss(
                model.unet,
                model.text_encoder,
                scheduler,
                mapping,
                batch,
                objective=config.objective,
                expression_dropout=config.expression_dropout,
                weight=channels,
            )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        loop.clip(mapping.parameters())
        optimiser.step()
        average.update()
        step = clock.tick()
        running = loop.smoothed(running, loss.item())
        if clock.spent - last > 60 or clock.fraction == 1:
            last = clock.spent
            log("mapping", step=step, loss=running, seconds=clock.spent)
            loop.keep(checkpoint, mapping, average, optimiser, step=step, spent=clock.spent)
    mapping.load_state_dict(average.state)
    return mapping.eval()
