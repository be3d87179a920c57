"""The forms of sign-in, users and tokens. CSRF is checked for every request, not by each form."""

from wtforms import EmailField, Form, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from webapp.accounts.roles import Role

ROLES = [
    (Role.VIEWER.value, "Viewer: reads, numbers masked"),
    (Role.AGENT.value, "Agent: changes consent with evidence, edits, decides reviews"),
    (Role.MANAGER.value, "Manager: keywords, tags, attributes, import and export too"),
    (Role.ADMIN.value, "Admin: users, tokens and policy too"),
]


class SignInForm(Form):
    email = EmailField("E-mail", [InputRequired("Type your e-mail address.")])
    password = PasswordField("Password", [InputRequired("Type your password.")])
    next = HiddenField()


class UserForm(Form):
    name = StringField("Name", [Optional(), Length(max=80, message="A name has at most 80 characters.")])
    role = SelectField("Role", choices=ROLES, default=Role.AGENT.value)

    @property
    def wanted_role(self) -> Role:
        return Role(self.role.data)


class NewUserForm(UserForm):
    email = EmailField("E-mail", [InputRequired("Type the e-mail address.")])


class TokenForm(Form):
    name = StringField("Name", [
        InputRequired("Say what will use the token, such as “shop web”."),
        Length(max=80, message="A name has at most 80 characters."),
    ])  # fmt: skip
    role = SelectField("Role", choices=ROLES, default=Role.AGENT.value)

    @property
    def wanted_role(self) -> Role:
        return Role(self.role.data)


class PasswordForm(Form):
    current = PasswordField("Current password")
    new = PasswordField("New password", [InputRequired("Type the new password.")])
    again = PasswordField("New password again", [EqualTo("new", "The two passwords are not the same.")])
