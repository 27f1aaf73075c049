// The kit's tables agree with themselves and with the sizes the documentation gives.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kit/constants.h"
#include "kit/ddk.h"
#include "kit/messages.h"
#include "kit/names.h"
#include "kit/services.h"
#include "kit/structures.h"

static void sizes_are_the_documented_ones(void **state)
{
    (void)state;
    assert_int_equal(KIT_SIZE_VxD_Desc_Block, 0x50);
    assert_int_equal(KIT_SIZE_Client_Reg_Struc, 0x6C);
    assert_int_equal(KIT_SIZE_Client_Word_Reg_Struc, 0x6C);
    assert_int_equal(KIT_SIZE_Client_Byte_Reg_Struc, 0x6C);
    assert_int_equal(KIT_SIZE_DIOCParams, 0x30);
    assert_int_equal(KIT_SIZE_VPICD_IRQ_Descriptor, 0x20);
}

static void fields_follow_each_other_without_gaps(void **state)
{
    (void)state;
    for (size_t s = 0; s < kit_structure_count; s++) {
        const struct kit_structure *structure = &kit_structures[s];
        uint32_t at = 0;
        for (size_t f = 0; f < structure->field_count; f++) {
            const struct kit_field *field = &structure->fields[f];
            if (field->offset != at)
                fail_msg("%s: field %zu lies at %x, expected %x", structure->name, f, field->offset, at);
            at += (uint32_t)field->size * field->count;
        }
        if (at != structure->size)
            fail_msg("%s ends at %x, its size is %x", structure->name, at, structure->size);
    }
}

static void services_stand_in_order_once(void **state)
{
    (void)state;
    for (size_t d = 0; d < kit_device_count; d++)
        for (uint32_t i = 1; i < kit_devices[d].service_count; i++)
            if (kit_devices[d].services[i].ordinal <= kit_devices[d].services[i - 1].ordinal)
                fail_msg("%s: %s is out of order", kit_devices[d].name, kit_devices[d].services[i].name);
}

static void the_vmm_table_has_no_gap(void **state)
{
    (void)state;
    const struct kit_device *vmm = kit_device_by_id(1);
    assert_non_null(vmm);
    assert_int_equal(vmm->service_count, 0x1BE);
    for (uint32_t i = 0; i < vmm->service_count; i++)
        assert_int_equal(vmm->services[i].ordinal, i);
}

static void device_ids_ascend(void **state)
{
    (void)state;
    for (size_t d = 1; d < kit_device_count; d++)
        assert_true(kit_devices[d].id > kit_devices[d - 1].id);
}

static void messages_are_their_index_and_pair_up(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < KIT_MESSAGE_COUNT; i++) {
        const struct kit_message *message = kit_message(i);
        assert_non_null(message);
        assert_int_equal(message->value, i);
        if (!message->second)
            continue;
        const struct kit_message *second = kit_message(message->second);
        size_t length = strlen(message->name);
        assert_int_equal(strncmp(second->name, message->name, length), 0);
        assert_string_equal(second->name + length, "2");
        assert_true(second->flags & KIT_DESCENDING);
    }
    assert_null(kit_message(KIT_MESSAGE_COUNT));
}

static void names_are_found_in_any_case(void **state)
{
    (void)state;
    const struct kit_device *device = NULL;
    const struct kit_service *service = kit_service_by_name("call_RESTRICTED_event", &device);
    assert_non_null(service);
    assert_int_equal(service->ordinal, KIT_Call_Restricted_Event);
    assert_string_equal(device->name, "VMM");
    assert_int_equal(kit_message_by_name("DEVICE_INIT")->value, KIT_Device_Init);
    assert_int_equal(kit_constant_by_name("pef_time_out")->value, KIT_PEF_Time_Out);
    assert_int_equal(kit_structure_by_name("diocparams")->size, KIT_SIZE_DIOCParams);
    assert_null(kit_constant_by_name("PEF_Time"));
}

static void the_library_carries_the_include_files(void **state)
{
    (void)state;
    const struct kit_file *vmm = kit_ddk_file("VMM.INC");
    assert_non_null(vmm);
    assert_string_equal(vmm->name, "vmm.inc");
    assert_non_null(strstr(vmm->text, "@@Call_Restricted_Event EQU 1015Ah\n"));
    assert_null(kit_ddk_file("vmm"));
    for (size_t i = 0; i < kit_ddk_file_count; i++)
        assert_int_equal(strlen(kit_ddk_files[i].text), kit_ddk_files[i].size);
}

struct global_name {
    const char *name;
    uint32_t value;
};

static size_t add_name(struct global_name *names, size_t n, const char *name, uint32_t value)
{
    names[n] = (struct global_name){name, value};
    return n + 1;
}

// All that a source sees under a plain name once it has included everything. Aliases of equal value are welcome.
static size_t global_names(struct global_name *names)
{
    size_t n = 0;
    for (uint32_t i = 0; i < KIT_MESSAGE_COUNT; i++)
        n = add_name(names, n, kit_messages[i].name, kit_messages[i].value);
    for (size_t i = 0; i < kit_constant_count; i++)
        n = add_name(names, n, kit_constants[i].name, kit_constants[i].value);
    for (size_t s = 0; s < kit_structure_count; s++) {
        n = add_name(names, n, kit_structures[s].name, kit_structures[s].size);
        for (size_t f = 0; f < kit_structures[s].field_count; f++)
            if (kit_structures[s].fields[f].name)
                n = add_name(names, n, kit_structures[s].fields[f].name, kit_structures[s].fields[f].offset);
    }
    return n;
}

static void no_name_has_two_meanings(void **state)
{
    (void)state;
    static struct global_name names[4096];
    size_t n = global_names(names);
    assert_true(n < BASE_COUNT(names));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (kit_same_name(names[i].name, names[k].name) && names[i].value != names[k].value)
                fail_msg("%s is both %x and %x", names[i].name, names[k].value, names[i].value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_the_documented_ones),
        cmocka_unit_test(fields_follow_each_other_without_gaps),
        cmocka_unit_test(services_stand_in_order_once),
        cmocka_unit_test(the_vmm_table_has_no_gap),
        cmocka_unit_test(device_ids_ascend),
        cmocka_unit_test(messages_are_their_index_and_pair_up),
        cmocka_unit_test(names_are_found_in_any_case),
        cmocka_unit_test(no_name_has_two_meanings),
        cmocka_unit_test(the_library_carries_the_include_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
