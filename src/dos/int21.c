// INT 21h: from the function number to its file; the small interrupts around it.
#include "dos/defs.h"

enum { HIGHEST_FUNCTION = 0x6C }; // of DOS 4 to 7 without Windows

static void int21_zero(struct dos_call *c) // functions of CP/M that do nothing: AL = 0
{
    dos_set_low(c, DOS_AX, 0);
}

// RBIL INT 21/AH=63h: no double-byte characters, an empty table.
static void int21_lead_bytes(struct dos_call *c)
{
    uint8_t function = dos_low(c, DOS_AX);
    if (function == 0) {
        dos_set(c, DOS_DS, DOS_DATA);
        dos_set(c, DOS_SI, DATA_DBCS + 2);
    } else if (function == 2) { // the interim console flag
        dos_set_low(c, DOS_DX, 0);
    }
    dos_set_low(c, DOS_AX, function <= 2 ? 0 : 0xFF);
}

// Long file names and what else came after DOS 6: the documented way to say that there is none (RBIL INT 21/AH=71h).
static void int21_no_such(struct dos_call *c)
{
    dos_flag(c, X86_CF, true);
    dos_set(c, DOS_AX, 0x7100);
}

static dos_fn *const functions[] = {
    [0x00] = dos_terminate,
    [0x01] = dos_read_echo,
    [0x02] = dos_print_char,
    [0x03] = dos_aux_in,
    [0x04] = dos_aux_out,
    [0x05] = dos_print_printer,
    [0x06] = dos_direct_io,
    [0x07] = dos_direct_in,
    [0x08] = dos_read_silent,
    [0x09] = dos_print_text,
    [0x0A] = dos_read_line,
    [0x0B] = dos_input_status,
    [0x0C] = dos_flush_input,
    [0x0D] = dos_reset_disk,
    [0x0E] = dos_select_drive,
    [0x0F] = dos_fcb_open,
    [0x10] = dos_fcb_close,
    [0x11] = dos_fcb_find_first,
    [0x12] = dos_fcb_find_next,
    [0x13] = dos_fcb_delete,
    [0x14] = dos_fcb_read,
    [0x15] = dos_fcb_write,
    [0x16] = dos_fcb_create,
    [0x17] = dos_fcb_rename,
    [0x18] = int21_zero,
    [0x19] = dos_current_drive,
    [0x1A] = dos_set_dta,
    [0x1B] = dos_drive_data,
    [0x1C] = dos_drive_data,
    [0x1D] = int21_zero,
    [0x1E] = int21_zero,
    [0x1F] = dos_drive_parameters,
    [0x20] = int21_zero,
    [0x21] = dos_fcb_random_read,
    [0x22] = dos_fcb_random_write,
    [0x23] = dos_fcb_size,
    [0x24] = dos_fcb_set_random,
    [0x25] = dos_set_vector,
    [0x26] = dos_make_psp,
    [0x27] = dos_fcb_block_read,
    [0x28] = dos_fcb_block_write,
    [0x29] = dos_fcb_parse,
    [0x2A] = dos_get_date,
    [0x2B] = dos_set_date,
    [0x2C] = dos_get_time,
    [0x2D] = dos_set_time,
    [0x2E] = dos_verify,
    [0x2F] = dos_get_dta,
    [0x30] = dos_version,
    [0x31] = dos_keep,
    [0x32] = dos_drive_parameters,
    [0x33] = dos_break,
    [0x34] = dos_in_dos,
    [0x35] = dos_get_vector,
    [0x36] = dos_free_space,
    [0x37] = dos_switch_char,
    [0x38] = dos_country,
    [0x39] = dos_make_directory,
    [0x3A] = dos_remove_directory,
    [0x3B] = dos_change_directory,
    [0x3C] = dos_create,
    [0x3D] = dos_open,
    [0x3E] = dos_close,
    [0x3F] = dos_read,
    [0x40] = dos_write,
    [0x41] = dos_delete,
    [0x42] = dos_seek,
    [0x43] = dos_attributes,
    [0x44] = dos_ioctl,
    [0x45] = dos_duplicate,
    [0x46] = dos_duplicate_to,
    [0x47] = dos_current_directory,
    [0x48] = dos_allocate,
    [0x49] = dos_free,
    [0x4A] = dos_resize,
    [0x4B] = dos_exec,
    [0x4C] = dos_exit,
    [0x4D] = dos_get_return,
    [0x4E] = dos_find_first,
    [0x4F] = dos_find_next,
    [0x50] = dos_set_psp,
    [0x51] = dos_get_psp,
    [0x52] = dos_list_of_lists,
    [0x54] = dos_get_verify,
    [0x55] = dos_child_psp,
    [0x56] = dos_rename,
    [0x57] = dos_file_time,
    [0x58] = dos_strategy,
    [0x59] = dos_extended_error,
    [0x5A] = dos_create_temporary,
    [0x5B] = dos_create_new,
    [0x5C] = dos_lock,
    [0x5D] = dos_swap_area,
    [0x5E] = dos_network,
    [0x5F] = dos_network,
    [0x60] = dos_true_name,
    [0x61] = int21_zero,
    [0x62] = dos_get_psp,
    [0x63] = int21_lead_bytes,
    [0x65] = dos_country_table,
    [0x66] = dos_code_page,
    [0x67] = dos_handle_count,
    [0x68] = dos_commit,
    [0x69] = dos_serial_number,
    [0x6A] = dos_commit,
    [0x6B] = int21_zero,
    [0x6C] = dos_extended_open,
    [0x71] = int21_no_such,
};

