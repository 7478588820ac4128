#!/usr/bin/env bats
# Who was looked at: child processes, whether or not they are traced.
# bats file_tags=vm,family

load lib/common

setup() { need_module; }
teardown() { clean_up; }

# zombies in /proc of $VICTIM, by ps, which is not what we read
zombies() { ps -o stat= --ppid "$VICTIM" | awk '/^Z/ { n++ } END { print n + 0 }'; }
has_targets() { [ "$(lt status --json | jq '.targets | length')" = "$1" ]; }
has_files() { [ "$(readlink /proc/"$1"/fd/* | awk '/null$/ { n++ } END { print n + 0 }')" -ge 40 ]; }

# bats test_tags=core
@test "family: children that nobody waits for are counted, and are a leak with status 1" {
	start_and_attach fd victim_family
	tell zombies 40 "$(paced 8000)"
	tell workers 1 0
	report
	expect "$REPORT_STATUS" 1 "exit status"
	expect "$(jq -c .processes.zombies "$REPORT")" "$(zombies)" zombies
	expect "$(jq -c '.processes | [.children, .zombies, .untraced]' "$REPORT")" "[41,40,41]" processes
	jq -e '.findings[0] | .verdict == "leak" and .live == {process: 40}
		and (.evidence | any(test("40 forked in .*, none reaped")) and any(test("40 of 40 were victim_family")))' "$REPORT" ||
		explain "no finding"
	jq -e '.sites[0] | .kind == "process" and .type == "zombie" and .live == 40 and .frames == []
		and (.examples | length == 5)' "$REPORT" || explain "no site"
	[ -d "/proc/$(jq '.sites[0].examples[0].id' "$REPORT")" ]
	run lt report "$VICTIM"
	expect "$status" 1 "exit status of the text"
	[[ $output == *"LEAK  40 unreaped child processes"* ]]
	[[ $output == *"41 child processes, 40 of them not reaped (zombies); 41 not traced"* ]]
	# a file has what is needed
	lt snapshot "$VICTIM" -o "$BATS_TEST_TMPDIR/family.lt"
	tell end
	expect "$(lt report "$BATS_TEST_TMPDIR/family.lt" --format json | jq -c '[.processes.zombies, .sites[0].verdict]')" \
		'[40,"leak"]' "the file"
	report
	expect "$(jq -c '.processes | [.children, .zombies, .untraced]' "$REPORT")" "[0,0,0]" "processes at the end"
	expect "$REPORT_STATUS" 0 "exit status when all are reaped"
}

@test "family: who waits for its children, at once or later, has no finding" {
	start_and_attach fd victim_family
	tell reaped 30 3000
	tell lazy 42 "$(paced 8000)"
	report
	expect "$(jq .processes.zombies "$REPORT")" 2 "zombies left for the next time"
	expect "$REPORT_STATUS" 0 "exit status"
	expect "$(jq '.findings | length' "$REPORT")" 0 findings
}

@test "family: orphans that a first process inherits and leaves, also with --follow-fork" {
	start_victim victim_family
	attach --kinds fd,thread --follow-fork
	tell orphans 30 "$(paced 8000)"
	report
	expect "$(zombies)" 30 "zombies in /proc"
	expect "$REPORT_STATUS" 1 "exit status"
	jq -e '.processes.zombies == 30 and (.sites[0] | .kind == "process" and .type == "zombie" and .verdict == "leak")' \
		"$REPORT" || explain "not the orphans"
}

@test "family: a session tells of zombies as they come, and once" {
	start_victim victim_family
	lt attach "$VICTIM" --kinds fd --json --duration "$(paced 12)" >"$BATS_TEST_TMPDIR/out" 3>&- &
	local session=$! status=0
	STARTED+=("$session")
	until_true 30 grep -q attached "$BATS_TEST_TMPDIR/out"
	tell zombies 40 "$(paced 9000)"
	wait "$session" || status=$?
	expect "$status" 1 "exit status"
	expect "$(jq -s '[.[] | select(.event == "leak" and .site.kind == "process")] | length' "$BATS_TEST_TMPDIR/out")" 1 news
	jq -se '[.[] | select(.leaktrace)] | length == 1 and .[0].processes.zombies == 40' "$BATS_TEST_TMPDIR/out"
}

