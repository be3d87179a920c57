"""A backup is put back: every opt-out of after it stands again, nobody gets a message twice, and nothing is
sent."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.backups.conftest import put_away
from tests.campaigns.factories import a_campaign, a_running_campaign, a_template, claimed
from tests.customers.erasure.erasures import erased
from tests.endpoints.factories import an_endpoint
from tests.factories import a_customer, at
from tests.whatsapp.posting import TODAY, deliver, everybody, prefers, says, the_ledger_is_whole
from webapp import clock, create_app
from webapp.backups.commands import restore_command, sending_group
from webapp.backups.models import Restore
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.models import Campaign, Delivery
from webapp.consent import ledger
from webapp.consent.commands import ledger_group
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentEvent, Evidence, Hold
from webapp.consent.rules import Source, Status
from webapp.consent.sealing import housekeeping, keys
from webapp.customers import identities
from webapp.customers.addresses import addresses
from webapp.customers.erasure import suppression_key
from webapp.customers.importing import import_file
from webapp.customers.journal import log
from webapp.customers.models import Customer
from webapp.database import is_sqlite, writing
from webapp.extensions import db
from webapp.status import safety_lines
from webapp.status.line import GOOD

ANA, BO, CY, DI, EVE, FAY = (f"55119876500{n:02}" for n in range(1, 7))
MINUTE = timedelta(minutes=1)


def put_on_record(app, *numbers: str, status: Status = Status.OPTED_IN) -> None:
    with app.app_context(), writing():
        for number in numbers:
            a_customer(f"Customer of {number[-1]}", status, f"+{number}")


def stops(app) -> dict[str, str]:
    """What keeps marketing from each, by the last digit of the number."""
    with app.app_context():
        found = {}
        for one in everybody():
            flags = [one.status] + ["stopped"] * bool(one.platform_stop_at) + ["held"] * bool(one.held_at)
            numbers = [identity.value for identity in one.identities if identity.kind in ("phone", "wa_id")]
            found[numbers[0][-1] if numbers else "?"] = " ".join(flags)
        return found


def safety(app) -> dict[str, tuple[str, str]]:
    with app.app_context():
        found = safety_lines.lines(app.config["HEED"], clock.now())
        return {line.id: (line.tone, line.words) for line in found}


def off(app) -> str:
    with app.app_context():
        return switch.off(app.config["HEED"])


@pytest.fixture
def people(app):
    put_on_record(app, ANA, BO, CY, DI)


def test_every_stop_of_after_the_backup_stands_again(app, people, backup, restore, fresh):
    made = backup()
    deliver(app, says("STOP", 1, **{"from": ANA}), prefers("stop", wa_id=BO),
            says("Stop. Thank you", 2, **{"from": CY}))  # fmt: skip
    before = stops(app)
    done = restore(made)
    assert done.exit_code == 0, done.output
    assert (
        stops(fresh)
        == before
        == {"1": "opted_out", "2": "opted_in stopped", "3": "opted_in held", "4": "opted_in"}
    )
    with fresh.app_context():
        event = db.session.scalars(select(ConsentEvent).where(ConsentEvent.status == "opted_out")).one()
        assert (event.source, event.actor, event.reason) == (Source.SYSTEM, "system", "journal")
        assert db.session.get_one(Evidence, event.id).words.startswith("Opt-out journal, recorded at ")
        assert "does not hold its words" in db.session.scalars(select(Hold)).one().why
        assert the_ledger_is_whole()
    assert "3 entries in the journal, 3 people were stopped again" in done.output


def test_an_imported_opt_out_of_an_earlier_day_stands_again_over_an_own_opt_in(
    app, backup, restore, fresh, tmp_path
):
    deliver(app, says("START", 5, **{"from": ANA}))
    made = backup()
    file = tmp_path / "list.csv"
    file.write_text(f"phone,consent,given_at\n+{ANA},opted_out,2026-01-01T00:00:00Z\n")
    with app.app_context():
        import_file(file, actor="system", now=clock.now())
    assert stops(app) == {"1": "opted_out"}
    earlier(
        tmp_path, by=120 * MINUTE, told=timedelta()
    )  # as in a file so long that the customer opted in meanwhile
    assert restore(made).exit_code == 0
    assert stops(fresh) == {"1": "opted_out"}


def test_an_opt_in_of_before_the_backup_is_not_taken_back(app, people, backup, restore, fresh):
    """An entry whose event is in the backup is known to it, and so is what came later."""
    deliver(app, says("STOP", 1, **{"from": ANA}), says("STOP", 2, **{"from": BO}))
    deliver(app, says("START", 9, **{"from": ANA}))
    with app.app_context(), writing():
        identities.attach(identities.find("phone", BO), "user_id", "US.1", "webhook", clock.now())
        db.session.commit()
    assert restore(backup()).exit_code == 0
    assert stops(fresh) == {"1": "opted_in", "2": "opted_out", "3": "opted_in", "4": "opted_in"}
    with fresh.app_context():
        assert db.session.scalars(select(Restore)).one().found["entries"] == 0


def test_restoring_twice_is_like_once_and_a_later_backup_remembers_what_the_journal_told_it(
    app, people, backup, restore, fresh, tmp_path
):
    """Whose opt-in is recorded after a restore is not opted out by the same entry at the next one."""
    made = backup()
    deliver(app, says("STOP", 1, **{"from": ANA}))
    earlier(tmp_path, by=MINUTE, told=MINUTE)  # a tie goes to the opt-out
    first, second = restore(made).output, restore(made).output
    assert difference(first) == difference(second) != []
    assert stops(fresh)["1"] == "opted_out"
    with fresh.app_context(), writing():
        again = Statement(Status.OPTED_IN, Source.AGENT, "user:1", clock.now(), proof=Proof("other", "Yes"))
        ledger.record(identities.find("phone", ANA), again)
        db.session.commit()
    put_away(fresh)
    assert restore(backup()).exit_code == 0
    assert stops(fresh)["1"] == "opted_in"


def earlier(folder, by: timedelta, told: timedelta) -> None:
    """The journal as if its events had been recorded, and it had been told of them, so much earlier."""
    known = log.read(folder / log.FILE).entries
    (folder / log.FILE).unlink()
    log.append(folder, [replace(each, told=each.told - told, at=each.at - by) for each in known])


def difference(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("- ")]


def test_who_was_not_known_is_opted_out_whichever_way_they_come(app, backup, restore, fresh, tmp_path):
    put_on_record(app, EVE)
    made = backup()
    put_on_record(app, ANA, BO, CY)
    deliver(app, *(says("STOP", n, **{"from": number}) for n, number in enumerate((ANA, BO, CY, FAY))))
    earlier(tmp_path, by=MINUTE, told=MINUTE)  # a tie goes to the opt-out
    assert "4 new addresses are kept as stopped" in restore(made).output
    assert stops(fresh) == {"5": "opted_in"}
    deliver(fresh, says("Hello again", 9, **{"from": ANA}))
    file = tmp_path / "list.csv"
    file.write_text(f"phone,consent,evidence\n+{BO},opted_in,Web form\n+{DI},opted_in,Web form\n")
    with fresh.app_context():
        import_file(file, actor="system", now=clock.now())
    put_on_record(fresh, CY, status=Status.UNKNOWN)
    later = int(clock.now().timestamp()) + 5 - TODAY
    deliver(fresh, says("START", later, **{"from": FAY}))
    assert stops(fresh) == dict.fromkeys("123", "opted_out") | dict.fromkeys("456", "opted_in")
    with fresh.app_context():
        assert the_ledger_is_whole()


def test_an_address_that_a_stopped_customer_got_later_is_stopped(app, backup, restore, fresh):
    put_on_record(app, ANA, status=Status.OPTED_OUT)
    made = backup()
    with app.app_context(), writing():
        identities.attach(identities.find("phone", ANA), "phone", f"+{BO}", "agent", clock.now())
        db.session.commit()
    assert restore(made).exit_code == 0
    put_on_record(fresh, BO, status=Status.UNKNOWN)
    assert stops(fresh) == {"1": "opted_out", "2": "opted_out"}


def test_who_was_erased_after_the_backup_is_erased_again(app, people, backup, restore, fresh):
    made = backup()
    with app.app_context():
        id = identities.find("phone", ANA).id
    erased(app, id)
    assert "1 person was erased again" in restore(made).output
    with fresh.app_context():
        assert db.session.get_one(Customer, id).erased_at is not None
        assert identities.find("phone", ANA) is None


def test_without_the_key_of_the_erased_nothing_is_restored(app, people, backup, restore, tmp_path):
    made = backup()
    with app.app_context():
        id = identities.find("phone", ANA).id
    erased(app, id)
    (tmp_path / suppression_key.FILE).unlink()
    done = restore(made)
    assert done.exit_code == 1
    assert "Put suppression.key back" in done.output
    with app.app_context():
        assert db.session.get_one(Customer, id).erased_at is not None


def test_with_another_key_people_are_found_by_their_record(app, people, backup, restore, fresh, tmp_path):
    made = backup()
    deliver(app, says("STOP", 1, **{"from": ANA}))
    (tmp_path / suppression_key.FILE).write_text("00" * 32)
    assert "1 entry was made with another suppression.key" in restore(made).output
    assert stops(fresh)["1"] == "opted_out"


def test_under_the_right_key_all_is_found_that_another_one_did_not_find(app, people, run, tmp_path):
    """An entry names a record, which may be another one in the database that was put back."""
    deliver(app, says("STOP", 1, **{"from": ANA}))
    with app.app_context():
        cy = identities.find("phone", CY)
        of_ana = log.read(tmp_path / log.FILE).entries[0]
        of_cy = replace(of_ana, event=10**6, customer=10**6, hashes=(hash_of(cy),))
    log.append(tmp_path, [of_cy])
    key = (tmp_path / suppression_key.FILE).read_text()
    (tmp_path / suppression_key.FILE).write_text("00" * 32)
    assert run(restore_command, "--in-place").exit_code == 0
    assert stops(app)["3"] == "opted_in"
    (tmp_path / suppression_key.FILE).write_text(key)
    assert run(restore_command, "--in-place").exit_code == 0
    assert stops(app)["3"] == "opted_out"


def hash_of(customer) -> str:
    return suppression_key.hashed(suppression_key.read(), customer.identities[0].match_key)


def test_processes_that_run_while_a_desk_is_put_right_in_place_stop_who_was_not_known(app, run, tmp_path):
    put_on_record(app, ANA)
    deliver(app, says("STOP", 1, **{"from": ANA}))
    [entry] = log.read(tmp_path / log.FILE).entries
    with app.app_context():
        [eve] = addresses(phone=f"+{EVE}")
        theirs = suppression_key.hashed(suppression_key.read(), eve.match_key)
    log.append(tmp_path, [replace(entry, event=10**6, customer=10**6, hashes=(theirs,))])
    other = create_app({"DATABASE_URL": app.config["HEED"].database_url, "HEED_DATA_DIR": str(tmp_path),
                        "SECRET_KEY": app.config["SECRET_KEY"]}, web=False)  # fmt: skip
    assert other.test_cli_runner().invoke(restore_command, ["--in-place"]).exit_code == 0
    put_away(other)
    put_on_record(app, EVE, status=Status.UNKNOWN)
    assert stops(app)["5"] == "opted_out"


def test_an_address_is_stopped_that_somebody_else_has_in_the_backup(app, people, run, tmp_path):
    """A stopped customer got it after the backup: none of them has all addresses of the entry."""
    deliver(app, says("STOP", 1, **{"from": ANA}))
    [entry] = log.read(tmp_path / log.FILE).entries
    with app.app_context():
        both = (hash_of(identities.find("phone", ANA)), hash_of(identities.find("phone", BO)))
    log.append(tmp_path, [replace(entry, event=0, hashes=both)])
    assert run(restore_command, "--in-place").exit_code == 0
    assert (stops(app)["1"], stops(app)["2"]) == ("opted_out", "opted_out")


@pytest.mark.parametrize("journal", ["as it was", "shortened", "another one"])
def test_a_journal_that_does_not_reach_back_to_the_backup_is_told(
    app, people, backup, restore, tmp_path, journal
):
    deliver(app, says("STOP", 1, **{"from": ANA}))
    made = backup()
    deliver(app, says("STOP", 2, **{"from": BO}))
    if journal != "as it was":
        [_, kept] = log.read(tmp_path / log.FILE).entries
        (tmp_path / log.FILE).unlink()
        log.append(tmp_path, [kept] if journal == "shortened" else [replace(kept, customer=10**6)])
    assert ("Who opted out in between may be missing" in restore(made).output) == (journal != "as it was")


def test_what_keeping_fewer_backups_leaves_of_the_journal_reaches_back_to_them(
    app, people, backup, restore, tmp_path
):
    deliver(app, says("STOP", 1, **{"from": ANA}))
    earlier(tmp_path, by=MINUTE, told=timedelta(days=2))
    made = backup("--keep", 1)
    assert "may be missing" not in restore(made).output


@pytest.fixture
def campaigns(app, people) -> dict[str, int]:
    """One under way (a message sent, one on its way, two waiting), one scheduled, one whose audience was just
    being written, and a draft."""
    with app.app_context(), writing():
        template = a_template()
        who = everybody()
        running = a_running_campaign(template, *who)
        claimed(running, free=2)
        row = db.session.scalars(select(Delivery).where(Delivery.state == "sending")).first()
        row.state = "sent"
        scheduled = a_campaign(template, *who, status="scheduled", scheduled_at=at(3600))
        half = a_campaign(template, *who, status="running", launched_at=at(1))
        draft = a_campaign(template, *who)
        db.session.commit()
        return {"running": running.id, "scheduled": scheduled.id, "half": half.id, "draft": draft.id}


def test_what_waited_at_the_backup_is_never_sent_by_itself(app, campaigns, backup, restore, fresh):
    done = restore(backup())
    assert "3 messages waited or were on their way" in done.output
    with fresh.app_context():
        states = db.session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
        assert dict(states.all()) == {"sent": 1, "unknown": 3}
        found = {name: db.session.get_one(Campaign, id) for name, id in campaigns.items()}
        assert (found["running"].status, found["running"].pause_code) == ("paused", "restored")
        assert found["half"].status == "cancelled"
        assert found["scheduled"].missed_at is not None
        assert campaigns["scheduled"] not in lifecycle.due(at(7200))
        assert found["draft"].status == "draft"
        lifecycle.resume(found["running"], actor="user:1", now=clock.now())
        assert lifecycle.finish_if_done(campaigns["running"], clock.now())


def test_nothing_starts_until_somebody_confirms(app, people, backup, restore, fresh, run):
    assert "Sending stays off" in restore(backup()).output
    assert "restored from a backup of" in off(fresh)
    with fresh.app_context(), writing():
        campaign_id = a_running_campaign(a_template(), *everybody()).id
        assert claimed(db.session.get_one(Campaign, campaign_id)).rows == []
    put_away(fresh)
    assert run(sending_group, "confirm").exit_code == 1, "nobody answered"
    assert run(sending_group, "confirm", "--yes").exit_code == 0
    assert off(fresh) == ""
    with fresh.app_context(), writing():
        assert len(claimed(db.session.get_one(Campaign, campaign_id), 3).rows) == 4
        assert db.session.scalars(select(Restore)).one().confirmed_by == "system"


def test_the_kill_switch_does_not_confirm(app, people, backup, restore, fresh):
    assert restore(backup()).exit_code == 0
    with fresh.app_context(), writing():
        for enabled in (False, True):
            switch.set_enabled(enabled, actor="user:1", now=clock.now())
        db.session.commit()
    assert "restored from a backup of" in off(fresh)


def test_a_database_with_a_desk_is_refused_unless_told_and_then_kept(app, people, backup, restore, fresh):
    made = backup()
    put_on_record(app, EVE)
    put_away(app)
    refused = app.test_cli_runner().invoke(restore_command, [str(made)])
    assert refused.exit_code == 1
    assert "--replace" in refused.output
    assert len(stops(app)) == 5
    assert "The database of before is kept as " in restore(made).output
    assert len(stops(fresh)) == 4


def test_a_desk_in_use_is_not_replaced(app, people, backup):
    made = backup()
    with app.app_context():
        db.session.execute(select(1))
        done = app.test_cli_runner().invoke(restore_command, [str(made), "--replace"])
        db.session.rollback()
    assert done.exit_code == 1
    assert "in use" in done.output


def test_a_backup_of_a_newer_heed_is_refused(app, people, backup, restore):
    made = backup()
    told = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps(told | {"schema": "9999"}))
    done = restore(made)
    assert (done.exit_code, "newer Heed" in done.output) == (1, True)


def test_what_another_secret_key_cannot_read_is_told(app, people, backup, restore):
    with app.app_context():
        an_endpoint()
    made = backup()
    assert "secret cannot be read" not in restore(made).output
    app.config["HEED"] = replace(app.config["HEED"], secret_key="another secret key of thirty-two bytes")
    done = restore(made)
    assert done.exit_code == 0
    assert "Look at this: Endpoints whose secret cannot be read: 1. Put the SECRET_KEY of" in done.output


def test_it_is_told_beside_a_damaged_signing_key_too(app, people, backup, restore, tmp_path):
    with app.app_context():
        an_endpoint()
    made = backup()
    (tmp_path / keys.FILE).write_text("no key")
    app.config["HEED"] = replace(app.config["HEED"], secret_key="another secret key of thirty-two bytes")
    said = restore(made).output
    assert "signing.key in the data folder is not 32 bytes" in said
    assert "Endpoints whose secret cannot be read: 1." in said


def test_the_sealed_ledger_is_whole_after_a_restore_and_goes_on(
    app, people, backup, restore, fresh, tmp_path
):
    seal(app)
    made = backup()
    deliver(app, says("STOP", 1, **{"from": ANA}))
    seal(app)
    assert restore(made).exit_code == 0
    assert list(tmp_path.glob("checkpoints.log.before-*")), "what was published is kept"
    for _ in range(2):
        assert fresh.test_cli_runner().invoke(ledger_group, ["verify"]).exit_code == 0
        deliver(fresh, says("STOP", 2, **{"from": BO}))
        seal(fresh)
    assert fresh.test_cli_runner().invoke(ledger_group, ["verify"]).exit_code == 0


def seal(app) -> None:
    with app.app_context():
        housekeeping.seal_all(app.config["HEED"])


def test_a_desk_that_was_put_back_by_other_means_repeats_what_came_after(app, people, run, tmp_path):
    """As after a snapshot of the volume or of the server: the event of an entry is not in the database."""
    deliver(app, says("STOP", 1, **{"from": ANA}))
    with app.app_context():
        bo = identities.find("phone", BO)
        lost = replace(log.read(tmp_path / log.FILE).entries[0], event=10**6, customer=bo.id, hashes=())
        somebody_else = replace(lost, event=10**6 + 1, customer=bo.id + 1, since=lost.since - MINUTE)
    log.append(tmp_path, [lost, somebody_else])
    for _ in range(2):
        done = run(restore_command, "--in-place")
        assert done.exit_code == 0, done.output
    assert stops(app) == {"1": "opted_out", "2": "opted_out", "3": "opted_in", "4": "opted_in"}
    assert "restored from a backup" in off(app)


def test_a_desk_that_cannot_be_read_any_more_is_replaced(app, people, backup, restore, fresh, tmp_path):
    """The file is broken, and beside it lies a journal of SQLite's that would break another one."""
    made, journal = backup(), tmp_path / "heed.db-wal"
    if not is_sqlite(app.config["HEED"].database_url):
        return  # PostgreSQL's files are its own
    deliver(app, says("STOP", 1, **{"from": ANA}))
    left = journal.read_bytes()
    put_away(app)
    journal.write_bytes(left)
    (tmp_path / "heed.db").write_bytes(b"broken" * 1000)
    assert app.test_cli_runner().invoke(restore_command, [str(made)]).exit_code == 1
    assert restore(made).exit_code == 0
    assert stops(fresh) == {"1": "opted_out", "2": "opted_in", "3": "opted_in", "4": "opted_in"}
    with fresh.app_context():
        assert the_ledger_is_whole()
    [kept] = tmp_path.glob("heed.db-before-*-wal")
    assert kept.read_bytes() == left


@pytest.mark.parametrize("journal", ["lost", "trimmed"])
def test_what_the_restored_backup_holds_is_not_missed_in_the_journal(
    app, backup, restore, fresh, tmp_path, journal
):
    deliver(app, says("STOP", 1))
    made = backup()
    if journal == "lost":
        (tmp_path / log.FILE).unlink()
    else:
        log.trim(tmp_path, clock.now())
    assert restore(made).exit_code == 0
    assert safety(fresh)["journal"][0] == GOOD
    assert "heed backup made the last one" in safety(fresh)["backup"][1]
