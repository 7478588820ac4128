#!/usr/bin/env bats
# Descriptors: every road in and out, every trap, against /proc/PID/fd.
# bats file_tags=vm,smp,fd

load lib/common

roads=(open openat openat2 creat tmpfile o_path directory device proc_file
	by_handle socket socketpair accept accept4 dup dup2 dup3 f_dupfd
	f_dupfd_cloexec pipe pipe2 scm_rights pidfd_open pidfd_getfd clone_pidfd
	epoll_create epoll_create1 eventfd timerfd signalfd inotify fanotify memfd
	userfaultfd perf_event bpf_map io_uring_setup fsopen tiocgptpeer half_pipe)

# One victim walks all the roads in; the tests look at its report.
setup_file() {
	need_module
	hide_debug_files
	local road n=2
	start_and_attach fd victim_fd
	"$VICTIMS/procfds" "$VICTIM" | sort >"$BATS_FILE_TMPDIR/before"
	for road in "${roads[@]}"; do
		send road "$road" $n
		if hear; then
			echo "$road $(answer born)"
		else
			echo "$road $ANSWER"
		fi
		n=$((n == 4 ? 2 : n + 1))
	done >"$BATS_FILE_TMPDIR/born"
	"$VICTIMS/procfds" "$VICTIM" | sort >"$BATS_FILE_TMPDIR/after"
	report
	genl objects "$VICTIM" fd >"$BATS_FILE_TMPDIR/objects"
	lt detach "$VICTIM"
	kill_victims
}

setup() {
	need_module
	REPORT=$BATS_FILE_TMPDIR/report.json
}

teardown() { clean_up; }

# born ROAD…: each is a site of its own, made by that very function, with all
# that it made alive
born() {
	awk -v roads="$*" '
		BEGIN { n = split(roads, list); for (i in list) asked[list[i]] = 1 }
		NR == FNR { if ($1 in asked) { truth[$1] = $2; why[$1] = $0 } next }
		$1 == "site" && $3 == "fd" { f = $9; sub(/^by_/, "", f); born[f] += $6; live[f] += $8 }
		END { for (r in asked) {
			if (truth[r] !~ /^[0-9]+$/ || truth[r] == 0) {
				print r ": the victim said: " why[r]; bad = 1 }
			else if (born[r] != truth[r] || live[r] != truth[r]) {
				print r ": " born[r] + 0 " born, " live[r] + 0 " live, not " truth[r]; bad = 1 }
		} exit bad }' "$BATS_FILE_TMPDIR/born" "$REPORT.lines" || explain "of: $*"
}

# bats test_tags=core
@test "fd: born by open, openat, openat2, creat, O_TMPFILE, O_PATH, by handle" {
	born open openat openat2 creat tmpfile o_path directory device proc_file by_handle
}

# bats test_tags=core
@test "fd: born by socket, socketpair, accept, accept4" {
	born socket socketpair accept accept4
}

# bats test_tags=core
@test "fd: born by dup, dup2, dup3, F_DUPFD, F_DUPFD_CLOEXEC: the same file under two numbers" {
	born dup dup2 dup3 f_dupfd f_dupfd_cloexec
}

# bats test_tags=core
@test "fd: born by pipe, pipe2; of half a pipe one end lives" {
	born pipe pipe2
	assert_site by_half_pipe fd 2 4
}

# bats test_tags=core,debug
@test "fd: born by SCM_RIGHTS, pidfd_open, pidfd_getfd, CLONE_PIDFD" {
	born scm_rights pidfd_open pidfd_getfd clone_pidfd
}

# bats test_tags=core
@test "fd: born by epoll, eventfd, timerfd, signalfd, inotify, fanotify, memfd" {
	born epoll_create epoll_create1 eventfd timerfd signalfd inotify fanotify memfd
}

# bats test_tags=core
@test "fd: born by userfaultfd, perf_event_open, bpf, io_uring_setup, fsopen, ioctl" {
	born userfaultfd perf_event bpf_map io_uring_setup fsopen tiocgptpeer
}

# bats test_tags=core,debug
@test "fd: as many live as /proc/PID/fd has, all roads taken, nothing repaired" {
	assert_total fd live "$(wc -l <"$BATS_FILE_TMPDIR/after")"
	assert_total fd baseline "$(wc -l <"$BATS_FILE_TMPDIR/before")"
	assert_exact
	assert_unrepaired
}

