#!/usr/bin/env bats
# What users see: text, JSON, exit codes, the live tail.
# bats file_tags=vm,report
# shellcheck disable=SC2030,SC2031 # REPORT: see lib/common

load lib/common

setup() { need_module; }
teardown() { clean_up; }

leaking_victim() {
	start_victim victim_leak fd plain
	attach --kinds fd
	tell go 40 5000
}

# bats test_tags=core
@test "report: JSON has what the contract says, of the right types" {
	leaking_victim
	report
	jq -e '
		def number: type == "number"; def string: type == "string"; def bool: type == "boolean";
		(.leaktrace == 1)
		and (.target | (.pid | number) and (.comm | string) and (.exe | string)
			and (.attached_at | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$"))
			and (.window_s > 0) and (.exited == false))
		and (.totals | has("fd") and all(.[]; all(.baseline, .born, .died, .live; number)))
		and (.losses | (.exact | bool) and all(.events, .objects, .stacks, .truncated_stacks,
			.complete_stacks, .reconciled; number) and .complete_stacks >= 0 and .complete_stacks <= 1)
		and (.sites | length > 0)
		and all(.sites[]; (.id | number) and (.kind | string) and (.type | string)
			and (.confidence >= 0 and .confidence <= 1) and (.evidence | type == "array")
			and all(.born, .died, .live, .bytes, .rate_per_min; number)
			and (.age_s | has("p50") and has("max"))
			and (.lifetime_s | has("p50") and has("p99") and has("max"))
			and (.frames | type == "array") and (.released_at | type == "array")
			and (.examples | type == "array")
			and (.hash | test("^[0-9a-f]{16}$")) and (.blame == null or .blame < (.frames | length))
			and all(.frames[]; (.module | string) and (.offset | number) and (.inlined | bool)
				and (.language | string) and ((has("machinery") | not) or .machinery == true)))
		and (.sites[0] | .frames[.blame].function == "leak_fd_here")' "$REPORT"
	expect "$(jq -r .target.pid "$REPORT")" "$VICTIM" pid
	expect "$(jq -r .target.comm "$REPORT")" victim_leak comm
	[[ $(jq -r .target.exe "$REPORT") == */victim_leak ]]
}

# bats test_tags=core
@test "report: the leak stands first, with evidence, examples, file and line" {
	leaking_victim
	report
	jq -e '.sites[0] | .verdict == "leak" and .live == 40 and .born == 40 and .died == 0
		and .kind == "fd" and .type == "device"
		and (.evidence | any(test("40")))
		and (.examples | length > 0) and (.examples[0].what | test("/dev/null"))
		and ([.frames[] | select(.function == "leak_fd_here")] | length == 1)
		and ([.frames[] | select(.function == "leak_fd_here")][0]
			| (.file | endswith("victim_leak.c") or endswith("leak.h")) and .line > 0)' "$REPORT"
	# examples are descriptors that are open
	local id
	while read -r id; do
		[ -e "/proc/$VICTIM/fd/$id" ]
	done < <(jq -r '.sites[0].examples[].id' "$REPORT")
	# callers are there, too
	jq -e '[.sites[0].frames[].function] | index("leak_fd_here") < index("main")' "$REPORT"
}

# bats test_tags=core
@test "report: exit status 1 with a leak, 0 without" {
	leaking_victim
	report
	expect "$REPORT_STATUS" 1 "exit status with a leak"
	lt detach "$VICTIM"
	start_and_attach fd victim_fd
	tell pairs 30
	report
	expect "$REPORT_STATUS" 0 "exit status without"
	assert_no_leaks
}

@test "report: text names the function, its file and line, and the count" {
	leaking_victim
	run lt report "$VICTIM" --format text
	expect "$status" 1 "exit status"
	[[ $output == *leak_fd_here* ]]
	[[ $output =~ (victim_leak\.c|leak\.h):[0-9]+ ]]
	[[ $output == *40* ]]
	[[ $output == *"$VICTIM"* ]]
	# no colour off a terminal
	[[ $output != *$'\e'* ]]
	# text is the default
	run lt report "$VICTIM"
	[[ $output == *leak_fd_here* ]]
}

@test "report: the text says whether the numbers are exact" {
	start_and_attach fd victim_fd
	tell hold 3
	run lt report "$VICTIM" --format text
	[[ $output == *exact* ]]
}

@test "report: all four kinds at once" {
	start_victim victim_fd
	attach
	tell hold 5
	report
	jq -e '.totals | has("fd") and has("page") and has("timer") and has("thread")' "$REPORT"
	assert_site by_hold fd 5 5
	assert_fd_count
	assert_total thread live 1
	assert_total timer live 0
	assert_all_pages
}

@test "report: --kinds follows what was asked for, nothing else" {
	start_victim victim_fd
	attach --kinds thread
	tell hold 5
	report
	jq -e '[.sites[] | select(.kind != "thread")] | length == 0' "$REPORT"
	jq -e '.totals.fd // {born: 0} | .born == 0' "$REPORT"
	run lt attach $$ --kinds fd,nonsense --background
	expect "$status" 2 "exit status"
	[[ $output == *nonsense* ]]
}

@test "report: functions in a shared library, with its name and build id" {
	start_victim victim_leak fd library
	attach --kinds fd
	tell go 8 500
	report
	jq -e '[.sites[].frames[] | select(.function == "leak_fd_in_library")] | length > 0
		and all(.[]; (.module | endswith("libvictim.so")) and (.build_id | length >= 16)
			and .line > 0)' "$REPORT"
	local id
	id=$(readelf -n "$VICTIMS/libvictim.so" | sed -n 's/.*Build ID: //p')
	[ -z "$id" ] || jq -e --arg id "$id" '[.sites[].frames[]
		| select(.function == "leak_fd_in_library") | .build_id] | all(. == $id)' "$REPORT"
}

