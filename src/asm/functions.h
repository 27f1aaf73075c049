// Every function that files of this room share, grouped by the file that defines it. What each must hold stands above
// its body. Included by defs.h only.
#ifndef VXDKIT_ASM_FUNCTIONS_H
#define VXDKIT_ASM_FUNCTIONS_H

// report.c
void asm_verror(struct assembler *a, const char *at, const char *format, va_list args) BASE_PRINTF(3, 0);
void asm_error(struct assembler *a, const char *at, const char *format, ...) BASE_PRINTF(3, 4);
void asm_error_outside(struct assembler *a, const char *at, const char *format, ...) BASE_PRINTF(3, 4);
void asm_flush_messages(struct assembler *a);
void asm_fatal(struct assembler *a, const char *format, ...) BASE_PRINTF(2, 3) __attribute__((noreturn));
void asm_warn(struct assembler *a, enum asm_warning warning, const char *at, const char *format, ...) BASE_PRINTF(4, 5);
const char *asm_format(struct assembler *a, const char *format, ...) BASE_PRINTF(2, 3);
void asm_memory_init(struct assembler *a);
void asm_memory_free(struct assembler *a);
void *asm_get(struct assembler *a, size_t size);
char *asm_text_copy(struct assembler *a, const char *text, size_t length);
struct asm_text asm_keep_buf(struct assembler *a, const struct base_buf *b);
void asm_check(struct assembler *a, const struct base_buf *b);
void *asm_grow(struct assembler *a, void *array, size_t *capacity, size_t count, size_t element);
void asm_count_work(struct assembler *a);

// name.c
bool asm_same_text(const char *x, size_t x_length, const char *y, size_t y_length, bool exact);
struct asm_name *asm_name_get(struct assembler *a, const char *text, size_t length);
struct asm_name *asm_name_of(struct assembler *a, const char *text);
void asm_names_init(struct assembler *a);
void asm_names_free(struct assembler *a);

// lex.c
const char *asm_skip_string(const char *p, const char *end);
struct asm_text asm_trim(const char *p, const char *end);
unsigned asm_number_radix(const struct assembler *a, const char *p, size_t *length);
void asm_lex(struct assembler *a, struct asm_line_room *room, const char *p, size_t length);
bool asm_accept(struct assembler *a, char c);
bool asm_expect(struct assembler *a, char c);
bool asm_is_word(const struct asm_token *t, const char *word);
bool asm_accept_word(struct assembler *a, const char *word);
bool asm_is_operator(const struct asm_token *t, int operator);
struct asm_name *asm_expect_name(struct assembler *a);
void asm_expect_end(struct assembler *a);
void asm_string_bytes(const struct asm_token *t, struct base_buf *out);

// type.c
const struct asm_field *asm_type_field(const struct asm_type *type, const struct asm_name *name, uint32_t *offset);
bool asm_is_code_type(const struct asm_type *type);
uint32_t asm_type_size(const struct assembler *a, const struct asm_type *type);
bool asm_is_structure(const struct asm_type *type);
const struct asm_type *asm_parse_type(struct assembler *a);

// symbol.c
struct asm_symbol *asm_symbol_get(struct assembler *a, struct asm_name *name);
struct asm_symbol *asm_symbol_local(struct assembler *a, struct asm_name *name);
struct asm_symbol *asm_lookup(const struct asm_name *name);
const struct asm_symbol *asm_near_symbol(const struct assembler *a, const char *text, size_t length);
const char *asm_kind_name(const struct asm_symbol *s);
void asm_error_redefined(struct assembler *a, const struct asm_symbol *s, const char *at);
struct asm_symbol *asm_symbol_claim(struct assembler *a, struct asm_name *name, int kind, const char *at);
void asm_place_label(struct assembler *a, struct asm_symbol *s);
struct asm_symbol *asm_define_label(struct assembler *a, struct asm_symbol *s, const struct asm_type *type,
                                    const char *at);
struct asm_symbol *asm_anonymous(struct assembler *a, uint32_t number);
struct asm_symbol *asm_define_anonymous(struct assembler *a);
void asm_define_value(struct assembler *a, struct asm_symbol *s, const struct asm_value *v, bool redefinable,
                      bool stable);
