"""The words that a text asks to reply with in order to get no more, in the languages of templates. Pure.

A promised word stands out: it is quoted or in capitals, or follows the verb in a script that has no capitals.
It counts when the sentence asks for a reply, and either the word itself is one of stopping or the sentence
says that it is about stopping; so neither "Reply YES to confirm" nor "DON'T STOP the music" promises it.
"""

import re
from functools import lru_cache

from webapp.consent.folding import fold, tokens, without_accents

REPLY = re.compile(
    r"(?<!\w)(?:reply|repl(?:ies|ying)|respond|answer|text|txt|send|type|write|say"
    r"|responda|responde|envi[ae]|envía|digite|escrev|escrib|contest|mand[ae]"
    r"|antwort|sende|schreib|r[eé]pond|envoy|tapez|écriv|rispond|invia|scriv|antwoord|stuur|typ"
    r"|balas|kirim|ketik|tulis|ответ|отправ|напиши|odpowiedz|wyślij|napisz|yanıtla|yaz|gönder|cevapla"
    r"|أرسل|ارسل|اكتب|رد|שלח|השב|השיב|כתוב|כתבו|भेज|लिख|जवाब|bhej|likh|ตอบ|ส่ง|พิมพ์|soạn|nhắn|gửi|trả lời)\w*"
    r"|回复|回覆|回復|发送|發送|输入|輸入|返信|送信|입력|답장|회신|보내",
    re.IGNORECASE,
)
PURPOSE = re.compile(
    r"unsubscri|opt(?:ing)?[\s-]?out|stop (?:promo|market|receiv|these|messag|offers|ads)"
    r"|to (?:stop|cancel|end)|no (?:more|longer)|remove you|be removed|leave the list|end messages"
    r"|don.?t want|do not want|any ?more|not interested|quer sair"
    r"|descadastr|para sair|sair da lista|parar de|deixar de|não (?:quer|receber)|cancelar"
    r"|suscripci|dejar de|dar(?:se|te)? de baja|para (?:la )?baja|no (?:quieres?|desea|recibir)|salir"
    r"|abmeld|abbestell|abzumeld|austrag|keine (?:werbung|nachrichten|weiteren)|nicht mehr"
    r"|d[eé]sabonn|d[eé]sinscri|ne plus|se retirer|arrêter"
    r"|disiscri|annulla|cancella|non ricevere|non voler|revoca"
    r"|afmeld|af te melden|uitschrij|niet meer|geen (?:berichten|reclame)"
    r"|berhenti|henti|keluar|tidak (?:ingin|mau)|jangan|отпис|отказ|не получать|wypis|rezygn"
    r"|abonelik|üyelik|almamak|istemiyor|iptal|vazgeç|çıkmak"
    r"|إلغاء|الغاء|إيقاف|ايقاف|لا تريد|التوقف|הסר|להפסק|לביטול|बंद|सदस्यता|रोक|नहीं चाह|band karne|rokne"
    r"|退订|退訂|取消|停止|解除|拒收|不再|수신\s?거부|중단|해지|ยกเลิก|หยุด|hủy|từ chối|ngừng|dừng",
    re.IGNORECASE,
)
OTHER_PURPOSE = re.compile(
    r"\b(?:orders?|appointment|booking|reservation|delivery|visit|pedido|cita|consulta|reserva|entrega"
    r"|agendamento|termin|bestellung|buchung|commande|rendez-vous|ordine|appuntamento|prenotazione|afspraak"
    r"|bestelling|pesanan|заказ\w*|запись|randevu|sipariş\w*)\b",
    re.IGNORECASE,
)
"""What may be cancelled by a reply and is no marketing."""
STOPPING = re.compile(
    r"stop+|stopall|stop all|unsub\w*|opt ?out|quit|end|revoke|cancel|remove|sair|parar|cancelar|remover"
    r"|descadastrar|baja|alto|detener|desuscribir|arret\w*|abmelden|basta|disiscriviti|afmelden|berhenti|стоп|отпис\w*"
    r"|ret|dur|iptal|إيقاف|ايقاف|إلغاء|الغاء|הסר|הסירו|td|退订|退訂|停止|取消|解除|중지|중단|수신거부|बंद|รोकें|หยุด"
    r"|huy|dung|tuchoi",
)
"""Words, folded, that say stop by themselves."""
QUOTES = "\"“”„«»‘’'‹›「」『』【】*"

