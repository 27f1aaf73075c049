#!/bin/sh
# dpmi.sh VXD: a 32-bit DPMI program and a driver with an API for it (tests/cli/dpmi), built and run as a person would.
. tests/cli/begin.sh

"$vxd" build -o "$dir/client.com" tests/cli/dpmi/client.asm
"$vxd" build --debug -o "$dir/adder.vxd" tests/cli/dpmi/driver.asm
"$vxd" run --quiet --vm "$dir/client.com" "$dir/adder.vxd" | tr -d '\r' > "$dir/out"
cat > "$dir/want" << 'TEXT'
an application begins, flags 00000001
protected mode, real mode, fine
an application ends, calls 00000003
TEXT
cmp -s "$dir/out" "$dir/want" || fail "what program and driver print"
"$vxd" run --vm "$dir/client.com" "$dir/adder.vxd" > "$dir/account"
grep -q 'CLIENT.COM ended with exit code 42' "$dir/account" || fail "the exit code"
"$vxd" run --quiet --vm "$dir/client.com" > "$dir/out" && grep -q fine "$dir/out" && fail "an API without the driver"
for seed in 1 2 3; do
    "$vxd" run --quiet --seed $seed --vm "$dir/client.com" "$dir/adder.vxd" | tr -d '\r' > "$dir/out"
    cmp -s "$dir/out" "$dir/want" || fail "under seed $seed"
done

# An application inside another one.
"$vxd" build -o "$dir/parent.com" tests/cli/dpmi/parent.asm
"$vxd" run --vm "$dir/parent.com" "$dir/adder.vxd" > "$dir/account"
grep -q ', fine' "$dir/account" || fail "a program that an application starts"
grep -q 'PARENT.COM ended with exit code 43' "$dir/account" || fail "the exit code of the inner program"
