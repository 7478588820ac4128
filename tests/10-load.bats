#!/usr/bin/env bats
# The module comes and goes, and says what it is.
# bats file_tags=vm,core,load
# shellcheck disable=SC2030,SC2031 # VICTIM: see lib/common

load lib/common

setup() {
	need_module
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
}

SWITCH=/proc/sys/kernel/ftrace_enabled

teardown() {
	clean_up
	echo 1 >$SWITCH
	module_loaded || load_module
}

@test "load: insmod and rmmod, twenty times" {
	local i
	for ((i = 0; i < 20; i++)); do
		unload_module
		refute module_loaded
		insmod "$LEAKTRACE_KO"
		module_loaded
	done
}

@test "load: nobody has the module loaded by asking netlink for the family" {
	expect "$(modinfo -F alias "$LEAKTRACE_KO")" "" "aliases"
}

# bats test_tags=debug
@test "load: nothing is left behind" {
	unload_module
	run genl family
	expect "$output" "ENOENT " "the family after rmmod"
	refute grep -F '[leaktrace]' /proc/kallsyms
	expect "$(hooks)" 0 "hooks after rmmod"
}

@test "load: parameters are readable and what insmod was given" {
	load_module max_objects=12345 max_page_cells=2345 max_sites=345 max_stacks=456 \
		max_targets=7 max_depth=32 ring_bytes=65536 hold_ms=2000
	local p=/sys/module/leaktrace/parameters
	expect "$(cat $p/max_objects)" 12345 max_objects
	expect "$(cat $p/max_page_cells)" 2345 max_page_cells
	expect "$(cat $p/max_sites)" 345 max_sites
	expect "$(cat $p/max_stacks)" 456 max_stacks
	expect "$(cat $p/max_targets)" 7 max_targets
	expect "$(cat $p/max_depth)" 32 max_depth
	expect "$(cat $p/ring_bytes)" 65536 ring_bytes
	expect "$(cat $p/hold_ms)" 2000 hold_ms
	load_module
}

# There is no kernel here that is newer than all that were tested; so the module is told of
# an older one. PATH of a copy of it whose newest tested series is 4.19.
tested_on_4_19() {
	printf '\0\x13\x04\0' >"$BATS_TEST_TMPDIR/series"
	objcopy --update-section ".leaktrace.tested=$BATS_TEST_TMPDIR/series" "$LEAKTRACE_KO" \
		"$BATS_TEST_TMPDIR/old.ko"
	echo "$BATS_TEST_TMPDIR/old.ko"
}

@test "load: a kernel of a newer series than was tested needs untested=1" {
	local ko said
	command -v objcopy >/dev/null || lacking "no objcopy"
	unload_module
	ko=$(tested_on_4_19)
	said="leaktrace: Linux $(uname -r | grep -o '^[0-9]*\.[0-9]*') is newer than 4.19, the newest that was tested"
	refute insmod "$ko"
	refute module_loaded
	expect "$(dmesg | grep -c "$said: untested=1 loads the module nevertheless\$")" 1 "sentences of the refusal"
	refute insmod "$ko" untested=0
	insmod "$ko" untested=1
	expect "$(dmesg | grep -c "$said; loaded, as untested=1 asks\$")" 1 "sentences of the load"
	# the one that was tested here needs no word
	unload_module
	dmesg -C
	insmod "$LEAKTRACE_KO"
	refute grep -q 'that was tested' <<<"$(dmesg)"
}

@test "load: absurd parameters are bounded, not obeyed" {
	load_module max_objects=0 max_sites=0 max_stacks=0 max_targets=0 max_depth=0 ring_bytes=1
	start_victim victim_fd
	attach
	tell hold 20
	report
	lt detach "$VICTIM"
	kill_victims
	load_module max_depth=4000000000 max_targets=4000000000 hold_ms=4000000000
	start_and_attach fd victim_fd
	tell hold 2
	report
	assert_fd_count
	clean_up
	load_module
}

@test "load: nothing hooked and hardly any memory until something is traced" {
	load_module
	local idle busy
	expect "$(hooks)" 0 "hooks of an idle module"
	expect "$(genl status | jq .tracing)" 0 tracing
	expect "$(genl probes | jq -s 'map(select(.attached == 1)) | length')" 0 "attached probes"
	idle=$(genl status | jq .memory_bytes)
	[ "$idle" -le $((1 << 20)) ] || { echo "idle: $idle bytes"; false; }
	start_victim victim_fd
	attach
	[ "$(hooks)" -gt 0 ]
	expect "$(genl status | jq .tracing)" 1 tracing
	busy=$(genl status | jq .memory_bytes)
	[ "$busy" -gt "$idle" ]
	lt detach "$VICTIM"
	expect "$(hooks)" 0 "hooks after detach"
	expect "$(genl status | jq .tracing)" 0 tracing
	expect "$(genl status | jq '.objects + .sites + .stacks + .page_cells')" 0 "what is kept after detach"
}

