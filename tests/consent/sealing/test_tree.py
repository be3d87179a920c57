"""Merkle trees: the same as RFC 6962 writes them down, and no proof that proves nothing."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.consent.sealing import tree

SIZES = st.integers(1, 70)


def leaves(size: int) -> list[bytes]:
    return [hashlib.sha256(b"\x00" + bytes([n])).digest() for n in range(size)]


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return hashlib.sha256(b"\x01" + naive_root(hashes[:k]) + naive_root(hashes[k:])).digest()


def naive_path(m: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1, word for word."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return [*naive_path(m, hashes[:k]), naive_root(hashes[k:])]
    return [*naive_path(m - k, hashes[k:]), naive_root(hashes[:k])]


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    return 1 << (n - 1).bit_length() - 1


@given(SIZES)
def test_root_and_paths_are_those_of_the_rfc(size):
    hashes = leaves(size)
    nodes = tree.levels(hashes)
    assert tree.root(hashes) == naive_root(hashes)
    for index in range(size):
        assert tree.path(nodes, index) == naive_path(index, hashes)
        assert tree.root_from(hashes[index], index, size, tree.path(nodes, index)) == tree.root(hashes)


def test_a_root_that_others_computed():
    """The test vectors of certificate-transparency: roots of the first leaves of a known list."""
    values = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    hashes = [hashlib.sha256(b"\x00" + bytes.fromhex(value)).digest() for value in values]
    assert tree.root(hashes[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree.root(hashes).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.data())
def test_a_path_proves_its_leaf_at_its_place_and_nothing_else(data):
    size = data.draw(st.integers(2, 70))
    index, other = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))
    hashes = leaves(size)
    root, path = tree.root(hashes), tree.path(tree.levels(hashes), index)
    assert tree.root_from(hashes[other], index, size, path) != root, "another leaf"
    assert tree.root_from(hashes[index], other, size, path) != root, "another place"
    assert tree.root_from(hashes[index], index, size, path[:-1]) != root, "too short"
    assert tree.root_from(hashes[index], index, size, [*path, hashes[0]]) != root, "too long"
    turned = data.draw(st.integers(0, len(path) - 1))
    bent = [each if n != turned else bytes(32) for n, each in enumerate(path)]
    assert tree.root_from(hashes[index], index, size, bent) != root, "another neighbour"


@pytest.mark.parametrize(
    ("sentence", "index", "size", "path"),
    [
        ("a place before the first", -1, 2, [bytes(32)]),
        ("a place behind the last", 2, 2, [bytes(32)]),
        ("no leaves at all", 0, 0, []),
        ("a neighbour that is no hash", 0, 2, [b"short"]),
        ("a path where none may be", 0, 1, [bytes(32)]),
        ("no path where one must be", 0, 2, []),
    ],
)
def test_a_path_that_fits_no_tree_proves_nothing(sentence, index, size, path):
    assert tree.root_from(bytes(32), index, size, path) is None, sentence


def test_an_inner_node_cannot_pass_for_a_leaf():
    hashes = leaves(4)
    inner = tree.levels(hashes)[1]
    assert tree.root(inner) == tree.root(hashes)
    assert tree.root_from(inner[0], 0, 4, [inner[1]]) is None, "the size tells"


def test_the_chain_takes_all_it_stands_for():
    base = tree.chain(tree.NO_CHAIN, bytes(32), 1)
    assert base == hashlib.sha256(b"\x02" + bytes(64) + b"\0\0\0\0\0\0\0\x01").digest()
    assert (
        len({base, tree.chain(bytes([1] * 32), bytes(32), 1), tree.chain(tree.NO_CHAIN, bytes(32), 2)}) == 3
    )
