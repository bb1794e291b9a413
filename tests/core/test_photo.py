"""Strangers' bytes: what is accepted comes out clean, what is not is refused with the right reason."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from facepersona_core.errors import PhotoRefused
from facepersona_core.photo import MAX_BYTES, read_photo


def picture(width: int = 120, height: int = 90) -> Image.Image:
    """Red left half, blue right half, a white top left corner."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 200
    pixels[:, width // 2 :, 2] = 200
    pixels[: height // 4, : width // 4] = 255
    return Image.fromarray(pixels)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A valid 1-bit PNG of any size in a few kilobytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packer = zlib.compressobj(9)
    row = b"\0" + bytes((width + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def refusal(data: bytes, name: str = "me.png") -> PhotoRefused:
    with pytest.raises(PhotoRefused) as caught:
        read_photo(data, name)
    for language in ("en", "ja"):
        assert name in caught.value.text(language)
    return caught.value


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_accepted_kinds_come_out_as_bare_rgb(kind: str) -> None:
    result = read_photo(encode(picture(), kind), f"me.{kind.lower()}")
    assert (result.mode, result.size, result.info, result.format) == ("RGB", (120, 90), {}, None)
    assert not result.getexif()
    assert np.abs(np.asarray(result)[80, 20].astype(int) - [200, 0, 0]).max() < 20


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b"hello, I am a text file", "kind"),
        (encode(picture(), "GIF"), "kind"),
        (encode(picture(), "BMP"), "kind"),
        (encode(picture(), "JPEG")[:700], "broken"),
        (encode(picture(), "PNG")[:150], "broken"),
        (encode(picture(), "WEBP")[:80], "broken"),
        (b"\xff\xd8\xff" + b"junk" * 50, "broken"),
        (b"\x89PNG\r\n\x1a\n" + b"junk" * 50, "broken"),
        (encode(picture(63, 90), "PNG"), "small"),
        (encode(picture(401, 100), "PNG"), "aspect"),
        (encode(picture(), "PNG", save_all=True, append_images=[picture().rotate(90)]), "frames"),
        (encode(picture(), "WEBP", save_all=True, append_images=[picture().rotate(90)]), "frames"),
    ],
)
def test_refusals_name_the_problem(data: bytes, problem: str) -> None:
    assert refusal(data).fields["problem"] == problem


def test_every_truncation_is_refused_or_read_never_anything_else() -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encode(picture(), kind)
        for length in range(1, len(data), max(1, len(data) // 60)):
            with suppress(PhotoRefused):
                assert read_photo(data[:length], "cut").mode == "RGB"


def test_flipped_bytes_are_refused_or_read_never_anything_else() -> None:
    random = np.random.default_rng(0)
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encode(picture(), kind)
        for _ in range(60):
            spoiled = bytearray(data)
            for place in random.integers(0, len(data), 4):
                spoiled[place] = int(random.integers(256))
            with suppress(PhotoRefused):
                assert read_photo(bytes(spoiled), "spoiled").mode == "RGB"


def test_a_12000_pixel_png_is_refused_before_its_pixels_are_decoded() -> None:
    data = huge_png(12_000, 12_000)
    tracemalloc.start()
    error = refusal(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.fields["problem"] == "pixels"
    assert "12000 x 12000" in error.text()
    assert peak < 5_000_000


def test_the_limit_of_megapixels_itself_is_read() -> None:
    assert read_photo(huge_png(8_000, 5_000), "large.png").size == (8_000, 5_000)
    assert refusal(huge_png(8_000, 5_001)).fields["problem"] == "pixels"


def test_too_many_bytes_are_refused_unopened() -> None:
    error = refusal(b"\xff\xd8\xff" + bytes(MAX_BYTES))
    assert error.fields["problem"] == "bytes"
    assert "21 MB" in error.text()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_and_removed(orientation: int) -> None:
    upright = picture()
    steps = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright
    for step in steps.get(orientation, []):
        stored = stored.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    result = read_photo(encode(stored, "PNG", exif=exif), "turned.png")
    assert result.size == upright.size
    assert np.array_equal(np.asarray(result), np.asarray(upright))


def test_colours_of_another_profile_become_srgb() -> None:
    from PIL.ImageCms import ImageCmsProfile, createProfile, profileToProfile

    wide = _swapped_profile()
    tagged = read_photo(encode(picture(), "PNG", icc_profile=wide), "wide.png")
    expected = profileToProfile(picture(), ImageCmsProfile(BytesIO(wide)), createProfile("sRGB"), outputMode="RGB")
    assert expected is not None
    assert np.array_equal(np.asarray(tagged), np.asarray(expected))
    assert not np.array_equal(np.asarray(tagged), np.asarray(picture()))


def _swapped_profile() -> bytes:
    """sRGB with the red and blue primaries exchanged: red pixels mean blue."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = {}
    for i in range(struct.unpack(">I", data[128:132])[0]):
        name, offset, _ = struct.unpack(">4sII", data[132 + 12 * i : 144 + 12 * i])
        places[name] = offset
    red, blue = (bytes(data[places[name] : places[name] + 20]) for name in (b"rXYZ", b"bXYZ"))
    data[places[b"rXYZ"] : places[b"rXYZ"] + 20] = blue
    data[places[b"bXYZ"] : places[b"bXYZ"] + 20] = red
    return bytes(data)


def test_a_broken_profile_is_ignored() -> None:
    result = read_photo(encode(picture(), "PNG", icc_profile=b"no profile at all"), "odd.png")
    assert np.array_equal(np.asarray(result), np.asarray(picture()))


def test_metadata_does_not_survive() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "secret place")
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    data = encode(picture(), "PNG", pnginfo=info, exif=exif)
    assert b"secret place" in data
    again = encode(read_photo(data, "me.png"), "PNG")
    assert b"secret" not in again.lower()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16"])
def test_other_modes_become_rgb(mode: str) -> None:
    source = picture().convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        source = Image.fromarray(np.asarray(source).astype(np.uint16) * 257)
    result = read_photo(encode(source, "PNG"), "grey.png")
    assert result.mode == "RGB"
    assert result.getpixel((2, 2)) == (255, 255, 255)


def test_cmyk_jpeg_becomes_rgb() -> None:
    pixel = read_photo(encode(picture().convert("CMYK"), "JPEG"), "print.jpg").getpixel((20, 80))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 150 > pixel[2]


def test_transparency_becomes_white() -> None:
    see_through = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    assert read_photo(encode(see_through, "PNG"), "cut.png").getpixel((50, 50)) == (255, 255, 255)


def test_a_phone_jpeg_with_a_second_picture_is_one_photo() -> None:
    data = encode(picture(), "MPO", save_all=True, append_images=[picture(60, 45)])
    assert read_photo(data, "phone.jpg").size == (120, 90)
