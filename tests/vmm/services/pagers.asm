; Pagers (Win95 DDK S3235-S323D): who is called when, with which page, and what becomes of the contents.
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
swapper pd_s <OFFSET32 Virgin_In, OFFSET32 Tainted_In, OFFSET32 Clean_Out, OFFSET32 Dirty_Out, OFFSET32 Virgin_Free, OFFSET32 Tainted_Free, OFFSET32 Dirty, PD_SWAPPER>
copy    pd_s <>
only_pd pd_s <OFFSET32 Virgin_In, OFFSET32 Tainted_In, OFFSET32 Clean_Out, OFFSET32 Dirty_Out, OFFSET32 Virgin_Free, OFFSET32 Tainted_Free, OFFSET32 Dirty, PD_PAGERONLY>
bad_pd  pd_s <0, 0, 0, 0, 0, 0, 0, 77>
other_pd pd_s <OFFSET32 Other_In, 0, 0, 0, OFFSET32 Other_Free, 0, 0, PD_SWAPPER>
hpd     dd 0
only    dd 0
other   dd 0
base    dd 0
page0   dd 0
order   dd 0                            ; a hexadecimal digit for each function called
data    dd 0
seen    dd 0                            ; first dword of the page, as the pager saw it
fault   dd 0
refuse  dd 0
marker  dd 0                            ; what the next page in contains
pte     dd 0
others  dd 0
mbi     dd 7 dup (0)
handed  dd 0
VxD_LOCKED_DATA_ENDS

; The functions called since the last question, in order, one digit each.
Called  macro value, text
        Check_Eq [order], value, text
        mov     [order], 0
endm

Pager   macro name, digit
BeginProc name
        push    ebp
        mov     ebp, esp
        mov     ecx, digit
        call    Note
        pop     ebp
        ret
EndProc name
endm

VxD_LOCKED_CODE_SEG
BeginProc Note
        shl     [order], 4
        or      [order], ecx
        mov     eax, [ebp+8]
        mov     edx, [eax]
        mov     [data], edx
        mov     edx, [ebp+10h]
        mov     [fault], edx
        mov     edx, [ebp+0Ch]
        or      edx, edx
        jz      noted
        cmp     ecx, 7
        je      noted
        cmp     ecx, 2
        ja      look
        mov     eax, [marker]           ; in: the page's contents
        mov     [edx], eax
look:   mov     eax, [edx]
        mov     [seen], eax
noted:  cmp     ecx, 4
        ja      free
        mov     eax, [ebp+8]
        inc     dword ptr [eax]         ; counts its moves
free:   mov     eax, 1
        sub     eax, [refuse]
        ret
EndProc Note

Pager   Virgin_In, 1
Pager   Tainted_In, 2
Pager   Clean_Out, 3
Pager   Dirty_Out, 4
Pager   Virgin_Free, 5
Pager   Tainted_Free, 6
Pager   Dirty, 7

BeginProc Other_In
        mov     ecx, [esp+8]
        mov     dword ptr [ecx], 0BEEFh
        mov     eax, 1
        inc     [others]
        ret
EndProc Other_In

BeginProc Other_Free
        add     [others], 10h
        xor     eax, eax                ; ignored
        ret
EndProc Other_Free

; A fault that the pager does not serve is everybody's.
BeginProc Invalid
        mov     [refuse], 0             ; the access runs again
        inc     [handed]
        cmp     [handed], 1
        jne     more_than_one
        clc
        ret
more_than_one:
        stc
        ret
EndProc Invalid
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall _PagerRegister, <<OFFSET32 swapper>>
        Check_Ne eax, 0, 'not registered'
        mov     [hpd], eax
        mov     [swapper.pd_virginin], 0     ; the system has a copy of its own
        VMMcall _PagerQuery, <[hpd], <OFFSET32 copy>>
        Check_Eq eax, 1, '_PagerQuery: #EAX'
        Check_Eq [copy.pd_virginin], <OFFSET32 Virgin_In>, 'copy of pd_virginin'
        Check_Eq [copy.pd_dirty], <OFFSET32 Dirty>, 'copy of pd_dirty'
        Check_Eq [copy.pd_type], PD_SWAPPER, 'copy of pd_type'
;! dead-handle
        VMMcall _PagerQuery, <123h, <OFFSET32 copy>>
        Check_Eq eax, 0, '_PagerQuery of nothing'
