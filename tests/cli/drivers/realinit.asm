; Real-mode initialisation: what the procedure finds, what the loader's services answer, and what comes of its results.
; RESULT (AX), DEVICE (an id) and NAME vary.
        .386p
        include vmm.inc

IFNDEF RESULT
RESULT  EQU     Device_Load_Ok
ENDIF
IFNDEF DEVICE
DEVICE  EQU     Undefined_Device_ID
ENDIF

Declare_Virtual_Device REALINIT, 1, 0, REALINIT_Control, DEVICE, Undefined_Init_Order

Say     MACRO text
        LOCAL string
VxD_LOCKED_DATA_SEG
string  db      text, 13, 10, 0
VxD_LOCKED_DATA_ENDS
        pushfd
        pushad
        mov     esi, OFFSET32 string
        VMMCall Out_Debug_String
        popad
        popfd
        ENDM

VxD_LOCKED_DATA_SEG
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG
Begin_Control_Dispatch REALINIT
        Control_Dispatch Sys_Critical_Init, Critical_Init
        Control_Dispatch Device_Init, Device_Init_Proc
End_Control_Dispatch REALINIT

BeginProc Critical_Init
        mov     eax, [REALINIT_DDB.DDB_Reference_Data]
        cmp     eax, edx
        jne     SHORT CI_Wrong
        mov     eax, [edx]              ; the block that was copied
        mov     ecx, [edx+4]
        Say     "reference data points at #EAX #ECX"
        clc
        ret
CI_Wrong:
        Say     "EDX #EDX is not the reference data #EAX"
        stc
        ret
EndProc Critical_Init

; Page 9Fh is the driver's own; a word at 600h differs from VM to VM.
BeginProc Device_Init_Proc
        VMMCall Get_Sys_VM_Handle
        VMMCall _GetLastV86Page
        Say     "last page #EAX"
        VMMCall _TestGlobalV86Mem, <600h, 2, 0>
        Say     "600h is #EAX"
        clc
        ret
EndProc Device_Init_Proc
VxD_LOCKED_CODE_ENDS

VxD_REAL_INIT_SEG

BeginProc Real_Init
        mov     [Entry], ecx
        mov     cx, cs                  ; CS = DS = ES
        mov     dx, ds
        cmp     cx, dx
        jne     Wrong
        mov     dx, es
        cmp     cx, dx
        jne     Wrong
        mov     dx, OFFSET At_Work
        call    Print
        add     bl, '0'
        mov     [Flags_Text], bl
        mov     dx, OFFSET Flags_Text
        call    Print

        push    es                      ; the environment's first variable
        mov     es, si
        mov     al, es:[0]
        pop     es
        mov     [First_Letter], al
        mov     dx, OFFSET First_Letter
        call    Print

        xor     si, si                  ; [386Enh]
        mov     di, OFFSET Number_Name
        mov     ecx, 77
        mov     ax, 4
        call    dword ptr [Entry]
        jc      Wrong
        cmp     ecx, -12
        jne     Wrong
        mov     di, OFFSET Empty_Name   ; no value: the default, carry and zero
        mov     ecx, 77
        mov     ax, 4
        call    dword ptr [Entry]
        jnc     Wrong
        jnz     Wrong
        cmp     ecx, 77
        jne     Wrong
        mov     di, OFFSET Absent_Name  ; carry alone
        mov     ax, 5
        call    dword ptr [Entry]
        jnc     Wrong
        jz      Wrong
        mov     si, OFFSET Section_Name
        mov     di, OFFSET Hex_Name
        mov     ax, 5
        call    dword ptr [Entry]
        jc      Wrong
        cmp     ecx, 0BEEFh
        jne     Wrong
        mov     di, OFFSET Switch_Name
        xor     ecx, ecx
        mov     ax, 3
        call    dword ptr [Entry]
        jc      Wrong
        cmp     ecx, -1
        jne     Wrong
        mov     di, OFFSET Text_Name    ; twice in the section
        mov     dx, OFFSET Absent_Name
        mov     ax, 0
        call    dword ptr [Entry]
        jc      Wrong
        call    Print_Far
        mov     ax, 1
        call    dword ptr [Entry]
        jc      Wrong
        call    Print_Far
        mov     ax, 1
        call    dword ptr [Entry]
        jnc     Wrong
        mov     ax, ds
        mov     es, ax
        mov     di, OFFSET Absent_Name  ; the default comes back
        mov     dx, OFFSET Absent_Name
        mov     ax, 0
        call    dword ptr [Entry]
        jnc     Wrong
        cmp     dx, OFFSET Absent_Name
        jne     Wrong

        mov     si, OFFSET Block
        mov     cx, 7
        mov     dx, 1
        mov     ax, 6
        call    dword ptr [Entry]
        jc      Wrong
        mov     edx, eax
        mov     cx, 4
        mov     ax, 6
        call    dword ptr [Entry]       ; right behind the first
        jc      Wrong
        sub     eax, edx
        cmp     eax, 8
        jne     Wrong
        mov     bx, OFFSET Pages
        mov     si, OFFSET Items
        mov     ax, RESULT
        ret
Wrong:
        mov     dx, OFFSET Wrong_Text
        call    Print
        mov     ax, Abort_Win386_Load
        ret

Print:  mov     ah, 9
        int     21h
        ret

; The text at ES:DX, up to its zero, and a line's end.
Print_Far:
        push    di
        push    dx
        mov     di, dx
PF_Next:
        mov     dl, es:[di]
        or      dl, dl
        jz      SHORT PF_Done
        mov     ah, 2
        int     21h
        inc     di
        jmp     SHORT PF_Next
PF_Done:
        mov     dx, OFFSET Line_End
        mov     ah, 9
        int     21h
        pop     dx
        pop     di
        ret
EndProc Real_Init

Entry           dd      0
Pages           dw      9Fh, 0
Items           dd      00600000h       ; 0060:0000
                dw      2
                dd      0
Block           db      1, 2, 3, 4, 5, 6, 7
At_Work         db      'real mode', 13, 10, '$'
Flags_Text      db      '0', 13, 10, '$'
First_Letter    db      '?', 13, 10, '$'
Wrong_Text      db      'wrong', 13, 10, '$'
Line_End        db      13, 10, '$'
Number_Name     db      'Number', 0
Empty_Name      db      'Empty', 0
Absent_Name     db      'Absent', 0
Section_Name    db      'realinit', 0
Hex_Name        db      'Hex', 0
Switch_Name     db      'Switch', 0
Text_Name       db      'Text', 0

VxD_REAL_INIT_ENDS
        END
