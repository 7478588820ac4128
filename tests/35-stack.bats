#!/usr/bin/env bats
# Stacks of objects against what backtrace() said where they were made.
# bats file_tags=vm,stack

load lib/common

# An emulated guest takes its time to compile tables: threads may wait for them.
setup_file() { load_module hold_ms=20000; }
teardown_file() { load_module; }

setup() { need_module; }

teardown() {
	[ -z "${cli-}" ] || { kill -KILL "$cli"; wait "$cli"; } 2>/dev/null || true
	clean_up
}

# In the foreground: the tool hands over the tables of what is loaded meanwhile.
follow() {
	lt_front attach "$VICTIM" --kinds "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	cli=$!
	attached() { [ "$(genl status | jq .targets)" = 1 ]; }
	until_true 60 attached
}

# The tool ends with a report.
stop_following() {
	kill -INT "$cli"
	wait "$cli" || true
	cli=
}

# check COMMAND COUNT: has the victim make COUNT objects; $result is stacks.py's
check() {
	tell "$1" "$2" "$BATS_TEST_TMPDIR/truth"
	compare "$VICTIM"
}

# compare PID: what it noted with what the kernel knows of it
compare() {
	local dir=$BATS_TEST_TMPDIR what
	for what in objects sites stacks; do
		genl $what "$1" >"$dir/$what"
	done
	result=$("$PYTHON" -S "$TOP/tests/lib/stacks.py" "$dir/truth" "$dir/objects" "$dir/sites" \
		"$dir/stacks" 2>"$dir/wrong") || { head -c 4000 "$dir/wrong" >&2; echo "$result" >&2; return 1; }
	echo "$result"
}

# is FILTER: of $result
is() { jq -e "$1" <<<"$result" >/dev/null || { echo "not $1: $result" >&2; return 1; }; }

@test "stack: equal to backtrace() on every path, to depth 200 and more" {
	start_victim victim_stack
	follow fd,page
	check paths 5000
	is '.wrong == 0 and .missing == 0 and .noted == 5000'
	is '.complete >= 0.999 * .noted'
	is '.deepest >= 200'
}

# bats test_tags=core
@test "stack: equal to backtrace() wherever a signal strikes" {
	start_victim victim_stack
	follow fd
	check async 500
	is '.wrong == 0 and .missing == 0 and .noted >= 500'
	is '.complete >= 0.999 * .noted'
}

# bats test_tags=core,debug
@test "stack: swapped out when something is made: walked again, whole and not wrong" {
	[ "$(wc -l </proc/swaps)" -gt 1 ] || lacking "swap"
	start_victim victim_stack
	follow fd,page
	check swapped 200
	[ "$(answer out)" -gt 400 ] || { echo "pages out: $(answer out)" >&2; return 1; }
	is '.wrong == 0 and .missing == 0 and .noted == 200'
	is '.complete >= 0.999 * .noted'
	# nothing stays where it was put at first
	genl sites "$VICTIM" | jq -e 'select(.stack >= 2147483648)' && return 1
	report
	assert_exact
}

notified() { genl probes | jq 'select(.name == "invalidate_range_start") | .hits'; }

@test "stack: swapped out when something dies: whole, and each path is there once" {
	start_victim victim_stack
	follow fd
	local before
	before=$(notified)
	tell dying 40 "$BATS_TEST_TMPDIR/truth"
	# a second walk is no hit of a hook
	expect "$(notified)" "$before" "hits of the mmu notifier"
	report
	assert_exact
	jq -e '[.sites[] | select(any(.frames[]; .function == "make_doomed()"))] | length == 1 and
		(.[0].released_at | map(.share) == [0.5, 0.5] and
			all(.[]; .frames[-1].function == "_start" and (.frames | length) > 70))' "$REPORT"
}

# bats test_tags=core
@test "stack: equal to backtrace() while another thread loads and unloads a library" {
	start_victim victim_stack
	follow fd,page
	check loading 300
	is '.wrong == 0 and .missing == 0 and .noted == 300'
	is '.complete >= 0.999 * .noted'
}

# bats test_tags=core
@test "stack: equal to backtrace() in each of 25 programs one after the other" {
	start_victim victim_stack
	follow fd
	check execs 25
	is '.wrong == 0 and .missing == 0 and .noted == 125'
	is '.complete >= 0.999 * .noted'
}

@test "stack: a storm of exec, and nobody there with tables: ended and flagged, never wrong" {
	start_and_attach fd victim_stack
	check execs 60
	is '.wrong == 0 and .missing == 0 and .noted == 300'
	is '.complete < 100'
}

@test "stack: of a child through code that its parent has unloaded since, and has told so or not" {
	local told child
	start_victim victim_stack
	attach --kinds fd --follow-fork
	for told in '' yes; do
		tell load 0 -
		report
		tell fork 0 -
		child=$(answer child)
		[ -z "$told" ] || report
		tell release 5 "$BATS_TEST_TMPDIR/truth"
		compare "$child"
		is '.wrong == 0 and .missing == 0 and .noted == 5 and .complete == 5'
	done
}

@test "stack: through code that mprotect() makes of a file's bytes" {
	start_victim victim_stack
	follow fd
	tell raw 7 "$BATS_TEST_TMPDIR/truth"
	expect "$(status_of 7)" 0 "status"
	report
	jq -e '[.sites[] | select(.born == 7) | .frames[].function] as $f |
		all("make_raw(int)", "deeper", "call_back", "raw(int)", "main"; IN($f[]))' "$REPORT"
}

