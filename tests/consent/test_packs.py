"""Word packs: what ships has a source, what is on counts like a typed word, what is imported is checked."""

import json

import pytest

from tests.factories import NOON
from webapp.consent import pack_changes, pack_records, packs, policy
from webapp.consent.commands import keywords_group
from webapp.consent.keywords import US_LAW_WORDS, Decision, KeywordSet, check_words, read_text
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.pack_files import LARGEST_FILE, UnusablePack, read_pack
from webapp.consent.policy import Wishes
from webapp.consent.rules import Kind
from webapp.extensions import db

STANDARD = KeywordSet(("STOP",), ("START",))
SOURCED = {"en", "fr", "es", "pt", "de", "tr", "he", "zh", "ja", "ru", "ar", "hi", "ko"}


def a_file(**parts) -> bytes:
    usual = {"language": "sw", "name": "Swahili", "opt_out": ["acha", "SIMAMISHA"], "opt_in": ["anza"]}
    return json.dumps({**usual, **parts}).encode()


def switch_on(*keys: str, opt_out=("STOP",), opt_in=("START",)) -> None:
    wishes = Wishes(True, KeywordSet(opt_out, opt_in), False, keys)
    policy.change(wishes, version=None, actor="user:1", now=NOON)
    db.session.commit()


def told() -> list[dict]:
    """What the policy log says, the oldest first."""
    query = db.session.query(Evidence.words).join(ConsentEvent).filter(ConsentEvent.kind == Kind.POLICY)
    return [json.loads(words) for (words,) in query.order_by(ConsentEvent.id)]


class TestWhatShips:
    def test_the_languages_with_sourced_words_are_there(self):
        assert set(packs.shipped()) == SOURCED

    @pytest.mark.parametrize("pack", packs.shipped().values(), ids=lambda pack: pack.language)
    def test_every_word_has_a_source_and_could_be_typed(self, pack):
        assert all(group.source for group in pack.groups)
        words, errors = check_words(pack.opt_out, pack.opt_in, enabled=True)
        assert (errors, words.opt_out, words.opt_in) == ([], pack.opt_out, pack.opt_in)

    def test_all_of_them_can_be_on_together(self):
        assert packs.conflicts(STANDARD, packs.shipped().values()) == []

    def test_the_english_pack_holds_the_words_of_us_law(self):
        assert set(US_LAW_WORDS) <= set(packs.shipped()["en"].opt_out)

    @pytest.mark.parametrize(
        ("language", "text"),
        [("de", "Abmelden!"), ("tr", "iptal"), ("zh", "退订"), ("he", "הסר"), ("ar", "الغاء الاشتراك"),
         ("ru", "отписаться"), ("hi", "सदस्यता समाप्त"), ("ko", "수신거부"), ("ja", "配信解除"),
         ("fr", "arrêt"), ("es", "baja"), ("pt", "descadastrar"), ("en", "opt-out")],
    )  # fmt: skip
    def test_a_word_of_a_pack_opts_out_while_the_pack_is_on(self, language, text):
        words = packs.together(STANDARD, [packs.shipped()[language]])
        assert read_text(text, words).decision in (Decision.OPT_OUT, Decision.REVIEW)
        if language != "fr":
            assert read_text(text, words).decision is Decision.OPT_OUT


class TestWhatIsOn:
    @pytest.fixture(autouse=True)
    def in_context(self, app):
        with app.app_context():
            yield

    def test_a_new_desk_has_none_on_and_reads_as_ever(self):
        current = policy.current()
        assert (current.packs, policy.words_in_force(current)) == ([], STANDARD)

    def test_the_words_of_a_pack_act_and_are_not_taken_for_typed_ones(self):
        switch_on("de")
        current = policy.current()
        assert "ABMELDEN" in policy.words_in_force(current).opt_out
        assert policy.configured_words(current) == STANDARD
        assert current.opt_out_words == ["STOP"]

    def test_a_change_of_packs_is_logged_with_old_and_new_values(self):
        switch_on("de")
        switch_on("de", "tr")
        [_, event] = told()
        assert (event["before"]["packs"], event["after"]["packs"]) == (["de"], ["de", "tr"])

    def test_wishes_without_packs_leave_them_on(self):
        switch_on("de")
        policy.change(Wishes(True, STANDARD, True), version=None, actor="system", now=NOON)
        assert policy.current().packs == ["de"]

    def test_off_the_switch_silences_packs_as_well(self):
        switch_on("de")
        policy.change(Wishes(False, STANDARD, False), version=None, actor="system", now=NOON)
        assert policy.words_in_force(policy.current()) is None

    def test_a_typed_word_and_the_same_of_a_pack_count_once(self):
        switch_on("de", opt_out=("STOP", "STOPP"))
        assert policy.words_in_force(policy.current()).opt_out.count("STOPP") == 1


class TestContradictions:
    def test_a_typed_opt_in_word_that_a_pack_opts_out_with(self):
        [sentence] = packs.conflicts(KeywordSet(("STOP",), ("BAJA",)), [packs.shipped()["es"]])
        assert sentence.startswith("“BAJA” opts in by your keywords and opts out by the Spanish pack.")

    def test_a_pack_that_opts_in_with_a_typed_opt_out_word(self):
        [sentence] = packs.conflicts(KeywordSet(("INICIAR",), ()), [packs.shipped()["es"]])
        assert sentence.startswith("“INICIAR” opts in by the Spanish pack and opts out by your keywords.")

    def test_two_packs_against_each_other(self):
        [sentence] = packs.conflicts(
            STANDARD, [read_pack(a_file(opt_in=["abmelden"])), packs.shipped()["de"]]
        )
        assert "by the imported pack “Swahili” and opts out by the German pack" in sentence

    def test_accents_do_not_part_them(self):
        assert packs.conflicts(KeywordSet(("STOP",), ("ARRÊTE",)), [packs.shipped()["fr"]])


