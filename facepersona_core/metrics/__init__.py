"""One file a metric behind one contract, each with a card."""

from facepersona_core.metrics.base import METRICS, Context, Metric, MetricCard, build_metric, measurable

__all__ = ["METRICS", "Context", "Metric", "MetricCard", "build_metric", "measurable"]
