; CONFIGMG: arbitrators of drivers, and resources that are moved (Win95 DDK S2491, S2511, S253F, S2540, S2547, S2557,
; S255D, S2561-S2567, S2573-S2576). A line of the story is what a handler hears: node, function; arbitrators are x, y.
include check.inc
include configmg.inc
include cm.inc
Test_Driver

SLOT equ 10h                            ; a resource of this driver's own: one of the slots 0-3

Slot_Des struc
slot_mask dd ?
slot_num  dd ?
Slot_Des ends

; The handlers have heard exactly this; it is forgotten.
Heard macro story
        local fine, text, stop
VxD_LOCKED_DATA_SEG
text    db      story, 0
stop    label   byte
VxD_LOCKED_DATA_ENDS
        mov     esi, OFFSET32 text
        mov     edi, OFFSET32 log
        mov     ecx, OFFSET32 stop - OFFSET32 text
        mov     eax, [log_end]
        mov     byte ptr [eax], 0
        repe    cmpsb
        je      fine
        mov     [stories+4], OFFSET32 text
        VMMcall _Debug_Printf_Service, <OFFSET32 heard_, OFFSET32 stories>
fine:
        mov     [log_end], OFFSET32 log
endm

New_Node macro name, parent
        CM      _CONFIGMG_Create_DevNode, <OFFSET32 node_&name, OFFSET32 id_&name, [parent], 0>, CR_SUCCESS
endm

; A configuration of one descriptor: Needs node, kind, descriptor
Needs macro node, kind, des, bytes, priority, type
        CM      _CONFIGMG_Add_Empty_Log_Conf, <OFFSET32 lc, [node], priority, type>, CR_SUCCESS
        CM      _CONFIGMG_Add_Res_Des, <OFFSET32 rd, [lc], kind, OFFSET32 des, bytes, 0>, CR_SUCCESS
endm

Problem macro node, expected
        CM      _CONFIGMG_Get_DevNode_Status, <OFFSET32 status, OFFSET32 problem_, [node], 0>, CR_SUCCESS
        Check_Eq [problem_], expected, 'problem of &node'
endm

Has_Line macro node, line
        CM      _CONFIGMG_Get_Alloc_Log_Conf, <OFFSET32 config, [node], CM_GET_ALLOC_LOG_CONF_ALLOC>, CR_SUCCESS
        Check_Eq [config.wNumIRQs], 1, 'no line for &node'
        Check_Eq [config.bIRQRegisters], line, 'another line for &node'
endm

VxD_LOCKED_DATA_SEG
root    dd      0
node_a  dd      0
node_b  dd      0
node_c  dd      0
node_d  dd      0
node    dd      0
lc      dd      0
rd      dd      0
rid     dd      0
id_x    dd      0
id_y    dd      0
status  dd      0
problem_ dd     0
number  dd      0
refuse  dd      -1                      ; configuration function that drivers refuse
arb_refuse dd   -1                      ; arbitration function that arbitrators refuse
log_end dd      OFFSET32 log
log     db      256 dup (0)
stories dd      OFFSET32 log, 0
heard_  db      'heard "%s", not "%s"', 13, 10, 0
id_a    db      'TEST\A\0', 0
id_b    db      'TEST\B\0', 0
id_c    db      'TEST\C\0', 0
id_d    db      'TEST\D\0', 0
want12  Slot_Des <6, 0>                 ; 1 or 2
want2  Slot_Des <4, 0>                 ; 2
des     Slot_Des <0, 0>
line57  IRQ_DES <0, 0, 0A0h, 0>         ; 5 or 7
line5   IRQ_DES <0, 0, 20h, 0>
line7   IRQ_DES <0, 0, 80h, 0>
config  CMCONFIG <>
taken   dd      0, 0, 0, 0              ; device node in each slot
tested  dd      0, 0, 0, 0
free_   dd      2 dup (0)
list    NODELISTHEADER_S <OFFSET32 e1, OFFSET32 e3>
e1      NODELIST_S <OFFSET32 e2, 0, 1, 0, 30h>
e2      NODELIST_S <OFFSET32 e3, OFFSET32 e1, 2, 0, 10h>
e3      NODELIST_S <0, OFFSET32 e2, 3, 0, 10h>
none    NODELISTHEADER_S <0, 0>
buffer  dd      64 dup (0)
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
; AL to the story. Everything else survives.
Note:   push    ecx
        mov     ecx, [log_end]
        mov     [ecx], al
        inc     [log_end]
        pop     ecx
        ret

