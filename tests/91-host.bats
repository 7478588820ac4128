#!/usr/bin/env bats
# The host changes under a target: processors go and come, memory ends.
# bats file_tags=vm,smp,lifecycle

# shellcheck disable=SC2030,SC2031

load lib/common

CPU=/sys/devices/system/cpu/cpu1/online
GROUP=/sys/fs/cgroup/leaktrace-test

setup() { need_module; }

teardown() {
	[ ! -w $CPU ] || echo 1 >$CPU
	[ -z "${cli-}" ] || { kill -KILL "$cli"; wait "$cli"; } 2>/dev/null || true
	fsfreeze -u "$BATS_TEST_TMPDIR/mnt" 2>/dev/null || true
	clean_up
	umount -l "$BATS_TEST_TMPDIR/mnt" 2>/dev/null || true
	umount -l "$BATS_TEST_TMPDIR/hung" 2>/dev/null || true
	[ ! -d $GROUP ] || rmdir $GROUP
}

# assert_equipped N: so many processors have memory for events
assert_equipped() {
	lt status --json >"$BATS_TEST_TMPDIR/status"
	expect "$(jq .status.cpus "$BATS_TEST_TMPDIR/status")" "$1" processors
	jq -e '.status | .cpu_bytes > .ring_bytes and .memory_bytes > .cpus * .cpu_bytes' \
		"$BATS_TEST_TMPDIR/status"
}

# bats test_tags=core,debug
@test "host: a processor goes and comes while threads open and close: exact" {
	[ -w $CPU ] || lacking "no processor that can be switched off"
	start_and_attach fd victim_storm
	send storm 4 8000 11
	local i
	for ((i = 0; i < 4; i++)); do
		echo 0 >$CPU
		echo 1 >$CPU
	done
	hear
	echo 0 >$CPU
	report
	assert_exact
	assert_site storm_open fd 11 8000
	assert_fd_count
	assert_unrepaired
	# attached and detached with one processor less
	lt detach "$VICTIM"
	attach --kinds fd
	assert_equipped 1
	echo 1 >$CPU
	assert_equipped 2
	tell storm 4 400 3
	report
	assert_site storm_open fd 3 400
	assert_fd_count
}

one_target() { [ "$(genl status | jq .targets)" = 1 ]; }

# limited_group MB
limited_group() {
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir -p $GROUP
	echo $(($1 << 20)) >$GROUP/memory.max
	[ ! -w $GROUP/memory.swap.max ] || echo 0 >$GROUP/memory.swap.max
}

# bats test_tags=core,debug
@test "host: a target that the OOM killer takes still has its last report" {
	grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null || lacking "no memory controller"
	limited_group 32
	start_victim victim_page
	echo "$VICTIM" >$GROUP/cgroup.procs
	lt_front attach "$VICTIM" --kinds page,fd --format json >"$BATS_TEST_TMPDIR/out" \
		2>"$BATS_TEST_TMPDIR/err" 3>&- &
	cli=$!
	until_true 60 one_target
	tell map a 16000 nohuge
	send touch a write
	local status=0
	wait $cli || status=$?
	cli=''
	[ $status -le 1 ] || { cat "$BATS_TEST_TMPDIR/err"; return 1; }
	wait "$VICTIM" || expect $? 137 "how the target ended"
	REPORT=$BATS_TEST_TMPDIR/out
	digest
	jq -e '.target | .exited and .oom_killed' "$REPORT"
	# what it had touched when it was killed; the limit is 8,192 pages
	local live
	read -r _ _ live _ <<<"$(site touch_write page)"
	[ "$live" -gt 6000 ] && [ "$live" -le 8192 ] || explain "pages of touch_write: $live"
	expect "$(genl status | jq .targets)" 0 targets
}

# mount_disk SIZE: a file system that is none of memory, as $BATS_TEST_TMPDIR/mnt
mount_disk() {
	{ modprobe loop && modprobe ext4; } || skip "this kernel has no loop or ext4"
	truncate -s "$1" "$BATS_TEST_TMPDIR/disk"
	mkfs.ext4 -q "$BATS_TEST_TMPDIR/disk"
	mkdir "$BATS_TEST_TMPDIR/mnt"
	mount -o loop "$BATS_TEST_TMPDIR/disk" "$BATS_TEST_TMPDIR/mnt"
}

