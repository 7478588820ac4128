#!/usr/bin/python3
"""Runs what README.md and docs/*.md tell people to type, and compares what it
prints with what they say it prints.

usage: docs.py run PLACE FILE…     PLACE is host or vm: the blocks that belong there
       docs.py check FILE…         everything that needs no running
       docs.py count FILE…         how many commands run where, and which do not
       docs.py blocks PLACE FILE   how many blocks belong there
       docs.py printed FILE LINE…  FILE has these lines, in this order, maybe with others between
       docs.py check-man PAGE…     the examples of manual pages: commands and options exist

Blocks of code are told by the word after ``` :

  console   '# ' (as root) or '$ ' begins a command, '> ' continues it; the lines
            after it are its output. '…' alone is any number of lines, within a
            line any text. '^C' is Ctrl-C, sent when what stands before it has
            been printed.
  sh        one command a line; what it prints is not compared.
  others    must not contain commands of this project.

A comment before a block says what is special about it, words separated by ';':

  <!-- docs: host -->           run on the host, not in a guest with the module
  <!-- docs: with NAME -->      start this first: see WITH below
  <!-- docs: exact -->          numbers are compared, too
  <!-- docs: not run: WHY -->   only look whether its programs and options exist

How a line is compared: white space is any white space. A number is any number,
but 0 is 0 only, and of units one of the same sort (B, KiB, …; us, ms, s, …). A
hexadecimal number is any, and so is a time of day. Everything else is compared
letter by letter, file.c:12 included. All blocks of a file are one session, in the
top of the tree.
"""
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LEAKTRACE = os.environ.get('LEAKTRACE', TOP + '/userland/leaktrace')
COMMAND_S = 300         # a safety net, not a measure of anything
DONE = '@done@'


class Wrong(Exception):
    """What a document says is not so; str() begins with FILE:LINE."""


class Stuck(Wrong):
    """The session is of no use any more."""


class Command:
    def __init__(self, where, text):
        self.where, self.text, self.expected = where, text, None


class Block:
    """One fenced block: its language, its directives, its lines."""
    def __init__(self, path, line, language, directives):
        self.path, self.line, self.language = path, line, language
        self.lines = []
        self.place, self.exact, self.why, self.programs = 'vm', False, '', []
        for word in directives:
            if word in ('host', 'vm'):
                self.place = word
            elif word == 'exact':
                self.exact = True
            elif word.startswith('with '):
                self.programs += word.split()[1:]
            elif word.startswith('not run: '):
                self.place, self.why = 'none', word[9:]
            else:
                raise Wrong('%s:%d: unknown directive "%s"' % (path, line, word))

    def where(self, offset):
        return '%s:%d' % (os.path.relpath(self.path, TOP), self.line + 1 + offset)

    def commands(self):
        if self.language == 'sh':
            return [Command(self.where(i), l) for i, l in enumerate(self.lines)
                    if l.strip() and not l.lstrip().startswith('#')]
        found = []
        for i, line in enumerate(self.lines):
            if line[:2] in ('# ', '$ '):
                found.append(Command(self.where(i), line[2:]))
                found[-1].expected = []
            elif not found:
                raise Wrong('%s: output before the first command' % self.where(i))
            elif line.startswith('> ') and not found[-1].expected:
                found[-1].text += '\n' + line[2:]
            else:
                found[-1].expected.append(line)
        return found


def blocks(path):
    """All blocks of a file, those of nobody's interest included."""
    directives, block = [], None
    for number, line in enumerate(open(path, encoding='utf-8').read().split('\n'), 1):
        if block:
            if line.strip() == '```':
                yield block
                block = None
            else:
                block.lines.append(line)
            continue
        comment = re.match(r'<!-- docs: (.*) -->$', line)
        if comment:
            directives = [word.strip() for word in comment.group(1).split(';')]
        elif line.startswith('```'):
            block = Block(path, number, line[3:].strip(), directives)
            directives = []
        elif line.strip() and directives:
            raise Wrong('%s:%d: a directive stands before a block' % (path, number))
    if block:
        raise Wrong('%s:%d: the block has no end' % (path, block.line))


