#!/usr/bin/env bash
# Builds the image with docker, podman or buildah, and prints its size. What it leaves in .build-image: xet.tar, for
# `docker load` and for Tests/Image.
#
#   ENGINE=buildah    instead of the first that works
#   IMAGE=name:tag    instead of xet:latest
#   LOCAL=1           with the binary of `make build` for this machine's architecture, and with its certificates,
#                     instead of compiling in the Swift image; also done when that image cannot be pulled
#   RELEASE_FOLDER=F  where `make build` compiles
#   SWIFT_VERSION=6.3 version of the Swift image
set -euo pipefail
cd "$(dirname "$0")/.."

image=${IMAGE:-xet:latest}
swift_version=${SWIFT_VERSION:-6.3}
folder=.build-image
# The sizes that the project promises, in bytes.
most_unpacked=35000000
most_packed=15000000

fail() {
    echo "image: $*" >&2
    exit 1
}

works() {
    case "$1" in
    # Named contexts need BuildKit, and a client alone builds nothing.
    docker) docker info >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1 ;;
    podman) podman info >/dev/null 2>&1 ;;
    buildah) buildah --version >/dev/null 2>&1 ;;
    *) fail "no such engine: $1; there are docker, podman and buildah" ;;
    esac
}

choose_engine() {
    local engine
    for engine in ${ENGINE:-docker podman buildah}; do
        if works "$engine"; then
            echo "$engine"
            return
        fi
    done
    fail "none of ${ENGINE:-docker, podman and buildah} works here (Debian: apt-get install buildah)"
}

# What the first stage would have made, from what this machine has.
lay_out_local_build() {
    [ "$(uname -s)" = Linux ] || fail "a local binary is for this system, and images are for Linux"
    local release=${RELEASE_FOLDER:-.build-release}
    make build RELEASE_FOLDER="$release"
    rm -rf "$folder/build"
    mkdir -p "$folder/build/out/etc/ssl/certs" "$folder/build/data"
    strip -o "$folder/build/out/xet" "$release/release/xet"
    local bundle
    for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt ""; do
        if [ -f "$bundle" ]; then break; fi
    done
    [ -n "$bundle" ] || fail "this machine has no certificates of authorities (Debian: apt-get install ca-certificates)"
    cp -L "$bundle" "$folder/build/out/etc/ssl/certs/ca-certificates.crt"
    chmod 755 "$folder/build/out/xet"
    chmod 644 "$folder/build/out/etc/ssl/certs/ca-certificates.crt"
}

engine=$(choose_engine)
if [ "$engine" = buildah ]; then
    # Works without a daemon, without a user namespace, and inside containers.
    export STORAGE_DRIVER=${STORAGE_DRIVER:-vfs} BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}
fi

local_build=${LOCAL:-}
swift_image=docker.io/library/swift:$swift_version-bookworm
if [ -z "$local_build" ] && ! "$engine" pull "$swift_image"; then
    echo "image: $swift_image cannot be pulled, so the binary is built here" >&2
    local_build=1
fi

arguments=(--build-arg "SWIFT_VERSION=$swift_version" --tag "$image")
if revision=$(git rev-parse HEAD 2>/dev/null); then
    arguments+=(--label "org.opencontainers.image.revision=$revision")
fi
mkdir -p "$folder"
if [ -n "$local_build" ]; then
    lay_out_local_build
    arguments+=(--build-context "build=$folder/build")
fi

archive=$folder/xet.tar
rm -f "$archive"
# Only this format of an image knows a health check.
case "$engine" in
docker)
    docker buildx build --load "${arguments[@]}" .
    docker save --output "$archive" "$image"
    ;;
podman)
    podman build --format docker "${arguments[@]}" .
    podman save --format docker-archive --output "$archive" "$image"
    ;;
buildah)
    buildah build --format docker "${arguments[@]}" .
    buildah push -q "$image" "docker-archive:$archive:$image"
    ;;
esac

# Layers come as they are or compressed, as the engine likes it.
rm -rf "$folder/archive"
mkdir "$folder/archive"
tar -xf "$archive" -C "$folder/archive"
layers() { find "$folder/archive" -type f -exec gzip -cdf {} +; }
unpacked=$(layers | wc -c)
packed=$(layers | gzip -c | wc -c)
rm -rf "$folder/archive"
echo "$image by $engine: $unpacked bytes unpacked (at most $most_unpacked), $packed packed (at most $most_packed)"
if [ "$unpacked" -gt "$most_unpacked" ] || [ "$packed" -gt "$most_packed" ]; then
    fail "that is too large"
fi
