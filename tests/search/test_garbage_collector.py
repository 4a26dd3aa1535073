"""The garbage collector of a search leaves Python's as it found it."""

import gc

from skautokeras._search import GarbageCollector


def test_the_garbage_collector_is_left_as_it_was_found():
    # Python can have frozen some objects of its own.
    before = gc.get_freeze_count()
    with GarbageCollector():
        assert gc.get_freeze_count() > before + 10_000
    assert gc.get_freeze_count() <= before


def test_what_somebody_else_has_frozen_stays_frozen():
    gc.freeze()
    frozen = gc.get_freeze_count()
    try:
        with GarbageCollector():
            pass
        assert gc.get_freeze_count() == frozen
    finally:
        gc.unfreeze()
