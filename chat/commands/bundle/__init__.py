"""`flask --app wsgi bundle FILE`: the facts about an installation that a helper needs, without any text of a user.

Everything is on an allow list: the fields of reports, the settings whose values are no secrets, the sentences that the
program itself logs.
"""
