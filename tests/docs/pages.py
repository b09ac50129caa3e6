#!/usr/bin/env python3
"""pages.py CHECK [ARGUMENT...] - what README.md, CONTRIBUTING.md, CHANGELOG.md and docs/ say, compared
with what is there. Each check prints what is wrong and exits with 1 then. Used by run.sh and commands.sh:

    links paths lengths index names samples members errors codes sentences layers packages targets commands    checks
    code FILE NUMBER        the lines of the NUMBERth block of C in FILE
    shell FILE NUMBER       the commands of the NUMBERth block of commands in FILE, one a line
"""
import os
import re
import subprocess
import sys

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
README_LINES, README_WORDS = 150, 1500  # ten minutes, read aloud
PAGE_LINES = 250
CHANGELOG_LINES = 300  # which grows
PROSE_WIDTH = 120
FOLDERS = ['.ci', 'bench', 'contract', 'docs', 'gateway', 'lib', 'man', 'mk', 'samples', 'soap-xmpp', 'tests', 'tools', 'wsdl']

# Files of others that the documents name.
FOREIGN = {'wsseapi.c', 'wsaapi.c', 'wsrmapi.c', 'parser.h', 'stdsoap2.h', 'stdsoap2.c', 'zlib.h', 'openssl.cnf',
           'ejabberdctl.cfg', 'libgsoap.pc'}

# Every command that a document gives in a block of its own, and who runs it: "commands.sh" does so word for word,
# others are targets of the makefiles that the named one calls. Where nobody does, it says why.
COMMANDS = [
    (r'make (gateway-)?demo', 'commands.sh'),
    (r'SOAP_XMPP_JID=.* (samples/languages/(python|zeep|tcl)/client.*|node client.mjs .*)',
     'run-languages, with accounts of its own'),
    (r'cd samples/languages/node && npm ci', 'run-languages, in the build folder'),
    (r'soapcpp2 .*', 'commands.sh'),
    (r'cc -o .*', 'commands.sh'),
    (r'SOAP_XMPP_JID=.* ./calculator-(service|client.*)', 'commands.sh'),
    (r'soap-xmpp .*', 'run-soap-xmpp'),
    (r'make deps && make && sudo make install', 'run-install, below a folder of its own'),
    (r'make', 'commands.sh, through "make demo"'),
    (r'make && sudo make install PREFIX=/usr/local && sudo ldconfig', 'run-install, below a folder of its own: '
     'a test has no business in /usr/local'),
    (r'cc \.\.\. .*', 'run-install, with sources in the place of the dots'),
    (r'make test', 'this is it'),
    (r'make check', '.ci/run, by its parts'),
    (r'make run-(unit|plugin|integration|ws)( ARGS=.*)?',
     'make test, without ARGS; "targets" looks for what ARGS names'),
    (r'build/unit -l', 'run.sh, if it has been built'),
    (r'make run-(cluster|federation|mixed|nat|docs|bench-fleet-smoke)', 'make test'),
    (r'make run-oracle( ORACLE_COUNT=.*)?', 'make test, and make everything with more'),
    (r'build/oracle(-action)? .*', 'make run-oracle'),
    (r'make run-model( MODEL=long)?', 'make test; the long form: make everything'),
    (r'tests/model/run.sh build words iq \d+', 'run-model, when it fails'),
    (r'make fuzz FUZZ_SECONDS=60', '.ci/run, for fewer seconds'),
    (r'make (lint|asan)', '.ci/run'),
    (r'make soak SOAK_SECONDS=600', 'make everything, for longer'),
    (r'make run-bench-smoke', 'make everything'),
    (r'make run-bench-unit', 'make check'),
    (r'make bench-programs', 'make run-bench-smoke, by the programs themselves'),
    (r'make bench( .*)?', 'nobody: minutes, and a machine with nothing else to do'),
    (r'make bench-(plot|codec)', 'nobody: they measure. make test builds the second'),
    (r'make bench-fleet( .*)?', 'make test, as run-bench-fleet-smoke: with 40 devices'),
    (r'make bench-login( .*)?', 'make test, as run-bench-login-smoke: a login of each kind, at one server'),
    (r'make bench-scale( .*)?', 'nobody: minutes; run-cluster runs the same cluster'),
    (r'make trixie', 'make everything'),
    (r'make everything', 'by hand: hours'),
    (r'gdb --args build/unit envelope', 'nobody: gdb asks what to do'),
    (r'tools/prosody.sh start /tmp/p', 'tools/with-servers, with another folder'),
    (r'build/samples/bytes-service add sum.xml', 'run-samples, with an account of its own'),
    (r'SOAP_XMPP_TRACE=stanza build/samples/calculator-client \.\.\.', 'run-samples, with another program'),
]

