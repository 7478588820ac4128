#compdef leaktrace
# zsh completion for leaktrace
# SPDX-License-Identifier: GPL-2.0
#
# Commands, options, their values and operands are read from the program's own --help,
# so that they cannot disagree with it.

_leaktrace_commands() {
	local -a commands
	local line
	for line in ${(f)"$(_call_program commands leaktrace --help 2>/dev/null)"}; do
		[[ $line =~ '^  ([a-z]+)  +([^ ].*)$' ]] && commands+=("$match[1]:$match[2]")
	done
	[[ ${@[-1]-} == all ]] && commands+=('help:Show the commands, or the options of one' 'version:Show the version')
	_describe -t commands command commands
}

# Whoever may not ask gets all processes.
_leaktrace_traced() {
	local json
	local -a pids
	if json=$(_call_program traced leaktrace status --json 2>/dev/null); then
		pids=(${(f)"$(grep -o '"pid":[0-9]*' <<<$json | cut -d: -f2)"})
		_wanted processes expl 'traced process' compadd -a pids
	else
		_leaktrace_processes
	fi
}

_leaktrace_processes() {
	local -a processes
	local comm name
	for comm in /proc/<->/comm(N); do
		read -r name <$comm || continue
		processes+=("${${comm#/proc/}%/comm}:$name")
	done 2>/dev/null
	_describe -t processes process processes
}

# The words that an option's help lists.
_leaktrace_words() {
	local help=${1//\([^)]#\)/}
	reply=(${(s: :)${${${help##*: }// or / }//,/ }})
}

# _leaktrace_option LETTER NAME ARGUMENT HELP: adds what _arguments wants to specs
_leaktrace_option() {
	local help=${${4//\[/\\[}//\]/\\]} value='' argument=${3## } once="--$2" reply
	case $2,$argument in
	*,) ;;
	kinds,*) _leaktrace_words $4; value=":$argument:_values -s , kind $reply" ;;
	format,* | protocol,* | sort,*) _leaktrace_words $4; value=":$argument:($reply)" ;;
	*,FILE | *,PATH | *,DIRECTORY) value=":$argument:_files" ;;
	*,PID) value=":$argument:_leaktrace_processes" ;;
	*,[a-z]*) value=":$argument:($argument)" ;;
	*) value=:${(j.: :.)${(s: :)argument}}:' ' ;; # T1 T2 are two values
	esac
	if [[ -n $1 ]]; then
		specs+=("(-$1 --$2)-$1[$help]$value" "(-$1 --$2)--$2${value:+=}[$help]$value")
	else
		# a label may be given again
		[[ $2 == label ]] && once='' specs+=("*--$2=[$help]$value") ||
			specs+=("($once)--$2${value:+=}[$help]$value")
	fi
}

_leaktrace_command() {
	local command=$1 line usage match
	local -a specs lines
	lines=(${(f)"$(_call_program options leaktrace $command --help 2>/dev/null)"})
	usage=${${${lines[1]}#*leaktrace $command}%% (-o|--to) *}
	for line in $lines; do
		[[ $line =~ '^  (-(.), |    )--([a-z-]+)(( [^ ]+)*)  +([^ ].*)$' ]] &&
			_leaktrace_option "$match[2]" "$match[3]" "$match[4]" "$match[6]"
	done
	case $command,$usage in
	run,*) specs+=('(-)1:command:_command_names -e' '*::argument:_normal') ;;
	(attach|go|record|look|heap|objects),*PID*) specs+=('*:process:_leaktrace_processes') ;;
	*,*PID*FILE*) specs+=('*:process or file:_alternative "processes::_leaktrace_traced" "files::_files"') ;;
	*,*PID*) specs+=('*:process:_leaktrace_traced') ;;
	*,*(FILE|OLD)*) specs+=('*:file:_files') ;;
	esac
	_arguments -s -S $specs
}

_leaktrace() {
	setopt local_options extended_glob
	local curcontext=$curcontext state line expl ret=1
	typeset -A opt_args

	_arguments -C \
		'(- *)'{-h,--help}'[show the commands]' \
		'(- *)'{-V,--version}'[show the version]' \
		'1:command:_leaktrace_commands all' \
		'*::argument:->arguments' && return
	[[ $state == arguments ]] || return 1
	curcontext=${curcontext%:*:*}:leaktrace-$words[1]:
	case $words[1] in
	help) _arguments '1:command:_leaktrace_commands' ;;
	version) return 1 ;;
	*) _leaktrace_command $words[1] ;;
	esac
}

_leaktrace "$@"
