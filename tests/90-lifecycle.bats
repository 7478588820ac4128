#!/usr/bin/env bats
# Coming, going, being killed; every error in one line that helps.
# bats file_tags=vm,smp,lifecycle

# shellcheck disable=SC2030,SC2031,SC2153
load lib/common

setup() {
	need_module
	hide_debug_files
}

teardown() {
	[ -z "${busy-}" ] || { kill -KILL "$busy"; wait "$busy"; } 2>/dev/null || true
	[ -z "${cli-}" ] || { kill -KILL "$cli"; wait "$cli"; } 2>/dev/null || true
	clean_up
	module_loaded || [ -z "${LEAKTRACE_KO-}" ] || load_module
}

# refused TEXT… -- COMMAND…: exit status 2, one line on stderr that has TEXT
refused() {
	local texts=() text
	while [ "$1" != -- ]; do
		texts+=("$1")
		shift
	done
	shift
	local status=0
	"$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	cat "$BATS_TEST_TMPDIR/err"
	expect $status 2 "exit status of: $*"
	expect "$(wc -l <"$BATS_TEST_TMPDIR/err")" 1 "lines on stderr of: $*"
	[ ! -s "$BATS_TEST_TMPDIR/out" ] || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
	for text in "${texts[@]}"; do
		grep -qi -- "$text" "$BATS_TEST_TMPDIR/err" || { echo "no '$text' in the message"; return 1; }
	done
}

targets() { genl status | jq .targets; }
no_targets() { [ "$(targets)" = 0 ]; }
one_target() { [ "$(targets)" = 1 ]; }

# bats test_tags=core
@test "error: module not loaded" {
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
	unload_module
	refused "not loaded" insmod -- lt attach $$ --background
	refused "not loaded" insmod -- lt report $$
	refused "not loaded" insmod -- lt status
	refused "not loaded" insmod -- lt detach
	refused "not loaded" insmod -- lt snapshot $$ -o "$BATS_TEST_TMPDIR/x"
	refused "not loaded" insmod -- lt tail
	refused "not loaded" insmod -- lt run -- true
}

@test "error: the module is replaced while somebody waits for what will be traced" {
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
	lt tail >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	cli=$!
	start_and_attach fd victim_fd
	until_true 60 grep -q attached "$BATS_TEST_TMPDIR/out"
	lt detach
	unload_module
	load_module
	local status=0
	wait "$cli" || status=$?
	cli=''
	expect $status 2 "exit status"
	expect "$(cat "$BATS_TEST_TMPDIR/err")" "leaktrace: the module was unloaded: load it and start again" message
}

# bats test_tags=core
@test "error: no such process, not attached, already attached" {
	refused 4194000 process -- lt attach 4194000 --background
	start_victim victim_fd
	refused "$VICTIM" -- lt report "$VICTIM"
	refused "$VICTIM" -- lt detach "$VICTIM"
	attach
	refused "$VICTIM" already -- lt attach "$VICTIM" --background
	one_target
	# a kernel thread has nothing that can leak
	refused -- lt attach 2 --background
}

# bats test_tags=core
@test "error: without privilege" {
	start_victim victim_fd
	attach
	local as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)
	local tool
	tool=$(public "$LEAKTRACE")
	refused permi -- "${as_nobody[@]}" "$tool" attach "$VICTIM" --background
	refused permi -- "${as_nobody[@]}" "$tool" report "$VICTIM"
	refused permi -- "${as_nobody[@]}" "$tool" detach "$VICTIM"
	refused permi -- "${as_nobody[@]}" "$tool" status
	# root in a user namespace of its own is not the host's root
	if unshare -Ur true 2>/dev/null; then
		refused permi -- unshare -Ur "$tool" report "$VICTIM"
	fi
	# one capability is enough
	setpriv --bounding-set=-all,+perfmon,+dac_override --inh-caps=-all \
		"$LEAKTRACE" report "$VICTIM" --format json >/dev/null ||
		setpriv --bounding-set=-all,+sys_admin --inh-caps=-all \
			"$LEAKTRACE" report "$VICTIM" --format json >/dev/null
	one_target
}

# bats test_tags=core
@test "error: bad usage" {
	# without a command it says how things are
	run lt
	expect "$status" 0 "exit status without arguments"
	[[ $output == *PROBE* ]]
	refused nonsense -- lt nonsense
	refused nonsense -- lt attach --nonsense $$
	refused -- lt attach
	refused abc -- lt attach abc
	refused -- lt attach -- -5
	refused -- lt attach 0
	refused nonsense -- lt report $$ --format nonsense
	refused -- lt attach $$ --duration nonsense
	refused -- lt run
	refused -- lt snapshot $$
	no_targets
}

