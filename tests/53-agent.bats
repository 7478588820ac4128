#!/usr/bin/env bats
# The agent with the module: what leaks is found, named and told with nobody attached before;
# what it traced when it was killed is taken up; who is killed has last words; the module goes
# and comes.
# bats file_tags=vm

load lib/common

GROUP=/sys/fs/cgroup/leaktrace-agent

setup() {
	need_module
	hide_debug_files
	DIR=$BATS_TEST_TMPDIR/reports
	LOG=$BATS_TEST_TMPDIR/log
	CONF=$BATS_TEST_TMPDIR/agent.conf
	cat >"$CONF" <<-END
		[agent]
		Directory=$DIR
		Interval=500ms
		MaxProcessor=100%
		[watch leaks]
		Comm=victim_leak
		Descriptors=50%
		Growth=off
		AttachFor=1h
	END
}

teardown() {
	cat "$LOG"* >&2
	module_loaded || insmod "$LEAKTRACE_KO"
	clean_up
	[ ! -d $GROUP ] || rmdir $GROUP
}

# agent LOG: $AGENT is its pid
agent() {
	"$LEAKTRACE" agent --config "$CONF" 2>"$1" 3>&- &
	AGENT=$!
	STARTED+=("$AGENT")
	until_true 60 grep -q 'watching by' "$1"
}

told() { until_true 300 grep -Eq "$1" "$LOG"; }

targets() { genl status | jq .targets; }

@test "agent: a leak is traced, named and told by itself, and let go; not the twin" {
	start_victim victim_leak fd plain twin
	local twin=$VICTIM
	prlimit --pid "$twin" --nofile=300
	send go 250 60000
	start_victim victim_leak fd plain
	# so many that they are not read every second: what was found stands until they are
	prlimit --pid "$VICTIM" --nofile=4000
	tell hold 3000
	agent "$LOG"
	told "victim_leak \($VICTIM\) is traced"
	send go 250 60000
	told "report of victim_leak \($VICTIM\).*: traced for .*, until a leak was found; LEAK .*leak_fd"
	expect "$(targets)" 0 "targets after the report"
	REPORT=$(echo "$DIR/victim_leak-$VICTIM"-*.json)
	jq -e '.agent.reason | test("^descriptors at 75 % of RLIMIT_NOFILE \\(4,000\\)$")' "$REPORT"
	jq -e '[.sites[] | select(.verdict == "leak")] | length == 1 and (.[0] | .kind == "fd" and .died == 0 and
		any(.frames[]; .function == "leak_fd_here"))' "$REPORT" || explain "no leak of leak_fd_here"
	run lt report "${REPORT%.json}.leaktrace"
	[[ $status -le 1 && $output == *leak_fd_here* ]]
	expect "$(find "$DIR" -name "*-$twin-*" | wc -l)" 0 "files of the twin"
	kill "$AGENT"
	wait "$AGENT"
}

