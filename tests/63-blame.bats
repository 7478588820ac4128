#!/usr/bin/env bats
# The frame that is blamed is the program's own, and the same in every output: with
# debug information, without, stripped, linked statically.
# bats file_tags=vm,blame

load lib/common

setup() { need_module; }
teardown() { clean_up; }

# start NAME COMMAND…: a program that does what it does by itself
start() {
	"${@:2}" >/dev/null 2>&1 3>&- &
	PIDS[$1]=$!
	STARTED+=("$!")
}

# offset_of PROGRAM SYMBOL: "first last" of its code
offset_of() { nm -S "$1" | awk -v s="$2" '$4 ~ s { print $1, $2; exit }'; }

report_of() { cat "$DIR/report.$1"; }

# read_reports FILE: once, as it is long: $DIR/report.PID, and $DIR/names, PIDs and what
# their leaks are told by
read_reports() {
	jq -r '(.target.pid | tostring) + " " + tojson' "$1" |
		while read -r pid report; do printf '%s\n' "$report" >"$DIR/report.$pid"; done
	jq -r '.target.pid as $pid | .sites[] | select(.verdict == "leak")
		| .frames[.blame] | "\($pid) " + if .function == "" then "\(.module | split("/")[-1])+\(.offset)"
			else .function end' "$1" | sed 's/\.constprop\.0$//' | sort -u >"$DIR/names"
}

# names_of PID: what the leaks of a process are told by in JSON
names_of() { sed -n "s/^$1 //p" "$DIR/names"; }

# is_told NAME: by text, news, metrics, folded stacks, HTML and profiles, in the words of the headline
is_told() {
	local where
	grep -qF " at $1" "$DIR/text" || where=text
	grep -qF "  $1" "$DIR/news" || where+=" news"
	grep -qF "function=\"$1\"" "$DIR/metrics" || where+=" metrics"
	grep -qF "$1" "$DIR/folded" || where+=" folded"
	[[ $1 == *+0x* ]] || grep -qF "\"$1\"" "$DIR/html" || where+=" html"
	[[ $1 == *+0x* ]] || grep -qF "$1" "$DIR/profiles" || where+=" pprof"
	[ -z "${where-}" ] || { echo "$1 is not in: $where" >&2; return 1; }
}

