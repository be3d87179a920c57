"""Threads share one heap of the C library, so that what one lets go is used again by the next one."""

import ctypes
import os

HEAPS = 1
"""A second one would hold what SQLite's connections let go a second time, and be no quicker: few threads ask
for memory in the same moment."""
M_ARENA_MAX = -8
"""glibc's malloc.h."""


def share() -> bool:
    """Before any thread starts; processes that are forked do as well. False where the operator has chosen by
    MALLOC_ARENA_MAX, or where this C library is not glibc.

    glibc gives each thread a heap of its own, up to eight for each processor, and each keeps about as much
    as its largest answer took: 32 threads grew for hours.
    """
    if "MALLOC_ARENA_MAX" in os.environ:
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(M_ARENA_MAX, HEAPS))
