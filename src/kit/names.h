// Names in the DDK's sources are compared without regard to case. Private to the room.
#ifndef VXDKIT_KIT_NAMES_H
#define VXDKIT_KIT_NAMES_H

#include "base/status.h"

static inline char kit_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool kit_same_name(const char *a, const char *b)
{
    while (*a && kit_lower(*a) == kit_lower(*b))
        a++, b++;
    return kit_lower(*a) == kit_lower(*b);
}

#endif
