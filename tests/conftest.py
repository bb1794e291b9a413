"""What every test folder may use: a bundle of real parts at tiny size, and a home of one's own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from facepersona_core.settings import Settings

for _name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
    os.environ.setdefault(_name, "1")  # a model is a local folder; without this libraries look for a network
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads bring tiny networks nothing and stall on a busy machine

PEOPLE = Path(__file__).parent / "data" / "people"


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose networks are untrained and tiny; only the face pack, which must find faces, is the real one."""
    folder = tmp_path_factory.mktemp("tiny") / "bundle"
    _write_networks(folder)
    shutil.copytree(Settings.from_environment({}).bundle / "face_pack", folder / "face_pack")
    return folder


def _write_networks(folder: Path) -> None:
    import torch

    from facepersona_core.face2diffusion.expression import ExpressionConfig, ExpressionEncoder
    from facepersona_core.face2diffusion.identity import IdentityConfig, IdentityEncoder
    from facepersona_core.face2diffusion.likeness import LikenessConfig, LikenessEncoder
    from facepersona_core.face2diffusion.mapping import MappingConfig, MappingNetwork
    from facepersona_core.judge import AttributeNetwork
    from training.embedded import autoencoder, text_to_image
    from training.embedded.assemble import write_bundle
    from training.embedded.data import load_pictures
    from training.embedded.judges import judge_heads, save_judge
    from training.embedded.names import Names
    from training.embedded.words import build_tokenizer

    torch.manual_seed(0)
    pictures = load_pictures(PEOPLE)
    vae = autoencoder.build(autoencoder.AutoencoderConfig(channels=(8, 8, 16, 16)), 128)
    autoencoder.start_as_identity(vae)
    config = text_to_image.TextToImageConfig(channels=(16, 32), groups=4, heads=2, text_width=32, text_layers=2)
    tokenizer = build_tokenizer(folder / "tokenizer")
    unet = text_to_image.build_unet(config, 8, 16)
    torch.nn.init.normal_(unet.conv_out.weight, std=0.1)  # it starts at zero, and then no text changes the picture
    model = text_to_image.TextToImage(unet, text_to_image.build_text_encoder(config, tokenizer), Names(8, 32))
    encoder = IdentityEncoder(IdentityConfig(patch_size=28, width=32, depth=2, heads=2, taps=(0, 1))).eval()
    expression = len(pictures.labels[0]["expression_vector"])
    mapping = MappingNetwork(MappingConfig(identity=64, expression=expression, hidden=32, text=32)).eval()
    reader = ExpressionEncoder(ExpressionConfig(expression=expression, channels=(8, 8), width=8)).eval()
    second = LikenessEncoder(LikenessConfig(channels=(8, 8), output_width=8)).eval()
    write_bundle(
        folder,
        autoencoder=vae,
        model=model,
        tokenizer=tokenizer,
        encoder=encoder,
        mapping=mapping,
        pictures=pictures,
        edition="tiny",
        defaults={"steps": 2, "guidance": 3.0},
        expression_encoder=reader,
        likeness_encoder=second,
    )
    save_judge(AttributeNetwork(judge_heads()), folder / "judges" / "attributes", {})


@pytest.fixture
def home(tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with an empty home and the tiny bundle; the environment says the same, as for a command."""
    for name in [name for name in os.environ if name.startswith("FACEPERSONA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FACEPERSONA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FACEPERSONA_BUNDLE", str(tiny_bundle))
    monkeypatch.setenv("FACEPERSONA_LANGUAGE", "en")
    return Settings.from_environment()
