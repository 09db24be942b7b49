# One image for every process: `run` (SQLite, everything in /data), `web`, `worker`.
# docs/self-hosting.md says how it is used; compose.yaml starts several of them.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
RUN python -m venv /opt/venv
COPY requirements.lock /build/
# Every package in the version and with the hash of the lock file, and nothing is compiled.
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-compile \
      --require-hashes --only-binary :all: -r /build/requirements.lock \
 && /opt/venv/bin/pip uninstall --yes --quiet pip setuptools
COPY rules /app/rules
COPY rulebook /app/rulebook
COPY web /app/web
RUN printf '#!/bin/sh\nexec python -m rulebook "$@"\n' > /opt/venv/bin/rulebook \
 && chmod 755 /opt/venv/bin/rulebook \
 && /opt/venv/bin/python -m compileall -q /app /opt/venv/lib

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="Rulebook" \
      org.opencontainers.image.version="0.1.0"
RUN groupadd --gid 10001 rulebook \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin rulebook \
 && install -d -o rulebook -g rulebook -m 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RULEBOOK_INSTANCE=/data \
    RULEBOOK_HOST=0.0.0.0
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8000
# For `run` and `web`; a worker has no port (compose.yaml switches it off there).
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('RULEBOOK_PORT', '8000') + '/healthz', timeout=4)"]
# Calls under way are ended and recorded; stop with: docker stop --time 60
STOPSIGNAL SIGTERM
ENTRYPOINT ["rulebook"]
CMD ["run"]
