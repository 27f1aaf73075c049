# begin.sh: what tests of the command share, for `.`: the command as $vxd, a directory of the test's own as $dir, and fail.
# shellcheck shell=sh
set -eu
vxd=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# fail WORDS: ends the test; what the command printed last, if it is in $dir/out, is shown.
fail() {
    echo "FAILED: $*"
    [ ! -f "$dir/out" ] || cat "$dir/out"
    exit 1
}
