#!/bin/bash

__xet_cursor_index_in_current_word() {
    local remaining="${COMP_LINE}"

    local word
    for word in "${COMP_WORDS[@]::COMP_CWORD}"; do
        remaining="${remaining##*([[:space:]])"${word}"*([[:space:]])}"
    done

    local -ir index="$((COMP_POINT - ${#COMP_LINE} + ${#remaining}))"
    if [[ "${index}" -le 0 ]]; then
        printf 0
    else
        printf %s "${index}"
    fi
}

# positional arguments:
#
# - 1: the current (sub)command's count of positional arguments
#
# required variables:
#
# - repeating_flags: the repeating flags that the current (sub)command can accept
# - non_repeating_flags: the non-repeating flags that the current (sub)command can accept
# - repeating_options: the repeating options that the current (sub)command can accept
# - non_repeating_options: the non-repeating options that the current (sub)command can accept
# - positional_number: value ignored
# - unparsed_words: unparsed words from the current command line
#
# modified variables:
#
# - non_repeating_flags: remove flags for this (sub)command that are already on the command line
# - non_repeating_options: remove options for this (sub)command that are already on the command line
# - positional_number: set to the current positional number
# - unparsed_words: remove all flags, options, and option values for this (sub)command
__xet_offer_flags_options() {
    local -ir positional_count="${1}"
    positional_number=0

    local was_flag_option_terminator_seen=false
    local is_parsing_option_value=false

    local -ar unparsed_word_indices=("${!unparsed_words[@]}")
    local -i word_index
    for word_index in "${unparsed_word_indices[@]}"; do
        if "${is_parsing_option_value}"; then
            # This word is an option value:
            # Reset marker for next word iff not currently the last word
            [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]] && is_parsing_option_value=false
            unset "unparsed_words[${word_index}]"
            # Do not process this word as a flag or an option
            continue
        fi

        local word="${unparsed_words["${word_index}"]}"
        if ! "${was_flag_option_terminator_seen}"; then
            case "${word}" in
            --)
                unset "unparsed_words[${word_index}]"
                # by itself -- is a flag/option terminator, but if it is the last word, it is the start of a completion
                if [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]]; then
                    was_flag_option_terminator_seen=true
                fi
                continue
                ;;
            -*)
                # ${word} is a flag or an option
                # If ${word} is an option, mark that the next word to be parsed is an option value
                local option
                for option in "${repeating_options[@]}" "${non_repeating_options[@]}"; do
                    [[ "${word}" = "${option}" ]] && is_parsing_option_value=true && break
                done

                # Remove ${word} from ${non_repeating_flags} or ${non_repeating_options} so it isn't offered again
                local not_found=true
                local -i index
                for index in "${!non_repeating_flags[@]}"; do
                    if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                        unset "non_repeating_flags[${index}]"
                        non_repeating_flags=("${non_repeating_flags[@]}")
                        not_found=false
                        break
                    fi
                done
                if "${not_found}"; then
                    for index in "${!non_repeating_flags[@]}"; do
                        if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                            unset "non_repeating_flags[${index}]"
                            non_repeating_flags=("${non_repeating_flags[@]}")
                            break
                        fi
                    done
                fi
                unset "unparsed_words[${word_index}]"
                continue
                ;;
            esac
        fi

        # ${word} is neither a flag, nor an option, nor an option value
        if [[ "${positional_number}" -lt "${positional_count}" || "${positional_count}" -lt 0 ]]; then
            # ${word} is a positional
            ((positional_number++))
            unset "unparsed_words[${word_index}]"
        else
            if [[ -z "${word}" ]]; then
                # Could be completing a flag, option, or subcommand
                positional_number=-1
            else
                # ${word} is a subcommand or invalid, so stop processing this (sub)command
                positional_number=-2
            fi
            break
        fi
    done

    unparsed_words=("${unparsed_words[@]}")

    if\
        ! "${was_flag_option_terminator_seen}"\
        && ! "${is_parsing_option_value}"\
        && [[ ("${cur}" = -* && "${positional_number}" -ge 0) || "${positional_number}" -eq -1 ]]
    then
        COMPREPLY+=($(compgen -W "${repeating_flags[*]} ${non_repeating_flags[*]} ${repeating_options[*]} ${non_repeating_options[*]}" -- "${cur}"))
    fi
}

__xet_add_completions() {
    local completion
    while IFS='' read -r completion; do
        COMPREPLY+=("${completion}")
    done < <(IFS=$'\n' compgen "${@}" -- "${cur}")
}