# bats test_tags=core
@test "fd: of every type as many as /proc/PID/fd says" {
	comm -13 "$BATS_FILE_TMPDIR/before" "$BATS_FILE_TMPDIR/after" |
		awk '{ n[$2]++ } END { for (t in n) print t, n[t] }' | sort >"$BATS_TEST_TMPDIR/truth"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/truth")" -ge 17 ]
	awk '$1 == "site" && $3 == "fd" && $8 { n[$4] += $8 } END { for (t in n) print t, n[t] }' \
		"$REPORT.lines" | sort | diff "$BATS_TEST_TMPDIR/truth" -
}

@test "fd: the table's numbers and types are those of /proc/PID/fd, one by one" {
	jq -r '"\(.id) \(.type)"' "$BATS_FILE_TMPDIR/objects" | sort >"$BATS_TEST_TMPDIR/table"
	diff "$BATS_FILE_TMPDIR/after" "$BATS_TEST_TMPDIR/table"
}

@test "fd: every site has its function's file and line" {
	jq -e '[.sites[].frames[] | select(.function | startswith("by_"))]
		| length > 30 and all(.[]; (.file | test("victim_fd[a-z_]*[.]c$")) and .line > 0
			and (.module | endswith("victim_fd")) and (.build_id | length >= 16))' "$REPORT"
}

# bats test_tags=core
@test "fd: died by close, close_range, dup2 and dup3 over it" {
	start_and_attach fd victim_fd
	tell death close 5
	tell death close_range 4
	tell death dup2 3
	tell death dup3 2
	tell death dup2_self 3
	tell pairs 100
	report
	assert_site for_close fd 0 5
	assert_site for_close_range fd 0 4
	assert_site for_dup2 fd 0 3
	assert_site for_dup3 fd 0 2
	# what takes the number's place is born
	assert_site die_dup2 fd 3 3
	assert_site die_dup3 fd 2 2
	# onto itself: nothing happens
	assert_site for_dup2_self fd 3 3
	assert_site by_pair fd 0 100
	assert_released for_close fd die_close
	assert_released for_close_range fd die_close_range
	assert_released for_dup2 fd die_dup2
	assert_released for_dup3 fd die_dup3
	assert_released by_pair fd by_pair
	assert_fd_count
	assert_exact
	assert_unrepaired
}

# hits: how often an object was looked for
hits() { awk '$1 == "looks" { print $2 }' /sys/kernel/tracing/kprobe_profile; }

@test "fd: close_range looks at its range, not at the whole table" {
	[ -e /sys/kernel/tracing/kprobe_events ] || mount -t tracefs tracefs /sys/kernel/tracing
	start_and_attach fd victim_fd
	tell hold 2000
	echo 'p:looks leaktrace:lt_object_find' >/sys/kernel/tracing/kprobe_events
	echo 1 >/sys/kernel/tracing/events/kprobes/looks/enable
	tell death close_range 4
	local n
	n=$(hits)
	echo 0 >/sys/kernel/tracing/events/kprobes/looks/enable
	echo >/sys/kernel/tracing/kprobe_events
	expect "$((n >= 4 && n < 100))" 1 "few of $n looks"
	report
	assert_site for_close_range fd 0 4
	assert_fd_count
	assert_exact
	assert_unrepaired
}

# bats test_tags=core
@test "fd: CLOSE_RANGE_UNSHARE of a table that nobody shares is a plain close" {
	start_and_attach fd victim_fd
	tell death close_range_unshare 4
	report
	assert_site for_close_range_unshare fd 0 4
	assert_fd_count
	assert_exact
}

# bats test_tags=core,debug
@test "fd: exec closes what is CLOEXEC, keeps the rest" {
	start_and_attach fd victim_fd
	tell hold 9
	tell cloexec 4
	tell exec
	report
	assert_some_site fd 9 5
	assert_fd_count
	assert_exact
	tell hold 2
	report
	assert_fd_count
	assert_total fd live "$(proc_fd_count "$VICTIM")"
}

@test "fd: CLOSE_RANGE_CLOEXEC only sets the flag; exec then closes" {
	since 5.11 CLOSE_RANGE_CLOEXEC
	start_and_attach fd victim_fd
	tell hold 6
	tell range_cloexec
	report
	assert_site by_hold fd 6 6
	assert_fd_count
	tell exec
	report
	assert_some_site fd 6 0
	assert_fd_count
	assert_exact
}