# --- comparing ---

UNITS = [('B', 'KiB', 'MiB', 'GiB'), ('us', 'ms', 's', 'min', 'h', 'days')]
TOKEN = re.compile(r'''
    (?P<any>…) | (?P<space>\s+)
  | (?P<place>[\w./+-]*\.[A-Za-z]{1,3}:\d+\b)           # a line of code
  | (?P<clock>\b\d\d:\d\d:\d\d\b)
  | (?P<hex>\b0x[0-9a-f]+)
  | (?P<number>(?<![A-Za-z_.])[+−-]?\d[\d,]*(?:\.\d+)?)
  | (?P<unit>(?<=[\d]\ )(?:%s)\b)
  | (?P<other>.)''' % '|'.join(u for family in UNITS for u in family), re.X)
NUMBER = r'[+−-]?\d[\d,]*(?:\.\d+)?'


def pattern_of(line, exact):
    """The regular expression that one line of output has to match."""
    parts = []
    for m in TOKEN.finditer(line.rstrip()):
        kind, text = m.lastgroup, m.group()
        if kind == 'any':
            parts.append('.*')
        elif kind == 'space':
            parts.append(r'\s+' if parts else r'\s*')
        elif exact or kind in ('other', 'place'):
            parts.append(re.escape(text))
        elif kind == 'clock':
            parts.append(r'\d\d:\d\d:\d\d')
        elif kind == 'hex':
            parts.append('0x[0-9a-f]+')
        elif kind == 'unit':
            family = next(f for f in UNITS if text in f)
            parts.append('(?:%s)' % '|'.join(family))
        elif float(text.replace(',', '').replace('−', '-')) == 0:
            parts.append(r'[+−-]?0(?:\.0+)?(?![\d.])')
        else:
            parts.append(NUMBER)
    return ''.join(parts) + r'\s*'


def mismatch(expected, printed, exact, whole=True):
    """None, or the index of the first expected line that is not there."""
    at, floating = 0, False
    for i, line in enumerate(expected):
        if line.strip() == '…':
            floating = True
            continue
        pattern = re.compile(pattern_of(line, exact))
        while at < len(printed) and not pattern.fullmatch(printed[at]):
            if not floating:
                return i
            at += 1
        if at == len(printed):
            return i
        at, floating = at + 1, False
    return len(expected) if whole and not floating and at < len(printed) else None


# --- running ---

# None of them is a job of the session's shell, whose first is what a block puts into the background.
WITH = {
    'app': '''cc -g -O2 -pthread -o "$PLAY/bin/app" docs/examples/app.c; (app &)
        until pidof app >/dev/null; do sleep 0.1; done''',
    'server': '''(cd docs/examples && GOCACHE="$GOCACHE" GOFLAGS=-buildvcs=false GOTOOLCHAIN=local \
        GOPATH="$PLAY" CGO_ENABLED=0 "$GO" build -trimpath -o "$PLAY/bin/server" server.go) && (server &)
        until pidof server; do sleep 0.1; done''',
    'folders': '''cc -g -O2 -o "$PLAY/bin/folders" docs/examples/folders.c && (folders &)
until pidof folders; do sleep 0.1; done''',
    'baskets': '''g++ -O2 -o "$PLAY/bin/baskets" docs/examples/baskets.cc && (baskets &)
        until [ "$(cut -d' ' -f3 "/proc/$(pidof -s baskets)/stat")" = S ]; do sleep 0.1; done''',
    'sessions': '''cp docs/examples/sessions.py "$PLAY/bin/sessions" && (sessions &) && sleep 2''',
    'iperf3': '''. scripts/demo-leaker; install_leaker; start_leaker; load_leaker 400 0.1 &''',
    'collector': '''(tests/lib/collector.py --http 4040 --grpc 7070 "$PLAY/collected" >"$PLAY/ports" &)
        until [ -s "$PLAY/ports" ]; do sleep 0.1; done''',
}