__xet_custom_complete() {
    if [[ -n "${cur}" || -z ${COMP_WORDS[${COMP_CWORD}]} || "${COMP_LINE:${COMP_POINT}:1}" != ' ' ]]; then
        local -ar words=("${COMP_WORDS[@]}")
    else
        local -ar words=("${COMP_WORDS[@]::${COMP_CWORD}}" '' "${COMP_WORDS[@]:${COMP_CWORD}}")
    fi

    "${COMP_WORDS[0]}" "${@}" "${words[@]}"
}

_xet() {
    local state
    state="$(shopt -p;shopt -po)"
    trap "${state//$'\n'/;}" RETURN
    shopt -s extglob
    set +o history +o posix

    local -xr SAP_SHELL=bash
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(IFS='.';printf %s "${BASH_VERSINFO[*]}")"
    local -r SAP_SHELL_VERSION

    local -r cur="${2}"
    local -r prev="${3}"

    local -i positional_number
    local -a unparsed_words=("${COMP_WORDS[@]:1:${COMP_CWORD}}")

    local -a repeating_flags=()
    local -a non_repeating_flags=(--version -h --help)
    local -a repeating_options=()
    local -a non_repeating_options=()
    __xet_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    proxy|download|upload|list|hash|inspect|cache|warm|bundle|origin|demo|health|help)
        # Offer subcommand argument completions
        "_xet_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'proxy download upload list hash inspect cache warm bundle origin demo health help' -- "${cur}"))
        ;;
    esac
}

_xet_proxy() {
    repeating_flags=()
    non_repeating_flags=(--print-config --h2c --no-h2c --allow-anonymous --no-allow-anonymous --allow-writes --no-allow-writes --offline --no-offline --ui --no-ui --version -h --help)
    repeating_options=(--trusted-proxy --allow --deny)
    non_repeating_options=(--config --host --port --tls-certificate --tls-key --public-url --hub-endpoint --ca-file --private-upstreams --connect-timeout --upstream-timeout --upstream-idle-timeout --stall-timeout --retry-for --token-repo --signing-key-file --cache --cache-size --cache-store --s3-endpoint --s3-region --s3-addressing --hub-lease --hub-stale --buffer-memory --max-downloads --max-downloads-per-client --max-connections --max-body-size --max-header-size --idle-timeout --min-client-rate --drain-timeout --log-level --log-format --operator-token-file)
    __xet_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        __xet_add_completions -o plusdirs -fX '!*.@(toml|json)'
        return
        ;;
    '--host')
        return
        ;;
    '--port')
        return
        ;;
    '--tls-certificate')
        __xet_add_completions -f
        return
        ;;
    '--tls-key')
        __xet_add_completions -f
        return
        ;;
    '--public-url')
        return
        ;;
    '--trusted-proxy')
        return
        ;;
    '--hub-endpoint')
        return
        ;;
    '--ca-file')
        __xet_add_completions -f
        return
        ;;
    '--private-upstreams')
        __xet_add_completions -W 'auto'$'\n''allow'$'\n''deny'
        return
        ;;
    '--connect-timeout')
        return
        ;;
    '--upstream-timeout')
        return
        ;;
    '--upstream-idle-timeout')
        return
        ;;
    '--stall-timeout')
        return
        ;;
    '--retry-for')
        return
        ;;
    '--token-repo')
        return
        ;;
    '--allow')
        return
        ;;
    '--deny')
        return
        ;;
    '--signing-key-file')
        __xet_add_completions -f
        return
        ;;
    '--cache')
        return
        ;;
    '--cache-size')
        return
        ;;
    '--cache-store')
        return
        ;;
    '--s3-endpoint')
        return
        ;;
    '--s3-region')
        return
        ;;
    '--s3-addressing')
        __xet_add_completions -W 'auto'$'\n''path'$'\n''virtual'
        return
        ;;
    '--hub-lease')
        return
        ;;
    '--hub-stale')
        return
        ;;
    '--buffer-memory')
        return
        ;;
    '--max-downloads')
        return
        ;;
    '--max-downloads-per-client')
        return
        ;;
    '--max-connections')
        return
        ;;
    '--max-body-size')
        return
        ;;
    '--max-header-size')
        return
        ;;
    '--idle-timeout')
        return
        ;;
    '--min-client-rate')
        return
        ;;
    '--drain-timeout')
        return
        ;;
    '--log-level')
        __xet_add_completions -W 'trace'$'\n''debug'$'\n''info'$'\n''notice'$'\n''warning'$'\n''error'$'\n''critical'
        return
        ;;
    '--log-format')
        __xet_add_completions -W 'logfmt'$'\n''json'
        return
        ;;
    '--operator-token-file')
        __xet_add_completions -f
        return
        ;;
    esac
}

