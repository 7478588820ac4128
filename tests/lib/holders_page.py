#!/usr/bin/env python3
"""Whether a page of 'leaktrace go --holders' is well-formed and runs nothing.

usage: holders_page.py FILE TITLE NAME    TITLE is a heading, NAME some branch's
"""
import sys
from html.parser import HTMLParser

ALLOWED = {"html", "head", "meta", "style", "title", "body", "h1", "p", "details", "summary", "b", "i", "code"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.text = [], {}

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, tag
        assert tag in ("meta", "html") or not attrs, attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        if self.open:
            self.text.setdefault(self.open[-1], []).append(data)


path, title, name = sys.argv[1:]
page = Page()
with open(path, encoding="utf-8") as file:
    markup = file.read()
page.feed(markup)
page.close()
assert "default-src 'none'" in markup
assert not page.open, page.open
assert any(title in text for text in page.text["h1"]), page.text["h1"]
assert name in page.text["code"], "no such branch"