; The letter of a device node in EAX.
Letter: cmp     eax, [node_a]
        mov     al, 'a'
        je      Note
        cmp     ecx, [node_b]
        mov     al, 'b'
        je      Note
        cmp     ecx, [node_c]
        mov     al, 'c'
        je      Note
        mov     al, 'd'
        jmp     Note

; (function, subfunction, node, reference, flags): the letter of the node, then of the function: F S P T R ...
BeginProc Driver_Handler
        mov     eax, [esp+12]
        mov     ecx, eax
        call    Letter
        mov     ecx, [esp+4]
        mov     al, functions[ecx]
        call    Note
        mov     eax, CR_SUCCESS
        cmp     ecx, [refuse]
        jne     SHORT done_
        mov     eax, CR_FAILURE
done_:  ret
EndProc Driver_Handler

; The same of the enumerator of node_a, in capitals, for the node that it is about.
BeginProc Enum_Handler
        mov     eax, [esp+16]
        mov     ecx, eax
        call    Letter
        mov     ecx, [log_end]
        sub     byte ptr [ecx-1], 20h
        mov     ecx, [esp+4]
        mov     al, functions[ecx]
        call    Note
        mov     eax, CR_SUCCESS
        ret
EndProc Enum_Handler

; Arbitrator of slots: (function, reference, node, node list)
BeginProc Arbitrator
        push    ebx
        push    esi
        push    edi
        mov     eax, [esp+20]           ; reference: its letter
        call    Note
        mov     ecx, [esp+16]
        mov     al, arbs[ecx]
        call    Note
        mov     ebx, [esp+28]
        mov     eax, CR_FAILURE
        cmp     ecx, [arb_refuse]
        je      Arb_Done
        cmp     ecx, ARB_TEST_ALLOC
        je      Arb_Test
        cmp     ecx, ARB_SET_ALLOC
        je      Arb_Set
        cmp     ecx, ARB_QUERY_FREE
        je      Arb_Query
        mov     eax, CR_SUCCESS
Arb_Done:
        pop     edi
        pop     esi
        pop     ebx
        ret
Arb_Set:
        cld
        mov     esi, OFFSET32 tested
        mov     edi, OFFSET32 taken
        mov     ecx, 4
        rep     movsd
        mov     eax, CR_SUCCESS
        jmp     Arb_Done
Arb_Query:
        mov     [free_], 'eerf'
        mov     [ebx].af_PointerToInfo, OFFSET32 free_
        mov     [ebx].af_SizeOfInfo, 4
        mov     eax, CR_SUCCESS
        jmp     Arb_Done
Arb_Test:                               ; what the nodes of the list have is free; then each gets the lowest slot
        VxDCall _CONFIGMG_Sort_NodeList, <ebx, 0>
        cld
        mov     esi, OFFSET32 taken
        mov     edi, OFFSET32 tested
        mov     ecx, 4
        rep     movsd
        mov     edi, [ebx].nlh_Head
Arb_Release:
        mov     eax, [edi].nl_ItsDevNode
        mov     ecx, 4
Arb_Slot:
        cmp     tested[ecx*4-4], eax
        jne     SHORT Arb_Other
        mov     tested[ecx*4-4], 0
Arb_Other:
        loop    Arb_Slot
        mov     edi, [edi].nl_Next
        test    edi, edi
        jnz     Arb_Release
        mov     edi, [ebx].nlh_Head
Arb_Next:
        VxDCall _CONFIGMG_Get_Next_Res_Des, <OFFSET32 rd, [edi].nl_Test_Req, SLOT, 0, 0>
        test    eax, eax
        jnz     Arb_Nothing
        VxDCall _CONFIGMG_Get_Res_Des_Data, <[rd], OFFSET32 des, SIZE Slot_Des, 0>
        xor     ecx, ecx
Arb_Find:
        bt      [des.slot_mask], ecx
        jnc     SHORT Arb_Taken
        cmp     tested[ecx*4], 0
        je      SHORT Arb_Found
Arb_Taken:
        inc     ecx
        cmp     ecx, 4
        jb      Arb_Find
        mov     eax, CR_FAILURE
        jmp     Arb_Done
