#!/bin/sh
# Builds the Swift tests with a sanitizer and runs them.
# Usage: Tests/Sanitizers/run.sh thread|address [argument of swift test...]
set -eu
cd "$(dirname "$0")/../.."
case "${1:-}" in
thread) scratch=.build-tsan ;;
address) scratch=.build-asan ;;
*)
    echo "unknown sanitizer: ${1:-}; there are thread and address" >&2
    exit 2
    ;;
esac
sanitizer=$1
shift

# A report of the thread sanitizer fails the run at its end; the address sanitizer ends it at once.
export TSAN_OPTIONS="suppressions=$PWD/Tests/Sanitizers/thread.txt history_size=4 ${TSAN_OPTIONS:-}"
# Swift keeps its metadata alive, which is no leak.
export ASAN_OPTIONS="detect_leaks=0 suppressions=$PWD/Tests/Sanitizers/address.txt ${ASAN_OPTIONS:-}"

# With all tests at once each step of one waits for seconds, and what has a deadline misses it.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8

swift build --build-tests --sanitize="$sanitizer" --scratch-path "$scratch"
run() { swift test --skip-build --sanitize="$sanitizer" --scratch-path "$scratch" "$@"; }
if [ $# -gt 0 ]; then
    run "$@"
else
    # As in `make unit`: beside the races others wait until they run out of time.
    run --skip CancellationRaceTests
    run --filter CancellationRaceTests
fi
