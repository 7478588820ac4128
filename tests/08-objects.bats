#!/usr/bin/env bats
# Objects of Python programs from outside, against what the program itself says of them.
# Every version of CPython that the machine has is looked into: Debian's, and pyenv's.
# bats file_tags=host
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153 # jq; VICTIM, STARTED: see lib/common

load lib/common

setup() {
	[ -x "$LEAKTRACE" ] || lacking "no $LEAKTRACE: run make"
}

teardown() { kill_victims; }

# pythons: paths of the interpreters that are read
pythons() {
	local python
	echo "$PYTHON"
	for python in "$HOME"/.pyenv/versions/3.{9,10,11,12,13}.*/bin/python3; do
		[ ! -x "$python" ] || echo "$python"
	done
}

# start PYTHON: tests/lib/objects.py, told by tell
start() { VICTIMS=${1%/*} start_victim "${1##*/}" "$TOP/tests/lib/objects.py"; }

# objects [OPTION…]: $REPORT is the JSON of $VICTIM's objects, $REPORT_STATUS the exit status
objects() {
	REPORT=$(scratch)/objects.json REPORT_STATUS=0
	lt objects "$VICTIM" --json "$@" >"$REPORT" || REPORT_STATUS=$?
	[ "$REPORT_STATUS" -lt 2 ]
}

# key of the report, as jq has it
key() { jq -r "$1" "$REPORT"; }

# of TYPE: how many
of() { jq --arg type "$1" '[.types[] | select(.type == $type).objects] | add // 0' "$REPORT"; }

# Buffers of files and compiled formats are not seen from outside; gc.get_objects() leaves
# out what is frozen, which 3.12 has of itself.
as_it_says() {
	tell count "$BATS_TEST_TMPDIR/truth"
	objects
	expect "$(key .losses.unreadable_objects)" 0 "unreadable objects"
	if [ "$(key .tracked.frozen)" = 0 ]; then
		key '.types[] | "\(.objects) \(.bytes) \(.type)"'
	else
		key '.types[] | select(.type != "tuple") | "\(.objects) \(.bytes) \(.type)"'
		sed -i '/ tuple$/d' "$BATS_TEST_TMPDIR/truth"
	fi | grep -Ev ' (_io\.Buffered.*|_struct\.Struct)$' | sort >"$BATS_TEST_TMPDIR/said"
	grep -Ev ' (_io\.Buffered.*|_struct\.Struct)$' "$BATS_TEST_TMPDIR/truth" | sort |
		diff - "$BATS_TEST_TMPDIR/said" >&2
	[ "$(wc -l <"$BATS_TEST_TMPDIR/said")" -gt 60 ]
}

@test "objects: each count and each size is the program's own, in every version" {
	local python
	for python in $(pythons); do
		start "$python"
		tell fill
		as_it_says || { echo "$python" >&2; false; }
		expect "$(key .target.python)" "$("$python" -c 'import platform; print(platform.python_version())')" version
		[ "$(of __main__.Session)" -gt 800 ]
		expect "$(of __main__.Outer.Inner)" 300 "objects of a class in a class"
		expect "$(key '.types[] | select(.type == "__main__.Made") | "\(.objects) of \(.types)"')" "20 of 20" \
			"classes with the same name"
		end_victim
	done
}

@test "objects: layouts are those of the headers of each version" {
	local include found=0
	for include in /usr/include/python3.11 "$HOME"/.pyenv/versions/3.{9,10,11,12,13}.*/include/python3.*; do
		[ -e "$include/internal/pycore_interp.h" ] || continue
		gcc -w -I"$TOP/userland" -I"$include" -I"$include/internal" -o "$BATS_TEST_TMPDIR/layout" \
			"$TOP/tests/unit/runtime/python_layout.c" "$TOP/userland/runtime/python/layout.c"
		"$BATS_TEST_TMPDIR/layout"
		found=$((found + 1))
	done
	[ $found -gt 0 ] || lacking "no headers of Python: run scripts/setup"
}

@test "objects: while a thread makes and drops objects and classes, no name is wrong" {
	local i
	start "$PYTHON"
	tell keep 5000
	tell storm
	for i in {1..5}; do
		objects
		[ "$(of __main__.Session)" -ge 5000 ]
		key '.types[].type'
	done | sort -u >"$BATS_TEST_TMPDIR/said"
	tell names "$BATS_TEST_TMPDIR/names"
	printf '__main__.Storm%d\n' 0 1 2 >>"$BATS_TEST_TMPDIR/names"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/said")" -gt 30 ]
	expect "$(sort -u "$BATS_TEST_TMPDIR/names" | comm -23 "$BATS_TEST_TMPDIR/said" -)" "" "names of no class"
	for i in 1 2; do
		objects --holders
		expect "$(key '[.held[] | select(.type == "__main__.Session").holders[].root | select(. == "__main__.cache")] | length')" \
			1 "chains to what is kept"
	done
	tell calm
}

@test "objects: as text" {
	start "$PYTHON"
	tell keep 3000
	lt objects "$VICTIM" >"$BATS_TEST_TMPDIR/text"
	grep -q "^python3 ($VICTIM), CPython 3\.[0-9.]*: [0-9,]* objects of [0-9.]* [KM]iB in the collector's lists; RSS " \
		"$BATS_TEST_TMPDIR/text"
	grep -Eq '^ +3,000 +[0-9.]+ KiB  __main__\.Session$' "$BATS_TEST_TMPDIR/text"
	grep -Eq '… [0-9]+ more types \(--all shows them\)$' "$BATS_TEST_TMPDIR/text"
	refute grep -q 'more types' <(lt objects "$VICTIM" --all)
}

