function __xet_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __xet_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __xet_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __xet_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __xet_parse_tokens -S
    set -l unparsed_tokens (__xet_tokens -pc)
    switch $unparsed_tokens[1]
    case 'xet'
        __xet_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'proxy'
            __xet_parse_subcommand 0 'config=' 'print-config' 'host=' 'port=' 'tls-certificate=' 'tls-key=' 'h2c' 'no-h2c' 'public-url=' 'trusted-proxy=+' 'hub-endpoint=' 'ca-file=' 'private-upstreams=' 'connect-timeout=' 'upstream-timeout=' 'upstream-idle-timeout=' 'stall-timeout=' 'retry-for=' 'allow-anonymous' 'no-allow-anonymous' 'token-repo=' 'allow=+' 'deny=+' 'allow-writes' 'no-allow-writes' 'signing-key-file=' 'cache=' 'cache-size=' 'cache-store=' 's3-endpoint=' 's3-region=' 's3-addressing=' 'hub-lease=' 'hub-stale=' 'offline' 'no-offline' 'buffer-memory=' 'max-downloads=' 'max-downloads-per-client=' 'max-connections=' 'max-body-size=' 'max-header-size=' 'idle-timeout=' 'min-client-rate=' 'drain-timeout=' 'log-level=' 'log-format=' 'operator-token-file=' 'ui' 'no-ui' 'version' 'h/help'
        case 'download'
            __xet_parse_subcommand -r 2 'revision=' 'repo-type=' 'hub-endpoint=' 'ca-file=' 'private-upstreams=' 'retry-for=' 'o/output=' 'local-dir=' 'hf-cache' 'include=+' 'exclude=+' 'j/jobs=' 'verify' 'dry-run' 'json' 'hash=' 'repo=' 'q/quiet' 'version' 'h/help'
        case 'upload'
            __xet_parse_subcommand -r 2 'revision=' 'repo-type=' 'hub-endpoint=' 'ca-file=' 'private-upstreams=' 'retry-for=' 'to=' 'include=+' 'exclude=+' 'delete=+' 'm/message=' 'description=' 'files-per-commit=' 'create-pr' 'create' 'private' 'dry-run' 'json' 'q/quiet' 'version' 'h/help'
        case 'list'
            __xet_parse_subcommand 1 'revision=' 'repo-type=' 'hub-endpoint=' 'ca-file=' 'private-upstreams=' 'json' 'version' 'h/help'
        case 'hash'
            __xet_parse_subcommand -r 1 'version' 'h/help'
        case 'inspect'
            __xet_parse_subcommand 1 'json' 'version' 'h/help'
        case 'cache'
            __xet_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'status'
                __xet_parse_subcommand 1 'json' 'version' 'h/help'
            case 'verify'
                __xet_parse_subcommand 1 'json' 'version' 'h/help'
            case 'list'
                __xet_parse_subcommand 1 'version' 'h/help'
            case 'prune'
                __xet_parse_subcommand 1 'json' 'size=' 'older-than=' 'dry-run' 's3-endpoint=' 's3-region=' 's3-addressing=' 'ca-file=' 'version' 'h/help'
            end
        case 'warm'
            __xet_parse_subcommand -r 1 'through=' 'revision=' 'repo-type=' 'ca-file=' 'private-upstreams=' 'retry-for=' 'include=+' 'exclude=+' 'j/jobs=' 'dry-run' 'json' 'q/quiet' 'version' 'h/help'
        case 'bundle'
            __xet_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'create'
                __xet_parse_subcommand -r 1 'o/output=' 'hub-endpoint=' 'revision=' 'repo-type=' 'ca-file=' 'private-upstreams=' 'retry-for=' 'include=+' 'exclude=+' 'since=+' 'have=' 'sign-key=' 'json' 'q/quiet' 'version' 'h/help'
            case 'verify'
                __xet_parse_subcommand 1 'since=+' 'trust-key=+' 'json' 'q/quiet' 'version' 'h/help'
            case 'list'
                __xet_parse_subcommand 1 'version' 'h/help'
            case 'import'
                __xet_parse_subcommand 1 'cache=' 'cache-store=' 'signing-key-file=' 'trust-key=+' 'for-all' 'discard' 'json' 'q/quiet' 's3-endpoint=' 's3-region=' 's3-addressing=' 'ca-file=' 'version' 'h/help'
            case 'keygen'
                __xet_parse_subcommand 0 'o/output=' 'version' 'h/help'
            end
        case 'origin'
            __xet_parse_subcommand 1 'host=' 'port=' 'data=' 'threshold=' 'scan-interval=' 'token-file=' 'public-url=' 'token-lifetime=' 'url-lifetime=' 'tls-certificate=' 'tls-key=' 'h2c' 'max-connections=' 'idle-timeout=' 'min-client-rate=' 'drain-timeout=' 'log-level=' 'log-format=' 'version' 'h/help'
        case 'demo'
            __xet_parse_subcommand 0 'port=' 'folder=' 'version' 'h/help'
        case 'health'
            __xet_parse_subcommand 0 'url=' 'ready' 'timeout=' 'version' 'h/help'
        case 'help'
            __xet_parse_subcommand -r 1 'version'
        end
    end