# The files of lib/net/ that say nothing of why a login failed, but what is wrong with a stanza: docs/errors.md has
# examples. And what of the others' words is no such sentence.
READERS = ['parser', 'stanza_builder', 'tree']
UNLISTED = [
    r'^logged in |^proved |bound to TLS by|is weaker than the last login|^a longer hash$',  # the trace's
    r'^the link was stopped$',  # by its own program
    r"^it doesn't say why$|^no domain at all$|^the handshake failed$",  # parts of others
    r'^it was not offered or failed$|^before TLS is up$|^another process holds it$|^there is no such component'
    r'|^this is no port for components$|^the server knows another secret',
]

problems = []


def wrong(message):
    problems.append(message)


def read(path):
    with open(os.path.join(TOP, path), encoding='utf-8') as file:
        return file.read()


def files_below(*folders):
    """The sources below folders, as paths from the top."""
    for folder in folders:
        for where, names, files in os.walk(os.path.join(TOP, folder)):
            names[:] = [name for name in names if name not in ('build', '.git', '__pycache__', 'corpus')]
            for name in files:
                yield os.path.relpath(os.path.join(where, name), TOP)


def documents():
    top = [name for name in os.listdir(TOP) if name.endswith('.md')]
    return sorted(top) + sorted(path for path in files_below('docs') if path.endswith('.md'))


def blocks(path):
    """(language, lines) of each block: fenced, or indented by four blanks behind an empty line."""
    language, lines, empty = None, [], True
    for line in read(path).split('\n') + ['']:
        if line.startswith('```'):
            if language is None:
                language, lines = line[3:] or 'text', []
            else:
                yield language, lines
                language, lines = None, []
        elif language not in (None, 'indented'):
            lines.append(line)
        elif line.startswith('    ') and (empty or language):
            language, lines = 'indented', lines + [line[4:]]
        elif language and line.strip():
            yield language, lines
            language, lines = None, []
        elif language:
            lines.append('')
        empty = not line.strip()


def is_shell(lines):
    begin = re.compile(r'(make|soapcpp2|cc|gdb|tools/\S+|build/\S+|SOAP_XMPP_\w+=\S+)( |$)')
    return any(begin.match(line) for line in lines)


def commands_of(lines):
    """One string for each command: continued lines joined, comments dropped."""
    text = re.sub(r' *\\\n *', ' ', '\n'.join(lines))
    for line in text.split('\n'):
        command = re.sub(r'(^| +)# .*', '', line).strip()
        if command:
            yield command


def shell_blocks(path):
    return [list(commands_of(lines)) for language, lines in blocks(path)
            if language == 'indented' and is_shell(lines)]


def prose(path):
    """A document without its fenced blocks."""
    return re.sub(r'(?ms)^```.*?^```$', '', read(path))


def wide_lines(path):
    """(number, line) of prose: tables, headings and blocks may be as wide as they must, and so may one long word."""
    fenced = False
    for number, line in enumerate(read(path).split('\n'), 1):
        fenced ^= line.startswith('```')
        if len(line) > PROSE_WIDTH and not fenced and not line.startswith(('```', '|', '#', '    ')) \
                and ' ' in line.lstrip(' -'):
            yield number, line


def anchors(path):
    found = set()
    for title in re.findall(r'(?m)^#+ (.*)$', prose(path)):
        title = re.sub(r'[^\w\- ]', '', title.lower())
        found.add(title.strip().replace(' ', '-'))
    return found


