; Nested execution in a 16-bit protected-mode application (dpmi_nest.inc).
CLIENT32 equ 0
include dpmi_nest.inc
end
