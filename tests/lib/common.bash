# shellcheck shell=bash
# What all suites share. A suite says: load lib/common
#
# A victim is started with start_victim, told what to do with tell, and ends
# with the test. The current one is $VICTIM (its pid).

TOP=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
VICTIMS=${VICTIMS:-$BATS_TEST_DIRNAME/victims/bin}
LEAKTRACE=${LEAKTRACE:-$TOP/userland/leaktrace}
PYTHON=/usr/bin/python3

# Verdicts depend on time, and an emulated guest on a busy host has little of it:
# a failure must repeat to be one. Whatever kernels complain of fails at once.
# shellcheck disable=SC2034 # bats reads it
BATS_TEST_RETRIES=1

declare -gA VICTIM_IN=() VICTIM_OUT=() RANGE=()
declare -ga STARTED=()
VICTIM='' ANSWER='' REPORT='' REPORT_STATUS=0
victim_count=0

lt() { "$LEAKTRACE" "$@"; }
# jq 1.6 takes three times as long to start, and -e has it succeed if there is no input.
jq() { gojq "$@"; }
# For "lt_front … &": the shell would have it ignore Ctrl-C.
lt_front() { exec env --default-signal=INT "$LEAKTRACE" "$@"; }
genl() { "$PYTHON" -S "$TOP/tests/lib/genl_command.py" "$@"; }

# A prerequisite is absent: no reason to fail on a laptop, one in the lab.
lacking() {
	if [ -n "${LEAKTRACE_KERNEL-}" ] || [ -n "${CI-}" ]; then
		echo "lacking: $*" >&2
		return 1
	fi
	skip "$*"
}

# A kernel that checks each access: what takes microseconds takes milliseconds.
is_slow() { [[ ${LEAKTRACE_KERNEL-} == *-k[ac]san ]]; }

# paced N: time for a victim to do the same in everywhere
paced() { echo $(($1 * ($(is_slow && echo 5 || echo 1)))); }

is_rt() { [[ $(uname -v) == *PREEMPT_RT* ]]; }

# since VERSION WHAT…: older kernels don't have it, newer ones must.
since() {
	local have
	have=$(uname -r)
	printf '%s\n' "$1" "${have%%[!0-9.]*}" | sort -V -C || skip "${*:2} came with $1"
}

# Before each command of the shell bats runs twenty of its own, to be able to say which one
# failed: 5 ms in an emulated guest. From here on it does so for those of the test's file
# only, and not for those of this one.
trace_tests_only() {
	# shellcheck disable=SC2016,SC2064 # expanded before each command
	trap '[[ $BASH_SOURCE != "$BATS_TEST_SOURCE" ]] || bats_debug_trap "$BASH_SOURCE"' DEBUG
}

need_module() {
	trace_tests_only
	[ -d /sys/module/leaktrace ] || lacking "module not loaded"
	[ -x "$LEAKTRACE" ] || lacking "no $LEAKTRACE: run make"
	[ -x "$VICTIMS/victim_fd" ] || lacking "no victims: run make -C tests/victims"
}

# test_module NAME: where scripts/build-matrix put tests/modules/NAME.c for this kernel
test_module() {
	local ko=${LEAKTRACE_KO%/*}/$1.ko
	[ -e "$ko" ] || { lacking "no $ko: run scripts/build-matrix"; return 1; }
	echo "$ko"
}

# In a guest, for suites to which the lines of libc are nothing: reading its debug
# file anew is most of what a report takes.
hide_debug_files() {
	[ -n "${LEAKTRACE_KERNEL-}" ] && [ -d /usr/lib/debug ] || return 0
	mountpoint -q /usr/lib/debug || mount -t tmpfs none /usr/lib/debug
}

# expect ACTUAL EXPECTED WHAT…
expect() {
	[ "$1" = "$2" ] || { echo "${*:3}: $1, not $2" >&2; return 1; }
}

# public FILE: a copy of it that everybody may read and run; the tree may lie where
# only root can go.
public() {
	mkdir -p "/tmp/public.$$"
	chmod 755 "/tmp/public.$$"
	install -m 755 "$1" "/tmp/public.$$/"
	echo "/tmp/public.$$/${1##*/}"
}

# refute COMMAND…: it must fail (bats ignores a plain "!")
refute() {
	if "$@"; then
		echo "unexpected: $*" >&2
		return 1
	fi
}

# --- victims ---

scratch() { echo "${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}"; }

# start_victim PROGRAM [ARG…]: runs it and waits until it is ready.
start_victim() {
	local base line fd
	base=$(scratch)/victim.$((++victim_count))
	mkfifo "$base.in" "$base.out"
	(
		# later victims are none of the earlier ones' business
		for fd in "${VICTIM_IN[@]}" "${VICTIM_OUT[@]}"; do
			exec {fd}>&-
		done
		exec "$VICTIMS/$1" "${@:2}" <"$base.in" >"$base.out" 2>"$base.err" 3>&- 4>&-
	) &
	VICTIM=$!
	STARTED+=("$VICTIM")
	exec {fd}>"$base.in"
	VICTIM_IN[$VICTIM]=$fd
	exec {fd}<"$base.out"
	VICTIM_OUT[$VICTIM]=$fd
	read -r -t 120 -u "$fd" line || {
		echo "$1: no answer" >&2
		cat "$base.err" >&2
		return 1
	}
	expect "$line" "ready $VICTIM" "$1"
}

