#!/bin/sh
# demo.sh VXD: the five restricted events of the demo go through the states that their flags ask for, in the trace; the
# driver's own words are what --quiet prints; report and picture exist.
set -eu
vxd=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$vxd" build -o "$dir/d.vxd" --debug examples/restricted/restricted.asm
"$vxd" run --trace "$dir/t.json" --report "$dir/r.html" "$dir/d.vxd" > "$dir/account"
"$vxd" run --quiet "$dir/d.vxd" > "$dir/quiet"

# states ID: the states of event ID in order, on one line
states() {
    grep '"ev":"event"' "$dir/t.json" | grep "\"id\":$1," | sed 's/.*"state":"\([a-z]*\)".*/\1/' | tr '\n' ' '
}
expect() { # event, its states
    got=$(states "$1")
    [ "$got" = "$2 " ] || { echo "event $1: $got, not $2"; exit 1; }
}
expect 1 "run done"
expect 2 "scheduled run done"
expect 3 "scheduled waiting run done"
expect 4 "scheduled waiting timeout done"
expect 5 "scheduled waiting cancelled"
grep '"id":3,' "$dir/t.json" | grep '"waiting"' | grep -q '"not_met":\["PEF_Wait_Not_Crit"\]'

# Every trace line is one object with time, count and kind, and time never goes back.
awk -F'[:,]' '
    !/^\{"t":[0-9]+,"n":[0-9]+,"ev":"[a-z]+".*\}$/ { print "not a trace line: " $0; exit 1 }
    $2 + 0 < t || $4 + 0 < n { print "time goes back: " $0; exit 1 }
    { t = $2 + 0; n = $4 + 0 }' "$dir/t.json"
tail -n 1 "$dir/t.json" | grep -q '"ev":"end","reason":"shutdown"'

# Without the account's lines what remains is what the driver printed.
grep -v '^vxd:' "$dir/account" | cmp - "$dir/quiet"
grep -q 'event 04: timed out.*carry set' "$dir/quiet"
grep -q '^vxd: restricted 4 Event_Callback EDX=4 .*!' "$dir/account"
grep -q '<svg' "$dir/r.html"
if grep -q "$(printf '\033')" "$dir/account"; then
    echo "colour although standard output is no terminal"
    exit 1
fi
