"""Where the invented customers live: names, cities, numbers and words of eleven countries. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """One country's part of the customers. Numbers are a prefix and `digits` more, valid and invented."""

    weight: int
    language: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    cities: tuple[str, ...]
    prefixes: tuple[str, ...]
    digits: int
    consent: str
    """What the box beside the sign-up form says."""
    family_first: bool = False
    joint: str = " "


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


BRAZIL = Place(
    weight=34,
    language="pt",
    given=_names(
        "Ana, Mateus, João, Luís, Beatriz, Rafael, Camila, Thiago, Larissa, Bruno, Juliana, "
        "Gabriel, Mariana, Felipe, Letícia, Vinícius, Patrícia, Caio, Conceição, Otávio, Yasmin, "
        "Márcio"
    ),
    family=_names(
        "Souza, Oliveira, Gonçalves, Ferreira de Albuquerque, Santos, Lima, Araújo, Barbosa, "
        "Ribeiro, Carvalho, Nascimento, Moura, Teixeira, Rocha, Cavalcanti, Figueiredo, Brandão, "
        "Pereira"
    ),
    cities=_names("São Paulo, Rio de Janeiro, Belo Horizonte, Curitiba, Recife, Porto Alegre"),
    prefixes=("5511990", "5521990", "5531990", "5541990", "5551990", "5571990", "5581990"),
    digits=6,
    consent="Sim, quero receber ofertas pelo WhatsApp",
)
MEXICO = Place(
    weight=10,
    language="es",
    given=_names(
        "Sofía, Santiago, Valentina, Diego, Ximena, Emiliano, Guadalupe, Andrés, María José, Íñigo, Lucía"
    ),
    family=_names(
        "Hernández, García, Martínez, López Villaseñor, Ramírez, Núñez, Ortiz, Castañeda, Peña, Zúñiga"
    ),
    cities=_names("Ciudad de México, Guadalajara, Monterrey, Mérida"),
    prefixes=("525550", "523350", "528180"),
    digits=6,
    consent="Sí, quiero recibir promociones por WhatsApp",
)
GERMANY = Place(
    weight=8,
    language="de",
    given=_names(
        "Jonas, Lena, Maximilian, Jürgen, Käthe, Sören, Anneliese, Björn, Hannah, Karl-Friedrich, Emre"
    ),
    family=_names("Weber, Müller, Schröder, Großmann, Yılmaz, Köhler, Voß, Fischer, Krüger, Bäcker"),
    cities=_names("Berlin, Hamburg, Köln, München, Leipzig"),
    prefixes=("4915120", "4917112", "4917642"),
    digits=6,
    consent="Ja, ich möchte Angebote über WhatsApp erhalten",
)
NIGERIA = Place(
    weight=7,
    language="en",
    given=_names("Amara, Chinedu, Oluwaseun, Ngozi, Tunde, Folasade, Ifeanyi, Aisha, Emeka, Yetunde"),
    family=_names("Okafor, Adebayo, Ogunleye, Nwosu, Balogun, Eze, Abubakar, Okonkwo, Adeyemi"),
    cities=_names("Lagos, Abuja, Ibadan, Port Harcourt"),
    prefixes=("2348030", "2348120", "2349030"),
    digits=6,
    consent="Yes, send me offers on WhatsApp",
)
INDIA = Place(
    weight=6,
    language="en",
    given=_names("Aarav, Priyanka, Rohan, Deepika, Vikram, Lakshmi, Arjun, Meenakshi, Karthik, Zoya"),
    family=_names("Iyer, Chatterjee, Reddy, Kapoor, Venkataraman, D'Souza, Nair, Mehta, Singh"),
    cities=_names("Mumbai, Bengaluru, Chennai, Kolkata"),
    prefixes=("919820", "919900", "917700"),
    digits=6,
    consent="Yes, send me offers on WhatsApp",
)
INDIA_IN_DEVANAGARI = Place(
    weight=7,
    language="hi",
    given=_names("प्रिया, आरव, दीपिका, रोहन, सुनीता, विक्रम, अंजलि, मोहन, कविता"),
    family=_names("शर्मा, वर्मा, गुप्ता, सिंह, मिश्रा, यादव, जोशी, त्रिपाठी"),
    cities=_names("Delhi, Jaipur, Lucknow, Indore"),
    prefixes=("919810", "919930", "918800"),
    digits=6,
    consent="हाँ, मुझे WhatsApp पर ऑफ़र भेजें",
)
LEBANON_AND_EMIRATES = Place(
    weight=8,
    language="ar",
    given=_names("ليلى, طارق, نور, خالد, مريم, يوسف, فاطمة, عمر, ياسمين, محمد"),
    family=_names("حدّاد, الحسن, خوري, المنصوري, نصّار, العبدالله, شاهين, بيطار"),
    cities=_names("Beirut, Dubai, Abu Dhabi, Sharjah"),
    prefixes=("97150", "97155", "97156"),
    digits=7,
    consent="نعم، أرغب في استلام العروض عبر واتساب",
)
CHINA = Place(
    weight=5,
    language="zh",
    given=_names("伟, 芳, 秀英, 敏, 静, 浩然, 丽, 子涵, 强, 雨桐"),
    family=_names("陈, 王, 李, 张, 刘, 欧阳, 黄, 周, 吴"),
    cities=_names("Shanghai, Shenzhen, Guangzhou, Chengdu"),
    prefixes=("8613800", "8613910", "8618620"),
    digits=6,
    consent="同意通过 WhatsApp 接收优惠信息",
    family_first=True,
    joint="",
)
JAPAN = Place(
    weight=5,
    language="ja",
    given=_names("結衣, 陽翔, さくら, 蓮, 美咲, 大輔, 健太, 花子, 翔太"),
    family=_names("田中, 佐藤, 鈴木, 高橋, 伊藤, 渡辺, 小林, 長谷川"),
    cities=_names("Tokyo, Osaka, Fukuoka, Sapporo"),
    prefixes=("819012", "818031", "817040"),
    digits=6,
    consent="WhatsAppでお得な情報を受け取ります",
    family_first=True,
)
KOREA = Place(
    weight=4,
    language="ko",
    given=_names("지우, 서연, 민준, 하은, 도윤, 수빈, 예린, 태현"),
    family=_names("김, 이, 박, 최, 정, 강, 남궁, 윤"),
    cities=_names("Seoul, Busan, Incheon, Daegu"),
    prefixes=("821048", "821027", "821092"),
    digits=6,
    consent="네, WhatsApp으로 혜택 소식을 받겠습니다",
    family_first=True,
    joint="",
)
UKRAINE = Place(
    weight=6,
    language="uk",
    given=_names("Олена, Андрій, Ірина, Богдан, Наталія, Тарас, Оксана, Дмитро, Соломія"),
    family=_names("Коваль, Шевченко, Бондаренко, Ткачук, Мельник, Кравчук, Гончар, Лисенко"),
    cities=_names("Kyiv, Lviv, Odesa, Kharkiv"),
    prefixes=("380672", "380503", "380934"),
    digits=6,
    consent="Так, надсилайте мені пропозиції у WhatsApp",
)

PLACES = (BRAZIL, MEXICO, GERMANY, NIGERIA, INDIA, INDIA_IN_DEVANAGARI, LEBANON_AND_EMIRATES, CHINA, JAPAN,
          KOREA, UKRAINE)  # fmt: skip
