# bash completion for leaktrace                            -*- shell-script -*-
# SPDX-License-Identifier: GPL-2.0
#
# Commands, options, their values and operands are read from the program's own --help,
# so that they cannot disagree with it. Needs no other completion to be loaded.

# _leaktrace_rows PROGRAM COMMAND: a line for each option: -LETTER --NAME ARGUMENT WORDS…
# '-' stands for none. WORDS are those that the help lists.
_leaktrace_rows() {
	local line letter name argument words
	local row='^  (-(.), |    )--([a-z-]+)(( [^ ]+)*)  +([^ ].*)$'

	while IFS= read -r line; do
		[[ $line =~ $row ]] || continue
		letter=${BASH_REMATCH[2]:+-${BASH_REMATCH[2]}}
		name=${BASH_REMATCH[3]} argument=${BASH_REMATCH[4]# } words=''
		case $name in
		kinds | format | protocol | sort)
			words=$(sed 's/([^)]*)//g; s/.*: //; s/ or / /g; s/,/ /g' <<<"${BASH_REMATCH[6]}")
			;;
		esac
		[[ $argument != [a-z]* ]] || words=$argument
		echo "${letter:--} --$name ${argument// /,} $words"
	done < <("$1" "$2" --help 2>/dev/null)
}

_leaktrace_commands() {
	"$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'
	printf '%s\n' help version
}

_leaktrace_processes() { (cd /proc && printf '%s\n' [0-9]*); }

# Whoever may not ask gets all processes.
_leaktrace_traced() {
	local status
	if status=$("$1" status --json 2>/dev/null); then
		grep -o '"pid":[0-9]*' <<<"$status" | cut -d: -f2
	else
		_leaktrace_processes
	fi
}

_leaktrace_words() { mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$*" -- "$cur"); }

_leaktrace_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$cur")
}

# A list separated by commas: what is already in it is not offered again.
_leaktrace_list() {
	local before='' word

	[[ $cur != *,* ]] || before=${cur%,*},
	for word; do
		[[ ,$before == *",$word,"* ]] || _leaktrace_words "$before$word"
	done
}

# _leaktrace_value NAME ARGUMENT WORD…
_leaktrace_value() {
	case $1,$2 in
	--kinds,*) _leaktrace_list "${@:3}" ;;
	*,FILE | *,PATH | *,DIRECTORY) _leaktrace_files ;;
	*,PID) _leaktrace_words "$(_leaktrace_processes)" ;;
	*) _leaktrace_words "${@:3}" ;;
	esac
}

# _leaktrace_operand PROGRAM COMMAND: as its first line of help says
_leaktrace_operand() {
	local usage
	usage=$("$1" "$2" --help 2>/dev/null | head -n 1)
	usage=${usage#*"$2"} usage=${usage%% -o *} usage=${usage%% --to *}
	case $2,$usage in
	run,*)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur" | sort -u)
		return
		;;
	attach,* | go,* | record,* | look,* | heap,* | objects,*) [[ $usage != *PID* ]] || _leaktrace_words "$(_leaktrace_processes)" ;;
	*,*PID*) _leaktrace_words "$(_leaktrace_traced "$1")" ;;
	esac
	case $usage in
	*FILE* | *OLD*) _leaktrace_files ;;
	esac
}

_leaktrace() {
	local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]-} cur=${COMP_WORDS[COMP_CWORD]}
	local previous=${COMP_WORDS[COMP_CWORD - 1]} letter name argument words rows i

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		_leaktrace_words "$(_leaktrace_commands "$program")" --help --version
		return
	fi
	case $command in
	help)
		[ "$COMP_CWORD" -ne 2 ] || _leaktrace_words "$(_leaktrace_commands "$program" | grep -vx 'help\|version')"
		return
		;;
	version | -*) return ;;
	run) # what comes after -- is another program's
		for ((i = 2; i < COMP_CWORD; i++)); do
			[ "${COMP_WORDS[i]}" = -- ] || continue
			if [ $((i + 1)) -eq "$COMP_CWORD" ]; then
				mapfile -t COMPREPLY < <(compgen -c -- "$cur" | sort -u)
			else
				_leaktrace_files
			fi
			return
		done
		;;
	esac
	# --name=value is three words
	[ "$cur" != = ] || cur=''
	[ "$previous" != = ] || previous=${COMP_WORDS[COMP_CWORD - 2]}
	mapfile -t rows < <(_leaktrace_rows "$program" "$command")
	words=()
	for i in "${rows[@]}"; do
		read -r letter name argument i <<<"$i"
		words+=("$name")
		if [ -n "$argument" ] && [[ $previous == "$name" || $previous == "$letter" ]]; then
			# word splitting is wanted
			# shellcheck disable=SC2086
			_leaktrace_value "$name" "$argument" $i
			return
		fi
	done
	case $cur in
	-*) _leaktrace_words "${words[@]}" ;;
	*) _leaktrace_operand "$program" "$command" ;;
	esac
}

complete -F _leaktrace leaktrace
