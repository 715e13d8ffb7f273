"""Strict comparison of mentions: start, end and type."""
import collections

KINDS = ("PER", "ORG", "LOC")


def scores(right, found, wanted):
    precision, recall = right / max(found, 1), right / max(wanted, 1)
    return {"precision": round(100 * precision, 1), "recall": round(100 * recall, 1),
            "f1": round(200 * right / max(found + wanted, 1), 1), "mentions": wanted}


def compare(texts, tagged):
    """Precision, recall and F1 in per cent for each type and for all."""
    counts = collections.Counter()
    for text, found in zip(texts, tagged):
        for kind in KINDS:
            counts[kind, "wanted"] += sum(1 for span in text.spans if span[2] == kind)
            counts[kind, "found"] += sum(1 for span in found.mentions if span[2] == kind)
            counts[kind, "right"] += sum(1 for span in found.mentions if span[2] == kind and span in text.spans)
    result = {kind: scores(*(counts[kind, what] for what in ("right", "found", "wanted"))) for kind in KINDS}
    result["all"] = scores(*(sum(counts[kind, what] for kind in KINDS) for what in ("right", "found", "wanted")))
    return result


def errors(texts, tagged):
    """Counts of what was missed, and of what was found where nothing is."""
    noted = collections.Counter()
    for text, found in zip(texts, tagged):
        wanted, mentions, body = set(text.spans), set(found.mentions), text.text
        for start, end, kind in wanted - mentions:
            near = sorted(m for m in mentions if m[0] < end and start < m[1])
            noted["missed", kind, body[start:end], tuple((body[s:e], k) for s, e, k in near)] += 1
        for start, end, kind in mentions - wanted:
            if not any(w[0] < end and start < w[1] for w in wanted):
                noted["extra", kind, body[start:end], ()] += 1
    return noted
