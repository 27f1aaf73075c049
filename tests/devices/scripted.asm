; Described hardware as a driver meets it without the configuration manager: ports, configuration mechanism 1, device
; memory, interrupts that stay up until the device is served.
        .386p
        include vmm.inc
        include vpicd.inc
        include print.inc

Declare_Virtual_Device SCRIPTED, 1, 0, SCRIPTED_Control, Undefined_Device_ID, Undefined_Init_Order

VxD_LOCKED_DATA_SEG
Isa     VPICD_IRQ_Descriptor <5, 0, OFFSET32 Isa_Int>
Pci     VPICD_IRQ_Descriptor <11, VPICD_OPT_CAN_SHARE, OFFSET32 Pci_Int>
Isa_Irq dd      0
Pci_Irq dd      0
Regs    dd      0
VxD_LOCKED_DATA_ENDS

VxD_LOCKED_CODE_SEG

Begin_Control_Dispatch SCRIPTED
        Control_Dispatch Device_Init, SCRIPTED_Device_Init
        Control_Dispatch Init_Complete, SCRIPTED_Init_Complete
End_Control_Dispatch SCRIPTED

BeginProc Isa_Int
        mov     edx, 306h
        in      al, dx
        movzx   ecx, al
        Print   "isa interrupt, pending #ECX"
        out     dx, al
        mov     eax, [Isa_Irq]
        VxDCall VPICD_Phys_EOI
        clc
        ret
EndProc Isa_Int

BeginProc Pci_Int
        mov     edx, [Regs]
        mov     ecx, [edx+8]
        Print   "pci interrupt, state #ECX"
        mov     eax, [Pci_Irq]
        VxDCall VPICD_Phys_EOI
        clc
        ret
EndProc Pci_Int

; in: EAX = register of function 0:3.0; out: EAX = its dword
BeginProc Config
        mov     edx, 0CF8h
        or      eax, 80001800h
        out     dx, eax
        mov     edx, 0CFCh
        in      eax, dx
        ret
EndProc Config

BeginProc SCRIPTED_Device_Init
        mov     edx, 300h
        in      eax, dx                 ; constant, counter, scratch at once
        Print   "dword #EAX"
        in      ax, dx
        movzx   eax, ax
        Print   "word #EAX"
        mov     edx, 302h
        mov     eax, 0FFFFh
        out     dx, ax
        in      ax, dx
        movzx   eax, ax
        Print   "scratch #EAX"
        mov     edx, 307h
        mov     al, 3
        out     dx, al
        mov     edx, 305h
        in      al, dx
        movzx   ecx, al
        Print   "level #ECX"
        dec     edx
        inc     ecx
fifo:   in      al, dx
        movzx   eax, al
        Print   "fifo #EAX"
        loop    fifo
        mov     edx, 308h
        in      eax, dx
        Print   "ram #EAX"
        mov     ax, 0BABAh
        inc     edx
        out     dx, ax
        dec     edx
        in      eax, dx
        Print   "ram #EAX"
        mov     edx, 30Ch
        in      eax, dx
        Print   "nothing #EAX"

        xor     eax, eax
        call    Config
        Print   "ids #EAX"
        mov     eax, 8
        call    Config
        Print   "class #EAX"
        mov     eax, 10h
        call    Config
        Print   "bar 0 #EAX"
        or      eax, -1
        out     dx, eax
        in      eax, dx
        Print   "bar 0 sized #EAX"
        mov     eax, 0E8000000h         ; to another place
        out     dx, eax
        mov     eax, 14h
        call    Config
        Print   "bar 1 #EAX"
        and     eax, 0FFF0h
        mov     edx, eax
        in      eax, dx
        Print   "its first port #EAX"
        mov     eax, 40h
        call    Config
        Print   "own register #EAX"
        xor     eax, eax
        out     dx, eax
        in      eax, dx
        Print   "own register #EAX"
        inc     edx
        in      al, dx
        movzx   eax, al
        Print   "its second byte #EAX"
        VMMCall _MapPhysToLinear, <0E8000000h, 1000h, 0>
        mov     [Regs], eax
        mov     ecx, [eax]
        movzx   edx, word ptr [eax+2]
        Print   "registers #ECX #EDX"
        mov     edi, OFFSET32 Isa
        VxDCall VPICD_Virtualize_IRQ
        PrintCarry "isa"
        mov     [Isa_Irq], eax
        VxDCall VPICD_Physically_Unmask
        mov     edi, OFFSET32 Pci
        VxDCall VPICD_Virtualize_IRQ
        PrintCarry "pci"
        mov     [Pci_Irq], eax
        VxDCall VPICD_Physically_Unmask
        clc
        ret
EndProc SCRIPTED_Device_Init

BeginProc SCRIPTED_Init_Complete
        mov     edx, 307h
        mov     al, 1
        out     dx, al
        Print   "command 1 done"
        mov     al, 2
        out     dx, al
        mov     edx, [Regs]
        mov     dword ptr [edx+4], 1
        clc
        ret
EndProc SCRIPTED_Init_Complete

VxD_LOCKED_CODE_ENDS
        END