# ---- checks --------------------------------------------------------------------------------------


def check_links():
    count = 0
    for path in documents():
        for target in re.findall(r'\]\(([^)\s]+)\)', prose(path)):
            count += 1
            if re.match(r'https?:', target):
                continue
            file, _, anchor = target.partition('#')
            file = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
            if not os.path.exists(os.path.join(TOP, file)):
                wrong(f'{path}: there is no {target}')
            elif anchor and anchor not in anchors(file):
                wrong(f'{path}: {file} has no heading for #{anchor}')
    if count < 50:
        wrong(f'only {count} links were found')


def check_paths():
    names = {os.path.basename(path) for path in files_below(*FOLDERS)} | set(os.listdir(TOP))
    folder = '|'.join(map(re.escape, FOLDERS))
    inner = '|'.join(name for name in os.listdir(os.path.join(TOP, 'lib')) if '.' not in name)

    def look(path, token):
        if re.search(r'[<*]|NAME', token):
            return
        if re.match(rf'({folder})/', token):
            if not os.path.exists(os.path.join(TOP, token)):
                wrong(f'{path}: there is no {token}')
        elif re.match(rf'({inner})/[\w./-]+\.[ch]$', token):
            if not os.path.exists(os.path.join(TOP, 'lib', token)):
                wrong(f'{path}: there is no lib/{token}')
        elif re.match(r'[\w-]+\.(c|h|py|sh|mk|md|yml)$', token) and token not in names | FOREIGN:
            wrong(f'{path}: there is no {token}')

    for path in documents():
        for token in re.findall(r'`([^`\s]+)`', prose(path)):
            look(path, token)
        for token in re.findall(rf'(?<![\w/.`-])((?:{folder})/[\w./-]+\.(?:[ch]|md|py|sh|mk|yml))\b', read(path)):
            look(path, token)
    # Comments in sources name documents, too.
    for path in list(files_below('lib', 'samples', 'bench', 'tests', 'tools', 'mk', '.ci')) + ['Makefile']:
        if not re.search(r'\.([ch]|py|sh|mk)$|/[\w-]+$|^Makefile$', path) or path.startswith('tests/docs/'):
            continue
        with open(os.path.join(TOP, path), encoding='utf-8', errors='replace') as file:
            for token in re.findall(r'\b(?:docs/[\w/-]+\.(?:md|yml)|[A-Z]{4,}\.md)', file.read()):
                if not os.path.exists(os.path.join(TOP, token)):
                    wrong(f'{path}: there is no {token}')


def check_lengths():
    for path in documents():
        lines = read(path).count('\n')
        limit = {'README.md': README_LINES, 'CHANGELOG.md': CHANGELOG_LINES}.get(path, PAGE_LINES)
        if lines > limit:
            wrong(f'{path}: {lines} lines, the limit is {limit}')
        for number, line in wide_lines(path):
            wrong(f'{path}:{number}: {len(line)} characters, the limit of prose is {PROSE_WIDTH}')
    words = len(re.sub(r'(?s)```.*?```', '', read('README.md')).split())
    if words > README_WORDS:
        wrong(f'README.md: {words} words, the limit is {README_WORDS}')


def check_index():
    for folder in ('docs', 'docs/internals'):
        index = re.findall(r'\]\(([^)/#]+)\)', read(f'{folder}/README.md'))
        for name in sorted(os.listdir(os.path.join(TOP, folder))):
            if '.' in name and name != 'README.md' and name not in index:
                wrong(f'{folder}/README.md does not list {name}')
    for name in sorted(os.listdir(os.path.join(TOP, 'tests'))):
        if os.path.isdir(os.path.join(TOP, 'tests', name)) and f'`tests/{name}`' not in read('CONTRIBUTING.md'):
            wrong(f'CONTRIBUTING.md does not say what is in tests/{name}')


