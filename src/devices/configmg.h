// CONFIGMG, the configuration manager, between its files: the tree of device nodes, their logical configurations and
// resource descriptors as rows of plain numbers. What has no fixed size (identifiers, resource data) lies in guest
// memory. Handles hold the row and its generation, so that a dead one is recognised.
#ifndef VXDKIT_DEVICES_CONFIGMG_H
#define VXDKIT_DEVICES_CONFIGMG_H

#include "devices/call.h"
#include "devices/common.h"
#include "devices/hardware.h"
#include "kit/constants.h"
#include "vmm/hive.h"

enum {
    CONFIGMG_NODES = 192, // row 0 is none, 1 the root
    CONFIGMG_CONFS = 768,
    CONFIGMG_DESCRIPTORS = 2048,
    CONFIGMG_LISTS = 256, // of ranges
    CONFIGMG_RANGES = 2048,
    CONFIGMG_PRIVATES = 512,
    CONFIGMG_TYPES = 6, // of logical configurations: BASIC_LOG_CONF to FORCED_LOG_CONF, and one that nobody sees
    CONFIGMG_TRIED = 5, // being arbitrated
    CONFIGMG_ARBITRATORS = 32,
    CONFIGMG_ROOT = 1,
    CONFIGMG_DATA = 1024,  // bytes of a descriptor's data
    CONFIGMG_PATH = 512,   // bytes of a registry path (MAX_VMM_REG_KEY_LEN is 256)
    CONFIGMG_NAMES = 256,  // bytes of a list of file names
    CONFIGMG_LOADS = 3,    // kinds of VxDs loaded for a node: enumerator, loader, driver
    CONFIGMG_FAULTED = -1, // a page fault was noted: no answer, the service runs again
};

enum configmg_kind {
    CONFIGMG_NODE = 1,
    CONFIGMG_CONF,
    CONFIGMG_DESCRIPTOR,
    CONFIGMG_LIST,
    CONFIGMG_RANGE,
    CONFIGMG_ARBITRATOR
};

struct configmg_node {
    uint32_t generation; // 0: free
    uint16_t parent, child, sibling;
    uint16_t conf[CONFIGMG_TYPES]; // first of each type
    uint32_t id;                   // guest address of its identifier, 0 = none
    uint32_t status, problem;      // DN_*, CM_PROB_*
    uint32_t handler, reference;   // of Register_Device_Driver
    uint32_t enumerator, function; // of Register_Enumerator and _Function
    uint32_t driver_dword;
    uint32_t bus_type, bus_info, bus_bytes; // bus_info: guest address
    uint32_t disabled;                      // how often
    uint32_t ddbs[CONFIGMG_LOADS];          // guest addresses of arrays
    uint8_t ddb_count[CONFIGMG_LOADS];
    uint8_t waits; // to be loaded, configured, started
    uint8_t to_enumerate;
    uint8_t described; // its number in the hardware description, from 1; 0 = it is not in there
    uint8_t new_node;  // its loader has not been asked yet
    uint8_t assigned;  // moved to other resources, to be started again
};

struct configmg_conf {
    uint32_t generation;
    uint32_t priority;
    uint16_t node, next, first;
    uint8_t type;
};

struct configmg_descriptor {
    uint32_t generation;
    uint32_t data, bytes; // guest address
    uint32_t type;        // ResType_*
    uint16_t conf, next;
};

struct configmg_arbitrator {     // of a driver
    uint32_t generation, serial; // serial: the later, the higher
    uint32_t resource, handler, reference;
    uint16_t node; // 0 = none
    uint8_t local; // for what is below the node
};
// Who arbitrates: a row of these, or
enum { CONFIGMG_BUILT_IN = 0, CONFIGMG_NOBODY = 0xFFFF, CONFIGMG_IGNORED = 0xFFFE };

struct configmg_list {
    uint32_t generation;
    uint16_t first;
};

struct configmg_range {
    uint32_t generation;
    uint32_t start, end; // both in it
    uint16_t next;
};

struct configmg_private { // a value that the driver of `of` keeps at the node `in`
    uint16_t in, of;      // in 0: free
    uint32_t value;
};

