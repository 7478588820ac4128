#!/usr/bin/env bats
# Profiles, metrics and the page of a live target. What they look like is held
# by tests/03-outputs.bats; here they say what the process does now.
# bats file_tags=vm,outputs

load lib/common

setup() { need_module; }

teardown() { clean_up; }

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
	lt_front serve "$VICTIM" --listen 0 >serve.out 2>serve.err 3>&- &
	local server=$! url
	STARTED+=("$server")
	until_true 60 test -s serve.out
	url=$(sed 's/serving at //' serve.out)
	leaked() { curl -s "${url}metrics" | grep -q "function=\"leak_fd_here\"} $1\$"; }
	until_true 60 leaked 20
	tell go 20 500
	# the tables are read at most once a second
	until_true 60 leaked 40
	curl -s "${url}debug/pprof/fd" | gzip -dc | grep -qa leak_fd_here
	kill -INT "$server"
	wait "$server"
}
