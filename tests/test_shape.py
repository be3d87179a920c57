"""The shape of the house: which way imports run, who may see which route, what a template may be."""

import ast
import re
from pathlib import Path

from tests.rows import every

ROOT = Path(__file__).resolve().parent.parent
WEBAPP = ROOT / "webapp"
TEMPLATES = ROOT / "templates"

FOUNDATION = {
    "paths", "clock", "formatting", "extensions", "database", "many_rows", "config", "rendering", "assets",
    "security", "errors", "logs", "transactions", "budget", "figures", "file_modes",
    "measures", "outgoing", "way_back", "schema", "fault_points", "heaps", "vault",
}  # fmt: skip
LAYERS = ["accounts", "consent", "customers", "campaigns", "bulk", "imports", "whatsapp", "endpoints"]
ROOMS_ON_TOP = {
    "reviews",
    "settings",
    "api",
    "simulator",
    "demo",
    "guide",
    "status",
    "events",
    "moving",
    "backups",
}
PURE = {
    "accounts/guessable", "accounts/roles", "accounts/totp",
    "consent/rules", "consent/state", "consent/gate", "consent/keywords", "consent/folding",
    "consent/sealing/leaves", "consent/sealing/notes", "consent/sealing/tree",
    "consent/file_kinds", "consent/promotion", "customers/phones", "customers/web_links", "customers/wording",
    "campaigns/templates/way_out", "whatsapp/webhook/payloads", "whatsapp/webhook/signature",
    "endpoints/addresses", "endpoints/schedule", "endpoints/signing",
    "formatting", "events/policy_words", "backups/difference",
}  # fmt: skip
IMPURE = {
    "flask",
    "sqlalchemy",
    "flask_login",
    "flask_wtf",
    "webapp.extensions",
    "webapp.clock",
    "webapp.database",
}


def modules() -> list[Path]:
    return sorted(WEBAPP.rglob("*.py"))


def imports_of(file: Path) -> set[str]:
    """The modules that a file imports anywhere, `from package import module` as package.module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(file: Path) -> str:
    return file.relative_to(WEBAPP).parts[0].removesuffix(".py")


def rooms_imported(file: Path) -> set[str]:
    own = {name.split(".")[1] for name in imports_of(file) if name.startswith("webapp.")}
    return {name for name in own if (WEBAPP / name).exists() or (WEBAPP / f"{name}.py").exists()}


@every("file", modules(), ids=lambda file: str(file.relative_to(WEBAPP)))
def test_imports_run_one_way(file):
    room = room_of(file)
    imported = rooms_imported(file) - {room}
    if room in LAYERS:
        allowed = FOUNDATION | set(LAYERS[: LAYERS.index(room)]) | {"tasks"}
        assert imported <= allowed
    elif room in ROOMS_ON_TOP:
        assert not imported & (ROOMS_ON_TOP | {"application", "rooms"})
    elif room in FOUNDATION:
        assert not imported & (set(LAYERS[1:]) | ROOMS_ON_TOP)


@every("name", sorted(PURE))
def test_the_rules_can_be_used_without_framework_database_and_clock(name):
    pending, seen = [WEBAPP / f"{name}.py"], set()
    while pending:
        file = pending.pop()
        seen.add(file)
        imported = imports_of(file)
        assert not imported & IMPURE, file
        near = {
            WEBAPP / f"{i.removeprefix('webapp.').replace('.', '/')}.py" for i in imported if "webapp." in i
        }
        pending += [other for other in near if other.exists() and other not in seen]


def test_nothing_imports_views_but_their_own_room_and_the_list_of_rooms():
    for file in modules():
        views = {name for name in imports_of(file) if re.search(r"(?<!saved)[._]views(_|\.|$)", name)}
        if room_of(file) != "rooms":
            assert all(name.startswith(f"webapp.{room_of(file)}.") for name in views), file


def test_whoever_puts_people_on_record_asks_first_whether_they_were_erased():
    """Demo people are invented; `identities` itself is what the others call."""
    creates = re.compile(r"identities\.(create|create_with|composed)\(")
    for file in modules():
        if creates.search(file.read_text(encoding="utf-8")) and room_of(file) != "demo":
            asks = "webapp.customers.erasure.suppressions" in imports_of(file) or file.stem == "intake"
            assert asks, file


def test_only_views_and_the_frame_name_templates():
    framing = {"rendering", "errors"}
    for file in modules():
        if "view" not in file.stem and room_of(file) not in framing:
            assert ".html" not in file.read_text(encoding="utf-8"), file


def test_every_route_is_public_or_requires_a_role(app):
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        marks = [hasattr(view, "required_role"), hasattr(view, "public")]
        assert marks.count(True) == 1, rule


def test_every_form_route_is_refused_without_a_csrf_token(app):
    spoken_to_by_programs = ("/webhooks/", "/api/")
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods and not rule.rule.startswith(spoken_to_by_programs):
            path = re.sub(r"<(int:)?[^>]+>", "1", rule.rule)
            assert client.post(path).status_code == 400, rule


def templates() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


@every("file", templates(), ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_a_fragment_never_extends_and_a_page_always_does(file):
    source = file.read_text(encoding="utf-8")
    extends = "{% extends" in source
    if str(file.relative_to(TEMPLATES)) in ("page.html", "customers/proof/index.html"):
        assert not extends
    else:
        assert extends != file.name.startswith("_")
    if file.name.startswith("_"):
        assert source.startswith("{#"), "its first line says what it is and what it needs"
        assert "<html" not in source
    assert "style=" not in source
    assert not re.search(r"\son\w+=|hx-on|javascript:|js:", source)


def test_no_template_is_unused():
    named = "".join(file.read_text(encoding="utf-8") for file in [*templates(), *modules()])
    for file in templates():
        assert str(file.relative_to(TEMPLATES)) in named, file


def test_python_names_only_templates_that_exist():
    for file in modules():
        for name in re.findall(r'"([\w/]+\.html)"', file.read_text(encoding="utf-8")):
            assert (TEMPLATES / name).is_file(), (file, name)


def test_behaviours_are_short_files():
    for file in (ROOT / "static" / "js").glob("*.js"):
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 60, file


def test_the_repository_speaks_of_the_product_only():
    """No address of a registry, no path of a developer's machine."""
    hosts = re.compile(r"/(?:work|farm|root)/|py[p]i\.org|np[m]js|de[b]\.debian")
    suffixes = {".py", ".md", ".html", ".css", ".js", ".toml", ".txt", ""}
    for folder in ("webapp", "templates", "static/css", "static/js", "migrations", "bin", "e2e"):
        for file in (ROOT / folder).rglob("*"):
            if (
                file.is_file()
                and file.suffix in suffixes
                and "vendor" not in file.relative_to(ROOT).parts[1:-1]
            ):
                assert not hosts.search(file.read_text(encoding="utf-8")), file
