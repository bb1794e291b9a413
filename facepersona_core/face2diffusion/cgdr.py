"""Class-guided denoising regularisation (CGDR): the face becomes this person, all else stays the text's.

Beside it the objectives that the paper compares it with."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

Objective = Literal["cgdr", "rec", "masked_rec"]
"""What the mapping network is asked for: CGDR, plain reconstruction, or reconstruction of the head alone."""


def cgdr_target(noise: Tensor, class_prediction: Tensor, mask: Tensor) -> Tensor:
    """``M * eps + (1 - M) * e_c`` (arXiv:2403.05094, CGDR).

    ``noise``: what plain training asks the network for, [B, C, h, w]: eps, or v for a v-predicting network.
    ``class_prediction``: the frozen network's prediction under the class word, same shape; no gradient flows.
    ``mask``: head mask on the latent grid, [B, 1, h, w] in [0, 1].
    """
    return mask * noise + (1 - mask) * class_prediction.detach()


def cgdr_loss(
    prediction: Tensor, noise: Tensor, class_prediction: Tensor, mask: Tensor, weight: Tensor | None = None
) -> Tensor:
    """Mean squared distance of ``prediction`` (under S*) to `cgdr_target`; a scalar.

    ``weight``: broadcasts to [B, C, h, w], for latents whose channels do not matter alike; None is the paper's loss.
    """
    return rec_loss(prediction, cgdr_target(noise, class_prediction, mask), weight=weight)


def rec_loss(prediction: Tensor, noise: Tensor, mask: Tensor | None = None, weight: Tensor | None = None) -> Tensor:
    """Mean squared distance of ``prediction`` to ``noise``, a scalar: over the whole picture, or where ``mask``
    [B, 1, h, w] is, each cell as much as the mask has of it (Rec. and Masked Rec. in arXiv:2403.05094).

    ``noise`` and ``weight`` as for CGDR."""
    error = (prediction.float() - noise.float()).pow(2)
    if mask is not None:
        weight = (mask if weight is None else mask * weight).expand_as(error)
    return error.mean() if weight is None else (weight * error).mean() / weight.mean()
