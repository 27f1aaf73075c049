// SYSTEM.INI text without a machine: entries found in it, and the converters of numbers (profile_text.c).
#ifndef VXDKIT_VMM_PROFILE_H
#define VXDKIT_VMM_PROFILE_H

#include "base/status.h"

struct vmm_ini_entry { // offsets into the text
    uint32_t section, section_size;
    uint32_t key, key_size;
    uint32_t value, value_size; // without blanks around it; 0 bytes = no value
};

// The next entry at or after *at; *at moves behind it, section and section_size are kept from call to call (start with
// a zeroed entry). False at the end.
bool vmm_ini_next(const char *text, uint32_t size, uint32_t *at, struct vmm_ini_entry *entry) BASE_MUST_USE;
bool vmm_ini_same(const char *text, uint32_t at, uint32_t size, const char *name) BASE_MUST_USE; // any case

// Converters: the number at the start of an asciz text. They return how many characters were used, 0 = no number.
size_t vmm_convert_decimal(const char *text, uint32_t *value);
size_t vmm_convert_hex(const char *text, uint32_t *value);                              // an H at the end is used too
size_t vmm_convert_fixed(const char *text, uint32_t places, uint32_t *value);           // value * 10^places
bool vmm_convert_boolean(const char *text, size_t size, uint32_t *value) BASE_MUST_USE; // 0 or FFFFFFFFh

#endif
