; Stays resident with a hook of INT 60h, then is called by nobody: the virtual machine lives on.
        include check.inc
        mov     dx, OFFSET hook
        mov     ax, 2560h
        int     21h
        int     60h
        equals  "the hook answers", ax, 1234h
        print   "stays"
        mov     dx, 20h
        mov     ax, 3105h
        int     21h
hook:   mov     ax, 1234h
        iret
        end     start
