#!/usr/bin/env bats
# The agent without the module: what it watches, when a rule fires, whom it tells, and what is
# left of what has ended.
# bats file_tags=host
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153 # VICTIM, STARTED: see lib/common

load lib/common

setup() {
	[ -x "$LEAKTRACE" ] || lacking "no $LEAKTRACE: run make"
	[ -x "$VICTIMS/victim_leak" ] || lacking "no victims: run make -C tests/victims"
	DIR=$(scratch)/reports
	LOG=$(scratch)/log
	CONF=$(scratch)/agent.conf
}

teardown() {
	[ ! -s "$(scratch)/ear" ] || kill "$(cat "$(scratch)/ear")"
	kill_victims
	cat "$LOG" >&2 2>/dev/null || true
}

# configure [LINE…]: what all tests have, and these lines of [agent]; watches are on stdin
configure() {
	{
		printf '%s\n' "[agent]" "Directory=$DIR" "Interval=200ms" "MaxProcessor=100%" "$@"
		cat
	} >"$CONF"
}

# agent [NAME=VALUE…]: starts it; $AGENT is its pid
agent() {
	env "$@" "$LEAKTRACE" agent --config "$CONF" 2>"$LOG" 3>&- &
	AGENT=$!
	STARTED+=("$AGENT")
	until_true 60 grep -q 'watching by' "$LOG"
}

# told REGEX: in the agent's log
told() { until_true 120 grep -Eq "$1" "$LOG"; }

# $(scratch)/metrics: what it serves now
metrics() { curl -sf "$(sed -n 's/.*metrics at //p' "$LOG")" >"$(scratch)/metrics"; }

# has_looked TIMES: at all that it watches
has_looked() { metrics && awk -v n="$1" '$1 == "leaktrace_agent_looks_total" { exit !($2 >= n) }' "$(scratch)/metrics"; }

end_agent() {
	kill "$AGENT"
	wait "$AGENT"
}

