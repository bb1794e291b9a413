"""What a bundle can do, measured: people it never saw x prompts x seeds x methods, by judges that condition no method.

`run` makes and measures, `figures` says what each figure is, `estimate` how sure it is, `report` puts them together.
"""