void asm_define_number(struct assembler *a, const char *name, int64_t number);
void asm_define_text(struct assembler *a, struct asm_symbol *s, const char *text, size_t length);
const char *asm_public_name(struct assembler *a, struct asm_symbol *s);

// value.c
struct asm_value asm_number(int64_t number);
bool asm_has_base(const struct asm_value *v);
bool asm_is_constant(const struct asm_value *v);
uint32_t asm_value_size(const struct assembler *a, const struct asm_value *v);
bool asm_add(struct assembler *a, struct asm_value *x, const struct asm_value *right, const char *at);
bool asm_subtract(struct assembler *a, struct asm_value *x, const struct asm_value *y, const char *at);
bool asm_binary(struct assembler *a, int operator, struct asm_value * x, const struct asm_value *y, const char *at);
bool asm_part(struct assembler *a, int operator, struct asm_value * x, const char *at);

// primary.c
bool asm_here_value(struct assembler *a, struct asm_value *v, const char *at);
bool asm_parse_measure(struct assembler *a, struct asm_value *v, int operator);
bool asm_parse_bracket(struct assembler *a, struct asm_value *v);
bool asm_parse_primary(struct assembler *a, struct asm_value *v);

// expr.c
bool asm_parse_deeper(struct assembler *a, bool (*parse)(struct assembler *a, struct asm_value *v),
                      struct asm_value *v);
bool asm_parse_postfix(struct assembler *a, struct asm_value *v);
bool asm_parse_colon(struct assembler *a, struct asm_value *v);
bool asm_expression(struct assembler *a, struct asm_value *v);
bool asm_try_expression(struct assembler *a, struct asm_value *v);
bool asm_constant(struct assembler *a, int64_t *number);

// source.c
void asm_inputs_free(struct assembler *a);
uint32_t asm_add_file(struct assembler *a, const char *path);
void asm_push_file(struct assembler *a, const char *path, const char *text, size_t size);
bool asm_next_line(struct assembler *a, const struct asm_input *stop, struct asm_text *line);
struct asm_origin asm_lasting_origin(const struct assembler *a);
bool asm_leave_macro(struct assembler *a);
void asm_include(struct assembler *a, struct asm_name *name, int argument);
void asm_run_line(struct assembler *a, const char *text, const char *what);
const struct asm_input *asm_input_below(const struct assembler *a);
void asm_check_closed(struct assembler *a);

// process.c
void asm_rooms_free(struct assembler *a);
void asm_save_line(struct assembler *a, struct asm_line_state *s);
void asm_restore_line(struct assembler *a, const struct asm_line_state *s);
const struct asm_token *asm_tokens(struct assembler *a, struct asm_text text);
void asm_lex_plain(struct assembler *a, struct asm_text text);
void asm_continue_line(struct assembler *a, const char *text, size_t length);
void asm_process_line(struct assembler *a, struct asm_text line);

// cond.c
bool asm_known_constant(struct assembler *a, struct asm_text text, int64_t *number);
bool asm_try_constant(struct assembler *a, struct asm_text text, int64_t *number);
void asm_if(struct assembler *a, struct asm_name *name, int test);
void asm_else(struct assembler *a, struct asm_name *name, int argument);
void asm_elseif(struct assembler *a, struct asm_name *name, int test);
void asm_endif(struct assembler *a, struct asm_name *name, int argument);
void asm_skip_conditional(struct assembler *a, const char *p, const char *end);
void asm_err(struct assembler *a, struct asm_name *name, int test);
void asm_err_value(struct assembler *a, struct asm_name *name, int test);

// macro.c
bool asm_collect_body(struct assembler *a, struct asm_macro *m);
void asm_macro(struct assembler *a, struct asm_name *name, int argument);
void asm_purge(struct assembler *a, struct asm_name *name, int argument);
void asm_endm(struct assembler *a, struct asm_name *name, int argument);
void asm_macro_call(struct assembler *a, struct asm_symbol *s, const char *p, const char *end);
const char *asm_call_function(struct assembler *a, struct asm_symbol *s, const char *p, const char *end,
                              struct base_buf *out);
