"""The scenarios, in the order in which they run; those of one fixture set follow each other."""

from scenarios import cache, crowds, distance, growth, latency, memory, outage, ranges, store, throughput, uploads

SCENARIOS = {
    "one-reader": throughput.one_reader,
    "8-readers": throughput.eight_readers,
    "64-readers": throughput.sixty_four_readers,
    "far": distance.far,
    "lossy": distance.lossy,
    "capped": distance.capped,
    "distant": distance.distant,
    "first-byte": latency.first_byte,
    "slow-among-fast": throughput.slow_among_fast,
    "32-slow": memory.slow_readers,
    "slow-crowd": crowds.slow_crowd,
    "idle-crowd": crowds.idle_crowd,
    "idle": memory.idle,
    "outage": outage.outage,
    "cache": cache.cache,
    "store": store.store,
    "ranges": ranges.ranges,
    "by-readers": growth.by_readers,
    "by-size": growth.by_size,
    "by-terms": growth.by_terms,
    "upload": uploads.upload,
}
