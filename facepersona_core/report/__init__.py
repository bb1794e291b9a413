"""The decision report: from the export of a study to HTML and PDF that somebody can sign a purchase on, or decline it.

`export` writes a study as files, `evidence` reads them back, `data` gathers every figure, `decision` and `roi` judge
them, `html` and `pdf` lay them out. The report knows nothing but the files, so the same files give the same bytes.
"""