@pytest.mark.parametrize(
    ("sentence", "raw", "words"),
    [
        ("no JSON", b"STOP", "not readable JSON"),
        ("not UTF-8", b"\xff\xfe\x00", "not readable JSON"),
        ("NaN", b'{"language": NaN}', "not readable JSON"),
        ("a name twice", b'{"language": "sw", "language": "de"}', "not readable JSON"),
        ("too deep", b"[" * 60_000, "not readable JSON"),
        ("too large", b" " * (LARGEST_FILE + 1), "larger than 64 kB"),
        ("a list", b"[]", "another shape"),
        ("a part is missing", b'{"language": "sw", "name": "Swahili", "opt_out": ["ACHA"]}', "another shape"),
        ("a part too many", a_file(pattern=".*"), "another shape"),
        ("no code", a_file(language="Swahili, of the coast"), "must be a code"),
        ("a number for a code", a_file(language=7), "must be a code"),
        ("no name", a_file(name=" "), "“name” must be"),
        ("a name on two lines", a_file(name="a\nb"), "“name” must be"),
        ("a long name", a_file(name="x" * 61), "“name” must be"),
        ("a text for a list", a_file(opt_out="ACHA"), "“opt_out” must be a list"),
        ("numbers in a list", a_file(opt_in=[1]), "“opt_in” must be a list"),
        ("too many", a_file(opt_out=[f"WORD{n}" for n in range(201)]), "at most 200"),
        ("no stop", a_file(opt_out=[]), "no opt-out keyword"),
        ("one letter", a_file(opt_out=["y"]), "too short"),
        ("a long word", a_file(opt_out=["x" * 41]), "longer than 40"),
        ("a word in both lists", a_file(opt_out=["acha"], opt_in=["ACHA"]), "in both lists"),
        ("STOP to opt in", a_file(opt_in=["stop"]), "says stop in law"),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence(sentence, raw, words):
    with pytest.raises(UnusablePack, match=words):
        read_pack(raw)


class TestImporting:
    @pytest.fixture(autouse=True)
    def in_context(self, app):
        with app.app_context():
            yield

    def bring(self, **parts):
        pack = read_pack(a_file(**parts))
        pack_changes.bring(pack, actor="user:1", now=NOON)
        db.session.commit()
        return pack

    def test_it_is_off_at_first_and_marked_as_not_reviewed(self):
        pack = self.bring()
        kept = pack_records.available()[pack.key]
        assert (kept, kept.reviewed, kept.opt_out) == (pack, False, ("ACHA", "SIMAMISHA"))
        assert policy.words_in_force(policy.current()) == STANDARD

    def test_it_counts_when_it_is_on(self):
        switch_on(self.bring().key)
        assert read_text("acha", policy.words_in_force(policy.current())).decision is Decision.OPT_OUT

    def test_it_stands_beside_the_shipped_pack_of_its_language(self):
        pack = self.bring(language="de", name="Deutsch, unsere Wörter")
        assert {pack.key, "de"} <= set(pack_records.available())

    def test_importing_removing_and_their_words_are_logged(self):
        pack = self.bring()
        self.bring(opt_out=["KOMESHA"])
        pack_changes.remove(pack.key, actor="user:1", now=NOON)
        first, second, third = told()
        assert first["before"]["imported_packs"][pack.key] is None
        assert second["before"]["imported_packs"][pack.key]["opt_out"] == ["ACHA", "SIMAMISHA"]
        assert second["after"]["imported_packs"][pack.key]["opt_out"] == ["KOMESHA"]
        assert third["after"]["imported_packs"][pack.key] is None

    def test_the_same_again_logs_nothing(self):
        self.bring()
        self.bring()
        assert len(told()) == 1

    def test_removing_switches_it_off(self):
        pack = self.bring()
        switch_on(pack.key, "de")
        pack_changes.remove(pack.key, actor="user:1", now=NOON)
        assert policy.current().packs == ["de"]
        assert "ACHA" not in policy.words_in_force(policy.current()).opt_out

    def test_a_shipped_pack_cannot_be_removed(self):
        pack_changes.remove("de", actor="user:1", now=NOON)
        assert "de" in pack_records.available()
        assert told() == []

    def test_new_words_of_a_pack_that_is_on_may_not_contradict(self):
        switch_on(self.bring().key, "de")
        with pytest.raises(UnusablePack, match="opts out by the German pack"):
            self.bring(opt_in=["ABMELDEN"])

    def test_another_editor_gets_to_know(self):
        version = policy.current().version
        self.bring()
        with pytest.raises(policy.PolicyChangedMeanwhile):
            policy.keep_inbound(30, version=version, actor="user:1", now=NOON)


def test_the_command_shows_typed_words_and_refuses_a_contradiction(app, tmp_path):
    with app.app_context():
        switch_on("es")

    def run(*arguments: str):
        return app.test_cli_runner().invoke(keywords_group, arguments)

    assert json.loads(run("show").stdout) == {"opt_out": ["STOP"], "opt_in": ["START"]}
    file = tmp_path / "words.json"
    file.write_text(json.dumps({"opt_out": ["STOP"], "opt_in": ["BAJA"]}))
    refused = run("set", str(file))
    assert (refused.exit_code, "the Spanish pack" in refused.output) == (1, True)
    file.write_text(json.dumps({"opt_out": ["STOP", "HALT"], "opt_in": []}))
    assert run("set", str(file)).exit_code == 0
    with app.app_context():
        assert policy.current().packs == ["es"]