# send WORD…: a command to $VICTIM; hear waits for the answer.
send() { echo "$*" >&"${VICTIM_IN[$VICTIM]}"; }

# The answer's lines are in $ANSWER; NAME=0xSTART-0xEND also in ${RANGE[NAME]}.
hear() {
	local line
	ANSWER=''
	while read -r -t 300 -u "${VICTIM_OUT[$VICTIM]}" line; do
		case $line in
		ok | ready*) return 0 ;;
		failed*)
			ANSWER=$line
			return 1
			;;
		*=0x*-0x*) RANGE[${line%%=*}]=${line#*=} ;;
		esac
		ANSWER+=$line$'\n'
	done
	ANSWER="the victim is gone"
	return 1
}

# tell WORD…: send and hear; a failure fails the test.
tell() {
	send "$@"
	hear || { echo "victim: $*: $ANSWER" >&2; return 1; }
}

# answer KEY: the value in the last answer, the first of several.
answer() {
	local line
	while read -r line; do
		[ "${line%%=*}" != "$1" ] || { echo "${line#*=}"; return 0; }
	done <<<"$ANSWER"
	echo "no $1= in: $ANSWER" >&2
	return 1
}

# Lets $VICTIM or the one named end by itself.
end_victim() {
	local pid=${1:-$VICTIM} fd
	echo exit >&"${VICTIM_IN[$pid]}" || true
	for fd in "${VICTIM_IN[$pid]}" "${VICTIM_OUT[$pid]}"; do
		exec {fd}>&-
	done
	unset "VICTIM_IN[$pid]" "VICTIM_OUT[$pid]"
	wait "$pid"
}

kill_victims() {
	local pid
	for pid in "${STARTED[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	STARTED=()
}

# until_true SECONDS COMMAND…: a safety net, not a measure of anything.
until_true() {
	local end=$((SECONDS + $1))
	until "${@:2}"; do
		[ $SECONDS -lt $end ] || { echo "never: ${*:2}" >&2; return 1; }
		sleep 0.05
	done
}

# --- leaktrace ---

# attach [OPTION…]: $VICTIM, in the background of the kernel.
attach() {
	lt attach "$VICTIM" --background "$@" >"$(scratch)/attach.out" 2>&1 || {
		cat "$(scratch)/attach.out" >&2
		return 1
	}
}

# start_and_attach KINDS PROGRAM [ARG…]
start_and_attach() {
	start_victim "${@:2}"
	attach --kinds "$1"
}

# report [PID]: $REPORT is the JSON, $REPORT.lines what digest makes of it.
report() {
	local status=0
	REPORT=$(scratch)/report.json
	lt report "${1:-$VICTIM}" --format json >"$REPORT" 2>"$REPORT.err" || status=$?
	REPORT_STATUS=$status
	digest
}

digest() {
	if [ "$REPORT_STATUS" -gt 1 ] || [ ! -s "$REPORT" ]; then
		echo "report: exit status $REPORT_STATUS: $(cat "$REPORT.err")" >&2
		return 1
	fi
	"$VICTIMS/digest" "$REPORT" >"$REPORT.lines" || {
		echo "report: no good JSON:" >&2
		head -c 2000 "$REPORT" >&2
		return 1
	}
	if grep '^bad' "$REPORT.lines" >&2; then
		return 1
	fi
}

# Shown when an assertion fails.
explain() {
	echo "$*" >&2
	grep -v '^released' "$REPORT.lines" | head -60 >&2
	jq -c '.findings[]? | [.verdict, .live, .evidence]' "$REPORT" | head -c 4000 >&2
	return 1
}

# What reads a report is awk: loops of the shell are slow.

# total KIND WHAT: baseline born died live bytes
total() {
	awk -v kind="$1" -v what="$2" '
		BEGIN { n = split("baseline born died live bytes", names)
			for (i = 1; i <= n; i++) if (names[i] == what) column = i + 2 }
		$1 == "total" && $2 == kind { print $column; found = 1 }
		END { exit !found }' "$REPORT.lines" || explain "no total of $1"
}

assert_total() {
	local have
	have=$(total "$1" "$2")
	[ "$have" = "$3" ] || explain "totals.$1.$2: $have, not $3"
}

loss() { awk -v n="$1" '$1 == "loss" && $2 == n { print $3 }' "$REPORT.lines"; }

assert_exact() {
	[ "$(loss exact)" = true ] || explain "not exact"
}

