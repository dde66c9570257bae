# One server. No key and no secret is in the image: settings come from .env, which docker-compose.yml mounts.
FROM python:3.13-slim

# Logs to the terminal at once. Inside a container every address must be listened on; which of the host's
# addresses reaches it is decided where the port is published. Both win over .env, so that the published port
# and the health check stay true; Parley reads .env itself and Flask must not copy it into the environment.
ENV PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=5000 \
    FLASK_SKIP_DOTENV=1

WORKDIR /app

COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

COPY config config
COPY chat chat
COPY scripts scripts
COPY gunicorn.gevent.py wsgi.py ./

# The program belongs to root and is only readable, whatever the modes of the clone were; its user may write
# data and logs. The settings are read through a link into the mounted project folder: see docker-compose.yml.
RUN useradd --uid 1000 --user-group --no-create-home --shell /usr/sbin/nologin parley \
    && python -m compileall -q config chat wsgi.py \
    && chmod -R a+rX . \
    && install -d -o parley -g parley data logs \
    && ln -s /project/.env .env

USER parley
VOLUME ["/app/data", "/app/logs"]
EXPOSE 5000

# Without urllib, which would ask the proxy of the environment for 127.0.0.1.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 5000, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]

# `exec` makes gunicorn process 1, to which Docker sends TERM (stop) and HUP (reload).
CMD ["sh", "-c", "flask --app wsgi db migrate && exec gunicorn -c gunicorn.gevent.py wsgi:app"]
