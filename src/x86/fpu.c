// The coprocessor.
#include "x86/decode.h"

X86_HOT(esc)
{
    c->op = op;
    if (c->pub.state.cr0 & 12) { // EM or TS
        x86_fail(c, 7);
        return x86_raise(c, op);
    }
    x86_fail_missing(c, "coprocessor instruction");
    return x86_raise(c, op);
}

X86_HOT(wait)
{
    if ((c->pub.state.cr0 & 10) == 10) { // MP and TS
        x86_fail(c, 7);
        return x86_raise(c, op);
    }
    X86_NEXT;
}

x86_handler *x86_pick_fpu(struct x86_decode *d, struct x86_op *op)
{
    (void)op;
    return d->opcode == 0x9b ? wait : esc;
}
