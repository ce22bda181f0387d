"""mutate - the mutants of a C file: small changes that its tests should notice

    mutants(text, enums, plain) -> [Mutant]      plain: the text without comments and strings kept

What is changed, in functions (but not in *_name functions, which only name things):
  - each condition of if, while, for and ?:, each bool that is returned or kept, and each operand of a && or ||
    in them is negated; each operand is dropped
  - < and <= (> and >=) change places; + and - change places
  - a number grows by one; true and false change places; an enumerator that is returned, compared or kept
    becomes its neighbour; a word that is compared gets a letter more
  - a statement (assignment, call, break, continue) is left out
and in tables ("static const struct x NAME[] = {"):
  - each row is removed; each designated condition of a row is removed; each enumerator is taken out of a condition that
    names several; what stands at a row's beginning (an enumerator, or NOT_HELD(NOTE)) becomes another of its kind
  - the same for a macro that stands for conditions ("#define BY_ITSELF .released = NO")

It reads C as the house writes it (clang-format; a function's braces in the first column), no other. The texts that
people read (plan_say, err_set, a row's reason) are not changed: they decide nothing.
"""

import dataclasses
import re

from source import COMMENT_OR_STRING, line_of, without_comments

TOKEN = re.compile(r"""
    "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | [A-Za-z_]\w* | \d\w* | ->|\+\+|--|<<=|>>=|<<|>>|&&|\|\||[=!<>+\-*/%&|^]=
    | \S""", re.X)
TELLING = {"plan_say", "err_set", "err_wrap", "assert", "decision_say", "plan_tell"}
COMPARING = {"strcmp", "strncmp", "g_ascii_strcasecmp", "g_ascii_strncasecmp", "g_str_has_prefix",
             "g_str_has_suffix", "strchr", "strstr", "is_domain", "authres_property", "g_strcmp0", "g_str_equal"}
RELATIONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


@dataclasses.dataclass(frozen=True)
class Mutant:
    start: int  # of the text that is replaced
    end: int
    text: str
    place: str  # function or table
    what: str

    def apply(self, source):
        return source[:self.start] + self.text + source[self.end:]


@dataclasses.dataclass(frozen=True)
class Token:
    text: str
    start: int
    end: int


def squeeze(text, limit=70):
    text = " ".join(text.split())
    return text if len(text) <= limit else text[:limit - 1] + "…"


def enums_of(texts):
    """{enumerator: its neighbour} of all enums in the texts."""
    neighbours = {}
    for text in texts:
        for body in re.findall(r"\benum\s+\w*\s*\{(.*?)\}", without_comments(text), re.S):
            names = re.findall(r"\b([A-Z][A-Z0-9_]+)\b\s*(?:=[^,]*)?(?:,|\s*$)", body)
            for i, name in enumerate(names):
                if len(names) > 1:
                    neighbours[name] = names[(i + 1) % len(names)]
    return neighbours


def tokens_of(code, start, end):
    return [Token(m.group(), m.start(), m.end()) for m in TOKEN.finditer(code, start, end)]


def partner(tokens, at):
    """The index of the bracket that closes the one at this index."""
    depth = 0
    for i in range(at, len(tokens)):
        depth += tokens[i].text in ("(", "[", "{")
        depth -= tokens[i].text in (")", "]", "}")
        if depth == 0:
            return i
    raise ValueError(f"unbalanced {tokens[at].text}")


def split_at(tokens, separator):
    """Groups of tokens between the separators that stand in no bracket."""
    groups, depth = [[]], 0
    for token in tokens:
        depth += token.text in ("(", "[", "{")
        depth -= token.text in (")", "]", "}")
        if depth == 0 and token.text == separator:
            groups.append([])
        else:
            groups[-1].append(token)
    return [group for group in groups if group]


