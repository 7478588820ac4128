#!/usr/bin/env bats
# Tables that are too small: right or flagged, never silently wrong.
# bats file_tags=vm,smp,losses

# shellcheck disable=SC2030,SC2031
load lib/common

setup() {
	[ -d /sys/module/leaktrace ] || load_module
	need_module
	hide_debug_files
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
}

teardown() {
	[ -z "${listener-}" ] || { kill -KILL "$listener"; wait "$listener"; } 2>/dev/null || true
	clean_up
	unload_module
}

teardown_file() {
	[ -z "${LEAKTRACE_KO-}" ] || load_module
}

are_traced() { genl status | jq -e ".targets == $1"; }

# 20,000 pairs of $VICTIM's, while somebody listens and does not hear. A slow kernel
# empties a ring as fast as it is filled: so the last ones go before who empties it.
lose_events() {
	"$PYTHON" -S "$TOP/tests/lib/genl_command.py" listen stay >"$BATS_TEST_TMPDIR/listener" 3>&- &
	listener=$!
	until_true 60 grep -q ok "$BATS_TEST_TMPDIR/listener"
	tell pairs 19000
	chrt --fifo --pid 1 "$VICTIM"
	tell pairs 1000
	chrt --other --pid 0 "$VICTIM"
	[ "$(genl status | jq '(.lost_ring // 0) + (.lost_socket // 0)')" -gt 0 ]
}

# The report admits it: not exact, and the loss that caused it is counted.
assert_flagged() {
	[ "$(loss exact)" = false ] || explain "claims to be exact"
	[ "$(loss "$1")" -gt 0 ] || explain "no loss of $1 counted"
}

# Right or flagged: a total that /proc contradicts must come with exact: false.
right_or_flagged() {
	local have
	have=$(total "$1" live)
	[ "$have" = "$2" ] || [ "$(loss exact)" = false ] ||
		explain "$1 live: $have, not $2, and claims to be exact"
}

untracked() { jq ".totals.$1.untracked" "$REPORT"; }

live_is() {
	report
	[ "$(total "$1" live)" = "$2" ]
}

# bats test_tags=core
@test "losses: object table too small for what is there at attach" {
	load_module max_objects=4
	start_victim victim_fd
	tell hold 30
	if ! attach --kinds fd; then
		# a refusal is honest, too
		grep -q . "$(scratch)/attach.out"
		return 0
	fi
	report
	right_or_flagged fd "$(proc_fd_count "$VICTIM")"
	assert_flagged objects
}

# bats test_tags=core
@test "losses: object table fills while tracing; descriptors" {
	load_module max_objects=40
	start_and_attach fd victim_fd
	tell hold 100
	report
	right_or_flagged fd "$(proc_fd_count "$VICTIM")"
	assert_flagged objects
	[ "$(genl status | jq .lost_objects)" -gt 0 ]
	# no more than there is room for, and never more than there are
	local live
	read -r _ _ live _ <<<"$(site by_hold fd)"
	[ "$live" -le 100 ]
	# room again: what is born from now on is told
	tell drop 90
	report
	right_or_flagged fd "$(proc_fd_count "$VICTIM")"
	tell pairs 20
	report
	assert_site by_pair fd 0
	right_or_flagged fd "$(proc_fd_count "$VICTIM")"
}

@test "losses: object table fills; timers and threads" {
	load_module max_objects=30
	start_and_attach timer victim_timer
	tell create monotonic none 60
	report
	right_or_flagged timer 60
	assert_flagged objects
	lt detach "$VICTIM"
	start_and_attach thread victim_thread
	tell raw 60
	report
	right_or_flagged thread 61
	assert_flagged objects
	tell end 60
	report
	right_or_flagged thread 1
}

