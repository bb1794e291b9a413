"""The cards of the metrics that ship, in the order the screens show them."""

from facepersona_core.metrics.base import MetricCard, register

IDENTITY_SIMILARITY = register(
    MetricCard(
        key="identity_similarity",
        name="Identity similarity",
        direction="higher",
        low=-1.0,
        high=2.0,
        version="1",
        needs=("references",),
        axis="identity",
    ),
    "IdentitySimilarity",
)
TEXT_MATCH = register(
    MetricCard(
        key="text_match",
        name="Text match",
        direction="higher",
        low=0.0,
        high=1.0,
        version="1",
        needs=("prompt",),
        axis="text",
    ),
    "TextMatch",
)
SAFETY_FLAG = register(
    MetricCard(
        key="safety_flag",
        name="Safety flag",
        direction="lower",
        low=0.0,  # not flagged
        high=1.0,  # flagged; there is nothing between
        version="1",
        needs=(),
        axis="safety",
    ),
    "SafetyFlag",
    setting="safety_checker",
)
