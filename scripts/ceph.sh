#!/usr/bin/env bash
# Ceph's S3 gateway on 127.0.0.1, for tests: one monitor, one OSD that keeps everything in memory, one radosgw.
#
#   scripts/ceph.sh up FOLDER     starts what does not run, and waits until the gateway answers; says what is in FOLDER/s3.env
#   scripts/ceph.sh down FOLDER   ends it; what it held is gone
#
# scripts/setup.sh ceph installs it. Everything it writes is in FOLDER, and nothing needs root. CEPH_OWNER, CEPH_READER and CEPH_NOBODY
# (KEY:SECRET) are the users: of the buckets, one who may read them, one who may nothing; they are made up if they are not given.
set -euo pipefail

[ $# -ge 1 ] || { sed -n '2,6s/^# \?//p' "$0" >&2; exit 2; }
action=$1

mkdir -p "${2:?a folder is needed}"
folder=$(cd "$2" && pwd)
configuration=$folder/ceph.conf
deadline=${CEPH_DEADLINE:-90}

# What has ended counts as such before anybody has asked for its status.
runs() { # name
    [ -s "$folder/$1.pid" ] && case "$(ps -o stat= -p "$(cat "$folder/$1.pid")")" in "" | Z*) false ;; esac
}

# Polls a condition; what it says is shown if it does not come true.
wait_for() { # what, command
    local what=$1 end=$((SECONDS + deadline))
    shift
    until "$@" >"$folder/wait.log" 2>&1; do
        if [ $SECONDS -ge $end ]; then
            echo "ceph.sh: $what: not within $deadline s" >&2
            cat "$folder/wait.log" >&2
            for log in "$folder"/*.log "$folder"/*.out; do tail -n 10 "$log" >&2; done
            exit 1
        fi
        sleep 0.1
    done
}

launch() { # name, command
    local name=$1
    shift
    runs "$name" && return
    # A group of its own, so that all of it can be ended.
    setsid "$@" </dev/null >>"$folder/$name.out" 2>&1 &
    echo $! >"$folder/$name.pid"
    disown
}

finish() { # name
    runs "$1" || return 0
    kill -KILL -- "-$(cat "$folder/$1.pid")" 2>/dev/null || true
    while runs "$1"; do sleep 0.05; done
    rm -f "$folder/$1.pid"
}

ceph() { timeout 10 ceph --conf "$configuration" --connect-timeout 5 "$@"; }
admin() { timeout 60 radosgw-admin --conf "$configuration" --name client.gateway "$@"; }
# Below the ports that systems give to connections, so that nobody takes it meanwhile.
free_port() {
    local port
    while port=$((15000 + RANDOM % 17000)); (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}
random_key() { head -c 20 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

make() {
    local port monitor
    port=$(free_port)
    monitor="[v2:127.0.0.1:$(free_port)/0]"
    cat >"$configuration" <<END
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = $monitor
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
# The gateway wants to encrypt, which needs keys.
ms mon client mode = crc
# Each pool takes some rounds.
paxos propose interval = 0.05
run dir = $folder
log file = $folder/\$name.log
# A path of a socket may have 107 characters, which folders of tests pass.
admin socket =
mon data = $folder/mon
mon cluster log file = $folder/cluster.log
osd data = $folder/osd
osd objectstore = memstore
memstore device bytes = 8589934592
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
rgw frontends = beast endpoint=127.0.0.1:$port
rgw override bucket index max shards = 1
rgw thread pool size = 64
END
    echo "$port" >"$folder/port"
    monmaptool --create --fsid "$(sed -n 's/^fsid = //p' "$configuration")" --addv a "$monitor" "$folder/monmap" >/dev/null
    mkdir "$folder/mon" "$folder/osd"
    ceph-mon --conf "$configuration" --id a --mkfs --monmap "$folder/monmap"
}

case "$action" in
up)
    [ -e "$configuration" ] || make
    launch mon ceph-mon --conf "$configuration" --id a --foreground
    wait_for "the monitor answers" ceph mon stat
    if ! runs osd; then
        # It keeps nothing: a new one each time.
        rm -rf "$folder/osd" "$folder/users"
        mkdir "$folder/osd"
        uuid=$(cat /proc/sys/kernel/random/uuid)
        ceph osd new "$uuid" >/dev/null
        ceph-osd --conf "$configuration" --id 0 --mkfs --osd-uuid "$uuid" >"$folder/osd.out" 2>&1
        launch osd ceph-osd --conf "$configuration" --id 0 --foreground
        wait_for "the OSD is up" bash -c "timeout 10 ceph --conf '$configuration' osd stat | grep -q '1 up'"
    fi
    owner=${CEPH_OWNER:-owner:$(random_key)}
    reader=${CEPH_READER:-reader:$(random_key)}
    nobody=${CEPH_NOBODY:-nobody:$(random_key)}
    if [ ! -e "$folder/users" ]; then
        admin user create --uid owner --display-name owner --access-key "${owner%%:*}" --secret-key "${owner#*:}" >/dev/null
        admin subuser create --uid owner --subuser owner:reader --access read >/dev/null
        admin key create --uid owner --subuser owner:reader --key-type s3 --access-key "${reader%%:*}" \
            --secret-key "${reader#*:}" >/dev/null
        admin user create --uid nobody --display-name nobody --access-key "${nobody%%:*}" --secret-key "${nobody#*:}" >/dev/null
        touch "$folder/users"
        {
            echo "ENDPOINT=http://127.0.0.1:$(cat "$folder/port")"
            echo "AWS_ACCESS_KEY_ID=${owner%%:*}"
            echo "AWS_SECRET_ACCESS_KEY=${owner#*:}"
        } >"$folder/s3.env"
        chmod 600 "$folder/s3.env"
    fi
    launch gateway radosgw --conf "$configuration" --name client.gateway --foreground
    wait_for "the gateway answers" curl -sf -o /dev/null "http://127.0.0.1:$(cat "$folder/port")/"
    ;;
down)
    for name in gateway osd mon; do finish "$name"; done
    ;;
*)
    echo "ceph.sh: $action is neither up nor down" >&2
    exit 2
    ;;
esac
