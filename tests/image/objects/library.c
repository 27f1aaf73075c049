/* for n in 0 1 2 3: clang --target=i686-pc-windows-gnu -O1 -DPART=$n -c -o part$n.obj library.c
   cp part0.obj wants.obj
   mv part3.obj a_member_with_a_long_name.obj
   library.lib holds the members of library.a in the layout of Microsoft LIB: a second, sorted index; names end with NUL
   llvm-ar rcs library.a part1.obj part2.obj a_member_with_a_long_name.obj */
#if PART == 0
int first(int);
int c_procedure(void)
{
    return first(1);
}
#elif PART == 1
int the_second_one_with_a_long_name(int);
int first(int x)
{
    return the_second_one_with_a_long_name(x) + 1;
}
#elif PART == 2
int counter;
int the_second_one_with_a_long_name(int x)
{
    return x + counter++;
}
#else
int nobody_has_this(void);
int nobody_wants_this(void)
{
    return nobody_has_this();
}
#endif
