"""Labels of quick replies that stop, also in the languages in which templates are translated. Pure."""

from webapp.consent.keywords import Decision, read_button, spelling

TRANSLATED = (
    "Parar promoções", "Interromper promoções", "Cancelar promoções", "Sair", "Sair da lista",
    "Cancelar inscrição", "Não quero receber",
    "Detener promociones", "Parar promociones", "Cancelar suscripción", "Darse de baja", "Darme de baja",
    "Baja", "No recibir más",
    "Arrêter les promotions", "Arrêter les promos", "Se désabonner", "Désabonner", "Se désinscrire",
    "Werbung stoppen", "Angebote stoppen", "Abmelden", "Abbestellen", "Keine Werbung",
    "Interrompi promozioni", "Ferma promozioni", "Annulla iscrizione", "Disiscriviti", "Disiscrivimi",
    "Promoties stoppen", "Stop promoties", "Afmelden", "Uitschrijven",
    "Hentikan promosi", "Berhenti berlangganan", "Henti promosi",
    "Promosyonları durdur", "Abonelikten çık", "Отказаться от рассылки", "Остановить рекламу", "Отписаться",
    "Wypisz się", "Zatrzymaj promocje", "Dừng khuyến mãi", "Hủy đăng ký",
    "प्रमोशन बंद करें", "प्रमोशन रोकें", "सदस्यता छोड़ें",
    "إيقاف العروض الترويجية", "إيقاف العروض", "إلغاء الاشتراك", "הפסקת מבצעים", "הסר", "הסירו אותי",
    "プロモーションを停止", "配信停止", "停止促销", "停止推广", "退订", "停止促銷", "取消訂閱",
    "프로모션 중지", "수신 거부",
    "หยุดโปรโมชั่น", "ยกเลิกการสมัคร", "No promotions", "Stop promos", "Stop marketing", "Stop messages",
    "Stop offers", "Opt out", "Opt-out", "Remove me", "No more messages",
)  # fmt: skip
"""Labels that say nothing else than: no more promotions. An ordinary "Cancel" is not among them, for it may
cancel an order."""
_KEYS = frozenset(spelling(label) for label in TRANSLATED)


def stops(label: str) -> bool:
    """Whether who taps a button of this label asks for no more marketing."""
    return read_button("", label).decision is Decision.OPT_OUT or spelling(label) in _KEYS
