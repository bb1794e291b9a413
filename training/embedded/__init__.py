"""The recipe of the embedded model, one stage a file; ``recipe.py`` runs them in order and resumes."""
