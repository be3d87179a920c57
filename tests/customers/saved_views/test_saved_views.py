"""Saved views: who sees and changes which, and that a view means today what it meant when it was saved."""

import pytest
from sqlalchemy import func, select

from tests.factories import NOON, a_customer, a_number, a_user, at
from webapp.accounts import users
from webapp.customers.attributes import attributes
from webapp.customers.erasure import erasing
from webapp.customers.erasure.erasing import Wish
from webapp.customers.filters import Filter
from webapp.customers.models import AttributeKey, Customer, Tag
from webapp.customers.names import MalformedName
from webapp.customers.saved_views import saved_view
from webapp.customers.saved_views.saved_view import MOST_OWN, SavedView
from webapp.customers.saved_views.view_filters import Names, Refused, filter_of
from webapp.customers.tags import tags
from webapp.extensions import db

VIP = Filter(tags=("vip",))


@pytest.fixture
def people(app):
    """Ana, who lives in Rio, and Ben carry the tag vip; Eva does not."""
    with app.app_context():
        attributes.define("city", "text")
        ana = a_customer("Ana Souza")
        tags.set_tags(ana, ["vip"])
        tags.set_tags(a_customer("Ben"), ["vip"])
        a_customer("Eva")
        attributes.set_attributes(ana, {"city": "Rio"})
        db.session.commit()


def a_view(name: str = "Best", filter: Filter = VIP, owner: int | None = None, shared: bool = False) -> int:
    """A view on record; committed."""
    owner = owner or a_user("manager").id
    view = saved_view.create(owner, name, filter, shared=shared, now=NOON)
    db.session.commit()
    return view.id


def listed(soup) -> dict[str, str]:
    """The views of the panel: the address of each by its name."""
    return {link.span.get_text(): link["href"] for link in soup.select("#saved-views a.open")}


def edited(browser, view: int, **fields):
    """The answer to a view's dialog, opened and sent."""
    seen = browser.soup(f"/customers/views/{view}/edit").find("input", attrs={"name": "seen"})["value"]
    return browser.send(f"/customers/views/{view}/edit", seen=seen, **fields)


def names(soup) -> list[str]:
    return [cell.get_text() for cell in soup.select("tr.customer .name")]


@pytest.mark.parametrize("table", ["opt_in", "index"])
@pytest.mark.parametrize(
    "args",
    [
        {"tag": "vip"},
        {"q": "souza", "sort": "created"},
        {"attr": "city:Rio", "status": "unknown"},
        {"tag": "nobody has this"},
    ],
)
def test_a_filter_is_saved_and_opened_by_one_link(desk, people, table, args):
    agent = desk("agent")
    path = "/opt-in" if table == "opt_in" else "/customers"
    before = agent.soup(path, query_string=args)
    assert agent.get(before.find(id="view-save")["href"]).status_code == 200
    answer = agent.send("/customers/views/new", name="Mine", at=f"customers.{table}", **args)
    assert answer.status_code == 303
    after = agent.soup(answer.location)
    assert names(after) == names(before)
    assert list(listed(after)) == ["Mine"]
    assert names(agent.soup(listed(after)["Mine"])) == names(before)
    assert after.select_one("#saved-views [aria-current]").span.get_text() == "Mine"
    assert after.find(id="view-save") is None, "it is saved"
    assert agent.soup("/opt-in").select_one("#saved-views [aria-current]") is None


def test_without_a_filter_there_is_nothing_to_save(desk, people):
    agent = desk("agent")
    panel = agent.soup("/opt-in").find(id="saved-views")
    assert "Filter the table, then save the view here." in panel.get_text()
    assert panel.find(id="view-save") is None
    answer = agent.send("/customers/views/new", name="Empty", sort="created")
    assert answer.status_code == 422
    assert "choose a filter first" in answer.text