# is_at PID PROGRAM SYMBOL UNSTRIPPED: a stripped program's leak is in that function
is_at() {
	local name start size at
	read -r start size < <(offset_of "$4" "$3")
	while read -r name; do
		at=${name##*+}
		if [[ $name == "$2"+* ]] && ((at > 16#$start && at <= 16#$start + 16#$size)); then
			is_told "$(printf '%s+%#x' "$2" "$at")"
			return
		fi
	done < <(names_of "$1")
	names_of "$1" >&2
	return 1
}

@test "blame: the leaking function is in all outputs, in C, C++, Rust, Go, Python and Perl" {
	declare -A PIDS
	local name trace=$BATS_TEST_TMPDIR/all.lt pid
	DIR=$BATS_TEST_TMPDIR
	hide_debug_files
	[ -x "$VICTIMS/blame_rs" ] || lacking rustc
	for name in c c_nodebug c_stripped cc cc_nodebug cc_stripped static tail many rs rs_nodebug rs_stripped go go_stripped; do
		start "$name" "$VICTIMS/blame_$name"
	done
	start twin "$VICTIMS/blame_c" closes
	for name in tail rs go; do start "${name}_twin" "$VICTIMS/blame_$name" closes; done
	# one that the tool does not know
	sed 's/\x00v5\.[0-9][0-9]\./\x00v5.99./' "$(realpath /usr/bin/perl)" >"$DIR/perl5.99"
	chmod +x "$DIR/perl5.99"
	# shellcheck disable=SC2016 # Perl's
	for name in perl "$DIR/perl5.99"; do
		start "${name##*/}" "$name" -e 'sub forget_in_perl {
			open my $f, "<", "/dev/null"; push @kept, $f
		}
		for (;;) { forget_in_perl(); select undef, undef, undef, 0.04 }'
	done
	start python "$PYTHON" -c 'import os, time
def forget_in_python():
    os.open("/dev/null", os.O_RDONLY)
while True:
    forget_in_python()
    time.sleep(0.04)'
	lt record "${PIDS[@]}" --kinds fd -o "$trace" --duration "$(paced 15)" >"$DIR/news" 2>&1 || expect $? 1 record
	kill_victims
	for name in json text folded; do
		lt report "$trace" --format "$name" >"$DIR/$name" || expect $? 1 "$name"
	done
	lt report "$trace" --format openmetrics >"$DIR/metrics" || expect $? 1 metrics
	lt report "$trace" --format html >"$DIR/html" || expect $? 1 html
	lt report "$trace" --format pprof -o "$DIR/pprof/" 2>/dev/null || expect $? 1 pprof
	read_reports "$DIR/json"
	find "$DIR/pprof" -type f -exec zcat {} + >"$DIR/profiles"
	for pid in "${PIDS[@]}"; do echo "$pid: $(names_of "$pid" | tr '\n' ' ')"; done >&2

	for name in c c_nodebug static; do
		expect "$(names_of "${PIDS[$name]}")" forget_log "$name"
	done
	is_told forget_log
	# not on the stack, as it ends by a jump
	expect "$(names_of "${PIDS[tail]}")" forget_by_jump tail
	is_told forget_by_jump
	report_of "${PIDS[tail]}" | jq -e '[.sites[0].frames[] | select(.tail_call)]
		| .[-1].function == "forget_by_jump" and .[-1].inlined == false and (.[-1].file | endswith("blame_tail.c")) and .[-1].line == 14'
	grep -q 'forget_by_jump .*blame_tail.c:14 .*(blame_tail, tail call)$' "$DIR/text"
	for name in cc cc_nodebug; do
		expect "$(names_of "${PIDS[$name]}" | wc -l)" 3 "leaks of $name"
		names_of "${PIDS[$name]}" | grep -qF 'main::{lambda()#1}::operator()'
		names_of "${PIDS[$name]}" | grep -q '::keep('
		names_of "${PIDS[$name]}" | grep -qF 'app::(anonymous namespace)::Opener::operator()(int) const'
	done
	is_told "app::(anonymous namespace)::Opener::operator()"
	grep -q ' at app::Cache<.*::keep' "$DIR/text"
	grep -q 'site.*function="app::Cache<.*::keep"' "$DIR/metrics"
	is_at "${PIDS[c_stripped]}" blame_c_stripped '^forget_log' "$VICTIMS/blame_c"
	is_at "${PIDS[cc_stripped]}" blame_cc_stripped 'OpenerclEi' "$VICTIMS/blame_cc"
	is_at "${PIDS[cc_stripped]}" blame_cc_stripped 'Cache.*keep' "$VICTIMS/blame_cc"

	is_at "${PIDS[cc_stripped]}" blame_cc_stripped 'ZZ4mainENK.*clEv' "$VICTIMS/blame_cc"

	# each of several leaks by its own function, and the one that another function follows
	expect "$(names_of "${PIDS[many]}" | tr '\n' ' ')" "forget_clock forget_event forget_pipe forget_poll open_and_give_up " many
	report_of "${PIDS[many]}" | jq -e '[.sites[] | select(.verdict == "leak") | .frames | map(.function)] | length >= 5 and
		all(.[]; index("main") and (index("after_load") | not)) and any(.[]; index("open_and_give_up") + 1 == index("load"))'
	for name in forget_clock forget_event forget_pipe forget_poll open_and_give_up; do
		is_told "$name"
		grep -q "^ *\(created at \)\?.* $name .*blame_many.c:" "$DIR/text"
	done

	for name in rs rs_nodebug; do expect "$(names_of "${PIDS[$name]}")" blame_rs::Store::forget_log "$name"; done
	is_told blame_rs::Store::forget_log
	# not the standard library, which is part of the program
	is_at "${PIDS[rs_stripped]}" blame_rs_stripped 'Store.*forget_log' "$VICTIMS/blame_rs"
	report_of "${PIDS[rs_stripped]}" | jq -e 'any(.sites[0].frames[]; .function == "" and .machinery)' >/dev/null
	grep -Eq "of Rust's standard library" "$DIR/text"

	for name in go go_stripped; do expect "$(names_of "${PIDS[$name]}")" main.forgetLog "$name"; done
	is_told main.forgetLog

	# without a description of its frames an interpreter has only its own functions to show
	report_of "${PIDS[perl5.99]}" | jq -e '[.sites[] | select(.verdict == "leak")] | length > 0 and all(.[];
		(.frames | length > 3 and all(.[]; .machinery)) and (.frames[.blame].module | test("perl")))'
	report_of "${PIDS[perl]}" | jq -e '[.sites[] | select(.verdict == "leak")] | length > 0 and all(.[];
		(.frames | length > 3 and all(.[]; .machinery or .script))
		and (.frames[.blame] | .function == "main::forget_in_perl" and .file == "-e" and .line == 2))'
	is_told main::forget_in_perl
	report_of "${PIDS[python]}" | jq -e '[.sites[] | select(.verdict == "leak")] | length > 0 and all(.[];
		(.frames | length > 3 and all(.[]; .machinery or .script))
		and (.frames[.blame] | .function == "forget_in_python" and .file == "<string>" and .line == 3))'
	is_told forget_in_python
	for name in twin tail_twin rs_twin go_twin; do
		expect "$(names_of "${PIDS[$name]}")" "" "what closes: $name"
		report_of "${PIDS[$name]}" | jq -e '.sites | length > 0 and all(.[]; .verdict == "ok")'
	done

	# the same path has the same hash in other processes of the same program
	jq -r 'select(.target.comm == "blame_c") | .sites[0].hash' "$DIR/json" | sort -u >"$DIR/hashes"
	expect "$(wc -l <"$DIR/hashes")" 1 "hashes of one path"
}
