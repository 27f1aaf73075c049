// .STARTUP and .EXIT: the beginning and the end of a program for MS-DOS, as lines of source.
#include "asm/defs.h"

static bool is_16bit(struct assembler *a, const char *word)
{
    if (!a->model)
        asm_error(a, a->line.at, ".MODEL must come first");
    else if (!a->segment)
        asm_error_outside(a, a->line.at, "%s outside of any segment", word);
    else if (a->segment->word_size != 2)
        asm_error(a, a->line.at, "%s makes 16-bit code for MS-DOS; a 32-bit segment cannot have it", word);
    else
        return true;
    return false;
}

static void run(struct assembler *a, const char *const *lines)
{
    for (; *lines && !a->line_failed; lines++)
        asm_run_line(a, *lines, "generated code");
}

void asm_startup(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    static const char *const tiny[] = {"org 100h", "@Startup:", NULL};
    static const char *const data[] = {"@Startup:", "mov dx, DGROUP", "mov ds, dx", NULL};
    static const char *const stack8086[] = {"mov bx, ss", "sub bx, dx", "shl bx, 1", "shl bx, 1",
                                            "shl bx, 1",  "shl bx, 1",  "cli",       "mov ss, dx",
                                            "add sp, bx", "sti",        NULL};
    static const char *const all286[] = {"@Startup:",  "mov ax, DGROUP", "mov ds, ax", "mov bx, ss", "sub bx, ax",
                                         "shl bx, 4t", "mov ss, ax",     "add sp, bx", NULL};
    if (!is_16bit(a, ".STARTUP"))
        return;
    if (a->model == MODEL_TINY) {
        run(a, tiny);
    } else if (!a->far_stack && (a->cpu & CPU_LEVEL) >= CPU_286) {
        run(a, all286);
    } else {
        run(a, data);
        run(a, a->far_stack ? data + 3 : stack8086);
    }
    a->startup = asm_name_of(a, "@Startup")->symbol;
}

// .EXIT code: function 4Ch of int 21h.
void asm_exit(struct assembler *a, struct asm_name *name, int argument)
{
    (void)name, (void)argument;
    if (!is_16bit(a, ".EXIT"))
        return;
    const struct asm_token *first = a->token;
    int64_t code = -1;
    struct asm_value v = asm_number(0);
    if (first->kind != TOKEN_END && !asm_expression(a, &v))
        return;
    const struct asm_token *end = a->token;
    if (end->kind != TOKEN_END)
        return;
    if (first != end && asm_is_constant(&v))
        code = v.value;
    if (code > 255) {
        asm_error(a, first->text, "the exit code does not fit 1 byte");
        return;
    }
    if (code < 0 && first != end)
        asm_run_line(a, asm_format(a, "mov al, %.*s", (int)(end->text - first->text), first->text), "generated code");
    asm_run_line(a, code >= 0 ? asm_format(a, "mov ax, %ut", 0x4c00u + (unsigned)code) : "mov ah, 4Ch",
                 "generated code");
    asm_run_line(a, "int 21h", "generated code");
    a->token = end;
}
