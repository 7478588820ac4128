#!/usr/bin/env bats
# POSIX timers: every road in and out, every trap, against /proc/PID/timers.
# bats file_tags=vm,timer

load lib/common

setup() {
	need_module
	hide_debug_files
	start_and_attach timer victim_timer
}

teardown() { clean_up; }

assert_timer_count() {
	assert_total timer live "$(proc_timer_count "$VICTIM")"
}

# bats test_tags=core,debug
@test "timer: born by timer_create on every clock, with every way to tell" {
	tell create realtime none 2
	tell create realtime signal 1
	tell create monotonic signal 3
	tell create monotonic thread_id 1
	tell create cputime none 5
	tell create boottime none 2
	tell create x null 6
	report
	assert_site by_realtime timer 3 3
	assert_site by_monotonic timer 4 4
	assert_site by_cputime timer 5 5
	assert_site by_boottime timer 2 2
	assert_site by_null timer 6 6
	assert_innermost by_null timer
	assert_timer_count
	expect "$(proc_timer_count "$VICTIM")" 20 /proc
	assert_exact
	assert_unrepaired
}

# bats test_tags=core
@test "timer: died by timer_delete" {
	tell create monotonic none 10
	tell delete 2 4
	tell pairs 50
	report
	assert_site by_monotonic timer 6 10
	assert_site by_pair timer 0 50
	assert_released by_monotonic timer die_delete
	assert_released by_pair timer by_pair
	assert_timer_count
	assert_exact
	assert_unrepaired
}

# bats test_tags=core
@test "timer: arming, firing, overrunning and stopping are neither birth nor death" {
	tell create monotonic signal 4
	tell arm 0 2 5 5
	tell expired 6
	tell overrun 100
	tell arm 0 2 7 7
	tell disarm 1 1
	tell arm 2 1 100000
	report
	assert_site by_monotonic timer 4 4
	assert_site arm_here timer 0 0
	assert_timer_count
	assert_exact
	assert_unrepaired
}

@test "timer: clock, interval, armed or not, expirations, overruns" {
	tell create monotonic signal 2
	tell create realtime none 1
	tell arm 0 1 20 20
	tell expired 3
	tell overrun 300
	tell disarm 0 1
	local signals
	signals=$(answer signals || true)
	tell arm 1 1 100000 5000
	genl objects "$VICTIM" timer >"$BATS_TEST_TMPDIR/timers"
	expect "$(wc -l <"$BATS_TEST_TMPDIR/timers")" 3 "timers in the table"
	local armed=$((1 << 2))
	# ids go up with age: the first fired, the second waits, the third is idle
	jq -s -e --argjson armed $armed 'sort_by(.id)
		| (.[0].clock == 1 and .[1].clock == 1 and .[2].clock == 0)
		and ([.[] | (.flags // 0) / $armed % 2 | floor] == [0, 1, 0])
		and (.[1].interval_ns == 5000000000)
		and (.[0].expirations >= 3)
		and ((.[1].expirations // 0) == 0)' "$BATS_TEST_TMPDIR/timers"
	echo "signals: $signals"
}

@test "timer: SIGEV_THREAD timers that libc makes" {
	tell helper 4
	report
	assert_total timer born 4
	assert_timer_count
	assert_exact
	assert_unrepaired
}

# bats test_tags=core
@test "timer: a call that fails is no birth and no death" {
	tell create monotonic none 3
	report
	local before
	before=$(grep '^total timer' "$REPORT.lines")
	tell fail 10
	report
	expect "$(grep '^total timer' "$REPORT.lines")" "$before" "after failures"
	assert_timer_count
	assert_exact
	assert_unrepaired
}

# bats test_tags=core
@test "timer: exec ends them all" {
	tell create monotonic none 5
	tell exec
	report
	assert_some_site timer 5 0
	assert_timer_count
	tell create realtime none 2
	report
	assert_site by_realtime timer 2 2
	assert_timer_count
	assert_exact
}

@test "timer: a child inherits none" {
	lt detach "$VICTIM"
	attach --kinds timer --follow-fork
	tell create monotonic none 5
	tell fork
	local child
	child=$(answer child)
	report "$child"
	assert_total timer baseline 0
	assert_total timer live 0
	assert_exact
	report
	assert_site by_monotonic timer 5 5
	assert_timer_count
	tell gone
}

@test "timer: an exited target's numbers are those of its last moment" {
	local pid=$VICTIM
	tell create monotonic none 6
	tell delete 0 2
	end_victim
	report "$pid"
	jq -e '.target.exited' "$REPORT"
	assert_some_site timer 6 4
}

@test "timer: a timerfd is a descriptor, not a timer" {
	kill_victims
	start_victim victim_fd
	attach --kinds fd,timer
	tell road timerfd 3
	report
	assert_total timer born 0
	jq -e '[.sites[] | select(.kind == "fd" and .type == "timerfd") | .live] | add == 3' "$REPORT"
}
