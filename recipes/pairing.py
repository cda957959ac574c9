"""What benchmarks compare with each other: a Rust function with its twin in pure Python, or with the
libraries beside it.

By this order: members of a benchmark group, the values of one parameter, names that differ in one word.
One side has to be the project's own, by a word for Rust or by the project's name.
"""

import re

PURE = {"pure", "python", "py", "purepython", "baseline", "reference"}
RUST = {"rust", "rs", "native", "ours"}


class Compared:
    """One of the project's own benchmarks, and those it is compared with, by name."""

    def __init__(self, name, ours, others, group=None):
        self.name, self.ours, self.others, self.group = name, ours, others, group

    def times(self, label):
        """How often the project's own fits into another; None if there is no other."""
        other = self.others.get(label)
        mine = self.ours["stats"]["median"] if self.ours else 0
        return other["stats"]["median"] / mine if other and mine else None


def words(name):
    """The words of a name, and the text between them."""
    return re.split(r"([_\-\[\].:, ]+)", name)


def without(parts, at):
    """A name without one of its words."""
    text = "".join([*parts[:at], *parts[at + 1 :]])
    text = re.sub(r"[_\-]+(?=[_\-\[\]]|$)|(?<=\[)[_\-]+", "", text).replace("[]", "")
    return re.sub(r"_{2,}", "_", text).strip("_-")


def short(result):
    """A benchmark's name, and its file."""
    file, _, name = result["fullname"].rpartition("::")
    return file, name


def sides(result, own):
    """For each word of a name: which side it is, the word, and what is left without it."""
    file, name = short(result)
    parts = words(name)
    scope = ("group", result["group"]) if result.get("group") else ("file", file)
    for at, word in enumerate(parts):
        lower = word.lower()
        if at % 2 or not word:
            continue
        if lower in PURE:
            yield "pure", word, (scope, without(parts, at))
        elif lower in RUST or lower in own or lower.replace("_", "-") in own:
            yield "own", word, (scope, without(parts, at))
        else:
            yield "other", word, (scope, without(parts, at))
    for value in several_words(name):
        before, _, after = name.rpartition(value)
        yield "other", value, (scope, without([before, value, after], 1))
    # names of several words, as of a distribution
    for name_of in sorted(own, key=len, reverse=True):
        many = re.sub(r"[-_]", "[-_]", name_of)
        if "-" in name_of or "_" in name_of:
            left = re.sub(rf"(?<![A-Za-z0-9]){many}(?![A-Za-z0-9])", "", name, flags=re.I)
            if left != name:
                yield "own", name_of, (scope, without([left], 1))


def several_words(name):
    """The values of parameters in a name that are of several words, and all of them as one."""
    told = re.search(r"\[(.+)\]$", name)
    values = told.group(1).split("-") if told else []
    yield from (value for value in values if len(words(value)) > 1)
    if len(values) > 1:
        yield told.group(1)


def compared(measured, own):
    """What was measured, as comparisons; benchmarks without a counterpart are included."""
    mine = owners(measured, own)
    taken, found = set(), []
    for at, result in enumerate(measured):
        others = mine.get(at)
        if at in taken or others is None:
            continue
        others = {label: index for label, index in others.items() if index not in taken}
        if others:
            taken.update([at, *others.values()])
            key = next((key for side, _, key in sides(result, own) if side == "own"), None)
            name = key[1] if key else short(result)[1]
            name = result["group"] if result.get("group") and name.lower() in ("test", "bench", "") else name
            found.append((at, Compared(name, result, {label: measured[index] for label, index in others.items()}, result.get("group"))))
    found += in_groups(measured, own, taken)
    left = [(at, Compared(short(result)[1], result, {}, result.get("group"))) for at, result in enumerate(measured) if at not in taken]
    return [one for _, one in sorted(unlike(found) + left, key=lambda pair: pair[0])]


def owners(measured, own):
    """By the index of each of the project's own: its counterparts, by label."""
    by_key = {}
    for at, result in enumerate(measured):
        for side, word, key in sides(result, own):
            by_key.setdefault(key, []).append((side, word, at))
        scope = ("group", result["group"]) if result.get("group") else ("file", short(result)[0])
        by_key.setdefault((scope, short(result)[1]), []).append(("whole", "", at))
    found = {}
    for members in by_key.values():
        ours = [at for side, _, at in members if side == "own"]
        plain = [at for side, _, at in members if side == "whole"]
        pure = [(word, at) for side, word, at in members if side == "pure"]
        others = [(word, at) for side, word, at in members if side == "other"]
        if ours:
            beside = {"pure Python": pure[0][1]} if pure else {}
            beside.update({word: at for word, at in others})
            for at in ours[:1]:
                more = {label: index for label, index in beside.items() if index != at}
                if len(more) > len(found.get(at, {})):
                    found[at] = more
        elif plain and pure and plain[0] not in found:
            found[plain[0]] = {"pure Python": pure[0][1]}
    return found


def in_groups(measured, own, taken):
    """Of each remaining group: its only member of the project's own, next to all others."""
    groups = {}
    for at, result in enumerate(measured):
        if result.get("group") and at not in taken:
            rest = tuple(sorted((k, str(v)) for k, v in (result.get("params") or {}).items()))
            groups.setdefault((result["group"], rest), []).append(at)
    found = []
    for (name, rest), members in groups.items():
        kinds = {at: {side for side, *_ in sides(measured[at], own)} for at in members}
        ours = [at for at in members if "own" in kinds[at]]
        pure = [at for at in members if "pure" in kinds[at]]
        if not ours and len(pure) == 1 and len(members) == 2:
            ours = [at for at in members if at not in pure]
        if len(ours) == 1 and len(members) > 1:
            others = {label_of(measured[at], kinds[at]): measured[at] for at in members if at not in ours}
            title = name + (f" [{', '.join(value for _, value in rest)}]" if rest else "")
            found.append((ours[0], Compared(title, measured[ours[0]], others, name)))
            taken.update(members)
    return found


def label_of(result, kinds):
    """The name of a group member next to the project's own."""
    return "pure Python" if "pure" in kinds else re.sub(r"^(test|bench)_", "", short(result)[1])


def unlike(found):
    """The same, with names that distinguish them."""
    names = [one.name for _, one in found]
    for _, one in found:
        if names.count(one.name) > 1:
            one.name = f"{one.name} ({short(one.ours)[0].rpartition('/')[2]})"
    return found
