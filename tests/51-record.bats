#!/usr/bin/env bats
# Recordings: what happened over time is in the file, whatever ends the recorder.
# bats file_tags=vm,record

load lib/common

setup() {
	need_module
	mkdir "$(scratch)/out"
	FILE=$(scratch)/out/run.leaktrace
}
teardown() {
	clean_up
	umount "$(scratch)/out" 2>/dev/null || true
}

# record [OPTION…]: in the background; waits until the first look is in the file.
record() {
	lt_front record "$VICTIM" --kinds fd --interval 1 -o "$FILE" "$@" \
		>"$(scratch)/record.out" 2>"$(scratch)/record.err" 3>&- 4>&- &
	RECORDER=$!
	for _ in {1..300}; do
		if [ "$(stat -c %s "$FILE" 2>/dev/null || echo 0)" -gt 1000 ]; then return 0; fi
		kill -0 "$RECORDER" 2>/dev/null || break
		sleep 0.1
	done
	cat "$(scratch)/record.err" >&2
	return 1
}

# The last whole look in the file is younger than now.
looked() {
	local now
	now=$(date +%s)
	for _ in {1..90}; do
		if lt report "$FILE" --format json 2>/dev/null | jq -e --argjson now "$now" '.target
			| (.attached_at | sub("[.][0-9]+Z$"; "Z") | fromdate) + .window_s > $now + 1' >/dev/null; then
			return 0
		fi
		sleep 0.5
	done
	echo "no look within $(($(date +%s) - now)) s" >&2
	return 1
}

now() { date -u +%Y-%m-%dT%H:%M:%S.%NZ; }

report_file() {
	REPORT=$(scratch)/report.json
	REPORT_STATUS=0
	lt report "$FILE" --format json "$@" >"$REPORT" || REPORT_STATUS=$?
	[ "$REPORT_STATUS" -le 1 ]
	digest
}

# bats test_tags=core
@test "record: Ctrl-C ends it with a report, and the file says the same" {
	start_victim victim_leak fd plain
	record
	tell go 40 5000
	kill -INT "$RECORDER"
	wait "$RECORDER"
	grep -q leak_fd_here "$(scratch)/record.out"
	report_file
	expect "$REPORT_STATUS" 1 "exit status"
	jq -e '.losses.exact and .sites[0].verdict == "leak" and .sites[0].born == 40
		and ([.sites[0].frames[].function] | index("leak_fd_here"))' "$REPORT"
	# nobody is traced any more
	run lt report "$VICTIM"
	expect "$status" 2 "exit status of a report of what is not traced"
}

@test "record: killed, the file has all but the end, and says so" {
	start_victim victim_fd
	record
	tell hold 30
	looked
	kill -KILL "$RECORDER"
	wait "$RECORDER" || true
	report_file
	jq -e '.losses.exact == false and (.losses.inexact | any(test("end of the file is missing")))' "$REPORT"
	assert_site by_hold fd 30 30
}

@test "record: a full disk ends it, and what is there can be read" {
	local status=0
	mount -t tmpfs -o size=64k tmpfs "$(scratch)/out"
	start_victim victim_fd
	record --events
	tell hold 30
	looked
	tell pairs 20000
	# not with "run": a subshell cannot wait for what is not its child
	wait "$RECORDER" || status=$?
	expect "$status" 2 "exit status"
	grep -q "No space left" "$(scratch)/record.err"
	report_file
	jq -e '.losses.inexact | any(test("end of the file is missing"))' "$REPORT"
	assert_site by_hold fd 30 30
}

@test "diff: exactly what was held in between, by site" {
	local old new
	old=$(scratch)/old new=$(scratch)/new
	start_and_attach fd victim_fd
	tell hold 7
	lt snapshot "$VICTIM" -o "$old"
	tell hold 12
	tell pairs 50
	lt snapshot "$VICTIM" -o "$new"
	run lt diff "$old" "$new" --format json
	expect "$status" 0 "exit status"
	jq -e '.same_process and (.sites | length == 1) and .sites[0].growth == 12 and .sites[0].live == 12
		and ([.sites[0].frames[].function] | index("by_hold"))' <<<"$output"
	run lt diff "$old" "$new"
	[[ $output == *+12*by_hold* ]]
	run lt diff "$new" "$old"
	expect "$status" 2 "exit status the other way round"
	# another process of the same program: by the names on the stack
	start_and_attach fd victim_fd
	tell hold 9
	lt snapshot "$VICTIM" -o "$new"
	run lt diff "$old" "$new" --format json
	jq -e '(.same_process | not) and (.sites | length == 1)
		and .sites[0].growth == 2 and .sites[0].live_before == 7 and .sites[0].live == 9' <<<"$output"
	# a leak in between is one
	start_and_attach fd victim_leak fd plain
	lt snapshot "$VICTIM" -o "$old"
	tell go 40 5000
	lt snapshot "$VICTIM" -o "$new"
	run lt diff "$old" "$new"
	expect "$status" 1 "exit status with a leak"
	[[ $output == *LEAK*leak_fd_here* ]]
}

@test "report --between: what came then, and nothing else" {
	local from to
	start_victim victim_fd
	record
	tell hold 5
	looked
	from=$(now)
	tell hold 20
	looked
	to=$(now)
	tell hold 40
	looked
	kill -INT "$RECORDER"
	wait "$RECORDER"
	report_file --between "$from" "$to"
	assert_site by_hold fd 20 20
	jq -e '.totals.fd.born == 20 and .totals.fd.live - .totals.fd.baseline == 20' "$REPORT"
	report_file --between +0s -0s
	jq -e '.sites | map(.born) | add == 65' "$REPORT"
	run lt report "$FILE" --between +1h +2h
	expect "$status" 2 "exit status outside of it"
}

@test "record --rotate: each file stands by itself, the oldest go" {
	start_victim victim_fd
	tell hold 3
	record --rotate 2s --keep 2
	for _ in {1..600}; do
		[ ! -e "$FILE.2" ] || break
		sleep 0.1
	done
	tell hold 11
	looked
	kill -INT "$RECORDER"
	wait "$RECORDER"
	[ ! -e "$FILE.3" ]
	run lt report "$FILE.2"
	[ "$status" -le 1 ]
	report_file
	assert_site by_hold fd 11 11
	jq -e '.losses.exact' "$REPORT"
}

@test "record: a target traced in the background stays traced" {
	start_and_attach fd victim_fd
	tell hold 4
	record
	tell hold 2
	looked
	kill -INT "$RECORDER"
	wait "$RECORDER"
	report
	jq -e '.totals.fd.born == 6' "$REPORT"
	report_file
	jq -e '.totals.fd.born == 6' "$REPORT"
}
