; List_Allocate without LF_Alloc_Error crashes the current VM when memory is exhausted (VDAG31 List_Create).
;end ended the System VM
include check.inc
Test_Driver

Begin_Tests
        xor     eax, eax
        mov     ecx, 100000h
        VMMcall List_Create
        jc      Over
Next:   VMMcall List_Allocate
        Check   nc, 'it came back'
        jmp     Next
Over:
End_Tests
end
