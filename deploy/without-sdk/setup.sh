# Sourced by deploy/setup.sh where the .NET SDK can be neither found nor installed, for example where only mirrors of
# Debian's packages and of NuGet can be reached: puts together a runtime, a compiler and the builder in Build/ from the
# pinned packages of packages.txt. docs/decisions/0015 says what that builds and what it cannot tell.
# shellcheck shell=bash

readonly toolchain="$root/artifacts/toolchain"
readonly fetched_packages="$root/artifacts/packages"
readonly nuget_packages="${NUGET_PACKAGES:-${HOME:-/nonexistent}/.nuget/packages}"
# The service index of a NuGet feed; without it, the first feed of the user's NuGet settings.
: "${COUNTERSIGN_NUGET_FEED:=$(sed -n 's/.*<add key="[^"]*" value="\(http[^"]*\)".*/\1/p' \
    "${HOME:-/nonexistent}/.nuget/NuGet/NuGet.Config" 2>/dev/null | head -n 1)}"

# package_folder NAME VERSION: where a package lies unpacked; fails when it lies nowhere.
package_folder() {
    local folder
    for folder in "$fetched_packages/$1/$2" "$nuget_packages/$1/$2"; do
        if [ -f "$folder/.nupkg.metadata" ]; then
            printf '%s' "$folder"
            return 0
        fi
    done
    return 1
}

# listed_package NAME: the folder of a package of packages.txt.
listed_package() {
    package_folder "$1" "$(sed -n "s/^$1 \([^ ]*\) .*/\1/p" "$root/deploy/without-sdk/packages.txt")"
}

# The address below which the feed keeps packages.
feed_address() {
    curl -fsSL --max-time 60 "$COUNTERSIGN_NUGET_FEED" | tr '{' '\n' | grep 'PackageBaseAddress/3' |
        grep -o '"@id" *: *"[^"]*"' | head -n 1 | cut -d'"' -f4 | sed 's:/*$::'
}

# fetch_package ADDRESS NAME VERSION SHA256
fetch_package() {
    local file="$fetched_packages/$2.$3.nupkg" folder="$fetched_packages/$2/$3" unneeded=()
    # Browser drivers for other systems are most of its size.
    [ "$2" != microsoft.playwright ] || unneeded=(-x '.playwright/node/win*' '.playwright/node/darwin*' '*-arm64/*')
    curl -fsSL --max-time 600 -o "$file" "$1/$2/$3/$2.$3.nupkg" &&
        printf '%s  %s\n' "$4" "$file" | sha256sum --check --quiet &&
        mkdir -p "$folder" &&
        unzip -q -o "$file" -d "$folder" "${unneeded[@]}" &&
        touch "$folder/.nupkg.metadata" && rm -f "$file"
}

fetch_packages() {
    local name version sum address=
    mkdir -p "$fetched_packages"
    while read -r name version sum; do
        if [[ "$name" = '#'* ]] || package_folder "$name" "$version" >/dev/null; then
            continue
        fi
        if [ -z "$address" ]; then
            address="$(feed_address)" ||
                fail "No NuGet feed answers: set COUNTERSIGN_NUGET_FEED to a feed's index.json, then try again."
        fi
        say "Fetching $name $version…"
        fetch_package "$address" "$name" "$version" "$sum" </dev/null ||
            fail "The package $name $version could not be fetched."
    done <"$root/deploy/without-sdk/packages.txt"
}

# What a .NET installation holds. Copies, since the runtime looks for its parts beside where a link leads to; made once
# and as a whole, since running programs have them mapped.
copy_runtime() {
    local pack version shared folder next="$toolchain/dotnet.$$"
    pack="$(listed_package microsoft.netcore.app.runtime.linux-x64)/runtimes/linux-x64"
    version="$(basename "$(dirname "$(dirname "$pack")")")"
    [ ! -d "$toolchain/dotnet/host/fxr/$version" ] || return 0
    mkdir -p "$next/host/fxr/$version"
    cp "$pack/native/libhostfxr.so" "$next/host/fxr/$version/"
    for shared in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
        pack="$(listed_package "${shared,,}.runtime.linux-x64")/runtimes/linux-x64"
        folder="$next/shared/$shared/$version"
        mkdir -p "$folder"
        # Not every pack has native libraries.
        find "$pack" -type f \( -path '*/lib/*' -o -path '*/native/*' \) -exec cp -t "$folder" {} +
    done
    rm -rf "$toolchain/dotnet" && mv "$next" "$toolchain/dotnet"
}

# write_host FOLDER NAME: a program that runs NAME.dll. The host has a place of 64 characters for the name.
write_host() {
    local host name="$2.dll" padding
    host="$(listed_package microsoft.netcore.app.host.linux-x64)/runtimes/linux-x64/native/apphost"
    padding="$(printf '\\x00%.0s' $(seq $((64 - ${#name}))))"
    LC_ALL=C sed "s/c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2/$name$padding/" "$host" >"$1/$2"
    chmod +x "$1/$2"
    printf '{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"10.0.0"}}}' \
        >"$1/$2.runtimeconfig.json"
}

# Mono compiles First.cs, and that compiles the builder.
compile_builder() {
    local part="$root/deploy/without-sdk" bin="$toolchain/builder" roslyn name references=()
    rm -rf "$bin" && mkdir -p "$bin"
    for roslyn in common csharp; do
        cp "$(listed_package microsoft.codeanalysis.$roslyn)"/lib/net10.0/*.dll "$bin" || return 1
    done
    for name in "$(listed_package microsoft.netcore.app.ref)"/ref/net10.0/*.dll "$bin"/*.dll; do
        references+=("-r:$name")
    done
    for name in System System.Collections.Generic System.IO System.Linq System.Threading; do
        printf 'global using %s;\n' "$name"
    done >"$bin/Usings.cs"
    write_host "$bin" first && write_host "$bin" builder &&
        mcs -nostdlib -noconfig -nowarn:1702 -out:"$bin/first.dll" "${references[@]}" "$part/First.cs" &&
        "$bin/first" -nologo -langversion:latest -nullable:enable -optimize+ -out:"$bin/builder.dll" \
            "${references[@]}" "$bin/Usings.cs" "$part"/Build/*.cs
}

# Leaves DOTNET_ROOT and $build_command as need_dotnet does with the SDK.
use_packages_instead_of_sdk() {
    say 'The .NET SDK cannot be had here: building with pinned NuGet packages instead (docs/decisions/0015).'
    [ "$(uname -m)" = x86_64 ] || return 1
    need_package mono-mcs mcs
    need_package curl curl
    need_package unzip unzip
    install_missing
    export DOTNET_ROOT="$toolchain/dotnet" PATH="$toolchain/dotnet:$PATH"
    fetch_packages
    copy_runtime
    if [ ! -f "$toolchain/builder/builder.dll" ] ||
        [ -n "$(find "$root/deploy/without-sdk" -newer "$toolchain/builder/builder.dll")" ]; then
        run_quietly "$root/artifacts/toolchain.log" compile_builder || { rm -rf "$toolchain/builder" && return 1; }
    fi
    build_command=("$toolchain/builder/builder" "$root" "$fetched_packages:$nuget_packages")
}
