#!/bin/sh
# odd.sh VXD: drivers that look closely at a program (tests/dos/odd): each folder holds a driver, a program, what the two
# print, and in `options`, if there, how they are run.
. tests/cli/begin.sh

for folder in tests/dos/odd/*/; do
    name=$(basename "$folder")
    "$vxd" build -I tests/dos/odd -I tests/dos/programs -o "$dir/$name.vxd" "$folder/driver.asm"
    "$vxd" build -I tests/dos/odd -I tests/dos/programs -o "$dir/$name.com" "$folder/program.asm"
    options=
    [ ! -f "$folder/options" ] || options=$(cat "$folder/options")
    for seed in 0 1 2; do
        # shellcheck disable=SC2086 # options are words
        "$vxd" run --quiet --seed $seed $options --vm "$dir/$name.com" "$dir/$name.vxd" 2> "$dir/messages" |
            tr -d '\r' > "$dir/out" || true
        cmp -s "$dir/out" "$folder/out" || { diff "$folder/out" "$dir/out" || cat "$dir/messages"; fail "$name under seed $seed"; }
    done
done
