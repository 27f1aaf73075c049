// The preserved-register half of every service's contract, generated from the kit's rows: a driver poisons all
// registers, calls the service, and compares every register that the row names neither as output nor as used. IF and DF
// must come back as they were everywhere, the arithmetic flags where the row does not say "Flags".
#include "kit/kit.h"
#include "vmm/service_driver.h"

static const struct {
    const char *name, *reason;
} left_out[] = {
    {"Crash_Cur_VM", "does not return"},
    {"Nuke_VM", "does not return for the current VM"},
    {"Fatal_Error_Handler", "does not return"},
    {"Fatal_Memory_Error", "does not return"},
    {"Suspend_VM", "stops the System VM"},
    {"Close_VM", "ends the System VM"},
    {"System_Control", "sends a message to all devices"},
    {"Directed_Sys_Control", "its results are the driver's"},
    {"Begin_Nest_Exec", "opens a block"},
    {"Begin_Nest_V86_Exec", "opens a block"},
    {"Begin_Non_Serial_Nest_V86_Exec", "opens a block"},
    {"End_Nest_Exec", "needs an open block"},
    {"Exec_Int", "runs the VM"},
    {"Exec_VxD_Int", "runs the VM"},
    {"Resume_Exec", "runs the VM"},
    {"_ExecIntMustComplete", "runs the VM"},
    {"_ExecVxDIntMustComplete", "runs the VM"},
    {"_ResumeExecMustComplete", "runs the VM"},
    {"Queue_Debug_String", "takes its arguments from the stack; services/debug.asm"},
    {"_BlockOnID", "waits"},
    {"Wait_Semaphore", "waits"},
    {"Simulate_IO", "is jumped to; services/io.asm"},
    {"Begin_Reentrant_Execution", "belongs into a fault handler"},
    {"End_Reentrant_Execution", "belongs into a fault handler"},
    {"Set_NMI_Handler_Addr", "the handler would be called"},
    {"_Sprintf", "variable arguments; services/strings.asm"},
    {"_LocalizeSprintf", "variable arguments; services/messages.asm"},
    {"_LocalizeStackSprintf", "variable arguments; services/messages.asm"},
    {"_CallRing3", "runs the VM"},
    {"VMMTerminateThread", "does not return for the current thread"},
    {"End_Crit_And_Suspend", "waits"},
    {"Time_Slice_Sleep", "waits"},
    {"_Call_On_My_Stack", "changes stacks"},
    {"VMM_Remove_DDB", "would take the test's own device away"},
};

static const char *const registers[] = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};
enum { ESP_BIT = 1 << 4, FLAGS_BIT = 1 << 8 };

static bool word_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if ((at == text || !word_char(at[-1])) && !word_char(at[n]))
            return true;
    return false;
}

// A register in any of its widths.
static bool names_register(const char *text, const char *reg)
{
    char low[3] = {reg[1], 'L', 0}, high[3] = {reg[1], 'H', 0};
    return has_word(text, reg) || has_word(text, reg + 1) ||
           (reg[2] == 'X' && (has_word(text, low) || has_word(text, high)));
}

// Registers that must survive, by bit; FLAGS_BIT for the arithmetic flags.
static unsigned kept(const struct kit_service *s)
{
    unsigned mask = ESP_BIT;
    bool known = !(s->flags & KIT_UNVERIFIED) && s->page[0];
    for (unsigned i = 0; i < 8; i++)
        if (!names_register(s->out, registers[i]) && !names_register(s->uses, registers[i]))
            mask |= 1u << i;
    if (s->convention == KIT_C) // the convention allows more than the page says (spec: README, conventions)
        mask &= ~7u;
    else if (known && !has_word(s->uses, "Flags") && !has_word(s->uses, "flags") && !strstr(s->out, "CF") &&
             !strstr(s->out, "ZF"))
        mask |= FLAGS_BIT;
    return mask;
}

