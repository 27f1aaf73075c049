#!/bin/sh
# setup.sh [bench] [lint]: installs what building and testing need and this machine lacks, without questions. With `bench`
# also the libraries the benchmarks compare with, with `lint` the tools of `make lint`. When nothing is missing it only
# looks at a few files. Knows apt, dnf, pacman and brew; root is used through sudo only when not root already.
set -eu

prefixes="/usr /usr/local /opt/homebrew /opt/local ${VXDKIT_DEPS:-}"

have_command() {
    command -v "$1" > /dev/null 2>&1
}

have_header() {
    for prefix in $prefixes; do
        for file in "$prefix/include/$1" "$prefix"/include/*-linux-*/"$1"; do
            [ -e "$file" ] && return 0
        done
    done
    return 1
}

# One need a line: kind and name of the probe, then the package's name for apt, dnf, pacman and brew ("-": comes along).
needs() {
    cat << 'LIST'
command cc          build-essential    gcc                 base-devel -
command c++         build-essential    gcc-c++             base-devel -
command make        make               make                make       -
command cmake       cmake              cmake               cmake      cmake
command ninja       ninja-build        ninja-build         ninja      ninja
command pkg-config  pkgconf            pkgconf-pkg-config  pkgconf    pkgconf
header  Zydis/Zydis.h      libzydis-dev   zydis-devel      zydis      zydis
header  mpfr.h             libmpfr-dev    mpfr-devel       mpfr       mpfr
header  gmp.h              libgmp-dev     gmp-devel        gmp        gmp
header  cmocka.h           libcmocka-dev  libcmocka-devel  cmocka     cmocka
header  unicorn/unicorn.h  libunicorn-dev unicorn-devel    unicorn    unicorn
LIST
    case " $* " in *" bench "*) cat << 'LIST'
header  uv.h               libuv1-dev     libuv-devel      libuv      libuv
header  event2/event.h     libevent-dev   libevent-devel   libevent   libevent
header  glib-2.0/glib.h    libglib2.0-dev glib2-devel      glib2      glib
command nasm               nasm           nasm             nasm       nasm
LIST
    esac
    case " $* " in *" lint "*) cat << 'LIST'
command clang-tidy         clang-tidy     clang-tools-extra clang     llvm
command clang-format       clang-format   clang-tools-extra clang     clang-format
command cppcheck           cppcheck       cppcheck          cppcheck  cppcheck
LIST
    esac
}

find_manager() {
    for manager in apt-get dnf pacman brew; do
        have_command "$manager" && return 0
    done
    return 1
}

missing=
add_missing() {
    while read -r kind name apt dnf pacman brew; do
        "have_$kind" "$name" && continue
        case $manager in
        apt-get) package=$apt ;;
        dnf) package=$dnf ;;
        pacman) package=$pacman ;;
        brew) package=$brew ;;
        *) package=$name ;;
        esac
        case " $missing " in *" $package "*) continue ;; esac
        [ "$package" = - ] || missing="$missing $package"
    done << LIST
$(needs "$@")
LIST
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have_command sudo; then
        sudo "$@"
    else
        echo "setup: neither root nor sudo: please install$missing" >&2
        exit 1
    fi
}

install_packages() {
    case $manager in
    apt-get)
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
        ;;
    dnf) as_root dnf install -q -y "$@" ;;
    pacman) as_root pacman -Sy --noconfirm --needed "$@" ;;
    brew) brew install -q "$@" ;;
    esac
}

find_manager || manager=none
add_missing "$@"
[ -n "$missing" ] || exit 0
if [ $manager = none ]; then
    echo "setup: no apt, dnf, pacman or brew here: please install$missing" >&2
    exit 1
fi
echo "setup: installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of names
if ! install_packages $missing > "$log" 2>&1; then
    cat "$log" >&2
    echo "setup: $manager could not install$missing" >&2
    exit 1
fi
