"""Links and mail addresses in a message: a keyword inside one is no word of the customer's."""

import re

# Every alternative starts where no address can be under way and gives little back, so that a long text
# without any address costs one pass. Ends of domains are few on purpose: "please stop.thanks" is no link.
_LINK = re.compile(
    r"""
    (?: https?:// | ftp:// | (?<![\w.+-]) www\. ) [!-~]++
    | (?<![\w.+-]) [\w.+-]++ @ [\w-]++ (?: \. [\w-]++ )+
    | (?<![\w.+-]) (?: [\w-]++ \. )+ (?: com | net | org | biz | app | dev | io | shop | store )
      (?: \.[a-z]{2} )? (?! \w ) (?: [/?#:] [!-~]*+ )?
    | (?<![\w.+-]) (?: [\w-]++ \. )+ [a-z]{2} / [!-~]++
    """,
    re.VERBOSE,
)


def without_links(folded: str) -> str:
    """A folded text with a space in the place of each link and mail address."""
    return _LINK.sub(" ", folded) if "." in folded or "://" in folded else folded
