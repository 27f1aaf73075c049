// Stands in for the disassembler until it is there.
#include "dis/dis.h"

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
