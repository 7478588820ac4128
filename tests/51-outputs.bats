#!/usr/bin/env bats
# Profiles, metrics and the page of a live target. What they look like is held
# by tests/03-outputs.bats; here they say what the process does now.
# bats file_tags=vm,outputs

load lib/common

setup() { need_module; }

teardown() { clean_up; }

# in_background OUT COMMAND…: $SERVER is its pid
in_background() {
	"${@:2}" >"$1" 2>"$1.err" 3>&- &
	SERVER=$!
	STARTED+=("$SERVER")
}

leaking_victim() {
	start_victim victim_leak fd plain
	attach --kinds fd
	tell go "$1" 500
}

@test "outputs: profile, metrics and page of a process that leaks agree with /proc" {
	cd "$BATS_TEST_TMPDIR"
	leaking_victim 40
	lt report "$VICTIM" --format pprof -o . || true
	lt report "$VICTIM" --format openmetrics -o x.prom || true
	lt report "$VICTIM" --format html -o x.html || true
	expect "$(awk '/^leaktrace_live{.*kind="fd"/ { n += $NF } END { print n }' x.prom)" \
		"$(proc_fd_count "$VICTIM")" "sum of leaktrace_live"
	grep -q '^leaktrace_live{.*function="leak_fd_here"} 40$' x.prom
	command -v go >/dev/null || lacking "no go"
	go tool pprof -raw "leaktrace-$VICTIM-fd.pb.gz" >raw 2>/dev/null
	grep -q 'leak_fd_here.*victim_leak.c\|leak_fd_here.*leak.h' raw
	# its build id is what the file says of itself
	local id
	id=$(readelf -n "$VICTIMS/victim_leak" | sed -n 's/.*Build ID: //p')
	grep -q "victim_leak $id" raw
	grep -q '"function":"leak_fd_here"' x.html
}

@test "outputs: what is served is what lives now" {
	cd "$BATS_TEST_TMPDIR"
	leaking_victim 20
	local url
	in_background serve.out lt_front serve "$VICTIM" --listen 0
	until_true 60 test -s serve.out
	url=$(sed 's/serving at //' serve.out)
	leaked() { curl -s "${url}metrics" | grep -q "function=\"leak_fd_here\"} $1\$"; }
	until_true 60 leaked 20
	tell go 20 500
	# the tables are read at most once a second
	until_true 60 leaked 40
	curl -s "${url}debug/pprof/fd" | gzip -dc | grep -qa leak_fd_here
	kill -INT "$SERVER"
	wait "$SERVER"
}

@test "outputs: push --every goes on through a server's failure, and ends by Ctrl-C" {
	cd "$BATS_TEST_TMPDIR"
	leaking_victim 10
	in_background ports "$TOP/tests/lib/collector.py" got --fail 2
	until_true 60 test -s ports || { cat ports.err >&2; false; }
	in_background push lt_front push "$VICTIM" --to "http://127.0.0.1:$(cut -d' ' -f1 ports)" --every 1s
	arrived() { [ -e got/log ] && [ "$(wc -l <got/log)" -ge 4 ]; }
	until_true 120 arrived
	kill -INT "$SERVER"
	wait "$SERVER"
	# said once, not at every try
	expect "$(grep -c 'push failed, will retry' push.err)" 1 complaints
	jq -se "all(.[]; .labels.__name__ == \"leaktrace_fd\" and .labels.pid == \"$VICTIM\")" got/log
}