# bats test_tags=core
@test "fd: a call that fails is no birth and no death" {
	start_and_attach fd victim_fd
	report
	local before
	before=$(grep '^total fd' "$REPORT.lines")
	tell fail 20
	report
	expect "$(grep '^total fd' "$REPORT.lines")" "$before" "after failures"
	tell emfile
	local born
	born=$(answer born)
	[ "$born" -gt 0 ]
	report
	assert_site by_emfile fd "$born" "$born"
	assert_fd_count
	assert_exact
	assert_unrepaired
}

# bats test_tags=core
@test "fd: fork copies the table; what the child does is its own" {
	start_and_attach fd victim_fd
	tell hold 8
	tell fork 5 7
	report
	assert_site by_hold fd 8 8
	assert_site by_child fd 0
	assert_fd_count
	assert_exact
	assert_unrepaired
	tell gone
	report
	assert_site by_hold fd 8 8
	assert_fd_count
}

# bats test_tags=core,debug
@test "fd: --follow-fork: the child starts with its copies as baseline" {
	start_victim victim_fd
	attach --kinds fd --follow-fork
	tell hold 8
	local before child
	before=$(proc_fd_count "$VICTIM")
	tell fork 5 7
	child=$(answer child)
	report "$child"
	assert_total fd baseline "$before"
	assert_total fd died 5
	assert_site by_child fd 7 7
	assert_total fd live "$(proc_fd_count "$child")"
	assert_exact
	report
	assert_site by_hold fd 8 8
	assert_fd_count
	assert_exact
	tell gone
}

# bats test_tags=core,debug
@test "fd: CLONE_FILES: another process opens and closes in the same table" {
	start_and_attach fd victim_fd
	tell hold 6
	tell share 4 2
	report
	assert_site by_hold fd 4 6
	assert_fd_count
	assert_exact
	tell gone
	report
	assert_fd_count
	assert_exact
}

@test "fd: unshare(CLONE_FILES): a thread goes on with a table of its own" {
	start_and_attach fd victim_fd
	tell hold 6
	tell unshare 4 3
	local tid
	tid=$(answer tid)
	report
	assert_site by_unshared fd 4 4
	# The process's table lost nothing; the thread closed its own copies.
	genl objects "$VICTIM" fd | jq -r 'select((.space // 0) == 0) | .id' | sort >"$BATS_TEST_TMPDIR/main"
	"$VICTIMS/procfds" "$VICTIM" | cut -d' ' -f1 | sort | diff - "$BATS_TEST_TMPDIR/main"
	genl objects "$VICTIM" fd | jq -r 'select((.space // 0) != 0) | .id' | sort >"$BATS_TEST_TMPDIR/own"
	"$VICTIMS/procfds" "$VICTIM" "$tid" | cut -d' ' -f1 | sort | diff - "$BATS_TEST_TMPDIR/own"
	tell gone
	report
	assert_site by_unshared fd 0 4
	assert_fd_count
	assert_exact
}

# bats test_tags=core,debug
@test "fd: CLOSE_RANGE_UNSHARE of a shared table: a thread closes copies, nobody else loses anything" {
	start_and_attach fd victim_fd
	tell hold 40
	tell unshare_range
	report
	assert_site by_hold fd 40 40
	assert_unrepaired
	tell gone
	report
	assert_fd_count
	assert_exact
}

# bats test_tags=core,debug
@test "fd: the first thread leaves the table, and who stayed ends: each descriptor counts once" {
	start_and_attach fd victim_fd
	tell hold 6
	tell leave
	report
	tell gone
	report
	assert_fd_count
	assert_exact
	tell hold 3
	report
	assert_fd_count
	assert_exact
}

# bats test_tags=core,debug
@test "fd: io_uring opens, accepts and closes" {
	start_and_attach fd victim_fd
	tell hold 3
	tell uring_open 4
	tell uring_accept 3
	tell uring_close 2
	report
	assert_site by_hold fd 1 3
	assert_fd_count
	assert_exact
}

@test "fd: an exited target's numbers are those of its last moment" {
	start_and_attach fd victim_fd
	tell hold 7
	tell drop 2
	local pid=$VICTIM last
	last=$(proc_fd_count "$pid")
	end_victim
	report "$pid"
	jq -e '.target.exited' "$REPORT"
	assert_some_site fd 7 5
	assert_total fd live "$last"
	assert_exact
}
