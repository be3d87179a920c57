# One image for web part, worker and commands. No secret is in it: settings come from the environment.
ARG PYTHON=3.13-slim-trixie

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements-production.lock requirements-build.lock ./
# Wheels only: what is built from source would fetch its build tools without a hash.
RUN python -m venv /opt/heed \
    && /opt/heed/bin/pip install --require-hashes --only-binary :all: -r requirements-production.lock
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes --only-binary :all: -r requirements-build.lock
COPY pyproject.toml LICENSE ./
COPY webapp webapp
COPY templates templates
COPY static static
COPY migrations migrations
RUN /opt/build/bin/hatchling build -t wheel -d /dist \
    && /opt/heed/bin/pip install --no-deps --no-index /dist/*.whl \
    && /opt/heed/bin/pip uninstall --yes --quiet pip

FROM python:${PYTHON}
# heed backup and restore run pg_dump and pg_restore, which must be as new as the server in compose.yaml.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin heed \
    && install --directory --owner heed --group heed --mode 0700 /data
COPY --from=build /opt/heed /opt/heed
COPY gunicorn.conf.py /opt/heed/
ENV PATH=/opt/heed/bin:$PATH HEED_DATA_DIR=/data PORT=8000 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/heed
VOLUME /data
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-m", "webapp.healthcheck"]
CMD ["gunicorn", "webapp:create_app()"]
