#!/usr/bin/env bats
# Heaps from outside: what their memory is used for, against what malloc itself says,
# and what nothing refers to, against what the program has lost.
# bats file_tags=host
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153 # jq; VICTIM, STARTED: see lib/common

load lib/common

setup() {
	[ -x "$LEAKTRACE" ] || lacking "no $LEAKTRACE: run make"
	[ -x "$VICTIMS/victim_heap" ] || lacking "no victims: run make -C tests/victims"
}

teardown() { kill_victims; }

# heap: $REPORT is the JSON of $VICTIM's heap, $REPORT_STATUS the exit status
heap() {
	REPORT=$(scratch)/heap.json REPORT_STATUS=0
	lt heap "$VICTIM" --json >"$REPORT" || REPORT_STATUS=$?
	[ "$REPORT_STATUS" -lt 2 ]
}

# key of the report, as jq has it
key() { jq -r "$1" "$REPORT"; }

# nothing_refers_to BLOCKS INDIRECT: how many, and to how many only they do
nothing_refers_to() {
	heap
	expect "$(key '.unreachable | "\(.blocks) and \(.indirect_blocks)"')" "$1 and $2" "blocks to which nothing refers" ||
		{ key '.unreachable | del(.groups[30:])' >&2; return 1; }
	expect "$REPORT_STATUS" "$(($1 > 0))" "exit status"
}

# live blocks of a size
live_blocks() { key "[.total.classes[] | select(.max_bytes == $1).live_blocks] | add // 0"; }

# All that malloc's own counters know.
as_mallinfo() {
	heap
	tell info
	expect "$(key '[.arenas[] | select(.arena != "mapped").bytes] | add')" "$(answer arena)" "bytes of arenas"
	expect "$(key '[.arenas[] | select(.arena == "mapped").bytes] | add // 0')" "$(answer mapped)" "mapped bytes"
	expect "$(key '[.arenas[] | select(.arena == "mapped").live_blocks] | add // 0')" "$(answer mapped_blocks)" \
		"mapped blocks"
	expect "$(key '.total | .fragmented_bytes + .top_bytes')" "$(answer free)" "free bytes"
	# what threads cache is used, to malloc
	expect "$(key '[.arenas[] | select(.arena != "mapped") | .live_bytes + .cached_bytes + .overhead_bytes] | add')" \
		"$(answer used)" "used bytes"
	# of these, a top for each arena
	expect "$(key '(.total.fragmented_blocks) + ([.arenas[] | select(.arena != "mapped")] | length)')" \
		"$(($(answer blocks) + $(answer fast_blocks)))" "free blocks"
	expect "$(key .total.unread_bytes)" 0 "unread bytes"
	expect "$(key '[.total.classes[].live_bytes] | add')" "$(key .total.live_bytes)" "live bytes by class"
	expect "$(key '[.arenas[].live_blocks] | add')" "$(key .total.live_blocks)" "live blocks by arena"
}

counts_as_malloc() {
	start_victim "$1"
	tell keep 1000 200
	tell keep 20 300000
	tell fragment 2000 40
	tell fragment 2000 600
	tell cache 7 300
	as_mallinfo
	# two heaps of an arena
	tell threads 1 70000 1000
	tell threads 2 2000 100
	as_mallinfo
	tell keep 500000 24
	as_mallinfo
}

@test "heap: every number is malloc's own" { counts_as_malloc victim_heap; }

@test "heap: the same of a program that is linked statically" { counts_as_malloc victim_heap_static; }

@test "heap: blocks of a size are as many as the program keeps" {
	local before
	start_victim victim_heap
	tell keep 1 100
	heap
	before=$(live_blocks 768)
	tell keep 5000 700
	heap
	expect "$(live_blocks 768)" $((before + 5000)) "blocks of 700 bytes"
	tell cache 5 728
	before=$(key .total.cached_blocks)
	heap
	expect "$(key .total.cached_blocks)" $((before + 5)) "blocks in the thread's cache"
}

@test "heap: malloc_trim gives back what was said, and nothing is left to give" {
	local promised
	start_victim victim_heap
	tell fragment 3000 20000
	tell fragment 3000 3000
	tell keep 100 50
	heap
	promised=$(key .total.returnable_bytes)
	[ "$promised" -gt 10000000 ]
	expect "$(key '[.total.classes[].returnable_bytes] | add')" "$promised" "returnable bytes by class"
	tell trim
	expect "$(answer trimmed)" "$promised" "bytes that malloc_trim gave back"
	heap
	expect "$(key .total.returnable_bytes)" 0 "returnable bytes"
	tell trim
	expect "$(answer trimmed)" 0 "bytes"
}

@test "heap: memory of others amid the main arena's is passed over" {
	start_victim victim_heap
	tell keep 3000 100
	tell sbrk 50000
	tell keep 3000 100
	tell sbrk 12345
	tell keep 3000 100
	heap
	[ "$(live_blocks 128)" -ge 9000 ]
	# what others have is in malloc's count of its own
	[ "$(key .total.unread_bytes)" -ge 62345 ]
	[ "$(key .total.unread_bytes)" -lt 80000 ]
}

