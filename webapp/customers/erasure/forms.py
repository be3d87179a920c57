"""The form of an erasure."""

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import AnyOf, DataRequired, Length

from webapp.customers.erasure.erasing import REASONS
from webapp.customers.text import one_line

LONGEST_WHY = 500


class ErasureForm(FlaskForm):
    reason = StringField("Reason", [AnyOf(list(REASONS), "Choose a reason.")])
    why = StringField(
        "In your words",
        [
            DataRequired("Say why in a few words."),
            Length(max=LONGEST_WHY, message=f"Use at most {LONGEST_WHY} characters."),
        ],
        filters=[lambda text: one_line(text) if text else text],
    )
    confirm = StringField("Customer ID")
