// Lazy flags. An arithmetic instruction leaves two words: `res`, its result sign-extended to 32 bits, and `aux`:
//   bit 31 CF, bit 30 the carry into the top bit (OF = bit 31 ^ bit 30), bit 3 AF,
//   bit 0 inverts SF, bits 8-15 are XORed into the byte whose parity is PF.
// ZF is res == 0. Ordinary results leave bit 0 and bits 8-15 clear; POPF and the like use them to make every
// combination of flags expressible. No operation type is kept, so a conditional jump needs no dispatch.
#ifndef VXDKIT_X86_FLAGS_H
#define VXDKIT_X86_FLAGS_H

#include "x86/core.h"

enum { X86_AUX_AF = 8, X86_AUX_SF = 1 };
#define X86_AUX_CF 0x80000000u
#define X86_AUX_PO 0x40000000u

X86_INLINE bool x86_cf(const struct x86_private *c)
{
    return c->aux >> 31;
}
X86_INLINE bool x86_zf(const struct x86_private *c)
{
    return c->res == 0;
}
X86_INLINE bool x86_sf(const struct x86_private *c)
{
    return ((c->res >> 31) ^ c->aux) & 1;
}
X86_INLINE bool x86_of(const struct x86_private *c)
{
    return ((c->aux ^ c->aux << 1) >> 31) & 1;
}
X86_INLINE bool x86_less(const struct x86_private *c)
{
    return (c->res ^ c->aux << 31 ^ c->aux ^ c->aux << 1) >> 31;
}
X86_INLINE bool x86_pf(const struct x86_private *c)
{
    uint32_t v = (c->res ^ c->aux >> 8) & 0xff;
    v ^= v >> 4;
    return (0x9669 >> (v & 15)) & 1;
}
X86_INLINE bool x86_af(const struct x86_private *c)
{
    return c->aux & X86_AUX_AF;
}

X86_INLINE void x86_set_cf(struct x86_private *c, bool v)
{
    if (v != x86_cf(c))
        c->aux ^= X86_AUX_CF | X86_AUX_PO;
}
X86_INLINE void x86_set_cf_of(struct x86_private *c, bool cf, bool of)
{
    c->aux = (c->aux & ~(X86_AUX_CF | X86_AUX_PO)) | (cf ? X86_AUX_CF : 0) | (cf != of ? X86_AUX_PO : 0);
}

X86_INLINE void x86_set_zf(struct x86_private *c, bool v)
{
    x86_settle_flags(c);
    c->pub.state.eflags = v ? c->pub.state.eflags | X86_ZF : c->pub.state.eflags & ~(uint32_t)X86_ZF;
    x86_adopt_flags(c);
}

// Carries of each size, moved to where aux wants them.
X86_INLINE uint32_t x86_pack_32(uint32_t v)
{
    return v & (X86_AUX_CF | X86_AUX_PO | X86_AUX_AF);
}
X86_INLINE uint32_t x86_pack_16(uint32_t v)
{
    return (v << 16 & (X86_AUX_CF | X86_AUX_PO)) | (v & X86_AUX_AF);
}
X86_INLINE uint32_t x86_pack_8(uint32_t v)
{
    return (v << 24 & (X86_AUX_CF | X86_AUX_PO)) | (v & X86_AUX_AF);
}
X86_INLINE uint32_t x86_extend_32(uint32_t v)
{
    return v;
}
X86_INLINE uint32_t x86_extend_16(uint32_t v)
{
    return (uint32_t)(int16_t)v;
}
X86_INLINE uint32_t x86_extend_8(uint32_t v)
{
    return (uint32_t)(int8_t)v;
}
X86_INLINE uint32_t x86_extend(uint32_t v, unsigned size)
{
    return size == 4 ? v : size == 2 ? x86_extend_16(v) : x86_extend_8(v);
}

X86_INLINE bool x86_condition(const struct x86_private *c, unsigned cc)
{
    bool v = false;
    switch (cc >> 1) {
    case 0:
        v = x86_of(c);
        break;
    case 1:
        v = x86_cf(c);
        break;
    case 2:
        v = x86_zf(c);
        break;
    case 3:
        v = x86_cf(c) || x86_zf(c);
        break;
    case 4:
        v = x86_sf(c);
        break;
    case 5:
        v = x86_pf(c);
        break;
    case 6:
        v = x86_less(c);
        break;
    default:
        v = x86_less(c) || x86_zf(c);
        break;
    }
    return v ^ (cc & 1);
}

// ---------------------------------------------------------------------------------------------------------------------
// Registers by size. 8-bit registers are byte indexes into reg[] (x86_byte_index).

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define X86_BYTE_INDEX(r) (((r)&3) * 4 + ((r)&4 ? 2 : 3))
#else
#define X86_BYTE_INDEX(r) (((r)&3) * 4 + ((r) >> 2 & 1))
#endif

X86_INLINE uint32_t x86_get_8(const struct x86_private *c, unsigned i)
{
    return ((const uint8_t *)c->pub.state.reg)[i];
}
X86_INLINE void x86_set_8(struct x86_private *c, unsigned i, uint32_t v)
{
    ((uint8_t *)c->pub.state.reg)[i] = (uint8_t)v;
}
X86_INLINE uint32_t x86_get_16(const struct x86_private *c, unsigned i)
{
    return c->pub.state.reg[i] & 0xffff;
}
X86_INLINE void x86_set_16(struct x86_private *c, unsigned i, uint32_t v)
{
    c->pub.state.reg[i] = (c->pub.state.reg[i] & 0xffff0000) | (v & 0xffff);
}
X86_INLINE uint32_t x86_get_32(const struct x86_private *c, unsigned i)
{
    return c->pub.state.reg[i];
}
X86_INLINE void x86_set_32(struct x86_private *c, unsigned i, uint32_t v)
{
    c->pub.state.reg[i] = v;
}
X86_INLINE uint32_t x86_get(const struct x86_private *c, unsigned i, unsigned size)
{
    return size == 4 ? x86_get_32(c, i) : size == 2 ? x86_get_16(c, i) : x86_get_8(c, i);
}
X86_INLINE void x86_set(struct x86_private *c, unsigned i, unsigned size, uint32_t v)
{
    if (size == 4)
        x86_set_32(c, i, v);
    else if (size == 2)
        x86_set_16(c, i, v);
    else
        x86_set_8(c, i, v);
}

// Guest memory in host memory is little-endian.
X86_INLINE uint32_t x86_host_load_8(const void *p)
{
    return *(const uint8_t *)p;
}
X86_INLINE uint32_t x86_host_load_16(const void *p)
{
    return base_get16(p);
}
X86_INLINE uint32_t x86_host_load_32(const void *p)
{
    return base_get32(p);
}
X86_INLINE void x86_host_store_8(void *p, uint32_t v)
{
    *(uint8_t *)p = (uint8_t)v;
}
X86_INLINE void x86_host_store_16(void *p, uint32_t v)
{
    base_put16(p, (uint16_t)v);
}
X86_INLINE void x86_host_store_32(void *p, uint32_t v)
{
    base_put32(p, v);
}

#endif