# bats test_tags=core
@test "attach: --duration prints the report, detaches, exits by what it found" {
	start_victim victim_leak fd plain
	send go 80 12000
	local status=0
	lt attach "$VICTIM" --kinds fd --duration 11 --format json >"$BATS_TEST_TMPDIR/out" || status=$?
	hear
	REPORT=$BATS_TEST_TMPDIR/out
	digest
	expect "$status" 1 "exit status"
	assert_verdict leak_fd_here fd leak
	expect "$(genl status | jq .targets)" 0 "targets left"
}

@test "attach: --json is one object a line, from attached to detached" {
	start_victim victim_leak fd plain
	send go 40 6000
	lt attach "$VICTIM" --kinds fd --duration 7 --json >"$BATS_TEST_TMPDIR/out" || true
	hear
	jq -c . "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/lines"
	expect "$(wc -l <"$BATS_TEST_TMPDIR/out")" "$(wc -l <"$BATS_TEST_TMPDIR/lines")" "objects, one a line"
	jq -s -e '[.[] | .event // empty] as $e
		| ($e[0] == "attached") and ($e | index("leak")) and ($e | index("detached"))
		and all($e[]; IN("attached", "leak", "growth", "cleared", "loss", "exited", "detached"))' \
		"$BATS_TEST_TMPDIR/lines"
	jq -s -e '[.[] | select(.event == "leak")][0] | .. | objects | select(.frames?)
		| [.frames[].function] | index("leak_fd_here")' "$BATS_TEST_TMPDIR/lines"
}

@test "JSON is UTF-8 whatever a program's name is, and where the kernel cuts it" {
	local dir=$BATS_TEST_TMPDIR/$'v\xff' said
	mkdir "$dir"
	cp "$VICTIMS/victim_fd" "$dir/näméd-ünîcôdé"
	VICTIMS=$dir start_victim näméd-ünîcôdé
	lt attach "$VICTIM" --kinds fd --duration 1 --json >"$dir/live" || true
	attach --kinds fd
	report
	lt status --json >"$dir/status"
	for said in "$dir/live" "$REPORT" "$dir/status"; do
		iconv -f UTF-8 -t UTF-8 "$said" >/dev/null
		grep -qF '"näméd-' "$said"
	done
}

