#!/usr/bin/env bats
# Kind heap, as the tool opens it: the C library's malloc through a gate.
# bats file_tags=vm,gate

load lib/common

setup_file() { begin_gates; }

teardown_file() { end_gates; }

setup() { need_module; }

teardown() { clean_up; }

# estimate FUNCTION: bytes, low and high of its sites
estimate() {
	jq -r --arg f "$1" '[.sites[] | select(.kind == "heap" and
		any(.frames[:4][]; .function == $f))] |
		"\(map(.bytes) | add // 0) \(map(.interval.bytes[0]) | add // 0) \(map(.interval.bytes[1]) | add // 0)"' \
		"$REPORT"
}

# bats test_tags=core
@test "heap: every block of malloc, with its function and size; detached, malloc is as before" {
	start_victim victim_sampled
	attach --kinds heap --heap-rate 1
	lt status --json | jq -e '.gates[0] | .open and (.doors | length >= 8 and all(.open))' >&2
	tell leak 50 100
	tell serve 500 200
	tell grow 20 3000
	report
	expect "$(estimate leak_here)" "5000 5000 5000" "bytes of leak_here"
	expect "$(estimate serve_here)" "12800 12800 12800" "bytes of serve_here"
	expect "$(estimate grow_here)" "0 0 0" "bytes of grow_here"
	lt detach "$VICTIM"
	tell leak 50 100
	lt status --json | jq -e '.gates | all(.open == false)' >&2
	# once more, by what is left of the first gate
	attach --kinds heap --heap-rate 1
	tell leak 10 100
	report
	expect "$(estimate leak_here)" "1000 1000 1000" "bytes of leak_here, attached again"
	lt status --json | jq -e '.gates | length == 1' >&2
}

# bats test_tags=core
@test "heap: a leak is named amid what is freed; the truth is near the estimate" {
	start_victim victim_sampled
	attach --kinds heap --heap-rate 4K
	local have low high
	for _ in {1..8}; do
		tell leak 300 1000
		tell serve 3000 1000
	done
	report
	# one truth in twenty lies outside of the interval (the unit tests count them), one in ten thousand of twice as much
	read -r have low high < <(estimate leak_here)
	((2 * low - have <= 2400000 && 2400000 <= 2 * high - have)) || explain "$have, $low to $high, not 2400000"
	read -r have low high < <(estimate serve_here)
	((2 * low - have <= 64000)) || explain "serve_here: $have, $low to $high"
}

@test "heap: with a seccomp filter, or a debugger, no gate is opened, and why is told" {
	start_victim victim_sampled
	strace -qq -p "$VICTIM" -o /dev/null 3>&- &
	STARTED+=($!)
	until_true 60 grep -q '^TracerPid:.[1-9]' "/proc/$VICTIM/status"
	attach --kinds heap
	grep -q 'a debugger is attached to it' "$(scratch)/attach.out"
	lt status --json | jq -e '.gates == []' >&2
	"$PYTHON" -c 'import ctypes, struct, time
code = struct.pack("HBBI", 6, 0, 0, 0x7fff0000)	# return ALLOW
buffer = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxQ", 1, ctypes.addressof(buffer))
libc = ctypes.CDLL(None)
assert not libc.prctl(38, 1, 0, 0, 0) and not libc.prctl(22, 2, program)
time.sleep(1000)' 3>&- &
	VICTIM=$!
	STARTED+=($!)
	until_true 60 grep -q '^Seccomp:.2' "/proc/$VICTIM/status"
	attach --kinds heap
	grep -q 'a seccomp filter' "$(scratch)/attach.out"
}

@test "heap: a distance of samples that is none is told so" {
	lt attach --kinds heap --background --heap-rate 0 "$$" 2>&1 | grep -q 'not a number of bytes'
}
