"""Every page and every dialog of the desk, and how one gets there."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page


@dataclass(frozen=True)
class Place:
    """A page; with `opener` the dialog that this opens there."""

    name: str
    path: str
    opener: Callable[[Page], Locator] | None = None
    complaint: str = ""


def named(role: str, name: str) -> Callable[[Page], Locator]:
    return lambda page: page.get_by_role(role, name=name).first  # type: ignore[arg-type] - a list of words


def with_a_row(button: str) -> Callable[[Page], Locator]:
    """The button of this name, once a row of the table is chosen."""

    def chosen(page: Page) -> Locator:
        page.locator(".customer .c-select input").first.check()
        return page.get_by_role("button", name=button)

    return chosen


PLACES = [
    Place("opt-in", "/opt-in?per_page=25"),
    Place("opt-in filtered", "/opt-in?status=opted_out&tag=newsletter&q=a"),
    Place("opt-in empty", "/opt-in?q=nobody+is+called+this"),
    Place("customers", "/customers?q=karl"),
    Place("customer", "/customers/57"),
    Place("customer with proof", "/customers/59"),
    Place("duplicates", "/customers/duplicates"),
    Place("reviews", "/reviews"),
    Place("settings", "/settings"),
    Place("word packs", "/settings/packs"),
    Place("confirmations", "/settings/confirmations"),
    Place("wordings", "/settings/wordings"),
    Place("try your words", "/settings/lab"),
    Place("missed stops", "/settings/missed-stops"),
    Place("tags", "/tags"),
    Place("attributes", "/attributes"),
    Place("users", "/users"),
    Place("what happened to accounts", "/users/events"),
    Place("nothing happened to an account", "/users/events?person=user:1"),
    Place("tokens", "/tokens"),
    Place("endpoints", "/endpoints"),
    Place("endpoint", "/endpoints/1"),
    Place("endpoint that needs a new secret", "/endpoints/3"),
    Place("account", "/users/me"),
    Place("second step", "/users/me/second-step"),
    Place("guide", "/guide"),
    Place("simulator", "/simulator?per_page=25"),
    Place("campaigns", "/campaigns"),
    Place("campaign template", "/campaigns/1/edit"),
    Place("campaign audience", "/campaigns/1/edit/audience"),
    Place("campaign people", "/campaigns/1/audience?reason=opted_out"),
    Place("campaign review", "/campaigns/1/review"),
    Place("campaign report", "/campaigns/2"),
    Place("campaign record", "/campaigns/2/deliveries"),
    Place("segments", "/segments"),
    Place("segment", "/segments/1"),
    Place("segment rules", "/segments/1/edit"),
    Place("segment list", "/segments/2/edit"),
    Place("new segment", "/segments/new"),
    Place("templates", "/templates"),
    Place("reports", "/reports"),
    Place("auditor", "/reports/audit"),
    Place("status", "/status"),
    Place("disputed customers", "/status/disputes"),
    Place("consent log", "/events"),
    Place("consent log filtered", "/events?kind=policy&source=agent"),
    Place("consent log empty", "/events?until=2001-01-01"),
    Place("batches", "/events/batches"),
    Place("batch", "/events/batches/1"),
    Place("bulk change at work", "/events/batches/2"),
    Place("imports", "/imports"),
    Place("import at its columns", "/imports/1"),
    Place("import checked", "/imports/2"),
    Place("import under way", "/imports/3"),
    Place("import done", "/imports/4"),
    Place("as of", "/events/as-of?at=2026-01-01T12:00"),
    Place("disclosures", "/events/disclosures"),
    Place("customer as of", "/customers/57?as_of=2030-01-01T12:00"),
    Place("sign out", "/sign-out"),
    Place("not found", "/customers/999999", complaint="status of 404"),
    Place("settings dialog", "/opt-in?q=karl", named("button", "Opt-In / Opt-Out Settings")),
    Place("record consent", "/opt-in?status=unknown", named("button", "Record consent: ")),
    Place("opt in again", "/opt-in?status=opted_out", named("switch", "Opted Out: ")),
    Place("edit customer", "/opt-in?attr=plan:Pro&status=opted_out", named("button", "Edit ")),
    Place("add customer", "/customers?q=karl", named("link", "Add customer")),
    Place("merge customers", "/customers/duplicates", named("link", "Merge ")),
    Place("erase customer", "/customers/57", named("link", "Erase…")),
    Place("phone menu", "/simulator?per_page=25", named("button", "More to send")),
    Place("menu", "/customers?q=karl", named("button", "Menu of ")),
    Place("new campaign", "/campaigns", named("link", "New campaign")),
    Place("send a test", "/campaigns/1/review", named("link", "Send a test to me")),
    Place("save as segment", "/opt-in?status=opted_in", named("link", "Save as segment")),
    Place("save view", "/opt-in?status=opted_in", named("link", "Save view")),
    Place("edit view", "/opt-in?tag=vip", named("link", "Edit the view ")),
    Place("delete view", "/customers/views/1/delete"),
    Place("add to segment", "/opt-in?per_page=25", with_a_row("Add to segment…")),
    Place("opt out many", "/opt-in?per_page=25", with_a_row("Opt out…")),
    Place("add tags to many", "/opt-in?per_page=25", with_a_row("Add tags…")),
    Place("remove tags from many", "/opt-in?per_page=25", with_a_row("Remove tags…")),
    Place("set an attribute of many", "/opt-in?per_page=25", with_a_row("Set attribute…")),
    Place("stop all sending", "/campaigns", named("link", "Stop all sending")),
    Place("confirm sending", "/campaigns/sending/confirm"),
    Place("revert import", "/events/batches/1", named("link", "Revert")),
    Place("raw item", "/status", named("link", "Show raw")),
    Place("put aside", "/status", named("link", "Put aside")),
    Place("new wording", "/settings/wordings", named("link", "New wording")),
    Place("edit wording", "/settings/wordings", named("link", "Edit ")),
    Place("new tag", "/tags", named("link", "New tag")),
    Place("rename tag", "/tags", named("link", "Rename ")),
    Place("merge tag", "/tags", named("link", "Merge ")),
    Place("delete tag", "/tags", named("link", "Delete ")),
    Place("new attribute", "/attributes", named("link", "New attribute")),
    Place("merge attribute", "/attributes", named("link", "Merge ")),
    Place("add user", "/users", named("link", "Add user")),
    Place("edit user", "/users", named("link", "Edit ")),
    Place("add token", "/tokens", named("link", "Add token")),
    Place("add endpoint", "/endpoints", named("link", "Add endpoint")),
    Place("edit endpoint", "/endpoints/1", named("link", "Edit")),
    Place("new secret", "/endpoints/1", named("link", "New secret")),
    Place("new secret for one that cannot be read", "/endpoints/3", named("link", "New secret")),
    Place("replay", "/endpoints/1", named("link", "Replay from…")),
    Place("delete endpoint", "/endpoints/1", named("link", "Delete")),
    Place("message", "/endpoints/1", named("link", "Show message ")),
]
