#!/bin/sh
# ship.sh pyroscope|parca URL NAME PROFILE...: send profiles of any format to a server for continuous
# profiling, as pprof, with curl. Past one machine, those are the place; this feeds them.
#
#     LABELS=env=prod,region=eu sh ship.sh pyroscope http://localhost:4040 shop.web web.p2a
#     LABELS=env=prod sh ship.sh parca http://localhost:7070 shop.web web.p2a
#
# Environment: FROM and UNTIL, Unix seconds between which it was recorded (default: the ten seconds before
# the file was written); TOKEN, a bearer's; TENANT, for Pyroscope with several; PROF2ANY, the program.
#
# Pyroscope takes POST /ingest?name=NAME{LABELS}&from=&until=&format=pprof with a form: the profile, and
# how its sample types are to be shown. Parca takes a gRPC call, here as gRPC-Web: POST
# /parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw with a message of this shape, in protobuf:
#
#     WriteRawRequest { series 2: { labels 1: { labels 1: { name 1, value 2 } ... }
#                                   samples 2: { raw_profile 1 } }  normalized 3 }
set -eu

prof2any=${PROF2ANY:-prof2any}
[ $# -ge 4 ] || { echo "usage: ship.sh pyroscope|parca URL NAME PROFILE..." >&2; exit 2; }
server=$1 url=${2%/} name=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

byte() {
    # shellcheck disable=SC2059 # the format is the byte
    printf "\\$(printf '%03o' "$1")"
}

# varint NUMBER: as protobuf has it, seven bits a byte
varint() {
    rest=$1
    while [ "$rest" -ge 128 ]; do
        byte $((rest % 128 + 128))
        rest=$((rest / 128))
    done
    byte "$rest"
}

# field NUMBER FILE: a field of bytes
field() {
    varint $(($1 * 8 + 2))
    varint "$(wc -c <"$2")"
    cat "$2"
}

# number FIELD NUMBER
number() {
    varint $(($1 * 8))
    varint "$2"
}

# label NAME VALUE
label() {
    printf '%s' "$1" >"$work/word"
    field 1 "$work/word" >"$work/pair"
    printf '%s' "$2" >"$work/word"
    field 2 "$work/word" >>"$work/pair"
    field 1 "$work/pair"
}

# The message as prof2any writes it, and behind it when it was recorded: time, duration, period.
make_pprof() {
    until=${UNTIL:-$(date -r "$1" +%s)}
    from=${FROM:-$((until - 10))}
    "$prof2any" -q "$1" -f pprof -O raw=yes -o "$work/raw"
    {
        cat "$work/raw"
        number 9 "${from}000000000"
        number 10 "$((until - from))000000000"
        number 12 1
    } | gzip -n >"$work/profile.pb.gz"
}

# post ARGUMENTS...: curl's, with what goes for both servers
post() {
    if [ -n "${TOKEN:-}" ]; then
        set -- --header "Authorization: Bearer $TOKEN" "$@"
    fi
    curl --fail-with-body --silent --show-error --max-time 60 "$@"
}

to_pyroscope() {
    kinds=
    for kind in time cpu; do
        kinds="$kinds,\"$kind\":{\"units\":\"nanoseconds\",\"aggregation\":\"sum\",\"sampled\":false}"
    done
    for kind in samples allocations; do
        kinds="$kinds,\"$kind\":{\"units\":\"samples\",\"aggregation\":\"sum\",\"sampled\":false}"
    done
    kinds="$kinds,\"allocated\":{\"units\":\"bytes\",\"aggregation\":\"sum\",\"sampled\":false}"
    printf '{%s}' "${kinds#,}" >"$work/kinds.json"
    if [ -n "${TENANT:-}" ]; then
        set -- --header "X-Scope-OrgID: $TENANT"
    fi
    post "$@" --form "profile=@$work/profile.pb.gz;type=application/octet-stream" \
        --form "sample_type_config=@$work/kinds.json;type=application/json" \
        --url-query "name=$name{${LABELS:-}}" --url-query "from=$from" --url-query "until=$until" \
        --url-query format=pprof --url-query spyName=prof2any "$url/ingest"
}

to_parca() {
    label __name__ "$name" >"$work/labels"
    rest_of_labels=${LABELS:-}
    while [ -n "$rest_of_labels" ]; do
        pair=${rest_of_labels%%,*}
        rest_of_labels=${rest_of_labels#"$pair"}
        rest_of_labels=${rest_of_labels#,}
        label "${pair%%=*}" "${pair#*=}" >>"$work/labels"
    done
    field 1 "$work/profile.pb.gz" >"$work/sample"
    {
        field 1 "$work/labels"
        field 2 "$work/sample"
    } >"$work/series"
    {
        field 2 "$work/series"
        number 3 1
    } >"$work/message"
    # A frame: no flags, the length in four bytes, the message.
    size=$(wc -c <"$work/message")
    {
        byte 0
        for shift in 16777216 65536 256 1; do
            byte $((size / shift % 256))
        done
        cat "$work/message"
    } >"$work/frame"
    post --header 'Content-Type: application/grpc-web+proto' --header 'X-Grpc-Web: 1' \
        --data-binary "@$work/frame" --dump-header "$work/head" --output "$work/answer" \
        "$url/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw"
    # The status is among the headers, or in a frame at the end of the answer.
    if ! cat "$work/head" "$work/answer" | grep -aqi '^.*grpc-status: *0'; then
        cat "$work/head" "$work/answer" | grep -ai 'grpc-' | tr -cd '[:print:]\n' >&2 || :
        echo "ship.sh: $url didn't take it" >&2
        return 1
    fi
}

for profile; do
    make_pprof "$profile"
    case $server in
    pyroscope) to_pyroscope ;;
    parca) to_parca ;;
    *) echo "ship.sh: no server '$server', expected pyroscope or parca" >&2; exit 2 ;;
    esac
done
