/// One line on each metric.
package enum MetricHelp {
    package static let text: [String: String] = [
        "process_cpu_seconds_total": "CPU time of the process, user and system.",
        "process_open_fds": "Open file descriptors.",
        "process_resident_memory_bytes": "Resident memory.",
        "process_start_time_seconds": "Unix time at which the process started.",
        "xet_buffered_bytes": "Memory reserved for data of downloads that was asked for and not delivered yet.",
        "xet_build_info": "Always 1; its labels say what runs.",
        "xet_cache_evicted_total": "Runs of chunks that the cache dropped to make room.",
        "xet_cache_failures_total": "Times that the cache could not be read or written.",
        "xet_cache_healed_total": "Runs of chunks that were not as they were kept, and were fetched anew.",
        "xet_cache_limit_bytes": "Most bytes that the cache takes.",
        "xet_cache_oldest_seconds": "Age of what has been kept longest.",
        "xet_cache_proofs_total": "Files whose kept chunks were compared with their hash, and were right or wrong.",
        "xet_cache_provisional_bytes": "Bytes of runs of chunks of which some are not proven.",
        "xet_cache_runs": "Runs of consecutive chunks in the cache.",
        "xet_cache_served_bytes_total":
            "Bytes of xorbs by where they came from: cache, flight (a request to the CDN that readers share), upstream.",
        "xet_cache_served_chunks_total":
            "Chunks that were handed to readers, by where they came from.",
        "xet_cache_size_bytes": "Bytes that the cache takes.",
        "xet_decode_seconds_total": "Time spent unpacking chunks.",
        "xet_decoded_bytes_total": "Bytes that came out of unpacking.",
        "xet_downloads_total":
            "Answers with file or xorb bytes, by how they ended: finished, cancelled (the client left), aborted.",
        "xet_fetch_retries_total": "Ranges of xorbs asked for once more after a failure.",
        "xet_hash_seconds_total": "Time spent hashing chunks.",
        "xet_hub_archive_answers": "Answers of the Hub that are kept for when it is away.",
        "xet_hub_archive_bytes": "Bytes of the answers of the Hub that are kept.",
        "xet_hub_requests_saved_total":
            "Requests to the Hub that were not made: their answer was on its way, held by a lease, or stood in.",
        "xet_hub_up": "1 if the Hub answered the last probe, 0 if it did not.",
        "xet_in_flight_requests": "Requests whose answer has not ended.",
        "xet_in_flight_streams": "Answers with file or xorb bytes that are being sent.",
        "xet_rejected_requests_total": "Requests refused by a limit, by which.",
        "xet_request_duration_seconds": "Time from the head of a request to the end of its answer.",
        "xet_requests_total": "Requests whose answer has ended, by route and status; 499 if the client left first.",
        "xet_sent_bytes_total": "Body bytes sent to clients.",
        "xet_slow_clients_total": "Clients cut off because they took too little of their answers.",
        "xet_store_available": "1 while the store that replicas share is asked, 0 while it is let rest.",
        "xet_store_bundles": "Bundles that were imported into the store, and that this proxy has taken over.",
        "xet_store_left_out_total": "Ranges that were fetched and not written into the store: too much waited already.",
        "xet_store_queued": "What waits to be written into the store, renewed or removed there.",
        "xet_store_read_bytes_total": "Bytes of chunks that came from the store and were right.",
        "xet_store_requests_total":
            "Requests to the store: done, none (no such object, or one already), failed, spared (it has failed before).",
        "xet_store_written_bytes_total": "Bytes of objects that were written into the store.",
        "xet_store_wrong_objects_total": "Objects of the store that were not what their names say.",
        "xet_time_to_first_byte_seconds": "Time from the head of a request to the first byte of the answer's body.",
        "xet_upstream_head_seconds":
            "Time to the head of an answer of Hub, CAS, CDN or object store, by status; none if there was no answer.",
        "xet_upstream_received_bytes_total": "Body bytes received from Hub, CAS, CDN and object store.",
        "xet_upstream_retries_total":
            "Requests to Hub and CAS, and for files that are not in XET, made once more after a failure.",
        "xet_url_renewals_total": "Times that signed URLs had ended and were asked for anew.",
        "xet_verification_failures_total":
            "Bytes that were not what they should be: in a xorb (asked for again) or in the file (the download ends).",
    ]
}
