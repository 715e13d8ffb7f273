"""What reports of the same event in several languages share: whoever follows an id in one language must find it in the others.

`found` is the share of the ids found in a report of the first language that all other reports of the event have too; `annotated` the same of the
annotated entities: reports do not name all the same, so that is what `found` is to be held against. `kept` is the share of the entities annotated in
all reports of an event that have one id in all of them.
"""


def ids_of(tagged):
    return {name for _, name in tagged.mentions.values()}


def keys_of(text):
    return {key for _, key in text.spans.values()}


def share(first, others):
    """How many of the first set are in all others, and of how many."""
    return len(first.intersection(*others)), len(first)


def is_kept(key, reports):
    """True when one id stands, in every report, on a mention of the key."""
    ids = []
    for text, tagged in reports:
        ids.append({tagged.mentions[span][1] for span, (_, name) in text.spans.items() if name == key and span in tagged.mentions})
    return bool(set.intersection(*ids))


def percent(right, of):
    return round(100 * right / max(of, 1), 1)


def compare(events):
    """events: a list of lists of (text, tagged), one for each language, the first language first."""
    found, annotated, kept, lost = [0, 0], [0, 0], [0, 0], []
    for reports in events:
        ids, keys = [ids_of(tagged) for _, tagged in reports], [keys_of(text) for text, _ in reports]
        for sums, sets in ((found, ids), (annotated, keys)):
            shared, of = share(sets[0], sets[1:])
            sums[0], sums[1] = sums[0] + shared, sums[1] + of
        everywhere = set.intersection(*keys)
        lost += [(reports[0][0].name, key) for key in sorted(everywhere) if not is_kept(key, reports)]
        kept = [kept[0] + len(everywhere), kept[1] + len(everywhere)]
    return {"found": percent(*found), "ids": found[1], "annotated": percent(*annotated), "kept": percent(kept[0] - len(lost), kept[1]),
            "entities": kept[1], "lost": lost}
