"""What gunicorn and the `flask` command load."""

from config import in_force

try:
    from chat.app import create_app

    app = create_app(in_force.settings())
except Exception as reason:  # noqa: BLE001 - whatever it is, `flask mode` must be able to lead back from it
    from chat.mode_command import without_application

    app = without_application(reason)
