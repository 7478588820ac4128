#!/usr/bin/env bats
# Gates: doors in the text of a program that runs, by plans for an allocator whose entries
# are known to the byte (victim_gate, tests/lib/gate.py).
# bats file_tags=vm,smp,gate

load lib/common

setup_file() { begin_gates; }

teardown_file() { end_gates; }

setup() { need_module; }

teardown() { clean_up; }

gate() { "$PYTHON" "$TOP/tests/lib/gate.py" "$@"; }

# Not by the tool, which would open a gate of its own, in the C library.
begin() {
	start_victim victim_gate
	follow_heap
}

follow_heap() {
	expect "$(genl try TARGET_ADD pid="$VICTIM" kinds=0x20 flags=0x2)" "ok 1" "attach to $VICTIM"
}

# gate_get FILTER: of the victim's gate
gate_get() { gate get "$VICTIM" | jq -r ".[-1] | $1"; }

# assert_gate FIELD VALUE
assert_gate() { expect "$(gate_get ".$1")" "$2" "$1 of the gate"; }

assert_doors() {
	expect "$(gate_get '[.doors[].state] | unique | join(" ")')" "$1" "states of the doors"
}

CLOSED=0 OPEN=1 TRAPPED=2

assert_pristine() {
	tell text
	expect "$(answer differences)" 0 "bytes of the text that are not as before"
}

# assert_truth: sampling every block, what was born and died is what the program counts,
# since BORN and DIED
assert_truth() {
	local t
	tell counts
	expect "$(answer broken)" 0 "what the program found broken"
	t=$(genl target "$VICTIM" | jq -c '.kind.heap')
	expect "$(jq .born <<<"$t")" "$(($(answer born) - ${1-0}))" born
	expect "$(jq .died <<<"$t")" "$(($(answer died) - ${2-0}))" died
}

@test "gate: opened, every block is seen, with who called and its size; closed, the text is as before" {
	begin
	gate open "$VICTIM" 1
	assert_doors $OPEN
	tell leak 10 100
	tell keep 20 50
	tell drop
	tell resize 20
	# a block that realloc has not moved is one more
	assert_truth -10 -10
	assert_gate births 60
	assert_gate invalid 0
	assert_gate undone 10
	report
	assert_site leak_here heap 10 10
	expect "$(jq '[.sites[] | select(.kind == "heap" and .frames[0].function == "keep_here")
		| .live] | add // 0' "$REPORT")" 0 "what keep_here has left"
	expect "$(genl objects "$VICTIM" heap | jq -s -c 'map([.bytes, .mean_bytes]) | unique')" \
		'[[100,1]]' "sizes"
	gate close "$VICTIM"
	assert_doors $CLOSED
	assert_pristine
	tell leak 5 100
	expect "$(genl target "$VICTIM" | jq .kind.heap.live)" 10 "live after the gate was closed"
}

@test "gate: opened again, it knows nothing of the blocks of the one before" {
	begin
	gate open "$VICTIM" 1 >/dev/null
	tell keep 20 50
	gate close "$VICTIM"
	tell drop
	expect "$(genl target "$VICTIM" | jq .kind.heap.live)" 20 "live, of a gate that was closed"
	gate open "$VICTIM" 1 >/dev/null
	expect "$(genl target "$VICTIM" | jq -c '.kind.heap | [.live, .died, .bytes]')" '[0,20,0]' \
		"live, died, bytes of a gate that was opened again"
	tell keep 5 50
	tell drop
	tell leak 3 50
	expect "$(genl target "$VICTIM" | jq -c '.kind.heap | [.born, .live]')" '[28,3]' "born, live"
}

@test "gate: opened and closed again and again under threads, signals, forks and vforks" {
	begin
	tell churn 2
	tell forks
	tell vforks
	tell signals
	gate cycle "$VICTIM" 8 4096
	tell counts
	until_true 120 more_children "$(answer children)"
	tell calm
	tell counts
	expect "$(answer broken)" 0 "what the program found broken"
	expect "$(answer doors)" 0 "children with a door"
	[ "$(gate_get .children)" -gt 0 ]
	assert_gate lost_children 0
	assert_gate invalid 0
	expect "$(genl target "$VICTIM" | jq .kind.heap.live)" 0 "live when all is given back"
	gate close "$VICTIM"
	assert_pristine
	# one place, taken over each time
	expect "$(gate get | jq length)" 1 "gates"
}

more_children() {
	tell counts
	[ "$(answer children)" -gt $(($1 + 20)) ]
}

# bats test_tags=core,debug
@test "gate: with every block sampled, births and deaths are exact amid threads and forks" {
	begin
	gate open "$VICTIM" 1 >/dev/null
	tell churn 3
	tell forks
	until_true 60 more_children 0
	tell calm
	assert_truth
	expect "$(genl target "$VICTIM" | jq .kind.heap.live)" 0 "live when all is given back"
	assert_gate lost_faults 0
}

@test "gate: samples stand for the bytes that they were drawn from" {
	begin
	gate open "$VICTIM" 4096 >/dev/null
	tell keep 20000 48
	local bytes
	bytes=$(genl objects "$VICTIM" heap | jq -s 'map(.bytes / (1 - (-(.bytes + 16) / .mean_bytes | exp))) | add')
	# 312 samples are expected: five standard deviations
	jq -n -e --argjson b "$bytes" '$b / 960000 | . > 0.72 and . < 1.28' || explain "$bytes bytes"
	tell drop
	expect "$(genl target "$VICTIM" | jq .kind.heap.live)" 0 live
}

