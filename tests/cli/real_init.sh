#!/bin/sh
# real_init.sh VXD: real-mode initialisation of drivers, every result it may give, duplicates, and careless procedures.
set -u
vxd=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0
source=tests/cli/drivers/realinit.asm

printf '[386Enh]\nNumber=-12\nEmpty=\n[realinit]\nHex=beefh\nSwitch=on\nText=first\nText=second\n' > "$dir/ini"

fail() {
    echo "$1"
    failures=$((failures + 1))
}

# expect STATUS WORDS (in standard error, "" = nothing there) WHAT-IS-PRINTED COMMAND ...
expect() {
    status=$1 words=$2 printed=$3
    shift 3
    "$@" > "$dir/out" 2> "$dir/err"
    got=$?
    [ $got = "$status" ] || { fail "$*: status $got, not $status"; cat "$dir/err"; }
    if [ -n "$words" ]; then grep -q -- "$words" "$dir/err" || { fail "$*: no '$words' in:"; cat "$dir/err"; }
    else [ ! -s "$dir/err" ] || { fail "$*: says something:"; cat "$dir/err"; }; fi
    [ "$(tr -d '\r' < "$dir/out")" = "$printed" ] || { fail "$*: prints"; cat "$dir/out"; }
}

build() { # NAME OPTION ...
    name=$1
    shift
    "$vxd" build -o "$dir/$name.vxd" "$@" || fail "$name cannot be built"
}
run() {
    "$vxd" run --quiet --ini "$dir/ini" "$@"
}

spoken="real mode
0
C
first
second"
whole="$spoken
reference data points at 04030201 00070605
last page 0000009E
600h is 00000003"

build ok --static $source
expect 0 "" "$whole" run "$dir/ok.vxd"
expect 0 "" "" run --dynamic "$dir/ok.vxd" # it does not apply to dynamic drivers

build abort --static -D RESULT=1 $source
expect 1 "load-refused" "$spoken" run "$dir/abort.vxd"
build silent --static -D RESULT=8001h $source
expect 0 "" "$spoken" run "$dir/silent.vxd"
build unneeded --static -D RESULT=3 $source
expect 0 "" "$spoken" run "$dir/unneeded.vxd"
build end --static -D RESULT=2 $source
expect 1 "ends the start of Windows" "$spoken" run "$dir/end.vxd"
build odd --static -D RESULT=7 $source
expect 1 "returns 0007h" "$spoken" run "$dir/odd.vxd"

# The second device of an id is told; page 9Fh is taken by then.
build first --static -D DEVICE=7FE0h $source
build second --static -D DEVICE=7FE0h -D RESULT=8001h --name SECOND $source
expect 1 "reserves page 9Fh" "$spoken
real mode
1
C
first
second
reference data points at 04030201 00070605
last page 0000009E
600h is 00000003" run "$dir/first.vxd" "$dir/second.vxd"

# careless ones: NAME, the body of the procedure
careless() {
    cat > "$dir/$1.asm" <<END
        .386p
        include vmm.inc
Declare_Virtual_Device CARELESS, 1, 0, CARELESS_Control, Undefined_Device_ID, Undefined_Init_Order
VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch CARELESS
End_Control_Dispatch CARELESS
VxD_LOCKED_CODE_ENDS
VxD_REAL_INIT_SEG
BeginProc Real_Init
$2
EndProc Real_Init
VxD_REAL_INIT_ENDS
        END
END
    build "$1" --static "$dir/$1.asm"
}
careless registry "push ecx
        mov bp, sp
        mov ax, 100h
        call dword ptr [bp]"
expect 3 "loader service AX=0100h" "" run "$dir/registry.vxd"
careless loop "x: jmp x"
expect 4 "limit" "" run --limit 100000 "$dir/loop.vxd"
careless lists "mov bx, 0FFFFh
        mov si, 0FFFDh
        xor ax, ax
        ret"
run "$dir/lists.vxd" > "$dir/out" 2>&1 || [ $? = 1 ] || fail "wild lists end the run otherwise"
careless stack "pop bx
        xor sp, sp
        push bx
        xor bx, bx
        xor si, si
        xor ax, ax
        ret"
expect 1 "another stack" "" run "$dir/stack.vxd"

[ $failures = 0 ] && echo "real-mode initialisation as documented"
exit $failures
