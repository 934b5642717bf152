#!/usr/bin/env bash
# Writes the plain manifests of deploy/ (or of the folder $1) from the chart, with helm from .venv-interop or the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:-deploy}
helm=.venv-interop/bin/helm
[ -x "$helm" ] || helm=helm

render() { # file, what it is, another command for it or nothing, options
    local file=$1 title=$2 before=$3
    shift 3
    {
        echo "# $title, for Kubernetes 1.30 or later: made from the chart in deploy/helm/xet by scripts/manifests.sh."
        echo "#"
        echo '#   kubectl create secret generic xet-proxy --from-literal=XET_SIGNING_KEY="$(openssl rand -base64 32)"'
        [ -z "$before" ] || echo "#   $before"
        echo "#   kubectl apply -f $file"
        echo "#"
        echo "# The secret signs the URLs that the proxy hands out. All replicas need the same one, since a client asks any of them;"
        echo "# it is not in this file, so that no cluster runs with one that everybody knows."
        "$helm" template xet-proxy deploy/helm/xet "$@" 2> >(grep -v 'found symbolic link' >&2) | sed -e '/^# Source: /d' -e 's/[[:space:]]*$//'
    } >"$target/$file"
}

render kubernetes.yaml "The proxy, several replicas behind one address" ""
render kubernetes-cache.yaml "The proxy with a cache for each replica, which a job fills every night" "" \
    --set cache.enabled=true --set warm.enabled=true --set 'warm.repositories={openai-community/gpt2}'
render kubernetes-store.yaml "The proxy, several replicas that share what they fetched in a bucket" \
    "kubectl create secret generic xet-store --from-literal=AWS_ACCESS_KEY_ID=... --from-literal=AWS_SECRET_ACCESS_KEY=..." \
    --set cache.store.url=s3://xet-cache/shared --set cache.store.endpoint=http://s3.example.org:8080 \
    --set cache.store.region=us-east-1 --set cache.store.credentials.secret=xet-store