@test "attach: Ctrl-C prints the report and leaves nothing behind" {
	start_victim victim_fd
	lt_front attach "$VICTIM" --kinds fd --format json >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	local cli=$! status=0
	is_attached() { [ "$(genl status | jq .tracing)" = 1 ]; }
	until_true 60 is_attached
	tell hold 6
	kill -INT $cli
	wait $cli || status=$?
	[ $status -le 1 ] || { cat "$BATS_TEST_TMPDIR/err"; false; }
	REPORT=$BATS_TEST_TMPDIR/out
	digest
	assert_site by_hold fd 6 6
	expect "$(genl status | jq .targets)" 0 "targets left"
}

# sets tail, the pid
tail_leaking_victim() {
	start_victim victim_leak fd plain
	attach --kinds fd
	lt_front tail "$VICTIM" --json >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	tail=$!
	send go "$1" "$2"
}

@test "tail: follows what runs in the background" {
	local tail
	tail_leaking_victim 240 "$(paced 30000)"
	# seconds of growth are told, but are no alarm yet
	found() { grep '"event":"growth"' "$BATS_TEST_TMPDIR/out" | grep -q leak_fd_here; }
	until_true "$(paced 30)" found
	kill -INT $tail
	wait $tail || true
	# it was only looking
	expect "$(genl status | jq .targets)" 1 "targets"
}

@test "tail: what leaked until the target's end is told, however short it was" {
	local tail
	tail_leaking_victim 40 6000
	hear
	end_victim
	wait $tail
	expect "$(cat "$BATS_TEST_TMPDIR/err")" "" "complaints"
	jq -s -e '[.[].event] | index("exited") < index("leak")' "$BATS_TEST_TMPDIR/out"
}

@test "run: --json has events and the report in one stream, a line each" {
	lt run --kinds fd --json -- "$VICTIMS/victim_leak" fd plain >"$BATS_TEST_TMPDIR/out" \
		<<<$'go 40 6000\nexit' || true
	grep '^{' "$BATS_TEST_TMPDIR/out" | jq -c . >"$BATS_TEST_TMPDIR/lines"
	jq -s -e '[.[].event] as $e | $e[0] == "attached" and ($e | index("exited"))' "$BATS_TEST_TMPDIR/lines"
	jq -s -e 'any(.[]; .leaktrace == 1 and any(.sites[]; .verdict == "leak"))' "$BATS_TEST_TMPDIR/lines"
}

@test "snapshot: a file that reports what was live, without the target" {
	start_and_attach fd victim_fd
	tell hold 11
	lt snapshot "$VICTIM" -o "$BATS_TEST_TMPDIR/snap"
	[ -s "$BATS_TEST_TMPDIR/snap" ]
	lt detach "$VICTIM"
	kill_victims
	report "$BATS_TEST_TMPDIR/snap"
	assert_site by_hold fd 11 11
}

@test "report: a file that is none gets a clear error" {
	echo nonsense >"$BATS_TEST_TMPDIR/bad"
	run lt report "$BATS_TEST_TMPDIR/bad"
	expect "$status" 2 "exit status"
	expect "${#lines[@]}" 1 "lines of the error"
	: >"$BATS_TEST_TMPDIR/empty"
	run lt report "$BATS_TEST_TMPDIR/empty"
	expect "$status" 2 "exit status"
	run lt report "$BATS_TEST_TMPDIR/absent"
	expect "$status" 2 "exit status"
}

# bats test_tags=core
@test "run: from a program's first instruction; --fail-on leak is a gate" {
	local status=0
	lt run --kinds fd --format json -- "$VICTIMS/victim_fd" <<<"hold 5" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ $status -le 1 ]
	# the program's own output comes first
	REPORT=$BATS_TEST_TMPDIR/json
	sed -n '/^{/,$p' "$BATS_TEST_TMPDIR/out" >"$REPORT"
	digest
	assert_site by_hold fd 5 5
	jq -e '.target.exited' "$REPORT"
	# what libc opened and closed before main was seen
	[ "$(total fd born)" -gt 5 ]
	status=0
	(echo go 40 5000; sleep 6) | lt run --kinds fd --fail-on leak -- "$VICTIMS/victim_leak" fd plain \
		>"$BATS_TEST_TMPDIR/out" 2>&1 || status=$?
	expect $status 1 "exit status with --fail-on leak"
	grep -q leak_fd_here "$BATS_TEST_TMPDIR/out"
	status=0
	lt run --kinds fd --fail-on leak -- "$VICTIMS/victim_fd" <<<"pairs 50" >/dev/null 2>&1 || status=$?
	expect $status 0 "exit status without a leak"
}

