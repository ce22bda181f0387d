# shellcheck shell=bash disable=SC2154
# process.sh - start servers so that they can always be found and ended again
#
# DIR/pids ($PIDS) holds one line a server: "name pid ticks". The ticks are the process's start time, so a
# number that the system has given to somebody else meanwhile (also after a restart of the machine)
# is never signalled. A server writes its own line before it becomes the server: whoever starts it
# may be killed at any moment, and `servers stop` still finds it.

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

wait_until() { # MS COMMAND...
  local end=$(($(now_ms) + $1))
  shift
  until "$@"; do
    [ "$(now_ms)" -lt "$end" ] || return 1
    sleep 0.02
  done
}

start_time() { # PID -> clock ticks since boot; empty if there is no such process
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
  stat=${stat##*) }
  # shellcheck disable=SC2086 # the fields are numbers and one letter
  set -- $stat
  [ "$1" = Z ] || echo "${20}"
}

is_running() { # PID TICKS
  [ -n "$2" ] && [ "$(start_time "$1")" = "$2" ]
}

is_gone() { ! is_running "$1" "$2"; }

# setsid makes the recorded pid the leader of a group which holds all of a server's children
# (PostgreSQL's make groups of their own: see left_of).
launch() { # NAME COMMAND...
  local name=$1
  shift
  (
    self=$BASHPID # in $(…) it would be another one's
    echo "$name $self $(start_time "$self")" >>"$PIDS"
    cd "$D" || exit # where left_of looks
    exec setsid "${CLEAN_ENV[@]}" "$@" </dev/null >>"$D/log/$name.out" 2>&1
  ) &
}

# All servers work in a folder below DIR; a number used again by a stranger's process does not pass.
works_below_dir() { # PID
  local place
  place=$(readlink "/proc/$1/cwd" 2>/dev/null) || return 1 # a zombie has none
  [[ $place == "$D" || $place == "$D"/* ]]
}

# What is left of a server: its group, which outlives its leader, and PostgreSQL's backends.
# PID is "-" where only the backends are meant.
left_of() { # NAME PID -> pids
  local pid candidates
  candidates=$(
    if [ "$2" != - ]; then pgrep -g "$2"; fi
    if [ "$1" = postgres ]; then pgrep -x postgres; fi
  ) || true
  for pid in $candidates; do
    if works_below_dir "$pid"; then echo "$pid"; fi
  done
}

nothing_left_of() { [ -z "$(left_of "$1" "$2")" ]; }

kill_left_of() { # NAME PID
  local left
  left=$(left_of "$1" "$2")
  # shellcheck disable=SC2086 # a list of numbers
  [ -z "$left" ] || kill -s KILL $left 2>/dev/null || true
}

stop_one() { # NAME PID TICKS
  local signal=TERM
  [ "$1" != postgres ] || signal=INT
  if is_running "$2" "$3"; then
    kill -s "$signal" "$2" 2>/dev/null || true
    wait_until 5000 is_gone "$2" "$3" || kill -s KILL "$2" 2>/dev/null || true
  fi
  wait_until 500 nothing_left_of "$1" "$2" || kill_left_of "$1" "$2"
  wait_until 2000 nothing_left_of "$1" "$2" || complain "$1 ($2) does not end"
}

# Each in a process of its own: they end at the same time.
stop_servers() { # PATTERN of names
  local name pid ticks jobs=()
  [ -f "$PIDS" ] || return 0
  while read -r name pid ticks; do
    [[ $name =~ ^($1)$ ]] || continue
    stop_one "$name" "$pid" "$ticks" &
    jobs+=($!)
  done <"$PIDS"
  [ ${#jobs[@]} -eq 0 ] || wait "${jobs[@]}"
  sed -i -E "/^($1) /d" "$PIDS"
}

stop_all() {
  stop_servers '.*'
  rm -f "$PIDS"
}

recorded() { # NAME -> "pid ticks" of the newest server of that name
  [ -f "$PIDS" ] || return 0
  sed -n "s/^$1 //p" "$PIDS" | tail -n 1
}

forget() { # NAME
  sed -i "/^$1 /d" "$PIDS"
}
