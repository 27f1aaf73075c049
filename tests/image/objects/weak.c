/* clang --target=i686-pc-windows-gnu -O1 -c -o weak.obj weak.c */
__attribute__((weak)) int perhaps(void);
int c_procedure(void)
{
    return perhaps();
}
