# One server. The image contains no key or secret: settings come from .env, which docker-compose.yml mounts.
FROM python:3.13-slim

# Unbuffered output, so that log lines appear at once. In a container the server must listen on all addresses; the
# published port decides which address of the host reaches it. HOST and PORT override .env, so that the published
# port and the health check stay correct. Parley reads .env itself; Flask must not copy it into the environment.
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

# The program belongs to root and is read-only for its user, whatever the file modes of the clone are. The user may
# write data and logs. .env is a link into the mounted project folder: see docker-compose.yml.
RUN useradd --uid 1000 --user-group --no-create-home --shell /usr/sbin/nologin parley \
    && python -m compileall -q config chat wsgi.py \
    && chmod -R a+rX . \
    && install -d -o parley -g parley data logs \
    && ln -s /project/.env .env

USER parley
VOLUME ["/app/data", "/app/logs"]
EXPOSE 5000

# Not urllib: it would use the environment's proxy for 127.0.0.1.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 5000, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]

# `exec` makes gunicorn process 1, which receives Docker's TERM (stop) and HUP (reload).
CMD ["sh", "-c", "flask --app wsgi db migrate && exec gunicorn -c gunicorn.gevent.py wsgi:app"]
