"""Class-guided denoising regularisation (CGDR): the face becomes this person, all else stays the text's."""

from __future__ import annotations

from torch import Tensor


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
    error = (prediction.float() - cgdr_target(noise, class_prediction, mask).float()).pow(2)
    return error.mean() if weight is None else (weight * error).mean() / weight.mean()