# the JSON of what was written of a process
written() { echo "$DIR"/*-"$1"-*.json; }

@test "agent: a configuration that is wrong is refused, by file and line" {
	local line
	while IFS=$'\t' read -r line message; do
		printf '[agent]\n[watch a]\nComm=x\n%s\n' "$line" >"$CONF"
		run "$LEAKTRACE" agent --check --config "$CONF"
		expect "$status" 2 "exit status of $line"
		expect "$output" "leaktrace: $CONF:4: $message" "$line"
	done <<-'WRONG'
		Descriptors=60	Descriptors=60: expected a share of the limit (60%), or off
		Descriptor=60%	unknown key 'Descriptor' in [watch a]
		[watches b]	unknown section [watches b]: expected [agent] or [watch NAME]
	WRONG
	printf '[watch a]\nComm=x\n' >"$CONF"
	lt agent --check --config "$CONF"
	# what a drop-in adds, and gets wrong
	mkdir "$CONF.d"
	printf '[watch a]\nMemory=off\n[agent]\nKeepBytes=1\n' >"$CONF.d/10-x.conf"
	run "$LEAKTRACE" agent --check --config "$CONF"
	expect "$status $output" "2 leaktrace: $CONF.d/10-x.conf:4: KeepBytes=1: expected a size of at least 1M (512M, 4G)" "drop-in"
	run "$LEAKTRACE" agent --check --config "$CONF.none"
	expect "$status $output" "2 leaktrace: cannot read $CONF.none: No such file or directory" "no file"
}

@test "agent: descriptors towards their limit are found, told and kept; of the twin nothing is told" {
	local leaking twin
	start_victim victim_leak fd plain
	leaking=$VICTIM
	start_victim victim_leak fd plain twin
	twin=$VICTIM
	prlimit --pid "$leaking" --nofile=300
	prlimit --pid "$twin" --nofile=300
	start_alertmanager
	configure "Webhook=http://127.0.0.1:$(hear_posts)/hook" "Alertmanager=$ALERTMANAGER" <<-CONF
		[watch leaks]
		Comm=victim_leak
		Descriptors=10%
		Growth=off
		AttachFor=24s
	CONF
	agent
	echo "go 250 30000" >&"${VICTIM_IN[$leaking]}"
	echo "go 250 30000" >&"${VICTIM_IN[$twin]}"
	told "(report|last words) of victim_leak \($leaking\)"
	REPORT=$(written "$leaking")
	jq -e '.agent | .watch == "leaks" and (.reason | test("^descriptors at [0-9]+ % of RLIMIT_NOFILE")) and
		(.how | test("looked at from outside for .*module not loaded"))' "$REPORT" >/dev/null
	jq -e '[.sites[] | select(.verdict == "leak" and .kind == "fd")] | length == 1' "$REPORT" >/dev/null
	grep -q '^LEAK .* fd: ' "${REPORT%.json}.txt"
	expect "$(stat -c %a "$DIR" "$REPORT" | tr '\n' ' ')" "700 600 " "who may read it"
	until_true 60 grep -q "^application/json .*\"pid\":$leaking," "$(scratch)/posts"
	sed -n 's/^application.json //p' "$(scratch)/posts" |
		jq -e '.event == "report" and .leaks == 1 and (.headline | test("^LEAK")) and (.findings | length) >= 1' >/dev/null
	expect "$(find "$DIR" -name "*-$twin-*" | wc -l)" 0 "files of the twin"
	# an alert that stands as long as its process does
	until_true 60 alerts 'length == 1 and (.[0] | .labels.alertname == "LeaktraceLeak" and .labels.severity == "warning" and
		.labels.watch == "leaks" and .labels.pid == $pid and (.annotations.summary | test("^LEAK .* fd: ")))'
	kill -9 "$leaking"
	until_true 60 alerts 'length == 0'
	end_agent
}

start_alertmanager() {
	local address
	command -v prometheus-alertmanager >/dev/null || lacking "no prometheus-alertmanager: run scripts/setup --test"
	address=127.0.0.1:$("$PYTHON" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	ALERTMANAGER=http://$address
	printf 'route: {receiver: none}\nreceivers: [{name: none}]\n' >"$(scratch)/alertmanager.yml"
	prometheus-alertmanager --config.file="$(scratch)/alertmanager.yml" --storage.path="$(scratch)/alertmanager" \
		--cluster.listen-address= --web.listen-address="$address" 2>"$(scratch)/alertmanager.log" 3>&- &
	STARTED+=("$!")
	until_true 60 curl -sfo /dev/null "$ALERTMANAGER/-/ready"
}

# alerts FILTER: is it so of those that stand and are about $leaking?
alerts() { curl -sf "$ALERTMANAGER/api/v2/alerts?filter=pid=$leaking" | jq -e --arg pid "$leaking" "$1" >/dev/null; }

# the port at which $(scratch)/posts is filled
hear_posts() {
	"$PYTHON" "$TOP/tests/lib/ear.py" http "$(scratch)/posts" >"$(scratch)/port" 3>&- &
	echo $! >"$(scratch)/ear"
	until_true 60 [ -s "$(scratch)/port" ]
	cat "$(scratch)/port"
}

@test "agent: what ended is there with its last numbers, whatever ended it" {
	local killed ended
	configure Listen=127.0.0.1:0 <<-'CONF'
		[watch all]
		Comm=victim_fd
		Growth=off
		Descriptors=off
	CONF
	start_victim victim_fd
	killed=$VICTIM
	tell hold 100
	start_victim victim_fd
	ended=$VICTIM
	agent "JOURNAL_STREAM=1:1"
	until_true 60 has_looked 2
	kill -KILL "$killed"
	told "last words of victim_fd \($killed\): watched from outside for .*(killed by signal 9|ended)"
	end_victim "$ended"
	told "last words of victim_fd \($ended\)"
	REPORT=$(written "$killed")
	jq -e '.agent | .event == "last words" and .reason == "" and .last_look.fds.now >= 100 and
		.last_look.fds.limit == "RLIMIT_NOFILE"' "$REPORT" >/dev/null
	grep -Eq '^  fds +1[0-9]{2} ' "${REPORT%.json}.txt"
	end_agent
	# without a journal at stderr, no priorities
	refute grep -q '^<' "$LOG"
}

@test "agent: SIGHUP reads the configuration again; one that is wrong changes nothing" {
	start_victim victim_fd
	configure <<-'CONF'
		[watch none]
		Comm=no-such-name
	CONF
	agent
	configure <<-'CONF'
		[watch none]
		Comms=victim_fd
	CONF
	kill -HUP "$AGENT"
	told "not reloaded"
	grep -q "^leaktrace: $CONF:6: unknown key 'Comms'" "$LOG"
	configure <<-'CONF'
		[watch all]
		Comm=victim_fd
		Threads=1%
		Descriptors=1%
		AttachFor=1s
	CONF
	kill -HUP "$AGENT"
	told "$CONF: reloaded"
	prlimit --pid "$VICTIM" --nofile=200
	told "report of victim_fd \($VICTIM\): looked at from outside"
	# it rests now, and its end is told all the same
	kill -KILL "$VICTIM"
	told "last words of victim_fd \($VICTIM\): watched"
	end_agent
}

@test "agent: systemd is told that it is ready, lives, reloads and ends" {
	local heard
	heard=$(scratch)/heard
	"$PYTHON" "$TOP/tests/lib/ear.py" socket "$(scratch)/notify" "$heard" 3>&- &
	STARTED+=($!)
	until_true 60 [ -S "$(scratch)/notify" ]
	configure Listen=127.0.0.1:0 <<-'CONF'
		[watch none]
		Comm=no-such-name
	CONF
	agent "NOTIFY_SOCKET=$(scratch)/notify" WATCHDOG_USEC=400000
	until_true 60 grep -qx READY=1 "$heard"
	until_true 60 grep -qx WATCHDOG=1 "$heard"
	until_true 60 grep -q '^STATUS=0 watched, 0 traced or looked at, 0 reports, ' "$heard"
	kill -HUP "$AGENT"
	until_true 60 grep -q '^MONOTONIC_USEC=[0-9]' "$heard"
	until_true 60 awk '/^RELOADING=1/ { on = 1 } on && /^READY=1/ { found = 1 } END { exit !found }' "$heard"
	metrics
	grep -qx 'leaktrace_agent_watched 0' "$(scratch)/metrics"
	grep -q '^leaktrace_agent_processor_seconds_total 0' "$(scratch)/metrics"
	end_agent
	until_true 60 grep -qx STOPPING=1 "$heard"
}

@test "agent: no more than MaxTargets at a time, no more reports than KeepReports" {
	local pids=()
	configure MaxTargets=1 KeepReports=1 <<-'CONF'
		[watch all]
		Comm=victim_fd
		Descriptors=10%
		Growth=off
		AttachFor=1s
	CONF
	for _ in 1 2 3; do
		start_victim victim_fd
		prlimit --pid "$VICTIM" --nofile=300
		tell hold 100
		pids+=("$VICTIM")
	done
	agent
	for VICTIM in "${pids[@]}"; do
		told "report of victim_fd \($VICTIM\): looked at from outside"
	done
	# one ends before the next begins
	expect "$(sed -n 's/.* is looked at from .*/begin/p; s/.* report of .*/end/p' "$LOG" | xargs)" \
		"begin end begin end begin end" "one after the other"
	end_agent
	expect "$(find "$DIR" -name '*.json' | wc -l)" 1 "reports that are kept"
	grep -q "report of victim_fd .*: $(find "$DIR" -name '*.txt')\$" <(tail -n 1 "$LOG")
}

