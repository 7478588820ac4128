#!/usr/bin/env bats
# What is installed: completions, make install and its undoing, packages. One test boots a
# guest, to load the module there.
# bats file_tags=host,packages
# shellcheck disable=SC2016 # scripts that another shell runs

load lib/common

# Nothing in here depends on time.
# shellcheck disable=SC2034 # bats reads it
BATS_TEST_RETRIES=0

setup_file() {
	make -s -C "$TOP/userland" >&2
	# completions call the program by name
	mkdir "$BATS_FILE_TMPDIR/bin" "$BATS_FILE_TMPDIR/functions"
	ln -s "$TOP/userland/leaktrace" "$BATS_FILE_TMPDIR/bin/leaktrace"
	ln -s "$TOP/userland/completions/leaktrace.zsh" "$BATS_FILE_TMPDIR/functions/_leaktrace"
	export PATH=$BATS_FILE_TMPDIR/bin:$PATH
}

# --- completions ---

commands() { lt --help | sed -n 's/^  \([a-z][a-z]*\)  *[A-Z].*/\1/p'; }

# what --help prints, without the example: its long options
options() { lt "$1" --help | sed '/^example:/,$d' | grep -o -- '^  \(-., \|    \)--[a-z][a-z-]*' | sed 's/.* //'; }

# offers SHELL <LINES: each line, a tabulator, and a word that the shell offers at its end
offers() {
	case $1 in
	bash) bash --norc "$TOP/tests/lib/complete.bash" "$TOP/userland/completions/leaktrace.bash" ;;
	fish) fish --no-config "$TOP/tests/lib/complete.fish" "$TOP/userland/completions/leaktrace.fish" ;;
	zsh) zsh -f "$TOP/tests/lib/complete.zsh" "$BATS_FILE_TMPDIR/functions" ;;
	esac 3>&- 4>&-
}

# wanted LINE WORD…: what is to be offered there
wanted() { printf "${1//%/%%}\t%s\n" "${@:2}"; }

# completes SHELL: lines and offers as they have to be, in standard input
completes() {
	command -v "$1" >/dev/null || lacking "no $1: run scripts/setup"
	sort >"$BATS_TEST_TMPDIR/wanted"
	cut -f1 "$BATS_TEST_TMPDIR/wanted" | uniq >"$BATS_TEST_TMPDIR/lines"
	(cd "$BATS_TEST_TMPDIR/play" && offers "$1" <"$BATS_TEST_TMPDIR/lines") |
		# a folder may be shown as one
		sed 's|/$||' | sort >"$BATS_TEST_TMPDIR/offered"
	diff "$BATS_TEST_TMPDIR/wanted" "$BATS_TEST_TMPDIR/offered" >&2 || { echo "< wanted; > offered by $1"; false; }
}

every_completion() {
	local command
	mkdir -p "$BATS_TEST_TMPDIR/play/folder"
	touch "$BATS_TEST_TMPDIR/play/file"
	for command in $(commands); do
		mapfile -t options < <(options "$command")
		wanted "leaktrace $command --" "${options[@]}"
	done
	mapfile -t commands < <(commands)
	wanted 'leaktrace help ' "${commands[@]}"
	wanted 'leaktrace de' detach
	wanted 'leaktrace h' heap help
	wanted 'leaktrace v' version
	wanted 'leaktrace --v' --version
	wanted 'leaktrace go --ev' --every
	wanted 'leaktrace attach --kinds ' fd page timer thread map heap all
	wanted 'leaktrace attach -F ' text json folded html pprof openmetrics prometheus
	wanted 'leaktrace diff --format ' text json
	wanted 'leaktrace go --format p' pprof
	wanted 'leaktrace push --protocol ' pyroscope parca pprof
	wanted 'leaktrace run --fail-on ' leak
	wanted 'leaktrace diff ' file folder
	wanted 'leaktrace diff file f' file folder
	wanted 'leaktrace record -o ' file folder
	wanted 'leaktrace serve fo' folder
	wanted 'leaktrace run -- shellch' shellcheck
	wanted 'leaktrace run -- cat f' file folder
	wanted "leaktrace attach $$" $$
	wanted "leaktrace go --json $$" $$
}

