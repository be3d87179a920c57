"""What the tests of proof packs share."""

import pytest

from tests.customers.proof.packs import a_pack, a_story, link_packages, unpacked


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
