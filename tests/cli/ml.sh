#!/bin/sh
# ml.sh VXD: the options of ml that drivers' makefiles use, and what becomes of the objects.
. tests/cli/begin.sh

cat > "$dir/a.asm" << 'ASM'
        .386
_TEXT   segment dword public use32 'CODE'
        assume  cs:_TEXT
        include value.inc
Proc1   proc    arg:dword
        mov     eax, arg
        add     eax, VALUE + EXTRA
        ret
Proc1   endp
_TEXT   ends
        end
ASM
mkdir "$dir/Inc"
echo 'VALUE   equ     1' > "$dir/Inc/VALUE.INC" # named in another case, as on the disks of the time

# A makefile's line. -I's directory attached, -Fo's file attached and as the next word.
"$vxd" ml -c -coff -nologo -W2 -Zd -Zi -Cp -I"$dir/Inc" -DEXTRA=2 -DMASM6 -Sg -Fl"$dir/a.lst" -Fo"$dir/a.obj" "$dir/a.asm"
grep -q 'Proc1' "$dir/a.obj" || fail "-Cp keeps the case of names"
grep -q '83C003 .*EXTRA' "$dir/a.lst" || fail "-D and -I reach the source, -Fl lists it"
"$vxd" ml -c -Cu -I "$dir/Inc" -D EXTRA=2 -Fo "$dir/b.obj" "$dir/a.asm"
grep -q 'PROC1' "$dir/b.obj" || fail "-Cu"
"$vxd" ml -c -Cp -Gd -I"$dir/Inc" -DEXTRA=2 -Fo"$dir/c.obj" "$dir/a.asm"
grep -q '_Proc1' "$dir/c.obj" || fail "-Gd"
"$vxd" ml -c -Cp -Gz -I"$dir/Inc" -DEXTRA=2 -Fo"$dir/d.obj" "$dir/a.asm"
grep -q '_Proc1@4' "$dir/d.obj" || fail "-Gz"
(cd "$dir" && "$vxd" ml -c -Zs -IInc -DEXTRA=2 a.asm && [ ! -e a.OBJ ]) || fail "-Zs writes nothing"

# The same as it stands in a makefile of the time: slashes for dashes, backslashes for slashes, a directory for the object.
mkdir "$dir/Obj"
(cd "$dir" && "$vxd" ml /c /nologo /W2 '/I.\Inc\' /DEXTRA=2 '/Fo.\Obj\' '/FlObj\x.lst' '.\a.asm')
[ -s "$dir/Obj/a.obj" ] && [ -s "$dir/Obj/x.lst" ] || fail "slash options and backslashes"

# Errors: file and line first, the source line, a caret; no object is left.
status=0
"$vxd" ml -c -Fo"$dir/e.obj" "$dir/a.asm" 2> "$dir/err" || status=$?
[ $status = 2 ] || fail "an error's status is 2, not $status"
[ ! -e "$dir/e.obj" ] || fail "an object in spite of errors"
head -n 1 "$dir/err" | grep -q "^$dir/a.asm:4:[0-9]*: error:" || fail "no place in front: $(head -n 1 "$dir/err")"
grep -q '\^' "$dir/err" || fail "no caret"

status=0
"$vxd" ml -c -nonsense "$dir/a.asm" 2> "$dir/err" || status=$?
[ $status = 2 ] && grep -q 'unknown option -nonsense' "$dir/err" || fail "unknown options are usage errors"
