#!/bin/sh
# lint.sh BUILD: clang-format (dry run), cppcheck and clang-tidy over the C sources. Fails when any of them objects.
set -u
build=$1
status=0
sources=$(find src -name '*.c')
headers=$(find src include -name '*.h')

jobs=$(getconf _NPROCESSORS_ONLN 2> /dev/null || echo 2)

# shellcheck disable=SC2086 # lists of names without blanks
{
    echo "clang-format"
    clang-format --dry-run -Werror $sources $headers || status=1
    echo "cppcheck"
    # MPFR numbers are arrays that load() in soft_math.c initialises; cppcheck takes them for values.
    cppcheck --quiet --std=c11 -j "$jobs" --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
        -I src -I include --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
        --suppress=uninitvar:src/x86/soft_math.c $sources || status=1
    echo "clang-tidy"
    printf '%s\n' $sources | xargs -P "$jobs" -n 4 clang-tidy --quiet -p "$build" 2> /dev/null || status=1
}
exit $status
