; Sparse memory (Win95 DDK S3209-S320E, S3232, S3233).
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
base    dd 0
page0   dd 0
phys    dd 0
mbi     dd 7 dup (0)
entry   dd 2 dup (0)
VxD_LOCKED_DATA_ENDS

Begin_Tests
        VMMcall _PageReserve, <PR_SYSTEM, 16, 0>
        Check_Ne eax, -1, 'nothing reserved'
        mov     [base], eax
        shr     eax, 12
        mov     [page0], eax
        VMMcall _PageCheckLinRange, <[page0], 16, 0>
        Check_Eq eax, 0, 'reserved pages are committed'

        mov     ecx, [page0]
        add     ecx, 2
        VMMcall _PageCommit, <ecx, 3, PD_ZEROINIT, 0, PC_WRITEABLE+PC_USER>
        Check_Ne eax, 0, 'cannot commit'
        mov     eax, [base]
        Check_Eq <dword ptr [eax+2000h]>, 0, 'not zero'
        mov     dword ptr [eax+4FFCh], 77h
        mov     ecx, [page0]
        add     ecx, 2
        VMMcall _PageCheckLinRange, <ecx, 10, 0>
        Check_Eq eax, 3, 'committed pages: #EAX'
        mov     ecx, [page0]
        VMMcall _PageCommit, <ecx, 8, PD_ZEROINIT, 0, PC_WRITEABLE>
        Check_Ne eax, 0, 'a plain commit may overlap'
        mov     eax, [base]
        Check_Eq <dword ptr [eax+4FFCh]>, 77h, 'committing again cleared a page'
        VMMcall _PageCommit, <[page0], 8, PD_FIXEDZERO, 0, PC_FIXED>
        Check_Eq eax, 0, 'PC_FIXED over committed pages'

        ; permissions and query
        VMMcall _PageModifyPermissions, <[page0], 4, <NOT PC_WRITEABLE>, 0>
        Check_Ne eax, -1, 'cannot change permissions'
        test    eax, PC_WRITEABLE
        Check   nz, 'old permissions: #EAX'
        VMMcall _PageModifyPermissions, <[page0], 1, -1, PC_WRITEABLE>
        test    eax, PC_WRITEABLE
        Check   z, 'permissions did not change: #EAX'
        VMMcall _PageModifyPermissions, <[page0], 16, -1, PC_WRITEABLE>
        Check_Eq eax, -1, 'permissions of uncommitted pages'
        VMMcall _PageQuery, <[base], <OFFSET32 mbi>, 28>
        Check_Eq eax, 28, '_PageQuery: #EAX'
        mov     eax, [base]
        Check_Eq [mbi+4], eax, 'allocation base'
        Check_Eq <[mbi+10h]>, 1000h, 'state is not committed'
        add     eax, 8000h
        VMMcall _PageQuery, <eax, <OFFSET32 mbi>, 28>
        Check_Eq <[mbi+10h]>, 2000h, 'state is not reserved'
        Check_Eq <[mbi+0Ch]>, 8000h, 'size of the uncommitted rest'
;! input-range
        VMMcall _PageQuery, <[base], <OFFSET32 mbi>, 4>
        Check_Eq eax, 0, 'a small buffer'

        VMMcall _PageDecommit, <[page0], 8, 0>
        Check_Ne eax, 0, 'cannot decommit'
        VMMcall _PageCheckLinRange, <[page0], 8, 0>
        Check_Eq eax, 0, 'decommitted pages are there'

        ; physical pages
        VMMcall _PageCommitPhys, <[page0], 2, 0B8h, PC_INCR+PC_WRITEABLE>
        Check_Ne eax, 0, '_PageCommitPhys fails'
        VMMcall _CopyPageTable, <[page0], 2, <OFFSET32 entry>, 0>
        mov     eax, [entry+4]
        shr     eax, 12
        Check_Eq eax, 0B9h, 'second page: #EAX'
        VMMcall _PageCommitPhys, <[page0], 1, 0B8h, PC_WRITEABLE>
        Check_Eq eax, 0, '_PageCommitPhys over committed pages'
        mov     ecx, [page0]
        add     ecx, 8
        VMMcall _PageCommitContig, <ecx, 4, PC_WRITEABLE, 3, 0, 1000h>
        Check_Ne eax, -1, '_PageCommitContig fails'
        test    eax, 3FFFh
        Check   z, 'not aligned: #EAX'
        mov     eax, [base]
        mov     dword ptr [eax+8000h], 5
        VMMcall _PageCommitContig, <0, 4, PCC_NOLIN, 0, 0, -1>
        Check_Ne eax, -1, 'PCC_NOLIN fails'
