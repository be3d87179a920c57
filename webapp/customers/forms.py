"""The Add customer dialog's form."""

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length, Optional

from webapp.customers.identities import LONGEST_NAME


class NewCustomerForm(FlaskForm):
    phone = StringField(
        "Number", validators=[InputRequired("Write the number with the country’s code."), Length(max=40)]
    )
    name = StringField("Name", validators=[Optional(), Length(max=LONGEST_NAME)])
