// Stands in for rooms that are not there yet; goes away with the last of them.
#include "asm/asm.h"
#include "dis/dis.h"

#if ASM_MISSING
bool asm_assemble(const struct asm_options *options, const char *path, const char *text, size_t size,
                  struct base_diag *diag, struct base_buf *object, struct base_buf *listing)
{
    (void)options, (void)path, (void)text, (void)size, (void)object, (void)listing;
    base_diag_report(diag, BASE_ERROR, NULL, "the assembler is not there yet");
    return false;
}
#endif

#if DIS_MISSING
bool dis_image(const struct dis_image_options *options, const struct le_image *image, struct base_buf *out)
{
    (void)options, (void)image;
    base_buf_text(out, "the disassembler is not there yet\n");
    return true;
}

bool dis_info(const struct dis_image_options *options, const struct le_image *image, struct base_buf *out)
{
    (void)options, (void)image;
    base_buf_text(out, "the disassembler is not there yet\n");
    return true;
}
#endif
