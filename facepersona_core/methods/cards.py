"""The cards of the methods that ship, in the order the screens show them."""

from facepersona_core.methods.base import MethodCard, register

_OURS = "Apache-2.0"
_OUR_WEIGHTS = "Apache-2.0 (trained by this project on synthetic people)"
_EMBEDDED = "FacePersona embedded bundle"

FACE2DIFFUSION = register(
    MethodCard(
        key="face2diffusion",
        name="Face2Diffusion",
        paper="Shiohara and Yamasaki, CVPR 2024, arXiv:2403.05094",
        code_licence=_OURS,
        weights_licence=_OUR_WEIGHTS,
        commercial_use="yes",
        references_needed=1,
        base_model=_EMBEDDED,
        memory_gb=0.1,
        fine_tunes=False,
        expression_slot=True,
    ),
    "Face2Diffusion",
)
TEXTUAL_INVERSION = register(
    MethodCard(
        key="textual_inversion",
        name="Textual Inversion",
        paper="Gal et al., ICLR 2023, arXiv:2208.01618",
        code_licence=_OURS,
        weights_licence=_OUR_WEIGHTS,
        commercial_use="yes",
        references_needed=1,
        base_model=_EMBEDDED,
        memory_gb=0.3,
        fine_tunes=True,
    ),
    "TextualInversion",
)
DREAMBOOTH = register(
    MethodCard(
        key="dreambooth",
        name="DreamBooth",
        paper="Ruiz et al., CVPR 2023, arXiv:2208.12242",
        code_licence=_OURS,
        weights_licence=_OUR_WEIGHTS,
        commercial_use="yes",
        references_needed=1,
        base_model=_EMBEDDED,
        memory_gb=0.5,
        fine_tunes=True,
    ),
    "DreamBooth",
)
CLASS_WORD = register(
    MethodCard(
        key="class_word",
        name="Class word only",
        paper="",
        code_licence=_OURS,
        weights_licence=_OUR_WEIGHTS,
        commercial_use="yes",
        references_needed=0,
        base_model=_EMBEDDED,
        memory_gb=0.0,
        fine_tunes=False,
        uses_identity=False,
    ),
    "ClassWord",
)
