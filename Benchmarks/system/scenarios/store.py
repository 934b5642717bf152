"""A store that replicas share: what a replica with nothing gives that another has fetched, and three that begin together."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import stores
from measure import MIB, alternating
from nginx import Network
from readers import read, same_file
from results import PLAIN, Outcome, Target, Work
from scenarios.cache import LANES, bytes_of
from subjects import PlainFile, Proxy

DISK = f"{Proxy.name}, empty disk"
WITHOUT = f"{Proxy.name}, no disk"
NGINX = stores.NginxFromStore.name
OBJECTS = f"{stores.StoreObjects.name}, {LANES} at once"
OBJECT = f"{stores.StoreObjects.name}, one by one"
REPLICAS = 3
READERS = 30


def another_replica(bench):
    """A file that one replica has fetched, through another one; beside nginx, with the file as it is in the store and on a
    disk, and beside GETs of the store's objects.
    """
    upstream, name = bench.upstream(bench.weights), bench.whole.name

    with stores.shared_store(upstream) as store:
        with (
            upstream.network(Network()) as nginx,
            upstream.stage.empty_folder() as folder,
            store.replica(upstream, nginx, "--cache", folder / "cache") as first,
        ):
            Proxy(bench, upstream, nginx, first).check(name)
            store.settle(first)
        network = Network("store", counts_bytes=True, store=store.service.endpoint)
        with upstream.network(network) as nginx:

            def fresh(has_disk, action):
                with ExitStack() as stack:
                    folder = stack.enter_context(upstream.stage.empty_folder())
                    options = ("--cache", folder / "cache") if has_disk else ()
                    server = stack.enter_context(store.replica(upstream, nginx, *options))
                    return action(Proxy(bench, upstream, nginx, server))

            plain, objects = PlainFile(bench, upstream, nginx), stores.StoreObjects(bench, upstream, nginx, store)
            beside, plain_object = stores.NginxFromStore(bench, upstream, nginx), store.put_plain(upstream.stage.plain / name)

            def objects_alone(count):
                reading, usage = objects.read(store.object_lanes(count))
                return reading.sample(usage)

            for has_disk in (True, False):
                fresh(has_disk, lambda proxy: proxy.check(name))
            plain.check(name)
            subjects = {
                DISK: lambda: fresh(True, lambda proxy: proxy.curl(name)),
                WITHOUT: lambda: fresh(False, lambda proxy: proxy.curl(name)),
                NGINX: lambda: beside.curl(plain_object),
                OBJECT: lambda: objects_alone(1),
                OBJECTS: lambda: objects_alone(LANES),
                PLAIN: lambda: plain.curl(name),
            }

            def claiming(action):
                def claimed():
                    upstream.stage.claim_memory(2 * bench.whole.mib * MIB)
                    return action()

                return claimed

            subjects = {subject: claiming(action) for subject, action in subjects.items()}
            samples = alternating(subjects, bench.rounds, bench.progress)
            sent = nginx.stop_and_count()
    work = Work(f"a shared store: another replica has it, one reader (curl), {bench.whole.mib} MiB", samples)
    speed = "megabytes_per_second"
    return Outcome(
        [work],
        [
            Target(work.name, "empty disk / nginx from the store", work.ratio(DISK, NGINX, speed), 0.5),
            Target(work.name, "no disk / nginx from the store", work.ratio(WITHOUT, NGINX, speed), 0.5),
            Target(work.name, "empty disk / the store's objects", work.ratio(DISK, OBJECTS, speed), 0.5),
            Target(work.name, "no disk / the store's objects", work.ratio(WITHOUT, OBJECTS, speed), 0.5),
            Target(work.name, "no disk / nginx, plain file", work.ratio(WITHOUT, PLAIN, speed), 0.2),
            Target(work.name, "bytes of the CDN", sent / MIB, 0, is_limit=True, unit="MiB"),
        ],
    )


def together(bench):
    """Three replicas with nothing, ten readers at each: what the CDN sends."""
    upstream = bench.upstream(bench.weights)
    alone = bytes_of(bench, upstream, 1, cache=False)
    with (
        stores.shared_store(upstream) as store,
        upstream.network(Network("store-cold", counts_bytes=True)) as nginx,
    ):
        with ExitStack() as stack:
            servers = [stack.enter_context(store.replica(upstream, nginx)) for _ in range(REPLICAS)]
            proxies = [Proxy(bench, upstream, nginx, server) for server in servers]

            def read_all(proxy):
                return read(bench.children, proxy.url, same_file(proxy.path(bench.part.name), READERS // REPLICAS))

            with ThreadPoolExecutor(REPLICAS) as readers:
                list(readers.map(read_all, proxies))
        sent = nginx.stop_and_count()
    bench.progress(f"  {REPLICAS} replicas, {READERS} readers: the CDN sent {sent / MIB:.1f} MiB")
    return Target(
        f"a shared store: {REPLICAS} replicas, {READERS} readers at once, {bench.part.mib} MiB, cold",
        "bytes of the CDN / one download's",
        sent / alone,
        1.2,
        is_limit=True,
    )


def store(bench):
    """A replica with nothing, of a file that another has fetched; three of them that begin together."""
    if reason := stores.missing():
        return Outcome(skipped=[f"a shared store: {reason}"])
    outcome = another_replica(bench)
    outcome.targets.append(together(bench))
    return outcome
