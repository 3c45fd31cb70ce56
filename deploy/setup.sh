# Sourced by ./countersign and ./test, with $root set to the repository: finds or installs what they need, and builds.
# Every function may run again; each is quiet when there is nothing to do. Messages go to stderr.
# shellcheck shell=bash

readonly sdk_version='10.0'
readonly product="$root/artifacts/countersign"
missing_packages=()
# What builds: the SDK, or what stands in for it where it cannot be had.
build_command=(dotnet)
dotnet_is_ready=false
apt_lists_are_fresh=false

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
# The product is culture-invariant; with this the SDK needs no ICU library either.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# Runs a command as root, without ever asking for a password.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null && sudo -n true 2>/dev/null && sudo -n "$@"
    fi
}

# apt drops its privileges while it downloads, so its folder for temporary files must be open to everybody.
apt_get() {
    local temporary="${TMPDIR:-/tmp}"
    [ "$(stat -c %a "$temporary" 2>/dev/null)" = 1777 ] || temporary=/tmp
    as_root env DEBIAN_FRONTEND=noninteractive TMPDIR="$temporary" apt-get -q "$@" </dev/null >&2
}

refresh_apt_lists() {
    if [ "$apt_lists_are_fresh" = false ]; then
        apt_get update || return 1
        apt_lists_are_fresh=true
    fi
}

install_packages() {
    command -v apt-get >/dev/null && refresh_apt_lists && apt_get install -y --no-install-recommends "$@"
}

