"""Files of customers and contacts, as large as wanted, with faults at known lines."""

import csv
import io
import random

CUSTOMERS = ["name", "number", "rank", "phone", "fax", "address", "postcode", "city", "state", "country",
             "language", "notes", "domains", "main-contact-only", "colleagues"]
CONTACTS = ["address", "other-addresses", "name", "first-name", "last-name", "job-title", "language", "notes",
            "phones", "customer", "main-contact", "opens-tickets", "confirmed", "disabled"]


def customer(i):
    return [f"Kunde {i} Müller GmbH", f"K-{i}", "gold", f"+49 89 {i}", "", f"Hauptstr. {i}\nHinterhaus" if i % 7 == 0
            else f"Hauptstr. {i}", "80331", "München", "Bayern", "DE", "de", 'sagt "ja"; meist' if i % 5 == 0 else "",
            f"kunde{i}.example *.kunde{i}.example", "no", "default"]


def contact(i):
    return [f"anna{i}@kunde{i}.example", f"a.meyer{i}@kunde{i}.example" if i % 3 == 0 else "", f"Änna Meyer {i}",
            "Änna", f"Meyer {i}", "Leiterin, IT", "de", "erste Zeile\nzweite Zeile" if i % 7 == 0 else "",
            f"+49 89 {i}-1; +49 170 {i}", f"Kunde {i} Müller GmbH" if i % 2 else f"k-{i}", "no", "yes", "yes", "no"]


def text_of(cells):
    """A row as bytes, with its line end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode()


def change(column, value, names):
    """A fault that is one cell."""
    def plant(cells, _):
        cells[names.index(column)] = value(cells) if callable(value) else value
        return text_of(cells)
    return plant


def copy(column, names):
    """The cell of the row before, which is a good one."""
    def plant(cells, before):
        cells[names.index(column)] = before[names.index(column)]
        return text_of(cells)
    return plant


def customer_faults():
    """(what the report says, how to make it): each in a row of its own. The desk knows "Da GmbH" with da.example."""
    def of(column, value):
        return change(column, value, CUSTOMERS)
    return [
        ("is no language", of("language", "nl")), ("characters; at most", of("city", "x" * 256)),
        ("a name has 1 to", of("name", "x" * 256)), ("the name is missing", of("name", "")),
        ("stands in line", copy("name", CUSTOMERS)), ("stands in line", copy("number", CUSTOMERS)),
        ("stands in line", copy("domains", CUSTOMERS)), ("free-mail", of("domains", "gmail.com")),
        ("co.uk", of("domains", "co.uk")), ("domain", of("domains", "not_a_domain..example")),
        ("belongs to the customer", of("domains", "DA.example")), ("already", of("name", "DA gmbh")),
        ("needs a main contact", of("main-contact-only", "yes")), ("is yes or no", of("main-contact-only", "maybe")),
        ("is yes or no or default", of("colleagues", "perhaps")), ("characters; at most", of("notes", "x" * 10001)),
        ("cells, the header has", lambda cells, _: text_of(cells[:-1])),
        ("cells, the header has", lambda cells, _: text_of(cells + ["more"])),
        ("NUL byte", lambda cells, _: text_of(cells).replace(b"Bayern", b"Bay\0rn")),
        ("is no UTF-8", lambda cells, _: text_of(cells).replace("München".encode(), b"M\xfcnchen")),
        ("behind a closing quotation", lambda cells, _: text_of(cells).replace(b",80331,", b',"80"331,')),
    ]


def contact_faults():
    """The desk knows the contact da@da.example and the technician ben@desk.example."""
    def of(column, value):
        return change(column, value, CONTACTS)
    return [
        ("is no address", of("address", "anna at acme")), ("the address is missing", of("address", "")),
        ("stands in line", copy("address", CONTACTS)), ("there is no customer", of("customer", "Nobody Ltd")),
        ("already", of("address", "DA@da.example")), ("of the technician", of("address", "ben@desk.example")),
        ("is no language", of("language", "klingon")), ("is yes or no", of("confirmed", "x")),
        ("is yes or no", of("disabled", "si")), ("characters; at most", of("job-title", "x" * 256)),
        ("more than 10 phones", of("phones", "; ".join(str(n) for n in range(11)))),
        ("more than 20 addresses", of("other-addresses", " ".join(f"x{n}@many.example" for n in range(21)))),
        ("domain", of("address", "anna@-bad-.example")), ("is no address", of("other-addresses", "@")),
        ("belong to several people", of("other-addresses", "da@da.example do@da.example")),
        ("a name has 1 to", of("name", "x" * 256)),
        ("cells, the header has", lambda cells, _: text_of(cells[:3])),
        ("NUL byte", lambda cells, _: text_of(cells).replace(b"Leiterin", b"Leit\0rin")),
        ("is no UTF-8", lambda cells, _: text_of(cells).replace("Änna".encode(), b"\xc4nna", 1)),
    ]


def write(path, names, make, count, faults=(), planted=0, seed=4):
    """Write count rows; {line: what its fault says} of those planted, each kind at least once."""
    chance = random.Random(seed)
    # rows apart from each other, so that a copy of the row before is a copy of a good one
    places = dict(zip(sorted(chance.sample(range(1, count // 3), planted), key=lambda _: chance.random()),
                      (faults[i % len(faults)] for i in range(planted)))) if planted else {}
    line, wrong = 2, {}
    with open(path, "wb") as file:
        file.write(b"\xef\xbb\xbf" + text_of(names))
        for i in range(count):
            text = text_of(make(i))
            if i % 3 == 0 and i // 3 in places:
                says, plant = places[i // 3]
                text = plant(make(i), make(i - 1))
                wrong[line] = says
            file.write(text)
            line += text.count(b"\n")
    return wrong
