"""Studies: what is made and who rates what (design.py), and how precise the answer will be (precision.py)."""
