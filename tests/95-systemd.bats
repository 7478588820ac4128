#!/usr/bin/env bats
# A host as packages and systemd make one: the agent is installed from its package and runs as
# a service; nobody attaches. Time is accelerated by its configuration: what is usually looked
# at for an hour is here for 30 s, so that two hours are one minute.
# bats file_tags=vm,systemd
# shellcheck disable=SC2016,SC2034 # what is quoted are units; bats reads BATS_TEST_RETRIES

load lib/common

BATS_TEST_RETRIES=0
SERVICE="$PYTHON $BATS_TEST_DIRNAME/lib/service.py"

setup_file() {
	need_module
	grep -qx systemd /proc/1/comm || lacking "no systemd: scripts/vm --systemd"
	set -- "${LEAKTRACE_PACKAGES:-none}"/leaktrace_*_amd64.deb
	[ -e "$1" ] || lacking "no package: scripts/test builds it"
	dpkg --no-triggers -i "$1" >&2
	cat >/etc/leaktrace/agent.conf.d/test.conf <<-'END'
		[agent]
		Interval=1s
		MaxProcessor=100%
		MaxTargets=8
		[watch held]
		Unit=held.service
		Descriptors=5%
		Growth=off
		AttachFor=1h
		[watch services]
		Cgroup=/system.slice
		Growth=30s
		AttachFor=2m
	END
	systemctl daemon-reload
	systemctl start leaktrace-agent
}

setup() { need_module; }

teardown() { journalctl -b -u leaktrace-agent --no-pager -o cat | tail -n 60 >&2; }

# unit NAME LINE…: a service, which is started
unit() {
	printf '[Service]\n' >"/run/systemd/system/$1.service"
	printf '%s\n' "${@:2}" >>"/run/systemd/system/$1.service"
	systemctl daemon-reload
	systemctl start "$1"
}

# told REGEX: the journal has it
told() { until_true 400 in_journal "$1"; }
in_journal() { journalctl -b -u leaktrace-agent --no-pager -o cat | grep -Eq "$1"; }

property() { systemctl show -P "$2" "$1"; }

container() {
	mkdir -p /run/box/{usr,etc,proc,sys,dev,run,tmp,var,root} "/run/box$TOP/tests/lib"
	for name in bin lib lib64 sbin; do ln -s "usr/$name" "/run/box/$name"; done
	touch /run/box/etc/{os-release,hostname}
	unit box Delegate=yes "ExecStart=systemd-nspawn --quiet --register=no --keep-unit -D /run/box --bind-ro=/usr --bind-ro=$TOP/tests/lib $SERVICE leak"
}

@test "systemd: the service is ready, tells how it is, lives, and reads its configuration again" {
	local seen
	expect "$(property leaktrace-agent ActiveState)" active "state of the service"
	expect "$(systemctl is-enabled leaktrace-agent || true)" disabled "whether it is started by itself"
	until_true 60 status_is '^[0-9]+ watched, 0 traced or looked at, 0 reports, [0-9.]+ % of a processor, [0-9.]+ MiB$'
	mkdir -p /run/systemd/system/leaktrace-agent.service.d
	printf '[Service]\nWatchdogSec=60s\n' >/run/systemd/system/leaktrace-agent.service.d/watchdog.conf
	systemctl daemon-reload
	systemctl restart leaktrace-agent
	seen=$(property leaktrace-agent WatchdogTimestampMonotonic)
	until_true 90 watchdog_was_told_after "$seen"
	systemctl reload leaktrace-agent
	told '^watching by /etc/leaktrace/agent.conf'
	expect "$(property leaktrace-agent NRestarts)" 0 "times that it was started again"
}

status_is() { [[ $(property leaktrace-agent StatusText) =~ $1 ]]; }
watchdog_was_told_after() { [ "$(property leaktrace-agent WatchdogTimestampMonotonic)" -gt "$1" ]; }

@test "systemd: a service, one worker of four, a container and who is killed for memory are told; five healthy ones are not" {
	local name healthy workers
	unit leaking "ExecStart=$SERVICE leak"
	unit workers "ExecStart=$SERVICE prefork bad"
	unit eating "ExecStart=$SERVICE memory" MemoryMax=64M MemorySwapMax=0
	container
	unit clean "ExecStart=$SERVICE clean"
	unit workers-clean "ExecStart=$SERVICE prefork"
	unit iperf 'ExecStart=iperf3 -s'
	unit bus RuntimeDirectory=dbus 'ExecStart=dbus-daemon --system --nofork --nopidfile --address=unix:path=/run/dbus/system_bus_socket'
	told 'last words of python3 \([0-9]+\), eating.service: .*killed by the OOM killer \(memory.max of its cgroup: 64 MiB\)'
	told 'report of python3 \([0-9]+\), leaking.service: traced for .*, until a leak was found; LEAK .*handle_and_forget'
	told 'report of python3 \([0-9]+\), box.service.*: traced for .*, until a leak was found; LEAK .*handle_and_forget'
	told 'report of python3 \([0-9]+\), workers.service: traced for .*, until a leak was found; LEAK .*handle_and_forget'
	# the worker, not its parent or siblings: the third child
	mapfile -t workers <"/proc/$(property workers MainPID)/task/$(property workers MainPID)/children"
	read -ra workers <<<"${workers[0]}"
	for name in eating leaking box workers; do
		expect "$(find /var/lib/leaktrace -name "$name.service-*.txt" | wc -l)" 1 "reports of $name"
	done
	expect "$(find /var/lib/leaktrace -name "workers.service-${workers[2]}-*.txt" | wc -l)" 1 "reports of the worker that leaks"
	jq -e '[.sites[] | select(.verdict == "leak")] | length == 1 and (.[0].frames[.[0].blame] |
		.function == "handle_and_forget" and (.file | endswith("service.py")))' /var/lib/leaktrace/leaking.service-*.json
	jq -e '.target.oom_killed' /var/lib/leaktrace/eating.service-*.json
	for healthy in clean workers-clean iperf bus systemd-journald; do
		systemctl is-active "$healthy" >&2
		refute in_journal "^(report|last words) of .*, $healthy.service"
	done
	expect "$(genl status | jq .targets)" 0 "targets after the last report"
	systemctl stop leaking workers box
}

@test "systemd: killed, it is started again and takes up what the kernel still traces; the module goes and comes" {
	local pid
	unit held LimitNOFILE=1000 "ExecStart=$SERVICE hold 100"
	pid=$(property held MainPID)
	told "python3 \($pid\) is traced"
	systemctl kill -s KILL leaktrace-agent
	expect "$(genl status | jq .targets)" 1 "targets without an agent"
	told "python3 \($pid\) is still traced: taken up"
	expect "$(property leaktrace-agent NRestarts)" 1 "times that it was started again"
	systemctl stop held
	told "last words of python3 \($pid\), held.service: traced for .*, until its end; taken up .*; (killed by signal 15|exited)"
	until_true 60 rmmod leaktrace
	systemctl start held
	pid=$(property held MainPID)
	told "python3 \($pid\) is looked at from outside: module not loaded"
	systemctl stop held
	told "last words of python3 \($pid\), held.service: looked at"
	insmod "$LEAKTRACE_KO"
	systemctl start held
	pid=$(property held MainPID)
	told "python3 \($pid\) is traced"
	systemctl stop leaktrace-agent
	expect "$(property leaktrace-agent Result)" success "how it ended"
	expect "$(genl status | jq .targets)" 0 "targets after its end"
}