@test "completion: bash offers the commands, options, values and operands of --help" {
	{ every_completion; wanted 'leaktrace attach --kinds fd,p' fd,page; } | completes bash
}

@test "completion: fish offers the same" {
	{ every_completion; wanted 'leaktrace attach --kinds fd,p' fd,page; } | completes fish
}

@test "completion: zsh offers the same" {
	{ every_completion; wanted 'leaktrace attach --kinds fd,p' page; } | completes zsh
}

@test "completion: nothing is offered where there is nothing to choose from" {
	local shell
	for shell in bash fish zsh; do
		printf 'leaktrace %s\n' 'report --between ' 'push --to ' 'serve --listen ' 'attach --duration ' 'version ' |
			offers "$shell" >"$BATS_TEST_TMPDIR/$shell"
		expect "$(cat "$BATS_TEST_TMPDIR/$shell")" "" "offered by $shell"
	done
}

@test "completion: each value that is offered is taken, and others are not" {
	local option word
	for option in '--kinds' '--format'; do
		for word in $(echo "leaktrace attach $option " | offers bash | cut -f2); do
			run lt attach "$option" "$word" 4194305
			[[ $output != *"$option"* && $output != *"'$word'"* ]]
		done
		run lt attach "$option" nonsense 4194305
		[[ $output == *nonsense* ]]
	done
	for word in $(echo "leaktrace push --protocol " | offers bash | cut -f2) nonsense; do
		run lt push --protocol "$word" --to http://127.0.0.1:1 /nonexistent
		[[ $word = nonsense || $output != *"$word"* ]]
		[[ $word != nonsense || $output == *nonsense* ]]
	done
}

# --- make install, make uninstall ---

# what is there: type, mode, name
tree_of() { (cd "$1" && find . -printf '%y %m %p\n' | sort -k3); }

@test "install: make uninstall removes what make install put there, and nothing else" {
	local root=$BATS_TEST_TMPDIR/root prefix
	for prefix in /usr/local /opt/tool; do
		mkdir -p "$root/usr/src/other-1" "$root$prefix/bin" "$root$prefix/share/man/man1"
		touch "$root/usr/src/other-1/dkms.conf" "$root$prefix/bin/leaktraced" "$root$prefix/share/man/man1/leaktraced.1"
		find "$root" -type f | sort >"$BATS_TEST_TMPDIR/before"
		make -s -C "$TOP" install DESTDIR="$root" PREFIX="$prefix" >&2
		[ -x "$root$prefix/bin/leaktrace" ]
		make -s -C "$TOP" uninstall DESTDIR="$root" PREFIX="$prefix" >&2
		find "$root" -type f | sort | diff "$BATS_TEST_TMPDIR/before" - >&2
		expect "$(ls "$root/usr/src")" other-1 "left in usr/src"
		# again: nothing is there
		make -s -C "$TOP" uninstall DESTDIR="$root" PREFIX="$prefix" >&2
	done
}

@test "install: make uninstall leaves the source to a DKMS that still has the module" {
	local root=$BATS_TEST_TMPDIR/root version
	make -s -C "$TOP" install-dkms DESTDIR="$root" >&2
	version=$(cd "$root/usr/src" && echo leaktrace-*)
	mkdir -p "$root/var/lib/dkms/leaktrace/${version#leaktrace-}"
	run make -s -C "$TOP" uninstall-dkms DESTDIR="$root"
	[ "$status" != 0 ]
	[[ $output == *"dkms remove leaktrace/${version#leaktrace-} --all"* ]]
	[ -e "$root/usr/src/$version/dkms.conf" ]
}

# --- Debian packages ---

