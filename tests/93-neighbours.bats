#!/usr/bin/env bats
# Others hook what is hooked here: BPF programs and ftrace, before, after and beside us.
# Our counts are exact all the same, and so are theirs.
# bats file_tags=vm,smp,lifecycle

load lib/common

PATCH=/sys/kernel/livepatch/patched

setup() { need_module; }

teardown() {
	[ -z "${neighbour-}" ] || { kill -INT "$neighbour"; wait "$neighbour"; } 2>/dev/null || true
	[ ! -e /sys/kernel/tracing/current_tracer ] || ftrace_ends
	[ ! -e $PATCH ] || patch_ends
	clean_up
}

hooked() { grep -q " [tT] $1\$" /proc/kallsyms; }

# The function in which a descriptor is closed by close(2).
closing() { if hooked file_close_fd; then echo file_close_fd; else echo close_fd; fi; }

# bpf_begins: @NAME counts what $VICTIM did; a line "ready" once all is attached
bpf_begins() {
	command -v bpftrace >/dev/null || lacking "no bpftrace: run scripts/setup"
	[ -e /sys/kernel/btf/vmlinux ] || skip "a kernel without BTF"
	BPF=$(scratch)/bpf
	bpftrace - >"$BPF" 2>"$BPF.err" 3>&- 4>&- <<-END &
		kprobe:fd_install /pid == $VICTIM/ { @install_kprobe = count(); }
		kretprobe:fd_install /pid == $VICTIM/ { @install_kretprobe = count(); }
		kfunc:fd_install /pid == $VICTIM/ { @install_fentry = count(); }
		kretfunc:fd_install /pid == $VICTIM/ { @install_fexit = count(); }
		kprobe:$(closing) /pid == $VICTIM/ { @close_kprobe = count(); }
		kprobe:handle_mm_fault /pid == $VICTIM/ { @fault_kprobe = count(); }
		kprobe:exit_itimers /pid == $VICTIM/ { @exit_kprobe = count(); }
		tracepoint:task:task_newtask /pid == $VICTIM/ { @newtask = count(); }
		tracepoint:sched:sched_process_exit /pid == $VICTIM/ { @exit = count(); }
		interval:ms:200 { printf("ready\n"); }
	END
	neighbour=$!
	until_true 120 bpf_is_ready
}

bpf_is_ready() {
	grep -q ready "$BPF" && return 0
	kill -0 "$neighbour" 2>/dev/null || { cat "$BPF.err" >&2; return 1; }
	return 1
}

bpf_ends() {
	kill -INT "$neighbour"
	wait "$neighbour" || true
	neighbour=''
}

# assert_bpf NAME COUNT
assert_bpf() { expect "$(awk -v n="@$1:" '$1 == n { print $2 }' "$BPF")" "$2" "BPF's $1"; }

# ftrace_begins TRACER
ftrace_begins() {
	[ -e /sys/kernel/tracing/trace ] || mount -t tracefs tracefs /sys/kernel/tracing
	grep -qw "$1" /sys/kernel/tracing/available_tracers || lacking "the tracer $1"
	printf '%s\n' fd_install "$(closing)" >/sys/kernel/tracing/set_ftrace_filter
	echo 4096 >/sys/kernel/tracing/buffer_size_kb
	echo "$1" >/sys/kernel/tracing/current_tracer
}

ftrace_ends() {
	echo nop >/sys/kernel/tracing/current_tracer
	echo >/sys/kernel/tracing/set_ftrace_filter
}

# assert_ftrace FUNCTION COUNT: of all processes, so that there may be more
assert_ftrace() {
	local have
	have=$(grep -c "$1" /sys/kernel/tracing/trace)
	[ "$have" -ge "$2" ] || explain "ftrace has $1 $have times, not $2"
}

# Every task has to leave the function before it is its own.
patch_is_done() { [ "$(cat $PATCH/transition)" = 0 ]; }

patch_begins() {
	insmod "$(test_module patched)" "pid=$VICTIM"
	until_true 120 patch_is_done
}

patch_ends() {
	echo 0 >$PATCH/enabled
	until_true 120 test ! -e $PATCH
	rmmod patched
}

patched_calls() { cat /sys/module/patched/parameters/calls; }

# work OPENED LEFT MADE: descriptors, then timers and threads
work() {
	tell storm 4 "$1" "$2"
	tell timers 2 "$3"
	tell spawn 2 "$3"
	tell pages 2 50 2
}

# assert_work OPENED LEFT MADE PAGES: in all, since attach
assert_work() {
	report
	assert_exact
	assert_unrepaired
	assert_site storm_open fd "$2" "$1"
	assert_site storm_timer timer 0 "$3"
	assert_site storm_spawn thread 0 "$3"
	assert_site storm_touch page 0 "$4"
	assert_fd_count
}

@test "neighbours: BPF by kprobe, kretprobe, fentry, fexit and tracepoint, there first" {
	start_victim victim_storm
	bpf_begins
	attach
	work 2000 11 100
	assert_work 2000 11 100 200
	bpf_ends
	assert_bpf install_kprobe 2000
	assert_bpf install_kretprobe 2000
	assert_bpf install_fentry 2000
	assert_bpf install_fexit 2000
	assert_bpf close_kprobe 1989
	work 400 3 40
	assert_work 2400 14 140 400
}

@test "neighbours: BPF comes and goes while we trace, and stays when we go" {
	start_victim victim_storm
	attach
	work 400 3 40
	bpf_begins
	work 2000 11 100
	assert_work 2400 14 140 400
	lt detach "$VICTIM"
	tell storm 4 1000 1
	bpf_ends
	assert_bpf install_kprobe 3000
	assert_bpf install_fentry 3000
	assert_bpf close_kprobe 2988
}

@test "neighbours: ftrace's function and function_graph tracers" {
	local tracer made=0
	start_victim victim_storm
	attach
	for tracer in function function_graph; do
		ftrace_begins $tracer
		work 2000 11 100
		made=$((made + 1))
		assert_work $((2000 * made)) $((11 * made)) $((100 * made)) $((200 * made))
		assert_ftrace fd_install 2000
		assert_ftrace "$(closing)" 1989
		ftrace_ends
	done
	ftrace_begins function
	lt detach "$VICTIM"
	tell storm 4 1000 1
	assert_ftrace fd_install 1000
	attach
	work 400 3 40
	assert_work 400 3 40 200
}

@test "neighbours: a live patch of a function that is hooked comes, stays and goes" {
	[ -d /sys/kernel/livepatch ] || skip "a kernel without live patches"
	start_victim victim_storm
	attach
	work 400 3 40
	patch_begins
	work 2000 11 100
	assert_work 2400 14 140 400
	expect "$(patched_calls)" 2000 "calls of the patched function"
	# we go and come back while it is there
	lt detach "$VICTIM"
	tell storm 4 1000 1
	attach
	work 400 3 40
	assert_work 400 3 40 200
	expect "$(patched_calls)" 3400 "calls of the patched function"
	patch_ends
	work 400 3 40
	assert_work 800 6 80 400
}
