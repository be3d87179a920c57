"""A page as its careful reader sees it: elements, what stands in them, and what a screen reader says. It
costs a third of a soup, and nearly every test looks at pages."""

from collections.abc import Iterator
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Element:
    """An element and what stands in it, in order."""

    def __init__(self, name: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.name, self.attributes, self.parent = name, attributes, parent
        self.content: list[Element | str] = []

    def get(self, attribute: str) -> str | None:
        return self.attributes.get(attribute)

    def within(self) -> "Iterator[Element]":
        """All elements below; those of a template are not of the page until a script takes them."""
        for part in self.content:
            if not isinstance(part, str) and part.name != "template":
                yield part
                yield from part.within()

    def text(self) -> str:
        parts = (part if isinstance(part, str) else part.text() for part in self.content)
        return "".join(parts) if self.name != "template" else ""


class Reader(HTMLParser):
    """Puts the elements of a page into one another as they are written."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.page = self.inside = Element("", {}, None)
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.inside)
        self.inside.content.append(element)
        if tag not in VOID:
            self.inside = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        ended: Element | None = self.inside
        while ended and ended.name != tag:
            ended = ended.parent
        if ended and ended.parent:
            self.inside = ended.parent

    def handle_data(self, data: str) -> None:
        self.inside.content.append(data)


def check(html: str, *, partial: bool) -> None:
    """No id twice, no form without an address, no control without an id and a name, no lonely error."""
    elements = list(Reader(html).page.within())
    assert not (partial and any(element.name == "html" for element in elements)), (
        "a fragment holds a whole page"
    )
    ids = [element.attributes["id"] for element in elements if "id" in element.attributes]
    assert len(ids) == len(set(ids)), f"ids twice: {sorted(i for i in set(ids) if ids.count(i) > 1)}"
    for form in (element for element in elements if element.name == "form"):
        addressed = form.get("action") is not None or form.get("method") == "post" or searches(form)
        assert addressed, f"a form without an address: {form.attributes}"
    for control in filter(is_control, elements):
        assert control.get("id"), f"a control without an id: {control.name} {control.attributes}"
        assert accessible_name(control, elements), (
            f"a control without a name: {control.name} {control.attributes}"
        )
    described = {name for element in elements for name in (element.get("aria-describedby") or "").split()}
    for error in (element for element in elements if "error" in (element.get("class") or "").split()):
        heard = error.get("role") == "alert" or error.get("id") in described
        assert heard, f"an error that no field names: {error.text()}"


def searches(form: Element) -> bool:
    return any(part.name == "input" and part.get("type") == "search" for part in form.within())


def is_control(element: Element) -> bool:
    return element.name in ("button", "input", "select", "textarea") and element.get("type") != "hidden"


def accessible_name(control: Element, elements: list[Element]) -> str:
    """What a screen reader says of a control."""
    if label := control.get("aria-label"):
        return label
    if told := control.get("aria-labelledby"):
        by_id = {element.get("id"): element for element in elements}
        return " ".join(by_id[name].text() for name in told.split())
    if control.name == "button":
        return control.text().strip()
    labels = (element for element in elements if element.name == "label")
    label_for = next((label for label in labels if label.get("for") == control.get("id")), None)
    label = label_for or parent_label(control)
    return label.text().strip() if label else ""


def parent_label(control: Element) -> Element | None:
    above = control.parent
    while above and above.name != "label":
        above = above.parent
    return above
