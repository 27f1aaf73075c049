; Shows an application what it has: words in its data, heap and image through _GetAppFlatDSAlias, and a selector through which
; the application writes into its data.
        include odd.inc
Declare_Virtual_Device ODD, 1, 0, ODD_Control, 7F03h, Undefined_Init_Order, , ODD_API
Begin_Control_Dispatch ODD
        Control_Dispatch Device_Init, ODD_Init
End_Control_Dispatch ODD
VxD_LOCKED_DATA_SEG
text    db      'from the driver', 0
written dd      0
block   dd      0
VxD_LOCKED_DATA_ENDS
VxD_LOCKED_CODE_SEG
BeginProc ODD_Init
        VMMcall _HeapAllocate, <16, HeapZeroInit>
        mov     [block], eax
        mov     dword ptr [eax], 'paeh'
        clc
        ret
EndProc ODD_Init
; AX = 0: BX = a flat selector to read with, ESI, EDI, EDX = data, heap, control block. AX = 1: BX = a selector for `written`.
; AX = 2: EAX = `written`.
BeginProc ODD_API
        movzx   ecx, [ebp.Client_AX]
        jecxz   show
        dec     ecx
        jz      window
        mov     eax, [written]
        mov     [ebp.Client_EAX], eax
        ret
show:   VMMcall _GetAppFlatDSAlias
        mov     [ebp.Client_BX], ax
        mov     [ebp.Client_ESI], OFFSET32 text
        mov     eax, [block]
        mov     [ebp.Client_EDI], eax
        mov     [ebp.Client_EDX], ebx
        ret
window: VMMcall _BuildDescriptorDWORDs, <<OFFSET32 written>, 3, RW_Data_Type, D_GRAN_BYTE, 0>
        VMMcall _Allocate_LDT_Selector, <ebx, edx, eax, 1, 0>
        mov     [ebp.Client_BX], ax
        ret
EndProc ODD_API
VxD_LOCKED_CODE_ENDS
        END
