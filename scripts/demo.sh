#!/usr/bin/env bash
# Runs the demo (`xet demo`), and once it is ready a download by the official client through its proxy. $1: the program.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

mkfifo "$folder/lines"
"$1" demo 2>"$folder/lines" &
demo=$!
# Ctrl-C on a terminal reaches the demo too, which ends by itself.
trap 'kill -INT "$demo" 2>/dev/null || true' INT TERM

show_client() {
    local client=.venv-demo/bin/hf copy=$folder/hf/model.safetensors
    echo "HF_ENDPOINT=$1 hf download demo/weights --local-dir ..."
    HF_ENDPOINT=$1 HF_HOME=$folder/home HF_HUB_DISABLE_TELEMETRY=1 "$client" download demo/weights \
        --local-dir "$folder/hf" --quiet >"$folder/hf.log" 2>&1 || {
        cat "$folder/hf.log"
        return 1
    }
    echo "the official client has the files too: sha256 $(sha256sum "$copy" | cut -d ' ' -f 1)"
}

while IFS= read -r line; do
    printf '%s\n' "$line" >&2
    case $line in
    "xet demo ready on "*) show_client "${line#xet demo ready on }" >&2 ;;
    esac
done <"$folder/lines"
wait "$demo"
