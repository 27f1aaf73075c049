// IFSMgr: characters between Unicode and the two code pages (Win95 DDK S3105, S3106, S3108, S3109): OEM is 437, as DOS
// has it, Windows ANSI is 1252 without what was added after Windows 95.
#include "devices/call.h"
#include "devices/common.h"
#include "devices/ifsmgr.h"

#include "kit/constants.h"
#include "kit/services.h"

enum { NO_CHARACTER = '_' };

static const uint16_t oem[128] = {
    0x00C7, 0x00FC, 0x00E9, 0x00E2, 0x00E4, 0x00E0, 0x00E5, 0x00E7, 0x00EA, 0x00EB, 0x00E8, 0x00EF, 0x00EE,
    0x00EC, 0x00C4, 0x00C5, 0x00C9, 0x00E6, 0x00C6, 0x00F4, 0x00F6, 0x00F2, 0x00FB, 0x00F9, 0x00FF, 0x00D6,
    0x00DC, 0x00A2, 0x00A3, 0x00A5, 0x20A7, 0x0192, 0x00E1, 0x00ED, 0x00F3, 0x00FA, 0x00F1, 0x00D1, 0x00AA,
    0x00BA, 0x00BF, 0x2310, 0x00AC, 0x00BD, 0x00BC, 0x00A1, 0x00AB, 0x00BB, 0x2591, 0x2592, 0x2593, 0x2502,
    0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255D, 0x255C, 0x255B, 0x2510, 0x2514,
    0x2534, 0x252C, 0x251C, 0x2500, 0x253C, 0x255E, 0x255F, 0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550,
    0x256C, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256B, 0x256A, 0x2518, 0x250C,
    0x2588, 0x2584, 0x258C, 0x2590, 0x2580, 0x03B1, 0x00DF, 0x0393, 0x03C0, 0x03A3, 0x03C3, 0x00B5, 0x03C4,
    0x03A6, 0x0398, 0x03A9, 0x03B4, 0x221E, 0x03C6, 0x03B5, 0x2229, 0x2261, 0x00B1, 0x2265, 0x2264, 0x2320,
    0x2321, 0x00F7, 0x2248, 0x00B0, 0x2219, 0x00B7, 0x221A, 0x207F, 0x00B2, 0x25A0, 0x00A0};

// 80h to 9Fh; behind them the numbers are Unicode's.
static const uint16_t ansi[32] = {0x0080, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                  0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x008E, 0x008F,
                                  0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                  0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x009E, 0x0178};

static uint16_t to_unicode(uint8_t c, uint32_t set)
{
    return c < 0x80 ? c : set == KIT_BCS_OEM ? oem[c - 0x80] : c < 0xA0 ? ansi[c - 0x80] : c;
}

// False: the code page does not have it.
static bool from_unicode(uint16_t u, uint32_t set, uint8_t *c)
{
    *c = (uint8_t)u;
    if (u < 0x80)
        return true;
    for (unsigned i = 0x80; i < 0x100; i++) {
        *c = (uint8_t)i;
        if (to_unicode(*c, set) == u)
            return true;
    }
    *c = NO_CHARACTER;
    return false;
}

// What the two code pages have.
static uint16_t upper(uint16_t u)
{
    bool latin = (u >= 'a' && u <= 'z') || (u >= 0xE0 && u <= 0xFE && u != 0xF7);
    bool greek = u >= 0x3B1 && u <= 0x3C9 && u != 0x3C2;
    return latin || greek ? (uint16_t)(u - 0x20) : u == 0xFF ? 0x178 : u == 0x153 || u == 0x161 ? (uint16_t)(u - 1) : u;
}

static bool is_set(struct vmm *v, uint32_t set)
{
    if (set == KIT_BCS_WANSI || set == KIT_BCS_OEM)
        return true;
    vmm_stop(v, VMM_END_MISSING, "IFSMgr: the character set %X is not documented (Win95 DDK S3105)", (unsigned)set);
    return false;
}

static void answer(struct vmm *v, uint32_t bytes, uint32_t flags)
{
    vmm_regs(v)[X86_EAX] = bytes;
    vmm_regs(v)[X86_EDX] = flags;
}

// UniToBCS(to, from, bytes of it, room, character set). After a page fault it begins again.
static void uni_to_bcs(struct vmm *v)
{
    uint32_t to = vmm_arg(v, 0), from = vmm_arg(v, 1), characters = vmm_arg(v, 2) / 2, room = vmm_arg(v, 3);
    uint32_t set = vmm_arg(v, 4), flags = characters > room ? KIT_MAP_FLAG_TRUNCATE : 0;
    uint32_t n = characters < room ? characters : room;
    if (!is_set(v, set))
        return;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t u;
        uint8_t c;
        if (!vmm_get16(v, from + 2 * i, &u))
            return;
        flags |= from_unicode(u, set, &c) ? 0 : KIT_MAP_FLAG_LOSS;
        if (!vmm_put(v, to + i, &c, 1))
            return;
    }
    answer(v, n, flags);
}

static bool put_unicode(struct vmm *v, uint32_t to, uint16_t u)
{
    uint8_t bytes[2];
    base_put16(bytes, u);
    return vmm_put(v, to, bytes, sizeof bytes);
}

// BCSToUni(to, from, bytes of it, character set). Every byte has a character, so the flags are 0.
static void bcs_to_uni(struct vmm *v)
{
    uint32_t to = vmm_arg(v, 0), from = vmm_arg(v, 1), n = vmm_arg(v, 2), set = vmm_arg(v, 3);
    if (!is_set(v, set))
        return;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t c;
        if (!vmm_get(v, from + i, &c, 1) || !put_unicode(v, to + 2 * i, to_unicode(c, set)))
            return;
    }
    answer(v, 2 * n, 0);
}

// UniToUpper(to, from, bytes of it)
static void uni_to_upper(struct vmm *v)
{
    uint32_t to = vmm_arg(v, 0), from = vmm_arg(v, 1), n = vmm_arg(v, 2) / 2;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t u;
        if (!vmm_get16(v, from + 2 * i, &u) || !put_unicode(v, to + 2 * i, upper(u)))
            return;
    }
    vmm_regs(v)[X86_EAX] = 2 * n;
}

// UniCharToOEM(character)
static void uni_char_to_oem(struct vmm *v)
{
    uint8_t c;
    (void)!from_unicode((uint16_t)vmm_arg(v, 0), KIT_BCS_OEM, &c);
    vmm_regs(v)[X86_EAX] = c;
}

const struct vmm_binding ifsmgr_string_bindings[] = {
    {KIT_UniToBCS, uni_to_bcs},
    {KIT_BCSToUni, bcs_to_uni},
    {KIT_UniToUpper, uni_to_upper},
    {KIT_UniCharToOEM, uni_char_to_oem},
    {0, NULL},
};