# Nothing was repaired: the probes saw it all.
assert_unrepaired() {
	[ "$(loss reconciled)" = 0 ] || explain "reconciled: $(loss reconciled)"
}

# site FUNCTION KIND: sums over its sites: "BORN DIED LIVE VERDICT…"
site() {
	awk -v f="$1" -v k="$2" '
		$1 == "site" && $3 == k {
			for (i = 10; i <= NF && $i != f; i++);
			if (i > NF) next
			born += $6; died += $7; live += $8; verdicts = verdicts " " $5 }
		END { print born + 0, died + 0, live + 0 verdicts }' "$REPORT.lines"
}

# assert_site FUNCTION KIND LIVE [BORN]
assert_site() {
	local have
	have=$(site "$1" "$2")
	awk -v have="$have" -v live="$3" -v born="${4-}" 'BEGIN {
		split(have, h); exit !(h[3] == live && (born == "" || h[1] == born)) }' ||
		explain "$2 sites of $1: born, died, live: $have; not $3 live${4:+ of $4 born}"
}

# assert_some_site KIND BORN LIVE: when its function has gone with an old image
assert_some_site() {
	awk -v k="$1" -v born="$2" -v live="$3" '
		$1 == "site" && $3 == k && $6 == born && $8 == live { found = 1 }
		END { exit !found }' "$REPORT.lines" ||
		explain "no $1 site with $2 born, $3 live"
}

# assert_innermost FUNCTION KIND: that very function made it
assert_innermost() {
	awk -v f="$1" -v k="$2" '$1 == "site" && $3 == k && $9 == f { found = 1 }
		END { exit !found }' "$REPORT.lines" ||
		explain "no $2 site with $1 as its innermost frame"
}

# assert_released FUNCTION KIND BY: objects of FUNCTION died in BY
assert_released() {
	awk -v f="$1" -v k="$2" -v by="$3" '
		$1 == "site" { mine = 0
			for (i = 10; i <= NF; i++) if ($3 == k && $i == f) mine = $2 }
		$1 == "released" && mine && $2 == mine {
			for (i = 4; i <= NF; i++) if ($i == by) found = 1 }
		END { exit !found }' "$REPORT.lines" || {
		grep '^released' "$REPORT.lines" >&2
		explain "no $2 of $1 was released at $3"
	}
}

# assert_verdict FUNCTION KIND VERDICT: of one site at least
assert_verdict() {
	local have
	have=$(site "$1" "$2")
	[[ "$have " == *" $3 "* ]] || explain "$2 sites of $1: no $3 in: $have"
}

assert_no_leaks() {
	if grep -E '^site [^ ]+ [^ ]+ [^ ]+ (leak|suspect) ' "$REPORT.lines"; then
		explain "a leak is reported where there is none"
	fi
}

# --- /proc's truth ---

proc_fd_count() {
	local fds=("/proc/$1/fd/"[0-9]*)
	echo ${#fds[@]}
}

proc_task_count() {
	local tasks=("/proc/$1/task/"[0-9]*)
	echo ${#tasks[@]}
}

proc_timer_count() { grep -c '^ID:' "/proc/$1/timers" || true; }

# populated PID START-END
populated() {
	local counts
	counts=$("$VICTIMS/pagemap_count" "$1" "${2%-*}" "${2#*-}")
	counts=${counts%% *}
	echo "${counts#*=}"
}

swapped() {
	local counts
	counts=$("$VICTIMS/pagemap_count" "$1" "${2%-*}" "${2#*-}")
	echo "${counts##*=}"
}

assert_fd_count() {
	local truth
	truth=$(proc_fd_count "$VICTIM")
	assert_total fd live "$truth"
}

# assert_pages FUNCTION RANGE…: what FUNCTION touched is what pagemap has there
assert_pages() {
	local function=$1 truth=0 name
	shift
	for name; do
		truth=$((truth + $(populated "$VICTIM" "${RANGE[$name]}")))
	done
	assert_site "$function" page "$truth"
	echo "$function: $truth pages"
}

# assert_all_pages [PID]: so many live as the process has
assert_all_pages() {
	local counts
	counts=$("$VICTIMS/pagemap_count" "${1:-$VICTIM}")
	counts=${counts%% *}
	assert_total page live "${counts#*=}"
	assert_exact
}

# --- the module ---

module_loaded() { [ -d /sys/module/leaktrace ]; }

unload_module() {
	! module_loaded || rmmod leaktrace
}

# load_module [PARAMETER=VALUE…]
load_module() {
	unload_module
	[ -n "${LEAKTRACE_KO-}" ] || lacking "LEAKTRACE_KO does not say where leaktrace.ko is"
	insmod "$LEAKTRACE_KO" "$@"
}

# For a file of tests that open gates.
begin_gates() {
	need_module
	load_module gates=1
	hide_debug_files
}

end_gates() { ! module_loaded || load_module; }

# Leaves nothing traced and nobody running, whatever the test did.
clean_up() {
	kill_victims
	! module_loaded || lt detach >/dev/null 2>&1 || true
}