teardown_file() { rm -rf "/tmp/leaktrace-packages.$PPID"; }

version() { sed -n 's/^#define LT_VERSION "\(.*\)"/\1/p' "$TOP/module/leaktrace.h"; }

headers() {
	local dir
	for dir in "${LEAKTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/leaktrace}"/kernels/6.1/root/usr/src/linux-headers-*-amd64; do
		[ ! -e "$dir/Makefile" ] || { echo "$dir"; return; }
	done
	return 1
}

# copy_tree DIR: what a checkout has
copy_tree() {
	mkdir -p "$1"
	(cd "$TOP" && git ls-files -z --cached --others --exclude-standard |
		xargs -0 -r ls -d -- 2>/dev/null | cpio -pdm --quiet "$1")
}

# Built once, by scripts/test or the first test that wants them; into $PACKAGES.
need_packages() {
	command -v dh_dkms lintian >/dev/null || lacking "no lintian or dh-dkms: run scripts/setup"
	PACKAGES=${LEAKTRACE_PACKAGES:-$BATS_FILE_TMPDIR/packages}
	[ ! -e "$PACKAGES/failed" ] || return 1
	[ ! -d "$PACKAGES" ] || return 0
	"$TOP/scripts/build-packages" "$PACKAGES" env TZ=UTC LC_ALL=C.UTF-8 || { touch "$PACKAGES/failed"; return 1; }
}

# build_module DIR: of a copy in DIR, for 6.1
build_module() {
	copy_tree "$1"
	make -s -C "$1" KDIR="$(headers)" -j"$(nproc)" module >"$1.log" 2>&1 || { cat "$1.log" >&2; return 1; }
}

need_module_of_packages() { [ -e "$BATS_FILE_TMPDIR/module/leaktrace.ko" ] || build_module "$BATS_FILE_TMPDIR/module"; }

# newer_package DEB FILE: the same as 9.9.9, without compiling it again
newer_package() {
	local dir=$BATS_TEST_TMPDIR/newer old
	old=$(version)
	rm -rf "$dir"
	dpkg-deb -R "$1" "$dir"
	sed -i "s/${old//./\\.}/9.9.9/" "$dir"/DEBIAN/*
	if [ -d "$dir/usr/src" ]; then
		mv "$dir/usr/src/leaktrace-$old" "$dir/usr/src/leaktrace-9.9.9"
		sed -i "s/\"${old//./\\.}\"/\"9.9.9\"/" "$dir"/usr/src/*/dkms.conf "$dir"/usr/src/*/module/leaktrace.h
	fi
	rm "$dir/DEBIAN/md5sums"
	dpkg-deb --root-owner-group -b "$dir" "$2" >&2
}

@test "packages: one version is stated everywhere" {
	local version
	version=$(version)
	expect "$(sed -n 's/^#define LEAKTRACE_VERSION\t"\(.*\)"/\1/p' "$TOP/userland/util/version.h")" "$version" "the tool's"
	expect "$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TOP/dkms.conf")" "$version" dkms.conf
	expect "$(dpkg-parsechangelog -l "$TOP/debian/changelog" -S Version)" "$version" debian/changelog
	expect "$(sed -n 's/^\.TH .*"leaktrace \(.*\)" ".*/\1/p' "$TOP"/man/*.1 | sort -u)" "$version" "man pages"
}

@test "packages: lintian finds neither errors nor warnings" {
	need_packages
	(cd "$PACKAGES" && lintian -EvIL +pedantic --allow-root -- *.changes) >"$BATS_TEST_TMPDIR/log" 2>&1 || true
	grep -q '^[WEIP]:\|^N: Processing' "$BATS_TEST_TMPDIR/log"
	refute grep '^[WE]:' "$BATS_TEST_TMPDIR/log"
	expect "$(find "$TOP/debian" -name '*lintian-overrides')" "" "overrides without a reason"
}