# Known by number only: what goes where no probe sees each, as by close_range() and exec, is
# found by counting, and threads and children are counted where they end.
# bats test_tags=core,debug
@test "losses: what had no room and is gone is not live: descriptors, timers, threads, children" {
	load_module
	start_victim victim_fd
	attach --kinds fd --max-objects 8
	tell death close_range 20
	report
	assert_flagged objects
	assert_fd_count
	expect "$(untracked fd)" $(($(proc_fd_count "$VICTIM") - 8)) "descriptors without an entry"
	tell hold 9
	report
	assert_fd_count
	expect "$(untracked fd)" $(($(proc_fd_count "$VICTIM") - 8)) "descriptors without an entry"
	start_victim victim_timer
	attach --kinds timer --max-objects 8
	tell create monotonic none 20
	tell exec
	report
	assert_total timer live 0
	assert_total timer died 20
	expect "$(untracked timer)" 0 "timers without an entry"
	start_victim victim_thread
	attach --kinds thread --follow-fork --max-objects 5
	tell raw 12
	tell fork 6
	report
	assert_flagged objects
	assert_total thread live 19
	expect "$(untracked thread)" 14 "threads and children without an entry"
	tell end 12
	tell kill 6
	# a child is freed a little after it was reaped
	until_true 60 live_is thread 1
	assert_total thread died 18
	expect "$(untracked thread)" 0 "threads and children without an entry"
}

@test "losses: page table too small" {
	load_module max_page_cells=24
	start_victim victim_page
	if attach --kinds page; then
		tell map a 3000 nohuge
		tell touch a write
		tell map b 3000 nohuge
		tell touch b write
		report
		local counts
		counts=$("$VICTIMS/pagemap_count" "$VICTIM")
		counts=${counts%% *}
		right_or_flagged page "${counts#*=}"
		[ "$(loss exact)" = false ]
		# what still has no room is found again, and is no more than before
		counts="$(loss objects) $(loss reconciled)"
		report
		expect "$(loss objects) $(loss reconciled)" "$counts" "objects lost, and repaired"
		tell unmap a
		tell unmap b
		report
		counts=$("$VICTIMS/pagemap_count" "$VICTIM")
		counts=${counts%% *}
		right_or_flagged page "${counts#*=}"
	fi
}

# bats test_tags=core
@test "losses: site table too small: totals stay right" {
	load_module max_sites=5
	start_and_attach fd victim_fd
	local road
	for road in open openat openat2 creat socket dup pipe eventfd timerfd memfd epoll_create; do
		tell road $road 2
	done
	report
	assert_fd_count
	[ "$(loss exact)" = false ] || [ "$(loss objects)" -gt 0 ] || [ "$(loss stacks)" -gt 0 ] ||
		explain "sites were lost silently"
	[ "$(genl status | jq .lost_sites)" -gt 0 ]
}

@test "losses: stack table too small: totals stay right" {
	load_module max_stacks=4
	start_and_attach fd victim_fd
	local road
	for road in open openat openat2 creat socket dup pipe eventfd timerfd memfd epoll_create; do
		tell road $road 2
	done
	report
	assert_fd_count
	[ "$(loss stacks)" -gt 0 ] || explain "stacks were lost silently"
	[ "$(genl status | jq .lost_stacks)" -gt 0 ]
}

# bats test_tags=core
@test "losses: tiny ring: events are lost and counted, the report is right" {
	load_module ring_bytes=4096
	start_and_attach fd victim_fd
	lose_events
	tell hold 17
	# a report comes from the table, not from the events
	report
	assert_site by_hold fd 17 17
	assert_site by_pair fd 0 20000
	assert_fd_count
	assert_exact
	[ "$(loss events)" -gt 0 ]
}

