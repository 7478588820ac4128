#!/usr/bin/env bats
# A look from outside, without the module: counts against /proc, and programs that leak beside
# their twins that do as much and keep nothing.
# bats file_tags=host
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153 # jq; VICTIM, STARTED: see lib/common

load lib/common

setup() {
	[ -x "$LEAKTRACE" ] || lacking "no $LEAKTRACE: run make"
	[ -x "$VICTIMS/victim_leak" ] || lacking "no victims: run make -C tests/victims"
}

teardown() { kill_victims; }

# look PID [OPTION…]: $REPORT is the JSON, $REPORT_STATUS the exit status
look() {
	REPORT=$(scratch)/look.$1.json REPORT_STATUS=0
	lt look "$@" --json >"$REPORT" || REPORT_STATUS=$?
	[ "$REPORT_STATUS" -lt 2 ]
}

# key of the report, as jq has it
key() { jq -r "$1" "$REPORT"; }

# groups KIND: names and numbers of what there is now
groups() { key ".look.groups[] | select(.kind == \"$1\") | \"\(.live) \(.name)\""; }

# Anonymous pages, those in swap, and those of shared memory that has no file.
own_memory() {
	awk '/^[0-9a-f]+-/ { shared = /\/dev\/zero/ }
		/^(Anonymous|Swap):/ || /^Rss:/ && shared { n += $2 }
		END { print n * 1024 }' "/proc/$VICTIM/smaps"
}

entries() { find "/proc/$VICTIM/$1" -mindepth 1 -maxdepth 1 | wc -l; }

@test "look: counts are those of /proc, and each descriptor is named by its target" {
	start_victim victim_fd
	tell hold 300
	look "$VICTIM" --duration 1s
	expect "$REPORT_STATUS" 0 "exit status"
	expect "$(key .totals.fd.live)" "$(entries fd)" "descriptors"
	expect "$(key .totals.thread.live)" "$(entries task)" "threads"
	expect "$(key .totals.map.live)" "$(wc -l <"/proc/$VICTIM/maps")" "mappings"
	expect "$(key .totals.page.bytes)" "$(own_memory)" "memory"
	expect "$(key '[.totals[] | .born + .died] | add')" 0 "what changed"
	expect "$(key '[.look.groups[] | select(.kind == "fd").live] | add')" "$(entries fd)" "descriptors by target"
	expect "$(groups fd | grep ' /dev/null$')" "$(find "/proc/$VICTIM/fd" -lname /dev/null | wc -l) /dev/null" "those of /dev/null"
	expect "$(key '.look.limits[] | select(.what == "RLIMIT_NOFILE").max')" \
		"$(awk '/^Max open files/ { print $4 }' "/proc/$VICTIM/limits")" "limit of descriptors"
	expect "$(key .losses.exact)" false "whether it is exact"
}

