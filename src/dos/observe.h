// What BIOS and DOS announce (base/observe.h). Texts live only during the call.
#ifndef VXDKIT_DOS_OBSERVE_H
#define VXDKIT_DOS_OBSERVE_H

#include "base/observe.h"

enum dos_record_kind {
    DOS_RECORD_OUTPUT = BASE_RECORDS_DOS, // struct dos_output_record
    DOS_RECORD_PROGRAM,                   // struct dos_program_record
};

// What a program printed on its screen or its standard output.
struct dos_output_record {
    struct base_record head;
    uint32_t vm; // number
    const char *text;
    size_t length;
};

// A program of dos_start has begun, ended, or could not be loaded.
struct dos_program_record {
    struct base_record head;
    uint32_t vm;       // number
    const char *name;  // as it was asked for
    uint8_t progress;  // enum dos_progress
    uint8_t how;       // enum dos_how
    uint8_t code;      // exit code
    const char *error; // "" = none
};

#endif
