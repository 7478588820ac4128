#!/usr/bin/env bats
# All processes of a host: what /proc says of each, growth, limits; the full screen on a
# real terminal, which tmux is.
# bats file_tags=host
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153 # jq; VICTIM, STARTED: see lib/common

load lib/common
load lib/terminal

setup() {
	[ -x "$LEAKTRACE" ] || lacking "no $LEAKTRACE: run make"
	[ -x "$VICTIMS/victim_fd" ] || lacking "no victims: run make -C tests/victims"
	command -v tmux >/dev/null || lacking "no tmux: run scripts/setup"
	export LC_ALL=C.UTF-8
}

teardown() {
	close_terminal
	kill_victims
}

# look: $REPORT is one look as JSON, by the process $ITSELF
look() {
	REPORT=$(scratch)/top.json
	"$LEAKTRACE" top --once --json "$@" >"$REPORT" &
	ITSELF=$!
	wait $ITSELF
}

# key PID RESOURCE KEY
key() { jq -r --argjson pid "$1" ".processes[] | select(.pid == \$pid).$2.$3" "$REPORT"; }

@test "top: counts, limits and cgroup are those of /proc" {
	local limit
	start_victim victim_fd
	tell hold 300
	look
	limit=$(awk '/^Max open files/ { print $4 }' "/proc/$VICTIM/limits")
	expect "$(key "$VICTIM" fds now)" "$(find "/proc/$VICTIM/fd" -mindepth 1 | wc -l)" "descriptors"
	expect "$(key "$VICTIM" fds max)" "$limit" "their limit"
	expect "$(key "$VICTIM" fds limit)" RLIMIT_NOFILE "its name"
	expect "$(key "$VICTIM" maps now)" "$(wc -l <"/proc/$VICTIM/maps")" "mappings"
	expect "$(key "$VICTIM" maps max)" "$(cat /proc/sys/vm/max_map_count)" "their limit"
	expect "$(key "$VICTIM" threads now)" "$(find "/proc/$VICTIM/task" -mindepth 1 -maxdepth 1 | wc -l)" "threads"
	expect "$(key "$VICTIM" memory now)" \
		"$(awk '/^(RssAnon|RssShmem|VmSwap)/ { n += $2 } END { print n * 1024 }' "/proc/$VICTIM/status")" "memory"
	expect "$(key "$VICTIM" timers now)" 0 "timers"
	cut -d: -f3- "/proc/$VICTIM/cgroup" |
		grep -qxF -- "$(jq -r --argjson pid "$VICTIM" '.processes[] | select(.pid == $pid).cgroup' "$REPORT")"
	# no kernel threads, and not ourselves
	expect "$(jq '[.processes[] | select(.comm == "kthreadd")] | length' "$REPORT")" 0 "kernel threads"
	expect "$(jq --argjson pid "$ITSELF" '[.processes[] | select(.pid == $pid)] | length' "$REPORT")" 0 "rows of its own"
	# what a row has not got is "", as in a report
	jq -e '[.processes[], .cgroups[]] | length > 0 and all(.[];
		[.cgroup, .unit, .container, .container_id, .pod] | all(.[]; type == "string"))' "$REPORT" >/dev/null
	# a cgroup is the sum of its processes
	expect "$(jq '[.cgroups[].fds.now // 0] | add' "$REPORT")" "$(jq '[.processes[].fds.now // 0] | add' "$REPORT")" "sum of cgroups"
}

@test "top: timers, and growth to the limit; the twin that holds as much does not grow" {
	local leaking twin
	start_victim victim_timer
	tell create monotonic none 5
	start_victim victim_fd
	twin=$VICTIM
	tell hold 200
	leaking=$("$PYTHON" - <<-'END'
		import os, time
		pid = os.fork()
		if pid:
		    print(pid)
		    raise SystemExit
		for fd in 0, 1, 2:
		    os.dup2(os.open('/dev/null', os.O_RDWR), fd)
		while True:
		    os.dup(0)
		    time.sleep(0.02)
	END
	)
	STARTED+=("$leaking")
	look --every 2
	[ "$(key "$leaking" fds per_min | cut -d. -f1)" -gt 100 ]
	[ "$(key "$leaking" fds limit_in_s | cut -d. -f1)" -gt 0 ]
	expect "$(key "$twin" fds per_min | cut -d. -f1)" 0 "growth of the twin"
	expect "$(key "$twin" fds limit_in_s)" null "time until its limit"
	expect "$(key "${STARTED[0]}" timers now)" 5 "timers"
	# what reaches a limit first comes first: before the twin, which holds more
	jq -r '.processes[] | select(.fds.limit_in_s or .pid == '"$twin"').pid' "$REPORT" >"$(scratch)/order"
	[ "$(grep -nx "$leaking" "$(scratch)/order" | cut -d: -f1)" -lt "$(grep -nx "$twin" "$(scratch)/order" | cut -d: -f1)" ]
	lt top --once --filter "$leaking" >"$(scratch)/text"
	expect "$(wc -l <"$(scratch)/text")" 2 "lines with one PID"
	grep -q "^ *$leaking .* fds .* +[0-9,]" "$(scratch)/text"
}

