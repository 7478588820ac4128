#!/usr/bin/env bats
# Programs that people run, doing what they do, without a leak.
# bats file_tags=vm,real

load lib/common

setup() { need_module; }

teardown() {
	[ -z "${program-}" ] || { kill -KILL "$program" 2>/dev/null; wait "$program" 2>/dev/null; } || true
	clean_up
}

# starts it, waits until it says ready, attaches, says go, waits for done
watch_program() {
	local kinds=$1 in=$BATS_TEST_TMPDIR/in out=$BATS_TEST_TMPDIR/out line
	shift
	mkfifo "$in" "$out"
	"$@" <"$in" >"$out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	program=$!
	exec 5>"$in" 6<"$out"
	read -r -t 120 line <&6
	expect "$line" ready "$1"
	lt attach "$program" --background --kinds "$kinds"
	echo go >&5
	read -r -t 300 line <&6
	expect "$line" "done" "$1"
	report "$program"
}

@test "real: python opens and closes files, starts threads, fills a list once" {
	watch_program fd,timer,thread "$PYTHON" -u -c '
import threading
print("ready"); input()
for i in range(60):
    files = [open("/etc/passwd") for _ in range(5)]
    for f in files: f.read(); f.close()
    t = threading.Thread(target=lambda: None); t.start(); t.join()
print("done"); input()'
	assert_no_leaks
	assert_exact
	expect "$(proc_fd_count "$program")" "$(total fd live)" "open files"
	expect "$(proc_task_count "$program")" "$(total thread live)" threads
	[ "$(total fd born)" -ge 300 ]
	[ "$(total thread born)" -ge 60 ]
}

@test "real: python that keeps its files is told from one that does not" {
	watch_program fd "$PYTHON" -u -c '
import time
print("ready"); input()
kept = []
for i in range(60):
    kept.append(open("/etc/passwd"))
    open("/etc/group").close()
    time.sleep(0.2)
print("done"); input()'
	# the interpreter specialises its code: one line of Python, two chains of frames
	jq -e '[.findings[] | select(.verdict == "leak")] | length == 1 and .[0].live == {fd: 60}' \
		"$REPORT" || explain "not one leak of 60"
	jq -e '[.sites[] | select(.verdict == "leak" or .verdict == "suspect")] as $bad
		| .findings[0].id as $id | all($bad[]; .finding == $id)
		and ([$bad[].id] | sort) == (.findings[0].sites | sort)' "$REPORT" ||
		explain "sites and finding differ"
	expect "$(proc_fd_count "$program")" "$(total fd live)" "open files"
}

@test "real: bash in a loop, with pipes, here-documents and subshells" {
	# shellcheck disable=SC2016
	watch_program fd,page,timer,thread bash -c '
		echo ready; read -r _
		for ((i = 0; i < 25; i++)); do
			x=$(echo $i | cat); read -r y <<<"$x"; exec 7</etc/passwd 7<&-; : > >(:)
		done
		echo done; read -r _'
	assert_exact
	jq -e '[.sites[] | select(.kind != "page") | select(.verdict == "leak" or .verdict == "suspect")]
		| length == 0' "$REPORT"
	expect "$(proc_fd_count "$program")" "$(total fd live)" "open files"
	jq -e '.totals.fd.born > 50' "$REPORT"
}

@test "real: an http server, fifty requests" {
	local port=8473
	"$PYTHON" -u -m http.server "$port" --bind 127.0.0.1 --directory /etc \
		>"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	program=$!
	listens() { grep -q Serving "$BATS_TEST_TMPDIR/log"; }
	until_true 120 listens
	lt attach "$program" --background
	"$PYTHON" -c '
import http.client, sys
for i in range(50):
    c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    c.request("GET", "/passwd"); assert c.getresponse().read(); c.close()' "$port"
	# the last connection is closed by the server's thread in its own time
	idle() { [ "$(proc_task_count "$program")" = 1 ]; }
	until_true 60 idle
	report "$program"
	assert_exact
	jq -e '[.sites[] | select(.kind != "page") | select(.verdict == "leak" or .verdict == "suspect")]
		| length == 0' "$REPORT"
	[ "$(total fd born)" -ge 100 ]
	[ "$(total thread born)" -ge 50 ]
	expect "$(proc_fd_count "$program")" "$(total fd live)" "open files"
	expect "$(proc_task_count "$program")" "$(total thread live)" threads
	assert_all_pages "$program"
}
