#!/bin/sh
# Checks the C kernel of the byte grouping against its plain form on this machine and on others.
#
#   run.sh native     this machine, with address and undefined-behaviour checks
#   run.sh arm64      under qemu    apt-get install gcc-aarch64-linux-gnu qemu-user
#   run.sh s390x      big-endian    apt-get install gcc-s390x-linux-gnu qemu-user
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case "${1:-native}" in
native) set -- "${CC:-gcc} -fsanitize=address,undefined -fno-sanitize-recover" "" ;;
arm64) set -- aarch64-linux-gnu-gcc "qemu-aarch64 -L /usr/aarch64-linux-gnu" ;;
s390x) set -- s390x-linux-gnu-gcc "qemu-s390x -L /usr/s390x-linux-gnu" ;;
*) echo "usage: $0 native|arm64|s390x" >&2; exit 2 ;;
esac

# $1 and $2 are commands with their options: splitting them is meant.
$1 -O2 -g -Wall -Wextra -Werror -I "$root/Sources/CByteGrouping/include" "$root"/Sources/CByteGrouping/*.c \
    "$here/check.c" -o "$work/check"
$2 "$work/check"
