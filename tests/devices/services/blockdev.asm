; Block devices of Windows 3.1 (VDAG31 FastDisk_Device): descriptors, chains of commands, their queue and their cancelling.
; Two command blocks of the chains below lie behind each other; the disk is a few sectors of memory.
;! dead-handle
include check.inc
include blockdev.inc
Test_Driver

SECTORS EQU 4

VxD_LOCKED_DATA_SEG
serial  BlockDev_Device_Descriptor <>
chained BlockDev_Device_Descriptor <>
third   BlockDev_Device_Descriptor <>
serial_name  db 'SERIAL', 0
chained_name db 'CHAINED', 0
bcb     BlockDev_Command_Block 6 dup (<>)
disk    dd SECTORS * 128 dup (0)
buffer  dd SECTORS * 128 dup (0)
regions dd 1, OFFSET32 buffer, 2, OFFSET32 buffer + 200h, 0
wide    dd 3, OFFSET32 buffer, 2, OFFSET32 buffer, 0
order   dd 16 dup (0)                   ; what happened: low byte 1 = to the device, 2 = called back; the command
events  dd 0
holding dd 0                            ; the serial device keeps its command
kept    dd 0
VxD_LOCKED_DATA_ENDS

Happened macro kind
        push    eax
        push    ecx
        mov     ecx, [events]
        lea     eax, [esi + kind]
        mov     [order + ecx * 4], eax
        inc     [events]
        pop     ecx
        pop     eax
endm

; What has happened since the last time, in order: pairs of a kind and a command.
Expect macro list:vararg
        local n
        n = 0
        for item, <list>
        Check_Eq [order + n * 4], <OFFSET32 bcb + item>, 'event n is &item: order'
        n = n + 1
        endm
        Check_Eq [events], n, 'number of events before &list'
        mov     [events], 0
endm
B EQU SIZE BlockDev_Command_Block

Interrupts_On macro text
        local on
        pushfd
        test    dword ptr [esp], 200h
        jnz     on
        Say     <'no interrupts ', text>
on:     popfd
endm

; Fills in a command of the block at ESI.
Command macro command, flags, sector, count, address
        mov     [esi.BD_CB_Next], 0
        mov     [esi.BD_CB_Command], command
        mov     [esi.BD_CB_Cmd_Status], 7777h
        mov     [esi.BD_CB_Flags], flags
        mov     [esi.BD_CB_Cmd_Cplt_Proc], OFFSET32 Done
        mov     dword ptr [esi.BD_CB_Sector], sector
        mov     dword ptr [esi.BD_CB_Sector + 4], 0
        mov     [esi.BD_CB_Count], count
        mov     [esi.BD_CB_Buffer_Ptr], address
endm

VxD_LOCKED_CODE_SEG
; The callback of all commands.
BeginProc Done
        Happened 2
        pushfd
        test    dword ptr [esp], 200h
        jz      @f
        Say     'a callback has interrupts'
@@:     popfd
        sti                             ; which a client may
        mov     eax, 11111111h
        mov     ebx, 22222222h
        mov     ecx, 33333333h
        mov     edx, 44444444h
        mov     esi, 55555555h
        mov     edi, 66666666h
        ret
EndProc Done

BeginProc Serial_Command
        Happened 1
        Check_Eq edi, <OFFSET32 serial>, 'EDI of a command: #EDI'
        Check_Eq [esi.BD_CB_Next], 0, 'a serial device sees a chain'
        mov     [kept], esi
        cmp     [holding], 0
        jne     busy
Finish_It:
        mov     esi, [kept]
        mov     ecx, [esi.BD_CB_Count]
        shl     ecx, 7
        mov     eax, dword ptr [esi.BD_CB_Sector]
        shl     eax, 9
        add     eax, OFFSET32 disk
        mov     ebx, [esi.BD_CB_Buffer_Ptr]
        push    edi
        push    esi
        mov     edi, ebx
        mov     edx, [esi.BD_CB_Flags]
        cmp     [esi.BD_CB_Command], BDC_Write
        mov     esi, eax
        jne     @f
        xchg    esi, edi
