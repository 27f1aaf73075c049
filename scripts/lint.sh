#!/bin/sh
# lint.sh BUILD: clang-format (dry run), cppcheck and clang-tidy over the C sources. Fails when any of them objects.
set -u
build=$1
status=0
sources=$(find src -name '*.c')
headers=$(find src include -name '*.h')

# shellcheck disable=SC2086 # lists of names without blanks
{
    echo "clang-format"
    clang-format --dry-run -Werror $sources $headers || status=1
    echo "cppcheck"
    cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
        -I src -I include --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches $sources || status=1
    echo "clang-tidy"
    clang-tidy --quiet -p "$build" $sources 2> /dev/null || status=1
}
exit $status