// A value that suits what the row calls an input; NULL: none, poison.
static const char *suitable(const char *name)
{
    static const struct {
        const char *part, *value;
    } values[] = {{"SysVM", "[vm]"},
                  {"VM", "[vm]"},
                  {"Thread", "[thread]"},
                  {"allback", "OFFSET32 Nothing"},
                  {"Proc", "OFFSET32 Nothing"},
                  {"Handler", "OFFSET32 Nothing"},
                  {"flags", "0"},
                  {"Flags", "0"},
                  {"crs", "[crs]"},
                  {"uffer", "OFFSET32 scratch"},
                  {"String", "OFFSET32 text"},
                  {"psz", "OFFSET32 text"},
                  {"Profile", "0"},
                  {"Keyname", "OFFSET32 text"},
                  {"Variable", "OFFSET32 text"},
                  {"&", "OFFSET32 scratch"},
                  {"Buf", "OFFSET32 scratch"},
                  {"pB", "OFFSET32 scratch"},
                  {"Format", "OFFSET32 text"},
                  {"File", "OFFSET32 text"},
                  {"Struc", "OFFSET32 scratch"},
                  {"IOTable", "OFFSET32 scratch"},
                  {"nmi", "OFFSET32 Nothing"},
                  {"Exception", "OFFSET32 scratch"},
                  {"Info", "OFFSET32 scratch"},
                  {"pMBI", "OFFSET32 scratch"},
                  {"pDst", "OFFSET32 scratch"},
                  {"pSrc", "OFFSET32 text"},
                  {"pArgs", "OFFSET32 scratch"},
                  {"nbytes", "16"},
                  {"nBytes", "16"},
                  {"nPages", "1"},
                  {"count", "1"},
                  {"cb", "4"},
                  {"Time", "1000"},
                  {"MsgPtr", "OFFSET32 text"},
                  {"Entries", "OFFSET32 scratch"},
                  {"ddb", "OFFSET32 TEST_DDB"},
                  {"name", "OFFSET32 text"},
                  {"p", "OFFSET32 scratch"}};
    for (size_t i = 0; i < BASE_COUNT(values); i++)
        if (strstr(name, values[i].part))
            return values[i].value;
    return NULL;
}

// What stands behind "REG=" in the row's inputs, copied into `to`.
static bool input_of(const char *in, const char *reg, char to[64])
{
    for (const char *at = strstr(in, reg); at; at = strstr(at + 1, reg)) {
        if ((at != in && word_char(at[-1])) || at[strlen(reg)] != '=')
            continue;
        const char *from = at + strlen(reg) + 1;
        size_t n = strcspn(from, ",;");
        n = n < 63 ? n : 63;
        memcpy(to, from, n);
        to[n] = 0;
        return true;
    }
    return false;
}

static void emit_registers(struct base_buf *out, const struct kit_service *s)
{
    for (unsigned i = 0; i < 8; i++) {
        char name[64];
        if (i == 4)
            continue;
        const char *value = input_of(s->in, registers[i], name) ? suitable(name) : NULL;
        if (value)
            base_buf_printf(out, " mov %s, %s\n", registers[i], value);
        else
            base_buf_printf(out, " mov %s, 0D00D%04Xh\n", registers[i], i * 0x111);
    }
}

// The arguments of a C or Std service by the names in its row.
static void emit_arguments(struct base_buf *out, const struct kit_service *s)
{
    const char *at = s->in[0] == '(' ? s->in + 1 : "";
    base_buf_text(out, ", <");
    for (int i = 0; i < s->args; i++) {
        char name[64];
        size_t n = strcspn(at, ",)"), copied = n < 63 ? n : 63;
        memcpy(name, at, copied);
        name[copied] = 0;
        const char *value = n ? suitable(name) : "0";
        base_buf_printf(out, "%s<%s>", i ? ", " : "", value ? value : "0D00DF00Dh");
        at += n + (at[n] == ',');
        at += *at == ' ';
    }
    base_buf_text(out, ">");
}

static void emit_call(struct base_buf *out, const struct kit_service *s)
{
    base_buf_printf(out, "; %s\n", s->name);
    emit_registers(out, s);
    base_buf_printf(out, " Poisoned\n");
    if (s->convention == KIT_STD)
        base_buf_printf(out, " push OFFSET32 text\n");
    base_buf_printf(out, " VMMcall %s", s->name);
    if (s->convention == KIT_C && s->args > 0)
        emit_arguments(out, s);
    base_buf_printf(out, "\n Compared %u, <%s>\n", kept(s), s->name);
}

static bool testable(const struct kit_service *s)
{
    for (size_t i = 0; i < BASE_COUNT(left_out); i++)
        if (strcmp(left_out[i].name, s->name) == 0)
            return false;
    if (s->convention == KIT_STD && s->args != 1)
        return false;
    return strncmp(s->uses, "All registers", 13) != 0 && strncmp(s->uses, "all", 4) != 0 &&
           vmm_service_is_implemented(1, s->ordinal);
}