@test "objects: in another mount namespace, with a library that was deleted meanwhile" {
	local python=$BATS_TEST_TMPDIR/python3
	unshare --mount true 2>/dev/null || lacking "no right to make a mount namespace"
	cp "$PYTHON" "$python"
	VICTIMS=$BATS_TEST_TMPDIR start_victim python3 -c '
import os, subprocess, sys, ctypes
libc = ctypes.CDLL(None)
assert libc.unshare(0x20000) == 0
assert libc.mount(None, b"/", None, 0x40000 | 0x4000, None) == 0
assert libc.mount(b"none", sys.argv[1].encode(), b"tmpfs", 0, None) == 0
class Alone: pass
kept = [Alone() for _ in range(1234)]
print("ready", os.getpid(), flush=True)
sys.stdin.read()' "$BATS_TEST_TMPDIR"
	rm "$python"
	objects
	expect "$(of __main__.Alone)" 1234 "objects"
}

@test "objects: of others it is said in a line why they are not read" {
	local what old=$HOME/.pyenv/versions/3.8.18/bin/python3
	for what in "process $$ has no CPython interpreter" "no process 4194301"; do
		run lt objects "$(grep -o '[0-9]*' <<<"$what")"
		expect "$status ${#lines[@]}" "2 1" "exit status and lines"
		[[ $output == "leaktrace: $what"* ]]
	done
	if [ -x "$old" ]; then
		VICTIMS=${old%/*} start_victim python3 -c '
import os, sys
print("ready", os.getpid(), flush=True)
sys.stdin.read()'
		run lt objects "$VICTIM"
		expect "$status $output" "2 leaktrace: the objects of process $VICTIM are not read: the version of its CPython is unknown (3.9 to 3.13 are read)" message
	fi
	refute lt objects $$ --format html
	refute lt objects
}

# holder TYPE: the first chain to its objects, as the text has it
holder() {
	jq -r --arg type "$1" '.held[] | select(.type == $type).holders[0].chain | join(" -> ")' "$REPORT"
}

@test "objects: what keeps objects alive is named, whatever it is, in every version" {
	local python type chain
	for python in $(pythons); do
		start "$python"
		tell hold 300
		objects --holders --all
		while read -r type chain; do
			expect "$(of "__main__.$type")" 300 "$python: objects of $type"
			expect "$(holder "__main__.$type")" "$chain: __main__.$type" "$python: $type"
		done <<-'CHAINS'
			In_list __main__.in_list: list -> [0 …]
			In_dict __main__.in_dict: dict -> [0 …]: list -> [0 …]
			In_set __main__.in_set: set -> member
			In_deque __main__.in_deque: collections.deque -> [0 …]
			In_counter __main__.in_counter: collections.defaultdict -> ['all']: list -> [0 …]
			In_box __main__.in_box: __main__.Box -> .inside: list -> [0 …]
			In_slots __main__.in_slots: __main__.Slotted -> .second: list -> [0 …]
			In_tuple __main__.in_tuple: tuple -> [0]: list -> [0 …]
			In_partial __main__.in_partial: functools.partial -> .args: tuple -> [0]: list -> [0 …]
			In_class __main__.Shop: type -> .shelf: list -> [0 …]
			In_frame executes() local_list: list -> [0 …]
			Node __main__.chain: __main__.Node -> .next_one
		CHAINS
		[[ $(holder __main__.In_cell) == "__main__.in_cell: function -> "*" -> [0]: cell -> .cell_contents: list -> [0 …]: __main__.In_cell" ]]
		[[ $(holder __main__.In_generator) == "__main__.in_generator: generator generator() -> "*"variable waiting: list -> [0 …]: __main__.In_generator" ]]
		end_victim
	done
}

# grows: types that are told, and the chain to each
grows() { key '.growth[] | "\(.type) +\(.grown_objects): \(.holders[0].chain | join(" -> "))"' | sort; }

# meanwhile COMMAND…: told while leaktrace waits between two looks
meanwhile() {
	local pid
	REPORT=$(scratch)/objects.json
	lt objects "$VICTIM" --json --every 4s "${options[@]}" >"$REPORT" &
	pid=$!
	sleep 2
	tell "$@"
	wait "$pid"
}

@test "objects: what grows between two looks is told, with what keeps it; what does not grow is not" {
	local options=()
	start "$PYTHON"
	tell keep 2000
	meanwhile keep 5000
	expect "$(grows)" "__main__.Session +5000: __main__.cache: dict -> ['user0' …]: __main__.Session
int +5000: __main__.cache: dict -> ['user0' …]: __main__.Session -> .number: int
list +5000: __main__.cache: dict -> ['user0' …]: __main__.Session -> .log: list
str +5000: __main__.cache: dict -> key: str" growth
	expect "$(key '.roots[0] | "\(.root) \(.grown_objects >= 15000)"')" "__main__.cache true" root
	# its twin
	meanwhile use 5000
	expect "$(grows)" "" growth
	# in the lists, but only because nothing has been collected
	tell nogc
	meanwhile cycle 5000
	expect "$(grows)" "" growth
	expect "$(key '.types[] | select(.type == "__main__.Session").grown_objects')" 5000 "objects in the lists"
	[ "$(key .losses.unreached_objects)" -ge 5000 ]
}

@test "objects: of what is too much for the memory that is allowed, nothing is told" {
	start "$PYTHON"
	tell keep 30000
	run lt objects "$VICTIM" --holders --max-memory 1M
	expect "$status $output" "2 leaktrace: process $VICTIM has too many objects for that much memory: give more with --max-memory" message
	# its memory is copied anew when there is no room for copies
	REPORT=$(scratch)/little
	lt objects "$VICTIM" --json --max-memory 1M >"$REPORT"
	expect "$(of __main__.Session)" 30000 objects
}