@test "a process in another PID namespace: traced by its number there, or a clear refusal" {
	start_victim victim_fd
	# shellcheck disable=SC2016
	run unshare --pid --fork --mount-proc bash -c '
		sleep 1000 & pid=$!
		"$1" attach $pid --background || exit
		"$1" report $pid --format json; status=$?
		"$1" detach $pid || status=3
		kill -9 $pid; [ $status -le 1 ]' bash "$LEAKTRACE"
	echo "$output"
	if [ "$status" -ne 0 ]; then
		expect "$status" 2 "exit status"
		[[ ${output,,} == *namespace* ]]
	fi
	no_targets
}

# bats test_tags=core
@test "kill -9 of the command line tool detaches its target" {
	start_victim victim_fd
	lt_front attach "$VICTIM" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	cli=$!
	until_true 60 one_target
	tell hold 5
	kill -KILL $cli
	wait $cli || true
	until_true 60 no_targets
	kill -0 "$VICTIM"
	tell hold 5
}

# bats test_tags=core
@test "--background outlives the command line tool; detach ends it" {
	start_victim victim_fd
	# no report comes of it, so nothing about one is heard and forgotten
	local word
	for word in --duration=5 --format=json --output="$BATS_TEST_TMPDIR/x" --all --fail-on=leak; do
		refused "${word%%=*}" -- lt attach "$VICTIM" --background "$word"
	done
	no_targets
	attach
	one_target
	tell hold 4
	report
	assert_site by_hold fd 4 4
	lt detach "$VICTIM"
	no_targets
	refused "$VICTIM" -- lt report "$VICTIM"
	# without a PID: all
	attach
	start_victim victim_timer
	attach
	expect "$(targets)" 2 targets
	lt detach
	no_targets
}

# bats test_tags=core
@test "the target exits by itself: the tool reports and ends" {
	start_victim victim_fd
	lt_front attach "$VICTIM" --kinds fd --format json >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	cli=$!
	until_true 60 one_target
	tell hold 7
	local status=0
	end_victim
	wait $cli || status=$?
	cli=''
	[ $status -le 1 ]
	REPORT=$BATS_TEST_TMPDIR/out
	digest
	jq -e '.target.exited' "$REPORT"
	assert_site by_hold fd 7 7
	no_targets
}

# bats test_tags=core
@test "the target is killed: its numbers stay until detach" {
	start_victim victim_fd
	attach
	tell hold 9
	local pid=$VICTIM
	kill -KILL "$pid"
	wait "$pid" || true
	report "$pid"
	jq -e '.target.exited' "$REPORT"
	assert_some_site fd 9 9
	lt detach "$pid"
	no_targets
}

# bats test_tags=core
@test "attached twice in sequence gives the same" {
	start_victim victim_fd
	local i
	for i in 1 2; do
		attach --kinds fd
		tell hold 6
		tell drop 6
		tell pairs 20
		tell death close 5
		report
		assert_exact
		# all but the numbers of the sites
		grep '^site\|^total' "$REPORT.lines" | sed 's/^site [^ ]*/site/' | sort >"$BATS_TEST_TMPDIR/lines.$i"
		lt detach "$VICTIM"
	done
	grep -q by_pair "$BATS_TEST_TMPDIR/lines.1"
	diff "$BATS_TEST_TMPDIR/lines.1" "$BATS_TEST_TMPDIR/lines.2"
}

@test "twenty targets at once, each with its own numbers" {
	local i pids=() pid
	for ((i = 1; i <= 20; i++)); do
		start_victim victim_fd
		pids+=("$VICTIM")
	done
	lt attach "${pids[@]}" --background --kinds fd
	expect "$(targets)" 20 targets
	for ((i = 1; i <= 20; i++)); do
		VICTIM=${pids[i - 1]}
		tell hold $((i * 3))
		tell drop $i
	done
	for i in 1 7 20; do
		VICTIM=${pids[i - 1]}
		report
		assert_site by_hold fd $((i * 2)) $((i * 3))
		assert_fd_count
		assert_exact
	done
	# some go, the others stay what they are
	for i in 2 4 6; do
		kill -KILL "${pids[i - 1]}"
	done
	lt detach "${pids[8]}"
	expect "$(targets)" 19 targets
	VICTIM=${pids[11]}
	tell hold 1
	report
	assert_site by_hold fd 25 37
	lt detach
	no_targets
}

@test "run: the child of a killed tool lives on, untraced" {
	lt_front run --kinds fd -- sleep 1000 >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	cli=$!
	until_true 60 one_target
	local child
	child=$(pgrep -P $cli -x sleep || pgrep -n -x sleep)
	kill -KILL $cli
	wait $cli || true
	cli=''
	until_true 60 no_targets
	kill -KILL "$child" 2>/dev/null || true
}

