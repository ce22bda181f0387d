# shellcheck shell=bash disable=SC2154,SC2034
# postfix.sh - the border ("the internet") and two submission ports, all to Dovecot
#
# Tests can ask for
#   EHLO dmarc-RESULT.DOMAIN on SRV_SMTP   a stamp that says "dmarc=RESULT header.from=DOMAIN"
#   EHLO as!A!B, as!A!B!C, as!A!B!!D!E     a stamp that says "A B", "A (C) B", "A B; D E"
#   EHLO anything else                     "auth=none"; submission: "auth=pass smtp.auth=USER"
#   RCPT refused@..., deferred@...         answered 550, 451, on every port (DIR/postfix/recipients)
#
# The stamp. smtpd puts a header with a secret name in front of each message, because anything it
# puts there is later seen by header_checks like the sender's own headers. header_checks then deletes
# every Authentication-Results that names our authserv-id, and renames the secret header. The stamp is
# added at DATA: an earlier restriction runs once for each recipient.

readonly POSTFIX_SBIN=/usr/lib/postfix/sbin

configure_postfix() {
  local conf=$D/postfix id stamp
  # each character may have a backslash in front: in a quoted string that is the same
  id=$(sed 's/[^.]/\\\\?&/g; s/\./\\\\?\\./g' <<<"$AUTHSERV")
  # The name of the header which nobody outside can guess.
  stamp=X-Stamp-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')

  # Our id may hide behind comments, folds, quotes and backslashes, so the rule fails safe: it takes
  # every field with our id in it, unless as the value of a property (smtp.helo=..., user@...) or
  # as part of a longer name.
  cat >"$conf/header_checks" <<EOT
/^Authentication-Results[[:space:]]*:(.*[^=@a-z0-9._-])?$id([^a-z0-9._-]|\$)/ IGNORE
/^$stamp: (.*)\$/ REPLACE Authentication-Results: \$1
EOT
  cat >"$conf/stamp_mx" <<EOT
/^dmarc-([a-z]+)\\.([a-z0-9.-]+)\$/ PREPEND $stamp: $AUTHSERV; dmarc=\$1 header.from=\$2
/^as!([^!]+)!([^!]+)!!([^!]+)!([^!]+)\$/ PREPEND $stamp: $AUTHSERV; \$1 \$2; \$3 \$4
/^as!([^!]+)!([^!]+)!([^!]+)\$/ PREPEND $stamp: $AUTHSERV; \$1 (\$3) \$2
/^as!([^!]+)!([^!]+)\$/ PREPEND $stamp: $AUTHSERV; \$1 \$2
/^/ PREPEND $stamp: $AUTHSERV; auth=none
EOT
  cat >"$conf/stamp_sasl" <<EOT
/^([^"\\\\]+)\$/ PREPEND $stamp: $AUTHSERV; auth=pass smtp.auth=\$1
EOT
  cat >"$conf/local_domains" <<EOT
/(^|\\.)(example|test)\$/ local
EOT
  cat >"$conf/recipients" <<EOT
/^refused@/ 550 5.1.1 No such mailbox
/^deferred@/ 451 4.3.0 Try again later
EOT

  cat >"$conf/main.cf" <<EOT
compatibility_level = 3.6
config_directory = $conf
queue_directory = $D/queue
data_directory = $D/postfix-data
mail_owner = postfix
setgid_group = postdrop
import_environment = MAIL_CONFIG MAIL_LOGTAG POSTLOG_SERVICE POSTLOG_HOSTNAME TZ LANG=C LD_PRELOAD
maillog_file = $D/log/postfix.log
maillog_file_prefixes = $D
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = $AUTHSERV
mydomain = desk.example
myorigin = desk.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
biff = no

# Nobody is trusted for coming from 127.0.0.1, and no header is mended because of it.
mynetworks =
local_header_rewrite_clients =
append_dot_mydomain = no

virtual_mailbox_domains = regexp:$conf/local_domains
# no list of users: Dovecot says who exists, and what it refuses makes a DSN
virtual_mailbox_maps =
virtual_transport = lmtp:unix:$D/dovecot/run/lmtp
default_transport = error:5.4.4 this test server delivers only to .example and .test
recipient_delimiter = +
message_size_limit = $SIZE_LIMIT
mailbox_size_limit = 0

header_checks = regexp:$conf/header_checks
# empty, or a forwarded message's own header would be changed as well
mime_header_checks =
nested_header_checks =

smtpd_banner = \$myhostname ESMTP $INSTANCE
smtpd_helo_required = yes
smtpd_recipient_restrictions = check_recipient_access regexp:$conf/recipients
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_forbid_bare_newline = normalize
# a NUL would end the text that header_checks sees
message_strip_characters = \0
stamp_mx = check_helo_access regexp:$conf/stamp_mx
stamp_sasl = check_sasl_access regexp:$conf/stamp_sasl
only_sasl = permit_sasl_authenticated, reject

smtpd_sasl_type = dovecot
smtpd_sasl_path = $D/dovecot/run/auth-submission
smtpd_sasl_security_options = noanonymous
smtpd_tls_chain_files = $D/pki/server.key, $D/pki/server.pem
smtpd_tls_auth_only = yes
tls_random_source = dev:/dev/urandom

# No name server is asked and nothing is slowed down.
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtp_dns_support_level = disabled
in_flow_delay = 0
smtpd_error_sleep_time = 0
smtpd_junk_command_limit = 10000
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
smtpd_client_event_limit_exceptions = static:all
default_process_limit = 50
initial_destination_concurrency = 10
# one message, one recipient: Dovecot writes no Delivered-To for several
lmtp_destination_recipient_limit = 1
lmtp_destination_concurrency_limit = 10
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 5s
EOT
  # O: X-Original-To. X: a success report says "delivered". Not D: it makes a loop of any message
  # which comes back with a Delivered-To of ours.
  cat >"$conf/master.cf" <<EOT
127.0.0.1:$P_SMTP inet n - n - - smtpd
  -o syslog_name=postfix/mx
  -o smtpd_data_restrictions=\$stamp_mx
  -o smtpd_tls_security_level=may
127.0.0.1:$P_SUBMISSION inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_security_level=encrypt
  -o smtpd_relay_restrictions=\$only_sasl
  -o smtpd_data_restrictions=\$stamp_sasl
127.0.0.1:$P_SUBMISSIONS inet n - n - - smtpd
  -o syslog_name=postfix/submissions
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_wrappermode=yes
  -o smtpd_relay_restrictions=\$only_sasl
  -o smtpd_data_restrictions=\$stamp_sasl
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp flags=OX
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
showq unix n - n - - showq
flush unix n - n 1000? 0 flush
postlog unix-dgram n - n - 1 postlogd
EOT
  # Postfix reads a file again and again (1.5 s) until its last change is more than a second ago.
  touch -d '1 minute ago' "$conf"/*
}

# fake_root.c says what this is for.
make_fake_root() {
  cc -shared -fPIC -O1 -Wall -Wextra -o "$D/fake_root.so" "$HERE/fake_root.c"
}

# What "postfix start" would make; it is not used because it reads the lists in /etc/postfix,
# checks the system's own folders and takes a second longer.
make_queue() {
  local q=$D/queue
  mkdir -p "$q/pid" "$D/postfix-data"
  (cd "$q" && mkdir -p active bounce corrupt defer deferred flush hold incoming maildrop \
    private public saved trace)
}

postfix_is_ready() { greets "$P_SMTP" "220 *$INSTANCE*"; }
