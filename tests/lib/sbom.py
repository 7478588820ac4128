#!/usr/bin/python3
"""Is an SBOM what SPDX 2.3 says it has to be, and what was built?

usage: sbom.py FILE TREE
"""
import hashlib
import json
import os
import re
import subprocess
import sys

HEX = {'SHA1': 40, 'SHA256': 64}
# of the specification's list, those that are of use here
RELATIONSHIPS = {'DESCRIBES', 'CONTAINS', 'DYNAMIC_LINK', 'STATIC_LINK', 'OPTIONAL_DEPENDENCY_OF',
                 'BUILD_TOOL_OF', 'BUILD_DEPENDENCY_OF'}
LICENCE = re.compile(r'[\w.+-]+( WITH [\w-]+)?|\(\(GPL-2\.0-only WITH Linux-syscall-note\) OR BSD-3-Clause\)')
failures = []


def want(condition, what):
    if not condition:
        failures.append(what)


def check_element(e, required):
    ident = e.get('SPDXID', '')
    want(re.fullmatch(r'SPDXRef-[A-Za-z0-9.-]+', ident), 'bad SPDXID ' + ident)
    for key in required:
        want(key in e, '%s has no %s' % (ident, key))
    for c in e.get('checksums', []):
        want(re.fullmatch('[0-9a-f]{%d}' % HEX[c['algorithm']], c['checksumValue']), '%s: bad checksum' % ident)
    want(LICENCE.fullmatch(e.get('licenseConcluded', '')), '%s: licence %s' % (ident, e.get('licenseConcluded')))


def check_form(d):
    want(d['spdxVersion'] == 'SPDX-2.3' and d['dataLicense'] == 'CC0-1.0', 'version or licence of the document')
    want(d['SPDXID'] == 'SPDXRef-DOCUMENT' and d['name'], 'name of the document')
    want(re.fullmatch(r'https://[^#\s]+', d['documentNamespace']), 'namespace')
    want(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', d['creationInfo']['created']), 'time')
    want(all(re.match('(Tool|Person|Organization): .', c) for c in d['creationInfo']['creators']), 'creators')
    for p in d['packages']:
        check_element(p, ['name', 'versionInfo', 'downloadLocation', 'filesAnalyzed', 'licenseDeclared',
                          'copyrightText'])
        want(p['filesAnalyzed'] == ('packageVerificationCode' in p), p['name'] + ': verification code')
        for r in p.get('externalRefs', []):
            want(re.fullmatch(r'pkg:deb/debian/[a-z0-9.+-]+@[\w.~%+-]+\?arch=\w+', r['referenceLocator']),
                 'purl ' + r['referenceLocator'])
    for f in d['files']:
        check_element(f, ['fileName', 'checksums', 'copyrightText', 'licenseInfoInFiles'])
    ids = [e['SPDXID'] for e in [d, *d['packages'], *d['files']]]
    want(len(ids) == len(set(ids)), 'an SPDXID is there twice')
    for r in d['relationships']:
        want(r['relationshipType'] in RELATIONSHIPS, 'relationship ' + r['relationshipType'])
        want(r['spdxElementId'] in ids and r['relatedSpdxElement'] in ids, 'nobody there: %s' % r)


def check_codes(d):
    """The specification's sum over the sums of a package's files."""
    sha1 = {f['SPDXID']: f['checksums'][0]['checksumValue'] for f in d['files']}
    for p in d['packages']:
        if p['filesAnalyzed']:
            files = [r['relatedSpdxElement'] for r in d['relationships']
                     if r['relationshipType'] == 'CONTAINS' and r['spdxElementId'] == p['SPDXID']]
            code = hashlib.sha1(''.join(sorted(sha1[f] for f in files)).encode()).hexdigest()
            want(p['packageVerificationCode']['packageVerificationCodeValue'] == code, p['name'] + ': wrong code')


def check_truth(d, tree):
    names = {f['fileName'][2:] for f in d['files']}
    for f in d['files']:
        with open(os.path.join(tree, f['fileName']), 'rb') as content:
            want(hashlib.sha256(content.read()).hexdigest() == f['checksums'][1]['checksumValue'],
                 f['fileName'] + ' is another one')
    # every object that was linked is of a file that is there
    for folder, _, files in os.walk(os.path.join(tree, 'userland/build')):
        for o in files:
            if o.endswith('.o'):
                stem = os.path.relpath(os.path.join(folder, o[:-2]), os.path.join(tree, 'userland/build'))
                want('userland/%s.c' % stem in names or 'userland/%s.S' % stem in names, 'no file of %s.o' % stem)
    want('module/main.c' in names and 'Kbuild' in names, 'no source of the module')
    program = os.path.join(tree, 'userland/leaktrace')
    needed = re.findall(r'NEEDED.*\[lib([a-z]+)[^\]]*\]', subprocess.run(
        ['readelf', '-d', program], capture_output=True, text=True, check=True).stdout)
    by_id = {p['SPDXID']: p['name'] for p in d['packages']}
    linked = {by_id[r['relatedSpdxElement']] for r in d['relationships'] if r['relationshipType'] == 'DYNAMIC_LINK'}
    for library in set(needed) - {'m', 'z'}:        # libm is libc6's, libz zlib1g's
        want(any(n.startswith('lib' + library) for n in linked), 'no package of lib%s' % library)
    with open(program, 'rb') as content:
        own = hashlib.sha256(content.read()).hexdigest()
    want(any(c['checksumValue'] == own for p in d['packages'] for c in p.get('checksums', [])), 'program')
    for kind in ('STATIC_LINK', 'OPTIONAL_DEPENDENCY_OF', 'BUILD_TOOL_OF', 'BUILD_DEPENDENCY_OF'):
        want(any(r['relationshipType'] == kind for r in d['relationships']), 'no ' + kind)


def main():
    with open(sys.argv[1]) as f:
        document = json.load(f)
    check_form(document)
    check_codes(document)
    check_truth(document, sys.argv[2])
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