# uprobe_at ADDRESS: somebody's uprobe, in all that map the file; it is off
uprobe_at() {
	[ -e /sys/kernel/tracing/uprobe_events ] || mount -t tracefs tracefs /sys/kernel/tracing
	"$PYTHON" -c 'import sys
at = int(sys.argv[2])
for line in open("/proc/%s/maps" % sys.argv[1]):
    start, end = (int(x, 16) for x in line.split()[0].split("-"))
    if start <= at < end:
        print("p:foreign %s:%#x" % (line.split()[5], at - start + int(line.split()[2], 16)))' \
		"$VICTIM" "$1" >/sys/kernel/tracing/uprobe_events
}

foreign() { echo "$1" >/sys/kernel/tracing/events/uprobes/foreign/enable; }

is_trapped() { [ "$(gate_get '.doors[] | select(.name == "victim_free") | .traps')" -gt 0 ]; }

@test "gate: somebody's uprobe on a door is never broken, and told to be in the way" {
	begin
	gate open "$VICTIM" 1 >/dev/null
	uprobe_at "$(gate_get '.doors[] | select(.name == "victim_free") | .address')"
	tell churn 1
	foreign 1
	until_true 60 is_trapped
	foreign 0
	tell calm
	tell counts
	expect "$(answer broken)" 0 "what the program found broken"
	expect "$(gate_get '.doors[] | select(.name == "victim_free") | .state')" $TRAPPED "state of the door"
	[ $(($(genl target "$VICTIM" | jq .inexact) & 0x200)) != 0 ]
	gate close "$VICTIM"
	assert_pristine
	# there before
	foreign 1
	run gate open "$VICTIM" 1
	[[ $output == EBUSY* ]] || explain "$output"
	tell keep 3 10
	tell drop
	foreign 0
	echo >/sys/kernel/tracing/uprobe_events
	assert_pristine
}

@test "gate: countdowns that have stopped go on after the next report" {
	begin
	gate open "$VICTIM" 4096 >/dev/null
	gate stall "$VICTIM"
	tell leak 2000 100
	expect "$(genl target "$VICTIM" | jq .kind.heap.born)" 0 "sampled by countdowns that have stopped"
	genl reconcile "$VICTIM" >/dev/null
	tell leak 2000 100
	[ "$(genl target "$VICTIM" | jq .kind.heap.born)" -gt 20 ]
}

@test "gate: the tool killed, detached, another program: doors are closed, what stays is listed" {
	begin
	gate open "$VICTIM" 1 >/dev/null
	tell leak 3 10
	lt detach "$VICTIM" >/dev/null
	assert_pristine
	expect "$(gate get | jq -c 'map([.pid, .state])')" "[[$VICTIM,1]]" "what is left"
	# a session that owns the target, killed
	"$PYTHON" -c 'import sys
sys.path.insert(0, sys.argv[1])
import gate, genl, time
nl = genl.Netlink()
family = nl.family()["id"]
pid = int(sys.argv[2])
genl.call(nl, family, "TARGET_ADD", genl.u32("pid", pid) + genl.u32("kinds", 1 << 5))
gate.open_gate(nl, family, pid)
print("open", flush=True)
time.sleep(1000)' "$TOP/tests/lib" "$VICTIM" >"$BATS_TEST_TMPDIR/session" 3>&- &
	local session=$!
	until_true 60 grep -q open "$BATS_TEST_TMPDIR/session"
	tell leak 3 10
	expect "$(genl target "$VICTIM" | jq .kind.heap.live)" 3 "live blocks of the second gate"
	kill -9 $session
	until_true 60 no_targets
	assert_pristine
	tell leak 3 10
	follow_heap
	gate open "$VICTIM" 1 >/dev/null
	send exec /bin/sleep
	until_true 60 gone_gate
}

no_targets() { [ "$(genl status | jq .targets)" = 0 ]; }
gone_gate() { [ "$(gate get | jq length)" = 0 ]; }

@test "gate: the module cannot be unloaded while doors are open; stopped, they are closed" {
	begin
	gate open "$VICTIM" 1 >/dev/null
	refute rmmod leaktrace
	echo 1 >/sys/module/leaktrace/parameters/stop
	assert_pristine
	tell leak 3 10
	lt detach "$VICTIM" >/dev/null
	rmmod leaktrace
	tell churn 2
	tell calm
	tell counts
	expect "$(answer broken)" 0 "what the program found broken"
	load_module gates=1
}

@test "gate: none without the module's parameter" {
	load_module
	begin
	run gate open "$VICTIM" 1
	[[ $output == "EOPNOTSUPP gates are off"* ]] || explain "$output"
	clean_up
	load_module gates=1
}

@test "gate: plans that lie are refused, and nothing is written" {
	begin
	local spoil
	for spoil in far order page address long; do
		run gate open "$VICTIM" 1 $spoil
		[[ $output == EINVAL* ]] || explain "$spoil: $output"
	done
	run gate open "$VICTIM" 1 old
	[[ $output == ESTALE* ]] || explain "$output"
	assert_pristine
	expect "$(gate get | jq length)" 0 gates
	gate open "$VICTIM" 1 >/dev/null
	run gate open "$VICTIM" 1
	[[ $output == EBUSY* ]]
}