# Of a process that stands still, in a cgroup of its own that also has page cache.
@test "host: the ledger adds up to smaps_rollup and to memory.current" {
	grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null || lacking "no memory controller"
	mount_disk 64M
	limited_group 256
	start_victim victim_page
	echo "$VICTIM" >$GROUP/cgroup.procs
	attach --kinds page
	tell map a 8000 nohuge
	tell touch a write
	tell map b 4000 shared
	tell touch b write
	(echo $BASHPID >$GROUP/cgroup.procs && head -c 24M /dev/zero >"$BATS_TEST_TMPDIR/mnt/file")
	report
	jq -e --argjson current "$(cat $GROUP/memory.current)" '.ledger as $l | $l.cgroup as $c
		| ($c | .anonymous + .file + .shared_memory + .hugetlb + .page_tables + .kernel_stacks
			+ .slab + .per_cpu + .vmalloc + .sockets + .zswap) as $named
		| ($named - $current | fabs) * 100 <= $current and ($c.current - $current | fabs) * 100 <= $current
		and $c.file >= 24 * 1048576 and $c.shared_memory >= 4000 * 4096 and $c.anonymous >= 8000 * 4096' \
		"$REPORT" || { jq .ledger "$REPORT" >&2; cat $GROUP/memory.current >&2; return 1; }
	jq -e --argjson rollup "$(awk '$1 ~ /^(Rss|Swap|Shared_Hugetlb|Private_Hugetlb):$/ { n += $2 }
		END { print n * 1024 }' "/proc/$VICTIM/smaps_rollup")" '.ledger
		| .anonymous + .file + .shared_memory + .hugetlb + .swap == $rollup
		and .explained + .unexplained == $rollup and .explained >= 12000 * 4096
		and .shared_memory >= 4000 * 4096 - 1048576' "$REPORT" ||
		{ jq .ledger "$REPORT" >&2; cat "/proc/$VICTIM/smaps_rollup" >&2; return 1; }
	[[ $(lt report "$VICTIM") == *"not a leak: "*" is page cache, "* ]]
}

# Who attaches has hardly any memory left in its group: what the tables would take is refused
# to it, and costs nobody's life. Without the limit it is given.
# bats test_tags=core
@test "host: an attach that its memory cgroup has no room for is refused, and kills nobody" {
	grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null || lacking "no memory controller"
	limited_group 64
	start_victim victim_fd
	"$PYTHON" -S -B - "$VICTIM" $GROUP "$TOP/tests/lib" >&2 <<-'PYTHON'
	import errno, os, sys
	sys.path.insert(0, sys.argv[3])
	import genl
	group = sys.argv[2]
	def write(name, text):
	    with open(group + "/" + name, "w") as f:
	        f.write(text)
	nl = genl.Netlink()
	family = nl.family()["id"]
	wanted = genl.u32("pid", int(sys.argv[1])) + genl.u32("kinds", 1 << genl.KINDS.index("fd"))
	write("cgroup.procs", str(os.getpid()))
	with open(group + "/memory.current") as f:
	    write("memory.max", str(int(f.read()) + (1 << 20)))
	try:
	    genl.call(nl, family, "TARGET_ADD", wanted)
	    sys.exit("attached")
	except genl.Refused as refused:
	    if refused.code != errno.ENOMEM:
	        raise
	with open(group + "/memory.events") as f:
	    events = dict(line.split() for line in f)
	print(events)
	if events["oom_kill"] != "0":
	    sys.exit("somebody was killed")
	if not int(events["max"]):
	    sys.exit("the limit was not reached: nothing was charged")
	write("memory.max", "max")
	target = genl.call(nl, family, "TARGET_ADD", wanted)[0]["id"]
	genl.call(nl, family, "RECONCILE", genl.u32("id", target))
	genl.call(nl, family, "TARGET_DEL", genl.u32("id", target))
	PYTHON
	tell hold 3
}

# Such a worker has the process's memory and its own name under task/, and never comes
# back to user mode. Until v6.4 it was a thread of the kernel.
# bats test_tags=core
@test "host: vhost's worker of a target holds neither target nor module" {
	modprobe vhost_net && [ -c /dev/vhost-net ] || skip "this kernel has no vhost_net"
	"$PYTHON" - >"$BATS_TEST_TMPDIR/out" 3>&- 4>&- <<-'PYTHON' &
	import fcntl, os, sys, time
	fd = os.open("/dev/vhost-net", os.O_RDWR)
	print("ready", flush=True)
	while not os.path.exists(os.environ["BATS_TEST_TMPDIR"] + "/attached"):
	    time.sleep(0.05)
	fcntl.ioctl(fd, 0xAF01)		# VHOST_SET_OWNER: the worker is made here
	print("owner", flush=True)
	time.sleep(3600)
	PYTHON
	VICTIM=$!
	STARTED+=("$VICTIM")
	until_true 60 grep -q ready "$BATS_TEST_TMPDIR/out"
	attach
	touch "$BATS_TEST_TMPDIR/attached"
	until_true 60 grep -q owner "$BATS_TEST_TMPDIR/out"
	report
	assert_exact
	assert_total thread live "$(proc_task_count "$VICTIM")"
	assert_fd_count
	lt detach "$VICTIM"
	unload_module
	kill -0 "$VICTIM"
	load_module
}

