# fish completion for leaktrace
# SPDX-License-Identifier: GPL-2.0
#
# Commands, options, their values and operands are read from the program's own --help,
# so that they cannot disagree with it.

function __leaktrace_commands
    leaktrace --help 2>/dev/null | string replace -rf '^  ([a-z]+)  +(\S.*)$' '$1\t$2'
end

# A line for each option: LETTER, NAME, ARGUMENT and help, separated by tabulators.
function __leaktrace_rows --argument-names command
    leaktrace $command --help 2>/dev/null | string replace -rf \
        '^  (?:-(.), |    )--([a-z-]+)((?: [^ ]+)*)  +(\S.*)$' '$1\t$2\t$3\t$4'
end

function __leaktrace_processes
    for pid in (string match -r '^\d+$' -- (path basename /proc/*))
        printf '%s\t%s\n' $pid (cat /proc/$pid/comm 2>/dev/null)
    end
end

# Whoever may not ask gets all processes.
function __leaktrace_traced
    set -l json (leaktrace status --json 2>/dev/null)
    and string match -ra '"pid":\d+' -- $json | string replace '"pid":' ''
    or __leaktrace_processes
end

# The words that an option's help lists.
function __leaktrace_words --argument-names help
    string replace -ra '\([^)]*\)' '' -- $help | string replace -r '.*: ' '' |
        string replace -a ' or ' ' ' | string replace -a , ' ' | string split -n ' '
end

# A list separated by commas: what is already in it is not offered again.
function __leaktrace_list
    set -l chosen (string split , -- (commandline -ct))[1..-2]
    for word in $argv
        contains -- $word $chosen
        or string join , -- $chosen $word
    end
end

function __leaktrace_value --argument-names name argument help
    switch $name,$argument
        case 'kinds,*'
            __leaktrace_list (__leaktrace_words $help)
        case 'format,*' 'protocol,*' 'sort,*'
            __leaktrace_words $help
        case '*,FILE' '*,PATH' '*,DIRECTORY'
            __fish_complete_path (commandline -ct)
        case '*,PID'
            __leaktrace_processes
        case '*'
            string match -r '^[a-z]+$' -- $argument
    end
end

function __leaktrace_operand --argument-names command
    set -l usage (leaktrace $command --help 2>/dev/null)[1]
    set usage (string replace -r '^usage: leaktrace [a-z]+' '' -- $usage | string replace -r ' (-o|--to) .*' '')
    switch $command,$usage
        case 'run,*'
            __fish_complete_command
        case 'attach,*PID*' 'go,*PID*' 'record,*PID*' 'look,*PID*' 'heap,*PID*' 'objects,*PID*'
            __leaktrace_processes
        case '*,*PID*'
            __leaktrace_traced
    end
    if string match -qr 'FILE|OLD' -- $usage
        __fish_complete_path (commandline -ct)
    end
end

function __leaktrace_complete
    set -l before (commandline -opc)
    set -l command $before[2]
    switch "$command"
        case ''
            __leaktrace_commands
            printf '%s\t%s\n' help 'Show the commands, or the options of one' version 'Show the version' \
                --help 'Show the commands' --version 'Show the version'
            return
        case help
            test (count $before) -eq 2
            and __leaktrace_commands
            return
        case version '-*'
            return
        case run
            # what comes after -- is another program's
            if contains -- -- $before
                if test $before[-1] = --
                    __fish_complete_command
                else
                    __fish_complete_path (commandline -ct)
                end
                return
            end
    end
    # --name=value
    set -l previous $before[-1]
    set -l prefix ''
    if string match -qr '^--[a-z-]+=' -- (commandline -ct)
        set prefix (string replace -r '=.*' = -- (commandline -ct))
        set previous (string trim -rc = -- $prefix)
    end
    set -l options
    for row in (__leaktrace_rows $command)
        set -l row (string split \t -- $row)
        set -a options --$row[2]\t$row[4]
        if test -n "$row[3]"; and contains -- $previous -$row[1] --$row[2]
            set -l values (__leaktrace_value $row[2] (string trim -- $row[3]) $row[4])
            printf '%s\n' $prefix$values
            return
        end
    end
    if string match -q -- '-*' (commandline -ct)
        printf '%s\n' $options
    else
        __leaktrace_operand $command
    end
end

complete -c leaktrace -f -a '(__leaktrace_complete)'