Arb_Found:
        mov     eax, [edi].nl_ItsDevNode
        mov     tested[ecx*4], eax
        mov     [des.slot_num], ecx
        VxDCall _CONFIGMG_Modify_Res_Des, <OFFSET32 rd, [rd], ResType_All, OFFSET32 des, SIZE Slot_Des, 0>
        Check_Eq eax, CR_SUCCESS, 'cannot write the slot'
Arb_Nothing:
        mov     edi, [edi].nl_Next
        test    edi, edi
        jnz     Arb_Next
        mov     eax, CR_SUCCESS
        jmp     Arb_Done
EndProc Arbitrator
VxD_LOCKED_CODE_ENDS

VxD_LOCKED_DATA_SEG
functions db    'FSPTREUCAfsVrDqK'      ; filter start stop test remove enumerate setup callback apm failed succeeded ...
arbs    db      'trfSRqg'               ; test retest force set release query remove
VxD_LOCKED_DATA_ENDS

; The slot that a node has.
Has_Slot macro node, number_
        CM      _CONFIGMG_Get_First_Log_Conf, <OFFSET32 lc, [node], ALLOC_LOG_CONF>, CR_SUCCESS
        CM      _CONFIGMG_Get_Next_Res_Des, <OFFSET32 rd, [lc], SLOT, 0, 0>, CR_SUCCESS
        CM      _CONFIGMG_Get_Res_Des_Data, <[rd], OFFSET32 des, SIZE Slot_Des, 0>, CR_SUCCESS
        Check_Eq [des.slot_num], number_, 'another slot for &node'
endm

