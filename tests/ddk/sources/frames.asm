; Procedures of every calling convention and their calls, EBP and ESP frames, arguments by value.
.386p
include vmm.inc
include debug.inc

Declare_Virtual_Device FRAMES, 1, 0, FRAMES_Control, Undefined_Device_ID, Undefined_Init_Order

POINT STRUC
PT_X    DD ?
PT_Y    DD ?
PT_Tag  DW ?
POINT ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch FRAMES
    Control_Dispatch Device_Init, Frames_Init, sCall, <ebx, esi>
    Control_Dispatch Create_VM, Frames_Create, cCall, <ebx>
    Control_Dispatch Destroy_VM, Frames_Destroy, pCall, <ebx>
End_Control_Dispatch FRAMES

BeginProc Frames_Create, CCALL, PUBLIC
    ArgVar  hVM, DWORD
    EnterProc
    mov     eax, hVM
    mov     ax, hVMH
    mov     al, hVMHH
    mov     ah, hVMLL
    LeaveProc
    Return
EndProc Frames_Create

BeginProc Frames_Destroy, PCALL, LOCAL
    ArgVar  hVM, DWORD
    EnterProc
    mov     eax, [hVM]
    test    eax, eax
    setnz   al
    movzx   eax, al
    LeaveProc
    Return
EndProc Frames_Destroy

BeginProc Distance, SCALL, NO_LOG
    ArgVar  from, <SIZE POINT>
    ArgVar  to, <SIZE POINT>
    ArgVar  metric, BYTE
    LocalVar dx_, DWORD
    LocalVar dy_, DWORD
    LocalVar scratch, <size POINT>
    EnterProc
    SaveReg <esi, edi>
    lea     esi, from
    lea     edi, to
    mov     eax, [edi.PT_X]
    sub     eax, [esi.PT_X]
    mov     dx_, eax
    mov     eax, [edi].PT_Y
    sub     eax, [esi].PT_Y
    mov     dy_, eax
    lea     eax, scratch
    mov     [eax.PT_Tag], 7
    cmp     metric, 0
    je      Manhattan
    mov     eax, dx_
    imul    eax, dx_
    mov     ecx, dy_
    imul    ecx, dy_
    add     eax, ecx
    jmp     Distance_Done
Manhattan:
    mov     eax, dx_
    add     eax, dy_
Distance_Done:
    RestoreReg <edi, esi>
    LeaveProc
    Return
EndProc Distance

BeginProc Reverse, PCALL, ESP, HIGH_FREQ
    ArgVar  first, DWORD
    ArgVar  second, WORD
    ArgVar  third, DWORD, NOTUSED
    LocalVar one, BYTE, PACK
    LocalVar two, BYTE, PACK
    LocalVar three, WORD, PACK
    LocalVar four, DWORD
    EnterProc
    mov     eax, first
    SaveReg <ad>
    mov     ecx, first
    mov     dx, second
    SaveReg ebx
    mov     bl, secondL
    mov     one, bl
    mov     two, 1
    mov     three, dx
    mov     fourLH, dl
    RestoreReg ebx
    RestoreReg <ad>
    cmp     eax, four
    LeaveProc PRESERVE_FLAGS
    Return
EndProc Reverse

BeginProc Fast, FASTCALL
    ArgVar  arg1, DWORD
    ArgVar  arg2, WORD
    ArgVar  arg3, DWORD
    EnterProc
    mov     eax, arg1
    add     ax, arg2
    add     al, arg2L
    add     eax, arg3
    LeaveProc
    Return
EndProc Fast

BeginProc NoFrame, CCALL
    ArgVar unused_one, DWORD, NOTUSED
    EnterProc
    LeaveProc
    Return
EndProc NoFrame

BeginProc Keeps, CCALL
    ArgVar  kept, DWORD
    EnterProc
    mov     eax, kept
    mov     edx, @Caller
    LeaveProc
    Return
EndProc Keeps, KEEPFRAMEVARS

BeginProc Careless, CCALL
    SaveReg <ebx>
    jmp     Elsewhere_Entirely
EndProc Careless, NOCHECK

Elsewhere_Entirely:
    mov     eax, kept
    ret

BeginProc Frames_Init, SCALL
    ArgVar  sys, DWORD
    ArgVar  cmdtail, DWORD
    LocalVar pt, <SIZE POINT>
    EnterProc
    lea     eax, pt
    sCall   Distance, <[eax.PT_X], [eax.PT_Y], 3, 4, 5, 6, 1>
    cCall   Frames_Create, sys
    cCall   Frames_Create, <sys>, PRESERVE_FLAGS
    pCall   Reverse, <1, 2, cmdtail>
    mov     ecx, 1
    mov     edx, 2
    fCall   Fast, <ecx, edx, 3>
    cCall   Imported, <eax, <OFFSET32 Frames_Create>, <DWORD PTR [eax+4]>>
    sCall   Imported_Too, <>
    mov     ebx, OFFSET32 Keeps
    cCall   ebx, <eax>
    cCall   [Vector], <eax, 1>
    cCall   NoFrame, 0
    VMMCall _Sprintf, <OFFSET32 Buffer, OFFSET32 Format, eax, sys>
    VMMCall _lstrcpyn, <<OFFSET32 Buffer>, <OFFSET32 Format>, 8>
    VMMCall _HeapAllocate, <<SIZE POINT>, <HEAPZEROINIT OR HEAPSWAP>>
    VMMCall _SetLastV86Page, <9Fh, 0>
    VMMCall _PageAllocate, <4, PG_SYS, 0, 0, 0, 0, 0, PAGELOCKED>
    mov     eax, VXD_SUCCESS
    LeaveProc
    Return
EndProc Frames_Init
VxD_LOCKED_CODE_ENDS

VxD_LOCKED_DATA_SEG
Vector  dd OFFSET32 Keeps
Buffer  db 16 dup (0)
Format  db "%d %x", 0
VxD_LOCKED_DATA_ENDS
end
