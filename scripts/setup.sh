#!/usr/bin/env bash
# Installs what is missing. Without arguments: what a build needs. With "clients": also the official Python clients and
# the programs that the interop tests use, the former into .venv-interop, older ones into .venv-interop-NAME. With "ui":
# also a browser. With "ceph": also Ceph with its gateway, for the tests that share a store. With "demo": also the newest of the official clients, into .venv-demo. With "bench": also what the benchmarks compare with, nginx with its Lua module and the Python packages,
# the latter into .venv-bench, and a C compiler for the long line between them. With "image": only what the tests of the
# image need, which do not compile.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" != image ] && ! command -v swift >/dev/null; then
    echo "Swift 6.2 or later is needed: https://www.swift.org/install" >&2
    exit 1
fi

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian packages that are not installed yet.
missing() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

install() {
    local packages
    local options=()
    if [ "$1" = --no-install-recommends ]; then
        options=("$1")
        shift
    fi
    packages=$(missing "$@")
    [ -n "$packages" ] || return 0
    echo "installing:" $packages
    as_root apt-get update -qq
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${options[@]}" $packages >/dev/null
}

if command -v apt-get >/dev/null; then
    install make pkg-config liblz4-dev libsqlite3-dev
elif ! pkg-config --exists liblz4; then
    echo "liblz4 with its headers and pkg-config are needed" >&2
    exit 1
fi

# Debian's promtool, into the folder $1; not the rest of its package, which is a service.
install_promtool() {
    if [ -x "$1/promtool" ]; then return; fi
    local folder
    folder=$(mktemp -d)
    if (cd "$folder" && apt-get download -qq prometheus >/dev/null 2>&1); then
        dpkg-deb --fsys-tarfile "$folder"/prometheus_*.deb | tar -xO ./usr/bin/promtool >"$folder/promtool"
        command install -m 755 "$folder/promtool" "$1/promtool"
    fi
    rm -r "$folder"
}

# A virtual environment ($1) with what a list of packages ($2) names.
install_python() {
    if command -v apt-get >/dev/null; then
        command -v python3 >/dev/null || install python3
        python3 -c 'import ensurepip, venv' 2>/dev/null || install python3-venv
    fi
    if ! cmp -s "$2" "$1/requirements.txt"; then
        python3 -m venv "$1"
        "$1/bin/pip" install -q --disable-pip-version-check -r "$2"
        cp "$2" "$1/requirements.txt"
    fi
}

# An older client: a virtual environment (.venv-interop-$1) with what its list names and nothing else. Whatever it needs
# besides, it finds in that of another one ($2), so that little has to be fetched.
install_client() {
    local folder=.venv-interop-$1 list=Tests/Interop/requirements-$1.txt library base
    if cmp -s "$list" "$folder/requirements.txt"; then return; fi
    python3 -m venv --clear --without-pip "$folder"
    .venv-interop/bin/pip --python "$folder/bin/python" install -q --disable-pip-version-check --no-deps \
        --only-binary :all: -r "$list"
    library=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib", vars={"base": ""}))')
    base=$(cd "$2" && pwd)
    echo "$base$library" >"$folder$library/others.pth"
    cp "$list" "$folder/requirements.txt"
}

case "${1:-}" in
"") ;;
clients)
    if command -v apt-get >/dev/null; then install apache2-utils aria2 curl faketime git git-lfs wget; fi
    install_python .venv-interop Tests/Interop/requirements.txt
    if command -v apt-get >/dev/null; then install_promtool .venv-interop/bin; fi
    install_python .venv-interop-older Tests/Interop/requirements-older.txt
    jobs=()
    for version in 1.0 1.1; do install_client "$version" .venv-interop-older & jobs+=($!); done
    for version in 1.2 1.4; do install_client "$version" .venv-interop & jobs+=($!); done
    for job in "${jobs[@]}"; do wait "$job"; done
    ;;
ui)
    if command -v apt-get >/dev/null; then install chromium fonts-dejavu-core; fi
    install_python .venv-interop Tests/Interop/requirements.txt
    ;;
ceph)
    if command -v apt-get >/dev/null; then install --no-install-recommends curl procps radosgw ceph-mon ceph-osd ceph-common; fi
    ;;
demo)
    install_python .venv-demo scripts/demo-requirements.txt
    ;;
bench)
    if command -v apt-get >/dev/null; then install curl gcc libc6-dev nginx-light libnginx-mod-http-lua; fi
    install_python .venv-bench Benchmarks/system/requirements.txt
    ;;
image)
    if command -v apt-get >/dev/null; then install buildah curl iproute2 systemd util-linux; fi
    install_python .venv-image Tests/Image/requirements.txt
    ;;
*)
    echo "unknown: $1; there are clients, ui, ceph, demo, bench and image" >&2
    exit 2
    ;;
esac
