"""A stranger's bytes -> a clean RGB picture, or a typed refusal. Nothing is decoded before the header is judged."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

from facepersona_core.errors import PhotoRefused

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

MAX_BYTES = 20 * 1024 * 1024
MAX_MEGAPIXELS = 40
MIN_SIDE = 64
MAX_ASPECT = 4
_DAMAGE = (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, struct.error, zlib.error)
"""What Pillow raises for damaged files, by format and place of the damage."""


def read_photo(data: bytes, name: str) -> Image.Image:
    """The photo in ``data`` as upright sRGB "RGB" without any metadata; ``name`` is only used in messages.

    Accepted: JPEG, PNG and WebP by their content, up to 20 MB and 40 megapixels, sides of at least 64 px, at most
    4 to 1, a single frame. Transparency becomes white. Raises PhotoRefused."""
    opened = _open(data, name)
    try:
        return _clean(opened)
    except _DAMAGE as error:
        raise PhotoRefused(name=name, problem="broken") from error


def photo_kind(data: bytes) -> str | None:
    """ "JPEG", "PNG" or "WEBP" by the first bytes; None for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return None


def _open(data: bytes, name: str) -> ImageFile:
    """The opened file, its header judged and no pixel decoded."""
    if not data:
        raise PhotoRefused(name=name, problem="empty")
    if len(data) > MAX_BYTES:
        raise PhotoRefused(name=name, problem="bytes", megabytes=len(data) // 2**20 + 1, limit=MAX_BYTES // 2**20)
    kind = photo_kind(data)
    if kind is None:
        raise PhotoRefused(name=name, problem="kind")
    try:
        opened = _reader(kind)(BytesIO(data))
    except _DAMAGE as error:
        raise PhotoRefused(name=name, problem="broken") from error
    _judge_header(opened, name)
    return opened


def _reader(kind: str) -> type[ImageFile]:
    """Pillow's reader of one format: it parses the header only, and a JPEG with a second picture inside
    (as phones write) is still one JPEG."""
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    readers: dict[str, type[ImageFile]] = {"JPEG": JpegImageFile, "PNG": PngImageFile, "WEBP": WebPImageFile}
    return readers[kind]


def _judge_header(opened: ImageFile, name: str) -> None:
    width, height = opened.size
    seen: dict[str, Any] = {"name": name, "width": width, "height": height}
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise PhotoRefused(problem="pixels", limit=MAX_MEGAPIXELS, **seen)
    if min(width, height) < MIN_SIDE:
        raise PhotoRefused(problem="small", limit=MIN_SIDE, **seen)
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PhotoRefused(problem="aspect", **seen)
    frames = getattr(opened, "n_frames", 1)
    if frames > 1:
        raise PhotoRefused(problem="frames", frames=frames, name=name)


def _clean(opened: ImageFile) -> Image.Image:
    """Decode, turn upright, convert to sRGB, flatten, and copy the bare pixels."""
    from PIL import Image, ImageOps

    opened.load()
    profile = opened.info.get("icc_profile")
    upright = ImageOps.exif_transpose(opened)
    flat = _flatten(_to_srgb(_eight_bits(upright), profile))
    return Image.frombytes("RGB", flat.size, flat.tobytes())


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16-bit grey scaled to 8 bits; palettes resolved; other modes as they are."""
    from PIL import Image

    if picture.mode.startswith("I"):
        import numpy as np

        return Image.fromarray((np.asarray(picture).astype(np.uint32) >> 8).astype(np.uint8))
    if picture.mode in ("P", "PA", "1"):
        return picture.convert("RGBA" if "transparency" in picture.info or picture.mode == "PA" else "RGB")
    if "transparency" in picture.info and picture.mode in ("RGB", "L"):
        return picture.convert("RGBA")
    return picture


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """``picture`` with its colours converted from ``profile`` to sRGB; a profile that does not fit is ignored."""
    if not profile or picture.mode not in ("RGB", "RGBA", "L", "CMYK"):
        return picture
    from PIL import ImageCms

    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colour = picture.convert("RGB") if alpha else picture
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(colour, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture
    if converted is None:
        return picture
    if alpha:
        converted.putalpha(alpha)
    return converted


def _flatten(picture: Image.Image) -> Image.Image:
    """RGB; transparent pixels show white."""
    from PIL import Image

    if picture.mode not in ("RGBA", "LA"):
        return picture.convert("RGB")
    rgba = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
