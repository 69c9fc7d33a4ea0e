# shellcheck shell=sh
# Prints which lines of OpenSSL's configuration weaken what programs take by it (config(5ssl), SSL_CONF_cmd(3ssl)).
weakening() { # path
    printf 'ringfence-openssl\n'
    [ ! -f "$1" ] || LC_ALL=C awk '{
        said = tolower($0)
        sub(/#.*/, "", said)
        gsub(/[ \t]/, "", said)
        sub(/^[0-9a-z_]+\./, "", said)
        if (said ~ /^minprotocol=(none|sslv3|tlsv1(\.[01])?|dtlsv1)$/ ||
            said ~ /^protocol=(.*,)?\+?(all|sslv3|tlsv1(\.1)?)(,|$)/ ||
            said ~ /^cipherstring=.*@seclevel=[01]([^0-9]|$)/) print "line", NR
    }' "$1"
}
