; A 32-bit DPMI client: every function of INT 31h, interrupts, exceptions, a driver's protected-mode API (dpmi.inc).
;! execution-mode
;! execution-mode
CLIENT32 equ 1
include dpmi.inc
end
