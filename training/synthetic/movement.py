"""What each coefficient of an expression does to the face: displacement fields [N, 3] in cm for strength 1.

All fields are linear in their coefficient, so a posed face is the head plus a weighted sum. Only opening the mouth and
the lids need more (``pose``).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.synthetic.fields import Floats, bump, ridge, smoothstep
from training.synthetic.head import Head


class _Face:
    """Short names for the coordinates that the fields are written in."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.at = head.at
        self.x, self.y = head.x, head.y
        self.ax, self.side = np.abs(head.x), np.sign(head.x)
        self.above = head.above_mouth
        self.from_mouth = head.y - head.at.mouth_y
        self.corner = bump(self.ax - head.at.mouth_half_width, self.from_mouth, 1.5, 1.25)
        self.sideways = np.clip(self.ax / head.at.mouth_half_width, 0, 1)

    def field(self, dx: Floats | float = 0.0, dy: Floats | float = 0.0, dz: Floats | float = 0.0) -> Floats:
        """[N, 3], faded out away from the face."""
        out = np.empty((len(self.x), 3), np.float32)
        out[:, 0], out[:, 1], out[:, 2] = dx, dy, dz
        return out * self.head.frontness[:, None]


def _smile(f: _Face) -> Floats:
    beyond = np.maximum(f.ax - f.at.mouth_half_width, 0)
    widening = ridge(f.from_mouth, 1.5) * f.sideways * ridge(beyond, 1.3)
    middle = bump(f.ax - f.at.mouth_half_width * 0.5, f.from_mouth, 1.2, 1.0)
    dimple = 0.10 * bump(f.ax - f.at.mouth_half_width - 1.3, f.from_mouth - 0.3, 0.6, 1.0)
    back = 0.40 * f.corner + 0.14 * middle + 0.10 * f.head.lips * (1 - f.sideways)
    return f.field(f.side * 0.52 * widening, 0.62 * f.corner * f.sideways**1.5, dimple - back + 0.15 * f.head.fold)


def _cheek(f: _Face) -> Floats:
    return f.field(dy=0.32 * bump(f.ax - 3.9, f.y + 3.2, 1.6, 1.4), dz=0.38 * bump(f.ax - 4.0, f.y + 2.6, 1.5, 1.1))


def _frown(f: _Face) -> Floats:
    chin = 0.14 * bump(f.x, f.from_mouth + 2.6, 1.2, 0.7)
    return f.field(dy=-0.55 * f.corner * f.sideways**1.4, dz=chin - 0.12 * f.corner + 0.10 * f.head.fold)


def _narrow(f: _Face) -> Floats:
    beyond = np.maximum(f.ax - f.at.mouth_half_width, 0)
    inwards = ridge(f.from_mouth, 1.6) * ridge(beyond, 1.6)
    return f.field(-f.side * f.ax * 0.30 * inwards, dz=0.30 * bump(f.x, f.from_mouth, 1.7, 1.2))


def _pout(f: _Face) -> Floats:
    return f.field(dy=0.10 * bump(f.x, f.above + 0.5, 1.3, 0.6), dz=0.34 * bump(f.x, f.above + 0.35, 1.3, 0.55))


def _press(f: _Face) -> Floats:
    thin = 0.16 * np.clip(np.abs(f.above) / 0.4, 0, 1) * f.head.lips * np.sqrt(f.head.mouth_profile)
    return f.field(dy=-np.sign(f.above) * thin, dz=-0.22 * f.head.lips)


def _sneer(f: _Face) -> Floats:
    wrinkles = np.sin((f.y - f.head.identity.eyes.y) * 9) * bump(f.ax - 0.7, f.y + 0.6, 0.6, 0.6)
    return f.field(dy=0.22 * bump(f.ax - 1.5, f.y - f.at.nose_y, 0.8, 0.8), dz=0.16 * f.head.fold - 0.07 * wrinkles)


