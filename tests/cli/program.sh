#!/bin/sh
# program.sh VXD: .EXE programs of DOS from assembly: the header a loader reads, segments, groups and stacks of several
# modules, what they print when they run, and what is refused.
. tests/cli/begin.sh

bytes() { # FILE OFFSET COUNT
    od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'
}

# One module, full segment definitions: every field of the header.
cat > "$dir/plain.asm" << 'ASM'
DATA    SEGMENT PARA PUBLIC 'DATA'
msg     DB      'hi$'
p       DW      msg, SEG msg
far_p   DD      main
DATA    ENDS
STK     SEGMENT PARA STACK 'STACK'
        DW      128 DUP (?)
STK     ENDS
CODE    SEGMENT PARA PUBLIC 'CODE'
        ASSUME  CS:CODE, DS:DATA, SS:STK
main    PROC    FAR
        push    ds
        xor     ax, ax
        push    ax
        mov     ax, DATA
        mov     ds, ax
        lea     dx, msg
        mov     ah, 9
        int     21h
        ret                             ; to INT 20h at the beginning of the PSP
main    ENDP
CODE    ENDS
        END     main
ASM
"$vxd" build -o "$dir/plain.exe" "$dir/plain.asm"
# MZ; 152h bytes: 1 page; 3 segment numbers; 3 paragraphs of header; memory from 0 to FFFFh more; SS 1, SP 100h; no
# checksum; IP 0, CS 11h; the table at 1Eh; no overlay
[ "$(bytes "$dir/plain.exe" 0 30)" = 4d5a52010100030003000000ffff010000010000000011001e0000000000 ] || fail "header: $(bytes "$dir/plain.exe" 0 30)"
[ "$(bytes "$dir/plain.exe" 30 12)" = 050000000900000005001100 ] || fail "relocations: $(bytes "$dir/plain.exe" 30 12)"
[ "$(bytes "$dir/plain.exe" 48 11)" = 6869240000000000001100 ] || fail "data: $(bytes "$dir/plain.exe" 48 11)"
[ "$("$vxd" run --quiet --vm "$dir/plain.exe")" = hi ] || fail "a program that returns to its PSP"

# Two modules, a group, near and far calls, uninitialised data behind the file, SEG and OFFSET of an external variable.
cat > "$dir/one.asm" << 'ASM'
        .MODEL  medium
        .386
        EXTERN  second:FAR, shared:WORD
        PUBLIC  twice
        .STACK  200h
        .DATA
pad     DB      5 DUP (7)
ours    DW      1234h
vector  DD      second
text    DB      "one ", "$"
        .DATA?
room    DB      3000 DUP (?)
last    DW      ?
        .CODE
start:  mov     ax, @data
        mov     ds, ax
        mov     dx, OFFSET text
        mov     ah, 9
        int     21h
        call    second
        call    vector
        mov     bx, SEG shared
        mov     cx, DGROUP
        cmp     bx, cx                  ; the group of the other module's segment
        jne     bad
        mov     es, bx
        mov     di, OFFSET shared
        cmp     WORD PTR es:[di], 5678h
        jne     bad
        cmp     shared, 5678h
        jne     bad
        mov     ax, ss
        cmp     sp, 200h
        jb      bad
        mov     last, 4321h             ; behind the end of the file
        mov     bx, OFFSET last
        cmp     WORD PTR [bx], 4321h
        jne     bad
        mov     ax, 4C03h
        int     21h
bad:    mov     ax, 4C01h
        int     21h
twice   PROC    FAR
        mov     ah, 2
        int     21h
        int     21h
        retf
twice   ENDP
        END     start
ASM
cat > "$dir/two.asm" << 'ASM'
        .MODEL  medium
        EXTERN  twice:FAR
        PUBLIC  second, shared
        .STACK  100h
        .DATA
x       DB      1
shared  DW      5678h
        .CODE
second  PROC    FAR
        mov     dl, 'z'
        call    twice
        ret
second  ENDP
        END
