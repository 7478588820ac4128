#!/usr/bin/env bats
# Threads and processes: every road in and out, every trap, against /proc/PID/task.
# bats file_tags=vm,smp,thread

load lib/common

setup() {
	need_module
	hide_debug_files
	start_and_attach thread victim_thread
}

teardown() { clean_up; }

assert_task_count() {
	assert_total thread live "$(proc_task_count "$VICTIM")"
}

# Objects of the table with that flag, and what they are.
flagged() { genl objects "$VICTIM" thread | jq -r "select((.flags // 0) / $1 % 2 | floor == 1) | $2"; }

# bats test_tags=core,debug
@test "thread: born by clone and clone3, died by exit" {
	tell raw 5
	tell raw3 4
	report
	assert_site by_raw thread 5 5
	assert_site by_raw3 thread 4 4
	assert_innermost by_raw thread
	assert_innermost by_raw3 thread
	assert_task_count
	assert_exact
	assert_unrepaired
	tell end 6
	report
	assert_site by_raw thread 0 5
	assert_site by_raw3 thread 3 4
	assert_task_count
	tell pairs 40
	report
	assert_site by_pair thread 0 40
	assert_task_count
	assert_exact
	assert_unrepaired
}

# bats test_tags=core
@test "thread: pthread_create: joined, detached, running" {
	tell joined 5
	tell detached 4
	tell running 3
	report
	assert_total thread born 12
	assert_total thread died 9
	assert_task_count
	assert_exact
	assert_unrepaired
}

@test "thread: exited and never joined is told apart from running" {
	tell joined 2
	tell unjoined 4
	tell running 3
	report
	assert_total thread live 4
	assert_task_count
	assert_exact
	# the table remembers those that nobody joined
	local exited=$((1 << 4))
	expect "$(flagged $exited .id | wc -l)" 4 "exited, not joined"
	expect "$(genl objects "$VICTIM" thread |
		jq -r "select((.flags // 0) / $exited % 2 | floor == 0) | .id" | sort)" \
		"$(printf '%s\n' "/proc/$VICTIM/task/"* | sed 's|.*/||' | sort)" "running threads"
}

@test "thread: a report says that threads have exited and nobody joined them" {
	tell unjoined 5
	report
	jq -e '[.sites[] | select(.kind == "thread") | .evidence[]?, .examples[]?.what]
		| any(test("join"))' "$REPORT"
}

@test "thread: SIGEV_THREAD's helpers come and go" {
	tell sigev 3
	report
	assert_task_count
	assert_exact
	assert_unrepaired
}

# bats test_tags=core
@test "thread: a clone that fails is no birth" {
	report
	local before
	before=$(grep '^total thread' "$REPORT.lines")
	tell fail 10
	report
	expect "$(grep '^total thread' "$REPORT.lines")" "$before" "after failures"
	assert_exact
	assert_unrepaired
}

# bats test_tags=core
@test "thread: without --follow-fork children are none of the target's" {
	tell fork 3
	tell vfork 2
	tell zombies 2
	report
	assert_task_count
	assert_total thread live 1
	assert_exact
	assert_unrepaired
	tell kill 3
}

# bats test_tags=core,debug
@test "thread: --follow-fork: children are objects until they are reaped" {
	lt detach "$VICTIM"
	attach --kinds thread --follow-fork
	tell raw 2
	tell fork 4
	local child
	child=$(answer child)
	report
	assert_site by_fork thread 4 4
	jq -e '[.sites[] | select(.type == "process") | .live] | add == 4' "$REPORT"
	assert_site by_raw thread 2 2
	assert_total thread live $(($(proc_task_count "$VICTIM") + 4))
	assert_exact
	# the child is a target itself
	report "$child"
	assert_total thread live 1
	tell kill 1
	report
	assert_site by_fork thread 3 4
	tell vfork 2
	report
	jq -e '[.sites[] | select(.type == "process") | .live] | add == 3' "$REPORT"
	assert_exact
	tell kill 3
}

@test "thread: zombies that nobody reaps are told apart from running children" {
	lt detach "$VICTIM"
	attach --kinds thread --follow-fork
	tell fork 2
	tell zombies 3
	report
	assert_site by_zombie thread 3 3
	assert_site by_fork thread 2 2
	local zombie=$((1 << 3)) pids
	pids=$(ps -o pid=,stat= --ppid "$VICTIM" | awk '$2 ~ /^Z/ { print $1 }' | sort)
	expect "$(wc -w <<<"$pids")" 3 "zombies in /proc"
	expect "$(flagged $zombie .id | sort)" "$pids" "zombies in the table"
	tell reap
	report
	assert_site by_zombie thread 0 3
	assert_site by_fork thread 2 2
	assert_exact
	tell kill 2
}

