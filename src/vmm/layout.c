// What lies in guest memory from the beginning: page directory, descriptor tables, task state segment, gate pages, and
// in the first megabyte the System VM's idle loop and the traps that call-backs stand on.
#include "vmm/defs.h"

#include <string.h>

enum { TSS_ESP0 = 4, TSS_SS0 = 8, TSS_IO_MAP = 0x66, TSS_BYTES = 0x68, IO_MAP_BYTES = 0x2000 };
enum { FLAT_CODE = VMM_FLAT_CODE, FLAT_DATA = VMM_FLAT_DATA, TSS_ACCESS = 0x008B, RING3_CODE16 = 0x00FB };
enum { CR0_PE = 1, CR0_ET = 0x10 };

static void put_descriptor(uint8_t *to, uint32_t base, uint32_t limit, uint16_t access)
{
    base_put32(to, (limit & 0xFFFF) | base << 16);
    base_put32(to + 4, (base >> 16 & 0xFF) | (uint32_t)(access & 0xFF) << 8 | (limit & 0xF0000) |
                           (uint32_t)(access & 0xF000) << 8 | (base & 0xFF000000));
}

// Stores at a linear address before the processor runs.
static bool store(struct vmm *v, uint32_t linear, const void *bytes, uint32_t n)
{
    uint32_t pte;
    return vmm_pte_get(v, linear, &pte) && x86_memory_store(v->memory, (pte & ~0xFFFu) | (linear & 0xFFF), bytes, n);
}

static bool create_directory(struct vmm *v)
{
    v->s.page_directory = vmm_phys_take_one(v);
    // The directory is its own last table but one: all page tables appear at VMM_PAGE_TABLES.
    return v->s.page_directory && vmm_pde_set(v, VMM_PAGE_TABLES, v->s.page_directory);
}

static bool create_tables(struct vmm *v)
{
    v->s.gdt = vmm_take_pages(v, 16);
    v->s.idt = vmm_take_pages(v, 1);
    v->s.tss = vmm_take_pages(v, (TSS_BYTES + IO_MAP_BYTES + 1 + X86_PAGE_SIZE - 1) / X86_PAGE_SIZE);
    if (!v->s.gdt || !v->s.idt || !v->s.tss)
        return false;
    uint8_t gdt[VMM_FIRST_FREE_SELECTOR] = {0}, tss[TSS_BYTES] = {0}, entry[8];
    put_descriptor(gdt + VMM_TSS, v->s.tss, TSS_BYTES + IO_MAP_BYTES, TSS_ACCESS);
    put_descriptor(gdt + VMM_CS, 0, 0xFFFFF, FLAT_CODE);
    put_descriptor(gdt + VMM_DS, 0, 0xFFFFF, FLAT_DATA);
    put_descriptor(gdt + VMM_PM_TRAPS, VMM_IDLE_SEGMENT << 4, 0xFFFF, RING3_CODE16);
    base_put16(tss + TSS_SS0, VMM_DS);
    base_put16(tss + TSS_IO_MAP, TSS_BYTES);
    const uint8_t end_of_map = 0xFF;
    bool ok = store(v, v->s.gdt, gdt, sizeof gdt) && store(v, v->s.tss, tss, sizeof tss) &&
              store(v, v->s.tss + TSS_BYTES + IO_MAP_BYTES, &end_of_map, 1);
    for (uint32_t n = 0; n < 256; n++) { // interrupt gates for ring 0 only: ring 3 faults into the V86 monitor instead
        uint32_t to = vmm_gate_address(VMM_GATE_VECTOR + n);
        base_put32(entry, (to & 0xFFFF) | (uint32_t)VMM_CS << 16);
        base_put32(entry + 4, (to & 0xFFFF0000) | 0x8E00);
        ok = ok && store(v, v->s.idt + 8 * n, entry, 8);
    }
    return ok;
}

static void fill_gates(uint8_t *page, uint32_t first)
{
    memset(page, 0xCC, X86_PAGE_SIZE);
    for (uint32_t i = 0; i < X86_PAGE_SIZE / 16; i++) {
        uint8_t *gate = page + 16 * i;
        if (first + i == VMM_GATE_IRET) {
            gate[0] = 0xCF;
            continue;
        }
        gate[0] = 0x0F;
        gate[1] = 0x3F;
        base_put16(gate + 2, (uint16_t)(first + i));
    }
}

