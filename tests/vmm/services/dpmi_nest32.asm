; Nested execution in a 32-bit protected-mode application (dpmi_nest.inc).
CLIENT32 equ 1
include dpmi_nest.inc
end