def check_names():
    header = read('lib/soap_xmpp.h')
    library = ''.join(read(path) for path in files_below('lib'))
    variables = set(variables_of_members())
    for path in documents():
        for name in set(re.findall(r'\b(?:soap_xmpp|SOAP_XMPP)_\w*[a-zA-Z0-9]\b', read(path))):
            if name not in variables and not re.search(rf'\b{name}\b', header):
                wrong(f'{path}: soap_xmpp.h has no {name}')
        for name in set(re.findall(r'\bsx_\w*[a-z0-9]\b', read(path))):
            if not re.search(rf'\b{name}\b', library):
                wrong(f'{path}: lib/ has no {name}')


def check_samples():
    for page, files in (('docs/calculator.md', 3), ('docs/bytes.md', 1)):
        found = re.findall(r'(?ms)`([\w./]+)`:\n\n```c\n(.*?)^```$', read(page))
        for path, code in found:
            if code != read(path):
                wrong(f'{page} and {path} differ')
        if len(found) != files:
            wrong(f'{page} has {len(found)} files, not {files}')


def struct_members():
    text = re.search(r'(?s)\nstruct soap_xmpp_config \{(.*?)\n\};', read('lib/soap_xmpp.h')).group(1)
    text = re.sub(r'(?s)/\*.*?\*/', '', text)
    return [re.search(r'(\w+)\s*$', one).group(1) for one in text.split(';') if one.strip()]


def variables_of_members():
    """Variable -> member, as environment.c has them."""
    found = {}
    for name, rest in re.findall(r'^    \{"(\w+)", (.*)', read('lib/config/environment.c'), re.M):
        member = re.search(r'(?:TEXT|FILE_OF|WORD|BYTES)\((\w+)', rest) or re.match(r'set_(\w+)', rest)
        found['SOAP_XMPP_' + name] = member.group(1)
    return found


def check_members():
    members, variables = struct_members(), variables_of_members()
    members.remove('size')  # soap_xmpp_config_init() sets it, and nobody else
    listed, given = [], []
    for section in re.split(r'(?m)^## ', read('docs/configuration.md')):
        if '\n| member | environment |' not in section:
            continue
        for row in re.findall(r'(?m)^\| (`.*)$', section):
            cells = row.split('|')
            names = re.findall(r'`(\w+)`', cells[0])
            listed += names
            for variable in re.findall(r'`(\w+)`', cells[1]):
                given.append(variable)
                if variables.get(variable) not in names:
                    wrong(f'docs/configuration.md: {variable} is not the variable of {names}')
    for name in sorted(set(members) | set(listed)):
        if listed.count(name) != 1 or name not in members:
            wrong(f'{name}: {listed.count(name)} times in docs/configuration.md, '
                  f'{members.count(name)} times in soap_xmpp.h')
    for name in sorted(set(variables) | set(given)):
        if given.count(name) != 1 or name not in variables:
            wrong(f'{name}: {given.count(name)} times in docs/configuration.md, '
                  f'{int(name in variables)} times in environment.c')
    if len(members) < 40 or len(variables) < 15:
        wrong(f'only {len(members)} members and {len(variables)} variables were found')


def check_errors():
    library = ''.join(read(path) for path in files_below('lib') if path.endswith('.c'))
    library = re.sub(r'"\s*"', '', library).replace('\\"', '"')
    count = 0
    for cell in re.findall(r'(?m)^\| (.*?) \|', read('docs/errors.md')):
        for message in re.findall(r'"([^"]+)"', cell):
            for part in re.split(r'\.\.\.|\d+|: ', message):
                count += 1
                if len(part.strip(' ();,')) > 3 and part.strip(' ();,') not in library:
                    wrong(f'docs/errors.md: nothing in lib/ says "{part}" of "{message}"')
    if count < 50:
        wrong(f'only {count} parts of messages were found')


def sentences(path):
    """The formats of a source that say something to people: of three words or more."""
    source = re.sub(r'(?s)/\*.*?\*/|_Static_assert\(.*?\);|#include [^\n]*', '', read(path))
    for literals in re.findall(r'"(?:(?:[^"\\]|\\.)*"\s*")*(?:[^"\\]|\\.)*"', source):
        text = re.sub(r'"\s*"', '', literals)[1:-1]
        words = re.findall(r"(?<!\S)[\w']{2,}", re.sub(r'%[-.*\d]*[a-z]+', ' ', text))
        if len(words) > 2 and '<' not in text:
            yield text


