"""Merkle trees as in RFC 6962, and the chain that links one seal to the next. Pure.

A tree of one leaf is that leaf; the inner node over two others is SHA-256(0x01 ‖ left ‖ right), and the left
one of two subtrees holds the largest power of two of leaves that is smaller than all. That is the same as
pairing neighbours level by level and lifting a last one without a neighbour unchanged.
"""

import hashlib
from collections.abc import Sequence

NO_CHAIN = bytes(32)
"""What the first seal of a ledger follows."""
Levels = list[list[bytes]]


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def levels(leaves: Sequence[bytes]) -> Levels:
    """All nodes, from the hashes of the leaves, of which there is at least one, up to the root alone."""
    found = [list(leaves)]
    while len(found[-1]) > 1:
        below = found[-1]
        pairs = [node(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        found.append(pairs + (below[-1:] if len(below) % 2 else []))
    return found


def root(leaves: Sequence[bytes]) -> bytes:
    return levels(leaves)[-1][0]


def path(nodes: Levels, index: int) -> list[bytes]:
    """The audit path of RFC 6962, 2.1.1: the neighbours that lead from one leaf to the root, lowest first."""
    found = []
    for level in nodes[:-1]:
        if index ^ 1 < len(level):
            found.append(level[index ^ 1])
        index >>= 1
    return found


def root_from(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf at `index` of `size` leaves and its path lead to; None for a path that fits no
    such tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf
    for neighbour in path:
        if last == 0 or len(neighbour) != 32:
            return None
        if place & 1 or place == last:
            found = node(neighbour, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node(found, neighbour)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def chain(previous: bytes, root: bytes, size: int) -> bytes:
    """SHA-256(0x02 ‖ previous chain ‖ root ‖ size), `size` being all events sealed so far, in eight bytes,
    the highest first."""
    return hashlib.sha256(b"\x02" + previous + root + size.to_bytes(8, "big")).digest()
