; No memory left: every service says so as documented, and what is given back can be had again.
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
chain   dd 0
last    dd 0
free    dd 0
list    dd 0
reserved dd 0
VxD_LOCKED_DATA_ENDS

Begin_Tests
        mov     eax, LF_Alloc_Error
        mov     ecx, 8000h
        VMMcall List_Create
        mov     [list], esi
        VMMcall _PageReserve, <PR_SYSTEM, 16, 0>
        mov     [reserved], eax

        ; blocks of 256 KB, chained through their first dword
Next:
        VMMcall _PageAllocate, <64, PG_SYS, 0, 0, 0, 0, 0, 0>
        test    eax, eax
        jz      Large_Gone
        mov     ecx, [chain]
        mov     [eax], ecx
        mov     [chain], eax
        jmp     Next
Large_Gone:
        Check_Eq edx, 0, 'EDX of an error: #EDX'
        Check_Ne [chain], 0, 'not even one block'
Small:
        VMMcall _PageAllocate, <1, PG_SYS, 0, 0, 0, 0, 0, 0>
        test    eax, eax
        jz      All_Gone
        mov     ecx, [chain]
        mov     [eax], ecx
        mov     [chain], eax
        jmp     Small
All_Gone:
        VMMcall _HeapAllocate, <100000, 0>
        Check_Eq eax, 0, 'a heap block without memory: #EAX'
        mov     ecx, [reserved]
        shr     ecx, 12
        VMMcall _PageCommit, <ecx, 16, PD_ZEROINIT, 0, PC_WRITEABLE>
        Check_Eq eax, 0, 'committed without memory'
        mov     ecx, [reserved]
        shr     ecx, 12
        VMMcall _PageCheckLinRange, <ecx, 16, 0>
        Check_Eq eax, 0, 'a failed commit left pages'
        VMMcall _PageReAllocate, <[chain], 100, 0>
        Check_Eq eax, 0, 'grown without memory'
        mov     eax, [chain]
        mov     ecx, [eax]              ; still ours
        mov     esi, [list]
Nodes:  VMMcall List_Allocate
        jnc     Nodes
        Check_Eq eax, 0, 'EAX of List_Allocate that failed: #EAX'

        ; everything back, and again
Give:   mov     eax, [chain]
        test    eax, eax
        jz      Given
        mov     ecx, [eax]
        mov     [chain], ecx
        VMMcall _PageFree, <eax, 0>
        Check_Ne eax, 0, 'a block cannot be freed'
        jmp     Give
Given:  mov     esi, [list]
        VMMcall List_Destroy
        VMMcall _PageAllocate, <1024, PG_SYS, 0, 0, 0, 0, 0, 0>
        Check_Ne eax, 0, '4 MB are gone'
        VMMcall _PageFree, <eax, 0>
        VMMcall _HeapAllocate, <100000, 0>
        Check_Ne eax, 0, 'no heap block'
        mov     ecx, [reserved]
        shr     ecx, 12
        VMMcall _PageCommit, <ecx, 16, PD_ZEROINIT, 0, PC_WRITEABLE>
        Check_Ne eax, 0, 'cannot commit'
End_Tests
end
