; The linked-list services (spec: lists; Win95 DDK S32A4-S32A7).
include check.inc
Test_Driver

NODE_SIZE equ 12

VxD_LOCKED_DATA_SEG
a       dd 0
b       dd 0
node1   dd 0
node2   dd 0
node3   dd 0
foreign dd 0
VxD_LOCKED_DATA_ENDS

Begin_Tests
        mov     eax, LF_Alloc_Error
        mov     ecx, NODE_SIZE
        VMMcall List_Create
        Check   nc, 'List_Create fails'
        mov     [a], esi
        mov     eax, LF_Alloc_Error
        mov     ecx, NODE_SIZE
        VMMcall List_Create
        mov     [b], esi
        Check_Ne esi, [a], 'two lists with one handle'
;! input-range
        mov     eax, LF_Async+LF_Use_Heap
        mov     ecx, NODE_SIZE
        VMMcall List_Create
        Check   c, 'LF_Async with LF_Use_Heap'

        mov     esi, [a]
        VMMcall List_Get_First
        Check   z, 'an empty list has a first node'
        Check_Eq eax, 0, 'first node of an empty list: #EAX'
        VMMcall List_Remove_First
        Check   z, 'something was removed from an empty list'
        Check_Eq esi, [a], 'ESI is not kept'

        VMMcall List_Allocate
        Check   nc, 'List_Allocate fails'
        mov     [node1], eax
        mov     dword ptr [eax], 1
        mov     dword ptr [eax+8], 1
        VMMcall List_Allocate
        mov     [node2], eax
        VMMcall List_Allocate
        mov     [node3], eax

        mov     eax, [node2]
        VMMcall List_Attach
        mov     eax, [node3]
        VMMcall List_Attach_Tail
        mov     eax, [node1]
        VMMcall List_Attach
        ; 1 2 3
        VMMcall List_Get_First
        Check   nz, 'the list is empty'
        Check_Eq eax, [node1], 'the first node is not the one attached last'
        VMMcall List_Get_Next
        Check   nz, 'the list ends after one'
        Check_Eq eax, [node2], 'the second node'
        VMMcall List_Get_Next
        Check_Eq eax, [node3], 'the third node'
        VMMcall List_Get_Next
        Check   z, 'the list does not end'
        Check_Eq eax, 0, 'after the end: #EAX'

        mov     eax, [node2]
        VMMcall List_Remove
        Check   nc, 'a node cannot be removed'
        mov     eax, [node2]
        VMMcall List_Remove
        Check   c, 'a node was removed twice'
        mov     eax, [node2]
        mov     ecx, [node3]
        VMMcall List_Insert
        ; 1 3 2
        mov     eax, [node3]
        VMMcall List_Get_Next
        Check_Eq eax, [node2], 'List_Insert behind the last'
        mov     eax, [node2]
        VMMcall List_Remove
        mov     eax, [node2]
        xor     ecx, ecx
        VMMcall List_Insert
        VMMcall List_Get_First
        Check_Eq eax, [node2], 'List_Insert at the head'
        ; 2 1 3

;! dead-handle
        mov     eax, [node1]
        VMMcall List_Attach
        VMMcall List_Remove_First
        Check   nz, 'List_Remove_First finds nothing'
        Check_Eq eax, [node2], 'List_Remove_First: not the first'

        ; a node may move to a list of the same kind
        mov     esi, [b]
        VMMcall List_Attach
        mov     eax, [node2]
        mov     esi, [a]
        VMMcall List_Remove
        Check   c, 'removed from a list that it is not in'
        mov     eax, [node2]
        mov     esi, [b]
        VMMcall List_Remove
        Check   nc, 'cannot be removed from the other list'
        mov     eax, [node2]
        VMMcall List_Deallocate
;! dead-handle
        mov     eax, [node2]
        VMMcall List_Attach

        ; but not to one of another size
        mov     eax, LF_Alloc_Error
        mov     ecx, NODE_SIZE*2
        VMMcall List_Create
        mov     [foreign], esi
        mov     esi, [a]
        VMMcall List_Remove_First
;! input-range
        mov     esi, [foreign]
        VMMcall List_Attach
        VMMcall List_Get_First
        Check   z, 'a node of another size was attached'
        VMMcall List_Destroy
;! dead-handle
        mov     esi, [foreign]
        VMMcall List_Get_First
        Check   z, 'a destroyed list has nodes'

        ; asynchronous lists
        mov     eax, LF_Async+LF_Alloc_Error
        mov     ecx, 4
        VMMcall List_Create
        Check   nc, 'no asynchronous list'
        pushfd
        cli
        VMMcall List_Allocate
        VMMcall List_Attach
        VMMcall List_Get_First
        Check   nz, 'an asynchronous list is empty'
        popfd
;! async-list
        VMMcall List_Get_First
        cli
        VMMcall List_Destroy
        sti

        mov     esi, [a]
        VMMcall List_Destroy
        mov     esi, [b]
        VMMcall List_Destroy
;! dead-handle
        mov     esi, [a]
        VMMcall List_Allocate
        Check   c, 'a destroyed list allocates'
End_Tests
end