;! input-range
        VMMcall _PageCommitContig, <0, 4, PCC_NOLIN+PC_USER, 0, 0, -1>
        Check_Eq eax, -1, 'PCC_NOLIN with another flag'

        VMMcall _PageFree, <[base], 0>
        Check_Ne eax, 0, 'cannot free'
;! input-range
        VMMcall _PageCommit, <[page0], 1, PD_ZEROINIT, 0, 0>
        Check_Eq eax, 0, 'committed what is not reserved'

        ; where it is asked for
        VMMcall _PageReserve, <[page0], 4, PR_FIXED>
        Check_Eq eax, [base], 'not where asked'
;! input-range
        mov     ecx, [page0]
        add     ecx, 2
        VMMcall _PageCommit, <ecx, 3, PD_ZEROINIT, 0, 0>
        Check_Eq eax, 0, 'committed beyond the reservation'
        VMMcall _PageReserve, <[page0], 2, 0>
        Check_Eq eax, -1, 'reserved twice'
        VMMcall _PageFree, <[base], 0>
        VMMcall _PageReserve, <PR_SHARED, 1, PR_4MEG>
        test    eax, 3FFFFFh
        Check   z, 'PR_4MEG: #EAX'
        VMMcall _PageReserve, <PR_PRIVATE, 1, 0>
        cmp     eax, 80000000h
        Check   b, 'PR_PRIVATE: #EAX'
        VMMcall _PageReserve, <PR_SYSTEM, 2, PR_STATIC>
        mov     [base], eax
        VMMcall _PageFree, <[base], 0>
        Check_Eq eax, 0, 'PR_STATIC freed without the flag'
        VMMcall _PageFree, <[base], PR_STATIC>
        Check_Ne eax, 0, 'PR_STATIC cannot be freed'

        ; what is free ends where something is reserved
        VMMcall _PageReserve, <PR_SYSTEM, 8, 0>
        mov     [base], eax
        shr     eax, 12
        mov     [page0], eax
        VMMcall _PageFree, <[base], 0>
        mov     ecx, [page0]
        add     ecx, 5
        VMMcall _PageReserve, <ecx, 1, 0>
        VMMcall _PageQuery, <[base], <OFFSET32 mbi>, 28>
        Check_Eq [mbi+10h], 10000h, 'state is not free'
        Check_Eq [mbi+0Ch], 5000h, 'size of what is free'
        mov     eax, [base]
        add     eax, 5000h
        VMMcall _PageFree, <eax, 0>

        ; a reservation becomes a block of so many pages (Win95 DDK S3214)
        VMMcall _PageReserve, <PR_SYSTEM, 8, 0>
        mov     [base], eax
        VMMcall _PageReAllocate, <[base], 4, PAGEZEROINIT>
        Check_Ne eax, 0, 'nothing of a reservation was committed'
        mov     [base], eax
        mov     dword ptr [eax+3000h], 3
        shr     eax, 12
        VMMcall _PageCheckLinRange, <eax, 8, 0>
        Check_Eq eax, 4, 'pages committed: #EAX'
        VMMcall _PageReAllocate, <[base], 12, PAGEZEROINIT>
        mov     [base], eax
        Check_Eq <dword ptr [eax+3000h]>, 3, 'contents of a block that grew'
        Check_Eq <dword ptr [eax+0B000h]>, 0, 'its new pages'
        VMMcall _PageReAllocate, <[base], 2, 0>
        mov     [base], eax
        VMMcall _PageGetSizeAddr, <[base], 0>
        Check_Eq eax, 2, 'size of a block that shrank: #EAX'
        VMMcall _PageFree, <[base], 0>

        VMMcall _PageReserve, <PR_SYSTEM, 8, PR_FIXED>
        mov     [base], eax
        shr     eax, 12
        inc     eax
        VMMcall _PageCommit, <eax, 1, PD_ZEROINIT, 0, PC_WRITEABLE>
        VMMcall _PageReAllocate, <[base], 8, 0>
        Check_Eq eax, 0, 'committed pages do not begin at the start'
        mov     eax, [base]
        shr     eax, 12
        VMMcall _PageCommit, <eax, 1, PD_FIXEDZERO, 0, PC_WRITEABLE+PC_FIXED>
        VMMcall _PageReAllocate, <[base], 4, 0>
        Check_Eq eax, [base], 'PR_FIXED moved'
        shr     eax, 12
        add     eax, 3
        VMMcall _PageModifyPermissions, <eax, 1, -1, 0>
        test    eax, PC_FIXED
        Check   nz, 'new pages of a fixed block: #EAX'
        VMMcall _PageFree, <[base], 0>
End_Tests
end