_xet_download() {
    repeating_flags=()
    non_repeating_flags=(--hf-cache --verify --dry-run --json --quiet -q --version -h --help)
    repeating_options=(--include --exclude)
    non_repeating_options=(--revision --repo-type --hub-endpoint --ca-file --private-upstreams --retry-for --output -o --local-dir --jobs -j --hash --repo)
    __xet_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--revision')
        return
        ;;
    '--repo-type')
        return
        ;;
    '--hub-endpoint')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--private-upstreams')
        __xet_add_completions -W 'auto'$'\n''allow'$'\n''deny'
        return
        ;;
    '--retry-for')
        return
        ;;
    '--output'|'-o')
        __xet_add_completions -f
        return
        ;;
    '--local-dir')
        __xet_add_completions -d
        return
        ;;
    '--include')
        return
        ;;
    '--exclude')
        return
        ;;
    '--jobs'|'-j')
        return
        ;;
    '--hash')
        return
        ;;
    '--repo')
        return
        ;;
    esac
}

_xet_upload() {
    repeating_flags=()
    non_repeating_flags=(--create-pr --create --private --dry-run --json --quiet -q --version -h --help)
    repeating_options=(--include --exclude --delete)
    non_repeating_options=(--revision --repo-type --hub-endpoint --ca-file --private-upstreams --retry-for --to --message -m --description --files-per-commit)
    __xet_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--revision')
        return
        ;;
    '--repo-type')
        return
        ;;
    '--hub-endpoint')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--private-upstreams')
        __xet_add_completions -W 'auto'$'\n''allow'$'\n''deny'
        return
        ;;
    '--retry-for')
        return
        ;;
    '--to')
        return
        ;;
    '--include')
        return
        ;;
    '--exclude')
        return
        ;;
    '--delete')
        return
        ;;
    '--message'|'-m')
        return
        ;;
    '--description')
        return
        ;;
    '--files-per-commit')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __xet_add_completions -f
        return
        ;;
    esac
}

_xet_list() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--revision --repo-type --hub-endpoint --ca-file --private-upstreams)
    __xet_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--revision')
        return
        ;;
    '--repo-type')
        return
        ;;
    '--hub-endpoint')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--private-upstreams')
        __xet_add_completions -W 'auto'$'\n''allow'$'\n''deny'
        return
        ;;
    esac
}

_xet_hash() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __xet_offer_flags_options -1

    # Offer positional completions
    case "${positional_number}" in
    *)
        __xet_add_completions -f
        return
        ;;
    esac
}

_xet_inspect() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=()
    __xet_offer_flags_options 1

    # Offer positional completions
    case "${positional_number}" in
    1)
        __xet_add_completions -f
        return
        ;;
    esac
}

_xet_cache() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __xet_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    status|verify|list|prune)
        # Offer subcommand argument completions
        "_xet_cache_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'status verify list prune' -- "${cur}"))
        ;;
    esac
}

_xet_cache_status() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=()
    __xet_offer_flags_options 1

    # Offer positional completions
    case "${positional_number}" in
    1)
        __xet_add_completions -d
        return
        ;;
    esac
}

_xet_cache_verify() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=()
    __xet_offer_flags_options 1

    # Offer positional completions
    case "${positional_number}" in
    1)
        __xet_add_completions -d
        return
        ;;
    esac
}

_xet_cache_list() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __xet_offer_flags_options 1

    # Offer positional completions
    case "${positional_number}" in
    1)
        __xet_add_completions -d
        return
        ;;
    esac
}

_xet_cache_prune() {
    repeating_flags=()
    non_repeating_flags=(--json --dry-run --version -h --help)
    repeating_options=()
    non_repeating_options=(--size --older-than --s3-endpoint --s3-region --s3-addressing --ca-file)
    __xet_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--size')
        return
        ;;
    '--older-than')
        return
        ;;
    '--s3-endpoint')
        return
        ;;
    '--s3-region')
        return
        ;;
    '--s3-addressing')
        __xet_add_completions -W 'auto'$'\n''path'$'\n''virtual'
        return
        ;;
    '--ca-file')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __xet_add_completions -d
        return
        ;;
    esac
}

_xet_warm() {
    repeating_flags=()
    non_repeating_flags=(--dry-run --json --quiet -q --version -h --help)
    repeating_options=(--include --exclude)
    non_repeating_options=(--through --revision --repo-type --ca-file --private-upstreams --retry-for --jobs -j)
    __xet_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--through')
        return
        ;;
    '--revision')
        return
        ;;
    '--repo-type')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--private-upstreams')
        __xet_add_completions -W 'auto'$'\n''allow'$'\n''deny'
        return
        ;;
    '--retry-for')
        return
        ;;
    '--include')
        return
        ;;
    '--exclude')
        return
        ;;
    '--jobs'|'-j')
        return
        ;;
    esac
}