@test "top: one look a line until --duration; what does not go together is refused" {
	local wrong
	lt top --json --every 0.5 --duration 1.6 >"$(scratch)/lines"
	[ "$(wc -l <"$(scratch)/lines")" -ge 2 ]
	jq -e '.leaktrace == 1 and .time' "$(scratch)/lines" >/dev/null
	for wrong in "12" "--sort age --once" "--json --cgroups" "--duration 3 --once"; do
		# shellcheck disable=SC2086 # words
		# shellcheck disable=SC2086 # words
		run "$LEAKTRACE" top $wrong
		expect "$status" 2 "status of $wrong"
		expect "${#lines[@]}" 1 "lines about $wrong"
	done
	run "$LEAKTRACE" top </dev/null
	expect "$status" 2 "status without a terminal"
	[[ $output == *"needs a terminal: use --once"* ]]
}

# In each line of the screen nothing is left of the one before, and the last has the keys.
is_whole() {
	until_true 30 shows 'Enter trace'
	screen >"$BATS_TEST_TMPDIR/screen"
	expect "$(grep -c '^leaktrace top' "$BATS_TEST_TMPDIR/screen")" 1 "titles at $1 columns: $(cat "$BATS_TEST_TMPDIR/screen")"
	expect "$(grep -c ' COMMAND ' "$BATS_TEST_TMPDIR/screen")" 1 "headings at $1 columns"
	expect "$(grep -c 'Enter trace' "$BATS_TEST_TMPDIR/screen")" 1 "lines of keys at $1 columns"
	[ "$(wc -L <"$BATS_TEST_TMPDIR/screen")" -le "$1" ]
}

is_gone() { ! kill -0 "$1" 2>/dev/null; }

@test "top: the full screen at each width, its keys, and 2,000 processes" {
	local columns many running
	start_victim victim_fd
	tell hold 300
	many=$("$PYTHON" - <<-'END'
		import os
		pid = os.fork()
		if pid:
		    print(pid)
		    raise SystemExit
		os.setpgid(0, 0)
		for fd in 0, 1, 2:
		    os.dup2(os.open('/dev/null', os.O_RDWR), fd)
		for i in range(2000):
		    if not os.fork():
		        break
		import signal
		signal.pause()
	END
	)
	STARTED+=("$many")
	on_terminal 200 30 "$LEAKTRACE top --every 1"
	is_whole 200
	shows 'UNIT, CONTAINER, CGROUP'
	for columns in 120 80 60; do
		tm resize-window -x $columns
		until_true 30 is_wide $columns
		until_true 30 shows '^leaktrace top'
		is_whole $columns
	done
	kill -KILL -- "-$many"
	tm resize-window -x 120
	# the filter finds it by its PID; Enter shows its page, without the module, too
	tm send-keys / "$VICTIM"
	until_true 30 shows "filter: ${VICTIM}_"
	tm send-keys Enter
	until_true 30 shows "^ *$VICTIM victim_fd"
	tm send-keys Enter
	until_true 30 shows "^fds  *3[0-9][0-9] .*RLIMIT_NOFILE"
	shows 'module not loaded'
	shows 'not traced: no call paths'
	tm send-keys '?'
	until_true 30 shows 'back to the list'
	tm send-keys x
	until_true 30 shows 'not traced'
	tm send-keys Escape
	until_true 30 shows '^leaktrace top'
	tm send-keys Escape c
	until_true 30 shows 'PROCS CGROUP'
	tm send-keys c s
	until_true 30 shows 'by growth'
	tm send-keys p
	until_true 30 shows PAUSED
	tm send-keys q
	until_true 30 shows '^prompt:$'
	refute shows 'Enter trace'
	# it does not outlive its terminal
	tm send-keys "exec $LEAKTRACE top --filter $VICTIM" Enter
	until_true 30 shows 'Enter trace'
	tm send-keys Enter
	until_true 30 shows 'module not loaded'
	running=$(tm display-message -p '#{pane_pid}')
	close_terminal
	until_true 30 is_gone "$running"
}
