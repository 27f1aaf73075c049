; A driver between COM1 and programs (VDAG31 VCD_Virtualize_Port): it takes bytes from the port at interrupt time, keeps them,
; and gives the program one at each interrupt, the next one when its handler has returned.
        .386p
        include vmm.inc
        include vcd.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device SERIAL, 1, 0, SERIAL_Control, Undefined_Device_ID, Undefined_Init_Order

CODE_AT equ     80000h
COM1    equ     3F8h

Own     STRUC
        db      SIZE VCD_COM_Struc dup (?)
Count   dd      ?                       ; bytes that the program has not read
Take    dd      ?
Put     dd      ?
Queue   db      32 dup (?)
Own     ENDS

VxD_LOCKED_DATA_SEG
Procs   VCD_ProcList_Struc <OFFSET32 Owner_Changed, OFFSET32 Hw_Int, OFFSET32 Virt_Int, OFFSET32 Eoi, 0, OFFSET32 Iret_Proc, \
                            OFFSET32 In_RxB, 0, 0, 0, OFFSET32 In_IIR, 0, 0, 0, 0, 0, OFFSET32 In_LSR, 0, 0, 0>
Default VCD_ProcList_Struc <>
handle  dd      0
vm      dd      0
text    db      16 dup (0)
V86_CODE segment para use16 public 'LCODE'
assume ds:nothing
Begin_16:                               ; INT 60h: five bytes by interrupts, to CS:100h
        push    dx
        mov     dx, COM1 + 4
        mov     al, 8
        out     dx, al
        mov     dx, COM1 + 1
        mov     al, 1
        out     dx, al
        in      al, 21h
        and     al, not 10h
        out     21h, al
@@:     sti
        hlt
        cmp     byte ptr cs:[0FFh], 5
        jb      @b
        mov     dx, COM1 + 7            ; no procedure has this one
        mov     al, 77h
        out     dx, al
        in      al, dx
        mov     cs:[0FEh], al
        pop     dx
        iret
Handler_16:
        push    ax
        push    bx
        push    dx
        mov     dx, COM1 + 2
        in      al, dx
        cmp     al, 4
        jne     @f
        mov     dx, COM1
        in      al, dx
        movzx   bx, byte ptr cs:[0FFh]
        mov     cs:[bx + 100h], al
        inc     byte ptr cs:[0FFh]
@@:     mov     al, 20h
        out     20h, al
        pop     dx
        pop     bx
        pop     ax
        sti
        iret
End_16:
V86_CODE ends
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch SERIAL
        Control_Dispatch Sys_Critical_Init, SERIAL_Sys_Critical_Init
        Control_Dispatch Sys_VM_Init, SERIAL_Sys_VM_Init
End_Control_Dispatch SERIAL

BeginProc Virtualize
        xor     edx, edx
        VxDCall VCD_Virtualize_Port
        jnc     @f
        Print   "error #EAX"
        stc
@@:     ret
EndProc Virtualize

BeginProc SERIAL_Sys_Critical_Init
        mov     eax, 3
        xor     ebx, ebx
        mov     ecx, SIZE Own - SIZE VCD_COM_Struc
        mov     esi, OFFSET32 Procs
        call    Virtualize
        PrintCarry "COM3"
        mov     eax, 1
        call    Virtualize
        PrintCarry "COM1"
        mov     [handle], eax
        mov     eax, 1
        call    Virtualize
        PrintCarry "COM1 again"
        mov     eax, 2
        xor     ecx, ecx
        mov     esi, OFFSET32 Default
        call    Virtualize
        PrintCarry "COM2"
        clc
        ret
EndProc SERIAL_Sys_Critical_Init

; EBX = new owner, EDX = old one.
BeginProc Owner_Changed
        cmp     eax, VCD_Control_Set_Owner
        jne     done
        mov     [vm], ebx
        cmp     esi, [handle]
        jne     done
        cmp     edx, 0
        jne     done
        Print   "COM1 has an owner"
done:   ret
EndProc Owner_Changed

; Everything that has come goes into the queue.
BeginProc Hw_Int
        push    edi
        push    eax
more:   mov     dx, COM1 + 5
        in      al, dx
        test    al, 1
        jz      empty
        mov     dx, COM1
        in      al, dx
        mov     edi, [esi.Put]
        mov     [esi.Queue + edi], al
        inc     edi
        and     edi, 31
        mov     [esi.Put], edi
        inc     [esi.Count]
        jmp     more
empty:  pop     eax
        VxDCall VPICD_Phys_EOI
        cmp     [esi.Count], 0
        je      quiet
        mov     ebx, [vm]
        VxDCall VPICD_Set_Int_Request
quiet:  pop     edi
        clc
        ret
EndProc Hw_Int

BeginProc Virt_Int
        mov     eax, [esi.Count]
        Print   "interrupt with #EAX waiting"
        clc
        ret
EndProc Virt_Int

BeginProc Eoi
        VxDCall VPICD_Clear_Int_Request
        ret
EndProc Eoi

BeginProc Iret_Proc
        cmp     [esi.Count], 0
        je      @f
        VxDCall VPICD_Set_Int_Request
@@:     ret
EndProc Iret_Proc

BeginProc In_RxB
        cmp     ecx, Byte_Input
        jne     wrong
        cmp     edx, COM1
        jne     wrong
        cmp     ebx, [vm]
        jne     wrong
        mov     edi, [esi.Take]
        mov     al, [esi.Queue + edi]
        inc     edi
        and     edi, 31
        mov     [esi.Take], edi
        dec     [esi.Count]
        ret
wrong:  Print   "wrong access #ECX #EDX"
        ret
EndProc In_RxB

BeginProc In_IIR
        mov     al, 1
        cmp     [esi.Count], 0
        je      @f
        mov     al, 4
@@:     ret
EndProc In_IIR

BeginProc In_LSR
        mov     al, 60h
        ret
EndProc In_LSR

BeginProc Run
        VMMCall Begin_Nest_V86_Exec
        mov     eax, 60h
        VMMCall Exec_Int
        VMMCall End_Nest_Exec
        mov     esi, CODE_AT + 100h
        mov     edi, OFFSET32 text
        mov     ecx, 5
        cld
        rep movsb
        PrintText text
        movzx   eax, BYTE PTR ds:[CODE_AT + 0FEh]
        mov     ebx, eax
        mov     eax, 1
        push    ebx
        VxDCall VCD_Get_Focus
        cmp     ebx, [vm]
        pop     ebx
        jne     @f
        Print   "scratch #EBX, still its own"
@@:     ret
EndProc Run

BeginProc SERIAL_Sys_VM_Init
        mov     esi, OFFSET32 Begin_16
        mov     edi, CODE_AT
        mov     ecx, OFFSET32 End_16 - OFFSET32 Begin_16
        cld
        rep movsb
        mov     WORD PTR ds:[CODE_AT + 0FEh], 0
        mov     eax, 60h
        mov     ecx, CODE_AT SHR 4
        xor     edx, edx
        VMMCall Set_V86_Int_Vector
        mov     eax, 0Ch
        mov     edx, OFFSET32 Handler_16 - OFFSET32 Begin_16
        VMMCall Set_V86_Int_Vector
        VMMCall Get_Sys_VM_Handle
        mov     esi, OFFSET32 Run
        VMMCall Schedule_VM_Event
        clc
        ret
EndProc SERIAL_Sys_VM_Init

VxD_LOCKED_CODE_ENDS
        END