Begin_Tests
        CM      _CONFIGMG_Locate_DevNode, <OFFSET32 root, 0, 0>, CR_SUCCESS
        New_Node a, root
        New_Node b, root

        ; registration
        CM      _CONFIGMG_Register_Arbitrator, <0, SLOT, OFFSET32 Arbitrator, 'x', 0, ARB_GLOBAL>, CR_INVALID_POINTER
        CM      _CONFIGMG_Register_Arbitrator, <OFFSET32 id_x, SLOT, 0, 'x', 0, ARB_GLOBAL>, CR_INVALID_POINTER
        CM      _CONFIGMG_Register_Arbitrator, <OFFSET32 id_x, SLOT OR ResType_Ignored_Bit, OFFSET32 Arbitrator, 'x', 0, ARB_GLOBAL>, CR_INVALID_RESOURCEID
        CM      _CONFIGMG_Register_Arbitrator, <OFFSET32 id_x, ResType_All, OFFSET32 Arbitrator, 'x', 0, ARB_GLOBAL>, CR_INVALID_RESOURCEID
        CM      _CONFIGMG_Register_Arbitrator, <OFFSET32 id_x, SLOT, OFFSET32 Arbitrator, 'x', 0, 2>, CR_INVALID_FLAG
        CM      _CONFIGMG_Register_Arbitrator, <OFFSET32 id_x, SLOT, OFFSET32 Arbitrator, 'x', 5, ARB_GLOBAL>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Register_Arbitrator, <OFFSET32 id_x, SLOT, OFFSET32 Arbitrator, 'x', 0, ARB_LOCAL>, CR_INVALID_DEVNODE

        ; without an arbitrator there is a problem
        Needs   node_a, SLOT, want12, SIZE Slot_Des, LCPRI_NORMAL, BASIC_LOG_CONF
        CM      _CONFIGMG_Register_Device_Driver, <[node_a], OFFSET32 Driver_Handler, 0, CM_REGISTER_DEVICE_DRIVER_DISABLEABLE + CM_REGISTER_DEVICE_DRIVER_REMOVABLE>, CR_SUCCESS
        CM      _CONFIGMG_Setup_DevNode, <[node_a], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Problem node_a, CM_PROB_LACKED_ARBITRATOR
        Heard   'aF'
        CM      _CONFIGMG_Query_Arbitrator_Free_Size, <OFFSET32 number, 0, SLOT, 0>, CR_NO_ARBITRATOR

        ; with one it gets the lowest slot
        CM      _CONFIGMG_Register_Arbitrator, <OFFSET32 id_x, SLOT, OFFSET32 Arbitrator, 'x', 0, ARB_GLOBAL>, CR_SUCCESS
        CM      _CONFIGMG_Setup_DevNode, <[node_a], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Heard   'aFxtxSaS'
        Problem node_a, 0
        Has_Slot node_a, 1
        CM      _CONFIGMG_Query_Arbitrator_Free_Size, <OFFSET32 number, 0, SLOT, 0>, CR_SUCCESS
        Check_Eq [number], 4, 'size of what is free'
        CM      _CONFIGMG_Query_Arbitrator_Free_Data, <OFFSET32 buffer, 256, [root], SLOT, 0>, CR_SUCCESS
        Check_Eq [buffer], 'eerf', 'what is free'
        CM      _CONFIGMG_Query_Arbitrator_Free_Data, <OFFSET32 buffer, 2, 0, SLOT, 0>, CR_BUFFER_SMALL
        CM      _CONFIGMG_Query_Arbitrator_Free_Data, <0, 2, 0, SLOT, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Query_Arbitrator_Free_Data, <OFFSET32 buffer, 4, 0, SLOT, 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Query_Arbitrator_Free_Data, <OFFSET32 buffer, 4, 5, SLOT, 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Query_Arbitrator_Free_Size, <OFFSET32 number, 0, ResType_All, 0>, CR_INVALID_RESOURCEID
        CM      _CONFIGMG_Query_Arbitrator_Free_Size, <OFFSET32 number, 0, 33h, 0>, CR_NO_ARBITRATOR
        CM      _CONFIGMG_Query_Arbitrator_Free_Size, <0, 0, SLOT, 0>, CR_INVALID_POINTER
        CM      _CONFIGMG_Query_Arbitrator_Free_Size, <OFFSET32 number, 5, SLOT, 0>, CR_INVALID_DEVNODE
        CM      _CONFIGMG_Query_Arbitrator_Free_Size, <OFFSET32 number, 0, SLOT, 1>, CR_INVALID_FLAG
        Heard   'xqxqxq'
        mov     [arb_refuse], ARB_QUERY_FREE
        CM      _CONFIGMG_Query_Arbitrator_Free_Size, <OFFSET32 number, 0, SLOT, 0>, CR_FAILURE
        mov     [arb_refuse], -1
        Heard   'xq'

        ; the ones that are always there
        CM      _CONFIGMG_Query_Arbitrator_Free_Data, <OFFSET32 buffer, 4, 0, ResType_IRQ, 0>, CR_SUCCESS
        Check_Eq [buffer], 0DEF8h, 'free lines'
        CM      _CONFIGMG_Query_Arbitrator_Free_Data, <OFFSET32 buffer, 4, 0, ResType_DMA, 0>, CR_SUCCESS
        Check_Eq [buffer], 0EFh, 'free channels'
        CM      _CONFIGMG_Query_Arbitrator_Free_Size, <OFFSET32 number, 0, ResType_IO, 0>, CR_SUCCESS
        Check_Eq [number], 8, 'free ports'
        CM      _CONFIGMG_Query_Arbitrator_Free_Data, <OFFSET32 buffer, 8, 0, ResType_Mem, 0>, CR_SUCCESS
        Check_Eq [buffer+4], 0FFFFFFFFh, 'free memory'

        ; a refusal in the middle: release, then the next configuration
        Needs   node_b, SLOT, want12, SIZE Slot_Des, LCPRI_DESIRED, BASIC_LOG_CONF
        CM      _CONFIGMG_Add_Res_Des, <OFFSET32 rd, [lc], ResType_IRQ, OFFSET32 line5, SIZE IRQ_DES, 0>, CR_SUCCESS
        CM      _CONFIGMG_Register_Device_Driver, <[node_b], OFFSET32 Driver_Handler, 0, CM_REGISTER_DEVICE_DRIVER_STATIC>, CR_SUCCESS
        mov     [arb_refuse], ARB_TEST_ALLOC
        CM      _CONFIGMG_Setup_DevNode, <[node_b], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Problem node_b, CM_PROB_NORMAL_CONFLICT
        Heard   'bFxtxRxtxR'
        mov     [arb_refuse], -1
        CM      _CONFIGMG_Setup_DevNode, <[node_b], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Heard   'bFxtxSbS'
        Has_Slot node_b, 2
        Has_Line node_b, 5

        ; slot 2 is wanted: node_b does not move, node_a may but does not help
        New_Node c, root
        Needs   node_c, SLOT, want2, SIZE Slot_Des, LCPRI_NORMAL, BASIC_LOG_CONF
        CM      _CONFIGMG_Register_Device_Driver, <[node_c], OFFSET32 Driver_Handler, 0, CM_REGISTER_DEVICE_DRIVER_DISABLEABLE>, CR_SUCCESS
        CM      _CONFIGMG_Setup_DevNode, <[node_c], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Problem node_c, CM_PROB_NORMAL_CONFLICT
        Heard   'cFxtxRxtxR'

        ; node_b goes: slot 2 is still in the arbitrator's books for it, then node_c has it
        CM      _CONFIGMG_Remove_SubTree, <[node_b], 0>, CR_SUCCESS
        Heard   'brbqbR'
        mov     [taken+8], 0
        CM      _CONFIGMG_Setup_DevNode, <[node_c], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Heard   'cFxtxScS'
        Has_Slot node_c, 2
        CM      _CONFIGMG_Disable_DevNode, <[node_c], CM_DISABLE_POLITE>, CR_SUCCESS
        Heard   'cTcscP'
        mov     [refuse], CONFIG_TEST
        CM      _CONFIGMG_Disable_DevNode, <[node_a], CM_DISABLE_POLITE>, CR_NOT_DISABLEABLE
        mov     [refuse], -1
        Heard   'aT'
        CM      _CONFIGMG_Remove_SubTree, <[node_c], 0>, CR_SUCCESS
        Heard   'crcqcR'
        CM      _CONFIGMG_Deregister_Arbitrator, <[id_x], 1>, CR_INVALID_FLAG
        CM      _CONFIGMG_Deregister_Arbitrator, <[id_x], 0>, CR_SUCCESS
        CM      _CONFIGMG_Deregister_Arbitrator, <[id_x], 0>, CR_INVALID_ARBITRATOR
        CM      _CONFIGMG_Remove_SubTree, <[node_a], 0>, CR_SUCCESS
        Heard   'araqaR'

        ; interrupt lines: a has 5, could have 7; b needs 5. a is asked, stopped, and started again
        New_Node a, root
        New_Node b, root
        Needs   node_a, ResType_IRQ, line57, SIZE IRQ_DES, LCPRI_NORMAL, BASIC_LOG_CONF
        CM      _CONFIGMG_Register_Device_Driver, <[node_a], OFFSET32 Driver_Handler, 0, CM_REGISTER_DEVICE_DRIVER_DISABLEABLE>, CR_SUCCESS
        CM      _CONFIGMG_Setup_DevNode, <[node_a], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Heard   'aFaS'
        Has_Line node_a, 5
        Needs   node_b, ResType_IRQ, line5, SIZE IRQ_DES, LCPRI_NORMAL, BASIC_LOG_CONF
        CM      _CONFIGMG_Register_Device_Driver, <[node_b], OFFSET32 Driver_Handler, 0, CM_REGISTER_DEVICE_DRIVER_STATIC>, CR_SUCCESS
        mov     [refuse], CONFIG_TEST
        CM      _CONFIGMG_Setup_DevNode, <[node_b], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Heard   'bFaT'
        Problem node_b, CM_PROB_NORMAL_CONFLICT
        Has_Line node_a, 5
        mov     [refuse], -1
        CM      _CONFIGMG_Setup_DevNode, <[node_b], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Heard   'bFaTasaPbSaS'
        Problem node_a, 0
        Problem node_b, 0
        Has_Line node_a, 7
        Has_Line node_b, 5

        ; both lines are gone now; a forced configuration is granted all the same
        New_Node c, root
        Needs   node_c, ResType_IRQ, line7, SIZE IRQ_DES, LCPRI_NORMAL, BASIC_LOG_CONF
        CM      _CONFIGMG_Register_Device_Driver, <[node_c], OFFSET32 Driver_Handler, 0, CM_REGISTER_DEVICE_DRIVER_STATIC>, CR_SUCCESS
        CM      _CONFIGMG_Setup_DevNode, <[node_c], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Heard   'cF'
        Problem node_c, CM_PROB_NORMAL_CONFLICT
        Needs   node_c, ResType_IRQ, line7, SIZE IRQ_DES, LCPRI_FORCECONFIG, FORCED_LOG_CONF
        CM      _CONFIGMG_Setup_DevNode, <[node_c], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Heard   'cFcS'
        Has_Line node_c, 7

        ; a local arbitrator is for what is below its node, and is removed with it; enumerators hear of their children
        CM      _CONFIGMG_Register_Enumerator, <[node_a], OFFSET32 Enum_Handler, CM_REGISTER_ENUMERATOR_HARDWARE>, CR_SUCCESS
        CM      _CONFIGMG_Register_Arbitrator, <OFFSET32 id_y, SLOT, OFFSET32 Arbitrator, 'y', [node_a], ARB_LOCAL>, CR_SUCCESS
        CM      _CONFIGMG_Register_Arbitrator, <OFFSET32 number, SLOT, OFFSET32 Arbitrator, 'y', [node_a], ARB_LOCAL>, CR_INVALID_ARBITRATOR
        CM      _CONFIGMG_Register_Arbitrator, <OFFSET32 id_x, SLOT, OFFSET32 Arbitrator, 'x', 0, ARB_GLOBAL>, CR_SUCCESS
        CM      _CONFIGMG_Process_Events_Now, <0>, CR_SUCCESS
        Heard   'AE'
        mov     [taken+4], 0
        New_Node d, node_a
        Needs   node_d, SLOT, want12, SIZE Slot_Des, LCPRI_NORMAL, BASIC_LOG_CONF
        CM      _CONFIGMG_Register_Device_Driver, <[node_d], OFFSET32 Driver_Handler, 0, CM_REGISTER_DEVICE_DRIVER_REMOVABLE>, CR_SUCCESS
        mov     [refuse], CONFIG_START
        CM      _CONFIGMG_Setup_DevNode, <[node_d], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Heard   'dFDFytySDSdSDP'
        Problem node_d, CM_PROB_FAILED_START
        mov     [refuse], -1
        CM      _CONFIGMG_Setup_DevNode, <[node_d], CM_SETUP_DEVNODE_READY>, CR_SUCCESS
        Heard   'dFDFytySDSdS'
        CM      _CONFIGMG_Query_Arbitrator_Free_Size, <OFFSET32 number, [node_a], SLOT, 0>, CR_SUCCESS
        CM      _CONFIGMG_Query_Arbitrator_Free_Size, <OFFSET32 number, [node_b], SLOT, 0>, CR_SUCCESS
        Heard   'yqxq'
        mov     [refuse], CONFIG_TEST
        CM      _CONFIGMG_Query_Remove_SubTree, <[node_a], 0>, CR_REMOVE_VETOED
        Heard   'aT'
        mov     [refuse], -1
        CM      _CONFIGMG_Query_Remove_SubTree, <[node_a], 0>, CR_SUCCESS
        Heard   'aTdTDTasdsDs'
        CM      _CONFIGMG_Remove_SubTree, <[node_a], 0>, CR_SUCCESS
        Heard   'ardrDraqdqDqdRDRaRyg'
        CM      _CONFIGMG_Deregister_Arbitrator, <[id_y], 0>, CR_INVALID_ARBITRATOR

        ; the order of a list
        CM      _CONFIGMG_Sort_NodeList, <OFFSET32 list, 0>, CR_SUCCESS
        Check_Eq [list.nlh_Head], <OFFSET32 e2>, 'first element'
        Check_Eq [e2.nl_Next], <OFFSET32 e3>, 'second element'
        Check_Eq [e3.nl_Next], <OFFSET32 e1>, 'third element'
        Check_Eq [e1.nl_Next], 0, 'the list does not end'
        Check_Eq [list.nlh_Tail], <OFFSET32 e1>, 'last element'
        Check_Eq [e1.nl_Previous], <OFFSET32 e3>, 'before the last'
        Check_Eq [e2.nl_Previous], 0, 'before the first'
        CM      _CONFIGMG_Sort_NodeList, <OFFSET32 none, 0>, CR_SUCCESS
        CM      _CONFIGMG_Sort_NodeList, <0, 0>, CR_INVALID_NODELIST
        CM      _CONFIGMG_Sort_NodeList, <OFFSET32 list, 1>, CR_INVALID_FLAG
        mov     [e1.nl_Next], OFFSET32 e2
        CM      _CONFIGMG_Sort_NodeList, <OFFSET32 list, 0>, CR_INVALID_NODELIST
End_Tests
END
