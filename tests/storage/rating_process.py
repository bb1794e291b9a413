"""A process of its own that joins and votes, and prints every vote once it is acknowledged. Run to be killed.

python rating_process.py FOLDER STUDY_ID RATERS
"""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Lock, Thread

from tiny_store import open_store

from storage import Vote


def main(folder: Path, study_id: int, raters: int) -> None:
    store, printing = open_store(folder), Lock()

    def rate(name: str) -> None:
        rater = store.ratings.join(study_id, name, "en")
        while assignment := store.ratings.next(rater.id):
            store.ratings.vote(rater.id, assignment.id, Vote("left", "right", True, False, 1.0))
            with printing:
                print(assignment.id, flush=True)

    threads = [Thread(target=rate, args=(f"child {i}",), daemon=True) for i in range(raters)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
