"""The Record consent dialog's form."""

from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from webapp.consent.ledger import Proof
from webapp.customers.text import has_controls
from webapp.customers.wording import CHANNELS


class OptInForm(FlaskForm):
    channel = SelectField(
        "How was it given?", choices=[SelectChoice(*pair) for pair in CHANNELS.items()], default="web_form"
    )
    given_at = DateField("When", validators=[Optional()])
    evidence = TextAreaField(
        "The customer’s words or a link",
        validators=[
            InputRequired("Write the customer’s words, or a link to where they agreed."),
            Length(max=2000, message="Keep it to 2,000 characters; a link says more."),
        ],
    )
    version = IntegerField(validators=[Optional()])

    def validate_evidence(self, field: TextAreaField) -> None:
        if not field.data or not field.data.strip():
            raise ValidationError("Write the customer’s words, or a link to where they agreed.")
        if has_controls(field.data, allowed="\r\n\t"):
            raise ValidationError("The text holds a character that cannot be shown; retype it.")

    @property
    def proof(self) -> Proof:
        return Proof(channel=self.channel.data, words=self.evidence.data.strip())