# status BORN: how the walk of the site with so many births ended; 0: at a root
status_of() {
	local stack
	stack=$(genl sites "$VICTIM" | jq "select(.kind == \"fd\" and .born == $1) | .stack")
	genl stacks "$VICTIM" | jq "select(.id == $stack) | .status"
}

@test "stack: after exec in the background complete again once somebody has looked" {
	start_and_attach fd victim_fd
	tell hold 5
	expect "$(status_of 5)" 0 "status before exec"
	tell exec
	tell hold 3
	[ "$(status_of 3)" != 0 ]
	report
	tell hold 4
	expect "$(status_of 4)" 0 "status after the report"
}

@test "stack: through a plugin that was loaded in the background: said to be incomplete, whole once somebody has looked" {
	start_and_attach fd victim_stack
	tell load 0 -
	tell called 5 "$BATS_TEST_TMPDIR/truth"
	compare "$VICTIM"
	is '.wrong == 0 and .missing == 0 and .noted == 5 and .complete < 5'
	report
	jq -e '.losses.complete_stacks < 1 and (.losses.incomplete_stacks | length > 0 and all(.[]; .objects > 0 and .why != ""))
		and any(.sites[]; [.frames[].function] | index("make_called(int)"))' "$REPORT"
	check called 7
	is '.wrong == 0 and .missing == 0 and .noted == 7 and .complete == 7'
	report
	jq -e 'any(.sites[]; .born == 7 and ([.frames[].function] | contains(["make_called(int)", "deeper", "call_back", "main"])))' "$REPORT"
}

@test "stack: of programs with musl, which has no call frame information: to the root" {
	local program
	for program in victim_musl victim_musl_static; do
		start_and_attach fd "$program"
		tell hold 6
		expect "$(status_of 6)" 0 "$program: status"
		report
		jq -e '.losses.complete_stacks == 1 and (.sites[] | select(.born == 6) | [.frames[].function] |
			.[:4] == ["eventfd", "by_hold", "by_holder", "main"])' "$REPORT"
		# musl's frame has no other rules; the program's own are told
		jq -e '.sites[] | select(.born == 6) | [.frames[:4][] | .inferred] == [null, true, null, null]' "$REPORT"
	done
}

record_to() {
	lt_front record "$VICTIM" --kinds fd --interval 1 -o "$1" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	cli=$!
}

# went_on BORN FUNCTION…: the rest of the only such site begins with these, and ends at a root
went_on() {
	local born=$1
	shift
	jq -e --argjson born "$born" '.sites[] | select(.born == $born) | .rest |
		.stack == "complete" and ([.frames[].function] |
		.[:($ARGS.positional | length)] == $ARGS.positional and .[-1] == "_start")' \
		"$REPORT" --args "$@" || { jq -c '.sites[] | {born, stack, rest}' "$REPORT" >&2; return 1; }
}

@test "stack: by an expression that only libdw evaluates: flagged, and a copy of one goes on to the root" {
	start_victim victim_odd
	REPORT=$BATS_TEST_TMPDIR/report
	follow fd --json
	tell hold 9
	tell plain 5
	sleep 2
	[ "$(status_of 5)" = 0 ] && [ "$(status_of 9)" != 0 ]
	stop_following
	jq -c "select(.sites)" "$BATS_TEST_TMPDIR/out" >"$REPORT"
	jq -e '.sites[] | select(.born == 9) | [.frames[].function] == ["eventfd", "by_hold", "odd"]' "$REPORT"
	went_on 9 by_holder main
	# what needs no rest has none
	jq -e '.sites[] | select(.born == 5) | has("rest") | not' "$REPORT"
}

@test "stack: a recording has the rest of what ended early, and a report on it says so" {
	local file=$BATS_TEST_TMPDIR/file
	start_victim victim_odd
	record_to "$file"
	until_true 60 test -s "$file"
	tell hold 9
	sleep 2
	stop_following
	kill_victims
	REPORT=$BATS_TEST_TMPDIR/report
	lt report "$file" --json >"$REPORT"
	went_on 9 by_holder main
	lt report "$file" --all >"$BATS_TEST_TMPDIR/text"
	grep -A1 'the stack of one of them continues:' "$BATS_TEST_TMPDIR/text" | grep by_holder
}

@test "stack: without tables, as who should bring them is late: guessed, and a copy of one is whole" {
	load_module hold_ms=100
	start_victim victim_fd
	REPORT=$BATS_TEST_TMPDIR/report
	follow fd --json
	kill -STOP "$cli"
	tell exec
	sleep .2	# at most one copy in 50 ms: what exec opened has had the last
	tell hold 3
	[ "$(status_of 3)" = 8 ]	# NOTABLE
	kill -CONT "$cli"
	until_true 60 has_tables
	tell hold 4
	stop_following
	jq -c "select(.sites)" "$BATS_TEST_TMPDIR/out" >"$REPORT"
	load_module hold_ms=20000
	went_on 3 sys6 by_hold hold
	# and from then on there are tables
	jq -e '.sites[] | select(.born == 4) | .stack == "complete"' "$REPORT"
}

has_tables() { genl target "$VICTIM" | jq -e ".maps > 0" >/dev/null; }
