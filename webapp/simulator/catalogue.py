"""The message templates that this WhatsApp knows: always the same ones. Pure.

Source of the form: Meta, message templates of a WhatsApp business account.
"""

from collections.abc import Mapping
from typing import Any

STOP_LABELS = {
    "en_US": "Stop promotions", "pt_BR": "Parar promoções", "es": "Detener promociones",
    "de": "Werbung stoppen",
}  # fmt: skip
_OFFERS = {
    "en_US": (
        "Early access starts now",
        "Hi {{first_name}}, your Black Friday prices at Casa Lume are open until {{until}}. "
        "You get {{discount}} off everything in the {{city}} shop.",
        "Not interested? Reply STOP",
        "See the offers",
    ),
    "pt_BR": (
        "O acesso antecipado começou",
        "Oi {{first_name}}, seus preços de Black Friday na Casa Lume valem até {{until}}. "
        "Você tem {{discount}} de desconto em toda a loja de {{city}}.",
        "Não quer mais? Responda PARAR",
        "Ver as ofertas",
    ),
    "es": (
        "Ya empezó el acceso anticipado",
        "Hola {{first_name}}, tus precios de Black Friday en Casa Lume valen hasta {{until}}. "
        "Tienes {{discount}} de descuento en la tienda de {{city}}.",
        "¿No te interesa? Responde BAJA",
        "Ver las ofertas",
    ),
    "de": (
        "Der Vorverkauf beginnt",
        "Hallo {{first_name}}, deine Black-Friday-Preise bei Casa Lume gelten bis {{until}}. "
        "Du bekommst {{discount}} auf alles im Laden in {{city}}.",
        "Kein Interesse? Antworte STOPP",
        "Zu den Angeboten",
    ),
}
_EXAMPLES = {"first_name": "Ana", "until": "26 Nov, 20:00", "discount": "30%", "city": "São Paulo",
             "order": "48213", "day": "Friday"}  # fmt: skip


def _body(text: str) -> dict[str, Any]:
    used = [name for name in _EXAMPLES if f"{{{{{name}}}}}" in text]
    named = [{"param_name": name, "example": _EXAMPLES[name]} for name in used]
    return {"type": "BODY", "text": text} | ({"example": {"body_text_named_params": named}} if named else {})


def _stop(language: str, *more: Mapping[str, Any]) -> dict[str, Any]:
    """The opt-out button, and others before it."""
    return {"type": "BUTTONS", "buttons": [*more, {"type": "QUICK_REPLY", "text": STOP_LABELS[language]}]}


def _early_access(language: str) -> list[dict[str, Any]]:
    header, body, footer, link = _OFFERS[language]
    return [
        {"type": "HEADER", "format": "TEXT", "text": header},
        _body(body),
        {"type": "FOOTER", "text": footer},
        _stop(language, {"type": "URL", "text": link, "url": "https://casalume.example/offers"}),
    ]


_NEW_COLLECTION = [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://casalume.example/new.jpg"]}},
    {
        "type": "BODY",
        "text": "{{1}}, the new collection is here. Come by before {{2}}.",
        "example": {"body_text": [["Ana", "Friday"]]},
    },
    _stop(
        "en_US",
        {
            "type": "URL",
            "text": "Look inside",
            "url": "https://casalume.example/new/{{1}}",
            "example": ["https://casalume.example/new/lamps"],
        },
    ),
]
_SPRING = [_body("Hi {{first_name}}, spring begins with {{discount}} off at Casa Lume."), _stop("en_US")]
_FRUEHLING = [_body("Hallo {{first_name}}, zum Frühling gibt es {{discount}} bei Casa Lume."), _stop("de")]

Row = tuple[str, str, str, str, str, list[dict[str, Any]]]
_ROWS: list[Row] = [
    *(("early_access", language, "MARKETING", "APPROVED", "NAMED", _early_access(language))
      for language in _OFFERS),
    ("new_collection", "en_US", "MARKETING", "APPROVED", "POSITIONAL", _NEW_COLLECTION),
    ("spring_sale", "en_US", "MARKETING", "APPROVED", "NAMED", _SPRING),
    ("spring_sale", "de", "MARKETING", "PAUSED", "NAMED", _FRUEHLING),
    ("order_shipped", "en_US", "UTILITY", "APPROVED", "NAMED",
     [_body("Your order {{order}} has left our shop.")]),
    ("order_shipped", "pt_BR", "UTILITY", "APPROVED", "NAMED",
     [_body("Seu pedido {{order}} saiu da nossa loja.")]),
    ("order_news", "en_US", "UTILITY", "APPROVED", "NAMED",
     [_body("Hi {{first_name}}, order {{order}} arrives on {{day}}. More like it is in the shop."),
      _stop("en_US")]),
    ("opt_out_confirmed", "en_US", "UTILITY", "APPROVED", "POSITIONAL",
     [_body("You are opted out of our offers. Order updates still reach you. Reply START to come back.")]),
]  # fmt: skip
_BECOMES_MARKETING = {"order_news"}
_LIFETIMES = {"new_collection": 3 * 24 * 3600}
"""Seconds that somebody chose in WhatsApp Manager."""
TEMPLATES: list[dict[str, Any]] = [
    {
        "id": str(610000000000001 + n),
        "name": name,
        "language": language,
        "status": status,
        "category": category,
        "parameter_format": parameter_format,
        "components": components,
        "quality_score": {"score": "YELLOW" if status == "PAUSED" else "GREEN", "date": 1795078800},
        **({"correct_category": "MARKETING"} if name in _BECOMES_MARKETING else {}),
        **({"message_send_ttl_seconds": _LIFETIMES[name]} if name in _LIFETIMES else {}),
    }
    for n, (name, language, category, status, parameter_format, components) in enumerate(_ROWS)
]


def find(name: str, language: str) -> dict[str, Any] | None:
    return next((t for t in TEMPLATES if (t["name"], t["language"]) == (name, language)), None)


def by_id(id: int) -> dict[str, Any] | None:
    return next((t for t in TEMPLATES if t["id"] == str(id)), None)


def page(limit: int, after: str) -> tuple[list[dict[str, Any]], str, str, bool]:
    """(templates, cursor of the first, cursor of the last, whether more follow) behind the cursor `after`."""
    start = int(after) if after.isascii() and after.isdigit() else 0
    found = TEMPLATES[start : start + limit]
    end = start + len(found)
    return found, str(start), str(end), end < len(TEMPLATES)