void asm_exitm(struct assembler *a, struct asm_name *name, int argument);
void asm_goto(struct assembler *a, struct asm_name *name, int argument);

// argument.c
void asm_print_number(const struct assembler *a, int64_t number, struct base_buf *out);
bool asm_is_text_item(struct assembler *a, const char *p, const char *end);
bool asm_text_argument(struct assembler *a, const char **p, const char *end, struct base_buf *out);
void asm_expand_once(struct assembler *a, struct asm_text text, struct base_buf *out);
void asm_expand_fully(struct assembler *a, struct asm_text text, struct base_buf *out);
void asm_expand_first(struct assembler *a, struct asm_text text, const struct asm_name *name, struct base_buf *out);

// loop.c
void asm_repeat(struct assembler *a, struct asm_name *name, int argument);
void asm_while_loop(struct assembler *a, struct asm_name *name, int argument);
void asm_for(struct assembler *a, struct asm_name *name, int argument);
void asm_forc(struct assembler *a, struct asm_name *name, int argument);

// textmacro.c
void asm_catstr(struct assembler *a, struct asm_name *name, int argument);
void asm_equ(struct assembler *a, struct asm_name *name, int argument);
void asm_equal(struct assembler *a, struct asm_name *name, const char *p, const char *end);
void asm_rerun_equate(struct assembler *a, struct asm_symbol *s);
void asm_substr(struct assembler *a, struct asm_name *name, int argument);
void asm_instr(struct assembler *a, struct asm_name *name, int argument);
void asm_sizestr(struct assembler *a, struct asm_name *name, int argument);
void asm_builtins_init(struct assembler *a);
void asm_echo(struct assembler *a, struct asm_name *name, int argument);

// statement.c
struct asm_token *asm_copy_tokens(struct assembler *a, const struct asm_token *first);
void asm_keep_line(struct assembler *a, const struct asm_token *first, struct asm_symbol *symbol);
void asm_keep_label(struct assembler *a, struct asm_symbol *symbol);
void asm_keep_assignment(struct assembler *a, struct asm_symbol *symbol);
void asm_keep_equate(struct assembler *a, struct asm_symbol *symbol);
const struct asm_type *asm_data_type(const struct asm_token *t);
void asm_statement(struct assembler *a);
// Where case does not count, a symbol is spelled as its definition or declaration spells it, not as the first mention
// of the word did. `text` is where the name stands now.
void asm_spell(struct assembler *a, struct asm_name *n, const char *text);
void asm_code_label(struct assembler *a, struct asm_name *name, bool global, const char *at);
void asm_rerun(struct assembler *a, struct asm_statement *s);

// data.c
const struct asm_type *asm_data_directive_type(const struct asm_directive *d);
bool asm_data_items_one(struct assembler *a, struct asm_data *d);
bool asm_data_items(struct assembler *a, struct asm_data *d, char close);
void asm_data(struct assembler *a, const struct asm_type *type);
void asm_data_directive(struct assembler *a, struct asm_name *name, int argument);
void asm_align(struct assembler *a, struct asm_name *name, int even);
void asm_org(struct assembler *a, struct asm_name *name, int argument);
void asm_label(struct assembler *a, struct asm_name *name, int argument);

// real.c
bool asm_real_bytes(const struct asm_token *t, bool negative, uint32_t size, uint8_t *out);

// struct.c
void asm_struct(struct assembler *a, struct asm_name *name, int kind);
void asm_end_structure(struct assembler *a, const struct asm_name *name);
bool asm_structure_line(struct assembler *a, const struct asm_token *t);
void asm_instance_default(struct assembler *a, const struct asm_type *t);
bool asm_instance(struct assembler *a, const struct asm_type *t, bool dry);
void asm_record(struct assembler *a, struct asm_name *name, int argument);
uint32_t asm_record_width(const struct asm_type *t);
bool asm_record_constant(struct assembler *a, const struct asm_type *t, struct asm_value *v);
void asm_typedef(struct assembler *a, struct asm_name *name, int argument);