_xet_bundle() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __xet_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    create|verify|list|import|keygen)
        # Offer subcommand argument completions
        "_xet_bundle_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'create verify list import keygen' -- "${cur}"))
        ;;
    esac
}

_xet_bundle_create() {
    repeating_flags=()
    non_repeating_flags=(--json --quiet -q --version -h --help)
    repeating_options=(--include --exclude --since)
    non_repeating_options=(--output -o --hub-endpoint --revision --repo-type --ca-file --private-upstreams --retry-for --have --sign-key)
    __xet_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--output'|'-o')
        __xet_add_completions -f
        return
        ;;
    '--hub-endpoint')
        return
        ;;
    '--revision')
        return
        ;;
    '--repo-type')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--private-upstreams')
        __xet_add_completions -W 'auto'$'\n''allow'$'\n''deny'
        return
        ;;
    '--retry-for')
        return
        ;;
    '--include')
        return
        ;;
    '--exclude')
        return
        ;;
    '--since')
        __xet_add_completions -f
        return
        ;;
    '--have')
        __xet_add_completions -f
        return
        ;;
    '--sign-key')
        __xet_add_completions -f
        return
        ;;
    esac
}

_xet_bundle_verify() {
    repeating_flags=()
    non_repeating_flags=(--json --quiet -q --version -h --help)
    repeating_options=(--since --trust-key)
    non_repeating_options=()
    __xet_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--since')
        __xet_add_completions -f
        return
        ;;
    '--trust-key')
        __xet_add_completions -f
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __xet_add_completions -f
        return
        ;;
    esac
}

_xet_bundle_list() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __xet_offer_flags_options 1

    # Offer positional completions
    case "${positional_number}" in
    1)
        __xet_add_completions -f
        return
        ;;
    esac
}

_xet_bundle_import() {
    repeating_flags=()
    non_repeating_flags=(--for-all --discard --json --quiet -q --version -h --help)
    repeating_options=(--trust-key)
    non_repeating_options=(--cache --cache-store --signing-key-file --s3-endpoint --s3-region --s3-addressing --ca-file)
    __xet_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--cache')
        __xet_add_completions -d
        return
        ;;
    '--cache-store')
        return
        ;;
    '--signing-key-file')
        __xet_add_completions -f
        return
        ;;
    '--trust-key')
        __xet_add_completions -f
        return
        ;;
    '--s3-endpoint')
        return
        ;;
    '--s3-region')
        return
        ;;
    '--s3-addressing')
        __xet_add_completions -W 'auto'$'\n''path'$'\n''virtual'
        return
        ;;
    '--ca-file')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __xet_add_completions -f
        return
        ;;
    esac
}

_xet_bundle_keygen() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--output -o)
    __xet_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--output'|'-o')
        __xet_add_completions -f
        return
        ;;
    esac
}

_xet_origin() {
    repeating_flags=()
    non_repeating_flags=(--h2c --version -h --help)
    repeating_options=()
    non_repeating_options=(--host --port --data --threshold --scan-interval --token-file --public-url --token-lifetime --url-lifetime --tls-certificate --tls-key --max-connections --idle-timeout --min-client-rate --drain-timeout --log-level --log-format)
    __xet_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--host')
        return
        ;;
    '--port')
        return
        ;;
    '--data')
        return
        ;;
    '--threshold')
        return
        ;;
    '--scan-interval')
        return
        ;;
    '--token-file')
        return
        ;;
    '--public-url')
        return
        ;;
    '--token-lifetime')
        return
        ;;
    '--url-lifetime')
        return
        ;;
    '--tls-certificate')
        __xet_add_completions -f
        return
        ;;
    '--tls-key')
        __xet_add_completions -f
        return
        ;;
    '--max-connections')
        return
        ;;
    '--idle-timeout')
        return
        ;;
    '--min-client-rate')
        return
        ;;
    '--drain-timeout')
        return
        ;;
    '--log-level')
        __xet_add_completions -W 'trace'$'\n''debug'$'\n''info'$'\n''notice'$'\n''warning'$'\n''error'$'\n''critical'
        return
        ;;
    '--log-format')
        __xet_add_completions -W 'logfmt'$'\n''json'
        return
        ;;
    esac
}

_xet_demo() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--port --folder)
    __xet_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--port')
        return
        ;;
    '--folder')
        return
        ;;
    esac
}

_xet_health() {
    repeating_flags=()
    non_repeating_flags=(--ready --version -h --help)
    repeating_options=()
    non_repeating_options=(--url --timeout)
    __xet_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--url')
        return
        ;;
    '--timeout')
        return
        ;;
    esac
}

_xet_help() {
    repeating_flags=()
    non_repeating_flags=(--version)
    repeating_options=()
    non_repeating_options=()
    __xet_offer_flags_options -1
}

complete -o filenames -F _xet xet