# Functions that call somebody else.
hooks() { wc -l </sys/kernel/tracing/enabled_functions; }

@test "load: hooked is what the targets' kinds need, and more with another target" {
	load_module
	start_victim victim_timer
	local timers=$VICTIM
	attach --kinds timer
	expect "$(is_attached timer_create)" 1 "timer_create for timers"
	expect "$(is_attached fd_install)" 0 "fd_install for timers"
	expect "$(is_attached handle_mm_fault)" 0 "handle_mm_fault for timers"
	# what is off is not missing
	refute jq -s -e 'any(.[]; .required == 1 and .attached == 0)' "$BATS_TEST_TMPDIR/probes"
	start_and_attach fd victim_fd
	expect "$(is_attached fd_install)" 1 "fd_install for descriptors"
	expect "$(is_attached timer_create)" 1 "timer_create, still"
	expect "$(is_attached handle_mm_fault)" 0 "handle_mm_fault for descriptors"
	tell hold 7
	report
	assert_site by_hold fd 7 7
	assert_fd_count
	assert_exact
	assert_unrepaired
	VICTIM=$timers
	tell create monotonic none 4
	report
	assert_site by_monotonic timer 4 4
	assert_exact
	assert_unrepaired
	lt detach
	expect "$(hooks)" 0 "hooks after detach"
}

# is_attached FUNCTION: 1, or 0
is_attached() {
	genl probes >"$BATS_TEST_TMPDIR/probes"
	jq -r --arg name "$1" 'select(.name | endswith($name)) | .attached' \
		"$BATS_TEST_TMPDIR/probes" | head -n 1
}

@test "load: rmmod is refused while something is traced" {
	start_and_attach fd victim_fd
	run rmmod leaktrace
	[ "$status" -ne 0 ]
	[[ $output == *[Ii]"n use"* || $output == *busy* || $output == *unavailable* ]]
	module_loaded
	lt detach "$VICTIM"
	unload_module
	refute module_loaded
}

@test "load: status says of every probe whether it is attached and why" {
	# before there is a target, what the kernel has is off, and nothing is missing
	unload_module
	load_module
	lt status >"$BATS_TEST_TMPDIR/before"
	grep -q '^fd_install  *ftrace  *off ' "$BATS_TEST_TMPDIR/before"
	refute grep -E ' (MISSING|attached) ' "$BATS_TEST_TMPDIR/before"
	start_victim victim_fd
	attach
	genl probes >"$BATS_TEST_TMPDIR/probes"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/probes")" -ge 8 ]
	# a reason for each; every one that is needed is there
	jq -s -e 'all(.[]; (.name | length > 0) and (.why | length > 0))' "$BATS_TEST_TMPDIR/probes"
	jq -s -e 'all(.[]; if .required == 1 then .present == 1 and .attached == 1 else true end)' \
		"$BATS_TEST_TMPDIR/probes"
	run lt status
	expect "$status" 0 "exit status"
	local name
	while read -r name; do
		[[ $output == *"$name"* ]] || { echo "status does not name $name"; echo "$output"; false; }
	done < <(jq -r .name "$BATS_TEST_TMPDIR/probes")
	[[ $output == *"$VICTIM"* ]]
	[[ $output == *victim_fd* ]]
}

@test "load: ftrace is not switched off under a target; if it was before, every report says so" {
	start_and_attach fd victim_fd
	refute sh -c "echo 0 >$SWITCH" 2>/dev/null
	tell hold 3
	report
	assert_site by_hold fd 3 3
	assert_exact
	lt detach
	echo 0 >$SWITCH
	attach --kinds fd
	tell hold 4
	report
	expect "$(loss exact)" false exact
	lt status | grep "^fd_install .*failed"
	lt detach
	echo 1 >$SWITCH
	attach --kinds fd
	tell hold 2
	report
	assert_site by_hold fd 2 2
	assert_exact
}

@test "load: stopped by hand: nothing is traced any more, and every report says so" {
	load_module
	start_and_attach fd victim_fd
	tell hold 5
	echo 1 >/sys/module/leaktrace/parameters/stop
	tell hold 7
	report
	assert_site by_hold fd 5 5
	expect "$(loss exact)" false exact
	jq -e '.losses.inexact[] | select(test("stopped"))' "$REPORT"
	[[ $(lt status) == *"STOPPED: stopped by hand"* ]]
	start_victim victim_fd
	run lt attach "$VICTIM" --background
	expect "$status" 2 "exit status"
	[[ $output == *"load the module again"* ]]
	lt detach
	load_module
	start_and_attach fd victim_fd
	tell hold 3
	report
	assert_fd_count
	assert_exact
}
