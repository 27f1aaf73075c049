; A driver that overwrites its page tables (devices never edit them, Win95 DDK S321C): its own loss, nobody else's.
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
block   dd 0
heap    dd 0
VxD_LOCKED_DATA_ENDS

; The page-table entry of a linear address, by way of the tables that appear at FF800000h.
Entry   macro address, value
        mov     eax, address
        shr     eax, 12
        mov     dword ptr [eax*4+0FF800000h], value
endm

Begin_Tests
        VMMcall _PageAllocate, <4, PG_SYS, 0, 0, 0, 0, 0, 0>
        mov     [block], eax
        Entry   [block], 0FFFFF003h     ; far beyond memory
        mov     ecx, [block]
        add     ecx, 1000h
        Entry   ecx, 3                  ; page 0
        mov     ecx, [block]
        add     ecx, 2000h
        Entry   ecx, 00FFF003h          ; somebody's, or nobody's
        mov     ecx, [block]
        add     ecx, 3000h
        Entry   ecx, 0
        VMMcall _PageFree, <[block], 0>
        Check_Ne eax, 0, 'cannot free'
        VMMcall _PageAllocate, <64, PG_SYS, 0, 0, 0, 0, 0, PAGEZEROINIT>
        Check_Ne eax, 0, 'no pages any more'
        VMMcall _PageFree, <eax, 0>
        VMMcall _HeapAllocate, <200000, 0>
        mov     [heap], eax
        add     eax, 100000
        Entry   eax, 0
        VMMcall _HeapFree, <[heap], 0>
        Check_Ne eax, 0, 'the heap needs its pages to free a block'
End_Tests
end
