"""FacePersona's core: from one photo to pictures of that person, scored. No screens, no tables.

Importing this package loads neither torch, gradio nor sqlalchemy.
"""

__version__ = "0.1.0"
