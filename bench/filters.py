"""Filters of a generated desk: one of each kind, and combinations that are hard on an index."""

from urllib.parse import urlencode

from bench.inventing import RARE_CITY, RARE_NAME, SELDOM_MET, TAG_NAMES

Conditions = dict[str, str | list[str]]
COMMON, MIDDLE, RARER, RARE = (TAG_NAMES[at] for at in (0, 9, 198, 199))
NEVER_MET = [TAG_NAMES[at] for at in SELDOM_MET]
NOBODY, NOBODY_SHORT = "zzzz", "qq"
SOMEBODYS_NUMBER = "+55 11 99765-4321"
"""Of customer 20, in some writing."""

SINGLE: dict[str, Conditions] = {
    "common tag": {"tag": COMMON},
    "tag": {"tag": MIDDLE},
    "rare tag": {"tag": RARE},
    "common value": {"attr": "City:Rio"},
    "rare value": {"attr": f"City:{RARE_CITY}"},
    "number": {"attr": "Age:44"},
    "yes or no": {"attr": "Member:true"},
    "opted in": {"status": "opted_in"},
    "opted out": {"status": "opted_out"},
    "no record": {"status": "unknown"},
    "common name": {"q": "mar"},
    "two words": {"q": "kwame mensah"},
    "rare name": {"q": RARE_NAME},
    "no name": {"q": NOBODY},
    "two characters": {"q": "jo"},
    "two characters of nobody": {"q": NOBODY_SHORT},
    "two signs of Chinese": {"q": "秀英"},
    "a number": {"q": SOMEBODYS_NUMBER},
    "part of a number": {"q": "7654321"},
}
COMBINED: dict[str, Conditions] = {
    "two rare tags": {"tag": [RARER, RARE]},
    "common tags that rarely meet": {"tag": NEVER_MET},
    "common and rare tag": {"tag": [COMMON, RARE]},
    "three common tags": {"tag": TAG_NAMES[:3]},
    "tag and a name of nobody": {"tag": COMMON, "q": NOBODY},
    "tag and two characters of nobody": {"tag": COMMON, "q": NOBODY_SHORT},
    "value, status, name": {"attr": "City:Lima", "status": "opted_in", "q": "mar"},
    "tag, value, status, name": {"tag": TAG_NAMES[4], "attr": "City:Lima", "status": "opted_in", "q": "mar"},
    "rare value, tag, status": {"attr": f"City:{RARE_CITY}", "tag": COMMON, "status": "unknown"},
    "two values, tag": {"attr": ["City:Rio", "City:Lima"], "tag": TAG_NAMES[99]},
    "two attributes, name": {"attr": ["City:Lagos", "Age:44"], "q": "mar"},
    "common value, one of nobody": {"attr": ["City:Rio", "Size:XXL"]},
    "tag, status": {"tag": COMMON, "status": "opted_out"},
    "tags that rarely meet, status, oldest first": {
        "tag": NEVER_MET, "status": "opted_out", "sort": "created",
    },
    "rare name, status": {"q": RARE_NAME, "status": "opted_out"},
    "a number and a tag": {"q": SOMEBODYS_NUMBER, "tag": COMMON},
    "part of a number, status": {"q": "7654321", "status": "unknown"},
}  # fmt: skip


def address(conditions: Conditions) -> str:
    return f"/opt-in?{urlencode(conditions, doseq=True)}"
