#!/bin/sh
# link.sh VXD: the command lines that makefiles of drivers write for Microsoft's linkers, and ml without -c.
. tests/cli/begin.sh

cat > "$dir/drv.asm" << 'ASM'
        .386p
        include vmm.inc
Declare_Virtual_Device DRV, 1, 0, DRV_Control, Undefined_Device_ID, Undefined_Init_Order
VxD_LOCKED_CODE_SEG
        extrn Other:near
BeginProc DRV_Control
        cmp     eax, Device_Init
        jne     Other
        clc
        ret
EndProc DRV_Control
VxD_LOCKED_CODE_ENDS
        end
ASM
cat > "$dir/other.asm" << 'ASM'
        .386p
_LTEXT  segment dword public use32 'LCODE'
        public  Other
Other:  clc
        ret
_LTEXT  ends
        end
ASM
cat > "$dir/drv.def" << 'DEF'
VXD DRV DYNAMIC
EXPORTS
    DRV_DDB @1
DEF
cd "$dir"
"$vxd" ml -c -coff drv.asm other.asm
"$vxd" link -o ours.vxd --def drv.def -m ours.map drv.obj other.obj

same() {
    cmp -s ours.vxd "$1" || fail "$2: another driver"
    rm -f "$1"
}

"$vxd" link -vxd -nod -nologo -machine:ix86 -out:drv.vxd -def:drv.def -map:x.map drv.obj other.obj
cmp -s ours.map x.map || fail "-map:x.map: another map"
same drv.vxd "link.exe's options"
"$vxd" link /VXD /NOD '/OUT:.\drv.vxd' /DEF:drv.def /MAP '.\drv.obj' other
[ -s drv.map ] || fail "/MAP names its file after the driver"
same drv.vxd "slashes, backslashes, an object without its extension"
printf -- '-out:drv.vxd -def:drv.def\r\ndrv.obj\r\n"other.obj"\r\n' > drv.lnk
"$vxd" link @drv.lnk
same drv.vxd "a response file"
"$vxd" link /NOI /NOD /NOE /LI /MAP drv+other,drv.386,,,drv.def\;
"$vxd" link --debug -o debug.vxd --def drv.def drv.obj other.obj
cmp -s debug.vxd drv.386 || fail "LINK386's fields: another driver"
[ -s drv.map ] || fail "LINK386's /MAP"
mkdir lib
mv other.obj lib
"$vxd" link -libpath:lib -out:drv.vxd -def:drv.def drv.obj other.obj
same drv.vxd "-libpath"
"$vxd" link -exetype:dynamic -out:drv.vxd drv.obj lib/other.obj
"$vxd" info drv.vxd | grep -q dynamic || fail "-exetype:dynamic"
rm drv.vxd

# ml without -c: the objects are written, too.
rm drv.obj
"$vxd" ml -coff -nologo drv.asm other.asm -link -vxd -def:drv.def -out:drv.vxd
[ -s drv.obj ] && [ -s other.obj ] || fail "ml without -c leaves its objects"
same drv.vxd "ml -link"
"$vxd" ml -coff -Fedrv.vxd -Fmy.map drv.asm lib/other.obj -link -def:drv.def
cmp -s ours.map y.map || grep -q 'lib/other.obj' y.map || fail "-Fm"
same drv.vxd "ml -Fe with an object"

expect() { # STATUS TEXT ARGUMENTS
    status=0
    wanted=$1 text=$2
    shift 2
    "$vxd" "$@" 2> err || status=$?
    [ $status = "$wanted" ] && grep -q -e "$text" err || fail "$*: status $status, $(head -n 1 err)"
}
expect 2 'unknown option -nonsense' link -nonsense drv.obj
expect 2 'a value is missing behind -def:' link -def: drv.obj
expect 2 'DEV386 or DYNAMIC' link -exetype:os2 drv.obj
expect 2 'a virtual device driver is what is made here' link -dll drv.obj
expect 3 'not implemented' link -merge:.text=_LTEXT drv.obj
expect 2 'no object given' link -vxd
expect 2 'no such file' link nowhere
expect 2 'no such file' link @nowhere
expect 2 'more than 5 fields' link a,b,c,d,e,f
echo '@loop.lnk' > loop.lnk
expect 2 'nested more than' link @loop.lnk
