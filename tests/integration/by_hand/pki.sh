# shellcheck shell=sh
# TLS-02: a key that stays here, and a request for its certificate, which whoever runs this has signed.
mkdir -p /etc/ringfence/pki
chmod 755 /etc/ringfence/pki
(
    umask 077
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out /etc/ringfence/pki/host.key
    openssl req -new -config /dev/null -subj / -key /etc/ringfence/pki/host.key -out /etc/ringfence/host.csr
)
