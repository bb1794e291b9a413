"""The screens: one file a tab, one catalogue of texts, one guard in front."""
