#!/bin/sh
# Builds the fuzzers and runs each for some seconds, from seeds made of the golden files.
# Usage: Fuzz/run.sh [SECONDS [FUZZER...]]
# A failing input is left in Fuzz/artifacts; run the fuzzer's executable on it to see the failure again.
set -eu
cd "$(dirname "$0")"
seconds=${1:-30}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- FuzzChunks FuzzXorbFooter FuzzShard FuzzReconstruction FuzzHeaders FuzzAnswers FuzzMultipart
golden=../Tests/Vectors/golden

mkdir -p artifacts corpus/FuzzChunks corpus/FuzzXorbFooter corpus/FuzzShard corpus/FuzzReconstruction corpus/FuzzHeaders \
    corpus/FuzzAnswers corpus/FuzzMultipart
cp "$golden"/frames/*.chunk corpus/FuzzChunks/
cp "$golden"/shards/*.mdb "$golden"/upload/*.shard "$golden"/synthetic/*.shard corpus/FuzzShard/
cp "$golden"/reconstruction/*.json corpus/FuzzReconstruction/
i=0
for line in 'bytes=0-99' 'bytes=5-' 'bytes=-7' 'bytes 0-9/10' 'bytes */10' 'W/"abc"' \
    '<http://a/b?c>; rel="next", <d>; rel=xet-auth' 'http://[::1]:80/a%20b?c#d' 'a/%C3%A9/../b' \
    'gzip;q=0, identity' '"api";r=0;t=55' 'limit=5, remaining=0, reset=9' '0x7f.1' '64:ff9b::7f00:1' \
    'multipart/byteranges; boundary="a b"' 'multipart/byteranges;boundary=x'; do
    i=$((i + 1))
    printf '%s' "$line" > "corpus/FuzzHeaders/$i"
done
# The first byte says how the bytes after it come, and what was asked.
i=0
for head in '200 OK' '000 X' '042 X' '099 X' '101 X' '204 X' '304 X' '999 X' '1000 X'; do
    for rest in 'Content-Length: 2\r\n\r\nok' 'Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nT: v\r\n\r\n' \
        '\r\nok' 'Connection: upgrade\r\nUpgrade: x\r\n\r\nx' 'Content-Length: 0\r\n\r\nHTTP/1.1 000 X\r\n\r\n'; do
        i=$((i + 1))
        # shellcheck disable=SC2059
        printf "$(printf '\\%03o' "$i")HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 $head\r\n$rest" > "corpus/FuzzAnswers/$i"
    done
done
# The first byte says how the rest comes; the ranges and the boundary are those of the fuzzer.
i=0
for end in '\r\n--b--\r\n' '\r\n--b--' '\r\n--b \r\nContent-Range: bytes 40-41/50\r\n\r\nxx\r\n--b--' 'x'; do
    for preamble in '' '\r\n' 'a\r\n'; do
        i=$((i + 1))
        # shellcheck disable=SC2059
        printf "$(printf '\\%03o' "$i")$preamble--b\r\nContent-Range: bytes 0-0/50\r\n\r\nx\r\n--b\r\nA: b\r\ncontent-range:\r\n bytes 5-12/*\r\n\r\n--b--\r\n-\r\n--b\t\r\nContent-Range: bytes 20-29/50\r\n\r\n0123456789$end" > "corpus/FuzzMultipart/$i"
    done
done
for xorb in "$golden"/xorbs/*.xorb "$golden"/synthetic/*.xorb; do
    size=$(wc -c < "$xorb")
    if [ "$size" -lt 10000 ]; then
        cp "$xorb" corpus/FuzzChunks/
    fi
    # The last four bytes are the footer's length, little-endian; its start follows it in the seed.
    length=$(tail -c 4 "$xorb" | od -An -tu4 | tr -d ' ')
    start=$((size - 4 - length))
    seed=corpus/FuzzXorbFooter/$(basename "$xorb")
    tail -c $((length + 4)) "$xorb" | head -c "$length" > "$seed"
    for shift in 0 8 16 24; do
        byte=$((start >> shift & 255))
        # shellcheck disable=SC2059
        printf "\\$(printf %03o "$byte")" >> "$seed"
    done
done

swift build -c release
binaries=$(swift build -c release --show-bin-path)
for fuzzer in "$@"; do
    echo "== $fuzzer, $seconds s"
    # Swift keeps its metadata alive, which is no leak.
    ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no timeout $((seconds + 120)) "$binaries/$fuzzer" -max_total_time="$seconds" -max_len=32768 -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 -artifact_prefix="artifacts/$fuzzer-" "corpus/$fuzzer"
done