end

function __xet_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __xet_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __xet_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __xet_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__xet_tokens -p)
    if test -z "$(__xet_tokens -t)"
        set -l index (count (__xet_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'xet' -f
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'proxy' -d 'Serve the files of a Hub over plain HTTP.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'download' -d 'Download files, or a whole repository, verified.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'upload' -d 'Upload files and folders to a repository.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'list' -d 'List the files of a repository: size, XET hash, path.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'hash' -d 'Print the XET hash of files: a line \'hash  path\' each, as sha256sum does.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'inspect' -d 'Show what is in a xorb or a shard.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'cache' -d 'Look at the cache of a proxy that does not run, check it, make it smaller.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'warm' -d 'Have a proxy fetch repositories into its cache, before somebody needs them.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'bundle' -d 'Carry repositories to where no Hub can be reached, in one file.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'origin' -d 'Serve a folder as a small Hub with a CAS, for trials, tests and private networks.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'demo' -d 'Show the proxy at work, with no account and no internet.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'health' -d 'Ask a running proxy whether it is well: exit status 0 if so, 1 if not.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" config' -l 'config' -d 'File with options: .toml or .json. (env XET_CONFIG)' -rfa '(set -l exts \'toml\' \'json\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" print-config' -l 'print-config' -d 'Print what all options are, as a configuration file without secrets, and end.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" host' -l 'host' -d 'Address to listen on. (env XET_HOST or HOST, default: 0.0.0.0)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" port' -l 'port' -d 'Port to listen on; 0 picks a free one. (env XET_PORT or PORT, default: 8080)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" tls-certificate' -l 'tls-certificate' -d 'PEM file with the certificate to show, and those up to its root; read again when it changes. (env XET_TLS_CERTIFICATE, default: no TLS)' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" tls-key' -l 'tls-key' -d 'PEM file with the private key of the certificate. (env XET_TLS_KEY, default: no TLS)' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" h2c' -l 'h2c' -d 'Speak HTTP/2 also over connections without TLS. (env XET_H2C, default: false)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" no-h2c' -l 'no-h2c' -d 'Speak HTTP/2 also over connections without TLS. (env XET_H2C, default: false)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" public-url' -l 'public-url' -d 'Address of the proxy in its answers, perhaps with a path. (env XET_PUBLIC_URL, default: the one that clients ask for)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy"' -l 'trusted-proxy' -d 'Address or range, such as 10.0.0.0/8, of proxies in front whose Forwarded and X-Forwarded-* headers are believed; repeatable. (env XET_TRUSTED_PROXY, default: none)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" hub-endpoint' -l 'hub-endpoint' -d 'Address of the Hub. (env XET_HUB_ENDPOINT or HF_ENDPOINT, default: https://huggingface.co)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" ca-file' -l 'ca-file' -d 'PEM file of certificates to trust besides the system\'s, or besides those that SSL_CERT_FILE names in their place. (env XET_CA_FILE, default: none)' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" private-upstreams' -l 'private-upstreams' -d 'Whether servers are asked that the Internet cannot reach, where Hub or CAS lead to them: auto (if the Hub is one itself), allow or deny. (env XET_PRIVATE_UPSTREAMS, default: auto)' -rfka 'auto allow deny'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" connect-timeout' -l 'connect-timeout' -d 'Longest wait for a connection to Hub, CAS or CDN. (env XET_CONNECT_TIMEOUT, default: 10s)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" upstream-timeout' -l 'upstream-timeout' -d 'Longest wait until Hub, CAS or CDN begin their answer. (env XET_UPSTREAM_TIMEOUT, default: 10s)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" upstream-idle-timeout' -l 'upstream-idle-timeout' -d 'Longest silence within an answer of Hub, CAS or CDN. (env XET_UPSTREAM_IDLE_TIMEOUT, default: 30s)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" stall-timeout' -l 'stall-timeout' -d 'Silence after which a range of a xorb is asked for again, on another connection. (env XET_STALL_TIMEOUT, default: 3s)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" retry-for' -l 'retry-for' -d 'How long a download that has begun waits for a Hub, CAS or CDN that is away; 0 for not at all. (env XET_RETRY_FOR, default: 5m)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" allow-anonymous' -l 'allow-anonymous' -d 'Let requests without a token through, for public files. (env XET_ALLOW_ANONYMOUS, default: false)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" no-allow-anonymous' -l 'no-allow-anonymous' -d 'Let requests without a token through, for public files. (env XET_ALLOW_ANONYMOUS, default: false)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" token-repo' -l 'token-repo' -d 'Repository whose token /download-hash uses when a request names none: owner/name. (env XET_TOKEN_REPO, default: requests have to name one)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy"' -l 'allow' -d 'Serve only these repositories: owner/name, owner/*, datasets/owner/*, buckets/*, and so on; without models/, datasets/, spaces/, kernels/ or buckets/ a pattern means all kinds; repeatable. (env XET_ALLOW, default: all)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy"' -l 'deny' -d 'Do not serve these, even if --allow names them; repeatable. (env XET_DENY, default: none)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" allow-writes' -l 'allow-writes' -d 'Pass on requests that change something on the Hub, such as uploads. (env XET_ALLOW_WRITES, default: false)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" no-allow-writes' -l 'no-allow-writes' -d 'Pass on requests that change something on the Hub, such as uploads. (env XET_ALLOW_WRITES, default: false)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" signing-key-file' -l 'signing-key-file' -d 'File with a secret of 16 bytes or more that signs the URLs in answers; proxies with the same one accept each other\'s. (env XET_SIGNING_KEY_FILE, default: what XET_SIGNING_KEY holds, else a new one at each start)' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" cache' -l 'cache' -d 'Folder in which chunks are kept that were downloaded, for all who may have them; it is created, and belongs to one proxy. (env XET_CACHE, default: nothing is kept)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" cache-size' -l 'cache-size' -d 'Most bytes that the cache takes, in its folder or, without one, in memory. (env XET_CACHE_SIZE, default: 90% of what is free at the start; 256 MiB in memory)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" cache-store' -l 'cache-store' -d 'Bucket of S3 in which proxies share what they fetched, below a prefix: s3://BUCKET/PREFIX; with --cache, or without a folder. Credentials are found as AWS\'s own tools find them. (env XET_CACHE_STORE, default: nothing is shared)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" s3-endpoint' -l 's3-endpoint' -d 'Address of the store, if it is not that of AWS. (env XET_S3_ENDPOINT or AWS_ENDPOINT_URL_S3, default: that of AWS in the region)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" s3-region' -l 's3-region' -d 'Region that requests to the store are signed for. (env XET_S3_REGION, default: what AWS_REGION or the profile says, else us-east-1)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" s3-addressing' -l 's3-addressing' -d 'How a bucket is addressed: path (endpoint/bucket), virtual (bucket.endpoint) or auto. (env XET_S3_ADDRESSING, default: auto)' -rfka 'auto path virtual'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" hub-lease' -l 'hub-lease' -d 'How long an answer of the Hub holds for the caller who got it, so that the Hub is not asked again; 0 for not at all. (env XET_HUB_LEASE, default: 0s)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" hub-stale' -l 'hub-stale' -d 'How long an answer of the Hub may stand in, for the caller who got it, while the Hub says 429, 5xx or nothing; with --cache or --hub-lease, or where it is given. (env XET_HUB_STALE, default: 1h)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" offline' -l 'offline' -d 'Ask nobody upstream, and serve what the cache has, with the answers of the Hub as they were last seen; needs --cache or --cache-store. (env XET_OFFLINE, default: false)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" no-offline' -l 'no-offline' -d 'Ask nobody upstream, and serve what the cache has, with the answers of the Hub as they were last seen; needs --cache or --cache-store. (env XET_OFFLINE, default: false)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" buffer-memory' -l 'buffer-memory' -d 'About the most MiB that data on its way takes, all downloads together. (env XET_BUFFER_MEMORY, default: 256)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" max-downloads' -l 'max-downloads' -d 'Most downloads at once; 0 for no limit. (env XET_MAX_DOWNLOADS, default: 4096)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" max-downloads-per-client' -l 'max-downloads-per-client' -d 'Most downloads at once for one token, or for one address without a token; 0 for no limit. (env XET_MAX_DOWNLOADS_PER_CLIENT, default: 0)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" max-connections' -l 'max-connections' -d 'Most connections of clients at once; 0 for no limit. (env XET_MAX_CONNECTIONS, default: 16384)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" max-body-size' -l 'max-body-size' -d 'Most bytes of a request\'s body, uploads included. (env XET_MAX_BODY_SIZE, default: 5GiB)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" max-header-size' -l 'max-header-size' -d 'Most bytes of a request\'s head. (env XET_MAX_HEADER_SIZE, default: 64KiB)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" idle-timeout' -l 'idle-timeout' -d 'Longest wait for a request on an open connection, and for its head to be complete. (env XET_IDLE_TIMEOUT, default: 60s)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" min-client-rate' -l 'min-client-rate' -d 'Bytes per second that a client takes at least, and sends of a body, over 60 s of waiting; 0 for no limit. (env XET_MIN_CLIENT_RATE, default: 1KiB)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" drain-timeout' -l 'drain-timeout' -d 'Longest wait for running answers after SIGTERM. (env XET_DRAIN_TIMEOUT, default: 30s)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" log-level' -l 'log-level' -d 'Least level that is logged: trace, debug, info, notice, warning, error or critical. (env XET_LOG_LEVEL, default: notice)' -rfka 'trace debug info notice warning error critical'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" log-format' -l 'log-format' -d 'How a line of the log is written: logfmt or json. (env XET_LOG_FORMAT, default: logfmt)' -rfka 'logfmt json'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" operator-token-file' -l 'operator-token-file' -d 'File with the operator\'s token, 16 bytes or more, which opens the view of everything that runs at /operator/. (env XET_OPERATOR_TOKEN_FILE, default: nobody sees more than others)' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" ui' -l 'ui' -d 'Serve no page for people at /. (env XET_NO_UI, default: false)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" no-ui' -l 'no-ui' -d 'Serve no page for people at /. (env XET_NO_UI, default: false)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet proxy" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" revision' -l 'revision' -d 'Branch, tag or commit.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" repo-type' -l 'repo-type' -d 'model, dataset, space, kernel or bucket.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" hub-endpoint' -l 'hub-endpoint' -d 'Address of the Hub; a token may stand in it, as in https://user:token@host. (env HF_ENDPOINT, default: https://huggingface.co)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" ca-file' -l 'ca-file' -d 'PEM file of certificates to trust besides the system\'s. (env SSL_CERT_FILE names one to trust instead of the system\'s; HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are honoured)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" private-upstreams' -l 'private-upstreams' -d 'Whether servers are asked that the Internet cannot reach, where the Hub leads to them: auto (if the Hub is one itself), allow or deny. (default: auto)' -rfka 'auto allow deny'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" retry-for' -l 'retry-for' -d 'How long a download that has begun waits for a Hub, CAS or CDN that is away; 0 for not at all. (env XET_RETRY_FOR, default: 5m)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" o output' -l 'output' -s 'o' -d 'With one file: the file to write; - is standard output.' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" local-dir' -l 'local-dir' -d 'Folder to put the files into, with their paths in the repository.' -rfa '(__xet_complete_directories)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" hf-cache' -l 'hf-cache' -d 'Put the files into the cache of the official client, where other programs find them.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download"' -l 'include' -d 'Download only what this pattern means; can be repeated.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download"' -l 'exclude' -d 'Leave out what this pattern means; can be repeated.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" j jobs' -l 'jobs' -s 'j' -d 'Files at once.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" verify' -l 'verify' -d 'Hash what is there, whatever is on record of it.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" dry-run' -l 'dry-run' -d 'Say what would be downloaded, and download nothing.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" json' -l 'json' -d 'Print a JSON object for each file, and one at the end.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" hash' -l 'hash' -d 'Download the file with this XET hash, with the rights of --repo.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" repo' -l 'repo' -d 'With --hash: the repository whose rights are used.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" q quiet' -l 'quiet' -s 'q' -d 'Show no progress.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet download" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet upload" -ge 1' -F
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" revision' -l 'revision' -d 'Branch, tag or commit.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" repo-type' -l 'repo-type' -d 'model, dataset, space, kernel or bucket.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" hub-endpoint' -l 'hub-endpoint' -d 'Address of the Hub; a token may stand in it, as in https://user:token@host. (env HF_ENDPOINT, default: https://huggingface.co)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" ca-file' -l 'ca-file' -d 'PEM file of certificates to trust besides the system\'s. (env SSL_CERT_FILE names one to trust instead of the system\'s; HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are honoured)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" private-upstreams' -l 'private-upstreams' -d 'Whether servers are asked that the Internet cannot reach, where the Hub leads to them: auto (if the Hub is one itself), allow or deny. (default: auto)' -rfka 'auto allow deny'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" retry-for' -l 'retry-for' -d 'How long a download that has begun waits for a Hub, CAS or CDN that is away; 0 for not at all. (env XET_RETRY_FOR, default: 5m)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" to' -l 'to' -d 'Path in the repository; with a slash at its end always a folder.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload"' -l 'include' -d 'Upload only what this pattern means of a folder; can be repeated.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload"' -l 'exclude' -d 'Leave out what this pattern means of a folder; can be repeated.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload"' -l 'delete' -d 'Remove files of the repository that this pattern means, below --to, and that do not come anew; can be repeated.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" m message' -l 'message' -s 'm' -d 'First line of the commit.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" description' -l 'description' -d 'What else the commit says.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" files-per-commit' -l 'files-per-commit' -d 'Most files of one commit; more are made if there are more.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" create-pr' -l 'create-pr' -d 'Open a pull request instead of changing the revision.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" create' -l 'create' -d 'Make the repository if there is none.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" private' -l 'private' -d 'With --create: make it private.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" dry-run' -l 'dry-run' -d 'Say what would be uploaded and how much of it is new, and upload nothing.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" json' -l 'json' -d 'Print a JSON object for each file, and one at the end.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" q quiet' -l 'quiet' -s 'q' -d 'Show no progress.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet upload" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet list" revision' -l 'revision' -d 'Branch, tag or commit.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet list" repo-type' -l 'repo-type' -d 'model, dataset, space, kernel or bucket.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet list" hub-endpoint' -l 'hub-endpoint' -d 'Address of the Hub; a token may stand in it, as in https://user:token@host. (env HF_ENDPOINT, default: https://huggingface.co)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet list" ca-file' -l 'ca-file' -d 'PEM file of certificates to trust besides the system\'s. (env SSL_CERT_FILE names one to trust instead of the system\'s; HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are honoured)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet list" private-upstreams' -l 'private-upstreams' -d 'Whether servers are asked that the Internet cannot reach, where the Hub leads to them: auto (if the Hub is one itself), allow or deny. (default: auto)' -rfka 'auto allow deny'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet list" json' -l 'json' -d 'Print a JSON array.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet list" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet hash" -ge 1' -F
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet hash" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet hash" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet inspect" -eq 1' -F
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet inspect" json' -l 'json' -d 'Print JSON.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet inspect" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet inspect" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet cache" -eq 1' -fa 'status' -d 'Show what is in a cache.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet cache" -eq 1' -fa 'verify' -d 'Read everything, and drop what is damaged.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet cache" -eq 1' -fa 'list' -d 'Print the chunks that are kept and proven, for \'xet bundle create --have\'.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet cache" -eq 1' -fa 'prune' -d 'Drop what was used least until a cache has a size, or from a shared store what nobody used for a time.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet cache status" -eq 1' -fa '(__xet_complete_directories)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache status" json' -l 'json' -d 'Print JSON.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache status" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache status" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet cache verify" -eq 1' -fa '(__xet_complete_directories)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache verify" json' -l 'json' -d 'Print JSON.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache verify" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache verify" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet cache list" -eq 1' -fa '(__xet_complete_directories)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache list" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet cache prune" -eq 1' -fa '(__xet_complete_directories)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache prune" json' -l 'json' -d 'Print JSON.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache prune" size' -l 'size' -d 'Bytes that stay at most: a number, or one with KiB, MiB, GiB, TiB, kB, MB, GB or TB behind it.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache prune" older-than' -l 'older-than' -d 'Age of what goes from a store: a time such as 1d or 36h. (default: 1d)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache prune" dry-run' -l 'dry-run' -d 'Only say what would go from a store.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache prune" s3-endpoint' -l 's3-endpoint' -d 'Address of the store, if it is not that of AWS. (env AWS_ENDPOINT_URL_S3)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache prune" s3-region' -l 's3-region' -d 'Region that requests are signed for. (env AWS_REGION)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache prune" s3-addressing' -l 's3-addressing' -d 'How the bucket is addressed: path (endpoint/bucket), virtual (bucket.endpoint) or auto. (default: auto)' -rfka 'auto path virtual'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache prune" ca-file' -l 'ca-file' -d 'PEM file of certificates to trust besides the system\'s.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache prune" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet cache prune" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm" through' -l 'through' -d 'Address of the proxy; a token may stand in it. (env HF_ENDPOINT)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm" revision' -l 'revision' -d 'Branch, tag or commit.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm" repo-type' -l 'repo-type' -d 'model, dataset, space, kernel or bucket.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm" ca-file' -l 'ca-file' -d 'PEM file of certificates to trust besides the system\'s. (env SSL_CERT_FILE names one to trust instead of the system\'s; HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are honoured)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm" private-upstreams' -l 'private-upstreams' -d 'Whether servers are asked that the Internet cannot reach, where the Hub leads to them: auto (if the Hub is one itself), allow or deny. (default: auto)' -rfka 'auto allow deny'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm" retry-for' -l 'retry-for' -d 'How long a download that has begun waits for a Hub, CAS or CDN that is away; 0 for not at all. (env XET_RETRY_FOR, default: 5m)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm"' -l 'include' -d 'Only what this pattern means; can be repeated.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm"' -l 'exclude' -d 'Leave out what this pattern means; can be repeated.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm" j jobs' -l 'jobs' -s 'j' -d 'Files at once.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm" dry-run' -l 'dry-run' -d 'Say what the proxy has and what not, and fetch nothing.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm" json' -l 'json' -d 'Print a JSON object for each file, and one at the end.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm" q quiet' -l 'quiet' -s 'q' -d 'Show no progress.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet warm" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet bundle" -eq 1' -fa 'create' -d 'Write a bundle of repositories, from a Hub or through a proxy.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet bundle" -eq 1' -fa 'verify' -d 'Read a bundle, and check every byte of it.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet bundle" -eq 1' -fa 'list' -d 'Print the chunks of a bundle, for \'xet bundle create --have\'.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet bundle" -eq 1' -fa 'import' -d 'Put a bundle into a cache that no proxy uses, or into a store that proxies share.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet bundle" -eq 1' -fa 'keygen' -d 'Make a pair of keys to sign bundles with.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" o output' -l 'output' -s 'o' -d 'The bundle; - is standard output.' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" hub-endpoint' -l 'hub-endpoint' -d 'Address of the Hub; a token may stand in it, as in https://user:token@host. (env HF_ENDPOINT, default: https://huggingface.co)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" revision' -l 'revision' -d 'Branch, tag or commit.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" repo-type' -l 'repo-type' -d 'model, dataset, space, kernel or bucket.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" ca-file' -l 'ca-file' -d 'PEM file of certificates to trust besides the system\'s. (env SSL_CERT_FILE names one to trust instead of the system\'s; HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are honoured)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" private-upstreams' -l 'private-upstreams' -d 'Whether servers are asked that the Internet cannot reach, where the Hub leads to them: auto (if the Hub is one itself), allow or deny. (default: auto)' -rfka 'auto allow deny'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" retry-for' -l 'retry-for' -d 'How long a download that has begun waits for a Hub, CAS or CDN that is away; 0 for not at all. (env XET_RETRY_FOR, default: 5m)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create"' -l 'include' -d 'Only what this pattern means; can be repeated.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create"' -l 'exclude' -d 'Leave out what this pattern means; can be repeated.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create"' -l 'since' -d 'Leave out the chunks of this bundle; can be repeated.' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" have' -l 'have' -d 'Leave out the chunks of this list, as \'xet bundle list\' and \'xet cache list\' print it.' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" sign-key' -l 'sign-key' -d 'Sign with this Ed25519 key, as \'openssl genpkey -algorithm ed25519\' writes it.' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" json' -l 'json' -d 'Print JSON.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" q quiet' -l 'quiet' -s 'q' -d 'Show no progress.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle create" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet bundle verify" -eq 1' -F
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle verify"' -l 'since' -d 'Bundle that it builds on; can be repeated.' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle verify"' -l 'trust-key' -d 'Public key, as \'openssl pkey -pubout\' writes it: take only what it has signed; can be repeated.' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle verify" json' -l 'json' -d 'Print JSON.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle verify" q quiet' -l 'quiet' -s 'q' -d 'Show no progress.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle verify" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle verify" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet bundle list" -eq 1' -F
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle list" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_positional "xet bundle import" -eq 1' -F
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" cache' -l 'cache' -d 'Folder of the cache, which is made if it is not there.' -rfa '(__xet_complete_directories)'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" cache-store' -l 'cache-store' -d 'The store: s3://BUCKET/PREFIX.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" signing-key-file' -l 'signing-key-file' -d 'File with the secret that the proxies of the store have. (env XET_SIGNING_KEY_FILE, XET_SIGNING_KEY)' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import"' -l 'trust-key' -d 'Public key, as \'openssl pkey -pubout\' writes it: take only what it has signed; can be repeated.' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" for-all' -l 'for-all' -d 'Show repositories to everybody that not everybody could see where the bundle was made.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" discard' -l 'discard' -d 'Remove what imports left that ended early, and import nothing.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" json' -l 'json' -d 'Print JSON.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" q quiet' -l 'quiet' -s 'q' -d 'Show no progress.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" s3-endpoint' -l 's3-endpoint' -d 'Address of the store, if it is not that of AWS. (env AWS_ENDPOINT_URL_S3)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" s3-region' -l 's3-region' -d 'Region that requests are signed for. (env AWS_REGION)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" s3-addressing' -l 's3-addressing' -d 'How the bucket is addressed: path (endpoint/bucket), virtual (bucket.endpoint) or auto. (default: auto)' -rfka 'auto path virtual'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" ca-file' -l 'ca-file' -d 'PEM file of certificates to trust besides the system\'s.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle import" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle keygen" o output' -l 'output' -s 'o' -d 'The file of the secret key.' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle keygen" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet bundle keygen" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" host' -l 'host' -d 'Address to listen on.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" port' -l 'port' -d 'Port to listen on; 0 picks a free one.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" data' -l 'data' -d 'Folder for xorbs and shards. (default: .xet in the folder)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" threshold' -l 'threshold' -d 'Files of at least so many bytes are stored as XET.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" scan-interval' -l 'scan-interval' -d 'Seconds between two looks for new and changed files; 0 looks on SIGHUP only.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" token-file' -l 'token-file' -d 'JSON file that says who may see and read what.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" public-url' -l 'public-url' -d 'Address in answers, if it is not the one that clients ask for.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" token-lifetime' -l 'token-lifetime' -d 'Seconds that a CAS token is good.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" url-lifetime' -l 'url-lifetime' -d 'Seconds that a signed address is good.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" tls-certificate' -l 'tls-certificate' -d 'PEM file with the certificate and those between it and a root.' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" tls-key' -l 'tls-key' -d 'PEM file with the key of the certificate.' -rF
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" h2c' -l 'h2c' -d 'Take HTTP/2 on connections that are not encrypted.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" max-connections' -l 'max-connections' -d 'Most connections at once; 0 for no limit.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" idle-timeout' -l 'idle-timeout' -d 'Seconds that a connection may stand without a request.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" min-client-rate' -l 'min-client-rate' -d 'Bytes per second that a client takes at least, and sends of a body, over 60 s of waiting; 0 for no limit.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" drain-timeout' -l 'drain-timeout' -d 'Longest wait for running answers after SIGTERM.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" log-level' -l 'log-level' -d 'Least level that is logged: trace to critical.' -rfka 'trace debug info notice warning error critical'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" log-format' -l 'log-format' -d 'How a line of the log is written: logfmt or json.' -rfka 'logfmt json'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet origin" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet demo" port' -l 'port' -d 'Port of the proxy; 0 picks a free one.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet demo" folder' -l 'folder' -d 'Folder for the samples. (default: a new temporary folder)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet demo" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet demo" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet health" url' -l 'url' -d 'Address of the proxy. (default: http://127.0.0.1:8080, as XET_HOST and XET_PORT say)' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet health" ready' -l 'ready' -d 'Ask whether it can serve now (/readyz), not only whether it runs (/health).'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet health" timeout' -l 'timeout' -d 'Seconds that it has to answer.' -rfka ''
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet health" version' -l 'version' -d 'Show the version.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet health" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'xet' -n '__xet_should_offer_completions_for_flags_or_options "xet help" version' -l 'version' -d 'Show the version.'