@test "agent: no more bytes than KeepBytes, the oldest go first, and nothing of others" {
	local age
	mkdir "$DIR"
	for age in 3 2 1; do
		dd if=/dev/urandom of="$DIR/app-1-$age.json" bs=1k count=400 status=none
		echo "age $age" >"$DIR/app-1-$age.txt"
		touch -d "$age hours ago" "$DIR/app-1-$age".*
	done
	dd if=/dev/urandom of="$DIR/others" bs=1k count=2000 status=none
	configure KeepBytes=1M <<-'CONF'
		[watch none]
		Comm=no-such-name
	CONF
	agent
	until_true 60 [ ! -e "$DIR/app-1-3.json" ]
	end_agent
	expect "$(cd "$DIR" && echo app* others)" "app-1-1.json app-1-1.txt app-1-2.json app-1-2.txt others" "what is kept"
}

@test "agent: with more memory than MaxMemory it lets go and begins nothing; with less again it does" {
	start_victim victim_fd
	prlimit --pid "$VICTIM" --nofile=300
	tell hold 100
	configure MaxMemory=1M Listen=127.0.0.1:0 <<-'CONF'
		[watch all]
		Comm=victim_fd
		Descriptors=10%
		Growth=off
		AttachFor=1h
		Again=1s
	CONF
	agent
	until_true 60 has_looked 5
	grep -qx 'leaktrace_agent_watched 1' "$(scratch)/metrics"
	grep -qx 'leaktrace_agent_rules_fired_total 0' "$(scratch)/metrics"
	sed -i s/MaxMemory=1M/MaxMemory=4G/ "$CONF"
	kill -HUP "$AGENT"
	told "victim_fd \($VICTIM\) is looked at from outside"
	sed -i s/MaxMemory=4G/MaxMemory=1M/ "$CONF"
	kill -HUP "$AGENT"
	told "report of victim_fd \($VICTIM\): looked at from outside for .*, until the agent took more than it may"
	metrics
	grep -qx 'leaktrace_agent_stopped_total 1' "$(scratch)/metrics"
	grep -qx 'leaktrace_agent_looked_at 0' "$(scratch)/metrics"
	end_agent
}

@test "agent: it may watch as many as its hard limit of descriptors lets it" {
	local n
	cp "$(command -v sleep)" "$(scratch)/napper"
	for ((n = 0; n < 80; n++)); do
		"$(scratch)/napper" 1000 3>&- &
		STARTED+=("$!")
	done
	configure Listen=127.0.0.1:0 <<-'CONF'
		[watch nappers]
		Comm=napper
		Growth=off
	CONF
	agent prlimit --nofile=64:1024
	until_true 60 has_looked 2
	grep -qx 'leaktrace_agent_watched 80' "$(scratch)/metrics"
	end_agent
}
