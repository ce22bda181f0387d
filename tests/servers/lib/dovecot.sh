# shellcheck shell=bash disable=SC2154
# dovecot.sh - IMAP, IMAPS and LMTP for everyone in DIR/users
#
# DIR/users may be edited at any time; it is read anew within a second. Whoever has no line in it
# bounces with a DSN. *@any.example needs no line: everyone there exists, with password "secret".
# box+detail@domain lands in the INBOX of box@domain; Delivered-To keeps the detail.

configure_dovecot() {
  local group
  group=$(id -gn "$RUN_USER")
  # All users and groups are the one we run as and no service asks for a chroot: then Dovecot's
  # master needs no root.
  cat >"$D/dovecot/dovecot.conf" <<EOT
base_dir = $D/dovecot/run
state_dir = $D/dovecot/state
instance_name = $INSTANCE
login_greeting = $INSTANCE
log_path = $D/log/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
hostname = imap.desk.example
postmaster_address = postmaster@desk.example
default_internal_user = $RUN_USER
default_internal_group = $group
default_login_user = $RUN_USER
mail_uid = $RUN_USER
mail_gid = $group
first_valid_uid = 0
first_valid_gid = 0
ssl = yes
ssl_cert = <$D/pki/server.pem
ssl_key = <$D/pki/server.key
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_username_format = %Lu
mail_home = $D/mail/%d/%n
mail_location = maildir:$D/mail/%d/%n/Maildir
mail_fsync = never
mail_max_userip_connections = 200
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
# the address as given, +detail and all ("original" wants an ORCPT, which Postfix does not send
# because this LMTP server announces no DSN: no Delivered-To at all)
lmtp_hdr_delivery_address = final
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%Lu $D/users
}
passdb {
  driver = static
  args = password=secret
  username_filter = *@any.example
}
# without allow_all_users this asks the passdbs whether the user exists
userdb {
  driver = static
  args = uid=$RUN_USER gid=$group home=$D/mail/%d/%n
}
service anvil {
  chroot =
  # or each wrong password makes the next answer slower
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {
    port = $P_IMAP
  }
  inet_listener imaps {
    port = $P_IMAPS
    ssl = yes
  }
}
service lmtp {
  process_min_avail = 2
  unix_listener lmtp {
    mode = 0666
  }
  inet_listener lmtp {
    port = $P_LMTP
  }
}
service auth {
  unix_listener auth-submission {
    mode = 0666
  }
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Trash {
    auto = subscribe
    special_use = \\Trash
  }
  mailbox Archive {
    auto = subscribe
    special_use = \\Archive
  }
  mailbox Junk {
    auto = subscribe
    special_use = \\Junk
  }
}
EOT
}

dovecot_is_ready() { greets "$P_IMAP" "* OK*$INSTANCE*" && greets "$P_LMTP" "220 *"; }
