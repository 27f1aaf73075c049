; Hooks of device services in any order (Win95 DDK S31A8, S32BF). Three procedures around Get_Sys_VM_Handle: each counts.
;! input-range
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
count   dd 3 dup (0)
seen    dd 0
old     dd 0
real    dd 0
next_one dd 0
next_two dd 0
next_three dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
BeginProc Hook_One, HOOK_PROC, next_one
        inc     [count]
        jmp     [next_one]
EndProc Hook_One

BeginProc Hook_Two, HOOK_PROC, next_two
        inc     [count+4]
        jmp     [next_two]
EndProc Hook_Two

BeginProc Hook_Three, HOOK_PROC, next_three
        inc     [count+8]
        jmp     [next_three]
EndProc Hook_Three

        ALIGN   4
No_Preamble:
        jmp     [old]
VxD_LOCKED_CODE_ENDS

Hook    macro proc
        GetVxDServiceOrdinal eax, Get_Sys_VM_Handle
        mov     esi, OFFSET32 proc
        VMMcall Hook_Device_Service
endm

Unhook  macro proc
        GetVxDServiceOrdinal eax, Get_Sys_VM_Handle
        mov     esi, OFFSET32 proc
        VMMcall Unhook_Device_Service
endm

; Calls the service and checks which hooks ran since the last time.
Call_And_Expect macro one, two, three, text
        mov     [count], 0
        mov     [count+4], 0
        mov     [count+8], 0
        VMMcall Get_Sys_VM_Handle
        Check_Eq ebx, [seen], text
        Check_Eq [count], one, text
        Check_Eq [count+4], two, text
        Check_Eq [count+8], three, text
endm

Begin_Tests
        VMMcall Get_Sys_VM_Handle
        mov     [seen], ebx
        Hook    Hook_One
        Check   nc, 'cannot hook'
        mov     [real], esi
        Check_Ne esi, 0, 'no previous procedure'
        Call_And_Expect 1, 0, 0, 'one hook'
        Hook    Hook_One
        Check   c, 'one procedure hooked a service twice'
        Call_And_Expect 1, 0, 0, 'one hook, hooked again'
        Hook    Hook_Two
        Check   nc, 'cannot hook twice'
        Check_Eq esi, <OFFSET32 Hook_One>, 'the previous procedure is not the first hook'
        Hook    Hook_Three
        Call_And_Expect 1, 1, 1, 'three hooks'

        Unhook  Hook_Two                ; out of the middle
        Check   nc, 'the middle one cannot be unhooked'
        Call_And_Expect 1, 0, 1, 'without the middle one'
        Unhook  Hook_Two
        Check   c, 'unhooked twice'
        Unhook  Hook_One                ; the oldest first
        Check   nc, 'the oldest cannot be unhooked'
        Call_And_Expect 0, 0, 1, 'only the youngest'
        Unhook  Hook_Three
        Check   nc, 'the last one cannot be unhooked'
        Call_And_Expect 0, 0, 0, 'no hook'

        ; a procedure without preamble hides what it stands in front of
        Hook    Hook_One
        Hook    No_Preamble
        Check   nc, 'a procedure without preamble cannot hook'
        mov     [old], esi
        Call_And_Expect 1, 0, 0, 'behind a procedure without preamble'
        Unhook  No_Preamble
        Check   c, 'a procedure without preamble was unhooked'
        Unhook  Hook_One
        Check   c, 'unhooked through a procedure without preamble'
;! input-range
        mov     eax, 17FFFh
        mov     esi, OFFSET32 Hook_Two
        VMMcall Hook_Device_Service
        Check   c, 'a service that does not exist'
;! input-range
        mov     eax, 0EEEE0001h
        VMMcall Hook_Device_Service
        Check   c, 'a device that does not exist'
End_Tests
end
