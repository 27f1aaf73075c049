; Calls the driver once.
        .model  tiny
        .386
        include pm.inc
        .code
        org     100h
start:  find_api 7F02h, api
        call    DWORD PTR api
        mov     ax, 4C00h
        int     21h
api     DD      0
        END     start
