"""What gunicorn and the `flask` command load."""

import sys

from chat.app import create_app
from config.settings import SettingError

try:
    app = create_app()
except SettingError as error:
    sys.exit(f"parley: {error}")