@test "family: --follow-fork takes the workers that exist, and detach lets go of them" {
	start_victim victim_family
	tell workers 3 "$(paced 9000)"
	local worker
	attach --kinds fd --follow-fork
	report
	expect "$(jq -c '.processes | [.children, .untraced]' "$REPORT")" "[3,0]" "children and untraced"
	has_targets 4
	while read -r worker; do
		until_true 60 has_files "$worker"
		report "$worker"
		jq -e '.sites[0].live >= 16 and .sites[0].frames[0].function == "worker_opens"' "$REPORT" ||
			explain "worker $worker"
	done < <(sed -n 's/^worker=//p' <<<"$ANSWER")
	# one that comes later is followed as before
	tell workers 1 0
	until_true 60 has_targets 5
	lt detach "$VICTIM"
	has_targets 0
}

@test "family: in the background exited children make room, and nothing is inexact" {
	load_module max_targets=8
	start_victim victim_family
	attach --kinds fd --follow-fork
	tell jobs 40 0
	report
	assert_exact
	jq -e '.processes.dropped >= 30' "$REPORT" || explain "dropped"
	[ "$(lt status --json | jq '.targets | length')" -le 4 ]
	# others find a place
	local first=$VICTIM
	tell workers 5 0
	start_victim victim_fd
	attach --kinds fd
	lt detach "$first"
	expect "$(lt status --json | jq -c '[.targets[].pid]')" "[$VICTIM]" "targets left"
	lt detach
	load_module
}

# What is told of eight workers is that it is one leak, by its function; live as well.
@test "family: what eight workers leak alike is one finding in one report, and few lines of news" {
	start_victim victim_family
	tell workers 8 "$(paced 15000)"
	local status=0 out=$BATS_TEST_TMPDIR/out news=$BATS_TEST_TMPDIR/news
	show() { cat "$out" >&2; false; }
	# with a tenth of the usual age growth is an alarm after a tenth of the usual time, 4.5 s
	lt attach "$VICTIM" --kinds fd --follow-fork --min-age 0.3 --duration "$(paced 12)" >"$out" || status=$?
	expect "$status" 1 "exit status" || show
	expect "$(grep -c '^LEAK' "$out")" 1 findings || show
	grep -q '^LEAK.* worker_opens' "$out" || show
	grep -Eq 'in 8 of 8 worker processes, [0-9,]+ in all:' "$out" || show
	expect "$(grep -c '^  worker .*1 finding told above' "$out")" 7 "the others" || show
	# no news between the lines of the report
	sed '1,/^victim_family, pid/d' "$out" >"$BATS_TEST_TMPDIR/report"
	refute grep -E '^[0-9:]{8} ' "$BATS_TEST_TMPDIR/report"
	# of one process, of two, four and eight
	sed '/^victim_family, pid/,$d' "$out" >"$news"
	grep -Eq ' LEAK +worker .* and 7 others .*worker_opens' "$news" || show
	[ "$(grep -c ' LEAK ' "$news")" -le 4 ] || show
}

@test "family: fifty children with their pages cost the tool less than 150 MB" {
	start_victim victim_family
	tell idle 50 0
	"$PYTHON" -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \
		"$LEAKTRACE" attach "$VICTIM" --follow-fork --duration 3 >"$BATS_TEST_TMPDIR/kib"
	echo "$(cat "$BATS_TEST_TMPDIR/kib") KiB" >&2
	[ "$(cat "$BATS_TEST_TMPDIR/kib")" -lt 150000 ]
	[ "$(cat "$BATS_TEST_TMPDIR/kib")" -gt 1000 ]
}