def heed_interrupts():
    """What runs in the background ignores SIGINT, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Session:
    """A shell that is given one command after the other, as a person would."""
    def __init__(self, play):
        os.makedirs(play + '/bin', exist_ok=True)
        link = play + '/bin/leaktrace'
        if not os.path.lexists(link):
            os.symlink(LEAKTRACE, link)
        path = ':'.join([play + '/bin', os.environ['PATH'], '/usr/sbin', '/sbin'])
        env = dict(os.environ, PATH=path, PLAY=play, LC_ALL='C.UTF-8', TERM='dumb',
                   PPROF_TMPDIR=play, PPROF_NO_BROWSER='1')
        self.shell = subprocess.Popen(['bash', '--norc'], cwd=TOP, env=env, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      start_new_session=True, preexec_fn=heed_interrupts)
        self.running = set()
        # Ctrl-C is the command's, not the shell's
        self.run(Command('', 'trap : INT'), [])

    def run(self, command, interrupt_after, exact=False):
        """-> lines printed, exit status. interrupt_after: lines that Ctrl-C waits for."""
        text = 'eval %s </dev/null\n__s=$?; printf "\\n%s %%d\\n" $__s; (exit $__s)\n' % (
            shlex.quote(command.text), DONE)
        self.shell.stdin.write(text.encode())
        self.shell.stdin.flush()
        printed, end_s = b'', time.monotonic() + COMMAND_S
        while True:
            done = re.search(rb'\n%s (\d+)\n' % DONE.encode(), printed)
            if done:
                break
            if time.monotonic() > end_s:
                raise Stuck('%s: not over after %d s: %s\n%s' % (
                    command.where, COMMAND_S, command.text, printed.decode(errors='replace')))
            printed += self.read()
            if interrupt_after and mismatch(interrupt_after, lines_of(printed), exact, False) is None:
                os.killpg(self.shell.pid, signal.SIGINT)
                interrupt_after = []
        text, more = printed[:done.start()], printed[done.end():]
        # what was put into the background still has to say what it says
        while command.text.endswith('&') and command.expected and time.monotonic() < end_s and \
                mismatch(command.expected, lines_of(text + more), exact) is not None:
            more += self.read()
        return lines_of(text + more), int(done.group(1))

    def read(self):
        """What was printed within the next second."""
        if select.select([self.shell.stdout], [], [], 1)[0]:
            return os.read(self.shell.stdout.fileno(), 1 << 16)
        return b''

    def start(self, name):
        if name not in WITH:
            raise Wrong('no program "%s" to run a block with' % name)
        if name not in self.running:
            self.running.add(name)
            printed, status = self.run(Command('with ' + name, WITH[name]), [])
            if status:
                raise Wrong('cannot start %s: %s' % (name, '\n'.join(printed)))

    def end(self):
        os.killpg(self.shell.pid, signal.SIGKILL)
        self.shell.wait()


def lines_of(printed):
    text = printed.decode(errors='replace').rstrip('\n')
    return text.split('\n') if text else []


def compare(command, printed, exact):
    expected = [line for line in command.expected if line != '^C']
    while expected and not expected[-1].strip():
        expected.pop()
    bad = mismatch(expected, printed, exact)
    if bad is None:
        return
    want = expected[bad] if bad < len(expected) else '(nothing more)'
    raise Wrong('%s: `%s` did not print:\n    %s\nIt printed:\n%s' % (
        command.where, command.text, want, '\n'.join('    ' + line for line in printed)))


def run_block(session, block):
    commands = block.commands()
    for program in block.programs:
        session.start(program)
    for i, command in enumerate(commands):
        until = []
        if command.expected and '^C' in command.expected:
            until = command.expected[:command.expected.index('^C')]
        printed, status = session.run(command, until, block.exact)
        if command.expected is not None:
            compare(command, printed, block.exact)
        told = i + 1 < len(commands) and commands[i + 1].text.startswith('echo $?')
        ours = 'leaktrace' in command.text
        # 1: leaks were found; ours ends by itself on Ctrl-C, others by the signal
        fine = [0, 1] if ours else [0, 128 + signal.SIGINT] if until else [0]
        if not told and status not in fine:
            raise Wrong('%s: `%s`: exit status %d:\n%s' % (
                command.where, command.text, status, '\n'.join(printed)))
    return len(commands)


def run(place, path, play):
    session, commands, failures = Session(play), 0, []
    try:
        for block in blocks(path):
            if block.language not in ('console', 'sh') or block.place != place:
                continue
            try:
                commands += run_block(session, block)
            except Stuck as e:
                failures.append(str(e))
                break
            except Wrong as e:
                failures.append(str(e))
    finally:
        session.end()
    for failure in failures:
        print(failure, file=sys.stderr)
    print('%s: %d commands run, %d blocks failed' % (os.path.relpath(path, TOP), commands, len(failures)))
    return not failures


# --- what needs no running ---

OURS = re.compile(r'^\s*(?:[#$] )?(?:sudo )?(?:leaktrace|insmod|modprobe|make|\.?/?scripts/|\.?/?tests/\w+/)\b')
help_cache = {}


def help_of(*words):
    if words not in help_cache:
        got = subprocess.run([*words, '--help'], cwd=TOP, text=True, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        help_cache[words] = got.stdout if got.returncode == 0 else None
    return help_cache[words]


def knows(text, option):
    return re.search(r'(?<![\w-])%s(?![\w-])' % re.escape(option), text or '')


def check_leaktrace(where, words):
    """words: leaktrace and what follows; in prose, commands and options must exist."""
    if len(words) < 2 or words[1] in ('--help', '--version', 'help', 'version'):
        return
    if not re.fullmatch('[a-z]+', words[1]):
        return
    text = help_of(LEAKTRACE, words[1])
    if text is None:
        raise Wrong('%s: no such command: leaktrace %s' % (where, words[1]))
    for word in words[2:]:
        if word == '--':
            break
        option = word.split('=')[0]
        if re.fullmatch('--[a-z][a-z-]+|-[a-zA-Z]', option) and not knows(text.split('\nexample')[0], option):
            raise Wrong('%s: leaktrace %s has no %s' % (where, words[1], option))


def check_script(where, words):
    path = os.path.join(TOP, words[0])
    if os.path.isdir(path):
        return
    if not os.access(path, os.X_OK):
        raise Wrong('%s: no program %s' % (where, words[0]))
    text = open(path, encoding='utf-8', errors='replace').read()
    for word in words[1:]:
        if word == '--':
            break
        if word.startswith('--') and not knows(text, word.split('=')[0]):
            raise Wrong('%s: %s has no %s' % (where, words[0], word))


def words_of(text):
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def check_command(where, text):
    """Each simple command of a line, as far as that can be told without a shell."""
    for part in re.split(r'[;&|]+|\$\(|\)', text):
        words = words_of(part)
        while words and (re.fullmatch(r'\w+=.*', words[0]) or words[0] in ('sudo', 'env')):
            words.pop(0)
        if not words:
            continue
        if os.path.basename(words[0]) == 'leaktrace':
            check_leaktrace(where, words)
        elif re.match(r'(scripts|tests)/', words[0]) and not re.search(r'\.[a-z]+$', words[0]):
            check_script(where, words)


def anchors_of(path):
    text = re.sub(r'```.*?\n```', '', open(path, encoding='utf-8').read(), flags=re.S)
    return {re.sub(r'[^\w\- ]', '', title.lower()).replace(' ', '-')
            for title in re.findall(r'^#+ (.*)$', text, re.M)}


def check_links(path, where, line):
    for target in re.findall(r'\]\(([^)]+)\)', line):
        if re.match(r'https?://', target):
            continue
        name, _, anchor = target.partition('#')
        to = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if not os.path.exists(to):
            raise Wrong('%s: no file %s' % (where, target))
        if anchor and to.endswith('.md') and anchor not in anchors_of(to):
            raise Wrong('%s: no heading for #%s' % (where, anchor))


def check_path(where, word):
    """`module/probe.c`, `userland/elf/`: what is named exists."""
    import glob
    name = word.split(':')[0].rstrip('/')
    if re.match(r'(module|userland|include|tests|scripts|docs|man)/[\w./*{},-]+$', name) and \
            not re.search(r'[A-Z]{4}', os.path.basename(name).replace('README', '').replace('RESULTS', '')) and \
            name not in ('userland/leaktrace', 'tests/victims/bin') and \
            not name.startswith('tests/victims/bin/') and not glob.glob(os.path.join(TOP, name)):
        raise Wrong('%s: no file %s' % (where, word))


def check_prose(path):
    fenced = False
    for number, line in enumerate(open(path, encoding='utf-8'), 1):
        if line.startswith('```'):
            fenced = not fenced
        if fenced or line.startswith('```'):
            continue
        where = '%s:%d' % (os.path.relpath(path, TOP), number)
        check_links(path, where, re.sub(r'`[^`]*`', '``', line))
        for code in re.findall(r'`([^`]+)`', line):
            check_command(where, code.replace('…', ' '))
            for word in code.split():
                check_path(where, word)


def check_block(block):
    if block.language in ('console', 'sh'):
        for command in block.commands():
            check_command(command.where, command.text)
        return
    for i, line in enumerate(block.lines):
        if OURS.match(line):
            raise Wrong('%s: a command in a block that nobody runs (say console or sh): %s' % (
                block.where(i), line))


def check(paths):
    failures = 0
    for path in paths:
        try:
            check_prose(path)
            for block in blocks(path):
                check_block(block)
        except Wrong as e:
            print(e, file=sys.stderr)
            failures += 1
    return not failures


def check_man(paths):
    failures = 0
    for path in paths:
        example = False
        for number, line in enumerate(open(path, encoding='utf-8'), 1):
            example = line == '.nf\n' or example and line != '.fi\n'
            try:
                if example and line != '.nf\n':
                    check_command('%s:%d' % (path, number), line.replace('\\-', '-').replace('\\(aq', "'"))
            except Wrong as e:
                print(e, file=sys.stderr)
                failures += 1
    return not failures


def count(paths):
    n = {'vm': 0, 'host': 0, 'none': 0}
    for path in paths:
        for block in blocks(path):
            if block.language in ('console', 'sh'):
                commands = block.commands()
                n[block.place] += len(commands)
                if block.place == 'none':
                    for command in commands:
                        print('# not run: %s: %s (%s)' % (command.where, command.text, block.why))
    print('run in a guest %d, on the host %d, not run %d' % (n['vm'], n['host'], n['none']))
    return True


def main():
    if sys.argv[1] == 'printed':
        lines = [each for line in sys.argv[3:] for each in ('…', line)] + ['…']
        return mismatch(lines, open(sys.argv[2], encoding='utf-8').read().split('\n'), False) is None
    action, args = sys.argv[1], [os.path.abspath(a) for a in sys.argv[2:]]
    if action == 'run':
        play = os.environ.get('DOCS_PLAY') or '/tmp/docs.%d' % os.getpid()
        try:
            return all([run(sys.argv[2], path, play) for path in args[1:]])
        finally:
            if 'DOCS_PLAY' not in os.environ:
                shutil.rmtree(play, ignore_errors=True)
    if action == 'blocks':
        print(sum(b.place == sys.argv[2] and b.language in ('console', 'sh') for b in blocks(args[1])))
        return True
    return {'check': check, 'check-man': check_man, 'count': count}[action](args)


if __name__ == '__main__':
    try:
        sys.exit(0 if main() else 1)
    except Wrong as wrong:
        sys.exit(str(wrong))