@test "thread: --follow-fork: a grandchild is its parent's object and a target too" {
	lt detach "$VICTIM"
	attach --kinds thread --follow-fork
	tell grandchild
	local child grandchild
	child=$(answer child)
	grandchild=$(answer grandchild)
	report "$child"
	assert_site by_grandfork thread 1 1
	report "$grandchild"
	assert_total thread live 1
	report
	assert_site by_grandfork thread 0
	tell kill 1
}

# bats test_tags=core
@test "thread: the first thread exits, the others live on" {
	tell raw 3
	tell leader_exit
	# one more took over the dialogue
	report
	assert_site by_raw thread 3 3
	tell raw 2
	tell end 1
	report
	assert_site by_raw thread 4 5
	# /proc still lists the leader, a zombie
	local tasks
	tasks=$(grep -L '^State:.*zombie' "/proc/$VICTIM"/task/*/status | wc -l)
	local live
	live=$(total thread live)
	[ "$live" = "$tasks" ] || [ "$live" = "$(proc_task_count "$VICTIM")" ] ||
		explain "live: $live, /proc: $tasks running"
	assert_exact
}

# bats test_tags=core
@test "thread: exec ends all others" {
	tell raw 4
	tell running 2
	tell exec
	report
	assert_some_site thread 4 0
	expect "$(proc_task_count "$VICTIM")" 1 /proc
	assert_task_count
	tell raw 2
	report
	assert_site by_raw thread 2 2
	assert_task_count
	assert_exact
}

@test "thread: exec by another thread than the first" {
	tell raw 2
	tell leader_exit
	tell exec
	report
	expect "$(proc_task_count "$VICTIM")" 1 /proc
	assert_task_count
	assert_some_site thread 2 0
	tell raw 1
	report
	assert_site by_raw thread 1 1
	assert_exact
}

@test "thread: an exited target's numbers are those of its last moment" {
	local pid=$VICTIM
	tell raw 5
	tell end 2
	end_victim
	report "$pid"
	jq -e '.target.exited' "$REPORT"
	assert_some_site thread 5 3
}

@test "thread: who reads in another PID namespace gets the numbers of that" {
	local dir=$BATS_TEST_TMPDIR
	mkfifo "$dir/in"
	# shellcheck disable=SC2016 # expands inside
	VICTIMS=$VICTIMS TOP=$TOP PYTHON=$PYTHON LEAKTRACE=$LEAKTRACE \
		unshare --pid --fork --mount-proc bash -c '
		exec 5<>"$1/in"
		"$VICTIMS/victim_thread" <&5 >"$1/out" 5>&- & pid=$!
		until grep -q ready "$1/out"; do sleep 0.1; done
		"$LEAKTRACE" attach $pid --kinds thread --background || exit
		echo raw 3 >&5
		until grep -q ok "$1/out"; do sleep 0.1; done
		"$PYTHON" -S "$TOP/tests/lib/genl_command.py" objects $pid thread | jq .id | sort >"$1/told"
		ls "/proc/$pid/task" | sort >"$1/true"
		"$LEAKTRACE" detach $pid
		kill -KILL $pid' bash "$dir" 3>&-
	diff "$dir/told" "$dir/true"
	expect "$(wc -l <"$dir/true")" 4 threads
}

has_child() { child=$(pgrep -P "$1") && [ -e "/proc/$child/fd/7" ]; }
is_debugged() { grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$1/status"; }

# A debugger's child has a signal waiting from its first moment on.
# bats test_tags=core
@test "process: a child of what is debugged is followed from its first descriptor on" {
	local dir=$BATS_TEST_TMPDIR parent child='' debugger
	mkfifo "$dir/go" "$dir/never"
	# shellcheck disable=SC2016 # expands inside
	bash -c 'read -r _ <"$1/go"; (exec 7</dev/null; read -r _ <>"$1/never") & wait' - "$dir" 3>&- &
	parent=$!
	lt attach $parent --follow-fork --kinds fd --background
	strace -f -o /dev/null -p $parent 2>/dev/null 3>&- &
	debugger=$!
	STARTED+=("$parent" "$debugger")
	until_true 60 is_debugged $parent
	echo >"$dir/go"
	until_true 60 has_child $parent
	STARTED+=("$child")
	[ "$(genl objects "$child" fd | jq 'select(.id == 7) | .site')" -gt 0 ]
}