def test_the_dialog_answers_with_the_fresh_list(desk, people):
    answer = desk("agent").htmx(
        "/customers/views/new", method="POST", page="/customers?tag=vip",
        name="Mine", tag="vip", at="customers.index",
    )  # fmt: skip
    assert answer.status_code == 200
    assert "dialog:done" in answer.headers["HX-Trigger"]
    assert 'hx-target="#saved-views"' in answer.text
    assert 'href="/customers?tag=vip"' in answer.text


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_who_is_no_manager_saves_for_themselves_only(app, desk, people, role):
    somebody = desk(role)
    assert somebody.soup("/customers/views/new?tag=vip").find(id="view-shared") is None
    somebody.send("/customers/views/new", name="Mine", tag="vip", shared="1")
    assert list(listed(somebody.soup("/opt-in"))) == ["Mine"]
    assert listed(desk("manager").soup("/opt-in")) == {}


def test_a_shared_view_is_seen_by_all_and_changed_by_managers(app, desk, people):
    with app.app_context():
        view = a_view("Team’s best", shared=True)
    agent, manager = desk("agent"), desk("manager")
    soup = agent.soup("/opt-in")
    assert list(listed(soup)) == ["Team’s best"]
    assert soup.find(id=f"view-{view}")["title"] == "Shared by Dana Kim"
    assert soup.find(id=f"view-{view}-edit") is None
    for path in ("edit", "delete"):
        assert agent.get(f"/customers/views/{view}/{path}").status_code == 403
        assert agent.send(f"/customers/views/{view}/{path}", name="Taken").status_code == 403
    assert manager.soup("/opt-in").find(id=f"view-{view}-edit")
    assert edited(manager, view, name="Best", shared="1").status_code == 303
    assert list(listed(agent.soup("/opt-in"))) == ["Best"]
    edited(manager, view, name="Best")
    assert listed(agent.soup("/opt-in")) == {}, "it is its owner's again"


def test_what_somebody_keeps_for_themselves_exists_for_nobody_else(app, desk, people):
    with app.app_context():
        view = a_view("Private")
    for role in ("agent", "admin"):
        for path in ("edit", "delete"):
            assert desk(role).get(f"/customers/views/{view}/{path}").status_code == 404
            assert desk(role).send(f"/customers/views/{view}/{path}").status_code == 404
        assert "Private" not in desk(role).get("/opt-in").text


def test_an_owner_who_is_no_manager_any_more_does_not_change_what_the_team_sees(app, desk, people):
    agent = desk("agent")
    with app.app_context():
        owner = db.session.scalar(select(func.max(users.User.id)))
        view = a_view("Old", owner=owner, shared=True)
    assert agent.get(f"/customers/views/{view}/edit").status_code == 403
    assert list(listed(agent.soup("/opt-in"))) == ["Old"]


def test_the_shared_views_of_a_colleague_who_left_stay(app, desk, people):
    with app.app_context():
        owner = a_user("manager")
        a_view("Shared", owner=owner.id, shared=True)
        a_view("Own", owner=owner.id)
        owner.disabled_at = NOON
        db.session.commit()
    assert list(listed(desk("manager").soup("/opt-in"))) == ["Shared"]


def test_a_view_takes_the_filter_of_the_table_only_when_told(app, desk, people):
    agent = desk("agent")
    agent.send("/customers/views/new", name="Mine", tag="vip")
    dialog = agent.soup("/customers/views/1/edit?status=opted_out&at=customers.opt_in")
    assert "Tag: vip" in dialog.find("label", attrs={"for": "view-keep"}).get_text()
    assert "Opted Out" in dialog.find("label", attrs={"for": "view-replace"}).get_text()
    there = {"name": "Yours", "status": "opted_out", "at": "customers.opt_in"}
    answer = edited(agent, 1, **there)
    assert answer.location == "/opt-in?status=opted_out"
    assert listed(agent.soup("/opt-in")) == {"Yours": "/opt-in?tag=vip"}
    edited(agent, 1, **there, replace="1")
    assert listed(agent.soup("/opt-in")) == {"Yours": "/opt-in?status=opted_out"}