ASM
"$vxd" build -o "$dir/both.exe" "$dir/one.asm" "$dir/two.asm"
"$vxd" run --vm "$dir/both.exe" > "$dir/out"
grep -q 'BOTH.EXE ended with exit code 3' "$dir/out" || fail "two modules"
"$vxd" run --quiet --vm "$dir/both.exe" | grep -q 'one zzzz' || fail "what two modules print"
[ "$(bytes "$dir/both.exe" 16 2)" = 0003 ] || fail "both stacks together: $(bytes "$dir/both.exe" 16 2)"
[ "$(wc -c < "$dir/both.exe")" -lt 4200 ] || fail "what is not initialised at the end is not in the file"

# ml and link by their names, one object after the other; DOSSEG puts code first and the stack last.
sed 's/.MODEL  medium/DOSSEG\n&/' "$dir/one.asm" > "$dir/order.asm"
(cd "$dir" && "$vxd" ml -c -Fo1.obj order.asm && "$vxd" ml -c -Fo2.obj two.asm && "$vxd" link 1.obj+2.obj,order.exe\;) > "$dir/out"
"$vxd" run --vm "$dir/order.exe" > "$dir/out"
grep -q 'ORDER.EXE ended with exit code 3' "$dir/out" || fail "DOSSEG"
[ "$(bytes "$dir/order.exe" 20 4)" = 00000000 ] || fail "code first: $(bytes "$dir/order.exe" 20 4)"
[ "$(wc -c < "$dir/order.exe")" -lt 300 ] || fail "stack and uninitialised data are not in the file"

# Parts of a segment, private and common ones.
cat > "$dir/c1.asm" << 'ASM'
P       SEGMENT BYTE
        DB      1
P       ENDS
C       SEGMENT WORD COMMON 'C'
        DB      1, 2, 3
C       ENDS
CODE    SEGMENT BYTE PUBLIC 'CODE'
start:  nop
CODE    ENDS
S       SEGMENT STACK
        DB      16 DUP (?)
S       ENDS
        END     start
ASM
cat > "$dir/c2.asm" << 'ASM'
P       SEGMENT BYTE
        DB      2
P       ENDS
C       SEGMENT WORD COMMON 'C'
        ORG     3
        DB      4
C       ENDS
CODE    SEGMENT BYTE PUBLIC 'CODE'
        DW      SEG CODE, P
CODE    ENDS
        END
ASM
"$vxd" build -o "$dir/c.exe" "$dir/c1.asm" "$dir/c2.asm"
# P of the first module (with it, of no class either, the stack's 16 bytes and the other P), C: 1 2 3 4, CODE
bytes "$dir/c.exe" 0 200 > "$dir/out"
grep -q 0102030490 "$dir/out" || fail "common segments lie over each other, parts of CODE behind each other"

refused() { # WORDS OF THE MESSAGE; the source is standard input
    cat > "$dir/bad.asm"
    "$vxd" build -o "$dir/bad.exe" "$dir/bad.asm" > "$dir/out" 2>&1 && fail "accepted: $1"
    grep -q "$1" "$dir/out" || fail "message: $1"
}
printf 'C SEGMENT\nx: nop\nC ENDS\nEND\n' | refused "no entry"
printf 'EXTERN y:FAR\nC SEGMENT\nx: call y\nC ENDS\nEND x\n' | refused "nobody defines 'y'"
printf 'A SEGMENT\ndb 40000 dup (1)\nA ENDS\nB SEGMENT\ndb 40000 dup (1)\nB ENDS\nG GROUP A, B\nC SEGMENT\nx: nop\nC ENDS\nEND x\n' |
    refused "the group G is larger than 64 KB"
printf 'C SEGMENT\nx: nop\nC ENDS\nEND x\n' > "$dir/nostack.asm"
"$vxd" build -o "$dir/nostack.exe" "$dir/nostack.asm" > "$dir/out" 2>&1 || fail "no stack is a warning"
grep -q "warning: no stack" "$dir/out" || fail "no stack"
"$vxd" build -o "$dir/plain.com" "$dir/plain.asm" > "$dir/out" 2>&1 && fail "a .COM program with segments"
grep -q "no segments to refer to" "$dir/out" || fail "segments of a .COM program"