def _brow(f: _Face) -> Floats:
    above = f.y - f.at.brow_y
    lines = np.cos(above * 6) * smoothstep(0.9, 1.4, above) * smoothstep(4.2, 3.2, above) * smoothstep(4.4, 3, f.ax)
    return f.field(dy=0.75 * bump(f.ax - 2.8, above - 0.25, 2.6, 1.35), dz=-0.05 * lines)


def _browdown(f: _Face) -> Floats:
    above = f.y - f.at.brow_y
    lower = 0.55 * bump(f.ax - 1.7, above, 1.3, 1.0) + 0.22 * bump(f.ax - 3.6, above, 1.3, 0.9)
    lines = ridge(f.ax - 0.38, 0.11) * smoothstep(-0.8, -0.3, above) * smoothstep(1.1, 0.5, above)
    return f.field(dy=-lower, dz=0.18 * bump(f.ax - 1.5, above + 0.2, 1.1, 0.6) - 0.14 * lines)


def _browin(f: _Face) -> Floats:
    return f.field(-f.side * 0.30 * bump(f.ax - 1.4, f.y - f.at.brow_y, 1.0, 0.9))


def _browsad(f: _Face) -> Floats:
    above = f.y - f.at.brow_y
    lift = 0.62 * bump(f.ax - 1.25, above, 1.1, 1.0) - 0.20 * bump(f.ax - 4.3, above, 1.3, 0.9)
    inwards = 0.15 * bump(f.ax - 1.3, above, 0.9, 0.9)
    lines = np.cos(above * 7) * smoothstep(0.8, 1.2, above) * smoothstep(3.0, 2.2, above) * smoothstep(2.4, 1.2, f.ax)
    return f.field(-f.side * inwards, lift, -0.05 * lines)


def _jaw(f: _Face) -> Floats:
    """The lower lip falls by the lip profile, the chin and the cheeks beside it as one piece."""
    beyond = np.maximum(f.ax - f.at.mouth_half_width * 0.9, 0)
    below = f.above < 0
    depth = smoothstep(0, 2.6, -f.above)
    lip = np.clip(f.head.mouth_profile, 0, 1) ** 0.55
    drop = np.where(below, lip * (1 - depth) + ridge(beyond, 2.6) * depth, 0)
    drop = drop * smoothstep(-13.8, -11.2, f.y) * smoothstep(-1.0, 3.5, f.head.points[:, 2])
    cheeks = bump(f.ax - 3.9, f.from_mouth, 1.5, 1.8)
    out = f.field(-f.side * 0.16 * bump(f.ax - 4.2, f.from_mouth, 1.6, 1.6), -drop - 0.22 * cheeks, -0.30 * drop)
    under_chin = np.maximum(f.head.frontness, smoothstep(-14, -11, f.y))
    out[:, 1] = (-drop - 0.22 * cheeks) * under_chin
    return out


def _upper(f: _Face) -> Floats:
    fade = np.exp(-np.maximum(f.above, 0) / 0.9) * (f.above >= 0)
    return f.field(dy=np.sqrt(f.head.mouth_profile) * fade, dz=-0.05 * fade * f.head.mouth_profile)


_MOVEMENTS: dict[str, Callable[[_Face], Floats]] = {
    "smile": _smile,
    "cheek": _cheek,
    "frown": _frown,
    "narrow": _narrow,
    "pout": _pout,
    "press": _press,
    "sneer": _sneer,
    "brow": _brow,
    "browdown": _browdown,
    "browin": _browin,
    "browsad": _browsad,
    "jaw": _jaw,
    "upper": _upper,
}
MOVING = tuple(_MOVEMENTS)
"""Coefficients that move the skin; the others act on lids and eyeballs."""


class Movements:
    """The displacement fields of one head, each computed when it is first needed."""

    def __init__(self, head: Head) -> None:
        self._face = _Face(head)
        self._fields: dict[str, Floats] = {}

    def field(self, name: str) -> Floats:
        """float32 [N, 3] cm for strength 1."""
        if name not in self._fields:
            self._fields[name] = _MOVEMENTS[name](self._face)
        return self._fields[name]
