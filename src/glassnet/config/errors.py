"""The error of a user's mistake."""


class UserError(Exception):
    """A mistake that the user can mend; its message says what was expected, what was received and what to do."""