static const char prologue[] =
    "include check.inc\n"
    "Test_Driver\n"
    "VxD_LOCKED_DATA_SEG\n"
    "vm dd 0\nthread dd 0\ncrs dd 0\n"
    "was_ dd 9 dup (0)\nis_ dd 9 dup (0)\nmask_ dd 0\nname_ dd 0\n"
    "text db 'text', 0\n"
    "changed db ' changed a register: was #EAX, is #EBX, number #ECX', 13, 10, 0\n"
    "ALIGN 4\nscratch dd 200 dup (0)\nclient db SIZE Client_Reg_Struc dup (0)\n"
    "VxD_LOCKED_DATA_ENDS\n"
    "VxD_LOCKED_CODE_SEG\n"
    "Nothing: ret\n"
    "Print: pushfd\n pushad\n VMMcall Out_Debug_String\n popad\n popfd\n ret\n"
    "Compare:\n"
    " xor ecx, ecx\n"
    "Next:\n"
    " mov eax, [was_+4*ecx]\n mov ebx, [is_+4*ecx]\n"
    " bt [mask_], ecx\n jnc Skip\n"
    " cmp eax, ebx\n je Skip\n"
    " mov esi, [name_]\n call Print\n mov esi, OFFSET32 changed\n call Print\n"
    "Skip: inc ecx\n cmp ecx, 9\n jb Next\n ret\n"
    "VxD_LOCKED_CODE_ENDS\n"
    "Poisoned macro\n"
    " mov [was_], eax\n mov [was_+4], ecx\n mov [was_+8], edx\n mov [was_+12], ebx\n mov [was_+16], esp\n"
    " mov [was_+20], ebp\n mov [was_+24], esi\n mov [was_+28], edi\n"
    " push 0AC7h\n popfd\n" // CF, PF, ZF, SF, OF, IF on, AF and DF off
    "endm\n"
    "Compared macro mask, name\n"
    " local string\n"
    "VxD_LOCKED_DATA_SEG\n"
    "string db '&name&', 0\n"
    "VxD_LOCKED_DATA_ENDS\n"
    " pushfd\n pop [is_+32]\n"
    " mov [is_], eax\n mov [is_+4], ecx\n mov [is_+8], edx\n mov [is_+12], ebx\n mov [is_+16], esp\n"
    " mov [is_+20], ebp\n mov [is_+24], esi\n mov [is_+28], edi\n"
    " mov esp, [was_+16]\n"
    " mov [was_+32], 0AC7h\n"
    "if ((mask AND 256) EQ 0)\n" // only IF and DF
    " and [is_+32], 600h\n mov [was_+32], 200h\n"
    "else\n"
    " and [is_+32], 0ED5h\n and [was_+32], 0ED5h\n"
    "endif\n"
    " mov [mask_], mask OR 256\n"
    " mov [name_], OFFSET32 string\n"
    " sti\n cld\n"
    " call Compare\n"
    "endm\n"
    "Begin_Tests\n"
    " VMMcall Get_Cur_VM_Handle\n mov [vm], ebx\n mov eax, [ebx].CB_Client_Pointer\n mov [crs], eax\n"
    " VMMcall Get_Cur_Thread_Handle\n mov [thread], edi\n"
    " mov edi, OFFSET32 client\n VMMcall Save_Client_State\n"; // the Simulate services change it

// The whole driver; returns how many services it calls.
static unsigned generate(struct base_buf *out)
{
    const struct kit_device *vmm = kit_device_by_id(1);
    unsigned count = 0;
    base_buf_text(out, prologue);
    for (uint32_t i = 0; i < vmm->service_count; i++) {
        if (!testable(&vmm->services[i]))
            continue;
        emit_call(out, &vmm->services[i]);
        count++;
    }
    base_buf_text(out, " mov esi, OFFSET32 client\n VMMcall Restore_Client_State\nEnd_Tests\nend\n");
    return count;
}

static void registers_are_preserved(void **state)
{
    bool debug = *state != NULL;
    static struct service_run run;
    struct base_buf source, image;
    struct vmm_config config;
    vmm_default_config(&config);
    config.profile = VMM_PROFILE_98; // it has all services
    base_buf_init(&source, &base_heap);
    unsigned count = generate(&source);
    assert_true(count > 200);
    const char *dump = getenv("SERVICE_REGISTERS_ASM"); // where to leave the generated source, to look at it
    if (dump) {
        FILE *f = fopen(dump, "w");
        assert_non_null(f);
        fputs(base_buf_cstr(&source), f);
        fclose(f);
    }
    build_driver("registers.asm", base_buf_cstr(&source), debug, &image);
    assert_true(run_driver(&base_heap, &config, &image, &run));
    if (run.end != VMM_END_SHUTDOWN)
        fail_msg("ended early: %s\n%s", run.message, run.printed);
    const char *changed = strstr(run.printed, " changed a register"); // the printing services print, too
    if (changed)
        fail_msg("%s", run.printed);
    assert_true(run.length >= 5 && strcmp(run.printed + run.length - 5, "done\n") == 0);
    base_buf_free(&image);
    base_buf_free(&source);
}

int main(void)
{
    static int yes = 1;
    const struct CMUnitTest tests[] = {
        {"registers_are_preserved", registers_are_preserved, NULL, NULL, NULL},
        {"registers_are_preserved_in_a_debug_driver", registers_are_preserved, NULL, NULL, &yes},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
