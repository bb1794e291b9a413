"""What a bad reference photo costs: detection and identity of held-out synthetic people, and the limits of the check.

``python -m training.robustness --out DIR`` measures; `docs/robustness.md` tells what came out.
"""