# bats test_tags=core
@test "host: who unmaps a target that was killed does not take its last report" {
	start_and_attach page victim_page
	tell map a 30000 nohuge
	tell touch a write
	"$PYTHON" - "$VICTIM" >"$BATS_TEST_TMPDIR/said" <<-'PYTHON'
	import ctypes, os, signal, sys
	libc, pid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
	fd = os.pidfd_open(pid)
	os.kill(pid, signal.SIGKILL)
	# process_mrelease(): its memory, before it comes to it itself
	print("ok" if not libc.syscall(448, fd, 0) else os.strerror(ctypes.get_errno()))
	PYTHON
	cat "$BATS_TEST_TMPDIR/said"
	! grep -q "not implemented" "$BATS_TEST_TMPDIR/said" || skip "process_mrelease came with 5.15"
	wait "$VICTIM" || expect $? 137 "how the target ended"
	report
	assert_site touch_write page 30000
}

# frozen COMMAND…: with a file system that takes nothing
frozen() {
	fsfreeze -f "$BATS_TEST_TMPDIR/mnt"
	echo go >"$BATS_TEST_TMPDIR/go"
	until_true 60 grep -q waits "$BATS_TEST_TMPDIR/out"
	sleep 1
	"$@"
	fsfreeze -u "$BATS_TEST_TMPDIR/mnt"
}

while_it_hangs() {
	# What is not to be had is not waited for. The tool's report would be, as any other
	# reader of its /proc/PID/maps.
	timeout 60 "$PYTHON" -S "$TOP/tests/lib/genl_command.py" reconcile "$VICTIM" >&2
	timeout 3 cat "/proc/$VICTIM/maps" >/dev/null || genl target "$VICTIM" | jq -e '.inexact != 0' >&2
	# another target, its child, and who is let go
	timeout 60 "$LEAKTRACE" run --follow-fork --kinds fd -- /bin/sh -c '/bin/true; /bin/true' >&2
	timeout 60 "$LEAKTRACE" detach "$VICTIM"
}

# One thread writes to a file that is mapped, which the frozen file system makes wait,
# on 5.10 and 6.1 with mmap_lock held for reading; one changes a mapping, behind it; one
# touches memory, behind that.
# bats test_tags=core,debug
@test "host: a target that waits for a frozen file system holds up nobody else" {
	local dir=$BATS_TEST_TMPDIR
	mount_disk 16M
	"$PYTHON" - "$dir" >"$dir/out" 3>&- 4>&- <<-'PYTHON' &
	import ctypes, mmap, os, sys, threading, time
	top, libc = sys.argv[1], ctypes.CDLL(None)	# its functions are called without the lock
	def address(m):
	    return ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(m)))
	with open(top + "/mnt/file", "w+b") as f:
	    f.truncate(1 << 20)
	    shared = mmap.mmap(f.fileno(), 1 << 20)
	    shared[0]			# read: the write is to be a fault of its own
	fresh = mmap.mmap(-1, 64 << 20)
	def write():
	    libc.memset(address(shared), 1, 1)
	def map():
	    time.sleep(0.5)
	    libc.mprotect(address(fresh), 4096, 1)
	def touch():
	    for at in range(2 << 20, 64 << 20, 2 << 20):
	        libc.memset(ctypes.c_void_p(address(fresh).value + at), 1, 1)
	        time.sleep(0.05)
	print("ready", flush=True)
	while not os.path.exists(top + "/go"):
	    time.sleep(0.05)
	threads = [threading.Thread(target=t) for t in (map, touch, write)]
	print("waits", flush=True)	# what makes a thread maps its stack
	for t in threads:
	    t.start()
	for t in threads:
	    t.join()
	print("done", flush=True)
	PYTHON
	VICTIM=$!
	STARTED+=("$VICTIM")
	until_true 60 grep -q ready "$dir/out"
	attach --kinds page
	frozen while_it_hangs
	until_true 60 grep -q "done" "$dir/out"
	wait "$VICTIM"
	umount "$dir/mnt"
}

# It registers a family of generic netlink, for which all must be out of netlink's lock.
has_macsec() { { modprobe macsec && modprobe -r macsec; } || skip "this kernel has no macsec"; }

beside() { timeout 300 "$PYTHON" -S -B "$TOP/tests/lib/beside.py" "$@" >&2; }

@test "host: nobody waits for a report of many pages, or for an attach to them" {
	local big
	has_macsec
	start_victim victim_page
	big=$VICTIM
	tell map a 500000 nohuge
	tell touch a read
	start_victim victim_fd
	beside reconcile macsec "$big" "$VICTIM"
	beside attach "$big" "$VICTIM"
}

@test "host: an unwind table on a file system that does not answer holds up nobody" {
	has_macsec
	modprobe fuse && [ -c /dev/fuse ] || skip "this kernel has no FUSE"
	mkdir "$BATS_TEST_TMPDIR/hung"
	beside table macsec "$BATS_TEST_TMPDIR/hung"
}
