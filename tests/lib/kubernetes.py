#!/usr/bin/python3
"""Do the manifests have only fields that exist, of the right type, and fit together?

usage: kubernetes.py FOLDER

The fields are those of kmm.sigs.x-k8s.io/v1beta1, apps/v1 and v1, as far as a manifest
of ours may want them; others are a failure.
"""
import glob
import os
import re
import sys

import yaml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
failures = []


def want(condition, what):
    if not condition:
        failures.append(what)


class Map(dict):
    """Fields by name; those with '!' must be there."""


STRINGS = {'*': str}
NAMED = Map({'name!': str})
METADATA = Map({'name!': str, 'namespace': str, 'labels': STRINGS, 'annotations': STRINGS})
TLS = Map(insecure=bool, insecureSkipTLSVerify=bool)
BUILD = Map({'dockerfileConfigMap!': NAMED, 'buildArgs': [Map({'name!': str, 'value!': str})], 'secrets': [NAMED],
             'baseImageRegistryTLS': TLS, 'selector': STRINGS, 'kanikoParams': Map(tag=str)})
SIGN = Map({'keySecret!': NAMED, 'certSecret!': NAMED, 'filesToSign': [str], 'unsignedImage': str,
            'unsignedImageRegistryTLS': TLS})
MODPROBE = Map(moduleName=str, parameters=[str], dirName=str, firmwarePath=str, modulesLoadingOrder=[str],
               args=Map(load=[str], unload=[str]), rawArgs=Map(load=[str], unload=[str]))
MAPPING = Map({'containerImage': str, 'regexp': str, 'literal': str, 'build': BUILD, 'sign': SIGN,
               'registryTLS': TLS, 'inTreeModulesToRemove': [str]})
TOLERATION = Map(key=str, operator=str, value=str, effect=str, tolerationSeconds=int)
MODULE = Map({'moduleLoader': Map({
    'container!': Map({'modprobe!': MODPROBE, 'kernelMappings!': [MAPPING], 'build': BUILD, 'sign': SIGN,
                       'version': str, 'containerImage': str, 'imagePullPolicy': str, 'registryTLS': TLS,
                       'inTreeModulesToRemove': [str]}),
    'serviceAccountName': str}), 'imageRepoSecret': NAMED, 'selector!': STRINGS, 'tolerations': [TOLERATION]})
PROBE = Map(tcpSocket=Map({'port!': (str, int)}), httpGet=Map({'path!': str, 'port!': (str, int)}),
            periodSeconds=int, initialDelaySeconds=int)
CONTAINER = Map({
    'name!': str, 'image!': str, 'command': [str], 'args': [str], 'imagePullPolicy': str,
    'env': [Map({'name!': str, 'value': str, 'valueFrom': Map(fieldRef=Map({'fieldPath!': str}))})],
    'ports': [Map({'name': str, 'containerPort!': int, 'protocol': str})],
    'readinessProbe': PROBE, 'livenessProbe': PROBE,
    'securityContext': Map(runAsUser=int, allowPrivilegeEscalation=bool, readOnlyRootFilesystem=bool,
                           privileged=bool, appArmorProfile=Map({'type!': str, 'localhostProfile': str}),
                           seLinuxOptions=Map(type=str, level=str, role=str, user=str), capabilities=Map(add=[str], drop=[str])),
    'resources': Map(requests=STRINGS, limits=STRINGS),
    'volumeMounts': [Map({'name!': str, 'mountPath!': str, 'readOnly': bool})]})
VOLUME = Map({'name!': str, 'emptyDir': Map(sizeLimit=str), 'hostPath': Map({'path!': str, 'type': str})})
POD = Map({'containers!': [CONTAINER], 'nodeSelector': STRINGS, 'hostPID': bool, 'hostNetwork': bool,
           'dnsPolicy': str, 'automountServiceAccountToken': bool, 'volumes': [VOLUME], 'tolerations': [TOLERATION],
           'serviceAccountName': str})
DAEMON_SET = Map({'selector!': Map({'matchLabels!': STRINGS}),
                  'template!': Map({'metadata!': Map(labels=STRINGS, annotations=STRINGS), 'spec!': POD})})
KINDS = {
    ('v1', 'Namespace'): Map(),
    ('v1', 'ConfigMap'): Map({'data!': STRINGS}),
    ('kmm.sigs.x-k8s.io/v1beta1', 'Module'): Map({'spec!': MODULE}),
    ('apps/v1', 'DaemonSet'): Map({'spec!': DAEMON_SET}),
}