def check_sentences():
    """Whether each sentence of a failed login stands in docs/errors.md: as much of it as tells it from others."""
    messages = []
    for cell in re.findall(r'(?m)^\| (.*?) \|', read('docs/errors.md')):
        for message in re.findall(r'"([^"]+)"', cell):
            parts = [part.strip(' ();,') for part in re.split(r'\.\.\.|\d+|: ', message)]
            messages.append([part for part in parts if len(part) > 3])

    def tells(parts, text):
        return any(len(part) > 10 and part in text or part == text for part in parts) or \
            (len(''.join(parts)) > 12 and all(part in text for part in parts))

    count = 0
    for path in sorted(files_below('lib/net')):
        if not path.endswith('.c') or path[len('lib/net/'):-len('.c')] in READERS:
            continue
        for text in sentences(path):
            count += 1
            if not any(tells(parts, text) for parts in messages) and not any(re.search(one, text) for one in UNLISTED):
                wrong(f'{path}: "{text}" stands in no row of docs/errors.md')
    if count < 80:
        wrong(f'only {count} sentences were found')


def check_codes():
    """The values of soap->error in docs/errors.md: each is asserted by some test, and each of the library's is there."""
    listed = set()
    for cell in re.findall(r'(?m)^\| (.*?) \|', read('docs/errors.md')):
        listed |= set(re.findall(r'`(SOAP_(?!XMPP_)[A-Z_]+)`', cell))
    tests = ''.join(read(path) for path in files_below('tests') if path.endswith('.c'))
    asserted = set(re.findall(r'\bSOAP_[A-Z_]+\b', ' '.join(re.findall(r'(?si)\b\w*assert\w*\((?:(?!;|sx_fault_).)*;', tests))))
    sources = ''.join(read(path) for path in files_below('lib/gsoap') if path.endswith('.c'))
    given = set(re.findall(r'sx_context_fail\(\s*soap,\s*(SOAP_\w+)', sources))
    given |= set(re.findall(r'CODE_\w+ = -?[1-9]\d*,\s*/\* (SOAP_\w+) \*/', read('lib/base/fault.c')))
    for code in sorted(listed - asserted):
        wrong(f'docs/errors.md: no test asserts {code}')
    for code in sorted(given - listed):
        wrong(f'docs/errors.md has no row for {code}, which the library gives')
    if len(listed) < 10 or len(given) < 5:
        wrong(f'only {len(listed)} codes were found in docs/errors.md, and {len(given)} in lib/')


def check_layers():
    """The tables of internals/README.md and internals/gateway.md against those that make lint goes by."""
    checker = read('tools/check-layers')
    for table, page, prefix in (('LIB', 'README.md', 'lib/'), ('GATEWAY', 'gateway.md', '')):
        body = re.search(rf'(?ms)^{table} = {{(.*?)^}}', checker).group(1)
        pairs = dict(re.findall(r'(?m)^    "(\w+)": "([^"]*)",$', body))
        listed = {}
        rows = re.search(r'(?ms)^\| folder \| may include .*?(?=^$)', read('docs/internals/' + page)).group(0)
        for folders, may in re.findall(rf'(?m)^\| (`{prefix}.*?) \| (.*?) \|', rows):
            for folder in re.findall(rf'`{prefix}(\w+)`', folders):
                listed[folder] = {one for one in re.split(r'[, `]+', may) if one.partition('/')[0] in pairs}
        for folder in sorted(set(pairs) | set(listed)):
            if listed.get(folder) != set(pairs.get(folder, '?').split()):
                wrong(f'{folder} may see {sorted(listed.get(folder, []))} in docs/internals/{page}, '
                      f'but {pairs.get(folder)} in tools/check-layers')


