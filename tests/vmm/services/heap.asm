; _HeapAllocate, _HeapReAllocate, _HeapFree, _HeapGetSize (Win95 DDK S3216-S3219).
include check.inc
Test_Driver

VxD_LOCKED_DATA_SEG
first   dd 0
second  dd 0
VxD_LOCKED_DATA_ENDS

Begin_Tests
        VMMcall _HeapAllocate, <100, HEAPZEROINIT>
        Check_Ne eax, 0, 'no block of 100 bytes'
        mov     [first], eax
        test    eax, 3
        Check   z, 'a block is not dword aligned: #EAX'
        Check_Eq <dword ptr [eax]>, 0, 'a zeroed block is not zero'
        Check_Eq <dword ptr [eax+96]>, 0, 'the end of a zeroed block is not zero'
        mov     dword ptr [eax], 11223344h
        mov     dword ptr [eax+96], 55667788h

        VMMcall _HeapGetSize, <[first], 0>
        Check_Eq eax, 100, 'size of the block: #EAX'
        VMMcall _HeapAllocate, <40, 0>
        mov     [second], eax
        Check_Ne eax, [first], 'two blocks at one place'

        VMMcall _HeapReAllocate, <[first], 5000, HEAPZEROINIT>
        Check_Ne eax, 0, 'the block cannot grow'
        mov     [first], eax
        Check_Eq <dword ptr [eax]>, 11223344h, 'the content is lost'
        Check_Eq <dword ptr [eax+96]>, 55667788h, 'the content is lost at the end'
        Check_Eq <dword ptr [eax+100]>, 0, 'what is new is not zero'
        Check_Eq <dword ptr [eax+4996]>, 0, 'the end of what is new is not zero'
        VMMcall _HeapGetSize, <[first], 0>
        Check_Eq eax, 5000, 'size of the grown block: #EAX'

        VMMcall _HeapReAllocate, <[first], 8, HEAPZEROREINIT>
        Check_Ne eax, 0, 'the block cannot shrink'
        mov     [first], eax
        Check_Eq <dword ptr [eax]>, 0, 'HEAPZEROREINIT did not clear'

        VMMcall _HeapFree, <[first], 0>
        Check_Ne eax, 0, 'a block cannot be freed'
        VMMcall _HeapFree, <[second], 0>
        Check_Ne eax, 0, 'the second block cannot be freed'
;! dead-handle
        VMMcall _HeapFree, <[first], 0>
        Check_Eq eax, 0, 'a block was freed twice'
;! dead-handle
        mov     ecx, [second]
        inc     ecx
        VMMcall _HeapFree, <ecx, 0>
        Check_Eq eax, 0, 'an address inside a block was freed'
;! dead-handle
        VMMcall _HeapGetSize, <[first], 0>
        Check_Eq eax, 0, 'a freed block has a size'
;! dead-handle
        VMMcall _HeapReAllocate, <[first], 20, 0>
        Check_Eq eax, 0, 'a freed block was reallocated'
        VMMcall _HeapAllocate, <0, 0>
        Check_Eq eax, 0, 'a block of no bytes'
        VMMcall _HeapAllocate, <0FFFFFFFFh, 0>
        Check_Eq eax, 0, 'a block of 4 GB'
;! input-range
        VMMcall _HeapAllocate, <16, HEAPINIT+HEAPSWAP>
        Check_Eq eax, 0, 'two kinds of memory at once'
        VMMcall _HeapAllocate, <4000000, 0>
        Check_Ne eax, 0, 'no block of 4 MB'
        mov     byte ptr [eax+3999999], 1
        VMMcall _HeapFree, <eax, 0>
        Check_Ne eax, 0, 'a large block cannot be freed'
End_Tests
end