class Functions:
    """The mutants of one function's body."""

    def __init__(self, source, code, name, start, end, enums):
        self.source, self.code, self.name, self.enums = source, code, name, enums
        self.tokens = tokens_of(code, start, end)
        self.found = []

    def add(self, start, end, text, what):
        self.found.append(Mutant(start, end, text, self.name, what))

    def span(self, tokens):
        return self.source[tokens[0].start:tokens[-1].end]

    # ---- conditions -------------------------------------------------------------------------

    def condition(self, tokens):
        """Negated, and taken apart."""
        if not tokens:
            return
        self.negate(tokens)
        self.take_apart(tokens)

    def negate(self, tokens):
        text = self.span(tokens)
        self.add(tokens[0].start, tokens[-1].end, f"!({text})", f"not ({squeeze(text)})")

    def take_apart(self, tokens):
        while tokens and tokens[0].text == "(" and partner(tokens, 0) == len(tokens) - 1:
            tokens = tokens[1:-1]
        for operator in ("||", "&&"):
            operands = split_at(tokens, operator)
            if len(operands) < 2:
                continue
            for i, operand in enumerate(operands):
                rest = f" {operator} ".join(self.span(o) for j, o in enumerate(operands) if j != i)
                self.add(tokens[0].start, tokens[-1].end, f"({rest})",
                         f"without {squeeze(self.span(operand))} in {squeeze(self.span(tokens))}")
                self.negate(operand)
                self.take_apart(operand)
            return
        self.look_into_brackets(tokens)

    def look_into_brackets(self, tokens):
        for i, token in enumerate(tokens):
            if token.text == "(" and any(t.text in ("&&", "||") for t in tokens[i:partner(tokens, i)]):
                self.take_apart(tokens[i + 1:partner(tokens, i)])
                return

    def conditions(self):
        tokens = self.tokens
        for i, token in enumerate(tokens):
            if token.text in ("if", "while", "switch") and tokens[i + 1].text == "(":
                if token.text != "switch":
                    self.condition(tokens[i + 2:partner(tokens, i + 1)])
            elif token.text == "for":
                parts = split_at(tokens[i + 2:partner(tokens, i + 1)], ";")
                if len(parts) > 1:
                    self.take_apart(parts[1])
            elif token.text == "?":
                self.condition(self.before_question(i))
            elif token.text in ("return", "|=", "&=") or (token.text == "=" and self.is_bool(i)):
                value = self.until(i + 1, ";,")
                if any(t.text in ("&&", "||", "==", "!=", "!", "<", ">", "<=", ">=") for t in value) and \
                        not any(t.text in ("?", "{") for t in value):
                    self.condition(value)

    def is_bool(self, at):
        return any(t.text == "bool" for t in self.tokens[max(0, at - 3):at]) or \
            self.tokens[at - 1].text.startswith(("is_", "has_"))

    def until(self, at, ends):
        found, depth = [], 0
        for token in self.tokens[at:]:
            if depth == 0 and token.text in ends:
                break
            depth += token.text in ("(", "[", "{")
            depth -= token.text in (")", "]", "}")
            if depth < 0:
                break
            found.append(token)
        return found

    def before_question(self, at):
        depth, begin = 0, at
        for i in range(at - 1, -1, -1):
            text = self.tokens[i].text
            depth += text in (")", "]", "}")
            depth -= text in ("(", "[", "{")
            if depth < 0 or (depth == 0 and text in ("=", ",", ";", "return", ":", "?")):
                break
            begin = i
        return self.tokens[begin:at]

    # ---- words ------------------------------------------------------------------------------

    def words(self):
        for i, token in enumerate(self.tokens):
            before = self.tokens[i - 1].text if i else ""
            if self.call_of(i) & TELLING or self.in_for_header(i):
                continue
            context = squeeze(self.line(token), 60)
            if token.text in RELATIONS:
                self.replace(token, RELATIONS[token.text], context)
            elif token.text in ("+", "-") and self.is_operand(before):
                self.replace(token, "-" if token.text == "+" else "+", context)
            elif token.text in ("true", "false"):
                self.replace(token, "false" if token.text == "true" else "true", context)
            elif re.fullmatch(r"\d+", token.text):
                self.replace(token, str(int(token.text) + 1), context)
            elif token.text in self.enums and before != "case" and self.tokens[i + 1].text != ":":
                self.replace(token, self.enums[token.text], context)
            elif token.text[0] == '"' and self.call_of(i) & COMPARING:
                self.replace(token, token.text[:-1] + 'x"', context)

    def replace(self, token, text, context):
        self.add(token.start, token.end, text, f"{text} for {token.text} in {context}")

    @staticmethod
    def is_operand(text):
        return bool(re.match(r"[\w)\]\"']", text)) and text != "return"

    def line(self, token):
        return self.source[self.source.rfind("\n", 0, token.start) + 1:self.source.find("\n", token.end)]

    def call_of(self, at):
        """The names of the calls in whose brackets a token stands, up to its statement."""
        names, depth = set(), 0
        for i in range(at - 1, -1, -1):
            text = self.tokens[i].text
            if text in (";", "{", "}"):
                break
            depth += text == ")"
            depth -= text == "("
            if text == "(" and depth < 0:
                depth = 0
                names.add(self.tokens[i - 1].text)
        return names

    def in_for_header(self, at):
        for i in range(at, -1, -1):
            if self.tokens[i].text == "for" and self.tokens[i + 1].text == "(":
                return partner(self.tokens, i + 1) > at
            if self.tokens[i].text in ("{", "}"):
                return False
        return False

    # ---- statements -------------------------------------------------------------------------

    def statements(self):
        begin, depth = 0, 0
        for i, token in enumerate(self.tokens):
            depth += (token.text == "(") - (token.text == ")")
            if token.text in ("{", "}", ":"):
                begin = i + 1
            elif token.text == ";" and depth == 0:  # not in the head of a for
                statement, begin = self.tokens[begin:i], i + 1
                if self.may_go(statement):
                    self.add(statement[0].start, statement[-1].end, "",
                             f"no {squeeze(self.span(statement))}")

    @staticmethod
    def may_go(statement):
        if not statement or statement[0].text in TELLING | {"return", "for", "if", "while", "("}:
            return False
        words = [token.text for token in statement]
        if words[0] in ("break", "continue"):
            return True
        is_declaration = len(words) > 1 and re.match(r"[A-Za-z_]", words[0]) and \
            re.match(r"[A-Za-z_*]", words[1])
        return not is_declaration and ("=" in words or "(" in words or "++" in words or
                                       any(re.fullmatch(r"[+|&-]=", word) for word in words))

    def all(self):
        self.conditions()
        self.words()
        self.statements()
        return self.found


