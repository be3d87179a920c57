"""What makes a text marketing: a link, a price, an offer that is made; not an offer that ends."""

import pytest

from webapp.consent.confirmations import LONGEST_TEXT, fault_of
from webapp.consent.promotion import promotions


@pytest.mark.parametrize(
    "text",
    [
        "You are unsubscribed and will get no more offers from us. Reply START to get them again.",
        "Você não receberá mais ofertas. Responda START para voltar a receber.",
        "No recibirás más promociones. Responde ALTA si cambias de idea.",
        "Du erhältst keine Angebote mehr. Schreibe START, wenn du sie wieder möchtest.",
        "Vous ne recevrez plus nos offres. Répondez START pour les recevoir de nouveau.",
        "Non riceverai più offerte. Rispondi START per riceverle di nuovo.",
        "Je krijgt geen aanbiedingen meer. Antwoord START om ze weer te krijgen.",
        "Artık kampanya mesajı almayacaksınız. Yeniden almak için START yazın.",
        "Anda tidak akan menerima promo lagi. Balas START untuk menerimanya kembali.",
        "Вы больше не будете получать предложения. Ответьте START, чтобы вернуться.",
        "अब आपको हमारे ऑफ़र नहीं मिलेंगे। फिर से पाने के लिए START लिखें।",
        "لن تصلك عروضنا بعد الآن. أرسل START لتصلك من جديد.",
        "您将不再收到我们的促销信息。回复 START 可重新接收。",
        "今後、お知らせは届きません。再開は START と返信してください。",
        "",
    ],
)
def test_to_say_what_ended_and_how_to_come_back_is_no_promotion(text):
    assert promotions(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bye! Last chance: 20% off today", ["20%", "Last chance"]),
        ("Come back at https://shop.example", ["https://shop.example"]),
        ("See casalume.com.br before you leave", ["casalume.com.br"]),
        ("Only R$ 49 until Friday", ["R$ 49"]),
        ("Only 49 € until Friday", ["49 €"]),
        ("Você saiu, mas use o cupom VOLTA", ["cupom"]),
        ("Schade! Hier ist ein Gutschein", ["Gutschein"]),
        ("Скидка ждёт вас", ["Скидка"]),
        ("خصم خاص لك", ["خصم"]),
        ("限时优惠等您回来", ["限时"]),
        ("お得な情報", ["お得"]),
    ],
)
def test_an_offer_is(text, found):
    assert promotions(text) == found
    assert fault_of(text).startswith("This would make it marketing: “")


def test_a_text_that_is_too_long_is_refused():
    assert fault_of("a" * LONGEST_TEXT) == ""
    assert "1,025" in fault_of("a" * (LONGEST_TEXT + 1))
