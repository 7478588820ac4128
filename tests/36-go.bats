#!/usr/bin/env bats
# Go programs in the report: what the kernel sees of them, by the names that the
# linker left, and beside it what only their runtime knows.
# bats file_tags=vm,go
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # REPORT, VICTIM: see lib/common

load lib/common

setup() {
	need_module
	[ -x "$VICTIMS/victim_go" ] || lacking "no Go victims: make -C tests/victims, with a Go"
	ip link set lo up 2>/dev/null || true
}

teardown() { clean_up; }

# A fifth of a second's leaks, over and over until $1 ends
leak_until_end() {
	while kill -0 "$1" 2>/dev/null; do
		tell recv 30
		tell thread 6
		tell gc
		sleep 0.2
	done
}

@test "go: goroutines join the report, and threads are theirs who hold them" {
	local pid status=0
	start_victim victim_go
	tell workers 50
	REPORT=$(scratch)/report.json
	lt attach "$VICTIM" --duration 25s --json >"$(scratch)/live" 2>"$REPORT.err" &
	pid=$!
	leak_until_end $pid
	wait $pid || status=$?
	expect "$status" 1 "exit status"
	# live, and in the report among the lines
	jq -es 'any(.[]; .event == "leak" and .site.kind == "goroutine" and
		.site.created_by.function == "main.waitForAnswer")' "$(scratch)/live" >/dev/null
	jq -c 'select(.totals)' "$(scratch)/live" >"$REPORT"
	jq -e '.totals | debug | .goroutine.live > 60 and .thread.live > 10' "$REPORT" >/dev/null
	jq -r '.sites[] | select(.kind == "goroutine" and .verdict == "leak") | .created_by.function' \
		"$REPORT" | sort | diff <(printf 'main.%s\n' readForever waitForAnswer) - >&2
	# every finding is of a site there is
	jq -e '[.sites[].id] as $ids | all(.findings[].sites[]; IN($ids[]))' "$REPORT" >/dev/null
	jq -e 'any(.sites[]; .kind == "thread" and .verdict == "leak" and
		(.held_by[0].frames | any(.function | startswith("main.readForever"))) and
		any(.evidence[]; contains("held by goroutines (syscall) at main.readForever")))' \
		"$REPORT" >/dev/null
	jq -e 'all(.sites[] | select(.verdict == "leak" and .kind == "goroutine");
		.created_by.function != "main.startWorker")' "$REPORT" >/dev/null
}

@test "go: files that are kept, deferred in a loop, forgotten; sockets" {
	start_victim victim_go_network
	attach
	tell hold 20
	tell defer 20
	tell socket 10
	tell forget 40
	tell gc 3
	report
	assert_site main.keepFile fd 20 20
	assert_site main.deferInLoop fd 20 20
	assert_site main.keepCall fd 10 10
	assert_site main.acceptAll fd 10 10
	assert_site main.forgetFile fd 0 40
	jq -e 'any(.sites[]; .verdict == "suspect" and any(.frames[]; .function == "main.forgetFile") and
		any(.evidence[]; contains("closed by the garbage collector")))' "$REPORT" >/dev/null
}

@test "go: copied pages are charged to who copies, not only to its caller; stacks are complete" {
	start_victim victim_go_network
	attach --kinds page
	tell copy 50
	report
	# memmove has no frame; what is copied from was a page that nobody had touched, too
	jq -e '[.sites[] | select(any(.frames[]; .function == "main.copyMany"))
		| {n: .live, f: [.frames[] | select(.function | startswith("runtime.") | not)][0].function}]
		| (map(.n) | add) as $n | $n >= 50 and $n <= 51 and all(.f == "main.copyInto")' \
		"$REPORT" >/dev/null || explain "copied pages"
	jq -e '.losses.complete_stacks > 0.99' "$REPORT" >/dev/null || explain "stacks"
}

@test "go: memory that C forgets: its stack goes on through Go, to the goroutine's begin" {
	start_victim victim_go_cgo
	attach --kinds page
	tell use 20
	tell forget 50
	report
	# 64 KiB each; the allocator's own page more or less
	jq -e '[.sites[] | select(any(.frames[]; .function == "forget"))
		| select([.frames[].function] | index("main.forgetC")) | .bytes] | add / 65536
		| debug | . > 45 and . < 53' "$REPORT" >/dev/null || explain "C's memory"
	jq -e 'all(.sites[] | select(any(.frames[]; .function == "forget"));
		.stack == "complete" or (.frames[-1].function | startswith("runtime.")))' "$REPORT" >/dev/null ||
		explain "incomplete stacks"
	jq -e '.losses.complete_stacks_bytes > 0.99' "$REPORT" >/dev/null || explain "stacks"
}