struct configmg {
    uint32_t generation;
    struct configmg_node node[CONFIGMG_NODES];
    struct configmg_conf conf[CONFIGMG_CONFS];
    struct configmg_descriptor descriptor[CONFIGMG_DESCRIPTORS];
    struct configmg_arbitrator arbitrator[CONFIGMG_ARBITRATORS]; // row 0 is none
    uint32_t arbitrators;                                        // registered so far
    struct configmg_list list[CONFIGMG_LISTS];
    struct configmg_range range[CONFIGMG_RANGES];
    struct configmg_private private[CONFIGMG_PRIVATES];
    uint32_t locked;    // work on the tree is held back
    uint32_t wait_code; // guest code of Yield, 0 = not made yet
    uint32_t timer_proc, tell_proc;
    uint8_t scheduled; // processing of the tree has been asked for
    uint8_t up, shutting_down;
    uint16_t work_kind, load_kind, change_kind, call_kind, appy_kind, yield_kind, tell_kind, hear_kind, assign_kind,
        query_kind;
};

struct configmg *configmg_state(struct vmm *v);

// configmg.c: rows, handles, the tree
uint32_t configmg_handle(struct vmm *v, enum configmg_kind kind, uint32_t row);
uint32_t configmg_row(struct vmm *v, enum configmg_kind kind, uint32_t handle); // 0: not a live one
uint32_t configmg_node_new(struct vmm *v, uint32_t parent, const char *id);     // 0: no room
void configmg_node_free(struct vmm *v, uint32_t node);
uint32_t configmg_find(struct vmm *v, const char *id);
uint32_t configmg_next_in_tree(struct vmm *v, uint32_t top, uint32_t node); // parents first; 0: all were visited
void configmg_id(struct vmm *v, uint32_t node, char id[HARDWARE_ID]);       // "" = none
uint32_t configmg_waiting(struct vmm *v);        // the first node in the tree that is to be loaded or started, 0 = none
void configmg_answer(struct vmm *v, int result); // CR_* in EAX
bool configmg_in_system_vm(struct vmm *v);
// The node that argument n is; the flags must be 0: CR_*.
int configmg_node_argument(struct vmm *v, unsigned n, unsigned flags, uint32_t *node);
int configmg_deliver(struct vmm *v, uint32_t to, uint32_t value); // a result to where a pointer says: CR_*
void configmg_problem(struct vmm *v, uint32_t node, uint32_t problem);
void configmg_announce(struct vmm *v, uint32_t node, const char *what);

// configmg_conf.c: logical configurations and resource descriptors
uint32_t configmg_conf_new(struct vmm *v, uint32_t node, uint32_t type, uint32_t priority, bool before_equals);
void configmg_conf_free(struct vmm *v, uint32_t conf);
uint32_t configmg_descriptor_new(struct vmm *v, uint32_t conf, uint32_t type, const void *data, uint32_t bytes);
void configmg_confs_free(struct vmm *v, uint32_t node, uint32_t type); // all of a type
uint32_t configmg_conf_copy(struct vmm *v, uint32_t conf, uint32_t type);
extern const struct vmm_binding configmg_conf_bindings[];

// configmg_arbitrate.c: from filtered configurations to an allocated one. For a frame: the answer comes in EAX:
// CR_SUCCESS, CR_FAILURE (a conflict), CR_NO_ARBITRATOR, CR_OUT_OF_MEMORY.
void configmg_assign_begin(struct vmm *v, uint32_t node);
void configmg_arbitrate_create(struct vmm *v);

// configmg_arbitrator.c: who arbitrates
uint32_t configmg_arbitrator_of(struct vmm *v, uint32_t node, uint32_t resource); // a row, or one of the numbers above
void configmg_arbitrator_create(struct vmm *v);
extern const struct vmm_binding configmg_arbitrator_bindings[];

// configmg_alloc.c: the arbitrators that are always there
// Fills in the configuration that is tried. `partner` gives up what it has (0 = nobody does). False: a conflict.
bool configmg_solve(struct vmm *v, uint32_t node, uint32_t partner, bool forced);
enum { CONFIGMG_FREE = 4096 };                                                            // bytes
uint32_t configmg_free_ones(struct vmm *v, uint32_t resource, uint8_t to[CONFIGMG_FREE]); // how many bytes
void configmg_place_spaces(struct vmm *v, uint32_t node,
                           uint32_t type); // scripted ranges: where this configuration says
