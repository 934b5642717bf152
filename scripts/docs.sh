#!/usr/bin/env bash
# Writes docs/man and completions/ from the help of the commands of .build/debug/xet.
set -euo pipefail
cd "$(dirname "$0")/.."

xet=.build/debug/xet
mkdir -p docs/man completions
"$xet" --generate-completion-script bash >completions/xet.bash
"$xet" --generate-completion-script zsh >completions/_xet
"$xet" --generate-completion-script fish >completions/xet.fish

# The day of the last change, so that the same help gives the same pages.
date=$(git log -1 --format=%cs -- Sources/XetCommandLine 2>/dev/null || true)
swift package generate-manual --configuration debug --multi-page ${date:+--date "$date"}
output=$(find .build/plugins -name xet.1 -printf '%T@ %h\n' | sort -n | tail -1 | cut -d' ' -f2-)
rm -f docs/man/*.1
cp "$output"/*.1 docs/man/
ls docs/man completions
