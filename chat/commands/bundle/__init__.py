"""`flask --app wsgi bundle FILE`: what a helper needs to see of an installation, and nothing that a user wrote.

Everything is on an allow list: the fields of reports, the settings whose values are no secrets, the sentences that the
program itself logs.
"""
