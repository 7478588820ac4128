#!/usr/bin/env bats
# The host changes under a target: processors go and come, memory ends.
# bats file_tags=vm,lifecycle

load lib/common

CPU=/sys/devices/system/cpu/cpu1/online
GROUP=/sys/fs/cgroup/leaktrace-test

setup() { need_module; }

teardown() {
	[ ! -w $CPU ] || echo 1 >$CPU
	[ -z "${cli-}" ] || { kill -KILL "$cli"; wait "$cli"; } 2>/dev/null || true
	clean_up
	[ ! -d $GROUP ] || rmdir $GROUP
}

# bats test_tags=core
@test "host: a processor goes and comes while threads open and close: exact" {
	[ -w $CPU ] || lacking "no processor that can be switched off"
	start_and_attach fd victim_storm
	send storm 4 8000 11
	local i
	for ((i = 0; i < 4; i++)); do
		echo 0 >$CPU
		echo 1 >$CPU
	done
	hear
	echo 0 >$CPU
	report
	assert_exact
	assert_site storm_open fd 11 8000
	assert_fd_count
	assert_unrepaired
	# attached and detached with one processor less
	lt detach "$VICTIM"
	attach --kinds fd
	echo 1 >$CPU
	tell storm 4 400 3
	report
	assert_site storm_open fd 3 400
	assert_fd_count
}

one_target() { [ "$(genl status | jq .targets)" = 1 ]; }

# limited_group MB
limited_group() {
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir -p $GROUP
	echo $(($1 << 20)) >$GROUP/memory.max
	[ ! -w $GROUP/memory.swap.max ] || echo 0 >$GROUP/memory.swap.max
}

# bats test_tags=core
@test "host: a target that the OOM killer takes still has its last report" {
	grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null || lacking "no memory controller"
	limited_group 32
	start_victim victim_page
	echo "$VICTIM" >$GROUP/cgroup.procs
	lt_front attach "$VICTIM" --kinds page,fd --format json >"$BATS_TEST_TMPDIR/out" \
		2>"$BATS_TEST_TMPDIR/err" 3>&- &
	cli=$!
	until_true 60 one_target
	tell map a 16000 nohuge
	send touch a write
	local status=0
	wait $cli || status=$?
	cli=''
	[ $status -le 1 ] || { cat "$BATS_TEST_TMPDIR/err"; return 1; }
	wait "$VICTIM" || expect $? 137 "how the target ended"
	REPORT=$BATS_TEST_TMPDIR/out
	digest
	jq -e '.target.exited' "$REPORT"
	# what it had touched when it was killed; the limit is 8,192 pages
	local live
	read -r _ _ live _ <<<"$(site touch_write page)"
	[ "$live" -gt 6000 ] && [ "$live" -le 8192 ] || explain "pages of touch_write: $live"
	expect "$(genl status | jq .targets)" 0 targets
}
