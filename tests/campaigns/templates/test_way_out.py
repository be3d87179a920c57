"""A template that promises a way out keeps the promise, or is flagged; marketing without one is flagged."""

import pytest

from tests.rows import every
from webapp.campaigns.templates import way_out
from webapp.campaigns.templates.promised_words import promised_words
from webapp.consent.keywords import KeywordSet

DEFAULT = KeywordSet()
PROMISES = [
    ("Reply STOP to unsubscribe", ["STOP"], "English"),
    ("To opt out, reply ALTO", ["ALTO"], "the purpose before it"),
    ("Reply \"UNSUB\" to unsubscribe", ["UNSUB"], "in quotes"),
    ("Reply *STOP* to unsubscribe", ["STOP"], "in bold"),
    ("Reply OPT OUT to stop receiving offers", ["OPT OUT"], "two words"),
    ("Reply STOP or UNSUBSCRIBE to opt out", ["STOP", "UNSUBSCRIBE"], "two promises"),
    ("STOP to opt out", ["STOP"], "without a verb"),
    ("REPLY STOP TO UNSUBSCRIBE", ["STOP"], "all in capitals"),
    ("Reply stop to unsubscribe", ["stop"], "none in capitals"),
    ("Reply YES to confirm or STOP to opt out", ["STOP"], "beside a question"),
    ("Reply HELP for help, STOP to cancel", ["STOP"], "beside help"),
    ("Responda SAIR para não receber mais", ["SAIR"], "Portuguese"),
    ("Quer sair? Responda PARE", ["PARE"], "Portuguese, as a question"),
    ("Envía la palabra ALTO para dejar de recibir", ["ALTO"], "Spanish"),
    ("Responde BAJA para darte de baja", ["BAJA"], "Spanish"),
    ("Mit STOPP antworten, um keine Werbung zu erhalten", ["STOPP"], "German, the verb last"),
    ("Zum Abmelden STOPP senden", ["STOPP"], "German"),
    ("Envoyez ARRET pour vous désabonner", ["ARRET"], "French"),
    ("Rispondi con BASTA per disiscriverti", ["BASTA"], "Italian"),
    ("Antwoord met AFMELDEN om af te melden", ["AFMELDEN"], "Dutch"),
    ("Balas BERHENTI untuk berhenti berlangganan", ["BERHENTI"], "Indonesian"),
    ("İptal için RET yazıp gönderin", ["RET"], "Turkish"),
    ("Чтобы отписаться, ответьте «СТОП»", ["СТОП"], "Russian"),
    ("Wyślij STOP aby zrezygnować", ["STOP"], "Polish"),
    ("أرسل إيقاف لإلغاء الاشتراك", ["إيقاف"], "Arabic"),
    ("להסרה השיבו הסר", ["הסר"], "Hebrew"),
    ("回复TD退订", ["TD"], "Chinese"),
    ("拒收请回复R", ["R"], "Chinese, one letter"),
    ("配信停止は「解除」と返信してください", ["解除"], "Japanese"),
    ("수신거부는 '중지' 라고 답장해 주세요", ["중지"], "Korean"),
    ("बंद करने के लिए STOP लिखकर भेजें", ["STOP"], "Hindi"),
    ("Band karne ke liye STOP bhejein", ["STOP"], "Hindi in Latin letters"),
    ("ตอบ \"หยุด\" เพื่อยกเลิก", ["หยุด"], "Thai"),
    ("Soạn TUCHOI gửi để từ chối", ["TUCHOI"], "Vietnamese"),
    ("Reply YES to confirm", [], "another question"),
    ("Reply CANCEL to cancel your order", [], "an order"),
    ("Responda SIM para confirmar sua consulta", [], "an appointment"),
    ("DON'T STOP the music: 20% off", [], "a song"),
    ("Our SALE starts today. Use code STOP20", [], "a code"),
    ("Where is the bus stop? Send us a photo", [], "a bus stop"),
    ("Not interested? Tap Stop promotions", [], "a button, not a reply"),
    ("Free delivery this week. Text us any time", [], "nothing of the kind"),
    ("", [], "no text"),
]  # fmt: skip


@every(("text", "words", "sentence"), PROMISES, ids=[row[0] or "-" for row in PROMISES])
def test_the_words_that_a_text_promises(text, words, sentence):
    assert list(promised_words(text)) == words, sentence


def a_template(body="News.", footer="", replies=(), links=()):
    buttons = [{"type": "QUICK_REPLY", "text": label} for label in replies]
    buttons += [{"type": "URL", "text": label, "url": "https://example.com"} for label in links]
    footers = [{"type": "FOOTER", "text": footer}] if footer else []
    return [
        {"type": "BODY", "text": body},
        *footers,
        *([{"type": "BUTTONS", "buttons": buttons}] if buttons else []),
    ]


STOP, SAIR, NONE = "Reply STOP to opt out", "Responda SAIR para sair", "without a way out"
FLAGS = [
    (a_template(footer=STOP), DEFAULT, True, [], "a promise that is kept"),
    (a_template(footer=SAIR), DEFAULT, True, ["“SAIR”", NONE], "one that is not"),
    (a_template(footer=SAIR), KeywordSet(("STOP", "SAIR")), True, [], "until the word is added"),
    (a_template(footer=STOP), None, True, ["switched off", NONE], "keywords are off"),
    (a_template(replies=["Stop promotions"]), None, True, [], "a button needs no keyword"),
    (a_template(footer=SAIR, replies=["Parar promoções"]), DEFAULT, True, ["“SAIR”"],
     "a good button beside a broken promise"),
    (a_template(replies=["See offers"]), DEFAULT, True, [NONE], "a button of another kind"),
    (a_template(replies=["Unsubscribe from this shop"]), DEFAULT, True, ["looks like", NONE],
     "a button that only looks like it"),
    (a_template(links=["Unsubscribe"]), DEFAULT, True, [], "a link is a way out"),
    (a_template(), DEFAULT, True, [NONE], "marketing without any"),
    (a_template(), DEFAULT, False, [], "utility needs none"),
    (a_template(footer=SAIR), DEFAULT, False, ["“SAIR”"], "but keeps its promises"),
    (a_template(footer="Reply STOP PLEASE to opt out"), DEFAULT, True, ["“STOP PLEASE”", NONE],
     "a word that only goes to review is no way out"),
    ([], DEFAULT, True, [NONE], "nothing at all"),
    ([{"type": "BODY"}, {"type": "BUTTONS", "buttons": None}], DEFAULT, False, [], "parts without content"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "words", "marketing", "expected", "sentence"), FLAGS, ids=[r[-1] for r in FLAGS]
)
def test_what_is_flagged(parts, words, marketing, expected, sentence):
    flags = way_out.flags(parts, words, marketing=marketing)
    assert len(flags) == len(expected), sentence
    assert all(piece in flag for piece, flag in zip(expected, flags, strict=True)), sentence