def check(value, kind, where):
    if isinstance(kind, list):
        want(isinstance(value, list) and value, '%s is no list' % where)
        for i, v in enumerate(value if isinstance(value, list) else []):
            check(v, kind[0], '%s[%d]' % (where, i))
    elif isinstance(kind, dict):
        if not isinstance(value, dict):
            want(False, '%s has no fields' % where)
            return
        fields = {k.rstrip('!'): v for k, v in kind.items()}
        for k in kind:
            want(not k.endswith('!') or k[:-1] in value, '%s has no %s' % (where, k[:-1]))
        for k, v in value.items():
            known = fields.get(k, fields.get('*'))
            want(known is not None, '%s.%s is unknown' % (where, k))
            if known is not None:
                check(v, known, '%s.%s' % (where, k))
    else:
        want(isinstance(value, kind) and not (kind is int and isinstance(value, bool)), '%s is %r' % (where, value))


def check_module(module, maps, version):
    container = module['spec']['moduleLoader']['container']
    want(container['modprobe'].get('moduleName') == 'leaktrace', 'another module')
    for m in container['kernelMappings']:
        dockerfile = maps[m['build']['dockerfileConfigMap']['name']]['dockerfile']
        want(version in m['containerImage'] and '${KERNEL_FULL_VERSION}' in m['containerImage'], 'image of a kernel')
        for kernel in ('5.10.0-30-amd64', '6.1.0-40-amd64', '6.12.9+deb13-amd64', '7.2.1-amd64'):
            want(re.match(m['regexp'], kernel), 'no mapping for ' + kernel)
        want(not re.match(m['regexp'], '5.4.0-1-amd64'), 'a mapping for a kernel that is too old')
        for arg in m['build'].get('buildArgs', []):
            want(re.search(r'^ARG %s$' % arg['name'], dockerfile, re.M), 'nobody wants ' + arg['name'])
        # where modprobe looks, by dirName's default
        want('/opt/lib/modules/${KERNEL_FULL_VERSION}' in dockerfile and 'depmod -b /opt' in dockerfile, 'place')


def check_daemon_set(d, module):
    pod = d['spec']['template']['spec']
    want(d['spec']['selector']['matchLabels'].items() <= d['spec']['template']['metadata']['labels'].items(), 'labels')
    ready = 'kmm.node.kubernetes.io/%s.%s.ready' % (module['metadata']['namespace'], module['metadata']['name'])
    want(ready in pod['nodeSelector'], 'runs where the module is not loaded')
    want(pod.get('hostPID') is True and pod.get('hostNetwork') is True, 'sees no process, or no module')
    volumes = {v['name'] for v in pod['volumes']}
    for c in pod['containers']:
        want({m['name'] for m in c['volumeMounts']} == volumes, 'volumes')
        want(all(re.fullmatch('[A-Z_]+', x) and not x.startswith('CAP_')
                 for x in c['securityContext']['capabilities']['add']), 'capabilities have no CAP_')
        want('PERFMON' in c['securityContext']['capabilities']['add'], 'may not ask the module')
        port = c['ports'][0]
        want(c['readinessProbe']['tcpSocket']['port'] == port['name'], 'probe')
        want(c['args'][:2] == ['serve', '--listen'] and c['args'][2].endswith(':%d' % port['containerPort']), 'port')


def main():
    with open(os.path.join(TOP, 'module/leaktrace.h')) as f:
        version = re.search(r'LT_VERSION "(.*)"', f.read()).group(1)
    found = {}
    for path in sorted(glob.glob(sys.argv[1] + '/*.yaml')):
        with open(path) as f:
            text = f.read()
        want(set(re.findall(r'\b\d+\.\d+\.\d+\b(?=["-]|$)', text, re.M)) <= {version}, 'another version in ' + path)
        for d in yaml.safe_load_all(text):
            kind = (d.get('apiVersion'), d.get('kind'))
            where = '%s: %s' % (os.path.basename(path), kind[1])
            want(kind in KINDS, '%s: unknown' % where)
            check(d, Map({'apiVersion!': str, 'kind!': str, 'metadata!': METADATA, **KINDS.get(kind, {})}), where)
            found.setdefault(kind[1], []).append(d)
    if not failures:
        maps = {m['metadata']['name']: m['data'] for m in found['ConfigMap']}
        module = found['Module'][0]
        check_module(module, maps, version)
        check_daemon_set(found['DaemonSet'][0], module)
        want({d['metadata']['namespace'] for k in ('Module', 'ConfigMap', 'DaemonSet') for d in found[k]} ==
             {found['Namespace'][0]['metadata']['name']}, 'namespaces')
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except (KeyError, re.error) as e:
        sys.exit('%s: %r' % (sys.argv[0], e))
