# shellcheck shell=sh
# What the makers of the virtual table share. Steps speak on standard error: standard output is the answer.

# VIRTUAL_TABLE_CACHE: another folder, which outlives this checkout.
cache=${VIRTUAL_TABLE_CACHE:-.cache/virtual-table}
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac

source_package=linux-source-6.12

fail() {
    echo "$*" >&2
    exit 1
}

# step WORDS COMMAND...: says what is done and how long it took; a failure shows the end of its log.
step() {
    words=$1
    shift
    mkdir -p "$cache"
    log=$cache/$(basename "$0").log
    printf '%s ... ' "$words" >&2
    began=$(date +%s)
    # In the background, because a shell that looks at a function's status lets it go on after errors.
    "$@" >"$log" 2>&1 </dev/null &
    if ! wait $!; then
        echo "failed after $(($(date +%s) - began)) s" >&2
        tail -n 25 "$log" >&2
        exit 1
    fi
    echo "$(($(date +%s) - began)) s" >&2
}

# The version of a package that apt would take; asks the mirror once where no lists are yet.
candidate_of() {
    found=$(apt-cache policy "$1" 2>/dev/null | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }')
    if [ -z "$found" ] && [ "$(id -u)" -eq 0 ]; then
        apt-get update -q >/dev/null 2>&1 || true
        found=$(apt-cache policy "$1" 2>/dev/null | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }')
    fi
    echo "$found"
}

# fetch_locked PYTHON LOCK FOLDER: the wheels of a lock, by their hashes, for a Python that is not here.
fetch_locked() {
    .venv/bin/python -m pip download -q --require-hashes --no-deps --only-binary :all: \
        --python-version "$1" --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 \
        --platform manylinux_2_34_x86_64 -r "$2" -d "$3"
}
