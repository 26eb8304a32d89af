"""identity explain | review | decide | unmerge: the commands about the people of a published month."""

import argparse
import getpass
import json
from datetime import date

SHOWN = 20


def add_commands(commands) -> None:
    """Add the four commands to the sub-parsers of `identity`."""
    explain = _command(commands, "explain", "why two records (or customers) are one person, or are not", _explain)
    explain.add_argument("one", help="record (system:id), customer id or alias")
    explain.add_argument("other", nargs="?", help="another one; left out: another record of the same customer")

    review = _command(commands, "review", "the pairs that wait for people, evidence side by side", _review)
    review.add_argument("--limit", type=int, default=SHOWN, help=f"pairs shown ({SHOWN})")
    review.add_argument(
        "--values", action="store_true", help="show the contact data of both records (this screen only)"
    )

    decide = _command(commands, "decide", "say that two records are the same person, or are not", _decide)
    decide.add_argument("decision", choices=("same", "not_same"))
    decide.add_argument("record_a")
    decide.add_argument("record_b")
    _signed(decide)

    unmerge = _command(commands, "unmerge", "undo a customer's latest merge, from the next run on", _unmerge)
    unmerge.add_argument("customer", help="customer id or alias")
    unmerge.add_argument("--record", action="append", default=[], help="part this record from the others instead")
    _signed(unmerge)


def _command(commands, name: str, text: str, function) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text)
    parser.add_argument("--pipeline", default="sample")
    parser.add_argument("--month", default=None, help="YYYY-MM (the newest published one)")
    parser.set_defaults(command=function)
    return parser


def _signed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--why", required=True, help="the reason, in a few words")
    parser.add_argument("--who", default=None, help="who decides (your account's name)")
    parser.add_argument("--when", type=date.fromisoformat, default=None, help="YYYY-MM-DD (today)")


def _people(options):
    from customerbase.pipeline.resolve.published import (
        People,  # a second of imports that other commands need not wait for
    )

    return People(options.pipeline, options.month)


def _explain(options) -> int:
    people = _people(options)
    found = people.explain(options.one, options.other or options.one)
    a, b = found.records
    together = "one customer" if found.customers[0] == found.customers[1] else "two customers"
    print(f"{a} and {b}: {together} ({', '.join(dict.fromkeys(found.customers))}), as of {people.month}")
    if found.chain:
        print("\nlinks that hold them together")
        for link in found.chain:
            print(f"  {link.record_a} – {link.record_b}: {_because(link)}")
    print("\nthe two compared directly, in bits (+ one person, - two)")
    for part in found.parts:
        print(f"  {part.field:<14} {part.level:<44} {part.bits:+7.1f}")
    print(f"  {'match weight':<59} {found.weight:+7.1f}  (odds 2^{found.weight:.1f} to 1)")
    return 0


def _because(link) -> str:
    weight = f"{link.match_weight:.1f} bits" if link.match_weight is not None else "not scored"
    return f"key {link.rule}, {weight}" if link.rule else weight


def _review(options) -> int:
    people = _people(options)
    queue = people.queue(options.limit)
    total = people.db.query("select count(*) from identity_review").fetchall()[0][0]
    print(
        f"{total:,} pairs wait for review in {people.pipeline} {people.month}; {len(queue)} shown, the likeliest first"
    )
    for a, b, reason, weight, evidence in queue:
        shown = f"{weight:+.1f} bits" if weight is not None else "key only"
        print(f"\n{a}  –  {b}   {shown}, {reason}")
        if options.values:
            for field, left, right in people.side_by_side(a, b):
                if left or right:
                    print(f"  {field:<14} {_safe(left):<30} {_safe(right)}")
        else:
            for field, level in json.loads(evidence).items():
                print(f"  {field:<14} {level}")
    print("\ndecide with: python -m customerbase identity decide same|not_same RECORD RECORD --why …")
    return 0


def _safe(text: str) -> str:
    """The text as one printable line: what a file holds must not steer the terminal."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def _decide(options) -> int:
    people = _people(options)
    from customerbase.identity.decisions import Decision

    for record in (options.record_a, options.record_b):
        people.records(record)
    return _write(people, [Decision(options.decision, options.record_a, options.record_b, *_signature(options))])


def _unmerge(options) -> int:
    people = _people(options)
    who, why, when = _signature(options)
    return _write(people, people.unmerge(options.customer, apart=options.record, who=who, why=why, when=when))


def _signature(options) -> tuple[str, str, date]:
    return options.who or getpass.getuser(), options.why, options.when or date.today()  # noqa: DTZ011 - people's own day


def _write(people, decisions: list) -> int:
    path = people.decide(decisions)
    print(f"{len(decisions)} decision{'s' * (len(decisions) != 1)} added to {path}:")
    for one in decisions[:SHOWN]:
        print(f"  {one.decision} {one.record_a} {one.record_b}")
    print(f"They hold from the next run on: make report PIPELINE={people.pipeline}")
    return 0
