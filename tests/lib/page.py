#!/usr/bin/python3
"""Looks at an HTML file as headless Chromium shows it.

usage: page.py FILE [--width N] [--dark] [--every-way] [--full] [--at SELECTOR] [--png FILE]
               [--click SELECTOR] [--type SELECTOR TEXT] [--eval EXPRESSION]

Prints one JSON object a look, of which there are four with --every-way (1280 and
390 pixels wide, light and dark): what the console said, what was asked of the network,
whether the page is wider than its window, and what EXPRESSION gave. Speaks the
DevTools protocol over a pipe, so that nothing listens on any port.
"""
import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile


class Chromium:
    def __init__(self, profile):
        to_r, self.to = os.pipe()
        self.of, of_w = os.pipe()

        def pipes():
            # the browser reads from 3 and writes to 4
            a, b = os.dup(to_r), os.dup(of_w)
            os.dup2(a, 3)
            os.dup2(b, 4)

        flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run',
                 '--disable-dev-shm-usage', '--disable-extensions', '--disable-background-networking',
                 '--remote-debugging-pipe', '--user-data-dir=' + profile]
        self.process = subprocess.Popen(['chromium'] + flags + ['about:blank'], preexec_fn=pipes,
                                        close_fds=False, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_r)
        os.close(of_w)
        self.rest, self.last, self.session, self.events = b'', 0, None, []

    def message(self):
        while b'\0' not in self.rest:
            got = os.read(self.of, 1 << 16)
            if not got:
                sys.exit('page.py: chromium ended')
            self.rest += got
        one, self.rest = self.rest.split(b'\0', 1)
        return json.loads(one)

    def call(self, method, **params):
        self.last += 1
        request = {'id': self.last, 'method': method, 'params': params}
        if self.session:
            request['sessionId'] = self.session
        os.write(self.to, json.dumps(request).encode() + b'\0')
        while True:
            m = self.message()
            if m.get('id') == self.last:
                if 'error' in m:
                    sys.exit('page.py: %s: %s' % (method, m['error'].get('message')))
                return m['result']
            self.events.append(m)

    def until(self, method):
        while not any(m.get('method') == method for m in self.events):
            self.events.append(self.message())

    def evaluate(self, expression):
        r = self.call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in r:
            sys.exit('page.py: %s: %s' % (expression, r['exceptionDetails'].get('text')))
        return r['result'].get('value')

    def close(self):
        self.process.terminate()
        self.process.wait()


def complaints(events):
    """What a page may not do: throw, complain, or ask for anything but itself."""
    console, network = [], []
    blocked = {m['params']['requestId'] for m in events
               if m.get('method') == 'Network.loadingFailed' and m['params'].get('blockedReason')}
    for m in events:
        p = m.get('params', {})
        if m.get('method') == 'Runtime.exceptionThrown':
            console.append(p['exceptionDetails'].get('exception', {}).get('description') or 'exception')
        elif m.get('method') == 'Runtime.consoleAPICalled':
            console.append('%s: %s' % (p['type'], [a.get('value') for a in p['args']]))
        elif m.get('method') == 'Log.entryAdded':
            console.append(p['entry']['text'])
        elif m.get('method') == 'Network.requestWillBeSent' and p['requestId'] not in blocked \
                and not p['request']['url'].startswith('data:'):
            network.append(p['request']['url'])
        elif m.get('method') == 'Page.javascriptDialogOpening':
            console.append('dialog: ' + p['message'])
    return console, network


def look(browser, o):
    browser.session, browser.events = None, []
    url = o.file if ':' in o.file else 'file://' + os.path.abspath(o.file)
    target = browser.call('Target.createTarget', url='about:blank')['targetId']
    browser.session = browser.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
    for domain in ('Page', 'Runtime', 'Log', 'Network'):
        browser.call(domain + '.enable')
    browser.call('Emulation.setDeviceMetricsOverride', width=o.width, height=o.height,
                 deviceScaleFactor=1, mobile=o.width < 600)
    browser.call('Emulation.setEmulatedMedia', features=[
        {'name': 'prefers-color-scheme', 'value': 'dark' if o.dark else 'light'}])
    browser.call('Page.navigate', url=url)
    browser.until('Page.loadEventFired')
    if o.click:
        browser.evaluate('document.querySelector(%s).click()' % json.dumps(o.click))
    if o.type:
        browser.evaluate('(e => { e.value = %s; e.dispatchEvent(new Event("input", {bubbles: true})); })'
                         '(document.querySelector(%s))' % (json.dumps(o.type[1]), json.dumps(o.type[0])))
    answer = {'title': browser.evaluate('document.title'),
              'too_wide': browser.evaluate('document.documentElement.scrollWidth > innerWidth')}
    if o.eval:
        answer['value'] = browser.evaluate(o.eval)
    if o.at:
        browser.evaluate('document.querySelector(%s).scrollIntoView()' % json.dumps(o.at))
    if o.png:
        png = browser.call('Page.captureScreenshot', captureBeyondViewport=o.full)
        with open(o.png, 'wb') as f:
            f.write(base64.b64decode(png['data']))
    answer['console'], requests = complaints(browser.events)
    answer['network'] = [r for r in requests if r != url]
    return answer


def main():
    p = argparse.ArgumentParser()
    p.add_argument('file')
    p.add_argument('--width', type=int, default=1280)
    p.add_argument('--height', type=int, default=900)
    p.add_argument('--dark', action='store_true')
    p.add_argument('--full', action='store_true')
    p.add_argument('--png')
    p.add_argument('--at', help='a selector to scroll to')
    p.add_argument('--click')
    p.add_argument('--type', nargs=2)
    p.add_argument('--eval')
    p.add_argument('--every-way', action='store_true')
    o = p.parse_args()
    ways = [(w, d) for w in (1280, 390) for d in (False, True)] if o.every_way else [(o.width, o.dark)]
    with tempfile.TemporaryDirectory(prefix='page.', ignore_cleanup_errors=True) as profile:
        browser = Chromium(profile)
        try:
            for o.width, o.dark in ways:
                print(json.dumps(dict(look(browser, o), width=o.width, dark=o.dark)))
        finally:
            browser.close()


main()
