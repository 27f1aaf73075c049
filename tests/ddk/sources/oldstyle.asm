PAGE 58,132
;******************************************************************************
TITLE oldstyle.asm - what sources of 1990 look like: macros of their own, MASM 5 habits
;******************************************************************************
	.386p
	.xlist
	include	vmm.inc
	include	debug.inc
	include	vdmad.inc
	.list

BeginDoc macro
endm
EndDoc macro
endm
IO_Write MACRO Port, Value
	IFDIFI <Value>, <al>
	mov	al, Value
	ENDIF
	IF (Port) GT 0FFh
	mov	dx, Port
	out	dx, al
	ELSE
	out	Port, al
	ENDIF
ENDM
Mode_Rec RECORD MR_Type:2, MR_Dec:1, MR_Auto:1, MR_Op:2, MR_Chan:2

if1
%out oldstyle: pass 1
endif

Oldstyle_Device_ID	EQU	Undefined_Device_ID
Declare_Virtual_Device	OLDSTYLE, 3, 0, OLDSTYLE_Control, Oldstyle_Device_ID, Undefined_Init_Order,,,

VxD_DATA_SEG
	extrn	Elsewhere:dword
	public	Old_Handle, Old_State
Old_Handle	dd	0
Old_State	db	?
Old_Mode	Mode_Rec <1,0,1,2,3>
	align	4
Old_Names	LABEL	BYTE
	IRP	Name, <First, Second, Third>
	db	'&Name', 0
	ENDM
Name_Len	=	$ - Old_Names
	.erre	Name_Len EQ 19
	REPT	4
	dw	-1
	ENDM
VxD_DATA_ENDS

VxD_ICODE_SEG
BeginDoc
;==============================================================================
; Oldstyle_Init
;   ENTRY: EBX = System VM Handle
;   EXIT:  carry clear
;==============================================================================
EndDoc
BeginProc Oldstyle_Init
	mov	eax, 1
	mov	esi, OFFSET32 Oldstyle_DMA
	VxDcall	VDMAD_Virtualize_Channel
	jc	short OI_Failed
	mov	[Old_Handle], eax
	VMMcall	Get_VMM_Version
	cmp	ax, 300h
	jb	OI_Failed
	mov	ecx, Name_Len
	mov	edi, offset32 Old_Names
	xor	al, al
	repne	scasb
	or	Old_Mode, mask MR_Auto or mask MR_Dec
	test	[Old_Mode], MASK MR_Chan
	mov	cl, MR_Type
	shr	al, cl
	IO_Write 0Bh, 46h
	IO_Write 2F8h, <BYTE PTR [Old_State]>
	clc
	ret
OI_Failed:
	stc
	ret
EndProc Oldstyle_Init
VxD_ICODE_ENDS

VxD_CODE_SEG
BeginProc Oldstyle_DMA, High_Freq
	cmp	eax, [Old_Handle]
	jne	OD_Default
	VxDcall	VDMAD_Get_Virt_State
	test	dl, 4
	jnz	short OD_Default
	VxDcall	VDMAD_Set_Region_Info
	VxDcall	VDMAD_Set_Phys_State
	VxDcall	VDMAD_UnMask_Channel
	ret
OD_Default:
	VxDjmp	VDMAD_Default_Handler
EndProc Oldstyle_DMA

Begin_Control_Dispatch OLDSTYLE
	Control_Dispatch Device_Init, Oldstyle_Init
	Control_Dispatch Set_Device_Focus, Oldstyle_Focus
IFDEF DEBUG
	Control_Dispatch Debug_Query, Oldstyle_Query
ENDIF
End_Control_Dispatch OLDSTYLE

BeginProc Oldstyle_Focus
	mov	eax, [Elsewhere]
	push	dword ptr [eax].CB_High_Linear
	pop	ecx
	movzx	eax, byte ptr [ecx+449h]
	cmp	al, 7
	.IF ZERO? || al == 3
	inc	[Old_State]
	.ENDIF
	clc
	ret
EndProc Oldstyle_Focus

IFDEF DEBUG
BeginProc Oldstyle_Query
	Trace_Out " "
	Trace_Out "1  Show the handle"
	Trace_Out "2  Show the state"
OQ_Again:
	Trace_Out "? ", no_crlf
	VMMcall	In_Debug_Chr
	jz	short OQ_Done
	sub	al, '1'
	jc	OQ_Again
	cmp	al, 1
	ja	OQ_Again
	je	short OQ_State
	mov	eax, [Old_Handle]
	Trace_Out "Handle #EAX, code at ?ESI"
	jmp	OQ_Again
OQ_State:
	mov	al, [Old_State]
	VMMcall	Debug_Convert_Hex_Decimal
	Mono_Out "state #EAX", nocrlf
	jmp	OQ_Again
OQ_Done:
	Assumes_Fall_Through Oldstyle_End
EndProc Oldstyle_Query
BeginProc Oldstyle_End
	clc
	ret
EndProc Oldstyle_End
ENDIF
VxD_CODE_ENDS
	end
