#!/usr/bin/env bats
# A long life in a short time: many rounds, many events, flat memory.
# bats file_tags=vm,smp,lifecycle
#
# The whole size, on the debug kernel, without KVM some two and a half hours:
#   scripts/vm --smp 4 --mem 2048 --timeout 12000 --env LIVES_ROUNDS=1000 6.1-kasan -- bats tests/92-lives.bats
# A day of 100 events a second, on a stock one:
#   scripts/vm --smp 1 --timeout 7200 --env LIVES_EVENTS=8640000 6.1 -- bats -f memory tests/92-lives.bats

load lib/common

LIVES_ROUNDS=${LIVES_ROUNDS-6}
LIVES_EVENTS=${LIVES_EVENTS-20000}

setup() {
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
	load_module
	need_module
	hide_debug_files
}

teardown() {
	[ -z "${cli-}" ] || { kill -CONT "$cli"; kill -KILL "$cli"; wait "$cli"; } 2>/dev/null || true
	clean_up
	module_loaded || load_module
}

@test "lives: insmod, attach, exec, fork, exit, detach, rmmod, under load; who dies is drawn by lot" {
	local fast
	fast=$(public "$LEAKTRACE")	# from memory: it starts often
	"$PYTHON" -S "$TOP/tests/lib/lives.py" --rounds "$LIVES_ROUNDS" --tool "$fast" \
		>"$BATS_TEST_TMPDIR/lives" 2>"$BATS_TEST_TMPDIR/progress" || {
		tail -n 20 "$BATS_TEST_TMPDIR/progress"
		return 1
	}
	sed 's/^/# /' "$BATS_TEST_TMPDIR/lives" >&3
	jq -e ".rounds == $LIVES_ROUNDS" "$BATS_TEST_TMPDIR/lives"
	refute module_loaded
}

# What the kernel has taken for the module and for all else, in KiB.
memory() {
	genl status | jq -r '.memory_bytes / 1024 | floor'
	awk '/^(SUnreclaim|VmallocUsed|Percpu):/ { sum += $2 } END { print sum }' /proc/meminfo
}

# A tenth of it is for tables to grow to what they need.
@test "lives: events of a day, and flat memory" {
	start_and_attach fd,page,timer,thread victim_storm
	# no answer shall take long
	local pieces=$((LIVES_EVENTS / 500000 + 1)) n i k first=() now=() events
	n=$((LIVES_EVENTS / 10 / pieces))
	for ((i = 0; i < 10; i++)); do
		for ((k = 0; k < pieces; k++)); do
			# a birth and a death are two
			tell storm 4 $((n * 3 / 10)) 0
			tell pages 4 16 $((n / 10 / 16))
			tell timers 4 $((n / 20))
			tell spawn 4 $((n / 20))
		done
		mapfile -t now < <(memory)
		echo "# $i: module ${now[0]} KiB, kernel ${now[1]} KiB" >&3
		[ $i -gt 0 ] || first=("${now[@]}")
	done
	report
	assert_exact
	assert_site storm_open fd 0 $((10 * pieces * (n * 3 / 10)))
	events=$(jq '[.totals[] | .born + .died] | add' "$REPORT")
	echo "# $events events" >&3
	[ "$events" -ge $((LIVES_EVENTS * 9 / 10)) ]
	expect "${now[0]}" "${first[0]}" "KiB of the module, in the end and after a tenth"
	# others live here, too
	[ $((now[1] - first[1])) -lt 4096 ] || explain "the kernel has $((now[1] - first[1])) KiB more"
}

one_target() { [ "$(genl status | jq .targets)" = 1 ]; }

# bats test_tags=core
@test "lives: who reads is stopped while 40,000 descriptors come and go: its report is right" {
	load_module ring_bytes=4096
	start_victim victim_storm
	lt_front attach "$VICTIM" --kinds fd --format json >"$BATS_TEST_TMPDIR/out" \
		2>"$BATS_TEST_TMPDIR/err" 3>&- &
	cli=$!
	until_true 120 one_target
	# somebody wants each event, and does not read one
	"$PYTHON" -S "$TOP/tests/lib/genl_command.py" listen stay >"$BATS_TEST_TMPDIR/listener" 3>&- &
	STARTED+=($!)
	until_true 60 grep -q ok "$BATS_TEST_TMPDIR/listener"
	kill -STOP $cli
	tell storm 4 40000 13
	[ "$(genl status | jq .lost_ring)" -gt 0 ]
	kill -CONT $cli
	kill -INT $cli
	local status=0
	wait $cli || status=$?
	cli=''
	[ $status -le 1 ] || { cat "$BATS_TEST_TMPDIR/err"; return 1; }
	REPORT=$BATS_TEST_TMPDIR/out
	digest
	assert_exact
	assert_site storm_open fd 13 40000
	assert_unrepaired
}
