# bash completion for leaktrace                            -*- shell-script -*-
# SPDX-License-Identifier: GPL-2.0

# The program itself lists its options: nothing to keep in step here.
_leaktrace_options() {
	leaktrace "$1" --help 2>/dev/null |
		sed -n '/^options:/,/^example:/s/^ *\(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p'
}

_leaktrace_traced() {
	leaktrace status --json 2>/dev/null | grep -o '"pid":[0-9]*' | cut -d: -f2
}

_leaktrace() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
	local words=()

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "attach run tail status snapshot record report diff go push serve detach help version --help --version" -- "$cur")
		return
	fi
	case $prev in
	--kinds | -k) words=(fd page timer thread map all) ;;
	--format | -F)
		case $command in
		diff) words=(text json) ;;
		go) words=(text json pprof) ;;
		*) words=(text json folded html pprof openmetrics) ;;
		esac
		;;
	--fail-on) words=(leak) ;;
	--protocol) words=(pyroscope parca pprof) ;;
	--output | -o)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--duration | -d | --min-age | --window | --max-objects | --leak-exit-code | --every | --count | --to | --label | --listen | \
		--interval | --max-size | --rotate | --keep | --between)
		return
		;;
	esac
	if [ ${#words[@]} -eq 0 ]; then
		case $cur in
		-*) mapfile -t words < <(_leaktrace_options "$command") ;;
		*)
			case $command in
			help) words=(attach run tail status snapshot record report diff go push serve detach) ;;
			attach | go | record) mapfile -t words < <(cd /proc && printf '%s\n' [0-9]*) ;;
			run)
				mapfile -t COMPREPLY < <(compgen -c -- "$cur")
				return
				;;
			tail | snapshot | detach) mapfile -t words < <(_leaktrace_traced) ;;
			diff)
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
				return
				;;
			report | push | serve)
				mapfile -t words < <(_leaktrace_traced)
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
				;;
			esac
			;;
		esac
	fi
	mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "${words[*]}" -- "$cur")
}

complete -F _leaktrace leaktrace
