#!/bin/sh
# headers.sh CC [CXX]: every public header compiles alone, in C17 and in C++11, without a warning.
set -eu
cc=$1
cxx=${2:-}
file=$(mktemp -d)
trap 'rm -rf "$file"' EXIT
seen=0
for header in include/vxdkit/*.h; do
    seen=1
    name=vxdkit/$(basename "$header")
    printf '#include <%s>\nint alone(void);\nint alone(void) { return 0; }\n' "$name" > "$file/alone.c"
    cp "$file/alone.c" "$file/alone.cpp"
    "$cc" -std=c17 -pedantic -Wall -Wextra -Werror -Iinclude -fsyntax-only "$file/alone.c"
    [ -z "$cxx" ] || "$cxx" -std=c++11 -pedantic -Wall -Wextra -Werror -Iinclude -fsyntax-only "$file/alone.cpp"
done
[ $seen = 1 ]
