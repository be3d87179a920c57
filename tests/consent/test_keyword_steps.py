"""The keyword rule step by step: a message, the decision, and why."""

from tests.consent.corpus import configured
from tests.rows import every
from webapp.consent.keywords import Decision, read_text

WORDS = configured()
OPT_OUT, OPT_IN, REVIEW, NONE = Decision.OPT_OUT, Decision.OPT_IN, Decision.REVIEW, Decision.NONE

FOLDED = [
    ("IPTAL", OPT_OUT, "a Turkish word typed on an English keyboard"),
    ("ıptal", OPT_OUT, "with a dotless i"),
    ("i̇ptal", OPT_OUT, "with the dot as a mark of its own"),
    ("STOP'", OPT_OUT, "apostrophes go"),
    ("`stop`", OPT_OUT, "WhatsApp's mark for code"),
    ("إِيقَاف", OPT_OUT, "Arabic vowel marks go"),
    ("إيقـــاف", OPT_OUT, "tatweel only stretches the line"),
    ("ايقاف", OPT_OUT, "the hamza left out"),
    ("הָסֵר", OPT_OUT, "Hebrew points go"),
    ("сто́п", OPT_OUT, "a Cyrillic stress mark goes"),
    ("ΔΙΑΚΟΠΉ", OPT_OUT, "a Greek stress mark on a capital"),
    ("รอหยุด", REVIEW, "Thai has no spaces, so a word may stand inside"),
    ("Ｓ．ＴＯＰ", REVIEW, "full width, but a point inside"),
    ("S\ud800TOP", REVIEW, "a lone surrogate in the middle parts the word"),
    ("stop™", NONE, "a sign that folds to letters makes another word"),
]
EXACT = [
    ("opt_out", OPT_OUT, "an underscore parts words as a hyphen does"),
    ("OPT\nOUT", OPT_OUT, "so does a line end"),
    ("optout", OPT_OUT, "configured as one word too"),
    ("stop();", OPT_OUT, "punctuation is nothing"),
    ("#️⃣ STOP *️⃣", OPT_OUT, "neither are the marks that make a key of # and *"),
    ("(unstop)", OPT_IN, "contains STOP and is another keyword"),
    ("ALTA!", OPT_IN, ""),
    ("end", OPT_OUT, "an ambient word alone"),
    ("the end", NONE, "and in a sentence"),
    ("remove", OPT_OUT, ""),
    ("please remove the item", NONE, ""),
]
ACCENTED = [
    ("desabonner", OPT_OUT, "no accent at all"),
    ("désabonner", OPT_OUT, "all accents"),
    ("dèsabonner", REVIEW, "another accent"),
    ("dưng", REVIEW, "one of two accents"),
    ("dũng", REVIEW, "a Vietnamese name"),
    ("STÖP", REVIEW, "an accent on a word that has none"),
    ("́STOP", REVIEW, "an accent on nothing"),
    ("s̶t̶o̶p̶", REVIEW, "struck through with combining strokes"),
    ("bajá", REVIEW, "an ambient word with an accent of another word"),
    ("starť", REVIEW, "an opt-in word never counts with other accents"),
]
SEVERAL = [
    ("stop, stop, unsubscribe", OPT_OUT, "several opt-out words"),
    ("arret arrêt", OPT_OUT, "with and without accent"),
    ("STOP ALL STOPALL", OPT_OUT, "words of one and of two tokens"),
    ("cancel end", OPT_OUT, "ambient words are keywords here"),
    ("退订 退订", OPT_OUT, ""),
    ("退订退订", REVIEW, "one token that is no keyword"),
    ("cancel start", REVIEW, "mixed, though CANCEL alone is ambient"),
    ("start stop start stop start stop", REVIEW, "mixed at any length"),
    ("stop stop me", REVIEW, "something else in it"),
]
SLIPS = [
    ("tsop", REVIEW, "two letters swapped"),
    ("sstop", REVIEW, "a doubled letter"),
    ("ssttoopp", REVIEW, "all of them doubled"),
    ("stoooop it", REVIEW, "stretched"),
    ("stp", REVIEW, "an inner letter missing"),
    ("sto", NONE, "the last letter missing: the beginning of many words"),
    ("stopr", REVIEW, "a letter extra"),
    ("stol", REVIEW, "the key beside p"),
    ("stap", NONE, "a is nowhere near o"),
    ("szop", REVIEW, "the key beside t in Germany"),
    ("arret3", REVIEW, ""),
    ("стшп", REVIEW, "the key beside о in Russia"),
    ("unsubcsribe", REVIEW, "a long word with a swap"),
    ("unsubcribee", REVIEW, "a long word with two slips"),
    ("nsubscrib", REVIEW, "two letters of eleven missing, wherever"),
    ("unsubcsribee", REVIEW, "a swap and a letter extra are two slips"),
    ("stpoooo", REVIEW, "a swap, and stretched"),
    ("unsbscrb", NONE, "three slips are too many"),
    ("abmelen", REVIEW, "eight letters allow two slips"),
    ("cancle", NONE, "an ambient word has no slips"),
    ("opt our", REVIEW, "a slip in a keyword of two words"),
    ("para", NONE, "'for' in Spanish"),
    ("stops here", REVIEW, "a word with one letter more"),
    ("stopping", NONE, "a word with four more"),
]
DISGUISED = [
    ("st0p", REVIEW, "a digit for a letter"),
    ("un$ub$cribe", REVIEW, "symbols for letters"),
    ("unsubscr!be", REVIEW, ""),
    ("st*p", REVIEW, "a letter covered up"),
    ("st@p", REVIEW, ""),
    ("please 5top", REVIEW, "in a sentence"),
    ("5 top offers", NONE, "a number is no letter"),
    ("$700", NONE, "a price is no word"),
    ("order 5700", NONE, "nor is the number of an order"),
    ("ЅТОР", REVIEW, "Cyrillic letters that look Latin"),
    ("CTOП", REVIEW, "Latin letters that look Cyrillic"),
    ("ꓢꓔꓳꓑ", REVIEW, "a script that few people know"),
    ("🅢🅣🅞🅟", REVIEW, "letters in black circles"),
    ("🇸🇹🇴🇵", REVIEW, "letters that flags are made of"),
    ("STØP", REVIEW, "a letter with a stroke"),
    ("ST⭕P", REVIEW, "a circle for a letter"),
    ("never stop!", NONE, "an exclamation mark at the end is no letter"),
    ("s t o p", REVIEW, "spaced letters"),
    ("please s.t.o.p. now", REVIEW, "dotted letters in a sentence"),
    ("5 T 0 P", REVIEW, "spaced digits"),
    ("s t p o", REVIEW, "spaced letters with a slip"),
    ("un sub scribe me", REVIEW, "in three parts"),
    ("수 신 거 부", REVIEW, ""),
]
CONTAINED = [
    ("STOP123", REVIEW, "a digit ends the word"),
    ("STOPしてください", REVIEW, "so does a script without spaces"),
    ("我想unsubscribe", REVIEW, "on the other side too"),
    ("수신거부해주세요", REVIEW, "Korean hangs particles on its words"),
    ("وإيقاف", REVIEW, "one letter in front is a slip's distance"),
    ("doorstop", NONE, "inside a word of an alphabet it is another word"),
    ("https://shop.example/stop", NONE, "inside a link"),
    ("HTTPS://X.DE/STOP", NONE, "inside a link in capitals"),
    ("see www.stop.example", NONE, ""),
    ("bit.ly/stop", NONE, ""),
    ("write to Stop.Now@mail.example", NONE, "inside an address"),
    ("stop https://shop.example", REVIEW, "beside a link"),
    ("https://x.example/หยุดหยุด", REVIEW, "behind a link, where no space parts them"),
    ("please stop.thanks", REVIEW, "a missing space makes no link"),
    ("non-stop", NONE, "a benign phrase, however it is parted"),
    ("Où est l'arrêt de bus ?", NONE, "with the article"),
    ("bus stop, please stop", REVIEW, "the keyword outside of the phrase counts"),
    ("วันหยุด หยุดส่ง", REVIEW, "also where no space parts them"),
    ("un bus stop sub me", NONE, "what a phrase parted is not put together"),
    ("don't ever stop", REVIEW, "no benign phrase that we know"),
]
MEANT = [
    ("NO MÁS MENSAJES", REVIEW, "intent phrases are read without accents"),
    ("Arrêtez !", REVIEW, ""),
    ("Не пишите мне", REVIEW, ""),
    ("لا اريد رسائل", REVIEW, ""),
    ("请不要再发了", REVIEW, ""),
    ("spammer", NONE, "a longer word is another word"),
    ("remove the meat", NONE, "the phrase has to be whole"),
    ("🛑🙏", REVIEW, "symbols only, one of them a stop sign"),
    ("✋🏽", REVIEW, "in any colour of skin"),
    ("🙅‍♀️", REVIEW, "a woman's gesture"),
    ("🛑 sale", NONE, "a sign that decorates words"),
    ("👍", NONE, ""),
]
OPT_INS = [
    ("please start", REVIEW, "two words"),
    ("ok start please", REVIEW, "three words"),
    ("ok start it please", NONE, "four words"),
    ("st4rt", REVIEW, "a digit for a letter never opts in"),
    ("a1ta", REVIEW, "the digit one is an l as well as an i"),
    ("strat", NONE, "a slip never does"),
    ("start start start start", NONE, "more than three words, none of which asks to stop"),
    ("我要订阅", REVIEW, "a short message without spaces"),
    ("请问你们的订阅价格是多少", NONE, "a long one"),
    ("s t a r t", NONE, ""),
]
STEPS = [*FOLDED, *EXACT, *ACCENTED, *SEVERAL, *SLIPS, *DISGUISED, *CONTAINED, *MEANT, *OPT_INS]


@every(("text", "expected", "because"), STEPS, ids=lambda value: ascii(value)[:40])
def test_the_rule_step_by_step(text, expected, because):
    assert read_text(text, WORDS).decision == expected, because