@test "packages: alert rules and dashboard are in them, and are those that are tested" {
	need_packages
	dpkg-deb -x "$PACKAGES/leaktrace_$(version)_amd64.deb" "$BATS_TEST_TMPDIR/deb"
	cmp "$TOP/packaging/prometheus/leaktrace.rules.yml" "$BATS_TEST_TMPDIR/deb/usr/share/leaktrace/prometheus/leaktrace.rules.yml"
	cmp "$TOP/packaging/grafana/leaktrace.json" "$BATS_TEST_TMPDIR/deb/usr/share/leaktrace/grafana/leaktrace.json"
}

@test "packages: ELF notes name the libraries that are loaded when they are used" {
	need_packages
	local noted loaded control
	noted=$(readelf -p .note.dlopen "$PACKAGES/leaktrace/userland/leaktrace" |
		sed -n 's/.*"soname":\["\([^"]*\)".*/\1/p' | sort)
	loaded=$(grep -rho 'optional_lib_load("[^"]*"' "$TOP/userland" --include='*.c' | cut -d'"' -f2 | sort)
	expect "$noted" "$loaded" "libraries in notes"
	# and that is what the package recommends or suggests
	control=$(dpkg-deb -f "$PACKAGES"/leaktrace_*.deb Recommends Suggests)
	[[ $control == *libcurl* && $control == *libmicrohttpd* && $control == *libncursesw* && $control == *libdebuginfod* ]]
	readelf -d "$PACKAGES/leaktrace/userland/leaktrace" >"$BATS_TEST_TMPDIR/dynamic"
	refute grep -E 'NEEDED.*(curl|microhttpd|ncurses|debuginfod)' "$BATS_TEST_TMPDIR/dynamic"
}

@test "packages: another folder, user, umask, time, locale and time zone make the same bytes" {
	need_packages
	local other=/tmp/leaktrace-packages.$PPID/another/place file as=()
	copy_tree "$other/leaktrace"
	chmod -R go+rX "/tmp/leaktrace-packages.$PPID"
	find "$other" -exec touch -h -d 2020-02-02 {} +
	if [ "$(id -u)" = 0 ]; then
		chown -R nobody "$other"
		as=(setpriv --reuid nobody --regid nogroup --clear-groups)
	fi
	(umask 077 && "$TOP/scripts/build-packages" "$other" env TZ=Asia/Tokyo LC_ALL=C LANG=tr_TR USER=nobody LOGNAME=nobody "${as[@]}")
	cmp "$PACKAGES/leaktrace/userland/leaktrace" "$other/leaktrace/userland/leaktrace"
	for file in "$PACKAGES"/*.deb; do
		cmp "$file" "$other/${file##*/}"
	done
	[ "$(find "$PACKAGES" -maxdepth 1 -name '*.deb' | wc -l)" -ge 2 ]
}

@test "packages: the module is the same bytes from another folder" {
	headers >/dev/null || lacking "no headers of 6.1: run scripts/kernels 6.1"
	need_module_of_packages
	(umask 077 && TZ=Asia/Tokyo KBUILD_BUILD_USER=somebody build_module "$BATS_TEST_TMPDIR/another/place")
	cmp "$BATS_FILE_TMPDIR/module/leaktrace.ko" "$BATS_TEST_TMPDIR/another/place/leaktrace.ko"
}

