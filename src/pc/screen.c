// Text-mode screen memory as text.
#include "pc/pc.h"

void pc_screen_row(const uint8_t *cells, unsigned columns, char *to)
{
    unsigned length = 0;
    for (unsigned i = 0; i < columns; i++) {
        uint8_t c = cells[2 * i];
        to[i] = c == 0 ? ' ' : c >= 0x20 && c < 0x7F ? (char)c : '.';
        if (to[i] != ' ')
            length = i + 1;
    }
    to[length] = 0;
}
