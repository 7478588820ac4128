#!/usr/bin/env bats
# Who may not ask learns nothing; who may, no address of the kernel; and what another
# user has made can't have the tool do anything.
# bats file_tags=privileges

# shellcheck disable=SC2153
load lib/common

in_guest() {
	need_module
	hide_debug_files
	start_victim victim_fd
	attach
	ID=$(genl target "$VICTIM" | jq .id)
	ASK=$(public "$TOP/tests/lib/privileges.py")
	public "$TOP/tests/lib/genl.py" >/dev/null
	public "$TOP/include/uapi/linux/leaktrace.h" >/dev/null
	TOOL=$(public "$LEAKTRACE")
}

teardown() {
	[ ! -d /sys/module/leaktrace ] || clean_up
}

NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)

# bats test_tags=vm,core
@test "privileges: a refusal is the same, whether there is something or not" {
	in_guest
	"${NOBODY[@]}" "$PYTHON" -S "$ASK" answers "$ID" "$VICTIM"
	# root without capabilities
	setpriv --bounding-set=-all --inh-caps=-all "$PYTHON" -S "$ASK" answers "$ID" "$VICTIM"
	# root of a user namespace of its own, as nobody and as root make one
	"${NOBODY[@]}" unshare -Ur "$PYTHON" -S "$ASK" answers "$ID" "$VICTIM"
	unshare -Ur "$PYTHON" -S "$ASK" answers "$ID" "$VICTIM"
	# what root opened is of no use to who is no longer root
	"$PYTHON" -S "$ASK" dropped "$ID"
	expect "$(genl status | jq .targets)" 1 "targets after refusals"
}

# bats test_tags=vm,core
@test "privileges: a container with a network of its own does not see the door" {
	in_guest
	local group box=("${NOBODY[@]}" unshare -Urnpf --mount-proc)
	run "${box[@]}" "$PYTHON" -S "${ASK%/*}/genl.py" family
	[[ $output == ENOENT* ]]
	run "${box[@]}" "$TOOL" status
	expect "$status" 2 "exit status"
	[[ $output == *"not loaded"* ]]
	# with the host's network: root there, nobody here
	run "${NOBODY[@]}" unshare -Urpf --mount-proc "$TOOL" report "$VICTIM"
	expect "$status" 2 "exit status"
	[[ $output == *permission* && $output != *victim* ]]
	for group in events targets; do
		run "${NOBODY[@]}" unshare -Urpf --mount-proc "$PYTHON" -S "${ASK%/*}/genl.py" listen "$group"
		expect "$output" EPERM "joining the group '$group'"
	done
}

# Root there may join any group by its number, and is sent nothing.
JOIN='import signal, socket, sys
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
for group in sys.argv[1:]:
    s.setsockopt(270, 1, int(group))
print("ok", flush=True)
signal.pause()'

