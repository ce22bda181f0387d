# shellcheck shell=bash disable=SC2154
# postgres.sh - a private PostgreSQL on a socket below DIR
#
# Fast by default: a test's database may be lost with the machine. `--durable` makes it as safe as in
# production (for the bench, and for tests that kill it). Deadlocks and long waits for locks are
# logged with their SQLSTATE in DIR/log/postgres.out.

readonly PG_BIN=/usr/lib/postgresql/15/bin

# In the background, and found again like a server: cut off, it takes a while to clean up. Where there is a database
# that was made in advance (servers cluster), a copy of it is quicker.
launch_initdb() {
  rm -rf "$D/pg/data"
  if [ -n "$CLUSTER" ]; then
    launch initdb cp -r -- "$CLUSTER" "$D/pg/data"
  else
    launch initdb "$PG_BIN/initdb" -D "$D/pg/data" -U test -A trust -E UTF8 --locale=C.UTF-8 -N
  fi
}

make_cluster() {
  local initdb
  mkdir -p "$D"/{log,pg}
  launch_initdb
  initdb=$!
  wait "$initdb" || die "initdb failed; see $D/log/initdb.out"
  rm -f "$PIDS"
}

# A file of its own, written at every start: a folder may be started again with other options.
configure_postgres() {
  local safe=off
  [ "$DURABLE" = no ] || safe=on
  grep -q servers.conf "$D/pg/data/postgresql.conf" ||
    echo "include 'servers.conf'" >>"$D/pg/data/postgresql.conf"
  cat >"$D/pg/data/servers.conf" <<EOT
listen_addresses = ''
unix_socket_directories = '$D/pg'
# whoever starts the servers is their user or root
unix_socket_permissions = 0700
fsync = $safe
synchronous_commit = $safe
full_page_writes = $safe
max_connections = 100
shared_buffers = $SHARED_BUFFERS
max_wal_size = 2GB
log_line_prefix = '%m [%p] %e '
log_lock_waits = on
track_io_timing = off
EOT
}

postgres_is_ready() { "$PG_BIN/pg_isready" -q -h "$D/pg" -U test -d postgres; }

postgres_runs() {
  # shellcheck disable=SC2046 # "pid ticks", or nothing
  set -- $(recorded postgres)
  [ $# = 2 ] && is_running "$1" "$2"
}

start_postgres() {
  ! postgres_runs || die "PostgreSQL runs already"
  # We know that ours is dead. Its lock files may name a number that is somebody else's by now, and
  # then PostgreSQL would not start.
  nothing_left_of postgres - || die "backends of a killed PostgreSQL are still there"
  rm -f "$D/pg/data/postmaster.pid" "$D/pg/.s.PGSQL.5432" "$D/pg/.s.PGSQL.5432.lock"
  launch postgres "$PG_BIN/postgres" -D "$D/pg/data"
  wait_until 60000 postgres_is_ready || die "PostgreSQL does not start; see $D/log/postgres.out"
}

# As if the power went: the postmaster first, or it would start to clean up after its children.
kill_postgres() {
  # shellcheck disable=SC2046 # "pid ticks", or nothing
  set -- $(recorded postgres)
  if [ $# = 2 ] && is_running "$1" "$2"; then kill -s KILL "$1"; fi
  kill_left_of postgres -
  wait_until 5000 nothing_left_of postgres - || die "PostgreSQL does not end"
  forget postgres
}
