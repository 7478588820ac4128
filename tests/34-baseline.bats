#!/usr/bin/env bats
# What was there before: counted, no leak of anybody's, and mortal.
# bats file_tags=vm,core,baseline

load lib/common

setup() {
	need_module
	hide_debug_files
}

teardown() { clean_up; }

@test "baseline: descriptors" {
	start_victim victim_fd
	tell hold 12
	local before
	before=$(proc_fd_count "$VICTIM")
	attach
	report
	assert_total fd baseline "$before"
	assert_total fd live "$before"
	assert_total fd born 0
	assert_exact
	tell drop 5
	report
	assert_total fd baseline "$before"
	assert_total fd died 5
	assert_fd_count
	# a number that is used again is born
	tell hold 3
	report
	assert_site by_hold fd 3 3
	assert_total fd born 3
	assert_fd_count
	assert_exact
	assert_no_leaks
}

@test "baseline: pages" {
	local huge=huge
	! is_rt || huge=''	# PREEMPT_RT excludes them
	start_victim victim_page
	tell map a 50
	tell touch a write
	tell map b 600 $huge
	tell touch b write 0 30
	attach --kinds page
	report
	assert_all_pages
	assert_total page baseline "$(total page live)"
	assert_site touch_write page 0 0
	tell again a
	tell unmap a 0 20
	report
	assert_site write_again page 0 0
	assert_all_pages
	# mremap moves what was there before, too
	tell remap a 30 fixed 20 30
	tell unmap b
	report
	assert_all_pages
	assert_no_leaks
}

# The walk over them is long, and does not hold the target up. What mremap takes from
# before it to behind it is baseline all the same.
# bats test_tags=core
@test "baseline: pages that are moved while they are listed" {
	start_victim victim_page
	# above a; its first new place is below, its next one where it has been
	tell map b 3000 nohuge
	tell touch b write
	tell map a 100000 nohuge
	tell touch a write
	yes "remap b 3000 fixed" >&"${VICTIM_IN[$VICTIM]}" 3>&- &
	STARTED+=($!)
	cat <&"${VICTIM_OUT[$VICTIM]}" >"$BATS_TEST_TMPDIR/answers" 3>&- &
	STARTED+=($!)
	PYTHONPATH=$TOP/tests/lib "$PYTHON" -S -B - "$VICTIM" >"$BATS_TEST_TMPDIR/kinds" <<-'PYTHON'
	import sys, genl
	nl = genl.Netlink()
	family = nl.family()["id"]
	pages = genl.u32("pid", int(sys.argv[1])) + genl.u32("kinds", 1 << genl.KINDS.index("page"))
	for _ in range(12):
	    target = genl.u32("id", genl.call(nl, family, "TARGET_ADD", pages)[0]["id"])
	    kind = genl.call(nl, family, "RECONCILE", target)[0]["kind"][0]
	    print(kind["baseline"], kind["missed_births"], kind["moved"])
	    genl.call(nl, family, "TARGET_DEL", target)
	PYTHON
	refute grep -q failed "$BATS_TEST_TMPDIR/answers"
	cat "$BATS_TEST_TMPDIR/kinds"
	expect "$(wc -l <"$BATS_TEST_TMPDIR/kinds")" 12 attachments
	expect "$(awk '$1 < 103000 || $1 > 103500 || $2' "$BATS_TEST_TMPDIR/kinds")" "" "pages not listed, or twice"
}

@test "baseline: timers" {
	start_victim victim_timer
	tell create monotonic none 7
	tell create realtime signal 2
	attach --kinds timer
	report
	assert_total timer baseline 9
	tell delete 0 4
	tell create monotonic none 1
	report
	assert_total timer died 4
	assert_total timer live 6
	assert_total timer live "$(proc_timer_count "$VICTIM")"
	assert_site by_monotonic timer 1 1
	assert_exact
	assert_no_leaks
}

@test "baseline: more timers than there are cells in store when it begins" {
	start_victim victim_bounds
	tell timers 8000
	attach --kinds timer
	report
	assert_total timer baseline 8000
	assert_total timer live 8000
	assert_exact
}

@test "baseline: threads" {
	start_victim victim_thread
	tell raw 6
	tell running 2
	attach --kinds thread
	report
	assert_total thread baseline 9
	tell end 4
	tell raw 1
	report
	assert_total thread died 4
	assert_total thread live "$(proc_task_count "$VICTIM")"
	assert_site by_raw thread 1 1
	assert_exact
	assert_no_leaks
}

@test "baseline: attached a second time, all that lives is baseline again" {
	start_victim victim_fd
	attach --kinds fd
	tell hold 10
	report
	assert_site by_hold fd 10 10
	lt detach "$VICTIM"
	attach --kinds fd
	report
	assert_total fd baseline "$(proc_fd_count "$VICTIM")"
	assert_total fd born 0
	assert_site by_hold fd 0 0
	tell hold 4
	report
	assert_site by_hold fd 4 4
	assert_fd_count
	assert_exact
}
