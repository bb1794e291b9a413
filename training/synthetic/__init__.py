"""Synthetic people: wholly procedural portraits of people who do not exist, with exact labels.

>>> from training.synthetic import render_person
>>> picture = render_person(900000, "smile", scene="beach", size=64)
>>> picture.pixels.shape, picture.labels.expression
((64, 64, 3), 'smile')
"""

from training.synthetic.expression import COEFFICIENTS, EXPRESSIONS, Expression
from training.synthetic.identity import Identity, sample_identity
from training.synthetic.labels import Labels, Picture
from training.synthetic.person import render_person

__all__ = [
    "COEFFICIENTS",
    "EXPRESSIONS",
    "Expression",
    "Identity",
    "Labels",
    "Picture",
    "render_person",
    "sample_identity",
]