;! input-range
        VMMcall _PagerRegister, <<OFFSET32 bad_pd>>
        Check_Eq eax, 0, 'a pager of no type'

        VMMcall _PageReserve, <PR_SYSTEM, 8, 0>
        mov     [base], eax
        shr     eax, 12
        mov     [page0], eax
        VMMcall _PageCommit, <[page0], 3, [hpd], 100h, PC_WRITEABLE+PC_INCR>
        Check_Eq eax, 1, 'not committed: #EAX'
        Called  0, 'a pager is called on commitment'
        VMMcall _PageCheckLinRange, <[page0], 8, 0>
        Check_Eq eax, 3, 'committed: #EAX'
        VMMcall _CopyPageTable, <[page0], 1, <OFFSET32 pte>, 0>
        test    [pte], P_PRES
        Check   z, 'present before the first touch'
        VMMcall _PageQuery, <[base], <OFFSET32 mbi>, 28>
        Check_Eq [mbi+10h], 1000h, 'state is not committed'

        ; the first touch
        mov     [marker], 0CAFEh
        mov     ebx, [base]
        mov     eax, [ebx+1000h]
        Check_Eq eax, 0CAFEh, 'contents: #EAX'
        Called  1, 'first touch'
        Check_Eq [data], 101h, 'datum of the second page'
        mov     eax, [page0]
        inc     eax
        Check_Eq [fault], eax, 'faulting page'
        mov     eax, [ebx+1004h]
        Called  0, 'second touch'

        ; flushing: clean, then written
        mov     eax, [page0]
        inc     eax
        VMMcall _PageFlush, <eax, 1>
        Check_Eq eax, 1, '_PageFlush: #EAX'
        Called  3, 'flush of a clean page'
        Check_Eq [fault], -1, 'page number of a page-out'
        Check_Eq [data], 102h, 'the datum that the pager changed'
        mov     dword ptr [ebx+1000h], 0D0D0h
        mov     eax, [page0]
        inc     eax
        VMMcall _PageFlush, <eax, 1>
        Called  74h, 'flush of a written page'
        Check_Eq [seen], 0D0D0h, 'contents at the flush'
        mov     eax, [page0]
        inc     eax
        VMMcall _PageFlush, <eax, 1>
        Called  3, 'flush of a flushed page'
        Check_Eq <dword ptr [ebx+1000h]>, 0D0D0h, 'a flushed page stays'
        Called  0, 'a flushed page stays present'
        mov     [refuse], 1
        VMMcall _PageFlush, <[page0], 3>
        Check_Eq eax, 0, 'a flush that the pager refuses'
        Called  3, 'flush of three pages, one in memory'
        mov     [refuse], 0
;! input-range
        VMMcall _PageFlush, <[page0], 4>
        Check_Eq eax, 0, 'flush of an uncommitted page'

        ; discarding
        mov     eax, [page0]
        inc     eax
        VMMcall _PageDiscardPages, <eax, 0, 1, PAGEDISCARD+PAGEZEROINIT>
        Check_Eq eax, 0, 'PAGEZEROINIT of a pager''s page'
        mov     eax, [page0]
        inc     eax
        VMMcall _PageDiscardPages, <eax, 0, 1, PAGEDISCARD>
        Check_Eq eax, 1, '_PageDiscardPages: #EAX'
        mov     [marker], 0F00Dh
        Check_Eq <dword ptr [ebx+1000h]>, 0F00Dh, 'a discarded page'
        Called  1, 'a discarded page is virgin'

        ; a pager that refuses: the fault is handed on
        mov     esi, OFFSET32 Invalid
        VMMcall Hook_Invalid_Page_Fault
        mov     [refuse], 1
        mov     eax, [ebx]
        Called  11h, 'a refused page in: #EAX'
        Check_Eq [handed], 1, 'the fault was not handed on'
        mov     esi, OFFSET32 Invalid
        VMMcall Unhook_Invalid_Page_Fault
        mov     eax, [page0]
        add     eax, 2
        mov     [refuse], 1
        VMMcall _LinPageLock, <eax, 1, 0>
        Check_Eq eax, 0, 'lock of a page that the pager refuses'
        Called  1, 'lock that the pager refuses'
        mov     [refuse], 0
        mov     eax, [page0]
        add     eax, 2
        VMMcall _LinPageLock, <eax, 1, 0>
        Check_Eq eax, 1, 'lock of an absent page: #EAX'
        Called  1, 'lock of an absent page'
        mov     eax, [page0]
        add     eax, 2
        VMMcall _PageDiscardPages, <eax, 0, 1, PAGEDISCARD>
        mov     eax, [ebx+2000h]
        Called  0, 'a locked page was discarded'
        mov     eax, [page0]
        add     eax, 2
        VMMcall _LinPageUnLock, <eax, 1, 0>

        ; freeing: one clean page, one written page, and the reservation with the third
        VMMcall _PageDecommit, <[page0], 1, 0>
        Check_Eq eax, 1, '_PageDecommit: #EAX'
        Called  5, 'decommitting a clean page'
        mov     eax, [page0]
        Check_Eq [fault], eax, 'page number of a decommitted page'
        mov     dword ptr [ebx+1000h], 5
        mov     eax, [page0]
        inc     eax
        VMMcall _PageDecommit, <eax, 1, 0>
        Called  76h, 'decommitting a written page'
        Check_Eq [seen], 5, 'contents of a page that goes'
