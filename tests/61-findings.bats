#!/usr/bin/env bats
# One root, one finding; where a path parts from those that release; whose the
# memory is.
# bats file_tags=vm,findings

load lib/common

setup() { need_module; }
teardown() { clean_up; }

@test "finding: a context's eventfds, epoll, timer and thread are one, with its limit" {
	ulimit -Sn 1024		# met before threads-max, which goes by the guest's memory
	start_and_attach fd,timer,thread victim_root
	# its parts are a twentieth of the time between two contexts apart, at most
	tell contexts 30 "$(paced 12000)"
	report
	jq -e '[.findings[] | select(.verdict == "leak" or .verdict == "suspect")] | length == 1
		and .[0].verdict == "leak" and .[0].live == {fd: 120, timer: 30, thread: 30}
		and .[0].caller.function == "context_make"
		and .[0].limit.what == "RLIMIT_NOFILE" and .[0].limit.in_s > 0' "$REPORT" ||
		explain "not one finding"
	jq -e '.findings[0].sites as $s | [.sites[] | select(.id | IN($s[]))]
		| map(.kind + " " + .type) | sort == ["fd epoll", "fd eventfd", "fd eventfd", "fd eventfd",
			"thread thread", "timer posix_timer"]' "$REPORT" || explain "not its six parts"
}

@test "finding: the odd one out: others release what they make, the error path does not" {
	start_and_attach fd victim_root
	tell answers 400 8000
	report
	expect "$(answer kept)" 40 "descriptors kept"
	jq -e '[.findings[] | select(.verdict == "leak")] | length == 1 and .[0].live.fd == 40
		and .[0].odd.frame.function == "on_error"
		and .[0].odd.others_born == 360 and .[0].odd.others_died == 360
		and (.[0].evidence | any(test("360 of 360 .*conn_make.*conn_drop.*on_error")))' "$REPORT" ||
		explain "the odd one is not told"
}

@test "finding: what malloc keeps although it is free is no leak" {
	start_and_attach page victim_heap
	tell fragment 600 100000
	tell info
	report
	jq -e --argjson free "$(answer free)" '[.findings[] | select(.allocator == "malloc")] | length == 1
		and .[0].verdict == "cache" and .[0].bytes == $free' "$REPORT" || explain "free blocks are not told"
	run lt report "$VICTIM"
	[[ $output == *"not a leak: 29 MiB of the "*" are free blocks between live ones; malloc_trim would give back"* ]]
}

@test "finding: small objects that a Python program keeps are in the heap of Python" {
	local program
	"$PYTHON" -S -c '
import os, sys, time
kept = []
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
for i in range(200):
    kept.append([(i, k) for k in range(2000)])
    time.sleep(0.01)
print("kept", flush=True)
time.sleep(600)' "$BATS_TEST_TMPDIR/go" >"$BATS_TEST_TMPDIR/out" 3>&- &
	program=$!
	lt attach "$program" --background --kinds page
	touch "$BATS_TEST_TMPDIR/go"
	until_true 120 grep -q kept "$BATS_TEST_TMPDIR/out"
	report "$program"
	kill "$program"
	jq -e '.memory | .live_new > 20000000 and .ranges.heap * 10 > .live_new * 7' "$REPORT" || { jq .memory "$REPORT"; false; }
	jq -e '[.sites[] | select(any(.examples[]; .what | endswith("[heap of Python]")))]
		| length > 0 and all(.[]; .verdict != "leak")' "$REPORT" || explain "pages of objects are called a leak"
}

@test "finding: a heap that grows: the deepest function that holds most of it" {
	start_and_attach page victim_root
	tell blocks 100 5000
	report
	jq -e --argjson pages "$(answer pages)" '.memory
		| .path.function == "hold_blocks" and .path_share >= 0.8
		and .live_new >= 4096 * $pages * 0.95 and .ranges.heap * 10 > .live_new * 9' "$REPORT" ||
		{ jq .memory "$REPORT"; false; }
	# heap is given back late: nothing is called a leak before its time
	jq -e '[.sites[] | select(.verdict == "leak")] | length == 0' "$REPORT" || explain "too soon"
	jq -e '[.findings[] | select(.first_touch and .verdict == "suspect")] | length <= 1' "$REPORT" ||
		explain "the heap is not one finding"
	run lt report "$VICTIM"
	[[ $output == *"under hold_blocks"* ]]
	[ "${#lines[@]}" -le 50 ]
}
