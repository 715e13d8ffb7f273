"""Links by LEA (Moosavi and Strube 2016): each entity counts by its number of mentions, times the share of its links that were found.

Key entities are the annotated cross-lingual ids, response entities our ids; mentions of the two match when start, end and type are the same.
"""
import collections


def links(count):
    """Links between the mentions of an entity. One mention alone is linked to itself."""
    return count * (count - 1) // 2 if count > 1 else 1


def resolved(ours, theirs):
    """Sum over our entities of size times the share of their links that `theirs` has too, and the sum of sizes."""
    of_mention = {mention: name for name, mentions in theirs.items() for mention in mentions}
    score = total = 0
    for mentions in ours.values():
        shared = collections.Counter(of_mention[m] for m in mentions if m in of_mention)
        if len(mentions) == 1:
            found = sum(1 for name in shared if len(theirs[name]) == 1)
        else:
            found = sum(count * (count - 1) // 2 for count in shared.values())
        score += len(mentions) * found / links(len(mentions))
        total += len(mentions)
    return score, total


def lea(key, response):
    """Precision, recall and F1 in per cent of two partitions: name of an entity to its set of mentions."""
    found, total_key = resolved(key, response)
    right, total_response = resolved(response, key)
    recall, precision = found / max(total_key, 1), right / max(total_response, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"precision": round(100 * precision, 1), "recall": round(100 * recall, 1), "f1": round(100 * f1, 1), "entities": len(key)}


def partitions(documents, within):
    """Key and response of (name, text, tagged) documents; entities of different documents are different when `within`."""
    key, response = collections.defaultdict(set), collections.defaultdict(set)
    for number, (text, tagged) in enumerate(documents):
        scope = number if within else None
        for span, (_, name) in text.spans.items():
            key[scope, name].add((number, span))
        for span, (_, name) in tagged.mentions.items():
            response[scope, name].add((number, span))
    return key, response


def compare(by_language):
    """by_language: language to a list of (text, tagged). LEA within the documents, across those of each language, across all languages."""
    result = {}
    for language, documents in by_language.items():
        result[language] = {"within": lea(*partitions(documents, True)), "across": lea(*partitions(documents, False))}
    everything = [document for documents in by_language.values() for document in documents]
    result["all"] = {"across": lea(*partitions(everything, False))}
    return result


def confusions(documents):
    """Of mentions found: counts of (wanted id, our id, surface) where our id is not the one that most mentions of the wanted one have."""
    pairs = collections.Counter()
    surfaces = collections.defaultdict(collections.Counter)
    for text, tagged in documents:
        for span, (_, name) in text.spans.items():
            ours = tagged.mentions.get(span)
            if ours and name:
                pairs[name, ours[1]] += 1
                surfaces[name, ours[1]][text.text[span[0]:span[1]]] += 1
    best = {}
    for (name, ours), count in pairs.items():
        if count > best.get(name, ("", 0))[1]:
            best[name] = (ours, count)
    return collections.Counter({("link", name, f"{best[name][0]} / {ours}", tuple(s for s, _ in surfaces[name, ours].most_common(3))): count
                                for (name, ours), count in pairs.items() if ours != best[name][0]})
