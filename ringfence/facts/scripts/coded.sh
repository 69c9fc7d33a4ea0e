# shellcheck shell=sh
# Goes before the library of each fact that prints texts of the host's: none of them can break the answer.
# A base64 costs three processes, and most texts need none.
coded() { # text: as it is behind a `=`, with \ for each space, or in base64
    case $1 in
    *[!A-Za-z0-9/._:@+*,=%\ -]*) printf '%s' "$1" | base64 -w0 ;;
    *)
        plain=$1
        while [ "$plain" != "${plain#* }" ]; do plain=${plain%% *}\\${plain#* }; done
        printf '=%s' "$plain"
        ;;
    esac
}
