"""WSGI entry point of gunicorn and the `flask` command."""

import gc

gc.disable()  # what is loaded stays, and Python would look for garbage in it again and again: a fifth of a start
try:
    from config import current_settings

    try:
        from chat.app import create_app

        app = create_app(current_settings.CURRENT.get())
    except Exception as reason:  # noqa: BLE001 - `flask mode` must work after any failure, to switch back
        from chat.commands.without_application import without_application

        app = without_application(reason)
finally:
    gc.freeze()
    gc.enable()
