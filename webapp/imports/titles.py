"""What people call the columns of their lists, in the languages of the desk's customers. Pure."""

TITLES = {
    "phone": """
        phone; phone number; phone no; mobile; mobile number; mobile phone; cell; cell phone; cellphone;
        telephone; tel; number; whatsapp; whatsapp number; contact number; msisdn; phone 1;
        phone 1 value; telefone; numero de telefone; celular; fone; telemovel; numero;
        numero de celular; zap; telefono; numero de telefono; movil; telefono movil; handy; handynummer;
        telefon; telefonnummer; mobil; mobilnummer; rufnummer; mobiltelefon; numero de telephone;
        portable; mobile telephone; cellulare; numero di telefono; telefoon; telefoonnummer; mobiel;
        mobiele nummer; cep telefonu; telefon numarasi; телефон; номер телефона; мобильный;
        мобильный телефон; номер; هاتف; الهاتف; رقم الهاتف; جوال; رقم الجوال; موبايل; फ़ोन; फोन; मोबाइल;
        मोबाइल नंबर; फ़ोन नंबर; 电话; 電話; 手机; 手机号; 手机号码; 手機; 電話番号; 携帯; 携帯電話;
        携帯番号; 전화번호; 휴대폰; nomor telepon; nomor hp; no hp; no telepon; hp; nomor whatsapp;
        so dien thoai
    """,
    "wa_id": "wa_id; wa id; waid; whatsapp id; id de whatsapp; id do whatsapp",
    "user_id": "user_id; bsuid; whatsapp user id; business scoped user id",
    "name": """
        name; full name; customer; customer name; contact; contact name; display name; client;
        client name; nome; nome completo; cliente; nome do cliente; nombre; nombre completo;
        nombre y apellido; nom; nom complet; kunde; kundenname; vollstandiger name; nome e cognome;
        naam; volledige naam; klant; ad soyad; isim; ad; имя; фио; полное имя; клиент; الاسم; اسم;
        الاسم الكامل; नाम; पूरा नाम; 姓名; 名字; 名前; 氏名; お名前; 이름; nama; nama lengkap; ho ten
    """,
    "tags": """
        tags; tag; label; labels; etiqueta; etiquetas; marcador; marcadores; schlagwort; schlagworte;
        etikett; etiketten; etiquette; etiquettes; etichetta; etichette; метка; метки; теги; тег; وسم;
        وسوم; टैग; 标签; 標籤; タグ; 태그; etiket; etiketler; group membership; groups; grupo; grupos;
        gruppe; gruppen
    """,
    "consent": """
        consent; consent status; opt-in; opt in; optin; opted in; opt-in status; marketing consent;
        permission; accepts marketing; marketing opt-in; subscribed; subscription status; consentimento;
        aceita marketing; autorizacao; consentimiento; acepta marketing; einwilligung; zustimmung;
        werbeeinwilligung; consentement; consenso; toestemming; izin; onay; согласие; موافقة; सहमति;
        同意; 동의; persetujuan
    """,
    "evidence": """
        evidence; proof; consent source; source of consent; opt-in source; consent proof; prova;
        evidencia; prueba; origem do consentimento; origen del consentimiento; nachweis;
        herkunft der einwilligung; preuve; source du consentement; prova del consenso; bewijs;
        доказательство; دليل; प्रमाण; 证据; 証拠; bukti
    """,
    "given_at": """
        given_at; given at; consent date; date of consent; consent given at; opt-in date; opted in at;
        opt in date; data do consentimento; fecha de consentimiento; fecha del consentimiento;
        einwilligung am; datum der einwilligung; date de consentement; date du consentement;
        data del consenso; datum toestemming; дата согласия; 同意日; 同意日期
    """,
}
"""By the names of our columns, separated by semicolons."""
