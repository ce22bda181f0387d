"""Long texts: at most 65,536 characters in a comment, all of them in a file beside it (DESIGN 7)."""

from harness import mail as post
from harness.case import DeskCase
from harness.mail import Mail

BORDER = 65536
FAMILY = "\U0001F468\u200d\U0001F469\u200d\U0001F467\u200d\U0001F466"
ACCENTS = "e\u0301\u0302\u0323"
JAMO = "\u1112\u1161\u11ab"
FLAG = "\U0001F1E9\U0001F1EA"
LINE = 60


def lines(count):
    """A text of so many characters: lines that nobody has to fold."""
    text = ("x" * (LINE - 1) + "\n") * (count // LINE + 1)
    return text[:count - 1] + "z"


class LongTexts(DeskCase):
    def file_of(self, comment):
        """[(name, type, bytes)] of a comment's attachments, by position."""
        rows = self.desk.rows(
            "select a.name, a.type, string_agg(encode(c.chunk, 'hex'), '' order by c.position) as hex"
            " from attachment a join blob_chunk c using (sha256) where a.comment = :'v1'"
            " group by a.position, a.name, a.type order by a.position", comment)
        return [(row["name"], row["type"], bytes.fromhex(row["hex"])) for row in rows]

    def filed(self, text, **fields):
        """(the comment's text, its files) of a new ticket"""
        row = self.send(Mail(sender=self.person(), to=self.desk.address, subject="long", text=text,
                             **fields))
        self.assertEqual(row["outcome"], "new", row)
        (comment,) = self.comments(row["ticket"])
        return comment["body"], self.file_of(row["comment"])

    def check_whole(self, text, files):
        self.assertEqual([(name, kind) for name, kind, _ in files],
                         [("whole-text.txt", "text/plain; charset=utf-8")])
        self.assertEqual(files[0][2].decode(), text)

    def test_what_fits_stays_as_it_is(self):
        for count in (BORDER - 1, BORDER):
            with self.subTest(characters=count):
                text = lines(count)
                self.assertEqual(self.filed(text), (text, []))

    def test_one_more_is_cut_and_the_whole_is_a_file(self):
        text = lines(BORDER + 1)
        body, files = self.filed(text)
        self.assertEqual(body, text[:BORDER - 1] + "…")
        self.check_whole(text, files)

    def test_a_megabyte_is_a_file_beside_its_beginning(self):
        text = lines(1_048_576)
        body, files = self.filed(text)
        self.assertEqual((len(body), body[-1]), (BORDER, "…"))
        self.check_whole(text, files)

    def test_no_character_that_people_see_is_cut_in_two(self):
        for cluster in (FAMILY, ACCENTS, JAMO, FLAG):
            with self.subTest(cluster=cluster):
                head = lines(BORDER - 2)
                text = head + cluster + "\nand more\nand more"
                body, files = self.filed(text)
                self.assertEqual(body, head + "…")
                self.check_whole(text, files)

    def test_more_than_the_parser_hands_over_as_one_is_whole_too(self):
        text = lines(3_000_000)
        body, files = self.filed(text)
        self.assertEqual(body, text[:BORDER - 1] + "…")
        self.check_whole(text, files)

    def test_the_file_stands_behind_the_mails_own(self):
        text = lines(BORDER + 1)
        body, files = self.filed(text, attachments=[("a.bin", "application/octet-stream", b"\0\1")])
        self.assertEqual(body[-1], "…")
        self.assertEqual([name for name, _, _ in files], ["a.bin", "whole-text.txt"])
        self.check_whole(text, files[1:])

    def test_technicians_get_the_whole_with_the_notice(self):
        self.settle()  # or the notice of another test is taken for this one
        ben = self.box("ben@desk.example")
        text = lines(BORDER + 1)
        self.filed(text)
        notice, _ = ben.next("the notice")
        (part,) = notice.iter_attachments()
        self.assertEqual(part.get_filename(), "whole-text.txt")
        self.assertEqual(part.get_content_charset(), "utf-8")
        self.assertEqual(part.get_content().replace("\r\n", "\n"), text)
