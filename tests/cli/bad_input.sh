#!/bin/sh
# bad_input.sh VXD: what is not a driver is refused with one clear message and the right exit status.
set -u
vxd=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0

# expect STATUS TEXT COMMAND...: the command ends with STATUS and says TEXT on standard error, nothing on standard output.
expect() {
    status=$1 text=$2
    shift 2
    "$@" > "$dir/out" 2> "$dir/err" < /dev/null
    got=$?
    if [ $got -ne "$status" ]; then
        echo "FAILED: $*: exit status $got, not $status"
        cat "$dir/err"
        failures=$((failures + 1))
    elif ! grep -qF -e "$text" "$dir/err"; then
        echo "FAILED: $*: does not say \"$text\" but:"
        cat "$dir/err"
        failures=$((failures + 1))
    elif [ -s "$dir/out" ]; then
        echo "FAILED: $*: writes to standard output:"
        head -3 "$dir/out"
        failures=$((failures + 1))
    fi
}

: > "$dir/empty.vxd"
printf 'This is no driver at all, just text.\n' > "$dir/text.vxd"
printf 'MZ' > "$dir/mz.vxd"

printf 'REGEDIT4\n[HKEY_LOCAL_MACHINE\\A]\nnonsense\n' > "$dir/bad.reg"
expect 2 "$dir/bad.reg:3: error:" "$vxd" run --registry "$dir/bad.reg" "$dir/text.vxd"

for command in info dis run; do
    expect 2 "$dir/none.vxd: error: no such file" "$vxd" $command "$dir/none.vxd"
    expect 2 "$dir: error: this is a directory" "$vxd" $command "$dir"
    expect 2 "$dir/empty.vxd" "$vxd" $command "$dir/empty.vxd"
    expect 2 "$dir/text.vxd" "$vxd" $command "$dir/text.vxd"
    expect 2 "$dir/mz.vxd" "$vxd" $command "$dir/mz.vxd"
    expect 2 "no such file" "$vxd" $command ''
    expect 2 "unknown option --nonsense" "$vxd" $command --nonsense x
    expect 2 "given" "$vxd" $command
done
for command in asm build ml; do
    c=; [ $command = ml ] && c=-c
    # shellcheck disable=SC2086 # no word when empty
    expect 2 "$dir/none.asm: error: no such file" "$vxd" $command $c "$dir/none.asm"
    # shellcheck disable=SC2086
    expect 2 "directory" "$vxd" $command $c "$dir"
done
expect 2 "$dir/text.vxd" "$vxd" link -o "$dir/x.vxd" "$dir/text.vxd"
expect 2 "there is no command frobnicate" "$vxd" frobnicate
expect 2 "no device and no service is called Frobnicate" "$vxd" services Frobnicate
expect 2 "a time such as" "$vxd" run --for soon x.vxd
expect 2 "a value is missing behind --limit" "$vxd" run x.vxd --limit
expect 2 "no value belongs to --quiet" "$vxd" run --quiet=1 x.vxd
expect 2 "a number of instructions" "$vxd" run --limit 0 x.vxd
expect 2 "no such file" "$vxd" run --hardware "$dir/absent.hw" x.vxd
printf 'ports 0x300-0x30F {\n    byte 16 constant 1\n}\n' > "$dir/wrong.hw"
expect 2 "wrong.hw:2:10: error: the range has only 0x10 bytes" "$vxd" run --hardware "$dir/wrong.hw" x.vxd
printf 'include vmm.inc\nDeclare_Virtual_Device NONE, 1, 0, NONE_Control\nBegin_Control_Dispatch NONE\nEnd_Control_Dispatch NONE\nend\n' > "$dir/none2.asm"
"$vxd" build -o "$dir/none2.vxd" "$dir/none2.asm" || failures=$((failures + 1))
printf 'device ROOT\\CARD\\0000 {\n    loader "no_such.vxd"\n}\n' > "$dir/loader.hw"
expect 1 'device ROOT\CARD\0000: its DevLoader no_such.vxd is not there' "$vxd" run --quiet --hardware "$dir/loader.hw" "$dir/none2.vxd"
expect 2 "3.1, 95 or 98" "$vxd" run --windows 2000 x.vxd
expect 2 "LINE@TIME" "$vxd" run --irq 5 x.vxd
expect 2 "LINE@TIME" "$vxd" run --irq 2@5ms x.vxd
for option in --check --check=all --gdb=1234; do
    expect 3 "is not implemented yet" "$vxd" run $option x.vxd
done
expect 2 "x.com: no such file" "$vxd" run --vm=x.com
printf 'x' > "$dir/x.com"
mkdir "$dir/root"
expect 2 "is not below the directory" "$vxd" run --root "$dir/root" --vm "$dir/x.com"
expect 2 "at most 125 characters" "$vxd" run --vm "$dir/x.com $(printf '%0130d' 1)"
expect 3 "-omf is not implemented" "$vxd" ml -c -omf x.asm
expect 2 "no such file" "$vxd" ml x.asm

expect 2 "no W3 or W4 collection of drivers" "$vxd" info --driver VMM "$dir/text.vxd"
expect 2 "no W3 or W4 collection of drivers" "$vxd" dis --driver=VMM "$dir/text.vxd"
expect 2 "Not a directory" "$vxd" info --extract "$dir/text.vxd" "$dir/text.vxd"

[ $failures = 0 ] && echo "all refused as they should be"
exit $failures