@test "heap: headers in memory of others are no blocks" {
	start_victim victim_heap
	tell keep 30 200000
	tell decoy
	as_mallinfo
	nothing_refers_to 0 0
}

@test "heap: what is lost is found, and nothing else" {
	start_victim victim_heap
	tell keep 100000 40
	nothing_refers_to 0 0
	tell lose 203 100
	nothing_refers_to 203 0
	expect "$(key '.unreachable.groups | length')" 1 "sizes"
	expect "$(key '.unreachable.groups[0] | "\(.blocks) \(.block_bytes) \(.bytes) \(.first_words[0])"')" \
		"203 104 21112 0x3333333333333333" "the group"
	tell lose 5 300000
	nothing_refers_to 208 0
	# the largest sum first
	expect "$(key '.unreachable.groups[0].blocks')" 5 "large blocks"
	expect "$(key '[.unreachable.groups[].bytes] | add')" "$(key .unreachable.bytes)" "bytes of all groups"
	tell threads 3 5000 100
	tell lose 9 5000
	nothing_refers_to 217 0
}

@test "heap: a list that is lost is one loss" {
	start_victim victim_heap
	tell keep 1000 40
	tell lose_chain 500 70
	nothing_refers_to 1 499
	expect "$(key '.unreachable.groups[0] | "\(.blocks) \(.indirect_blocks) \(.indirect_bytes)"')" \
		"1 499 $((499 * 72))" "the group"
}

@test "heap: lost objects have the name of their class, without symbols" {
	start_victim victim_heap
	tell keep 1000 40
	tell lose_objects 120
	nothing_refers_to 120 120
	expect "$(key '.unreachable.groups[0].type')" shop::Basket "type"
	lt heap "$VICTIM" >"$REPORT.txt" || true
	grep -q '^leak  2.8 KiB in 120 blocks of 24 bytes: shop::Basket$' "$REPORT.txt"
	grep -q '^nothing refers to 120 blocks of 2.8 KiB, and only they to 120 more of 23 KiB$' "$REPORT.txt"
}

@test "heap: blocks that are referred to from anywhere are not lost" {
	start_victim victim_heap
	tell keep 1000 40
	tell keep_hidden 500 200
	tell keep_in_kernel
	tell threads 4 1000 300
	nothing_refers_to 0 0
}

@test "heap: while eight threads allocate and free, what is lost is still all that is listed" {
	local i
	start_victim victim_heap
	tell lose 57 640
	tell storm 8
	for i in 1 2 3; do
		nothing_refers_to 57 0
		expect "$(key '.unreachable.groups[0].block_bytes')" 648 "size"
		[ "$(key .unreachable.scans)" -ge 2 ]
	done
	tell calm
	nothing_refers_to 57 0
}

# idle COMMAND…: has lost nothing when it waits
idle() {
	"$@" </dev/null >/dev/null 2>&1 3>&- &
	VICTIM=$!
	STARTED+=("$VICTIM")
	until_true 60 grep -q '^State:.S' "/proc/$VICTIM/status"
	until_true 60 test "$(readlink "/proc/$VICTIM/exe")" != "$(readlink "/proc/$$/exe")"
	nothing_refers_to 0 0
}

@test "heap: idle programs have lost nothing" {
	idle "$PYTHON" -c 'import json, time; x = [str(i) for i in range(20000)]; time.sleep(600)'
	idle perl -e 'my %h = map { $_ => [1 .. 10] } 1 .. 1000; sleep 600'
	exec {fd}<> <(:)
	(exec bash -c 'x=$(seq 1000); read -r -u "$1" y' bash "$fd") 3>&- 4>&- &
	VICTIM=$!
	STARTED+=("$VICTIM")
	until_true 60 grep -q pipe_read "/proc/$VICTIM/wchan"
	nothing_refers_to 0 0
}

@test "heap: of other allocators it is said that they are not read" {
	local preload status=0
	start_victim victim_musl
	lt heap "$VICTIM" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	expect "$status" 2 "exit status"
	grep -q "^leaktrace: the heap of process $VICTIM is not read: its allocator is musl's, only glibc's is read$" \
		"$BATS_TEST_TMPDIR/err"
	# loaded into a program that would use glibc's
	preload=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2
	[ -e $preload ] || lacking "no libjemalloc2: run scripts/setup --real"
	LD_PRELOAD=$preload start_victim victim_heap
	tell keep 1000 100
	status=0
	lt heap "$VICTIM" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	expect "$status" 2 "exit status"
	grep -q "^leaktrace: the heap of process $VICTIM is not read: its allocator is jemalloc, only glibc's is read$" \
		"$BATS_TEST_TMPDIR/err"
	refute lt heap 999999999
	refute lt heap $$ --format html
}