def test_of_two_managers_who_change_one_view_the_second_is_told_before_the_first_is_undone(app, desk, people):
    with app.app_context():
        view = a_view(shared=True)
    first, second = desk("manager"), desk("admin")
    dialog = second.soup(f"/customers/views/{view}/edit")
    seen = dialog.find("input", attrs={"name": "seen"})["value"]
    edited(first, view, name="Good", shared="1")
    late = {"name": "Great", "shared": "1"}
    answer = second.send(f"/customers/views/{view}/edit", seen=seen, **late)
    assert answer.status_code == 409
    assert "it is “Good” now" in answer.text
    assert 'value="Great"' in answer.text
    assert list(listed(second.soup("/opt-in"))) == ["Good"]
    assert edited(second, view, **late).status_code == 303, "who has read that may go on"
    assert second.send(f"/customers/views/{view}/edit", **late).status_code == 409, "without having looked"


def test_a_view_is_deleted_after_a_question(app, desk, people):
    agent = desk("agent")
    agent.send("/customers/views/new", name="Mine", tag="vip")
    assert "Mine" in agent.get("/customers/views/1/delete").text
    assert agent.send("/customers/views/1/delete", tag="vip").location == "/opt-in?tag=vip"
    assert listed(agent.soup("/opt-in")) == {}
    assert agent.send("/customers/views/1/delete").status_code == 404, "pressed twice"


HOSTILE = "<script>alert(1)</script>\"'&"


def test_names_are_text(app, desk, people):
    agent = desk("agent")
    agent.send("/customers/views/new", name=HOSTILE, tag="vip")
    assert list(listed(agent.soup("/opt-in"))) == [HOSTILE]
    assert "<script>alert" not in agent.get("/opt-in").text
    assert "<script>alert" not in agent.get("/customers/views/1/delete").text


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00b", "x" * 61, "\u200b", "mine", "MÍNE"])
def test_a_name_that_cannot_be_is_refused_with_all_that_was_typed(desk, people, name):
    agent = desk("agent")
    agent.send("/customers/views/new", name="Mine", tag="vip")
    answer = agent.send("/customers/views/new", name=name, status="opted_out")
    assert answer.status_code == 422
    assert 'value="opted_out"' in answer.text
    assert list(listed(agent.soup("/opt-in"))) == ["Mine"]


def test_two_people_may_use_one_name(app, desk, people):
    for role in ("agent", "viewer"):
        answer = desk(role).send("/customers/views/new", name="Mine", tag="vip")
        assert answer.status_code == 303


@pytest.mark.parametrize("at_page", ["https://evil.example/", "accounts.sign_out", "customers.nothing", ""])
def test_a_dialog_leads_back_to_a_table_only(desk, people, at_page):
    fields = {"name": "Mine", "tag": "vip", "at": at_page}
    assert desk("agent").send("/customers/views/new", **fields).location == "/opt-in?tag=vip"


