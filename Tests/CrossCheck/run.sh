#!/bin/sh
# Checks the C kernels on this machine and on others: BLAKE3 against Tests/Vectors/blake3.json, the byte grouping against
# its plain form.
#
#   run.sh native     this machine, with address and undefined-behaviour checks
#   run.sh arm64      NEON under qemu, which also counts instructions: at most a third of those of the portable form
#                                                apt-get install gcc-aarch64-linux-gnu qemu-user
#   run.sh s390x      big-endian, portable form  apt-get install gcc-s390x-linux-gnu qemu-user
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case "${1:-native}" in
native) set -- "${CC:-gcc} -fsanitize=address,undefined -fno-sanitize-recover" "" ;;
arm64) set -- aarch64-linux-gnu-gcc "qemu-aarch64 -L /usr/aarch64-linux-gnu" ;;
s390x) set -- s390x-linux-gnu-gcc "qemu-s390x -L /usr/s390x-linux-gnu" ;;
*) echo "usage: $0 native|arm64|s390x" >&2; exit 2 ;;
esac

# $1 and $2 are commands with their options: splitting them is meant.
for kernel in BLAKE3 ByteGrouping; do
    $1 -O2 -g -Wall -Wextra -Werror -I "$root/Sources/C$kernel/include" "$root/Sources/C$kernel"/*.c \
        "$here/$kernel/check.c" -o "$work/$kernel"
done

# The vector file holds one case per line.
sed -n \
    -e 's/^  "key": "\([0-9a-f]*\)".*/\1/p' \
    -e 's/^    {"length": \([0-9]*\), "hash": "\([0-9a-f]*\)", "keyed": "\([0-9a-f]*\)"}.*/\1 \2 \3/p' \
    "$root/Tests/Vectors/blake3.json" >"$work/cases"
$2 "$work/BLAKE3" <"$work/cases"
$2 "$work/ByteGrouping"

runner=$2
if [ "${runner#qemu-aarch64}" = "$runner" ]; then exit; fi

$1 -O2 -Wall -Wextra -Werror -I "$root/Sources/CBLAKE3/include" "$root/Sources/CBLAKE3"/*.c "$here/BLAKE3/count.c" \
    -o "$work/count"
# The option's name changed with qemu 8.1.
each=-one-insn-per-tb
if ! qemu-aarch64 -help | grep -q -e "$each"; then each=-singlestep; fi
# Lines of the log are instructions, since each is translated by itself and none are chained.
log() { $runner $each -d nochain,exec -D /dev/stdout "$work/count" "$1" "$2" | grep -c "^Trace"; }
count() { echo $(($(log "$1" 1) - $(log "$1" 0))); }
portable=$(count 0)
neon=$(count 4)
echo "64 KiB: $portable instructions in the portable form, $neon with NEON"
[ "$neon" -gt 0 ] && [ $((neon * 3)) -le "$portable" ]
