# shellcheck shell=sh disable=SC2016
# Prints what kinds of private keys lie at some paths, by OpenSSL's own reading of them.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
key() { # number path
    if [ -L "$2" ] || [ ! -f "$2" ]; then
        printf 'key %s absent\n' "$1"
        return
    fi
    about=$(openssl pkey -in "$2" -passin pass: -noout -text_pub </dev/null 2>/dev/null)
    curve=$(printf '%s\n' "$about" | sed -n 's/^ASN1 OID: //p')
    bits=$(printf '%s\n' "$about" | sed -n 's/^Public-Key: (\([0-9]*\) bit)$/\1/p')
    kind=${curve:-unknown}
    # Of all keys RSA's alone are shown with a modulus.
    case $about in *Modulus:*) kind=rsa ;; esac
    digest=$(openssl pkey -in "$2" -passin pass: -pubout -outform DER </dev/null 2>/dev/null | sha256sum)
    printf 'key %s %s %s %s %s\n' "$1" "$kind" "${bits:-0}" "${digest%% *}" "$(stat -c '%a:%U:%G' -- "$2")"
}
open_keys() { # place: files with a private key to which others than owner and group have a right
    printf 'open '
    find "$1" -xdev -type f -perm /007 \
        -exec grep -lsZE -e '^-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----' -- {} + | base64 -w0
    printf '\n'
}
leaves() { # place: files whose first certificate is no authority's, beside what Ringfence brought
    printf 'leaves '
    find "$1" -xdev \( -path /etc/ssl/certs -o -path /etc/ringfence/pki \) -prune -o \
        -type f -size -1024k -exec grep -lsZE -e '^-----BEGIN (TRUSTED )?CERTIFICATE-----' -- {} + |
        xargs -0r sh -c '
            for file; do
                about=$(openssl x509 -in "$file" -noout -subject -ext basicConstraints 2>/dev/null) || continue
                case $about in *CA:TRUE*) ;; *) printf "%s\0" "$file" ;; esac
            done' sh | base64 -w0
    printf '\n'
}
printf 'ringfence-pki\n'