@@:     test    edx, BDCF_Scatter_Gather
        jnz     @f
        cld
        rep     movsd
@@:     pop     esi
        pop     edi
        mov     [esi.BD_CB_Cmd_Status], BDS_Success
        cli
        mov     eax, 0AAAAAAAAh
        mov     ecx, 0CCCCCCCCh
        push    esi
        VxDcall BlockDev_Command_Complete
        Check_Eq eax, 11111111h, 'EAX of the client: #EAX'
        Check_Eq ebx, 22222222h, 'EBX of the client: #EBX'
        Check_Eq ecx, 0CCCCCCCCh, 'ECX across the completion: #ECX'
        Check_Eq edx, 44444444h, 'EDX of the client: #EDX'
        Check_Eq esi, <[esp + 4]>, 'ESI across the completion: #ESI'
        add     esp, 4
        Check_Eq edi, <OFFSET32 serial>, 'EDI across the completion: #EDI'
        Interrupts_On 'after the completion'
busy:   mov     eax, 1
        mov     ebx, 2
        mov     ecx, 3
        mov     edx, 4
        mov     esi, 5
        mov     edi, 6
        ret
EndProc Serial_Command

BeginProc Chained_Command
        Happened 1
        Check_Eq edi, <OFFSET32 chained>, 'EDI of a chain: #EDI'
next:   mov     [esi.BD_CB_Cmd_Status], BDS_Invalid_Command
        mov     ebp, [esi.BD_CB_Next]
        VxDcall BlockDev_Command_Complete
        mov     esi, ebp
        or      esi, esi
        jnz     next
        ret
EndProc Chained_Command

BeginProc Synchronous
        cmp     ax, 8001h
        jne     @f
        Check_Eq edi, <OFFSET32 serial>, 'EDI of a synchronous command: #EDI'
        mov     eax, 12345678h
        mov     ebx, 23456781h
        mov     ecx, 34567812h
        mov     edx, 45678123h
        mov     esi, 56781234h
        clc
        ret
@@:     stc
        mov     ax, 99h
        ret
EndProc Synchronous
VxD_LOCKED_CODE_ENDS

