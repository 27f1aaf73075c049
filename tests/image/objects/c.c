/* clang --target=i686-pc-windows-gnu -fcommon -O1 -c -o clang-gnu.obj c.c
   clang --target=i686-pc-windows-msvc -O1 -c -o clang-msvc.obj c.c */
int total;
int big[100];
static int table[4] = {1, 2, 3};
extern int helper(const char *text);
__attribute__((section("_PTEXT"))) int pageable(int a)
{
    return helper("hello") + table[a] + total;
}
int c_procedure(int a)
{
    switch (a) {
    case 1:
        return 5;
    case 2:
        return 7;
    case 3:
        return pageable(2);
    case 4:
        return 99;
    case 5:
        return total;
    }
    return table[a] + big[a];
}