_SENTENCE = re.compile(r"[.!\n。！।]")
_CLAUSE = re.compile(
    r"[,;|]\s|[?？؟，、]|\s(?:or|ou|o|oder|of|atau|или|veya|lub|أو|או|या|หรือ|hoặc)\s|または|或|또는",
    re.IGNORECASE,
)
_QUOTED = re.compile(rf"(?:(?<!\w)['‘’*]|[\"“”„«»‹›「」『』【】])+([^{QUOTES}\n]{{1,40}})[{QUOTES}]{{1,2}}")
_AFTER_VERB = re.compile(r"^[\s:]*(?:(?:with|the word|ب|بكلمة|كلمة|את)\s+)?([^\W\d_]{2,})")
_IN_ORDER_TO = re.compile(r"\s*(?:[:=–-]|to|para|pour|zum|per|om|untuk|чтобы|için|aby)\s")
_WORD = re.compile(r"[^\W\d_][^\W_]*(?:-[^\W_]+)*|[^\w\s-]")
_SIGNS = re.compile(
    r"(?:回复|回覆|回復|发送|發送|输入|輸入)\s*([A-Za-z]{1,12}|[\u4e00-\u9fff]{2}(?=可|即|以|，|$))"
)


@lru_cache(maxsize=512)
def promised_words(text: str) -> tuple[str, ...]:
    """In the order in which they stand; each once."""
    return tuple(dict.fromkeys(word for sentence in _SENTENCE.split(text) for word in _promised(sentence)))


def says_stop(word: str) -> bool:
    """Whether a word or a short label is one of stopping, in whatever language."""
    return bool(STOPPING.fullmatch(" ".join(tokens(without_accents(fold(word))))))


def _promised(sentence: str) -> list[str]:
    clauses = [clause for clause in _CLAUSE.split(sentence) if clause.strip()]
    if OTHER_PURPOSE.search(sentence) or not REPLY.search(sentence):
        return [word for word in _outstanding(sentence) if _is_order(word, sentence)]
    found = {clause: _outstanding(clause) for clause in clauses}
    apart = any(PURPOSE.search(clause) and not words for clause, words in found.items())
    return [word for clause, words in found.items() for word in _of(clause, words, apart)]


def _of(clause: str, words: list[str], about_stopping: bool) -> list[str]:
    """Those that say stop; else the first one, in a clause about stopping."""
    if stopping := [word for word in words if says_stop(word)]:
        return stopping
    asked = REPLY.search(clause) and (about_stopping or PURPOSE.search(clause))
    return words[:1] if asked else []


def _is_order(word: str, sentence: str) -> bool:
    """“STOP to opt out” asks without a verb."""
    if OTHER_PURPOSE.search(sentence) or not says_stop(word):
        return False
    following = sentence.partition(word)[2].lstrip(QUOTES)
    return bool(_IN_ORDER_TO.match(following) and PURPOSE.search(following))


def _outstanding(clause: str) -> list[str]:
    """What stands out; in a clause that is all capitals nothing does, so its verbs tell."""
    quoted = [word.strip() for word in _QUOTED.findall(clause)]
    return quoted or _SIGNS.findall(clause) or _capitals(clause) or _after_verb(clause)


def _capitals(clause: str) -> list[str]:
    """Words in capitals; those side by side are one: OPT OUT."""
    runs: list[list[str]] = [[]]
    for word in _WORD.findall("" if _shouts(clause) else clause):
        if word.isupper() and len(word) > 1:
            runs[-1].append(word)
        elif runs[-1]:
            runs.append([])
    return [" ".join(run) for run in runs if run]


def _shouts(clause: str) -> bool:
    return sum(word.isupper() for word in clause.split()) > 2 and clause.isupper()


def _after_verb(clause: str) -> list[str]:
    found = (_AFTER_VERB.match(clause[verb.end() :]) for verb in REPLY.finditer(clause))
    words = [match[1] for match in found if match]
    return [word for word in words if word.upper() == word.lower() or says_stop(word)]
