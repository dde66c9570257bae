# One server. The image contains no key or secret: settings come from .env, which docker-compose.yml mounts, or from the
# environment.

# The packages, in an environment of their own. What builds them stays in this stage.
FROM python:3.13-slim AS packages

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app

COPY requirements.txt ./
RUN python -m venv --without-pip /opt/parley \
    && pip --python /opt/parley/bin/python install --require-hashes --only-binary :all: -r requirements.txt

# The licences of all packages, in a folder for each. A package without a licence file names its licence in METADATA.
RUN for package in /opt/parley/lib/python3*/site-packages/*.dist-info; do \
        folder="/opt/parley/licences/$(basename "$package" .dist-info)"; \
        mkdir -p "$folder"; \
        cp "$package/METADATA" "$folder/"; \
        find "$package/" -type f \( -iname '*licen[cs]e*' -o -iname '*copying*' -o -iname '*notice*' \) \
            -exec cp {} "$folder/" \; ; \
    done


FROM python:3.13-slim

# Unbuffered output, so that log lines appear at once. In a container the server must listen on all addresses; the
# published port decides which address of the host reaches it. HOST and PORT override .env, so that the published
# port and the health check stay correct. Parley reads .env itself; Flask must not copy it into the environment.
# The program is compiled below; a read-only root could not keep bytecode anyway.
ENV PATH=/opt/parley/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=5000 \
    FLASK_SKIP_DOTENV=1

WORKDIR /app

COPY --from=packages /opt/parley /opt/parley
COPY config config
COPY chat chat
COPY scripts scripts
COPY LICENSE gunicorn.gevent.py wsgi.py ./

# The program belongs to root and is read-only for its user, whatever the file modes of the clone are. The user may
# write data and logs, and nothing else: the root may be read-only if /tmp is a tmpfs. .env is a link into the mounted
# project folder: see docker-compose.yml.
RUN useradd --uid 1000 --user-group --no-create-home --shell /usr/sbin/nologin parley \
    && PYTHONDONTWRITEBYTECODE='' python -m compileall -q config chat wsgi.py \
    && chmod -R a+rX . \
    && install -d -o parley -g parley data logs \
    && ln -s /project/.env .env

# A number, so that Kubernetes sees that it is not root.
USER 1000:1000
VOLUME ["/app/data", "/app/logs"]
EXPOSE 5000

# Not urllib: it would use the environment's proxy for 127.0.0.1.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 5000, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]

# `exec` makes gunicorn process 1, which receives Docker's TERM (stop) and HUP (reload).
CMD ["sh", "-c", "flask --app wsgi db migrate && exec gunicorn -c gunicorn.gevent.py wsgi:app"]
