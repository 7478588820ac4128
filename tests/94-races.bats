#!/usr/bin/env bats
# What takes a coincidence: a function is held up until it has come about.
# bats file_tags=vm,smp

load lib/common

DELAY=/sys/module/delay/parameters

setup() { need_module; }

teardown() {
	[ ! -w $DELAY/go ] || echo 1 >$DELAY/go
	[ -z "${attaching-}" ] || wait "$attaching" || true
	kill_strangers
	clean_up
	[ ! -d /sys/module/delay ] || rmmod delay
}

delay() { insmod "$(test_module delay)" "$@"; }

is_delaying() { [ "$(cat $DELAY/delaying)" = Y ]; }

# strangers_begin N: processes that open five files each when they are told
strangers_begin() {
	local i
	mkfifo "$BATS_TEST_TMPDIR/begin"
	exec {begin}<>"$BATS_TEST_TMPDIR/begin"
	strangers=()
	for ((i = 0; i < $1; i++)); do
		{
			read -r -u "$begin"
			exec 20</dev/null 21</dev/null 22</dev/null 23</dev/null 24</dev/null
			: >"$BATS_TEST_TMPDIR/opened.$BASHPID"
			sleep 1000
		} 3>&- 4>&- &
		strangers+=($!)
	done
}

have_opened() { [ "$(find "$BATS_TEST_TMPDIR" -name 'opened.*' | wc -l)" = ${#strangers[@]} ]; }

strangers_open() {
	local i
	for i in "${strangers[@]}"; do
		echo
	done >&"$begin"
	until_true 120 have_opened
}

kill_strangers() {
	local pid
	for pid in ${strangers[@]+"${strangers[@]}"}; do
		pkill -KILL -P "$pid" || true
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	strangers=()
}

# The thread that has a table of its own ends after its table was found, and before it is
# followed. By then the table's address is a stranger's: nothing of his is the target's.
@test "races: a table of descriptors that another process has by the time it is followed" {
	start_victim victim_fd
	taskset -cp 1 "$VICTIM" >&2
	taskset -cp 1 $$ >&2
	tell hold 6
	tell unshare 4 0
	# 1 is LT_KEY_FILES; the first table is the process's
	delay function=lt_key_add second=1 nth=2 delay_ms=15000
	taskset -c 0 "$LEAKTRACE" attach "$VICTIM" --background --kinds fd >"$BATS_TEST_TMPDIR/attach" 2>&1 3>&- &
	attaching=$!
	until_true 120 is_delaying
	tell gone
	strangers_begin 24
	echo 1 >$DELAY/go
	wait $attaching
	attaching=''
	[ "$(cat $DELAY/owners)" -gt 0 ] || { echo "no stranger has the table" >&2; return 1; }
	strangers_open
	report
	assert_total fd born 0
	assert_fd_count
	assert_exact
	taskset -cp 0-1 $$ >&2
}

# To find the other 511 pages of a huge page we want mmap_lock, which another thread has
# most of the time. Who touches a page must not wait for that: it is left to the report.
@test "races: a huge fault does not wait for mmap_lock" {
	! is_rt || skip "PREEMPT_RT excludes huge pages"
	local range
	start_victim victim_page
	taskset -cp 1 "$VICTIM" >&2
	attach --kinds page
	taskset -acp 0-1 "$VICTIM" >&2
	for range in a b c; do
		tell map $range 8192 huge
		delay function=mprotect_fixup pid="$VICTIM" delay_ms=20
		tell contend $range
		# an emulated processor may go on with what it has translated before the probe was set
		[ "$(cat $DELAY/calls)" = 0 ] || break
		rmmod delay
	done
	[ "$(answer changes)" -le 48 ] || { echo "16 huge pages: $ANSWER" >&2; return 1; }
	rmmod delay
	report
	[ "$(loss reconciled)" -gt 0 ] || explain "no page was left to the report"
	assert_exact
}
