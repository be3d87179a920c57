"""An import from its file to its revert: who came with it alone goes, and what it gave to others."""

from sqlalchemy import select

from tests.bulk.people import carried, reverted
from tests.factories import NOON, a_customer
from webapp.bulk.models import BatchRun
from webapp.consent import batches
from webapp.consent.batches import BatchKind
from webapp.customers.importing import import_file
from webapp.customers.models import Customer
from webapp.customers.tags import tags
from webapp.extensions import db


def test_an_import_is_taken_back_with_the_people_whom_it_created(app, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(
        "phone,name,tags,attr:plan\n+5511988124410,New,gold;vip,Pro\n+5511988124411,Known,gold,Pro\n"
    )
    with app.app_context():
        known = a_customer("", phone="+55 11 98812-4411")
        tags.set_tags(known, ["vip"])
        db.session.commit()
        import_file(file, actor="user:1", now=NOON)
        a_customer("Later")
        assert carried() == {"gold": 2, "vip": 2}
        revert = reverted(batches.newest(BatchKind.IMPORT))
        assert db.session.get_one(BatchRun, revert.id).removed == 1
        names = [one.name for one in db.session.scalars(select(Customer).order_by(Customer.id))]
        assert names == ["", "Later"]
        assert (known.tags_json, known.attrs_json, carried()) == (["vip"], {}, {"gold": 0, "vip": 1})
