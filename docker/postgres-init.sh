#!/bin/bash
# Runs once, when the database's volume is empty: two roles, and a database each for the data and for the keys.
set -euo pipefail
psql --username postgres --dbname template1 --set ON_ERROR_STOP=1 \
  --set owner_password="$OWNER_PASSWORD" --set runtime_password="$RUNTIME_PASSWORD" --file /concord/roles.sql
createdb --username postgres --owner concord_owner concord
createdb --username postgres --owner concord_owner concord_keys