# The ring is emptied in time; it is the tool that does not read.
# bats test_tags=core
@test "losses: a recorder that stands still: what its socket could not take is counted" {
	load_module
	start_and_attach fd victim_fd
	local quiet=$VICTIM
	start_victim victim_fd
	lt_front record "$VICTIM" --kinds fd --events -o "$BATS_TEST_TMPDIR/rec.lt" \
		>"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	listener=$!
	until_true 60 are_traced 2
	kill -STOP $listener
	local i
	for ((i = 0; i < 12; i++)); do
		[ "$(genl status | jq '.lost_socket // 0')" = 0 ] || break
		tell pairs 20000
	done
	[ "$(genl status | jq '.lost_socket // 0')" -gt 0 ]
	kill -CONT $listener
	local said
	said=$(lt report "$VICTIM" --format json) || true
	jq -e '.losses.events > 0 and .losses.exact' <<<"$said"
	report "$quiet"
	expect "$(loss events)" 0 "events lost by who had none"
	kill -INT $listener
	wait $listener || [ $? = 1 ]
	listener=''
}

@test "losses: who follows a target's life only has no birth or death queued" {
	load_module
	start_victim victim_fd
	lt_front attach "$VICTIM" --kinds fd >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	listener=$!
	until_true 60 are_traced 1
	tell pairs 1000
	[ "$(genl status | jq .events)" -lt 100 ]
	"$PYTHON" -S "$TOP/tests/lib/genl_command.py" listen stay >"$BATS_TEST_TMPDIR/listener" 3>&- &
	local other=$!
	until_true 60 grep -q ok "$BATS_TEST_TMPDIR/listener"
	# a request is answered once it is known who listens
	genl status >/dev/null
	tell pairs 1000
	kill $other
	wait $other || true
	[ "$(genl status | jq .events)" -ge 2000 ]
}

# bats test_tags=core
@test "losses: stacks cut off at the depth limit are counted" {
	load_module max_depth=1
	start_and_attach fd victim_fd
	tell hold 9
	report
	assert_site by_hold fd 9 9
	assert_fd_count
	[ "$(loss truncated_stacks)" -gt 0 ] || explain "cut stacks are not counted"
	jq -e '.losses.complete_stacks < 1' "$REPORT"
}

# bats test_tags=core
@test "losses: with room enough nothing is lost" {
	load_module
	start_and_attach fd,timer,thread victim_fd
	tell hold 500
	tell pairs 3000
	report
	assert_site by_hold fd 500 500
	assert_site by_pair fd 0 3000
	assert_exact
	assert_unrepaired
	expect "$(loss objects) $(loss stacks) $(loss events)" "0 0 0" losses
}

# bats test_tags=core
@test "losses: what one target lost is not said of another, nor of who comes later" {
	load_module ring_bytes=4096
	start_and_attach fd victim_fd
	local quiet=$VICTIM
	start_victim victim_fd
	attach --kinds fd --max-objects 20
	local first=$VICTIM
	lose_events
	tell hold 100
	kill -KILL "$listener"
	start_and_attach fd victim_fd
	tell hold 30
	report
	assert_exact
	expect "$(loss objects) $(loss stacks) $(loss events)" "0 0 0" losses
	report "$first"
	assert_flagged objects
	[ "$(loss events)" -gt 0 ]
	report "$quiet"
	assert_exact
	expect "$(loss objects) $(loss stacks) $(loss events)" "0 0 0" "losses beside it"
}

# A read of shared memory may map more than its page, so each is a work on the way back
# to user mode; 4,096 are the pool.
@test "losses: one system call makes more works than there may be: the report finds what they had found" {
	load_module
	start_and_attach page victim_storm
	local quiet=$VICTIM
	start_and_attach page victim_storm
	tell lock 6000
	[ "$(genl status | jq .lost_work)" -gt 0 ]
	report
	assert_all_pages
	[ "$(loss skipped)" -gt 0 ]
	report "$quiet"
	expect "$(loss skipped)" 0 "works lost by who had none"
}

@test "losses: a target's own bound" {
	load_module max_targets=3
	for _ in 1 2 3; do
		start_victim victim_timer
		attach --kinds timer
	done
	start_victim victim_timer
	run lt attach "$VICTIM" --background
	expect "$status" 2 "exit status"
	[ "${#lines[@]}" = 1 ]
	[[ $output == *max_targets* || $output == *"too many"* ]]
}
