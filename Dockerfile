# One image for web, worker and beat; docker-compose.yml says which it is.
FROM python:3.13-slim-bookworm AS packages
WORKDIR /site
COPY requirements.txt .
RUN python -m venv /packages \
    && /packages/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

FROM python:3.13-slim-bookworm
ENV PATH=/packages/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    STATIC_ROOT=/site/static-collected FILES_ROOT=/files FEED_FILES_DIR=/files/feed-files FEED_ERRORS_DIR=/files/feed-errors EXPORT_FILES_DIR=/files/export-files \
    SEAL_LEDGER=/seals/ledger
RUN useradd --system --home-dir /site --shell /usr/sbin/nologin site \
    && mkdir /files /seals && chown site:site /files /seals
COPY --from=packages /packages /packages
WORKDIR /site
COPY . .
# Static files need no secret and no server, only settings that can be read: none of these values is kept.
RUN DATABASE_URL=postgresql://none/none REDIS_URL=redis://none/0 SECRET_KEY=none FIELD_KEYS=none ALLOWED_HOSTS=none \
    python manage.py collectstatic --noinput
USER site
EXPOSE 8000
CMD ["gunicorn", "--bind", "0.0.0.0:8000"]
