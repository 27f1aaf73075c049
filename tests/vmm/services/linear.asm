; Locks and aliases by linear page, device memory, page tables (Win95 DDK S3200, S322A, S322C).
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
block   dd 0
shown   dd 0
table   dd 2 dup (0)
VxD_LOCKED_DATA_ENDS

Begin_Tests
        VMMcall _PageAllocate, <2, PG_SYS, 0, 0, 0, 0, 0, PAGEZEROINIT>
        mov     [block], eax
        mov     dword ptr [eax+1000h], 42
        shr     eax, 12
        VMMcall _LinPageLock, <eax, 2, 0>
        Check_Ne eax, 0, 'cannot lock'
        mov     ecx, [block]
        shr     ecx, 12
        VMMcall _LinPageUnLock, <ecx, 2, 0>
        Check_Ne eax, 0, 'cannot unlock'
;! input-range
        mov     ecx, [block]
        shr     ecx, 12
        VMMcall _LinPageUnLock, <ecx, 2, 0>
        Check_Eq eax, 0, 'unlocked without a lock'

        mov     ecx, [block]
        shr     ecx, 12
        VMMcall _LinPageLock, <ecx, 2, PAGEMAPGLOBAL>
        Check_Ne eax, 0, 'no shown'
        mov     [shown], eax
        Check_Ne eax, [block], 'the shown is the block itself'
        Check_Eq <dword ptr [eax+1000h]>, 42, 'the shown shows something else'
        mov     dword ptr [eax], 7
        mov     edx, [block]
        Check_Eq <dword ptr [edx]>, 7, 'a write through the shown is lost'
        mov     ecx, [shown]
        shr     ecx, 12
        VMMcall _LinPageUnLock, <ecx, 2, PAGEMAPGLOBAL>
        Check_Ne eax, 0, 'the shown cannot be unlocked'
        mov     ecx, [shown]
        shr     ecx, 12
        VMMcall _PageCheckLinRange, <ecx, 1, 0>
        Check_Eq eax, 0, 'the shown is still there'
        mov     ecx, [block]
        shr     ecx, 12
        VMMcall _PageCheckLinRange, <ecx, 2, 0>
        Check_Eq eax, 2, 'the pages went with the shown'
;! input-range
        VMMcall _LinPageLock, <0F0000h, 1, 0>
        Check_Eq eax, 0, 'locked what is not committed'

        VMMcall _MapPhysToLinear, <0B8004h, 10h, 0>
        Check_Ne eax, -1, 'video memory cannot be mapped'
        mov     ecx, eax
        and     ecx, 0FFFh
        Check_Eq ecx, 4, 'offset in the page'
        shr     eax, 12
        VMMcall _CopyPageTable, <eax, 1, <OFFSET32 table>, 0>
        mov     eax, [table]
        shr     eax, 12
        Check_Eq eax, 0B8h, 'mapped to page #EAX'
        VMMcall _MapPhysToLinear, <0FFFFF000h, 1000h, 0>
        Check_Ne eax, -1, 'the last physical page'
;! input-range
        VMMcall _MapPhysToLinear, <0FFFFF000h, 2000h, 0>
        Check_Eq eax, -1, 'past the end of memory'

        VMMcall _CopyPageTable, <0, 2, <OFFSET32 table>, 0>
        Check_Ne eax, 0, 'page table of the first megabyte'
        test    [table], P_PRES
        Check   nz, 'page 0 is absent'
        VMMcall _CopyPageTable, <0FE000h, 1, <OFFSET32 table>, 0>
        Check_Eq eax, 0, 'no page table, but EAX=#EAX'
        VMMcall _PageFree, <[block], 0>
        VMMcall _GetCurrentContext
        Check_Ne eax, 0, 'no context'
End_Tests
end
