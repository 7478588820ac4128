#!/usr/bin/env bats
# As many as there may be, and more: bounded memory, and what has no room is counted.
# bats file_tags=vm,bounds
#
# BOUNDS_PERCENT=100 is the whole size: 1 M objects, 100,000 sites, 500,000 stacks,
# 200 targets, 4,096 threads, 120,000 timers. It wants a guest of 6 GB and some minutes:
#   scripts/vm --mem 6144 --module --env BOUNDS_PERCENT=100 6.1 -- bats tests/83-bounds.bats

load lib/common

PERCENT=${BOUNDS_PERCENT-1}

setup() {
	[ -d /sys/module/leaktrace ] || load_module
	need_module
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
	echo $((2 << 20)) >/proc/sys/fs/nr_open
	echo $((4 << 20)) >/proc/sys/fs/file-max
	echo 100000 >/proc/sys/kernel/threads-max
	echo 100000 >/proc/sys/kernel/pid_max
	echo 500000 >/proc/sys/vm/max_map_count
}

teardown() {
	clean_up
	unload_module
}

teardown_file() {
	[ -z "${LEAKTRACE_KO-}" ] || load_module
}

share() { echo $(($1 * PERCENT / 100)); }
now_ms() { echo $(($(date +%s%N) / 1000000)); }

# timed NAME COMMAND…: says how long it took; nothing is asserted of that
timed() {
	local begin
	begin=$(now_ms)
	"${@:2}"
	echo "# $1: $(($(now_ms) - begin)) ms" >&3
}

# fill FILTER: of STATUS, shown
fill() { genl status | jq -e "$1"; }

# promised OBJECTS SITES STACKS: memory stays below what these may take: 96 bytes an
# object with its bucket, 512 a site, 8 * 24 + 32 a stack, and 16 MiB for the rest
assert_memory() {
	local bytes bound=$(($1 * 96 + $2 * 512 + $3 * 224 + (16 << 20)))
	bytes=$(genl status | jq .memory_bytes)
	echo "# memory: $((bytes >> 10)) KiB, bound $((bound >> 10)) KiB" >&3
	[ "$bytes" -le "$bound" ]
}

assert_released() {
	local bytes
	lt detach
	bytes=$(genl status | jq .memory_bytes)
	[ "$bytes" -le $((4 << 20)) ] || { echo "$bytes bytes after detach" >&2; return 1; }
}

@test "bounds: a million objects, and some more than there is room for" {
	local n
	n=$(share 1000000)
	load_module max_objects="$n"
	start_victim victim_bounds
	timed attach attach --kinds fd
	tell fds $((n + 1000))
	fill ".objects <= $n and .objects > $n - 100 and .lost_objects >= 1000"
	timed snapshot lt snapshot "$VICTIM" -o "$BATS_TEST_TMPDIR/file"
	timed objects genl count OBJECT_GET "$VICTIM" >"$BATS_TEST_TMPDIR/objects"
	[ "$(cat "$BATS_TEST_TMPDIR/objects")" -gt $((n - 100)) ]
	timed report report
	expect "$(loss exact)" false exact
	[ "$(loss objects)" -ge 1000 ]
	assert_memory "$n" 100 100
	assert_released
}

@test "bounds: 100,000 sites" {
	local n
	n=$(share 100000)
	load_module max_sites="$n" max_depth=32
	start_and_attach fd victim_bounds
	tell sites $((n + 500))
	fill ".sites <= $n and .sites > $n - 100 and .lost_sites >= 500"
	timed sites genl count SITE_GET "$VICTIM" >"$BATS_TEST_TMPDIR/sites"
	expect "$(cat "$BATS_TEST_TMPDIR/sites")" "$n" "sites told"
	assert_memory $((n + 500)) "$n" $((n + 500))
	genl target "$VICTIM" |
		jq -e ".inexact != 0 and .kind.fd.live == $(proc_fd_count "$VICTIM")"
	assert_released
}

@test "bounds: 500,000 stacks" {
	local n
	n=$(share 500000)
	load_module max_stacks="$n" max_sites=$((n / 2)) max_depth=32
	start_and_attach fd victim_bounds
	tell sites $((n / 2))
	tell close $((n / 2))
	tell sites 100
	fill ".stacks <= $n and .stacks > $n * 0.7 and .lost_stacks > 0"
	assert_memory $((n / 2)) $((n / 2)) "$n"
	assert_released
}

@test "bounds: 200 targets" {
	local n i pids=()
	n=$(share 200)
	[ "$n" -ge 8 ] || n=8
	load_module max_targets="$n"
	for ((i = 0; i <= n; i++)); do
		sleep 1000 >/dev/null 2>&1 3>&- 4>&- &
		pids+=($!)
		STARTED+=($!)
	done
	timed "attach $n" lt attach "${pids[@]:0:n}" --background --kinds fd,thread
	fill ".targets == $n"
	run lt attach "${pids[n]}" --background
	expect "$status" 2 "exit status of one too many"
	[[ $output == *targets* ]]
	timed "status" lt status >/dev/null
	timed "detach $n" lt detach
	fill ".targets == 0"
}

@test "bounds: 4,096 threads" {
	local n
	n=$(share 4096)
	start_victim victim_bounds
	tell threads "$n"
	timed attach attach --kinds thread,fd
	tell threads 100
	timed report report
	assert_exact
	assert_total thread live "$(proc_task_count "$VICTIM")"
	assert_total thread live $((n + 101))
	assert_released
}

# Each is asked of the kernel, which has them in one list.
@test "bounds: 120,000 timers" {
	local n
	n=$(share 120000)
	start_and_attach timer victim_bounds
	tell timers "$n"
	timed report report
	assert_exact
	assert_site bounds_timer timer "$n" "$n"
	timed timers genl count OBJECT_GET "$VICTIM" >"$BATS_TEST_TMPDIR/objects"
	expect "$(cat "$BATS_TEST_TMPDIR/objects")" "$n" "timers told"
	assert_released
}