# bats test_tags=vm,core
@test "privileges: who listens from a network of its own makes nothing happen" {
	in_guest
	local groups before listener
	mapfile -t groups < <(genl family | jq '.group_ids[]')
	[ ${#groups[@]} = 2 ]
	"${NOBODY[@]}" unshare -Urn "$PYTHON" -c "$JOIN" "${groups[@]}" \
		>"$BATS_TEST_TMPDIR/joined" 2>&1 3>&- &
	listener=$!
	until_true 60 grep -q . "$BATS_TEST_TMPDIR/joined"
	expect "$(cat "$BATS_TEST_TMPDIR/joined")" ok "joining, as nobody"
	before=$(genl status | jq .events)
	tell pairs 2000
	kill "$listener"
	expect "$(($(genl status | jq .events) - before))" 0 "events queued for it"
	# one who may is served, beside it, and also if it asks for nothing
	"$PYTHON" "${ASK%/*}/genl.py" listen events stay >"$BATS_TEST_TMPDIR/listener" 2>&1 3>&- &
	listener=$!
	until_true 60 grep -q ok "$BATS_TEST_TMPDIR/listener"
	tell pairs 20000
	kill "$listener"
	[ "$(genl status | jq .events)" -gt "$before" ]
}

# bats test_tags=vm,core
@test "privileges: who is not let out by seccomp gets one line, and hangs on nothing" {
	in_guest
	run "$PYTHON" "$TOP/tests/lib/seccomp.py" "$TOOL" report "$VICTIM"
	expect "$status" 2 "exit status"
	expect "${#lines[@]}" 1 "lines"
	[[ $output == *"netlink socket"* ]]
}

# bats test_tags=vm,core
@test "privileges: nothing under /sys, /proc or in the log tells more" {
	in_guest
	local file
	refute "${NOBODY[@]}" cat /sys/module/leaktrace/parameters/stop
	refute "${NOBODY[@]}" sh -c 'echo 1 >/sys/module/leaktrace/parameters/stop'
	refute "${NOBODY[@]}" cat /sys/module/leaktrace/sections/.text
	refute "${NOBODY[@]}" ls /sys/kernel/debug
	# what it may read are bounds, and no more than numbers
	for file in /sys/module/leaktrace/parameters/*; do
		[ "${file##*/}" != stop ] || continue
		"${NOBODY[@]}" cat "$file" | grep -qxE '[0-9]+|[NY]'
	done
	refute grep -E 'leaktrace.*ffff[0-9a-f]{12}\b' <(dmesg)
}

# bats test_tags=vm,core
@test "privileges: no address of the kernel leaves it" {
	in_guest
	tell hold 9
	tell pairs 20
	"$PYTHON" -S "$ASK" addresses "$ID"
	start_victim victim_thread
	attach
	tell raw 3
	start_victim victim_page
	attach --kinds page,timer
	local pid
	for pid in "${STARTED[@]}"; do
		"$PYTHON" -S "$ASK" addresses "$(genl target "$pid" | jq .id)"
	done
}

# bats test_tags=vm,core
@test "privileges: CAP_PERFMON is enough to attach, report and detach" {
	need_module
	hide_debug_files
	start_victim victim_fd
	local some=(setpriv "--bounding-set=-all,+perfmon,+dac_override,+sys_ptrace" --inh-caps=-all)
	"${some[@]}" "$LEAKTRACE" attach "$VICTIM" --background --kinds fd
	tell hold 5
	"${some[@]}" "$LEAKTRACE" report "$VICTIM" --format json >"$BATS_TEST_TMPDIR/json" || [ $? = 1 ]
	jq -e '[.sites[] | select(.kind == "fd") | .live] | add >= 5' "$BATS_TEST_TMPDIR/json"
	# live events are for CAP_SYS_ADMIN
	run "${some[@]}" timeout 60 "$LEAKTRACE" tail "$VICTIM"
	expect "$status" 2 "exit status of tail"
	[[ $output == *permission* ]]
	"${some[@]}" "$LEAKTRACE" detach "$VICTIM"
	expect "$(genl status | jq .targets)" 0 targets
}

# What a run opened to write, made, removed, ran or called; the end of the tool's own
# output is no file.
deeds() {
	grep -E 'O_WRONLY|O_RDWR|O_CREAT|^[0-9]* *(execve|creat|unlink|rename|mkdir|symlink|link|connect|bind|ptrace|kill|mount|setuid)' "$1" |
		sed 1d	# how it was started
}

# bats test_tags=host,core
@test "privileges: the report of another user's file runs, writes and calls nothing" {
	command -v strace >/dev/null || lacking "no strace"
	make -s -C "$TOP/userland" all build/make_trace >&2
	cd "$BATS_TEST_TMPDIR"
	"$TOP/userland/build/make_trace" hostile.lt hostile
	local format
	for format in text json folded html openmetrics; do
		strace -f -o calls "$LEAKTRACE" report hostile.lt --format "$format" >out || [ $? -le 1 ]
		[ -s out ]
		grep -q 'hostile.lt.*O_RDONLY' calls	# it was watched
		[ "$(wc -l <calls)" -gt 50 ]
		expect "$(deeds calls)" "" "what $format did"
	done
	expect "$(echo *)" "calls hostile.lt out" "files afterwards"
}

# The build id's debug file, as the target's root has it: a symbolic link out of the
# root, or a FIFO.
# bats test_tags=vm,core
@test "privileges: a target's root leads neither out of it nor into a FIFO" {
	need_module
	hide_debug_files
	local root=$BATS_TEST_TMPDIR/root lib id debug secret=/tmp/secret.debug
	mkdir -p "$root"
	for lib in $(ldd "$VICTIMS/victim_bounds" | grep -o '/[^ ]*'); do
		install -D "$lib" "$root$lib"
	done
	strip -o "$root/victim" "$VICTIMS/victim_bounds"
	cp "$VICTIMS/victim_bounds" $secret
	id=$(readelf -n "$root/victim" | awk '/Build ID/ { print $3 }')
	debug=$root/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
	mkdir -p "${debug%/*}"
	mkfifo "$BATS_TEST_TMPDIR/in"
	# shellcheck disable=SC2094 # held open by both
	chroot "$root" /victim <>"$BATS_TEST_TMPDIR/in" >/dev/null 2>&1 3>&- 4>&- &
	VICTIM=$!
	STARTED+=("$VICTIM")
	in_root() { [ "$(readlink "/proc/$VICTIM/root")" = "$root" ]; }
	until_true 60 in_root
	attach --kinds fd
	echo fds 5 >"$BATS_TEST_TMPDIR/in"
	held() { [ "$(genl target "$VICTIM" | jq .kind.fd.born)" -ge 5 ]; }
	until_true 60 held
	watched_report() {
		strace -f -y -o "$BATS_TEST_TMPDIR/calls" -e trace=file,openat2 \
			timeout 120 "$LEAKTRACE" report "$VICTIM" --format json >"$BATS_TEST_TMPDIR/out" || [ $? = 1 ]
		grep -q "${id:2}.debug" "$BATS_TEST_TMPDIR/calls"	# it did look there
	}
	# for reading, which of a FIFO or a device is a deed
	opened() { grep -q "O_NONBLOCK.*= [0-9]*<.*${id:2}.debug>" "$BATS_TEST_TMPDIR/calls"; }
	local way
	for way in link fifo; do
		rm -f "$debug"
		if [ $way = link ]; then ln -s $secret "$debug"; else mkfifo "$debug"; fi
		watched_report
		refute opened
		refute grep "= [0-9]*<$secret>" "$BATS_TEST_TMPDIR/calls"
		refute grep bounds_fd "$BATS_TEST_TMPDIR/out"
	done
	# and a file in the root is taken
	rm -f "$debug"
	cp $secret "$debug"
	watched_report
	opened
	grep -q bounds_fd "$BATS_TEST_TMPDIR/out"
}
