# shellcheck shell=bash
# Once a run: the module is loaded if it can be, and what the guest's kernel
# does on its own initiative is off unless a test asks for it.

write_if_there() {
	[ ! -w "$2" ] || echo "$1" >"$2" 2>/dev/null || true
}

setup_suite() {
	[ -n "${LEAKTRACE_KERNEL-}" ] || return 0
	if ! [ -d /sys/module/leaktrace ] && [ -e "${LEAKTRACE_KO-}" ]; then
		insmod "$LEAKTRACE_KO"
	fi
	write_if_there madvise /sys/kernel/mm/transparent_hugepage/enabled
	write_if_there 0 /sys/kernel/mm/ksm/run
	ulimit -n 65536
}

teardown_suite() {
	[ -n "${LEAKTRACE_KERNEL-}" ] || return 0
	! [ -d /sys/module/leaktrace ] || rmmod leaktrace
}