# Eight at a time: each wants some seconds, and no processor.
@test "look: descriptors, threads, timers and memory that leak; the twins do not" {
	local kind twin look looks=() fail=0 verdict
	local -A reports=() is=([fd]=leak [timer]=leak [thread]=leak [page]=suspect)
	for kind in fd timer thread page; do
		for twin in '' twin; do
			start_victim victim_leak "$kind" plain $twin
			reports[$kind$twin]=$(scratch)/$kind$twin.json
			(lt look "$VICTIM" --duration 16s --json >"${reports[$kind$twin]}") 3>&- &
			looks+=($!)
			send go 120 15000
		done
	done
	for look in "${looks[@]}"; do
		wait "$look" || [ $? = 1 ] || fail=1
	done
	expect "$fail" 0 "looks that failed"
	for kind in fd timer thread page; do
		REPORT=${reports[$kind]}
		verdict=$(key "[.sites[] | select(.kind == \"$kind\")][0] | .verdict")
		expect "$verdict" "${is[$kind]}" "verdict of $kind"
		expect "$(key "[.sites[] | select(.kind == \"$kind\")][0] | .live >= 100 and .died == 0")" true "what $kind keeps"
		REPORT=${reports[${kind}twin]}
		expect "$(key "[.sites[] | select(.verdict == \"leak\" or .verdict == \"suspect\")] | length")" 0 "findings of the twin of $kind"
	done
	REPORT=${reports[fd]}
	expect "$(key '.sites[0].group')" /dev/null "what grows"
	key '.sites[0].evidence[]' | grep -q 'RLIMIT_NOFILE ([0-9,]*) is reached in'
	# a reader of reports can read it
	jq -e '.leaktrace == 1 and .target.exited == false and (.target.window_s > 10) and .totals.fd.born >= 100 and
		(.sites[0] | .frames == [] and .released_at == [] and (.examples | length > 0) and .confidence > 0.5 and
		.age_s.max > 0 and .rate_per_min > 100) and (.findings[0].limit.what == "RLIMIT_NOFILE")' "$REPORT" >/dev/null
	REPORT=${reports[timer]}
	expect "$(key '.sites[0].group')" "CLOCK_MONOTONIC, signal 14" "what grows"
}

@test "look: sockets are named by their peers, files by their folder" {
	local names
	VICTIMS=${PYTHON%/*} start_victim "${PYTHON##*/}" "$TOP/tests/lib/look_targets.py"
	look "$VICTIM" --duration 1s
	names=$(groups fd)
	tell port
	echo "$names"
	grep -qx "20 TCP to 127.0.0.1:$(answer port)" <<<"$names"
	grep -qx "20 TCP accepted on port $(answer port)" <<<"$names"
	grep -qx "1 TCP 127.0.0.1:$(answer port) listening" <<<"$names"
	grep -qx "30 $(answer folder)/numbered-#.tmp" <<<"$names"
	grep -qx "12 $(answer folder)/words/\*" <<<"$names"
	grep -qx "3 eventfd" <<<"$names"
	grep -qx "$(find "/proc/$VICTIM/fd" -lname 'pipe:*' | wc -l) pipe" <<<"$names"
}

@test "look: of the heap, what is live and what lies between is what heap says" {
	start_victim victim_heap
	tell keep 1000 200
	look "$VICTIM" --duration 1s
	expect "$(key '.look.heap_last | "\(.bytes) \(.live_bytes) \(.fragmented_bytes) \(.returnable_bytes)"')" \
		"$(lt heap "$VICTIM" --json | jq -r '.total | "\(.bytes) \(.live_bytes) \(.fragmented_bytes) \(.returnable_bytes)"')" "heap"
	expect "$(key '.look.heap_first == .look.heap_last')" true "whether it stood still"
}

# Malloc's own counters have what is free; the twin keeps as many blocks, and frees none.
@test "look: free blocks between live ones are a finding, and no leak, until malloc_trim" {
	start_victim victim_heap
	tell keep 40000 1000
	look "$VICTIM" --duration 1s
	expect "$(key '[.findings[] | select(.allocator)] | length')" 0 "findings of the twin"
	tell fragment 600 100000
	tell info
	look "$VICTIM" --duration 1s
	expect "$REPORT_STATUS" 0 "exit status"
	expect "$(key '[.findings[] | select(.allocator) | "\(.verdict) \(.allocator) \(.bytes) \(.sites)"] | join("; ")')" \
		"cache malloc $(answer free) []" "what is free"
	expect "$(key '.ledger.malloc | .fragmented_bytes + .end_bytes')" "$(answer free)" "by place"
	key '.findings[] | select(.allocator).evidence[0]' |
		grep -qx '29 MiB of the [0-9]* MiB that malloc has are free blocks between live ones; malloc_trim would give back 27 MiB'
	lt look "$VICTIM" --duration 1s >"$BATS_TEST_TMPDIR/text"
	grep -q '^cache  not a leak: 29 MiB of the ' "$BATS_TEST_TMPDIR/text"
	tell trim
	look "$VICTIM" --duration 1s
	expect "$(key '[.findings[] | select(.allocator)] | length')" 0 "findings once it was given back"
}

@test "look: a process that ends meanwhile is told with what it had" {
	start_victim victim_fd
	tell hold 30
	(lt look "$VICTIM" --duration 1h --every 1s >"$BATS_TEST_TMPDIR/text" 2>&1 3>&-; echo $? >"$BATS_TEST_TMPDIR/status") &
	until_true 30 grep -q . "/proc/$!/comm"
	sleep 2
	kill_victims
	until_true 30 test -s "$BATS_TEST_TMPDIR/status"
	expect "$(cat "$BATS_TEST_TMPDIR/status")" 0 "exit status"
	grep -q ', exited$' "$BATS_TEST_TMPDIR/text"
	grep -q '^fd  *3[0-9]  .*/dev/null$' "$BATS_TEST_TMPDIR/text"
}

@test "look: a Go program's goroutines are looked at, too" {
	[ -x "$VICTIMS/victim_go" ] || lacking "no Go victims: run make -C tests/victims"
	start_victim victim_go
	look "$VICTIM" --duration 1s
	[ "$(key .totals.goroutine.live)" -gt 0 ]
	key '.look.not_seen[]' | grep -q "leaktrace go $VICTIM"
}

@test "look: attach says why there is no module, and what looks without it" {
	[ ! -e /sys/module/leaktrace ] || skip "the module is loaded here"
	local status=0
	lt attach $$ >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	expect "$status" 2 "exit status"
	expect "$(wc -l <"$BATS_TEST_TMPDIR/err")" 1 "lines"
	grep -q "^leaktrace: module not loaded: .*; 'leaktrace look PID' looks without it$" "$BATS_TEST_TMPDIR/err"
	refute lt look 2>"$BATS_TEST_TMPDIR/err"
	grep -q 'expected one PID' "$BATS_TEST_TMPDIR/err"
	refute lt look 4194304 2>"$BATS_TEST_TMPDIR/err"
	grep -q 'no process 4194304' "$BATS_TEST_TMPDIR/err"
}
