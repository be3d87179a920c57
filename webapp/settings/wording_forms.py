"""The dialog of a wording: its name, its language, its text."""

import re

from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import Optional, ValidationError

from webapp.consent.wordings import Draft
from webapp.customers.text import has_controls, one_line

LONGEST_NAME = 60
LONGEST_TEXT = 2000
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})?")


class WordingForm(FlaskForm):
    name = StringField("Name")
    language = StringField("Language")
    text = TextAreaField("Text")
    version = IntegerField(validators=[Optional()])

    def validate_name(self, field: StringField) -> None:
        if not 0 < len(one_line(field.data or "")) <= LONGEST_NAME:
            raise ValidationError(f"Give it a name of at most {LONGEST_NAME} characters.")

    def validate_language(self, field: StringField) -> None:
        if not _LANGUAGE.fullmatch((field.data or "").strip()):
            raise ValidationError("Give a language code such as en, de or pt_BR.")

    def validate_text(self, field: TextAreaField) -> None:
        if not 0 < len(self.draft.text) <= LONGEST_TEXT:
            raise ValidationError(f"Write the text that customers see, at most {LONGEST_TEXT:,} characters.")
        if has_controls(self.draft.text, allowed="\n\t"):
            raise ValidationError("The text holds a character that cannot be shown; retype it.")

    @property
    def draft(self) -> Draft:
        """Forms send line ends as two signs, so one text would be another after each save."""
        text = (self.text.data or "").replace("\r\n", "\n").strip()
        return Draft(one_line(self.name.data or ""), (self.language.data or "").strip(), text)
