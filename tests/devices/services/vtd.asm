; VTD: periods, times, the timer's ports as a VM sees them, trapping (VDAG31 Virtual_Timer_Device).
include check.inc
include vtd.inc
Test_Driver

VxD_LOCKED_DATA_SEG
first   dd 0
VxD_LOCKED_DATA_ENDS

Begin_Tests
        VxDcall VTD_Get_Version
        Check   nc, 'CF of the version'
        Check_Eq eax, 400h, 'version #EAX'
        Check_Eq ebx, 1, 'fastest period #EBX'
        Check_Eq ecx, 54, 'slowest period #ECX'
        VxDcall VTD_Get_Interrupt_Period
        Check_Eq eax, 20, 'period #EAX'
        mov     eax, 7
        VxDcall VTD_Begin_Min_Int_Period
        Check   nc, '7 ms refused'
        VxDcall VTD_Get_Interrupt_Period
        Check_Eq eax, 7, 'period after a request: #EAX'
        mov     eax, 12
        VxDcall VTD_Begin_Min_Int_Period
        VxDcall VTD_Get_Interrupt_Period
        Check_Eq eax, 7, 'a slower request changed it: #EAX'
        mov     eax, 7
        VxDcall VTD_End_Min_Int_Period
        Check   nc, '7 ms not ended'
        VxDcall VTD_Get_Interrupt_Period
        Check_Eq eax, 12, 'the slower request is lost: #EAX'
        mov     eax, 12
        VxDcall VTD_End_Min_Int_Period
        mov     eax, 12
        VxDcall VTD_End_Min_Int_Period
        Check   c, '12 ms ended twice'
        mov     eax, 55
        VxDcall VTD_Begin_Min_Int_Period
        Check   c, '55 ms'
        xor     eax, eax
        VxDcall VTD_Begin_Min_Int_Period
        Check   c, '0 ms'
        VxDcall VTD_Get_Real_Time
        mov     esi, eax
        mov     edi, edx
        mov     ecx, 1000
        loop    $
        VxDcall VTD_Get_Real_Time
        sub     eax, esi
        sbb     edx, edi
        Check_Eq edx, 0, 'real time: #EDX'
        cmp     eax, 20                 ; 1000 instructions are 20 us
        Check   ae, 'real time stands still: #EAX'
        VxDcall VTD_Get_Date_And_Time
        cmp     eax, 86400000
        Check   b, 'more than a day: #EAX'
        cmp     edx, 3653               ; 1990 is over
        Check   a, 'days since 1980: #EDX'
;! input-range
        VxDcall VTD_Update_System_Clock

        ; the VM's counter 0
        VMMcall Get_Cur_VM_Handle
        Out_Byte 43h, 34h
        Out_Byte 40h, 0E8h
        Out_Byte 40h, 3
        In_Byte 40h
        mov     esi, eax
        In_Byte 40h
        shl     eax, 8
        or      eax, esi
        cmp     eax, 1000
        Check   be, 'counts from 1000: #EAX'
        Out_Byte 43h, 0                 ; latch
        In_Byte 40h
        mov     esi, eax
        In_Byte 40h
        shl     eax, 8
        or      eax, esi
        cmp     eax, 1000
        Check   be, 'latched: #EAX'
        Out_Byte 43h, 0E2h              ; status of counter 0
        In_Byte 40h
        and     eax, 3Fh
        Check_Eq eax, 34h, 'status: #EAX'
        in      al, 40h                 ; the board's own counter is not the VM's
        Out_Byte 43h, 0B6h              ; counter 2 is
        Out_Byte 43h, 0CEh
        mov     edx, 40h
        mov     ecx, Word_Input
        VMMcall Simulate_VM_IO
        In_Byte 43h
        Check_Eq eax, 0FFh, 'the control register can be read: #EAX'

        ; trapping
        VMMcall Get_Cur_VM_Handle
        VxDcall VTD_Disable_Trapping
        VxDcall VTD_Disable_Trapping
        VxDcall VTD_Enable_Trapping
        VxDcall VTD_Enable_Trapping
;! input-range
        VxDcall VTD_Enable_Trapping
;! dead-handle
        mov     ebx, 1234h
        VxDcall VTD_Disable_Trapping
;! dead-handle
        VxDcall VTD_Enable_Trapping
End_Tests
end