class Tables:
    """The mutants of one table's rows."""

    def __init__(self, source, code, name, start, end, enums, has_sets):
        self.source, self.name, self.enums, self.has_sets = source, name, enums, has_sets
        self.tokens = tokens_of(code, start, end)
        self.found, self.titles = [], {}

    def add(self, start, end, text, what):
        self.found.append(Mutant(start, end, text, self.name, what))

    def rows(self):
        """[(tokens of a row, the index behind it in the source, with its comma)]"""
        for group in split_at(self.tokens[1:-1], ","):
            yield group

    def title(self, row):
        strings = [token.text for token in row if token.text[0] == '"']
        title = squeeze(strings[0].strip('"') if strings else self.source[row[0].start:row[-1].end], 80)
        self.titles[title] = self.titles.get(title, 0) + 1
        return title if self.titles[title] == 1 else f"{title} #{self.titles[title]}"

    def without(self, tokens, what):
        """Removed with the comma behind it."""
        rest = re.compile(r"\s*,").match(self.source, tokens[-1].end)
        self.add(tokens[0].start, rest.end() if rest else tokens[-1].end, "", what)

    def all(self):
        for row in self.rows():
            title = self.title(row)
            self.without(row, f'no row "{title}"')
            if row[0].text == "{":
                self.elements(split_at(row[1:-1], ","), title)
        return self.found

    def elements(self, elements, title):
        first = elements[0][0]
        if len(elements[0]) == 1 and first.text in self.enums:
            self.add(first.start, first.end, self.enums[first.text],
                     f'{self.enums[first.text]} for {first.text} in row "{title}"')
        self.other_argument(elements[0], title)
        for element in elements:
            text = self.source[element[0].start:element[-1].end]
            is_macro = len(element) == 1 and re.fullmatch(r"[A-Z][A-Z_]+", text) and text not in self.enums
            if element[0].text == "." or (is_macro and element is not elements[0]):
                self.without(element, f'without {squeeze(text)} in row "{title}"')
            if element[0].text == ".":
                value = [t for t in element if t.start > next(x.start for x in element if x.text == "=")]
                self.narrow(value, f'in row "{title}"', squeeze(text))

    def other_argument(self, element, title):
        """What a row gives may stand in a macro: NOT_HELD(NOTE). It becomes what stands in another row's."""
        if len(element) != 4 or element[1].text != "(":
            return
        macro, argument = element[0].text, element[2]
        used = [self.tokens[i + 2].text for i, token in enumerate(self.tokens)
                if token.text == macro and self.tokens[i + 1].text == "("]
        others = list(dict.fromkeys(used))
        other = others[(others.index(argument.text) + 1) % len(others)]
        if other != argument.text:
            self.add(argument.start, argument.end, other, f'{other} for {argument.text} in row "{title}"')

    def narrow(self, value, where, shown):
        names = [token.text for token in value if token.text in self.enums]
        if not self.has_sets or len(names) < 2:
            return
        text = self.source[value[0].start:value[-1].end]
        for name in names:
            self.add(value[0].start, value[-1].end, f"(({text}) & ~IS({name}))",
                     f"no {name} in {shown} {where}")