# bats test_tags=core,debug
@test "rmmod under load: refused while traced, works at once after detach" {
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
	"$VICTIMS/victim_storm" churn >/dev/null 2>&1 3>&- &
	busy=$!
	local i
	for ((i = 0; i < 5; i++)); do
		lt attach "$busy" --background
		refute rmmod leaktrace 2>/dev/null
		lt detach "$busy"
		until_true 60 rmmod leaktrace
		insmod "$LEAKTRACE_KO"
	done
	kill -0 "$busy"
}

is_alone() { [ "$(ls "/proc/$VICTIM/task")" = "$VICTIM" ]; }
works_pending() { [ "$(genl status | jq .works)" -gt 0 ]; }

# bats test_tags=core
@test "a thread that sleeps in the system call that touched a page: detach and rmmod do not wait for it" {
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
	start_and_attach page victim_page
	tell map a 1024
	tell sleep a
	until_true 60 works_pending
	lt detach "$VICTIM"
	no_targets
	until_true 20 rmmod leaktrace
	kill -0 "$VICTIM"
	# nothing of what is gone is left for it to run
	tell touch a futex 0 1
	until_true 60 is_alone
	insmod "$LEAKTRACE_KO"
}

# One round: a busy target, a tool, and somebody dies at some moment.
round() {
	local how=$1 out=$BATS_TEST_TMPDIR/out background=''
	insmod "$LEAKTRACE_KO"
	"$VICTIMS/victim_storm" churn >/dev/null 2>&1 3>&- &
	busy=$!
	[ "$how" != target_in_background ] || background=--background
	lt_front attach "$busy" $background >"$out" 2>&1 3>&- &
	cli=$!
	sleep "0.$(printf '%03d' $((RANDOM % 400)))"
	case $how in
	tool) kill -KILL $cli ;;
	target*) kill -KILL $busy ;;
	both) kill -KILL $cli $busy ;;
	interrupt) kill -INT $cli ;;
	esac
	[ "$how" != target_in_background ] || wait $cli || true
	[ "$how" != target ] || wait $cli || true
	[ "$how" != interrupt ] || wait $cli || true
	kill -KILL $busy $cli 2>/dev/null || true
	wait $busy $cli 2>/dev/null || true
	busy='' cli=''
	! module_loaded || lt detach >/dev/null 2>&1 || true
	until_true 60 rmmod leaktrace
}

@test "rmmod while the first target is attached to: one of the two is refused" {
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
	"$VICTIMS/victim_storm" churn >/dev/null 2>&1 3>&- &
	busy=$!
	local i attaching refused=0
	for ((i = 0; i < 15; i++)); do
		lt attach "$busy" --background >/dev/null 2>&1 3>&- &
		attaching=$!
		sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
		rmmod leaktrace 2>/dev/null || refused=$((refused + 1))
		wait "$attaching" || true
		! module_loaded || lt detach
		until_true 60 unloads
		insmod "$LEAKTRACE_KO"
	done
	echo "$refused of $i were refused" >&2
	kill -0 "$busy"
}

unloads() { ! module_loaded || rmmod leaktrace 2>/dev/null; }

# 92-lives.bats has more rounds, and more ways.
# bats test_tags=core,debug
@test "insmod, attach, kill -9 at random moments, rmmod: 5 times" {
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
	local how
	RANDOM=7
	unload_module
	for how in tool target both target_in_background interrupt; do
		echo "$how"
		round $how
	done
	refute module_loaded
}

# Whoever gets what the kernel knew it by would be traced in its place.
# bats test_tags=core
@test "attach to a process that dies meanwhile: refused, or told that it has ended" {
	local i
	for ((i = 0; i < 12; i++)); do
		start_victim victim_page
		tell map a 20000 nohuge
		tell touch a write
		"$PYTHON" -c 'import os, sys, time; time.sleep(int(sys.argv[2]) / 40); os.kill(int(sys.argv[1]), 9)' \
			"$VICTIM" $i 3>&- &
		lt attach "$VICTIM" --background --kinds page,fd,thread >/dev/null 2>&1 || true
		wait $! || true
		wait "$VICTIM" || true
		! genl target "$VICTIM" >"$BATS_TEST_TMPDIR/target" 2>/dev/null ||
			jq -e '.exited_ns > 0' "$BATS_TEST_TMPDIR/target"
	done
}

# bats test_tags=core
@test "--follow-fork: more children than there may be targets, one after the other, each with its report" {
	load_module max_targets=6
	lt run --follow-fork --kinds fd --format json -- \
		sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1; done' >"$BATS_TEST_TMPDIR/out" ||
		[ $? = 1 ]
	expect "$(jq -s length "$BATS_TEST_TMPDIR/out")" 13 reports
	jq -se 'all(.losses.objects == 0)' "$BATS_TEST_TMPDIR/out"
	expect "$(targets)" 0 "targets left"
	load_module
}
