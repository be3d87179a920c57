#!/bin/sh
# The PostgreSQL image runs this once, on an empty volume: Heed gets a database of its own and is no superuser in it.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set password="$HEED_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE heed LOGIN PASSWORD :'password';
CREATE DATABASE heed OWNER heed ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;
\connect heed
CREATE EXTENSION pg_trgm;
SQL
