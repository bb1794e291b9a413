"""What the votes say: pure functions from arrays to numbers, and `summary.analyse`, which puts them together.

RATINGS: ties are modelled, intervals are clustered by rater and prompt, "A beats B" is a test with Holm's correction.
"""
