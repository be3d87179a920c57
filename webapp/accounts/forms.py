"""The forms of sign-in, users and tokens. CSRF is checked for every request, not by each form."""

from wtforms import EmailField, Form, HiddenField, PasswordField, StringField
from wtforms.validators import AnyOf, EqualTo, InputRequired, Length

from webapp.accounts.roles import Role

ROLES = {
    Role.VIEWER: "Viewer: reads, numbers masked",
    Role.AGENT: "Agent: changes consent with evidence, edits, decides reviews",
    Role.MANAGER: "Manager: keywords, tags, attributes, import and export too",
    Role.ADMIN: "Admin: users, tokens and policy too",
}
OF_WHOM = {
    "": "nobody",
    Role.ADMIN: "admins",
    Role.MANAGER: "managers and admins",
    Role.AGENT: "agents, managers and admins",
    Role.VIEWER: "everybody",
}
"""By the least role."""
NAME_LENGTH = Length(max=80, message="A name has at most 80 characters.")


class SignInForm(Form):
    email = EmailField("E-mail", [InputRequired("Type your e-mail address.")])
    password = PasswordField("Password", [InputRequired("Type your password.")])
    next = HiddenField()


class RoleForm(Form):
    """Asks for one of the four roles, by a list to choose from."""

    role = StringField("Role", [AnyOf(list(ROLES), "Choose one of the roles.")], default=Role.AGENT)

    roles = tuple(ROLES.items())

    @property
    def wanted_role(self) -> Role:
        return Role(self.role.data)


class UserForm(RoleForm):
    name = StringField("Name", [NAME_LENGTH])


class NewUserForm(UserForm):
    email = EmailField("E-mail", [InputRequired("Type the e-mail address.")])


class AccessForm(Form):
    """Of whom a second step is asked."""

    least_role = StringField("A second step is asked of", [AnyOf(list(OF_WHOM))])

    @property
    def least(self) -> Role | None:
        return Role(self.least_role.data) if self.least_role.data else None

    @property
    def of_whom(self) -> str:
        return OF_WHOM[self.least_role.data or ""]


class TokenForm(RoleForm):
    name = StringField(
        "Name", [InputRequired("Say what will use the token, such as “shop web”."), NAME_LENGTH]
    )


class PasswordForm(Form):
    current = PasswordField("Current password")
    new = PasswordField("New password", [InputRequired("Type the new password.")])
    again = PasswordField("New password again", [EqualTo("new", "The two passwords are not the same.")])
