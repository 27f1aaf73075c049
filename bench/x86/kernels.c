// Guest code of the processor's benchmark: freestanding 32-bit C, linked flat at 1 MB. EAX names the kernel; it runs,
// leaves a check value in EAX and halts. Data lies behind the image.
#include <stdint.h>

typedef uint32_t kernel(void);

enum { SORTED = 20000, SIEVED = 200000, BYTES = 65536, SIZE = 48, NODES = 4096 };

static uint32_t words[SIEVED];
static uint8_t *const bytes = (uint8_t *)words;
static uint32_t matrix_a[SIZE][SIZE], matrix_b[SIZE][SIZE], matrix_c[SIZE][SIZE];

static uint32_t next(uint32_t *seed)
{
    return *seed = *seed * 1664525 + 1013904223;
}

static void fill(uint32_t n)
{
    uint32_t seed = 1;
    for (uint32_t i = 0; i < n; i++)
        words[i] = next(&seed);
}

static void sort_range(uint32_t *v, int low, int high)
{
    while (low < high) {
        uint32_t pivot = v[(low + high) / 2];
        int i = low, k = high;
        while (i <= k) {
            while (v[i] < pivot)
                i++;
            while (v[k] > pivot)
                k--;
            if (i <= k) {
                uint32_t t = v[i];
                v[i++] = v[k];
                v[k--] = t;
            }
        }
        sort_range(v, low, k);
        low = i;
    }
}

static uint32_t integer_sort(void)
{
    fill(SORTED);
    for (int round = 0; round < 8; round++) {
        sort_range(words, 0, SORTED - 1);
        for (int i = 0; i < SORTED; i += 3)
            words[i] ^= 0x5a5a5a5au * (uint32_t)(round + 1);
    }
    return words[SORTED / 2];
}

static uint32_t sieve(void)
{
    uint32_t count = 0;
    for (int round = 0; round < 12; round++) {
        for (uint32_t i = 0; i < SIEVED; i++)
            bytes[i] = 1;
        for (uint32_t i = 2; i * i < SIEVED; i++)
            for (uint32_t k = bytes[i] ? i * i : SIEVED; k < SIEVED; k += i)
                bytes[k] = 0;
        for (uint32_t i = 2; i < SIEVED; i++)
            count += bytes[i];
    }
    return count;
}

static uint32_t crc_32(void)
{
    static uint32_t table[256];
    uint32_t crc = ~0u;
    fill(BYTES / 4);
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t v = i;
        for (int k = 0; k < 8; k++)
            v = v & 1 ? v >> 1 ^ 0xedb88320 : v >> 1;
        table[i] = v;
    }
    for (int round = 0; round < 40; round++)
        for (uint32_t i = 0; i < BYTES; i++)
            crc = table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
    return ~crc;
}

static uint32_t matrix_product(void)
{
    uint32_t sum = 0;
    for (int i = 0; i < SIZE; i++)
        for (int k = 0; k < SIZE; k++)
            matrix_a[i][k] = (uint32_t)(i * k), matrix_b[i][k] = (uint32_t)(i ^ k);
    for (int round = 0; round < 25; round++) {
        for (int i = 0; i < SIZE; i++)
            for (int k = 0; k < SIZE; k++) {
                uint32_t v = 0;
                for (int n = 0; n < SIZE; n++)
                    v += matrix_a[i][n] * matrix_b[n][k];
                matrix_c[i][k] = v;
            }
        sum += matrix_c[round][round];
        matrix_a[round][3] = sum;
    }
    return sum;
}

static uint32_t copy_string(void)
{
    fill(BYTES / 4);
    for (int round = 0; round < 400; round++) {
        void *to = bytes + BYTES, *from = bytes;
        uint32_t n = BYTES / 4;
        __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
    }
    return words[BYTES / 4 + 77];
}

static uint32_t copy_by_hand(void)
{
    fill(BYTES / 4);
    for (int round = 0; round < 160; round++)
        for (volatile uint32_t *from = words, *to = words + BYTES / 4; from < words + BYTES / 4;)
            *to++ = *from++;
    return words[BYTES / 4 + 77];
}

static uint32_t string_search(void)
{
    uint32_t found = 0, seed = 7;
    for (uint32_t i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)('a' + (next(&seed) >> 24) % 4);
    for (int round = 0; round < 25; round++)
        for (uint32_t i = 0; i + 8 < BYTES; i++) {
            uint32_t k = 0;
            while (k < 8 && bytes[i + k] == (uint8_t) "abcadbca"[(k + (uint32_t)round) & 7])
                k++;
            found += k == 8;
        }
    return found;
}

static __attribute__((noinline)) uint32_t fibonacci(uint32_t n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static uint32_t recursion(void)
{
    return fibonacci(30);
}

struct node {
    struct node *next;
    uint32_t value;
};

static uint32_t list_walk(void)
{
    struct node *nodes = (struct node *)words;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < NODES; i++) {
        nodes[i].next = &nodes[(i * 1237 + 1) % NODES];
        nodes[i].value = i;
    }
    const struct node *at = nodes;
    for (uint32_t i = 0; i < 4000000; i++) {
        sum += at->value;
        at = at->next;
    }
    return sum;
}

// Two nested loops on a counter machine: 0 halt, 1 load, 2 add, 3 decrement, 4 jump if not zero, 5 xor.
static uint32_t interpreter(void)
{
    static const uint8_t program[] = {1, 0, 200, 1, 1, 250, 2, 2, 1, 5, 2, 0, 3, 1, 4, 1, 6, 3, 0, 4, 0, 3, 0, 0, 0};
    uint32_t reg[4] = {0}, pc = 0;
    for (int round = 0; round < 8; round++)
        for (pc = 0;;) {
            uint8_t op = program[pc], a = program[pc + 1], b = program[pc + 2];
            if (op == 0)
                break;
            switch (op) {
            case 1:
                reg[a] = b;
                pc += 3;
                break;
            case 2:
                reg[a] += reg[b];
                pc += 3;
                break;
            case 3:
                reg[a]--;
                pc += 2;
                break;
            case 4:
                pc = reg[a] ? b : pc + 3;
                break;
            default:
                reg[a] ^= reg[b];
                pc += 3;
                break;
            }
        }
    return reg[2];
}

static uint32_t x87_loop(void)
{
    double sum = 0, x = 1.5;
    for (int i = 1; i < 400000; i++) {
        sum += x / i - x * 0.25;
        x = x * 0.999 + 0.001;
    }
    return (uint32_t)(int32_t)(sum * 1000);
}

static kernel *const kernels[] = {integer_sort,  sieve,     crc_32,    matrix_product, copy_string, copy_by_hand,
                                  string_search, recursion, list_walk, interpreter,    x87_loop};

__attribute__((section(".start"), naked)) void start(void);
void start(void)
{
    __asm__("push %eax; call run_kernel; hlt");
}

__attribute__((used)) uint32_t run_kernel(uint32_t which);
uint32_t run_kernel(uint32_t which)
{
    return kernels[which]();
}
