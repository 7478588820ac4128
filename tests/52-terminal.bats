#!/usr/bin/env bats
# The live view on a real terminal, which tmux is: what is on its screen.
# bats file_tags=vm

load lib/common
load lib/terminal

setup() {
	need_module
	hide_debug_files
	command -v tmux >/dev/null || lacking "no tmux: run scripts/setup"
	export LC_ALL=C.UTF-8
}

teardown() {
	close_terminal
	clean_up
}

# Twice: a table that is redrawn below its old self leaves lines of that.
is_calm() {
	local columns=$1 looks
	for ((looks = 0; looks < 3; looks++)); do
		until_true 60 shows 'h helps'
		sleep 1.1
		screen >"$BATS_TEST_TMPDIR/screen"
		expect "$(grep -c "^victim_fd ($VICTIM)" "$BATS_TEST_TMPDIR/screen")" 1 "tables at $columns columns:
$(cat "$BATS_TEST_TMPDIR/screen")"
		expect "$(grep -c 'leaks\? found' "$BATS_TEST_TMPDIR/screen")" 1 "last lines at $columns columns"
	done
}

@test "terminal: the table fits at each width, after a resize, and is gone in the end" {
	local columns
	start_victim victim_fd
	tell hold 3000
	on_terminal 200 30 "$LEAKTRACE attach $VICTIM"
	until_true 60 shows 'attached *victim_fd'
	is_calm 200
	for columns in 120 80 60; do
		tm resize-window -x $columns
		until_true 30 is_wide $columns
		is_calm $columns
	done
	tell hold 2000
	# thousands are told apart, and nothing is wider than the terminal
	until_true 60 shows '  fd .* live .*+2,000 since attach'
	tm send-keys h
	until_true 60 shows 'show or hide this'
	tm send-keys h
	is_calm 60
	tm send-keys C-c
	until_true 60 shows '^prompt:$'
	screen >&2
	refute shows 'h helps'
	refute shows '\^C'
	shows 'nothing lost'
}

@test "terminal: q ends as Ctrl-C does, and the terminal echoes again" {
	start_victim victim_fd
	on_terminal 80 24 "$LEAKTRACE tail"
	until_true 60 shows 'h helps'
	attach --kinds fd
	until_true 60 shows "^victim_fd ($VICTIM)"
	shows "attached *victim_fd"
	tm send-keys q
	until_true 60 shows '^prompt:$'
	refute shows 'h helps'
	# what was traced already was not attached by it
	tm send-keys clear Enter
	until_true 30 refute shows 'tail'
	sleep 3
	tm send-keys "$LEAKTRACE tail $VICTIM" Enter
	until_true 60 shows "following *victim_fd"
	refute shows "attached *victim_fd"
	tm send-keys q
	until_true 60 shows '^prompt:$'
	# shellcheck disable=SC2016
	tm send-keys 'echo $((6 * 7))' Enter
	until_true 30 shows '^42$'
	shows '^prompt:echo'
}

@test "terminal: a dumb one, a pipe and NO_COLOR get no escape sequences" {
	start_victim victim_fd
	on_terminal 80 24 "TERM=dumb $LEAKTRACE attach $VICTIM --duration 2 | cat -v; echo; TERM=dumb script -qec '$LEAKTRACE attach $VICTIM --duration 3 --kinds fd' $BATS_TEST_TMPDIR/dumb; NO_COLOR=1 script -qec '$LEAKTRACE run --kinds fd -- true' $BATS_TEST_TMPDIR/plain; echo all done"
	until_true 60 shows '^all done'
	refute shows '\^\['
	grep -q attached "$BATS_TEST_TMPDIR/dumb"
	refute grep -q $'\033' "$BATS_TEST_TMPDIR/dumb" "$BATS_TEST_TMPDIR/plain"
	LC_ALL=C "$LEAKTRACE" attach --help >"$BATS_TEST_TMPDIR/help"
	refute grep -P '[^\x00-\x7f]' "$BATS_TEST_TMPDIR/help"
}

@test "terminal: status has what is traced first, and its probes in one line" {
	start_victim victim_fd
	attach --kinds fd
	on_terminal 120 100 "$LEAKTRACE status"
	until_true 60 shows '^probes '
	shows "^[0-9]* *$VICTIM *victim_fd"
	refute shows '^PROBE'
	tm send-keys "clear; $LEAKTRACE status -v" Enter
	until_true 60 shows '^fd_install'
	[[ $(lt status) == *PROBE*fd_install* ]]
}

is_traced() { lt status --json | jq -e ".targets[] | select(.pid == $VICTIM)" >/dev/null; }

@test "terminal: top traces the process under the cursor, shows what leaks, and lets go" {
	start_victim victim_leak fd plain
	on_terminal 100 40 "$LEAKTRACE top --every 1 --kinds fd --filter victim_leak"
	until_true 60 shows "^ *$VICTIM victim_leak"
	tm send-keys Enter
	until_true 60 shows '^fds '
	refute shows 'not traced'
	until_true 60 is_traced
	tell go 40 5000
	until_true 90 shows '^LEAK\|^suspect'
	tm send-keys d
	until_true 60 shows 'not traced'
	expect "$(lt status --json | jq '.targets | length')" 0 "targets after d"
	tm send-keys Enter
	until_true 60 refute shows 'not traced'
	tm send-keys q
	until_true 60 shows '^prompt:$'
	expect "$(lt status --json | jq '.targets | length')" 0 "targets after q"
}
