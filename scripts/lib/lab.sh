# shellcheck shell=bash disable=SC2016,SC2034
# What the lab's scripts share: where things are kept, which kernels there are.
# Sourced; the caller has set -euo pipefail.

lab_me=${0##*/}
lab_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Downloads and builds of kernels and modules never go into the source tree.
lab_cache=${LEAKTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/leaktrace}
lab_build=${LEAKTRACE_BUILD:-$lab_cache/build}
lab_versions=(5.10 6.1 6.12 7.2)
# Built here, by scripts/build-kernel, and only if somebody names them: kernels that look
# for our mistakes, and upstream's as others configure and compile it.
lab_debug=(6.1-kasan 6.1-kcsan 6.12-rt)
lab_upstream=(6.12-server 6.12-cfi)
# What make is told where clang compiles the kernel and its modules.
lab_clang=LLVM=-19

die() {
	echo "$lab_me: $*" >&2
	exit 2
}

# The comment at the top of the calling script is its manual.
usage() {
	sed -n '2,/^\([^#]\|$\)/s/^# \{0,1\}//p' "$0"
}

check_version() {
	local v
	for v in "${lab_versions[@]}" "${lab_debug[@]}" "${lab_upstream[@]}"; do
		[ "$v" != "$1" ] || return 0
	done
	die "no kernel '$1' here: take one of ${lab_versions[*]} ${lab_debug[*]} ${lab_upstream[*]}"
}

is_debug_kernel() { [[ " ${lab_debug[*]} " == *" $1 "* ]]; }

# kernel_suites VERSION: Debian's suites that hold it, best first.
kernel_suites() {
	case $1 in
	5.10) echo bullseye-security bullseye ;;
	6.1) echo bookworm-security bookworm ;;
	6.12) echo bookworm-backports trixie-security trixie ;;
	7.2) echo trixie-backports ;;
	esac
}

# Paths of a kernel that scripts/kernels has put into the cache.
kernel_root() { echo "$lab_cache/kernels/$1/root"; }
kernel_release() { cat "$lab_cache/kernels/$1/release"; }
kernel_kdir() { echo "$(kernel_root "$1")/usr/src/linux-headers-$(kernel_release "$1")"; }
kernel_modules() { echo "$(kernel_root "$1")/lib/modules/$(kernel_release "$1")"; }
kernel_vmlinuz() {
	local f
	for f in "$(kernel_root "$1")/boot/vmlinuz-$(kernel_release "$1")" \
		"$(kernel_modules "$1")/vmlinuz"; do
		[ ! -e "$f" ] || { echo "$f"; return; }
	done
	die "no vmlinuz of $1 in $(kernel_root "$1")"
}

# The chroot with the compiler that the newest kernel's headers ask for.
lab_chroot=$lab_cache/chroot-trixie

# Where this machine gets Debian from, for a suite: main archive or security.
debian_site() {
	local want site release
	case $1 in
	*-security) want='*-security' ;;
	*) want='bookworm' ;;
	esac
	while read -r site release; do
		# shellcheck disable=SC2053 # want is a pattern
		[[ $release == $want ]] || continue
		echo "$site"
		return
	done < <(apt-get indextargets --format '$(SITE) $(RELEASE)' \
		"Created-By: Packages" "Origin: Debian" 2>/dev/null)
	die "apt knows no Debian archive for $1: check /etc/apt, run apt-get update"
}

# debian_source SUITE [deb-src]: a line of a sources list.
debian_source() {
	echo "${2-deb} [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"$(debian_site "$1") $1 main"
}

# apt with lists and state of its own: the machine's stay untouched.
private_apt() {
	local tool=$1 dir=$2
	shift 2
	"$tool" -qq -o Dir::State="$dir" -o Dir::State::lists="$dir/lists" \
		-o Dir::State::status=/dev/null -o Dir::Cache="$dir" \
		-o Dir::Etc::sourcelist="$dir/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null \
		-o Acquire::Check-Valid-Until=false -o Acquire::Languages=none \
		-o APT::Sandbox::User=root "$@"
}

# apt_lists DIR [deb-src] SUITE…: what private_apt with DIR knows.
apt_lists() {
	local dir=$1 suite kind=deb
	shift
	[ "$1" != deb-src ] || { kind=$1; shift; }
	mkdir -p "$dir/lists/partial" "$dir/archives/partial" "$dir/debs"
	for suite; do
		debian_source "$suite" "$kind"
	done >"$dir/sources.list"
	private_apt apt-get "$dir" update >&2
}

# apt_download DIR PACKAGE…: into DIR/debs.
apt_download() {
	local dir=$1
	shift
	(cd "$dir/debs" && private_apt apt-get "$dir" download "$@" >&2)
}

# upstream_release VERSION: of which release of upstream's Debian's kernel is that is in
# the cache, e.g. 6.12.95.
upstream_release() {
	sed -n '/^linux-headers-/{s/.* \([0-9.]*\)-.*/\1/p;q}' "$lab_cache/kernels/$1/stamp"
}

# upstream_tarball VERSION DIR: fetches the source of that release into DIR, or of the
# newest one of VERSION that Debian still has, and prints its name. The .orig tarball of
# Debian's source package is upstream's.
upstream_tarball() {
	local dir=$2 have packages package last='' suites
	read -ra suites <<<"$(kernel_suites "$1")"
	apt_lists "$dir" deb-src "${suites[@]}"
	have=$(upstream_release "$1")
	packages=$(private_apt apt-cache "$dir" showsrc linux | sed -n 's/^Version: //p' |
		grep "^${1//./\\.}\\." | sort -rV)
	# One package for each release; a list of packages may be older than the archive.
	for package in $(grep "^${have//./\\.}-" <<<"$packages" || true) $packages; do
		[ "${package%%-*}" != "$last" ] || continue
		last=${package%%-*}
		if (cd "$dir/debs" && private_apt apt-get "$dir" source --download-only \
			--tar-only "linux=$package" >&2); then
			echo "$dir/debs/linux_$last.orig.tar.xz"
			return
		fi
	done
	die "no source of a kernel $1 in ${suites[*]}"
}

# Holds the lock named $1 for the rest of the script, so that two runs at the
# same time don't fill the same folder of the cache.
lab_lock() {
	mkdir -p "$lab_cache"
	exec {lab_lock_fd}>"$lab_cache/$1.lock"
	flock "$lab_lock_fd"
}
