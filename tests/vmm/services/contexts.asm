; Memory contexts (Win95 DDK S3223-S3228): the private arena is each context's own, everything else is everybody's.
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
system  dd 0
first   dd 0
second  dd 0
base    dd 0                            ; in the system's context
mine    dd 0                            ; in the first one
alias   dd 0
shared  dd 0
VxD_LOCKED_DATA_ENDS

Begin_Tests
        VMMcall _GetCurrentContext
        mov     [system], eax
        VMMcall _PageReserve, <PR_PRIVATE, 4, 0>
        Check_Ne eax, -1, 'nothing reserved'
        mov     [base], eax
        shr     eax, 12
        VMMcall _PageCommit, <eax, 1, PD_ZEROINIT, 0, PC_WRITEABLE>
        mov     ebx, [base]
        mov     dword ptr [ebx], 1111h
        VMMcall _ContextCreate
        Check_Ne eax, 0, 'no context'
        mov     [first], eax
        VMMcall _ContextCreate
        mov     [second], eax
        Check_Ne eax, [first], 'two contexts with one handle'

        VMMcall _ContextSwitch, <[first]>
        Check_Eq eax, [system], 'outgoing context: #EAX'
        VMMcall _GetCurrentContext
        Check_Eq eax, [first], 'current context: #EAX'
        mov     eax, [base]
        shr     eax, 12
        VMMcall _PageCheckLinRange, <eax, 4, 0>
        Check_Eq eax, 0, 'the system''s pages in another context'
        mov     eax, [base]
        shr     eax, 12
        VMMcall _PageReserve, <eax, 4, 0>
        Check_Eq eax, [base], 'its address is not free here: #EAX'
        shr     eax, 12
        VMMcall _PageCommit, <eax, 2, PD_ZEROINIT, 0, PC_WRITEABLE>
        mov     ebx, [base]
        Check_Eq <dword ptr [ebx]>, 0, 'contents of another context'
        mov     dword ptr [ebx], 2222h
        mov     eax, [base]
        shr     eax, 12
        VMMcall _LinPageLock, <eax, 1, PAGEMAPGLOBAL>
        mov     [alias], eax
        VMMcall _PageReserve, <PR_SHARED, 1, 0>
        mov     [shared], eax
        shr     eax, 12
        VMMcall _PageCommit, <eax, 1, PD_ZEROINIT, 0, PC_WRITEABLE>
        mov     ebx, [shared]
        mov     dword ptr [ebx], 3333h

        VMMcall _ContextSwitch, <[system]>
        Check_Eq eax, [first], 'outgoing context: #EAX'
        mov     ebx, [base]
        Check_Eq <dword ptr [ebx]>, 1111h, 'the system''s page'
        mov     ebx, [alias]
        Check_Eq <dword ptr [ebx]>, 2222h, 'a global alias in another context'
        mov     ebx, [shared]
        Check_Eq <dword ptr [ebx]>, 3333h, 'the shared arena in another context'

        ; attaching
        VMMcall _ContextSwitch, <[second]>
        mov     eax, [base]
        shr     eax, 12
        VMMcall _PageReserve, <eax, 4, 0>
        mov     ecx, [base]
        shr     ecx, 12
        VMMcall _PageAttach, <ecx, [first], 2>
        Check_Eq eax, 1, '_PageAttach: #EAX'
        mov     ebx, [base]
        Check_Eq <dword ptr [ebx]>, 2222h, 'contents of an attached page'
        mov     dword ptr [ebx], 4444h
        mov     dword ptr [ebx+1000h], 5555h
        mov     ecx, [base]
        shr     ecx, 12
        VMMcall _PageCheckLinRange, <ecx, 4, 0>
        Check_Eq eax, 2, 'attached pages are committed: #EAX'
        mov     ecx, [base]
        shr     ecx, 12
;! input-range
        VMMcall _PageAttach, <ecx, [first], 1>
        Check_Eq eax, 0, 'attached to a committed page'
        mov     ecx, [base]
        shr     ecx, 12
        add     ecx, 2
        VMMcall _PageAttach, <ecx, [first], 1>
        Check_Eq eax, 0, 'an uncommitted page attached'
        mov     ecx, [base]
        shr     ecx, 12
;! dead-handle
        VMMcall _PageAttach, <ecx, 1234h, 1>
        Check_Eq eax, 0, 'attached from nowhere'

        ; the first context ends: what the second one shares with it stays
;! input-range
        VMMcall _ContextDestroy, <[first]>
        Check_Eq eax, 0, 'destroyed in one step'
        VMMcall _ContextSwitch, <[first]>
        mov     ebx, [base]
        Check_Eq <dword ptr [ebx]>, 4444h, 'written by way of the other context'
        mov     eax, [alias]
        shr     eax, 12
        VMMcall _LinPageUnLock, <eax, 1, PAGEMAPGLOBAL>
        Check_Eq eax, 1, 'the alias stays'
        VMMcall _ContextDestroy, <0>
        Check_Eq eax, 1, '_ContextDestroy(0): #EAX'
        mov     eax, [base]
        shr     eax, 12
        VMMcall _PageCheckLinRange, <eax, 1, 0>
        Check_Eq eax, 0, 'private memory stays'
;! input-range
        VMMcall _ContextDestroy, <[first]>
        Check_Eq eax, 0, 'the current context destroyed'
        VMMcall _ContextSwitch, <[second]>
        VMMcall _ContextDestroy, <[first]>
        Check_Eq eax, 1, '_ContextDestroy: #EAX'
;! dead-handle
        VMMcall _ContextSwitch, <[first]>
        Check_Eq eax, 0, 'switched to a dead context'
        mov     ebx, [base]
        Check_Eq <dword ptr [ebx]>, 4444h, 'the page of a context that has gone'
        Check_Eq <dword ptr [ebx+1000h]>, 5555h, 'its second page'

        VMMcall _ContextDestroy, <0>
        VMMcall _ContextSwitch, <[system]>
        VMMcall _ContextDestroy, <[second]>
        Check_Eq eax, 1, 'the second context: #EAX'
;! input-range
        VMMcall _ContextDestroy, <0>
        Check_Eq eax, 0, 'the system''s context'
        mov     ebx, [base]
        Check_Eq <dword ptr [ebx]>, 1111h, 'the system''s page at the end'
        VMMcall _PageFree, <[base], 0>
        VMMcall _PageFree, <[shared], 0>
End_Tests
end