void configmg_announce_started(struct vmm *v, uint32_t node);
extern const struct vmm_binding configmg_alloc_bindings[];

// The mask of an alignment (FFF8h: multiples of 8) as a step.
uint64_t configmg_step(uint32_t mask, uint32_t bits);

// The first resource of a type that the node has: its base or number. False: it has none.
bool configmg_allocated(struct vmm *v, uint32_t node, uint32_t resource, uint32_t *first);

// configmg_range.c: range lists
extern const struct vmm_binding configmg_range_bindings[];

// configmg_private.c: values that drivers keep at nodes
void configmg_privates_free(struct vmm *v, uint32_t node);
extern const struct vmm_binding configmg_private_bindings[];

// configmg_system.c: the configuration manager itself
void configmg_at_appy_time_begin(struct vmm *v, uint32_t proc, uint32_t reference); // for a service: CR_* in EAX
bool configmg_system_create(struct vmm *v);
extern const struct vmm_binding configmg_system_bindings[];

// configmg_profile.c: hardware profiles
uint32_t configmg_profile_flags(struct vmm *v, const char *id); // CSCONFIGFLAG_* in the current one
bool configmg_profile_create(struct vmm *v);
extern const struct vmm_binding configmg_profile_bindings[];

// configmg_isapnp.c: resource data of cards
extern const struct vmm_binding configmg_isapnp_bindings[];

// configmg_registry.c: keys of a device node
uint32_t configmg_machine_key(struct vmm *v, const char *path, bool make); // below HKEY_LOCAL_MACHINE; 0 = absent
uint32_t configmg_key_text(struct vmm *v, uint32_t key, const char *name, char *to, uint32_t size); // length
// A text of the driver's key, or of a key below it (`sub` NULL: itself); its length.
uint32_t configmg_driver_text(struct vmm *v, uint32_t node, const char *sub, const char *name, char *to, uint32_t size);
bool configmg_describe_key(struct vmm *v, const struct hardware_node *n);
extern const struct vmm_binding configmg_registry_bindings[];

// configmg_call.c: handlers of drivers and enumerators
void configmg_call_begin(struct vmm *v, uint32_t node, uint32_t function, uint32_t sub); // its driver's
void configmg_call_enumerator_begin(struct vmm *v, uint32_t node, uint32_t about, uint32_t function, uint32_t sub);
// The driver's handler and the one of its parent's enumerator, in this order, until one refuses. For a frame: the
// answer comes in EAX.
void configmg_tell_begin(struct vmm *v, uint32_t node, uint32_t function, uint32_t sub);
bool configmg_has_listener(struct vmm *v, uint32_t node);
bool configmg_agreed(struct vmm *v); // what a handler has answered: CR_SUCCESS or CR_DEFAULT
void configmg_call_create(struct vmm *v);

// configmg_load.c: VxDs loaded for a node. The answer of `begin` comes in EAX. registry: what is missing is reported.
void configmg_load_begin(struct vmm *v, uint32_t node, const char *names, uint32_t type, bool registry);
void configmg_loads_free(struct vmm *v, uint32_t node);
void configmg_load_create(struct vmm *v);
extern const struct vmm_binding configmg_load_bindings[];

// configmg_start.c: configuring and starting
void configmg_schedule(struct vmm *v);
void configmg_work_begin(struct vmm *v);
void configmg_work_answer_begin(struct vmm *v); // for a service: CR_SUCCESS in EAX at the end
void configmg_enumerate_all(struct vmm *v);     // all enumerators, soon
void configmg_start_create(struct vmm *v);
extern const struct vmm_binding configmg_start_bindings[];

// configmg_change.c: stopping, removing, calling back
void configmg_remove_begin(struct vmm *v, uint32_t node); // with its subtree; for a service: CR_SUCCESS in EAX
void configmg_change_create(struct vmm *v);
void configmg_shut_down_begin(struct vmm *v); // CONFIG_SHUTDOWN to all drivers that were started
extern const struct vmm_binding configmg_change_bindings[];

// configmg_publish.c: the tree in HKEY_DYN_DATA
void configmg_publish(struct vmm *v);

// configmg_describe.c: the tree from a hardware description. False: no room.
bool configmg_describe(struct vmm *v, const struct hardware *h);

#endif