void dos_int21(struct dos_call *c)
{
    uint8_t function = dos_high(c, DOS_AX);
    dos_fn *fn = function < BASE_COUNT(functions) ? functions[function] : NULL;
    dos_critical_left(c, function);
    if (dos_break_begin(c, function))
        return;
    if (fn)
        fn(c);
    else if (function > HIGHEST_FUNCTION) // RBIL INT 21: most versions answer what they do not know with AL = 0
        int21_zero(c);
    else
        dos_missing(c);
}

// CALL 5 of CP/M programs: function in CL. The stack holds PSP:000A (far) and the near return of the program; an
// interrupt's frame is made of them.
void dos_cpm(struct dos_call *c)
{
    uint16_t ip, psp, back;
    c->stay = true;
    if (!vmm_v86_pop(c->v, &ip) || !vmm_v86_pop(c->v, &psp) || !vmm_v86_pop(c->v, &back))
        return;
    dos_set_high(c, DOS_AX, dos_low(c, DOS_CX));
    vmm_client_jump(c->v, psp, back);
    uint32_t to = dos_read32(c, 0, 4 * 0x21);
    (void)!vmm_v86_interrupt(c->v, (uint16_t)(to >> 16), to & 0xFFFF);
}

// Absolute disk access: the drive has no sectors. The flags stay on the stack, as the documentation wants it (RBIL INT
// 25).
void dos_int25(struct dos_call *c)
{
    uint16_t ip, cs;
    dos_set(c, DOS_AX, 0x0207); // unknown media
    c->stay = true;
    dos_flag(c, X86_CF, true);
    if (!vmm_v86_pop(c->v, &ip) || !vmm_v86_pop(c->v, &cs))
        return;
    vmm_client_jump(c->v, cs, ip);
    vmm_client_flags(c->v, X86_CF | X86_IF, X86_CF | X86_IF);
}

void dos_int33(struct dos_call *c) // no mouse: AX = 0 for a reset, else unchanged
{
    if (dos_get(c, DOS_AX) == 0 || dos_get(c, DOS_AX) == 0x21) {
        dos_set(c, DOS_AX, 0);
        dos_set(c, DOS_BX, 0);
    }
}
