# shellcheck shell=bash disable=SC2034
# ports.sh - free ports for one set of servers, and whether our own server answers behind one

readonly PORTS=6

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below the range from which outgoing connections take theirs (32768 and up). Two sets may still
# choose alike at the same moment: then one fails to bind, and start_mail tries again.
choose_ports() {
  local base port
  while :; do
    base=$((10000 + (RANDOM * 32768 + RANDOM) % 2200 * 10))
    for ((port = base; port < base + PORTS; port++)); do
      port_is_free "$port" || continue 2
    done
    break
  done
  P_SMTP=$base P_SUBMISSION=$((base + 1)) P_SUBMISSIONS=$((base + 2))
  P_IMAP=$((base + 3)) P_IMAPS=$((base + 4)) P_LMTP=$((base + 5))
}

# The first line must match: greetings name the set, so somebody else's server is no answer.
greets() { # PORT PATTERN
  local line
  { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
  # no "IFS=" in front: a signal's trap would run with it
  read -r -t 2 line <&3 || line=
  exec 3>&-
  # shellcheck disable=SC2053 # a pattern
  [[ $line == $2 ]]
}