// segment.c
uint8_t asm_default_word(const struct assembler *a);
struct asm_segment *asm_segment_get(struct assembler *a, struct asm_name *name, const char *at);
void asm_enter_segment(struct assembler *a, struct asm_segment *s);
void asm_segment_directive(struct assembler *a, struct asm_name *name, int argument);
void asm_ends(struct assembler *a, struct asm_name *name, int argument);
void asm_group(struct assembler *a, struct asm_name *name, int argument);
void asm_assume(struct assembler *a, struct asm_name *name, int argument);
void asm_assume_flat_default(struct assembler *a);
void asm_cpu(struct assembler *a, struct asm_name *name, int cpu);
void asm_show_cpu(struct assembler *a);
void asm_simple_segment(struct assembler *a, struct asm_name *name, int which);
void asm_model(struct assembler *a, struct asm_name *name, int argument);
void asm_end(struct assembler *a, struct asm_name *name, int argument);
void asm_dosseg(struct assembler *a, struct asm_name *name, int argument);

// startup.c
void asm_startup(struct assembler *a, struct asm_name *name, int argument);
void asm_exit(struct assembler *a, struct asm_name *name, int argument);

// option.c
void asm_option_m510(struct assembler *a);
void asm_option(struct assembler *a, struct asm_name *name, int argument);
void asm_radix(struct assembler *a, struct asm_name *name, int argument);
void asm_push_context(struct assembler *a, struct asm_name *name, int argument);
void asm_pop_context(struct assembler *a, struct asm_name *name, int argument);

// extern.c
void asm_public(struct assembler *a, struct asm_name *name, int argument);
void asm_extrn(struct assembler *a, struct asm_name *name, int weak);
void asm_comm(struct assembler *a, struct asm_name *name, int argument);
void asm_includelib(struct assembler *a, struct asm_name *name, int argument);
uint32_t asm_parameter_bytes(const struct assembler *a, const struct asm_parameter *p);
const struct asm_type *asm_parse_prototype(struct assembler *a);
void asm_proto(struct assembler *a, struct asm_name *name, int argument);

// proc.c
uint32_t asm_proc_bytes(const struct asm_symbol *s);
void asm_proc_add_local(struct assembler *a, struct asm_symbol *s);
void asm_proc(struct assembler *a, struct asm_name *name, int argument);
void asm_endp(struct assembler *a, struct asm_name *name, int argument);
void asm_local_directive(struct assembler *a, struct asm_name *name, int argument);
void asm_before_code(struct assembler *a);
bool asm_procedure_return(struct assembler *a, const struct asm_token *t);

// hll.c
void asm_hll(struct assembler *a, struct asm_name *name, int which);
void asm_hll_check_closed(struct assembler *a);

// invoke.c
void asm_invoke(struct assembler *a, struct asm_name *name, int argument);

// directive.c
void asm_directives_init(struct assembler *a);
void asm_comment(struct assembler *a, struct asm_name *name, int argument);

// forms.c
void asm_forms_init(struct assembler *a);

// match.c
void asm_instruction(struct assembler *a);

// encode.c
void asm_emit(struct assembler *a, const void *data, size_t n);
void asm_reserve(struct assembler *a, uint64_t n);
void asm_emit_number(struct assembler *a, uint64_t value, size_t size);
void asm_emit_address(struct assembler *a, const struct asm_value *v, size_t size, const char *at);

// passes.c
bool asm_run_passes(struct assembler *a);

// listing.c
void asm_list_line(struct assembler *a);
struct asm_list_entry *asm_list_hold(struct assembler *a);
void asm_list_resume(struct assembler *a, const struct asm_list_entry *e);
void asm_list_again(struct assembler *a, const struct asm_statement *s);
void asm_list_end(struct assembler *a, const struct asm_statement *s);
void asm_write_listing(struct assembler *a);
void asm_list_free(struct assembler *a);
void asm_title(struct assembler *a, struct asm_name *name, int is_title);
void asm_listing_directive(struct assembler *a, struct asm_name *name, int what);

// object.c
bool asm_write_object(struct assembler *a, struct base_buf *out);

// asm.c
void asm_predefine_model(struct assembler *a);

#endif
