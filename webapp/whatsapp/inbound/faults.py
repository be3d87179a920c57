"""What went wrong with an item: whether the database is gone, and where it happened, without the content."""

import traceback

from sqlalchemy.exc import DBAPIError

from webapp.database import OUT_OF_REACH


def out_of_reach(problem: Exception) -> bool:
    """Whether nothing can be stored now, so that the item says nothing about itself."""
    lost = isinstance(problem, DBAPIError) and problem.connection_invalidated
    return lost or isinstance(problem, OUT_OF_REACH)


def sentence(problem: Exception) -> str:
    """Why an item is a dead letter; the message of an exception may hold a number or a name."""
    return f"could not be applied: {type(problem).__name__}"


def place(problem: Exception) -> str:
    """Where it happened, for the log."""
    frame = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{type(problem).__name__} at {frame.name}, line {frame.lineno}"


def let_go(problem: BaseException) -> None:
    """Let go of what the frames of an exception hold: customers who were rolled back with their savepoint
    would stand in the way of the next ones, who get their numbers."""
    seen: BaseException | None = problem
    while seen is not None:
        traceback.clear_frames(seen.__traceback__)
        seen = seen.__context__
