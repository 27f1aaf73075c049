; Where physical memory is short, pages of pagers leave it: clean ones and written ones, and come back with what they
; contained (Win95 DDK S3235, S323D).
include check.inc
Test_Driver

PAGES   equ 64
SPARE   equ 24

VxD_LOCKED_DATA_SEG
store_pd pd_s <OFFSET32 Virgin_In, OFFSET32 Tainted_In, OFFSET32 Clean_Out, OFFSET32 Dirty_Out, 0, 0, 0, PD_SWAPPER>
hpd     dd 0
base    dd 0
page0   dd 0
block   dd 0
virgin  dd 0
tainted dd 0
clean   dd 0
written dd 0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; The datum is the page's only contents: its first dword.
BeginProc Virgin_In
        mov     eax, [esp+8]
        mov     dword ptr [eax], 0ABCDh
        inc     [virgin]
        mov     eax, 1
        ret
EndProc Virgin_In

BeginProc Tainted_In
        mov     eax, [esp+4]
        mov     ecx, [esp+8]
        mov     edx, [eax]
        mov     [ecx], edx
        inc     [tainted]
        mov     eax, 1
        ret
EndProc Tainted_In

BeginProc Clean_Out
        inc     [clean]
        mov     eax, 1
        ret
EndProc Clean_Out

BeginProc Dirty_Out
        mov     eax, [esp+4]
        mov     ecx, [esp+8]
        mov     edx, [ecx]
        mov     [eax], edx
        inc     [written]
        mov     eax, 1
        ret
EndProc Dirty_Out
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VMMcall _PagerRegister, <<OFFSET32 store_pd>>
        mov     [hpd], eax
        VMMcall _PageReserve, <PR_SYSTEM, PAGES, 0>
        mov     [base], eax
        shr     eax, 12
        mov     [page0], eax
        VMMcall _PageCommit, <[page0], PAGES, [hpd], 0, PC_WRITEABLE>
        Check_Eq eax, 1, 'not committed'
        VMMcall _GetFreePageCount, <0>
        sub     eax, SPARE
        VMMcall _PageAllocate, <eax, PG_SYS, 0, 0, 0, 0, 0, PAGEFIXED>
        Check_Ne eax, 0, 'cannot take the memory'
        mov     [block], eax

        ; one page stays where it is
        VMMcall _LinPageLock, <[page0], 1, 0>
        Check_Eq eax, 1, 'cannot lock'
        mov     ebx, [base]
        mov     dword ptr [ebx+4], 5555h
        xor     esi, esi
fill:   mov     ebx, esi
        shl     ebx, 12
        add     ebx, [base]
        Check_Eq <dword ptr [ebx]>, 0ABCDh, 'a virgin page'
        mov     [ebx], esi
        inc     esi
        cmp     esi, PAGES
        jb      fill
        Check_Eq [virgin], PAGES, 'virgin pages in'
        cmp     [written], 0
        Check   ne, 'nothing was paged out'

        xor     esi, esi
look:   mov     ebx, esi
        shl     ebx, 12
        add     ebx, [base]
        Check_Eq [ebx], esi, 'page #ESI came back with other contents'
        inc     esi
        cmp     esi, PAGES
        jb      look
        cmp     [tainted], 0
        Check   ne, 'nothing was paged in'
        cmp     [clean], 0
        Check   ne, 'no clean page was paged out'
        mov     ebx, [base]
        Check_Eq <dword ptr [ebx+4]>, 5555h, 'the locked page was paged out'

        ; a service that needs memory
        VMMcall _PageAllocate, <16, PG_SYS, 0, 0, 0, 0, 0, PAGEFIXED>
        Check_Ne eax, 0, 'no page was paged out for _PageAllocate'
        VMMcall _PageFree, <eax, 0>
        VMMcall _PageAllocate, <SPARE+PAGES, PG_SYS, 0, 0, 0, 0, 0, PAGEFIXED>
        Check_Eq eax, 0, 'more than there is'
        VMMcall _PageFree, <[block], 0>
        mov     ebx, [base]
        Check_Eq <dword ptr [ebx+5000h]>, 5, 'a page behind all that'
        VMMcall _PageFree, <[base], 0>
        VMMcall _PagerDeregister, <[hpd]>
        Check_Eq eax, 1, 'the pager is used'
End_Tests
end