def macros(source, code, enums, has_sets):
    """Macros without parameters that stand for conditions or for several enumerators."""
    found = []
    for match in re.finditer(r"^#define ([A-Z_]+)[ \t]+(\S.*)$", code, re.M):
        name, body = match.group(1), match.group(2).strip()
        start = match.start(2)
        names = [word for word in re.findall(r"\w+", body) if word in enums]
        if body.startswith("."):
            found.append(Mutant(start, start + len(body), "", name, f"nothing for {name}"))
        if has_sets and len(names) > 1:
            value = start + (body.index("=") + 1 if body.startswith(".") else 0)
            text = source[value:start + len(body)]
            found += [Mutant(value, start + len(body), f"(({text.strip()}) & ~IS({word}))", name,
                             f"no {word} in {name}") for word in names]
    return found


def mutants(source, enums):
    code = without_comments(source)  # strings stay
    has_sets = re.search(r"^#define IS\(", code, re.M) is not None
    found = macros(source, code, enums, has_sets)
    for match in re.finditer(r"^(?:static )?const (?:struct \w+|char \*const) (\w+)\[\] = (\{)", code, re.M):
        end = code.index("\n};", match.start(2)) + 2 if "\n};" in code[match.start(2):] else 0
        found += Tables(source, code, match.group(1), match.start(2), end, enums, has_sets).all()
    for match in re.finditer(r"^\{$", code, re.M):
        name = re.findall(r"(\w+)\(", code[code.rfind("\n\n", 0, match.start()):match.start()])
        if name and not name[0].endswith("_name"):
            end = code.index("\n}", match.start()) + 2
            found += Functions(source, code, name[0], match.start(), end, enums).all()
    return unique(found)


def unique(found):
    """Each change once, each with a name of its own."""
    changes, names, kept = set(), {}, []
    for mutant in found:
        change = (mutant.start, mutant.end, mutant.text)
        if change in changes:
            continue
        changes.add(change)
        name = (mutant.place, mutant.what)
        names[name] = names.get(name, 0) + 1
        what = mutant.what if names[name] == 1 else f"{mutant.what} #{names[name]}"
        kept.append(dataclasses.replace(mutant, what=what))
    return kept