@test "agent: killed, the next one takes up what is traced, and has its last words" {
	start_victim victim_leak fd plain
	prlimit --pid "$VICTIM" --nofile=300
	sed -i 's/Descriptors=50%/Descriptors=1%/' "$CONF"
	agent "$LOG"
	told "victim_leak \($VICTIM\) is traced"
	kill -KILL "$AGENT"
	wait "$AGENT" || true
	expect "$(targets)" 1 "targets without an agent"
	agent "$LOG.2"
	until_true 60 grep -q "victim_leak ($VICTIM) is still traced: taken up" "$LOG.2"
	kill -KILL "$VICTIM"
	until_true 300 grep -Eq "last words of victim_leak \($VICTIM\).*: traced for .*, until its end; taken up .*; killed by signal 9" "$LOG.2"
	expect "$(targets)" 0 "targets after its last words"
	jq -e '.target.exited and .agent.watch == "leaks" and .losses.exact' "$DIR/victim_leak-$VICTIM"-*.json ||
		{ cat "$DIR"/*.txt; false; }
	kill "$AGENT"
	wait "$AGENT"
	expect "$(wc -c <"$DIR/traced")" 0 "what is left to be taken up"
}

# start_traced PROGRAM [ARG…]: a victim that a rule selects for what it has from the start
start_traced() {
	start_victim "$@"
	prlimit --pid "$VICTIM" --nofile=300
	told "$1 \($VICTIM\) is traced"
}

@test "agent: whom the OOM killer takes has last words, by what filled the memory" {
	grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null || lacking "no memory controller"
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir -p $GROUP
	echo 32M >$GROUP/memory.max
	[ ! -w $GROUP/memory.swap.max ] || echo 0 >$GROUP/memory.swap.max
	sed -i 's/Descriptors=50%/Descriptors=1%/; s/Comm=.*/Comm=victim_page/' "$CONF"
	start_victim victim_page
	echo "$VICTIM" >$GROUP/cgroup.procs
	prlimit --pid "$VICTIM" --nofile=300
	agent "$LOG"
	told "victim_page \($VICTIM\) is traced"
	tell map a 16000 nohuge
	send touch a write
	told "last words of victim_page \($VICTIM\).*: traced for .*, until its end; killed by the OOM killer \(memory.max of its cgroup: 32 MiB\)"
	jq -e '.agent.end | startswith("killed by the OOM killer")' "$DIR/victim_page-$VICTIM"-*.json
	# the limit is 8,192 pages
	jq -e '.target.oom_killed and ([.sites[] | select(.kind == "page" and any(.frames[]; .function == "touch_write")) |
		.live] | add | . > 6000 and . <= 8192)' "$DIR/victim_page-$VICTIM"-*.json
	kill "$AGENT"
	wait "$AGENT"
}

# The agent stands still until nothing is left that it could ask.
@test "agent: a pod that is gone has last words, by the names of pod and container" {
	local pod container group
	pod=0f3b1c52-7d4e-4a6b-9c8d-1e2f3a4b5c6d
	container=$(printf 'ab%.0s' {1..32})
	grep -q cgroup2 /proc/mounts || lacking "no cgroup 2"
	group=/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${pod//-/_}.slice
	mkdir -p "$group/cri-containerd-$container.scope"
	sed -i 's/Descriptors=50%/Descriptors=off/; s/Comm=.*/Comm=victim_fd/' "$CONF"
	sed -i '/^\[agent\]/aListen=127.0.0.1:0' "$CONF"
	start_victim victim_fd
	echo "$VICTIM" >"$group/cri-containerd-$container.scope/cgroup.procs"
	tell hold 100
	agent "$LOG"
	until_true 60 has_looked 3
	kill -STOP "$AGENT"
	kill -KILL "$VICTIM"
	wait "$VICTIM" || true
	rmdir "$group/cri-containerd-$container.scope" "$group" "${group%/*}" "${group%/*/*}"
	kill -CONT "$AGENT"
	told "last words of victim_fd \($VICTIM\).*: watched"
	REPORT=$(echo "$DIR"/*-"$VICTIM"-*.json)
	jq -e --arg pod "$pod" --arg container "$container" '.agent | .event == "last words" and (.last_look |
		.pod == $pod and .container == $container and .fds.now >= 100)' "$REPORT" || { cat "$REPORT"; false; }
	kill "$AGENT"
	wait "$AGENT"
}

# has_looked TIMES: at all that it watches
has_looked() {
	curl -sf "$(sed -n 's/.*metrics at //p' "$LOG")" |
		awk -v n="$1" '$1 == "leaktrace_agent_looks_total" { found = $2 >= n } END { exit !found }'
}

@test "agent: the module goes and comes under it; others detach; too many events are not traced" {
	sed -i 's/Descriptors=50%/Descriptors=1%/; s/^\[agent\]/&\nMaxEvents=1/' "$CONF"
	agent "$LOG"
	start_traced victim_leak fd plain
	lt detach "$VICTIM"
	told "report of victim_leak \($VICTIM\).*: traced for .*, until others detached it"
	until_true 60 rmmod leaktrace
	start_victim victim_leak fd plain
	prlimit --pid "$VICTIM" --nofile=300
	told "victim_leak \($VICTIM\) is looked at from outside: .*module not loaded"
	insmod "$LEAKTRACE_KO"
	start_traced victim_leak fd plain twin
	send go 250 60000
	told "report of victim_leak \($VICTIM\).*: traced for .*, until it had more events than MaxEvents"
	expect "$(targets)" 0 targets
	kill "$AGENT"
	wait "$AGENT"
}
