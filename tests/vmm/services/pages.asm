; _PageAllocate and its family (Win95 DDK S3211-S3214, S322D), page counts.
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
block   dd 0
phys    dd 0
vm      dd 0
free    dd 0
entries dd 4 dup (?)
info    DemandInfoStruc <>
VxD_LOCKED_DATA_ENDS

Begin_Tests
;! init-only
        VMMcall _PageAllocate, <1, PG_SYS, 0, 0, 0, 0, 0, PAGELOCKEDIFDP>
        Check_Ne eax, 0, 'PAGELOCKEDIFDP'
        VMMcall _PageFree, <eax, 0>
        VMMcall _GetFreePageCount, <0>
        mov     [free], eax
        Check_Ne eax, 0, 'no free pages'
        VMMcall _PageAllocate, <3, PG_SYS, 0, 0, 0, 0, 0, PAGEZEROINIT>
        Check_Ne eax, 0, 'no pages'
        Check_Eq edx, eax, 'EDX is not the address: #EDX'
        mov     [block], eax
        test    eax, 0FFFh
        Check   z, 'not at a page: #EAX'
        Check_Eq <dword ptr [eax]>, 0, 'not zero'
        mov     dword ptr [eax+2FFCh], 0CAFEh
        VMMcall _GetFreePageCount, <0>
        add     eax, 3
        cmp     eax, [free]
        Check   be, 'three pages were allocated, but more are free'
        VMMcall _PageGetSizeAddr, <[block], 0>
        Check_Eq eax, 3, 'size: #EAX'
        Check_Eq edx, [block], 'address: #EDX'

        ; growing keeps the contents, old handle or new
        VMMcall _PageReAllocate, <[block], 20, PAGEZEROINIT>
        Check_Ne eax, 0, 'cannot grow'
        mov     [block], eax
        Check_Eq <dword ptr [eax+2FFCh]>, 0CAFEh, 'contents lost'
        Check_Eq <dword ptr [eax+3000h]>, 0, 'new page not zero'
        mov     dword ptr [eax+13FFCh], 1
        VMMcall _PageReAllocate, <[block], 2, 0>
        Check_Eq eax, [block], 'shrinking moved the block'
        VMMcall _PageGetSizeAddr, <[block], 0>
        Check_Eq eax, 2, 'size after shrinking: #EAX'

        ; lock counts
        VMMcall _PageLock, <[block], 2, 0, 0>
        Check_Ne eax, 0, 'cannot lock'
        VMMcall _PageUnLock, <[block], 2, 0, 0>
        Check_Ne eax, 0, 'cannot unlock'
        VMMcall _PageUnLock, <[block], 1, 0, 0>
        Check_Eq eax, 0, 'unlocked without a lock'
;! input-range
        VMMcall _PageLock, <[block], 2, 1, 0>
        Check_Eq eax, 0, 'locked beyond the end'
        VMMcall _PageFree, <[block], 0>
        Check_Ne eax, 0, 'cannot free'
;! dead-handle
        VMMcall _PageFree, <[block], 0>
        Check_Eq eax, 0, 'freed twice'
;! dead-handle
        VMMcall _PageGetSizeAddr, <[block], 0>
        Check_Eq eax, 0, 'a freed block has a size'
        Check_Eq edx, 0, 'a freed block has an address'
        VMMcall _GetFreePageCount, <0>
        inc     eax             ; page tables of the arena stay
        cmp     eax, [free]
        Check   ae, 'pages were lost: #EAX'

        ; contiguous, aligned, below 16 MB, as a DMA buffer wants it
        VMMcall _PageAllocate, <16, PG_SYS, 0, 0Fh, 0, 1000h, <OFFSET32 phys>, PAGEUSEALIGN+PAGECONTIG+PAGEFIXED>
        Check_Ne eax, 0, 'no DMA buffer'
        mov     [block], eax
        test    [phys], 0FFFFh
        Check   z, 'physical address not aligned'
        cmp     [phys], 1000000h
        Check   b, 'physical address above 16 MB'
        mov     ecx, [block]
        shr     ecx, 12
        VMMcall _CopyPageTable, <ecx, 4, <OFFSET32 entries>, 0>
        Check_Ne eax, 0, '_CopyPageTable fails'
        mov     eax, [entries]
        and     eax, 0FFFFF000h
        Check_Eq eax, [phys], 'page table and *pPhysAddr differ'
        mov     eax, [entries+12]
        and     eax, 0FFFFF000h
        sub     eax, 3000h
        Check_Eq eax, [phys], 'not contiguous'
        test    [entries], P_PRES
        Check   nz, 'not present'
        VMMcall _PageReAllocate, <[block], 20, 0>
        Check_Eq eax, 0, 'a PAGEUSEALIGN block grew'
        VMMcall _PageFree, <[block], 0>
        Check_Ne eax, 0, 'cannot free the DMA buffer'

        ; pages of a VM
        VMMcall Get_Cur_VM_Handle
        mov     [vm], ebx
        VMMcall _PageAllocate, <1, PG_VM, [vm], 0, 0, 0, 0, PAGELOCKED>
        Check_Ne eax, 0, 'no PG_VM page'
        mov     [block], eax
        cmp     eax, 0C0000000h
        Check   b, 'a PG_VM page lies in the system arena'
        VMMcall _GetVMPgCount, <[vm], 0>
        Check_Ne eax, 0, 'the VM has no pages'
        Check_Eq edx, 1, 'pages outside the first megabyte: #EDX'
        VMMcall _PageUnLock, <[block], 1, 0, 0>
        Check_Ne eax, 0, 'PAGELOCKED did not lock'
        VMMcall _PageFree, <[block], 0>

        ; misuse
;! input-range
        VMMcall _PageAllocate, <0, PG_SYS, 0, 0, 0, 0, 0, 0>
        Check_Eq eax, 0, 'no pages allocated'
        Check_Eq edx, 0, 'EDX of an error'
;! input-range
        VMMcall _PageAllocate, <1, 5, 0, 0, 0, 0, 0, 0>
        Check_Eq eax, 0, 'an unknown type'
;! input-range
        VMMcall _PageAllocate, <1, PG_VM, 12345h, 0, 0, 0, 0, 0>
        Check_Eq eax, 0, 'a VM that is none'
;! input-range
        VMMcall _PageAllocate, <1, PG_SYS, 0, 0, 0, 0, 0, PAGEUSEALIGN>
        Check_Eq eax, 0, 'PAGEUSEALIGN without PAGEFIXED'
        VMMcall _PageAllocate, <100000h, PG_SYS, 0, 0, 0, 0, 0, 0>
        Check_Eq eax, 0, '4 GB'

        VMMcall _GetDemandPageInfo, <<OFFSET32 info>, 0>
        Check_Ne <[info.DIPhys_Count]>, 0, 'no physical pages'
        Check_Ne <[info.DIFree_Count]>, 0, 'no free pages in DemandInfoStruc'
        VMMcall _PageGetAllocInfo, <0>
        Check_Ne eax, 0, 'largest block is 0'
        VMMcall _GetSysPageCount, <0>
        Check_Ne eax, 0, 'the system has no pages'
End_Tests
end