Begin_Tests
        VxDcall IOS_Get_Version
        Check   nc, 'CF of the version'
        Check_Eq eax, 400h, 'version #EAX'
        mov     edi, 1
        VxDcall BlockDev_Get_Device_List
        Check_Eq edi, 0, 'a device before any is registered: #EDI'

        mov     edi, OFFSET32 serial
        mov     [edi.BDD_Device_Type], BDT_Fixed_Disk
        mov     [edi.BDD_Flags], BDF_Int13_Drive OR BDF_Writeable OR BDF_Serial_Cmd
        mov     [edi.BDD_Int_13h_Number], 81h
        mov     [edi.BDD_Name_Ptr], OFFSET32 serial_name
        mov     dword ptr [edi.BDD_Max_Sector], SECTORS - 1
        mov     dword ptr [edi.BDD_Max_Sector + 4], 0
        mov     [edi.BDD_Sector_Size], 512
        mov     [edi.BDD_Sync_Cmd_Proc], OFFSET32 Synchronous
        mov     [edi.BDD_Command_Proc], OFFSET32 Serial_Command
        VxDcall BlockDev_Register_Device
        Check   nc, 'not registered'
        Check_Eq edi, <OFFSET32 serial>, 'EDI across the registration: #EDI'
        mov     edi, OFFSET32 third     ; the same drive again
        mov     [edi.BDD_Flags], BDF_Int13_Drive
        mov     [edi.BDD_Int_13h_Number], 81h
        VxDcall BlockDev_Register_Device
        Check   c, 'a drive was registered twice'
        mov     edi, OFFSET32 chained
        mov     [edi.BDD_Flags], BDF_Writeable
        mov     [edi.BDD_Int_13h_Number], 81h   ; means nothing without the flag
        mov     [edi.BDD_Name_Ptr], OFFSET32 chained_name
        mov     [edi.BDD_Command_Proc], OFFSET32 Chained_Command
        VxDcall BlockDev_Register_Device
        Check   nc, 'the second was not registered'
        VxDcall BlockDev_Get_Device_List
        Check_Eq edi, <OFFSET32 serial>, 'first device: #EDI'
        Check_Eq [edi.BDD_Next], <OFFSET32 chained>, 'second device'
        Check_Eq [chained.BDD_Next], 0, 'a third device'
        mov     al, 81h
        VxDcall BlockDev_Find_Int13_Drive
        Check   nc, 'drive 81h is not found'
        Check_Eq edi, <OFFSET32 serial>, 'drive 81h: #EDI'
        mov     al, 80h
        mov     edi, 77h
        VxDcall BlockDev_Find_Int13_Drive
        Check   c, 'drive 80h is found'

        ; synchronous commands: the registers are the command's
        mov     ax, 8001h
        mov     edi, OFFSET32 serial
        VxDcall BlockDev_Synchronous_Command
        Check   nc, 'CF of the synchronous command'
        Check_Eq eax, 12345678h, 'EAX of the synchronous command: #EAX'
        Check_Eq ebx, 23456781h, 'EBX of the synchronous command: #EBX'
        Check_Eq ecx, 34567812h, 'ECX of the synchronous command: #ECX'
        Check_Eq edx, 45678123h, 'EDX of the synchronous command: #EDX'
        Check_Eq esi, 56781234h, 'ESI of the synchronous command: #ESI'
        mov     ax, 8002h
        mov     edi, OFFSET32 serial
        VxDcall BlockDev_Synchronous_Command
        Check   c, 'CF of an unknown synchronous command'
        Check_Eq ax, 99h, 'error of an unknown synchronous command: #AX'

        ; one command, then what was written comes back
        mov     [buffer + 512], 0DEADBEEFh
        mov     esi, OFFSET32 bcb
        Command BDC_Write, 0, 1, 2, <OFFSET32 buffer + 512>
        mov     edi, OFFSET32 serial
        mov     eax, 0A0A0A0Ah
        mov     ebx, 0B0B0B0Bh
        mov     ecx, 0C0C0C0Ch
        mov     edx, 0D0D0D0Dh
        cli
        VxDcall IOS_SendCommand
        Interrupts_On 'after a command was sent'
        Check_Eq eax, 0A0A0A0Ah, 'EAX across a command: #EAX'
        Check_Eq ebx, 0B0B0B0Bh, 'EBX across a command: #EBX'
        Check_Eq ecx, 0C0C0C0Ch, 'ECX across a command: #ECX'
        Check_Eq edx, 0D0D0D0Dh, 'EDX across a command: #EDX'
        Check_Eq esi, <OFFSET32 bcb>, 'ESI across a command: #ESI'
        Check_Eq edi, <OFFSET32 serial>, 'EDI across a command: #EDI'
        Check_Eq [bcb.BD_CB_Cmd_Status], BDS_Success, 'status of the write'
        Check_Eq [disk + 512], 0DEADBEEFh, 'nothing was written'
        Expect  1, 2
        Command BDC_Read, 0, 1, 1, <OFFSET32 buffer>
        VxDcall BlockDev_Send_Command
        Check_Eq [buffer], 0DEADBEEFh, 'nothing was read'
        Expect  1, 2

        ; ends of the disk: complete without the device, also with a table of regions
        Command BDC_Read, 0, 4, 1, <OFFSET32 buffer>
        VxDcall BlockDev_Send_Command
        Command BDC_Read, 0, 3, 2, <OFFSET32 buffer>
        VxDcall BlockDev_Send_Command
        Command BDC_Read, 0, 0, 4, <OFFSET32 buffer>
        VxDcall BlockDev_Send_Command
        Expect  2, 2, 1, 2
        Check_Eq [bcb.BD_CB_Cmd_Status], BDS_Success, 'status of the whole disk'
        Command BDC_Verify, 0, 3, 2, 0
        VxDcall BlockDev_Send_Command
        Check_Eq [bcb.BD_CB_Cmd_Status], BDS_Invalid_Sector_Number, 'status beyond the end'
        mov     dword ptr [bcb.BD_CB_Sector + 4], 1
        VxDcall BlockDev_Send_Command
        Command BDC_Read, BDCF_Scatter_Gather, 0, 777h, <OFFSET32 wide>
        VxDcall BlockDev_Send_Command
        Expect  2, 2, 2
        Command BDC_Read, BDCF_Scatter_Gather, 1, 777h, <OFFSET32 regions>
        VxDcall BlockDev_Send_Command
        Expect  1, 2

        ; a chain: the whole of it is looked at first, then those of high priority are done
        mov     esi, OFFSET32 bcb
        Command BDC_Read, 0, 0, 1, <OFFSET32 buffer>
        mov     [esi.BD_CB_Next], OFFSET32 bcb + B
        add     esi, B
        Command BDC_Read, 0, 9, 1, <OFFSET32 buffer>
        mov     [esi.BD_CB_Next], OFFSET32 bcb + 2 * B
        add     esi, B
        Command BDC_Read, BDCF_High_Priority, 0, 1, <OFFSET32 buffer>
        mov     [esi.BD_CB_Next], OFFSET32 bcb + 3 * B
        add     esi, B
        Command 8000h, BDCF_High_Priority, 9, 0, <OFFSET32 buffer>      ; the device's own
        mov     esi, OFFSET32 bcb
        VxDcall BlockDev_Send_Command
        Expect  B + 2, 2 * B + 1, 2 * B + 2, 3 * B + 1, 3 * B + 2, 1, 2

        ; a device that takes its time: what waits can be cancelled, what it has cannot
        mov     [holding], 1
        Command BDC_Read, 0, 0, 1, <OFFSET32 buffer>
        VxDcall BlockDev_Send_Command
        mov     esi, OFFSET32 bcb + B
        Command BDC_Read, 0, 1, 1, <OFFSET32 buffer>
        VxDcall BlockDev_Send_Command
        mov     esi, OFFSET32 bcb + 2 * B
        Command BDC_Read, 0, 2, 1, <OFFSET32 buffer>
        VxDcall BlockDev_Send_Command
        Expect  1
        mov     esi, OFFSET32 bcb + 3 * B
        Command BDC_Cancel, 0, 0, 0, <OFFSET32 bcb + B>
        mov     [esi.BD_CB_Next], OFFSET32 bcb + 4 * B
        add     esi, B
        Command BDC_Cancel, 0, 0, 0, <OFFSET32 bcb>
        mov     [esi.BD_CB_Next], OFFSET32 bcb + 5 * B
        add     esi, B
        Command BDC_Cancel, 0, 0, 0, <OFFSET32 bcb + B>
        mov     esi, OFFSET32 bcb + 3 * B
        VxDcall BlockDev_Send_Command
        Expect  B + 2, 3 * B + 2, 4 * B + 2, 5 * B + 2
        Check_Eq [bcb.BD_CB_Cmd_Status + B], BDS_Canceled, 'status of the victim'
        Check_Eq [bcb.BD_CB_Cmd_Status + 3 * B], BDS_Success, 'status of the cancelling'
        Check_Eq [bcb.BD_CB_Cmd_Status + 4 * B], BDS_Cmd_In_Progress, 'status of cancelling what is being done'
        Check_Eq [bcb.BD_CB_Cmd_Status + 5 * B], BDS_Invalid_Cmd_Ptr, 'status of cancelling twice'
        mov     [holding], 0
        call    Finish_It               ; its interrupt, as it were
        Expect  2, 2 * B + 1, 2 * B + 2

        ; without BDF_Serial_Cmd the device gets the chain as it is
        mov     esi, OFFSET32 bcb
        Command BDC_Cancel, 0, 99, 9, 0
        mov     [esi.BD_CB_Next], OFFSET32 bcb + B
        add     esi, B
        Command BDC_Read, 0, 99, 9, 0
        mov     esi, OFFSET32 bcb
        mov     edi, OFFSET32 chained
        VxDcall BlockDev_Send_Command
        Expect  1, 2, B + 2
        Check_Eq [bcb.BD_CB_Cmd_Status + B], BDS_Invalid_Command, 'status of a chained command'

        mov     edi, OFFSET32 third     ; was refused
        VxDcall BlockDev_Send_Command
        Expect
End_Tests
end