# in_copy_of_host SCRIPT ARG…: as root in what looks like this machine's files, with the
# packages in /mnt. What is written there goes into memory; $WRITTEN lists what is left of
# it in the end: type and path. Whiteouts, character devices, are none of that.
in_copy_of_host() {
	[ "$(id -u)" = 0 ] || lacking "only root can install packages"
	WRITTEN=$BATS_TEST_TMPDIR/written
	local kernels
	kernels=$(headers)
	mkdir "$BATS_TEST_TMPDIR/copy"
	# the module answers in the first network namespace only: nobody detaches the host's processes
	unshare --mount --net bash -euc '
		copy=$1 packages=$2 kernels=$3 written=$4
		shift 4
		mount -t tmpfs none "$copy"
		mkdir "$copy/upper" "$copy/work" "$copy/root"
		mount -t overlay overlay -o "lowerdir=/,upperdir=$copy/upper,workdir=$copy/work" "$copy/root"
		mount --rbind /proc "$copy/root/proc"
		mount --rbind /dev "$copy/root/dev"
		mount --rbind "$packages" "$copy/root/mnt"
		# they may be on another file system
		[ -e "$copy/root$kernels" ] || mkdir -p "$copy/root$kernels"
		mount --rbind "$kernels" "$copy/root$kernels"
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			chroot "$copy/root" bash -euo pipefail -c "$1" - "${@:2}"
		cd "$copy/upper"
		find . ! -type c -printf "%y %p\n" >"$written"' - \
		"$BATS_TEST_TMPDIR/copy" "$PACKAGES" "${kernels%/usr/src/*}" "$WRITTEN" "$@" >"$BATS_TEST_TMPDIR/log" 2>&1 ||
		{ tail -n 80 "$BATS_TEST_TMPDIR/log" >&2; return 1; }
}

