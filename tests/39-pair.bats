#!/usr/bin/env bats
# Kind pair: what a library hands out and takes back, against what the program counts.
# bats file_tags=vm

load lib/common

setup_file() { need_module; }

setup() { need_module; }

teardown() { clean_up; }

HANDLES=(--pair 'libhandles.so:handle_new/handle_free' --pair 'libhandles.so:handle_open=*arg2/handle_free'
	--pair 'libhandles.so:handle_open_default=*arg1/handle_free'
	--pair 'libhandles.so:handle_open_named=*arg1/handle_free' --pair 'libhandles.so:handle_begin=arg1/handle_end')

begin() {
	start_victim victim_pair
	attach --kinds fd "${HANDLES[@]}" --pair dir
}

# total KEY: of kind pair
total() { genl target "$VICTIM" | jq ".kind.pair.$1"; }

# sites FUNCTION TYPE: born, died and live of that type, created behind that function
sites() {
	jq -r --arg f "$1" --arg t "$2" '[.sites[] | select(.kind == "pair" and .type == $t and
		.frames[0].function == $f)] | "\(map(.born) | add // 0) \(map(.died) | add // 0) \(map(.live) | add // 0)"' \
		"$REPORT"
}

# assert_counts: as many as the program counts
assert_counts() {
	tell counts
	expect "$(total born)" "$(answer acquired)" born
	expect "$(total died)" "$(answer released)" died
	expect "$(total reborn)" 0 "handed out again without a release"
}

@test "pair: every handle of a library, by result, pointer and argument, with its function" {
	begin
	tell early 1
	tell late
	tell fail 20
	tell new 100
	tell begin 30
	tell leak 25
	assert_counts
	expect "$(total foreign)" 0 "releases of what was not handed out"
	tell dirs 12
	report
	expect "$(sites new_here handle_new)" "101 101 0" "what is given back"
	expect "$(sites begin_here handle_begin)" "30 30 0" "the caller's own"
	expect "$(sites leak_result_here handle_new)" "25 0 25" "by the result"
	expect "$(sites leak_pointed_here handle_open)" "25 0 25" "by pointer"
	expect "$(sites leak_passed_here handle_open)" "25 0 25" "by a function that passes on to another one"
	# the inner one is seen first, and is the same handle
	expect "$(jq -r '[.sites[] | select(.kind == "pair" and any(.frames[:3][]; .function == "leak_nested_here")) |
		.live] | add' "$REPORT")" 25 "by a function that calls another one"
	expect "$(sites leak_dir_here opendir)" "12 0 12" "directories"
	expect "$(sites use_dir_here opendir)" "12 12 0" "directories that are closed"
	expect "$(jq '[.sites[] | select(.kind == "pair") | .frames[-1].function] | unique' "$REPORT" | jq length)" 1 \
		"functions at which stacks end"
	expect "$(jq -r '[.sites[] | select(.frames[0].function == "new_here") |
		.released_at[0].frames[0].function] | unique | join(" ")' "$REPORT")" give_back "where it is released"
	# a file has the names, too
	lt snapshot "$VICTIM" -o "$BATS_TEST_TMPDIR/trace"
	lt report "$BATS_TEST_TMPDIR/trace" --format json >"$REPORT.file" || true
	expect "$(jq -c '[.sites[] | select(.kind == "pair") | [.type, .born, .live]] | sort' "$REPORT.file")" \
		"$(jq -c '[.sites[] | select(.kind == "pair") | [.type, .born, .live]] | sort' "$REPORT")" "sites in a file"
}

@test "pair: exact amid threads, forks and what was there before; exec ends it" {
	start_victim victim_pair
	tell early 10
	tell counts
	attach --kinds fd "${HANDLES[@]}"
	tell churn 3
	tell fork 50
	tell fork 50
	tell new 2000
	tell late
	tell calm
	tell counts
	expect "$(total born)" "$(answer acquired)" born
	expect "$(total died)" "$(($(answer released) - 10))" died
	expect "$(total live)" 0 live
	expect "$(total foreign)" 10 "releases of handles of before"
	tell leak 5
	expect "$(total live)" 20 live
	lt detach "$VICTIM"
	tell new 100
	attach --kinds fd "${HANDLES[@]}"
	tell leak 5
	expect "$(total live)" 20 "live, attached again"
	tell exec
	expect "$(total live)" 0 "live after exec"
}

@test "pair: what cannot be followed is told, and the rest is followed" {
	start_victim victim_pair
	attach --kinds fd --pair 'libhandles.so:handle_none/handle_free' --pair 'libc.so.6:opendir/closedir'
	grep -q 'libhandles.so:handle_none/handle_free: there is no such function' "$(scratch)/attach.out"
	tell dirs 3
	expect "$(total live)" 3 live
	run lt attach --kinds pair "$VICTIM"
	[[ $output == *"say which"* ]]
	run lt attach --pair 'libc.so.6:opendir' "$VICTIM"
	[[ $output == *"is not LIBRARY:ACQUIRE"* ]]
}
