#!/usr/bin/env bats
# Twenty programs that leak N objects at a named function, and their twins.
# bats file_tags=vm,victims

load lib/common

N=40
SPREAD_MS=8000

# finish NAME: what $VICTIM says when it is done, and what the report does
finish() {
	local child=$VICTIM
	hear || { echo "$1: $ANSWER"; return 1; }
	echo "$ANSWER" >"$BATS_FILE_TMPDIR/$1.truth"
	[[ $1 != *.child* ]] || child=$(answer child)
	lt report "$child" --format json >"$BATS_FILE_TMPDIR/$1" \
		2>"$BATS_FILE_TMPDIR/$1.err" || true
}

# All eight of a way run side by side, once; the tests look at the reports.
# What stopped growing long ago is no leak any more, so each ends a little after
# the one before, by what a report takes here, and is reported at once. Where all are
# busy and the kernel is slow, a report takes too long for that: one after the other.
run_way() {
	local way=$1 kind twin start lag=0 spread=$SPREAD_MS alone='' options=()
	local -A pid=()
	[ ! -e "$BATS_FILE_TMPDIR/$way.done" ] || return 0
	[ "$way" != child ] || options=(--follow-fork)
	[ "$way" != mixed ] || ! is_slow || { alone=yes; spread=$(paced $SPREAD_MS); }
	for kind in fd page timer thread; do
		for twin in "" twin; do
			start_victim victim_leak "$kind" "$way" $twin
			pid[$kind$twin]=$VICTIM
			attach --kinds "$kind" "${options[@]}"
		done
	done
	start=${EPOCHREALTIME/./}
	report
	lag=$(((${EPOCHREALTIME/./} - start) * 3 / 2000))
	for kind in fd page timer thread; do
		for twin in "" twin; do
			VICTIM=${pid[$kind$twin]}
			send go $N "$spread"
			if [ "$alone" ]; then
				finish "$kind.$way${twin:+.twin}" || return
			else
				spread=$((spread + lag))
			fi
		done
	done
	for kind in fd page timer thread; do
		for twin in "" twin; do
			VICTIM=${pid[$kind$twin]}
			[ "$alone" ] || finish "$kind.$way${twin:+.twin}" || return
		done
	done
	: >"$BATS_FILE_TMPDIR/$way.done"
}

setup() {
	need_module
	hide_debug_files
}

teardown() { clean_up; }

# names FUNCTION: the report has it as a leak, N alive, and no other leak
names() {
	local kind=$1 way=$2 function=$3
	run_way "$way"
	REPORT=$BATS_FILE_TMPDIR/$kind.$way
	digest || { cat "$REPORT.err"; return 1; }
	expect "$(sed -n 's/^made=//p' "$REPORT.truth")" $N "objects that the victim made"
	assert_site "$function" "$kind" $N $N
	assert_innermost "$function" "$kind"
	assert_verdict "$function" "$kind" leak
	local others
	others=$(awk -v f="$function" '$1 == "site" && ($5 == "leak" || $5 == "suspect") && $9 != f' "$REPORT.lines")
	[ -z "$others" ] || explain "also called leaks: $others"
	assert_exact
	if [ "$way" = mixed ]; then
		local pairs
		pairs=$(sed -n 's/^pairs=//p' "$REPORT.truth")
		[ "$pairs" -gt 100 ]
		assert_site "pair_${kind}_here" "$kind" 0 "$pairs"
	fi
	twin "$kind" "$way"
}

twin() {
	REPORT=$BATS_FILE_TMPDIR/$1.$2.twin
	digest || { cat "$REPORT.err"; return 1; }
	expect "$(sed -n 's/^made=//p' "$REPORT.truth")" $N "objects that the twin made"
	assert_no_leaks
	assert_exact
}

# bats test_tags=core
@test "victim: fd, plain; its twin is clean" { names fd plain leak_fd_here; }
@test "victim: fd, in a library; its twin is clean" { names fd library leak_fd_in_library; }
@test "victim: fd, in a thread; its twin is clean" { names fd thread leak_fd_in_thread; }
# bats test_tags=core
@test "victim: fd, in a forked child; its twin is clean" { names fd child leak_fd_in_child; }
@test "victim: fd, among 1,000 pairs a second; its twin is clean" { names fd mixed leak_fd_among_pairs; }

# bats test_tags=core
@test "victim: page, plain; its twin is clean" { names page plain leak_page_here; }
@test "victim: page, in a library; its twin is clean" { names page library leak_page_in_library; }
@test "victim: page, in a thread; its twin is clean" { names page thread leak_page_in_thread; }
# bats test_tags=core
@test "victim: page, in a forked child; its twin is clean" { names page child leak_page_in_child; }
@test "victim: page, among 1,000 pairs a second; its twin is clean" { names page mixed leak_page_among_pairs; }

# bats test_tags=core
@test "victim: timer, plain; its twin is clean" { names timer plain leak_timer_here; }
@test "victim: timer, in a library; its twin is clean" { names timer library leak_timer_in_library; }
@test "victim: timer, in a thread; its twin is clean" { names timer thread leak_timer_in_thread; }
# bats test_tags=core
@test "victim: timer, in a forked child; its twin is clean" { names timer child leak_timer_in_child; }
@test "victim: timer, among 1,000 pairs a second; its twin is clean" { names timer mixed leak_timer_among_pairs; }

# bats test_tags=core
@test "victim: thread, plain; its twin is clean" { names thread plain leak_thread_here; }
@test "victim: thread, in a library; its twin is clean" { names thread library leak_thread_in_library; }
@test "victim: thread, in a thread; its twin is clean" { names thread thread leak_thread_in_thread; }
# bats test_tags=core
@test "victim: thread, in a forked child; its twin is clean" { names thread child leak_thread_in_child; }
@test "victim: thread, among 1,000 pairs a second; its twin is clean" { names thread mixed leak_thread_among_pairs; }
