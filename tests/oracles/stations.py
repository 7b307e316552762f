"""The queue engine, slow and obvious: customers are objects, lines are lists, the next event is searched."""

from __future__ import annotations

import math

import numpy as np

from twin.engine.draws import event, make_stream
from twin.engine.stations.queue import Rules


class Customer:
    """Who comes, and what has become of it."""

    def __init__(self, id_, arrives, sort=0, stages=0, not_before=-math.inf):
        self.id, self.arrives, self.sort, self.not_before = int(id_), float(arrives), int(sort), float(not_before)
        self.stages = [stage for stage in range(1, 20) if int(stages) >> (stage - 1) & 1]
        self.join = self.called = self.out = math.nan
        self.waited, self.remain, self.server, self.reason = 0.0, None, -1, None


class Group:
    """Servers that share lines; ``number`` is that of the first."""

    def __init__(self, stage, spec, number, lines):
        self.stage, self.spec, self.number, self.lines = stage, spec, number, lines
        self.open, self.inside = 0, {}

    def length(self):
        return sum(len(line) for line in self.lines.values()) + len(self.inside)


class SlowQueue:
    """One run, event by event.

    ``laws`` gives the service time of a customer at a stage; everything else is as ``Queue`` takes it.
    """

    def __init__(self, stages, laws, rules=None):
        self.rules = rules or Rules()
        self.laws = laws
        shared = {sort: [] for sort in range(4)}
        self.groups, number = [], 0
        for index, stage in enumerate(stages):
            later = {0: []}
            for spec in stage.servers:
                if index:
                    lines = later
                elif self.rules.own_lines:
                    lines = {sort: [] for sort in spec.takes}
                else:
                    lines = {sort: shared[sort] for sort in spec.takes}
                self.groups.append(Group(index, spec, number, lines))
                number += spec.most
        self.first = [group for group in self.groups if group.stage == 0]
        self.held, self.under_way, self.closed = [], [], False
        self.gone, self.now = [], -math.inf

    # Lines ------------------------------------------------------------------------------------------

    def serving(self, line):
        return [group for group in self.groups if any(line is own for own in group.lines.values())]

    def in_line(self):
        lines = {id(line): line for group in self.first for line in group.lines.values()}
        return sum(len(line) for line in lines.values())

    def choose(self, sort):
        """Line that a customer of a sort joins at the first stage."""
        takes = [group for group in self.first if sort in group.lines]
        if not self.rules.own_lines:
            return takes[0].lines[sort]
        return min(takes, key=lambda g: (g.open == 0, g.length(), g.number)).lines[sort]

    def queue(self, customer, line):
        customer.line, customer.since = line, self.now
        for group in self.serving(line):
            if not line and len(group.inside) < group.open:
                self.start(group, customer)
                return
        line.append(customer)

    def call(self, group):
        while len(group.inside) < group.open:
            heads = [line for sort in (group.spec.takes if group.stage == 0 else (0,)) if (line := group.lines[sort])]
            if not heads:
                return
            oldest = group.stage == 0 and group.spec.oldest_first
            line = min(heads, key=lambda own: (own[0].join, own[0].id)) if oldest else heads[0]
            self.start(group, line.pop(0))

    def start(self, group, customer):
        server = min(set(range(group.spec.most)) - set(group.inside)) + group.number
        group.inside[server - group.number] = customer
        if group.stage == 0:
            customer.waited += self.now - customer.since
            customer.server = server
            if math.isnan(customer.called):
                customer.called = self.now
        length = customer.remain if customer.remain is not None else self.laws(customer, group.stage)
        customer.remain, customer.ends = None, self.now + length

    # Events -----------------------------------------------------------------------------------------

    def leave(self, customer, reason):
        customer.out, customer.reason = self.now, reason
        self.gone.append(customer)

    def arrive(self, customer):
        customer.join = customer.since = self.now
        if self.closed:
            self.leave(customer, "after_closing")
        elif self.now < customer.not_before:
            self.held.append(customer)
        else:
            line = self.choose(customer.sort)
            idle = any(len(group.inside) < group.open for group in self.serving(line))
            if not idle and self.in_line() >= self.rules.room:
                self.leave(customer, "balked")
            else:
                self.queue(customer, line)

    def end(self, group, server):
        customer = group.inside.pop(server)
        customer.stages = [stage for stage in customer.stages if stage > group.stage]
        if customer.stages:
            customer.arrives = self.now + self.rules.way_s
            self.under_way.append(customer)
        else:
            self.leave(customer, "served")
        self.call(group)
        if self.rules.jockey and group.stage == 0:
            self.jockey(group)

    def change(self, group, servers):
        group.open = servers
        if self.rules.closing == "suspend" and group.stage == 0:
            while len(group.inside) > servers:
                back = [(c.join, c.id, at) for at, c in group.inside.items() if c.ends > self.now]
                if not back:
                    break
                customer = group.inside.pop(max(back)[2])
                customer.remain, customer.since = customer.ends - self.now, self.now
                customer.line.insert(0, customer)
        self.call(group)

    def close(self):
        self.closed = True
        if self.rules.turn_away:
            lines = {sort: [] for sort in range(4)}
            for group in self.first:
                for sort, line in group.lines.items():
                    lines.setdefault(id(line), line)
                    if not self.rules.own_lines:
                        lines[sort] = line
            for line in list(lines.values()):
                while line:
                    customer = line.pop(0)
                    customer.waited += self.now - customer.since
                    self.leave(customer, "in_line_at_closing")

    def leave_shut(self):
        for group in self.first:
            if group.open:
                continue
            for sort in range(4):
                line = group.lines.get(sort, [])
                for _ in range(len(line)):
                    new = self.choose(line[0].sort)
                    if self.serving(new)[0].open == 0:
                        break
                    self.queue_from(line.pop(0), new)

    def queue_from(self, customer, line):
        """Move to another line; the wait goes on."""
        since = customer.since
        customer.line = line
        for group in self.serving(line):
            if not line and len(group.inside) < group.open:
                customer.since = since
                self.start(group, customer)
                return
        line.append(customer)

    def jockey(self, group):
        while group.open:
            at = self.first.index(group)
            best, most = None, group.length() + self.rules.jockey - 1
            for beside in (at - 1, at + 1):
                if not 0 <= beside < len(self.first) or self.first[beside].length() <= most:
                    continue
                lasts = [line[-1] for line in self.first[beside].lines.values() if line]
                last = max(lasts, key=lambda c: (c.join, c.id), default=None)
                if last is not None and last.sort in group.lines:
                    best, most = (self.first[beside], last), self.first[beside].length()
            if best is None:
                return
            other, customer = best
            customer.line.remove(customer)
            self.queue_from(customer, group.lines[customer.sort])
            group = other

    def run(self, customers):
        """Let all come and leave; ties fall by source: schedule, ends and releases, ways, arrivals."""
        schedule = [(self.rules.close_s, 1, 0, None)]
        for index, group in enumerate(self.groups):
            before = 0
            for time_s, servers in group.spec.steps:
                if servers != before:
                    schedule.append((time_s, 0, index, servers))
                before = servers
        schedule.sort(key=lambda entry: entry[:3])
        coming = sorted(customers, key=lambda c: (c.arrives, c.id))
        while coming or self.held or self.under_way or any(group.inside for group in self.groups) or schedule:
            events = [(schedule[0][0], 0, 0, 0, ("schedule",))] if schedule else []
            events += [(c.ends, 1, 1, c.id, ("end", g, at)) for g in self.groups for at, c in g.inside.items()]
            events += [(c.not_before, 1, 2, c.id, ("release", c)) for c in self.held]
            events += [(self.under_way[0].arrives, 2, 0, 0, ("come",))] if self.under_way else []
            events += [(coming[0].arrives, 3, 0, 0, ("arrive",))] if coming else []
            self.now, *_, what = min(events, key=lambda e: e[:4])
            if what[0] == "schedule":
                _, kind, index, servers = schedule.pop(0)
                if kind:
                    self.close()
                else:
                    self.change(self.groups[index], servers)
                if self.rules.own_lines and not (schedule and schedule[0][0] == self.now):
                    self.leave_shut()
                    if self.rules.jockey:
                        for group in self.first:
                            self.jockey(group)
            elif what[0] == "end":
                self.end(*what[1:])
            elif what[0] == "release":
                self.held.remove(what[1])
                what[1].waited += self.now - what[1].since
                self.queue(what[1], self.choose(what[1].sort))
            elif what[0] == "come":
                customer = self.under_way.pop(0)
                group = next(g for g in self.groups if g.stage == customer.stages[0])
                self.queue(customer, group.lines[0])
            else:
                self.arrive(coming.pop(0))
        return self.gone


def keyed(run_seed, purpose, stages, draw):
    """Service times by key, as the engine draws them: ``draw(stage, stream, id, event)``."""
    streams = [make_stream(run_seed, f"{purpose}.{stage.name}") for stage in stages]
    return lambda customer, stage: draw(stage, streams[stage], np.uint64(customer.id), event(stage, 0))
