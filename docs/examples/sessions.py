#!/usr/bin/python3
# An example for docs/objects.md: a server that remembers every user, and forgets one
# in a hundred.
import time


class Session:
    def __init__(self, user):
        self.user = user
        self.requests = [user]


class Request:
    def __init__(self, number):
        self.number = number


class Server:
    def __init__(self):
        self.sessions = {}

    def answer(self, request):
        user = 'user%d' % request.number
        self.sessions[user] = Session(user)
        if request.number % 100 == 0:
            del self.sessions[user]


server = Server()
number = 0
while True:
    for number in range(number + 1, number + 101):
        server.answer(Request(number))
    time.sleep(0.02)