bool vmm_gates_map(struct vmm *v, uint32_t count)
{
    uint32_t need = (count * 16 + X86_PAGE_SIZE - 1) / X86_PAGE_SIZE;
    uint8_t bytes[X86_PAGE_SIZE];
    for (; v->s.gates_mapped < need; v->s.gates_mapped++) {
        uint32_t page = vmm_phys_take_one(v);
        uint32_t linear = VMM_GATE_BASE + v->s.gates_mapped * X86_PAGE_SIZE;
        fill_gates(bytes, v->s.gates_mapped * (X86_PAGE_SIZE / 16));
        if (!page || !x86_memory_store(v->memory, page * X86_PAGE_SIZE, bytes, sizeof bytes) ||
            !x86_memory_set_kind(v->memory, page, 1, X86_GATES) ||
            !vmm_pte_set(v, linear, page * X86_PAGE_SIZE | VMM_PTE_PRESENT))
            return false;
    }
    return true;
}

static bool create_first_megabyte(struct vmm *v)
{
    static const uint8_t idle[] = {0xFB, 0xF4, 0xEB, 0xFC}; // sti; hlt; jmp $-2
    static const uint8_t iret = 0xCF;
    const uint32_t rom = VMM_IDLE_SEGMENT << 4;
    uint8_t traps[VMM_TRAPS], pm_traps[VMM_TRAPS], vectors[0x400];
    memset(traps, 0x63, sizeof traps);       // ARPL: an invalid opcode in V86 mode
    memset(pm_traps, 0xF4, sizeof pm_traps); // HLT: faults in ring 3
    for (unsigned i = 0; i < 256; i++)
        base_put32(vectors + 4 * i, (uint32_t)VMM_IDLE_SEGMENT << 16 | VMM_IRET_OFFSET);
    return x86_memory_store(v->memory, rom + VMM_IDLE_OFFSET, idle, sizeof idle) &&
           x86_memory_store(v->memory, rom + VMM_IRET_OFFSET, &iret, 1) &&
           x86_memory_store(v->memory, rom + VMM_TRAP_OFFSET, traps, sizeof traps) &&
           x86_memory_store(v->memory, rom + VMM_PM_TRAP_OFFSET, pm_traps, sizeof pm_traps) &&
           x86_memory_store(v->memory, 0, vectors, sizeof vectors);
}

bool vmm_rom_put(struct vmm *v, uint16_t offset, const void *bytes, uint32_t n)
{
    return x86_memory_store(v->memory, (VMM_IDLE_SEGMENT << 4) + offset, bytes, n);
}

static void start_processor(struct vmm *v)
{
    struct x86_state *s = &v->cpu->state;
    s->gdtr = (struct x86_table){v->s.gdt, 0xFFFF};
    s->idtr = (struct x86_table){v->s.idt, 256 * 8 - 1};
    for (unsigned i = X86_ES; i <= X86_GS; i++)
        s->seg[i] = (struct x86_segment){VMM_DS, FLAT_DATA, 0, UINT32_MAX};
    s->seg[X86_CS] = (struct x86_segment){VMM_CS, FLAT_CODE, 0, UINT32_MAX};
    s->seg[X86_LDTR] = (struct x86_segment){0, 0, 0, 0};
    s->seg[X86_TR] = (struct x86_segment){VMM_TSS, TSS_ACCESS, v->s.tss, TSS_BYTES + IO_MAP_BYTES};
    s->guard = VMM_GUARD_BYTES;
    s->cr0 = 0x80000000u | CR0_PE | CR0_ET;
    s->cr3 = v->s.page_directory * X86_PAGE_SIZE;
    s->eflags = 2;
    s->a20 = 1;
    x86_flush(v->cpu);
}

bool vmm_layout_create(struct vmm *v)
{
    if (!create_directory(v) || !vmm_range_take_at(v, VMM_GATE_BASE >> 12, VMM_GATES * 16 / X86_PAGE_SIZE))
        return false;
    if (!create_tables(v) || !vmm_gates_map(v, VMM_GATE_SERVICE) || !create_first_megabyte(v))
        return false;
    start_processor(v);
    return vmm_fault_chains_create(v);
}

void vmm_layout_stack(struct vmm *v, uint32_t esp0)
{
    if (v->s.esp0 != esp0)
        vmm_poke32(v, v->s.tss + TSS_ESP0, esp0);
    v->s.esp0 = esp0;
}

// The VMM's own structures that never go away (DDBs, service tables): from pages filled one after the other.
uint32_t vmm_kernel_get(struct vmm *v, uint32_t bytes)
{
    bytes = (bytes + 15) & ~15u;
    if (!v->s.kernel_page || v->s.kernel_used + bytes > X86_PAGE_SIZE) {
        uint32_t pages = (bytes + X86_PAGE_SIZE - 1) / X86_PAGE_SIZE, at = vmm_take_pages(v, pages);
        if (pages > 1 || !at)
            return at;
        v->s.kernel_page = at;
        v->s.kernel_used = 0;
    }
    uint32_t at = v->s.kernel_page + v->s.kernel_used;
    v->s.kernel_used += bytes;
    return at;
}
