"""Dictionary forms: of the mentions that were found, how many have the annotated base form."""
import collections


def right_pairs(texts, tagged):
    """(mention as it stands, base wanted, base found, type) of every mention that was found and has an annotated base."""
    for text, found in zip(texts, tagged):
        for span, (base, _) in text.spans.items():
            if base is not None and span in found.mentions:
                yield text.text[span[0]:span[1]], base, found.mentions[span][0], span[2]


def compare(texts, tagged):
    """Per cent right: exact, without regard to case, by type, and what the mentions as they stand would have scored (no regard to case)."""
    counts = collections.Counter()
    for surface, wanted, base, kind in right_pairs(texts, tagged):
        counts["mentions"] += 1
        counts["mentions", kind] += 1
        counts["exact"] += base == wanted
        right = base.casefold() == wanted.casefold()
        counts["any_case"] += right
        counts["any_case", kind] += right
        counts["surface"] += surface.casefold() == wanted.casefold()
    share = {name: round(100 * counts[name] / max(counts["mentions"], 1), 1) for name in ("exact", "any_case", "surface")}
    share.update({kind: round(100 * counts["any_case", kind] / max(counts["mentions", kind], 1), 1) for kind in ("PER", "ORG", "LOC")})
    return {"mentions": counts["mentions"], **share}


def errors(texts, tagged):
    """Counts of wrong bases."""
    return collections.Counter(("base", kind, surface, ((wanted, base),)) for surface, wanted, base, kind in right_pairs(texts, tagged)
                               if base.casefold() != wanted.casefold())
