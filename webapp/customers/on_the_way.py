"""Messages that had started before an opt-out: whoever opts a customer out is told of them.

Whoever sends messages registers here how to count them; customers know nothing of campaigns.
"""

from collections.abc import Callable, Iterable

from webapp.customers import identities
from webapp.customers.models import Customer

Count = Callable[[Iterable[int]], int]
_counts: list[Count] = []


def counted_by(count: Count) -> Count:
    """Register a function that counts the messages on the wire to these customers."""
    _counts.append(count)
    return count


def started(ids: Iterable[int]) -> int:
    """How many messages to these customers are on the wire."""
    ids = list(ids)
    return sum(count(ids) for count in _counts)


def words(customer: Customer) -> str:
    """A sentence to add, with a space before it; "" when nothing is on its way."""
    return sentence(started(one.id for one in identities.alike(customer)))


def sentence(n: int) -> str:
    """`words` for so many messages."""
    if not n:
        return ""
    return " One message is already on its way." if n == 1 else f" {n:,} messages are already on their way."