;! left-behind
        VMMcall _PagerDeregister, <[hpd]>
        Check_Eq eax, 0, 'a pager with a page deregistered'
        VMMcall _PageFree, <[base], 0>
        Check_Eq eax, 1, '_PageFree: #EAX'
        Called  5, '_PageFree'

        ; PD_PAGERONLY: in at once, never out
        VMMcall _PagerRegister, <<OFFSET32 only_pd>>
        mov     [only], eax
        VMMcall _PageReserve, <PR_SHARED, 4, 0>
        mov     [base], eax
        mov     ebx, eax
        shr     eax, 12
        mov     [page0], eax
        VMMcall _PageCommit, <[page0], 2, [only], 0, PC_WRITEABLE>
        Check_Eq eax, 1, 'PD_PAGERONLY: #EAX'
        Called  11h, 'PD_PAGERONLY on commitment'
        mov     dword ptr [ebx], 1
        VMMcall _PageFlush, <[page0], 2>
        Check_Eq eax, 1, 'flush of PD_PAGERONLY'
        Called  7, 'functions that are never called'
        VMMcall _PageDecommit, <[page0], 2, 0>
        Called  65h, 'PD_PAGERONLY freed'
        mov     [refuse], 1
        VMMcall _PageCommit, <[page0], 2, [only], 0, PC_WRITEABLE>
        Check_Eq eax, 0, 'committed though the pager refused'
        mov     [refuse], 0
        mov     [order], 0
        VMMcall _PageCheckLinRange, <[page0], 1, 0>
        Check_Eq eax, 0, 'a refused page is committed'

        ; PC_LOCKED brings pages in, too
        VMMcall _PageCommit, <[page0], 1, [hpd], 0, PC_WRITEABLE+PC_LOCKED>
        Called  1, 'PC_LOCKED'
        mov     eax, [ebx]
        Called  0, 'a page locked on commitment'

        ; another pager
        VMMcall _PagerRegister, <<OFFSET32 other_pd>>
        mov     [other], eax
        VMMcall _PageChangePager, <[page0], 1, [other], 900h, PCP_CHANGEPAGER+PCP_CHANGEPAGERDATA>
        Check_Eq eax, 1, '_PageChangePager: #EAX'
        Called  5, 'the old pager of a virgin page'
        Check_Eq <dword ptr [ebx]>, 0BEEFh, 'the new pager''s page'
        mov     dword ptr [ebx], 33h
        VMMcall _PageChangePager, <[page0], 1, [hpd], 0, PCP_CHANGEPAGER+PCP_VIRGINONLY>
        Check_Eq [others], 1, 'PCP_VIRGINONLY and a written page'
        VMMcall _PageChangePager, <[page0], 1, [hpd], 7, PCP_CHANGEPAGER+PCP_CHANGEPAGERDATA>
        Check_Eq <dword ptr [ebx]>, 33h, 'what was written is lost'
        VMMcall _PageFlush, <[page0], 1>
        Called  4, 'the new pager gets what was written'
        Check_Eq [data], 7, 'the new datum'
        VMMcall _PageChangePager, <[page0], 1, PD_NOINIT, 0, PCP_CHANGEPAGER>
        Check_Eq eax, 1, 'back to a pager of the system'
        Called  6, 'the pager that a written page leaves'
        Check_Eq <dword ptr [ebx]>, 33h, 'contents without a pager'
;! input-range
        VMMcall _PageChangePager, <[page0], 2, [hpd], 0, PCP_CHANGEPAGER>
        Check_Eq eax, 0, '_PageChangePager of an uncommitted page'
        VMMcall _PageFlush, <[page0], 1>
        Check_Eq eax, 1, 'flush without a pager'
        VMMcall _PageFree, <[base], 0>
        Check_Eq eax, 1, 'not freed'
        Called  0, 'called for pages of others'

        VMMcall _PagerDeregister, <[hpd]>
        Check_Eq eax, 1, '_PagerDeregister: #EAX'
        VMMcall _PagerDeregister, <[other]>
        VMMcall _PagerDeregister, <[only]>
;! dead-handle
        VMMcall _PagerDeregister, <[hpd]>
        Check_Eq eax, 0, 'deregistered twice'
End_Tests
end
