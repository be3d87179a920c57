"""What the tests of proof packs share."""

import shutil

import pytest

from tests.customers.proof.packs import Made, a_pack, a_story, link_packages, public_key, unpacked


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    return link_packages(tmp_path_factory.mktemp("packages"))


@pytest.fixture
def story(app):
    with app.app_context():
        yield a_story()


@pytest.fixture
def folder(story, tmp_path):
    """Ana's pack, unpacked."""
    return unpacked(a_pack(story.ana), tmp_path / "pack")


@pytest.fixture(scope="session")
def made(migrated_sqlite, tmp_path_factory):
    """Ana's pack, made once: what is done to it in somebody's hands asks for no database."""
    from webapp import create_app
    from webapp.extensions import db

    folder = tmp_path_factory.mktemp("desk")
    shutil.copyfile(migrated_sqlite, folder / "heed.db")
    config = {"DATABASE_URL": f"sqlite:///{folder / 'heed.db'}", "HEED_DATA_DIR": str(folder)}
    app = create_app(config, web=False)
    with app.app_context():
        made = Made(a_pack(a_story().ana), public_key(), folder / "checkpoints.log")
        db.session.remove()
        db.engine.dispose()
    return made
