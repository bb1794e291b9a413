"""How the app looks: one theme for Gradio's components, one style sheet for our own, no font or script from outside."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio.themes import Base

_INDIGO = [
    "#eef4f9",
    "#d8e6f1",
    "#b4cee3",
    "#86afd0",
    "#568cb8",
    "#33709f",
    "#1f5a86",
    "#19496d",
    "#173d5a",
    "#12304a",
    "#0b2033",
]
_SLATE = [
    "#f8fafb",
    "#f0f3f5",
    "#e1e7eb",
    "#cbd4da",
    "#9aa8b2",
    "#697985",
    "#4c5a65",
    "#38444d",
    "#232c33",
    "#151c21",
    "#0b1013",
]
_SANS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Hiragino Sans",
    "Hiragino Kaku Gothic ProN",
    "Yu Gothic UI",
    "Meiryo",
    "Noto Sans JP",
    "Noto Sans CJK JP",
    "IPAGothic",
    "sans-serif",
)
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def build_theme() -> Base:
    """The theme: indigo on cool grey, light whatever the browser prefers, because pictures are judged on it."""
    from gradio.themes import Base, Color

    steps = ("c50", "c100", "c200", "c300", "c400", "c500", "c600", "c700", "c800", "c900", "c950")
    theme = Base(
        primary_hue=Color(name="indigo", **dict(zip(steps, _INDIGO, strict=True))),
        secondary_hue=Color(name="indigo", **dict(zip(steps, _INDIGO, strict=True))),
        neutral_hue=Color(name="slate", **dict(zip(steps, _SLATE, strict=True))),
        font=_SANS,
        font_mono=_MONO,
    ).set(
        body_background_fill="*neutral_100",
        body_text_color="*neutral_800",
        body_text_color_subdued="*neutral_500",
        background_fill_primary="#ffffff",
        background_fill_secondary="*neutral_50",
        block_background_fill="#ffffff",
        block_border_width="0px",
        block_shadow="none",
        block_radius="10px",
        block_padding="0px",
        block_label_background_fill="transparent",
        block_label_border_width="0px",
        block_title_text_color="*neutral_700",
        block_title_text_size="0.875rem",
        block_title_text_weight="600",
        block_info_text_color="*neutral_500",
        block_info_text_size="0.8125rem",
        border_color_primary="*neutral_200",
        input_background_fill="#ffffff",
        input_border_width="1px",
        input_border_color="*neutral_300",
        input_border_color_focus="*primary_500",
        input_shadow_focus="0 0 0 3px rgba(51, 112, 159, 0.18)",
        input_radius="8px",
        button_large_radius="8px",
        button_small_radius="8px",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_text_color="#ffffff",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_hover="*neutral_50",
        button_secondary_border_color="*neutral_300",
        button_secondary_text_color="*neutral_700",
        checkbox_background_color_selected="*primary_600",
        checkbox_border_color_selected="*primary_600",
        checkbox_label_background_fill="#ffffff",
        checkbox_label_background_fill_selected="*primary_50",
        checkbox_label_border_color="*neutral_300",
        checkbox_label_border_color_selected="*primary_500",
        checkbox_label_text_color_selected="*primary_700",
        slider_color="*primary_600",
        link_text_color="*primary_600",
        loader_color="*primary_600",
        layout_gap="14px",
        form_gap_width="0px",
    )
    for name in [name for name in vars(theme) if name.endswith("_dark")]:
        setattr(theme, name, getattr(theme, name.removesuffix("_dark"), getattr(theme, name)))
    return theme


@cache
def asset(name: str) -> str:
    """The text of a file under ``ui/assets``."""
    return files("ui").joinpath(f"assets/{name}").read_text("utf-8")
