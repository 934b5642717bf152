"""The scenarios, in the order in which they run; those of one fixture set follow each other."""

from scenarios import growth, latency, memory, ranges, throughput

SCENARIOS = {
    "one-reader": throughput.one_reader,
    "8-readers": throughput.eight_readers,
    "64-readers": throughput.sixty_four_readers,
    "capped": throughput.capped,
    "distant": throughput.distant,
    "first-byte": latency.first_byte,
    "slow-among-fast": throughput.slow_among_fast,
    "32-slow": memory.slow_readers,
    "idle": memory.idle,
    "ranges": ranges.ranges,
    "by-readers": growth.by_readers,
    "by-size": growth.by_size,
    "by-terms": growth.by_terms,
}
