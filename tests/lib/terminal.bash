# shellcheck shell=bash
# A real terminal, which tmux is, and what is on its screen.

# Its server outlives the call, and bats would wait for who has its descriptors.
tm() { tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null "$@" 3>&- 4>&-; }

# on_terminal COLUMNS ROWS COMMAND: in a shell, so that what it leaves is seen
on_terminal() {
	tm new-session -d -x "$1" -y "$2" "PS1='prompt:' exec bash --norc -i"
	tm set-option -g default-terminal screen 2>/dev/null || true
	until_true 30 shows 'prompt:'
	tm send-keys "$3" Enter
}

close_terminal() { tm kill-server 2>/dev/null || true; }

screen() { tm capture-pane -p; }
shows() { screen | grep -q -- "$1"; }
shows_all() { screen | grep -c -- "$1"; }
is_wide() { [ "$(tm display-message -p '#{pane_width}')" = "$1" ]; }
