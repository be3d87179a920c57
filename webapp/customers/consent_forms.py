"""The Record consent dialog's form."""

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional, ValidationError

from webapp.consent import wordings
from webapp.consent.file_kinds import LARGEST_FILE, UnusableFile, Upload, read_upload
from webapp.consent.ledger import Proof
from webapp.consent.wordings import Shown
from webapp.customers.text import has_controls
from webapp.customers.web_links import UnusableLink, checked_link
from webapp.customers.wording import CHANNELS

NOTHING = "Choose the wording that was shown, write the customer’s words, or add a link or a file."


class StatedTime(DateField):
    """The day, as the dialog asks for it, or the moment, as programs write it; without a zone it is UTC."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = _moment(valuelist[0])
            if self.data is None:
                raise


def _moment(raw: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(raw)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


class OptInForm(FlaskForm):
    """`shown` and `upload` are what the fields of the wording and of the file were found to mean."""

    channel = SelectField(
        "How was it given?", choices=[SelectChoice(*pair) for pair in CHANNELS.items()], default="web_form"
    )
    given_at = StatedTime("When", validators=[Optional()])
    wording = StringField("Wording shown")
    evidence = TextAreaField(
        "Their words", validators=[Length(max=2000, message="Keep it to 2,000 characters; a link says more.")]
    )
    link = StringField("Link")
    file = FileField("File")
    version = IntegerField(validators=[Optional()])

    shown: Shown | None = None
    upload: Upload | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        if self.proof.shows_consent or self.upload:
            return True
        self.evidence.errors = [NOTHING]
        return False

    def validate_wording(self, field: StringField) -> None:
        if not field.data:
            return
        self.shown = wordings.find_offered(field.data)
        if self.shown is None:
            raise ValidationError("This wording is not offered any more. Choose another one.")

    def validate_evidence(self, field: TextAreaField) -> None:
        if has_controls(field.data or "", allowed="\r\n\t"):
            raise ValidationError("The text holds a character that cannot be shown; retype it.")

    def validate_link(self, field: StringField) -> None:
        try:
            field.data = checked_link(field.data or "")
        except UnusableLink as fault:
            raise ValidationError(str(fault)) from None

    def validate_file(self, field: FileField) -> None:
        if not field.data:
            return
        with closing(field.data) as file:
            content = file.stream.read(LARGEST_FILE + 1)
        try:
            self.upload = read_upload(content, field.data.filename or "")
        except UnusableFile as fault:
            raise ValidationError(str(fault)) from None

    @property
    def proof(self) -> Proof:
        """All but the file. What was shown stands before what the customer said."""
        said, shown = (self.evidence.data or "").strip(), self.shown
        words = f"“{shown.text}”\n\nThe customer: “{said}”" if shown and said else said
        if shown is None:
            return Proof(self.channel.data, words, link=self.link.data or "")
        return Proof(
            self.channel.data, words or shown.text, link=self.link.data or "",
            wording_id=shown.id, wording_version=shown.version,
        )  # fmt: skip