class TestInTheDomain:
    @pytest.fixture(autouse=True)
    def in_app(self, app, people):
        with app.app_context():
            yield

    def means(self, view_id: int) -> tuple[Filter, list[str]]:
        things = [Names(db.session.scalars(select(kind)).all()) for kind in (Tag, AttributeKey)]
        return filter_of(db.session.get_one(SavedView, view_id).args, *things)

    def test_it_follows_a_tag_and_an_attribute_to_a_new_name(self):
        view = a_view(filter=Filter(tags=("VIP",), attrs=(("City", "Rio"),)))
        tags.rename(tags.find("vip"), "best")
        attributes.rename(attributes.find("city"), "town")
        assert self.means(view) == (Filter(tags=("best",), attrs=(("town", "Rio"),)), [])

    @pytest.mark.parametrize("how", ["deleted", "merged"])
    def test_it_says_when_what_it_names_is_gone(self, how):
        view = a_view()
        vip = tags.find("vip")
        tags.delete(vip) if how == "deleted" else tags.merge(vip, tags.define("other"))
        assert self.means(view) == (VIP, ["tag vip"])

    def test_a_new_tag_of_the_old_name_is_meant_again(self):
        view = a_view()
        tags.delete(tags.find("vip"))
        tags.define("VIP")
        assert self.means(view) == (Filter(tags=("VIP",)), [])

    @pytest.mark.parametrize("q", ["+55 11 98765-4321", "5511987654321", "Ana 11987654321"])
    def test_it_keeps_no_number_so_that_no_address_of_a_page_holds_one(self, q):
        with pytest.raises(Refused, match="keeps no number"):
            a_view(filter=Filter(q=q))
        a_view(filter=Filter(q="+55 11"))

    def test_so_many_and_no_more(self):
        owner = a_user().id
        for n in range(MOST_OWN):
            a_view(f"View {n}", owner=owner)
        with pytest.raises(Refused, match=f"{MOST_OWN} views already"):
            a_view("One more", owner=owner)
        a_view("Somebody else's")

    def test_a_name_is_taken_once(self):
        owner = a_user().id
        ids = a_view("Mine", owner=owner), a_view("Other", owner=owner)
        mine, other = (db.session.get_one(SavedView, id) for id in ids)
        with pytest.raises(MalformedName, match="already"):
            saved_view.change(other, "MINE", None, shared=False, seen=other.version, now=NOON)
        saved_view.change(mine, "MINE", None, shared=False, seen=mine.version, now=NOON)

    @pytest.mark.parametrize(
        ("name", "wanted", "stays"),
        [
            ("Best", Filter(tags=("vip",)), True),
            ("Best", Filter(q="ana"), True),  # of somebody else, too
            ("Best", Filter(q="souza"), False),  # found nobody but her
            ("Best", Filter(q="Ana Souza"), False),
            ("Orders of ana souza", Filter(tags=("vip",)), False),
            ("Best", Filter(attrs=(("city", "With Ana Souza"),)), False),
            ("Best", Filter(q="987654"), False),
            ("+55 11 98765-4321", Filter(tags=("vip",)), False),
            ("Best", Filter(q="ben"), True),
        ],
    )
    def test_at_an_erasure_goes_what_tells_who_it_was(self, name, wanted, stays):
        a_customer("Ana Lima", phone=a_number())
        a_customer("Ana Souza", phone="+55 11 98765-4321")
        view = a_view(name, wanted)
        for souza in db.session.scalars(select(Customer).where(Customer.name == "Ana Souza")).all():
            erasing.erase(souza, Wish("request", "By letter", "user:1", at(1000)))
        db.session.commit()
        assert (db.session.get(SavedView, view) is not None) == stays


def test_a_view_that_means_nobody_any_more_says_why_in_the_panel(app, desk, people):
    agent = desk("agent")
    agent.send("/customers/views/new", name="Mine", tag="vip")
    with app.app_context():
        tags.delete(tags.find("vip"))
        db.session.commit()
    soup = agent.soup("/opt-in")
    assert soup.select_one("#saved-views .gone").get_text(strip=True) == "No longer there:tag vip"
    assert listed(soup) == {"Mine": "/opt-in?tag=vip"}


def test_many_views_fold_and_the_active_one_is_seen(app, desk, people):
    agent = desk("agent")
    for n in range(9):
        agent.send("/customers/views/new", name=f"View {n}", q=f"word{n}")
    assert agent.soup("/opt-in").select_one("#saved-views summary").get_text() == "Show all 9"
    assert not agent.soup("/opt-in?q=word1").select_one("#saved-views details").has_attr("open")
    assert agent.soup("/opt-in?q=word8").select_one("#saved-views details").has_attr("open")