# A check is a command, a shared library (it contains ".so") or a file (it starts with "/").
is_present() {
    case "$1" in
        /*) [ -e "$1" ] ;;
        # The answer is read as a whole: a grep that stops early would end ldconfig with a broken pipe.
        *.so*) [[ "$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null)" == *"$1"* ]] ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

# need_package NAME CHECK: notes a package whose check fails; install_missing installs all of them at once.
need_package() {
    is_present "$2" || missing_packages+=("$1")
}

install_missing() {
    [ "${#missing_packages[@]}" -gt 0 ] || return 0
    say "Installing ${missing_packages[*]}…"
    install_packages "${missing_packages[@]}" ||
        fail "These packages are missing: run 'sudo apt-get install ${missing_packages[*]}', then try again."
    missing_packages=()
}

# want_package NAME CHECK [MEANS]: like need_package, but goes on without it, and says what that means.
want_package() {
    is_present "$2" || install_packages "$1" ||
        say "Going on without the package $1; ${3:-some tests will be skipped}."
}

# Prints the folder of the first .NET installation that has the SDK.
find_dotnet() {
    local candidate
    for candidate in "$(command -v dotnet || true)" "${HOME:-/nonexistent}/.dotnet/dotnet" "$root/artifacts/dotnet/dotnet"; do
        if [ -x "$candidate" ] && [[ "$("$candidate" --list-sdks 2>/dev/null)" == *"$sdk_version."* ]]; then
            dirname "$(readlink -f "$candidate")"
            return 0
        fi
    done
    return 1
}

# Debian and older Ubuntu releases have the SDK only in the package feed of its makers.
add_dotnet_feed() {
    local id version feed
    id="$(. /etc/os-release && printf '%s' "$ID")"
    version="$(. /etc/os-release && printf '%s' "$VERSION_ID")"
    feed="$(mktemp --suffix=.deb)"
    need_package ca-certificates /etc/ssl/certs/ca-certificates.crt
    need_package curl curl
    install_missing
    curl -fsSL --max-time 60 -o "$feed" \
        "https://packages.microsoft.com/config/$id/$version/packages-microsoft-prod.deb" &&
        as_root dpkg -i "$feed" >&2 && apt_lists_are_fresh=false
    local added=$?
    rm -f "$feed"
    return "$added"
}

install_dotnet() {
    command -v apt-get >/dev/null && as_root true || return 1
    say "Installing the .NET SDK ${sdk_version}…"
    refresh_apt_lists || true
    if ! apt-cache show "dotnet-sdk-$sdk_version" >/dev/null 2>&1; then
        add_dotnet_feed || return 1
    fi
    install_packages "dotnet-sdk-$sdk_version"
}

# Leaves DOTNET_ROOT and PATH pointing at a .NET installation, and build_command at what builds with it.
need_dotnet() {
    [ "$dotnet_is_ready" = false ] || return 0
    if DOTNET_ROOT="$(find_dotnet)" || { install_dotnet && DOTNET_ROOT="$(find_dotnet)"; }; then
        export DOTNET_ROOT PATH="$DOTNET_ROOT:$PATH"
    else
        . "$root/deploy/without-sdk/setup.sh"
        use_packages_instead_of_sdk || fail "Countersign needs the .NET SDK $sdk_version. Run this, then try again:
curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel $sdk_version --install-dir \"\$HOME/.dotnet\""
    fi
    # The SDK insists on a home folder that it can write to.
    [ -w "${HOME:-/nonexistent}" ] || export DOTNET_CLI_HOME="$root/artifacts/home"
    dotnet_is_ready=true
}

# What the built product loads at run time.
need_runtime_packages() {
    need_package ca-certificates /etc/ssl/certs/ca-certificates.crt
    need_package libsqlite3-0 libsqlite3.so.0
    need_package libssl3 libssl.so.3
    # Policies may name time zones.
    need_package tzdata /usr/share/zoneinfo/Europe/Berlin
    install_missing
    # PostgreSQL's grammar. A server without a PostgreSQL gate runs without it; one with it says what is missing.
    want_package libpg-query1504.0 libpg_query.so.1504.0 "a PostgreSQL gate will not start"
}

# run_quietly LOG COMMAND…: shows what the command wrote only when it fails. Build servers outlive the build, so they must
# inherit neither the terminal nor the lock.
run_quietly() {
    local log="$1"
    shift
    if ! "$@" </dev/null >"$log" 2>&1 9>&-; then
        cat "$log" >&2
        return 1
    fi
}

# is_current FOLDER: whether no source is newer than the product that was published there.
is_current() {
    [ -x "$1/countersign" ] && [ -f "$1.built" ] || return 1
    # Folders count too: they change when a file in them is deleted.
    [ -z "$(find "$root/src" "$root"/Directory.*.props "$root/global.json" \
        \( -name bin -o -name obj \) -prune -o -newer "$1.built" -print -quit)" ]
}

# publish FOLDER CONFIGURATION: beside the old product, and then swapped, so that a running server keeps the files it has
# opened.
publish() {
    local folder="$1" started="$1.built.$$" project
    # Made now, since a folder made by the build would look like a source changed after its start.
    for project in "$root"/src/*/; do
        mkdir -p "$project/bin" "$project/obj"
    done
    : >"$started"
    rm -rf "$folder.next"
    run_quietly "$root/artifacts/build.log" \
        "${build_command[@]}" publish "$root/src/Countersign.Server" -c "$2" -o "$folder.next" -v quiet || fail "The build failed."
    rm -rf "$folder" && mv "$folder.next" "$folder"
    # The stamp is as old as the start of the build, so that an edit made meanwhile builds again.
    printf '%s\n' "$DOTNET_ROOT" >"$folder.built" && touch -r "$started" "$folder.built" && rm -f "$started"
}

# Publishes when a source is newer; several callers at once build it once.
publish_once() {
    mkdir -p "$root/artifacts"
    exec 9>"$root/artifacts/lock"
    flock 9
    if ! is_current "$1" || [ "$(cat "$1.built")" != "$DOTNET_ROOT" ]; then
        say "$3"
        publish "$1" "$2"
    fi
    exec 9>&-
}

# Builds the product when it is not current.
build_product() {
    if is_current "$product"; then
        read -r DOTNET_ROOT <"$product.built"
        if [ -d "$DOTNET_ROOT/shared" ]; then
            export DOTNET_ROOT
            return 0
        fi
    fi
    need_dotnet
    need_runtime_packages
    publish_once "$product" Release 'Building Countersign (first run takes about a minute)…'
}

# The same with the kill points of the fault tests, which no build for people has. Only the tests run it.
build_faulty_product() {
    publish_once "$product-faults" Faults 'Building Countersign with kill points…'
}