def check_packages():
    """The tables of README.md and CONTRIBUTING.md against tools/install-packages.sh."""
    body = re.search(r'(?s)\npackages\(\) \{(.*?)\n\}', read('tools/install-packages.sh')).group(1)
    echoed = re.findall(r'echo ((?:[\w.+ -]|\\\n)+)', body.replace('usage: $0', ''))
    installed = set(' '.join(echoed).replace('\\\n', ' ').split())
    listed = set()
    for path in ('README.md', 'CONTRIBUTING.md'):
        for table in re.findall(r'(?m)^\| package \|.*\n\|[-|]+\n((?:\|.*\n)+)', read(path)):
            for cell in re.findall(r'(?m)^\| (.*?) \|', table):
                listed |= set(re.findall(r'`([^`]+)`', cell))
    for name in sorted(installed ^ listed):
        wrong(f'{name} is ' + ('not in the tables of packages' if name in installed else
                               'installed by no group of tools/install-packages.sh'))


def all_commands():
    for path in documents():
        for block in shell_blocks(path):
            for command in block:
                yield path, command
        for command in re.findall(r'`(make [^`]+)`', prose(path)):
            yield path, command


def make_targets():
    environment = {name: value for name, value in os.environ.items() if not name.startswith(('MAKE', 'MFLAGS'))}
    said = subprocess.run(['make', '-C', TOP, '-npRr', 'help'], env=environment, capture_output=True, text=True,
                          check=True).stdout
    return set(re.findall(r'(?m)^([a-z][a-z-]*):', said))


def check_targets():
    targets, count = make_targets(), 0
    sources = ''.join(read(path) for path in ['Makefile'] + list(files_below('mk', 'bench')))
    for path, command in all_commands():
        for run in re.findall(r'(?:^|&& (?:sudo )?)make\b([^&]*)', command):
            words = [word.strip('"') for word in re.findall(r'(?:[^\s"]|"[^"]*")+', run)]
            for word in words:
                count += 1
                if '=' in word:
                    name = word.split('=')[0]
                    if not re.search(rf'\b{name}\b', sources):
                        wrong(f'{path}: nobody reads {name} of "{command}"')
                elif word not in targets:
                    wrong(f'{path}: there is no target {word} of "{command}"')
            part = re.search(r'run-(\w+) ARGS="?([^"]+)', run)
            if part and not is_part(*part.groups()):
                wrong(f'{path}: tests/{part.group(1)} has no "{part.group(2)}"')
    if count < 40:
        wrong(f'only {count} targets and variables were found')


def is_part(folder, text):
    """Whether text is in a test's sentence; with a colon, whether it is a suite's name."""
    if text.endswith(':'):
        pattern = re.compile(rf'SUITE\({text[:-1]}\)|\{{"{text[:-1]}",.*tests_')
    else:
        pattern = re.compile(re.escape(text), re.I)
    return any(pattern.search(read(path)) for path in files_below(f'tests/{folder}') if path.endswith('.c'))


def check_commands():
    used = set()
    for path in documents():
        for block in shell_blocks(path):
            for command in block:
                row = next((row for row in COMMANDS if re.fullmatch(row[0], command)), None)
                if row is None:
                    wrong(f'{path}: nobody says who runs "{command}"')
                used.add(row)
    if not re.search(r'make\b.* test$', read('.ci/run'), re.M):
        wrong('.ci/run does not call the test command of README.md, make test')
    for row in COMMANDS:
        if row not in used:
            wrong(f'no document gives "{row[0]}"')


# ---- the program ---------------------------------------------------------------------------------


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ''
    if what == 'code':
        code = [lines for language, lines in blocks(sys.argv[2]) if language == 'c']
        print('\n'.join(code[int(sys.argv[3]) - 1]))
    elif what == 'shell':
        print('\n'.join(shell_blocks(sys.argv[2])[int(sys.argv[3]) - 1]))
    elif 'check_' + what in globals():
        globals()['check_' + what]()
    else:
        sys.exit(__doc__)
    for message in problems:
        print(message)
    sys.exit(1 if problems else 0)


main()
