# shellcheck shell=bash disable=SC2154
# certificates.sh - a CA of our own and one certificate for all servers of a set

make_certificates() {
  local pki=$D/pki name
  mkdir -p "$pki"
  for name in ca server; do
    certtool --generate-privkey --key-type=ecdsa --curve=secp256r1 --outfile "$pki/$name.key"
  done
  cat >"$pki/ca.tmpl" <<EOT
cn = "postdesk test CA"
ca
cert_signing_key
expiration_days = 30
EOT
  cat >"$pki/server.tmpl" <<EOT
cn = "localhost"
dns_name = "localhost"
dns_name = "$AUTHSERV"
dns_name = "imap.desk.example"
dns_name = "smtp.desk.example"
ip_address = "127.0.0.1"
tls_www_server
signing_key
expiration_days = 30
EOT
  certtool --generate-self-signed --load-privkey "$pki/ca.key" --template "$pki/ca.tmpl" \
    --outfile "$pki/ca.pem"
  certtool --generate-certificate --load-privkey "$pki/server.key" --template "$pki/server.tmpl" \
    --load-ca-certificate "$pki/ca.pem" --load-ca-privkey "$pki/ca.key" --outfile "$pki/server.pem"
}