# run_status STATUS ARGUMENT…: the exit status of leaktrace run
run_status() {
	local status=0
	lt run "${@:2}" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	expect "$status" "$1" "run ${*:2}: $(cat "$BATS_TEST_TMPDIR/err")"
}

@test "run: the exit status is the command's; only a command that succeeds fails for its leaks" {
	run_status 0 --kinds fd -- true
	run_status 7 --kinds fd --fail-on leak -- sh -c 'exit 7'
	run_status 139 --kinds fd -- sh -c 'kill -SEGV $$'
	(echo go 40 5000; sleep 6) | run_status 99 --kinds fd --leak-exit-code 99 -- "$VICTIMS/victim_leak" fd plain
	grep -q '^LEAK' "$BATS_TEST_TMPDIR/out"
	# shellcheck disable=SC2016
	(echo go 40 5000; sleep 6) | run_status 3 --kinds fd --fail-on leak -- sh -c '"$0" fd plain; exit 3' \
		"$VICTIMS/victim_leak"
	# ended by us, not by a fault of its own
	run_status 0 --kinds fd --duration 1 -- sleep 100
}

@test "run: a command that cannot be started was never attached" {
	run_status 127 -- /nonexistent/program
	[[ $(cat "$BATS_TEST_TMPDIR/err") == *"cannot run /nonexistent/program"* ]]
	refute grep -E 'attached|detached' "$BATS_TEST_TMPDIR/err" "$BATS_TEST_TMPDIR/out"
	echo true >"$BATS_TEST_TMPDIR/plain"
	run_status 126 -- "$BATS_TEST_TMPDIR/plain"
	run_status 127 --json -- nosuchcommand
	expect "$(cat "$BATS_TEST_TMPDIR/out")" "" "events"
	run_status 2 --leak-exit-code 256 -- true
}

@test "every command has --help with an example, and --version" {
	local command
	run lt --version
	expect "$status" 0 "--version"
	[[ $output =~ [0-9]+\.[0-9]+ ]]
	for command in attach run tail status snapshot report detach; do
		run lt $command --help
		expect "$status" 0 "$command --help"
		[[ ${output,,} == *example* ]] || { echo "$command --help has no example"; false; }
	done
}

attached_pids() { jq -r 'select(.event == "attached").pid' "$BATS_TEST_TMPDIR/out" 2>/dev/null; }
was_attached() { attached_pids | grep -qx "$1"; }

@test "attach: processes by name, with those that start later; what fits is reported" {
	start_victim victim_fd
	local first=$VICTIM cli
	lt_front attach --comm victim_fd --exe victim_fd --kinds fd --json >"$BATS_TEST_TMPDIR/out" 3>&- &
	cli=$!
	STARTED+=("$cli")
	until_true 60 was_attached "$first"
	start_victim victim_timer
	start_victim victim_fd
	until_true 60 was_attached "$VICTIM"
	run_report_of victim_fd 0
	run_report_of victim_timer 2
	kill -INT $cli
	wait $cli || true
	expect "$(attached_pids | wc -l)" 2 "attached"
	expect "$(jq -s '[.[] | select(.leaktrace).target.pid] | sort == ['"$first, $VICTIM"']' "$BATS_TEST_TMPDIR/out")" true "reports"
	run lt attach --comm nosuchprocess
	expect "$status" 2 "nothing fits"
	expect "$output" "leaktrace: no process matches --comm nosuchprocess" "the error"
}

# run_report_of COMM STATUS
run_report_of() {
	run lt report --comm "$1" -p "$VICTIM" --format json
	expect "$status" "$2" "report --comm $1: $output"
}