@test "packages: install, upgrade and purge in a chroot; DKMS builds each, nothing is left" {
	need_packages
	local headers release
	headers=$(headers) || lacking "no headers of 6.1: run scripts/kernels 6.1"
	release=${headers##*/linux-headers-}
	newer_package "$PACKAGES/leaktrace_$(version)_amd64.deb" "$PACKAGES/newer.deb"
	newer_package "$PACKAGES/leaktrace-dkms_$(version)_all.deb" "$PACKAGES/newer-dkms.deb"
	in_copy_of_host '
		version=$1 release=$2 headers=$3
		rm -rf /lib/modules/*
		mkdir -p "/lib/modules/$release"
		ln -s "$headers" "/lib/modules/$release/build"
		# man need not index pages
		rm -f /var/lib/man-db/auto-update

		dpkg -i "/mnt/leaktrace_${version}_amd64.deb" "/mnt/leaktrace-dkms_${version}_all.deb"
		dkms status | grep -x "leaktrace/$version, $release, x86_64: installed"
		[ "$(modinfo -F version -k "$release" leaktrace)" = "$version" ]
		[ "$(leaktrace --version)" = "leaktrace $version" ]
		leaktrace report --help >/dev/null
		zcat /usr/share/man/man1/leaktrace-serve.1.gz >/dev/null
		systemd-analyze verify /lib/systemd/system/leaktrace-serve.service /lib/systemd/system/leaktrace-agent.service
		# as it comes it watches nothing; what it proposes, and what is added, is understood
		leaktrace agent --check 2>/tmp/said || [ $? = 2 ]
		grep -F "no section [watch NAME], here or in /etc/leaktrace/agent.conf.d" /tmp/said
		sed "s/^#\([A-Z[]\)/\1/" /etc/leaktrace/agent.conf >/tmp/agent.conf
		leaktrace agent --check --config /tmp/agent.conf
		printf "[watch all]\nComm=any\n" >/etc/leaktrace/agent.conf.d/10-all.conf
		leaktrace agent --check
		[ "$(systemctl is-enabled leaktrace-agent.service)" = disabled ]
		rm /etc/leaktrace/agent.conf.d/10-all.conf
		mkdir -p /var/cache/leaktrace /run/leaktrace
		touch /var/cache/leaktrace/table /run/leaktrace/1

		dpkg -i /mnt/newer.deb /mnt/newer-dkms.deb
		dkms status | grep -x "leaktrace/9.9.9, $release, x86_64: installed"
		[ "$(dkms status | wc -l)" = 1 ]
		[ "$(modinfo -F version -k "$release" leaktrace)" = 9.9.9 ]
		[ "$(ls -d /usr/src/leaktrace-*)" = /usr/src/leaktrace-9.9.9 ]
		[ -e /var/cache/leaktrace/table ]

		dpkg --purge leaktrace leaktrace-dkms
		[ -z "$(find "/lib/modules/$release" -name "leaktrace*")" ]
		! dpkg -s leaktrace leaktrace-dkms 2>/dev/null | grep -q ^Package
	' "$(version)" "$release" "$headers"
	# The rest is what dpkg, DKMS (which may ask rpm), systemd and depmod keep for themselves.
	grep '^[fl] ' "$WRITTEN" | grep -v -E \
		-e '^. \./(var/(lib/dpkg|log|cache/(debconf|man|ldconfig)|lib/(systemd|dkms/mok|shells))|tmp|run/systemd|root/\.rpmdb|etc/ld\.so)' \
		-e "^. \./(usr/)?lib/modules/$release/(build|modules\.[a-z.]*)\$" >"$BATS_TEST_TMPDIR/left" || true
	expect "$(cat "$BATS_TEST_TMPDIR/left")" "" "left after purge"
	# Folders, too. systemd-analyze had man format the unit's page.
	expect "$(grep leaktrace "$WRITTEN" | grep -v '/cache/man/')" "" "left after purge"
}

@test "packages: an upgrade leaves the loaded module and what it traces alone; a removal detaches" {
	need_packages
	[ "$(id -u)" = 0 ] || lacking "only root can boot a guest on these files"
	headers >/dev/null || lacking "no headers of 6.1: run scripts/kernels 6.1"
	need_module_of_packages
	newer_package "$PACKAGES/leaktrace_$(version)_amd64.deb" "$PACKAGES/newer.deb"
	newer_package "$PACKAGES/leaktrace-dkms_$(version)_all.deb" "$PACKAGES/newer-dkms.deb"
	cat >"$PACKAGES/in-guest" <<-'END'
		set -euo pipefail
		export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
		version=$1
		rm -f /var/lib/man-db/auto-update
		# compiling takes minutes in here, and has been tested
		mount -t tmpfs none "/lib/modules/$(uname -r)/build/"
		dpkg -i "leaktrace_${version}_amd64.deb" "leaktrace-dkms_${version}_all.deb"
		sleep 1000 &
		leaktrace attach $! --background --kinds fd

		dpkg -i newer.deb newer-dkms.deb
		dkms status | grep '^leaktrace/9\.9\.9'
		[ "$(cat /sys/module/leaktrace/version)" = "$version" ]
		leaktrace status | grep "module $version"
		leaktrace report $! --format json | grep -q '"exact":true'

		# with the rights that the unit has
		capabilities=$(sed -n 's/^CapabilityBoundingSet=//p' /lib/systemd/system/leaktrace-serve.service |
			sed 's/CAP_/+/g; s/ /,/g' | tr A-Z a-z)
		setpriv --bounding-set "-all,$capabilities" --no-new-privs leaktrace serve &
		until curl -sf http://127.0.0.1:9746/metrics >/tmp/metrics; do sleep 0.2; kill -0 $!; done
		grep -q "^leaktrace_" /tmp/metrics
		kill $!
		capabilities=$(sed -n 's/^CapabilityBoundingSet=//p' /lib/systemd/system/leaktrace-agent.service |
			sed 's/CAP_/+/g; s/ /,/g' | tr A-Z a-z)
		printf '%s\n' '[agent]' Interval=100ms MaxProcessor=100% '[watch all]' Comm=napper Descriptors=1% >/tmp/agent.conf
		cp /usr/bin/sleep /tmp/napper
		prlimit --nofile=100 /tmp/napper 1000 &
		setpriv --bounding-set "-all,$capabilities" --no-new-privs leaktrace agent --config /tmp/agent.conf 2>/tmp/agent &
		until grep -q 'napper .* is traced' /tmp/agent; do sleep 0.2; kill -0 $!; done
		kill $!
		wait $!
		kill %?napper

		dpkg --purge leaktrace leaktrace-dkms
		[ "$(cat /sys/module/leaktrace/version)" = "$version" ]
		# nothing is traced any more, so it goes; the process still runs
		until rmmod leaktrace; do sleep 0.2; done
		kill %1
	END
	"$TOP/scripts/vm" --smp 1 --timeout 300 --cwd "$PACKAGES" --ko "$BATS_FILE_TMPDIR/module/leaktrace.ko" 6.1 -- \
		timeout 900 bash -x in-guest "$(version)" >"$BATS_TEST_TMPDIR/log" 2>&1 || { tail -n 60 "$BATS_TEST_TMPDIR/log" >&2; false; }
}

# --- RPM ---

# rpm_scene: a tree for rpmbuild in $RPM, with a source archive of what was built
rpm_scene() {
	command -v rpmbuild >/dev/null || lacking "no rpmbuild: run scripts/setup"
	RPM=$BATS_TEST_TMPDIR/rpm
	mkdir -p "$RPM/SOURCES" "$RPM/SPECS"
	cp "$TOP/packaging/rpm/leaktrace.spec" "$RPM/SPECS/"
	tar -C "$1" --transform "s|^leaktrace/|leaktrace-$(version)/|" --exclude 'leaktrace/debian/*/*' \
		--exclude '*.ko' --exclude '*.spdx.json*' -czf "$RPM/SOURCES/leaktrace-$(version).tar.gz" leaktrace
}

# rpm_build ARG…: Debian has no RPM to depend on, and none of Fedora's macros
rpm_build() {
	rpmbuild --nodeps --define "_topdir $RPM" --define "_dbpath $RPM/db" --define '_unitdir /usr/lib/systemd/system' \
		--define 'set_build_flags :' --define 'systemd_post :' --define 'systemd_preun :' --define 'systemd_postun :' \
		--define 'debug_package %{nil}' --define '_build_id_links none' --nocheck "$@" "$RPM/SPECS/leaktrace.spec" >"$RPM/log" 2>&1 ||
		{ tail -n 40 "$RPM/log" >&2; return 1; }
}

@test "rpm: the spec is read in both ways, states the version, and rpmlint finds no error" {
	command -v rpmlint rpmspec >/dev/null || lacking "no rpmlint: run scripts/setup"
	local spec=$TOP/packaging/rpm/leaktrace.spec
	expect "$(rpmspec -q --srpm --qf '%{VERSION}' "$spec")" "$(version)" "the spec's version"
	rpmspec -P "$spec" >"$BATS_TEST_TMPDIR/tool"
	rpmspec -P --define 'kernels 6.1.0' "$spec" >"$BATS_TEST_TMPDIR/kmod"
	grep -qx '%package -n akmod-leaktrace' "$BATS_TEST_TMPDIR/tool"
	grep -qx '%package -n kmod-leaktrace-6.1.0' "$BATS_TEST_TMPDIR/kmod"
	rpmlint --rpmlintrc "${spec%.spec}.rpmlintrc" "$spec" >"$BATS_TEST_TMPDIR/lint" 2>&1 || true
	grep -q '1 specfiles checked; 0 errors, 0 warnings' "$BATS_TEST_TMPDIR/lint" || { cat "$BATS_TEST_TMPDIR/lint" >&2; false; }
}

@test "rpm: the tool's package has what Debian's has, the akmod's the source package" {
	need_packages
	rpm_scene "$PACKAGES"
	rpm_build -bb
	rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$RPM"/RPMS/x86_64/leaktrace-[0-9]*.rpm |
		sed -n 's/^-[^ ]* //p' | grep -v /doc/ | grep -v /licenses/ |
		sed 's/\.gz$//; s|^/usr/lib/systemd|/lib/systemd|; s|site-functions|vendor-completions|' | sort >"$RPM/have"
	dpkg-deb -c "$PACKAGES/leaktrace_$(version)_amd64.deb" | awk '/^-/ { print substr($6, 2) }' | grep -v /doc/ |
		sed 's/\.gz$//' | sort >"$RPM/want"
	diff "$RPM/want" "$RPM/have" >&2
	rpm -qpl "$RPM"/RPMS/x86_64/akmod-leaktrace-*.rpm | grep -x '/usr/src/akmods/leaktrace-kmod.latest'
	rpm -qpl "$RPM"/RPMS/x86_64/akmod-leaktrace-*.rpm | grep -x "/usr/src/akmods/leaktrace-$(version)-1.*\.src\.rpm"
}

@test "rpm: the module's package is built for a kernel, as akmods does" {
	local headers release tree=$BATS_TEST_TMPDIR/tree
	headers=$(headers) || lacking "no headers of 6.1: run scripts/kernels 6.1"
	release=${headers##*/linux-headers-}
	# RPM wants no second hyphen
	release=${release/-amd64/.x86_64}
	copy_tree "$tree/leaktrace"
	rpm_scene "$tree"
	rpm_build -bb --define "kernels $release" --define "kdir $headers" --define '_build_name_fmt kmod.rpm'
	rpm -qpl "$RPM/RPMS/kmod.rpm" | grep -x "/lib/modules/$release/extra/leaktrace/leaktrace.ko"
	expect "$(rpm -qp --qf '%{NAME}' "$RPM/RPMS/kmod.rpm")" "kmod-leaktrace-$release" name
}

# --- SBOM ---

@test "sbom: is SPDX 2.3, and has each file and library of the program" {
	local tree=$BATS_FILE_TMPDIR/sbom
	need_packages
	tree=$PACKAGES/leaktrace
	(cd "$tree" && SOURCE_DATE_EPOCH=1000000000 make -s sbom) >&2
	"$PYTHON" "$TOP/tests/lib/sbom.py" "$tree/leaktrace.spdx.json" "$tree"
	cp "$tree/leaktrace.spdx.json" "$BATS_TEST_TMPDIR/first"
	(cd "$tree" && SOURCE_DATE_EPOCH=1000000000 make -s sbom) >&2
	cmp "$tree/leaktrace.spdx.json" "$BATS_TEST_TMPDIR/first"
	# what is wrong is found
	sed 's/"DYNAMIC_LINK"/"OTHER"/' "$BATS_TEST_TMPDIR/first" >"$BATS_TEST_TMPDIR/wrong"
	refute "$PYTHON" "$TOP/tests/lib/sbom.py" "$BATS_TEST_TMPDIR/wrong" "$tree"
	sed '0,/"checksumValue": "../s//"checksumValue": "zz/' "$BATS_TEST_TMPDIR/first" >"$BATS_TEST_TMPDIR/wrong"
	refute "$PYTHON" "$TOP/tests/lib/sbom.py" "$BATS_TEST_TMPDIR/wrong" "$tree"
}

# --- Kubernetes ---

@test "kubernetes: the manifests have the fields that KMM and Kubernetes know, and fit together" {
	local wrong=$BATS_TEST_TMPDIR/wrong change
	"$PYTHON" "$TOP/tests/lib/kubernetes.py" "$TOP/packaging/kubernetes"
	for change in 's/moduleName/modulName/' 's/hostPID: true/hostPID: 1/' '/dockerfileConfigMap/,$s/leaktrace-module-build/other/' \
		's/kernelMappings/kernelMapping/' 's/0\.1\.0/0.0.9/' 's/regexp: .*/regexp: "("/' 's/PERFMON/CAP_PERFMON/'; do
		rm -rf "$wrong"
		cp -r "$TOP/packaging/kubernetes" "$wrong"
		sed -i "$change" "$wrong/module.yaml" "$wrong/daemonset.yaml"
		refute "$PYTHON" "$TOP/tests/lib/kubernetes.py" "$wrong"
	done
}
