// Sizes and positions of the records in a COFF object, as the PE/COFF specification numbers them. Private to
// coff_read.c and coff_write.c.
#ifndef VXDKIT_IMAGE_COFF_FORMAT_H
#define VXDKIT_IMAGE_COFF_FORMAT_H

enum {
    COFF_MACHINE_I386 = 0x14c,
    COFF_HEADER_SIZE = 20,
    COFF_SECTION_SIZE = 40,
    COFF_RELOCATION_SIZE = 10,
    COFF_LINE_SIZE = 6,
    COFF_SYMBOL_SIZE = 18,
    COFF_FILE_NAME_MAX = 255 * COFF_SYMBOL_SIZE, // what the auxiliary records of one symbol hold
    COFF_MAX_SECTIONS = 0xfeff,                  // the last number that is a section in a symbol

    COFF_TYPE_FUNCTION = 0x20,
    COFF_CLASS_FUNCTION = 101, // .bf, .lf, .ef
    COFF_CLASS_FILE = 103,
    COFF_CLASS_SECTION = 104,
    COFF_SECTION_DEBUG = -2,

    COFF_WEAK_NO_LIBRARY = 1, // characteristics of a weak external
    COFF_WEAK_LIBRARY = 2,

    COFF_ALIGN_SHIFT = 20,
    COFF_ALIGN_MASK = 0xf << COFF_ALIGN_SHIFT,
    COFF_MANY_RELOCATIONS = 0x01000000, // the count is in the first record
    COFF_COUNT_MAX = 0xffff,
    COFF_LINE_SAME = 0x7fff, // the line of .bf itself, since 0 marks the entry of a function
};

// Line numbers stand in groups, each owned by a function symbol whose .bf record has the line they count from. Where no
// function starts, the writer makes a symbol of this name, which the reader takes away again. Assemblers cannot spell
// it.
#define COFF_LINE_OWNER ".ln"

#define COFF_DIRECTIVES ".drectve"

#endif
