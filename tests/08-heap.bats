#!/usr/bin/env bats
# Heaps from outside: what their memory is used for, against what malloc itself says,
# and what nothing refers to, against what the program has lost.
# bats file_tags=host
# shellcheck disable=SC2034,SC2153 # VICTIM: see lib/common

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
