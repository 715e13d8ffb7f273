#!/usr/bin/python3
"""Writes the seeds of the fuzz corpora that have a binary form (tests/fuzz/corpus/*), from PROTOCOL.md's layouts. Run when a layout
changes; what fuzzing found is kept beside the seeds under names of its own."""
import pathlib
import re
import struct

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def article(uri=b"urn:x:1", title=b"Hi", source=b"", language=b"en", published=b"", extra=b"", body=b"Angela Merkel"):
    fields = (uri, title, source, language, published, extra, body)
    return struct.pack("<HHHBBII", *map(len, fields)) + b"".join(fields)


def result(status, keys, edits, data):
    packed = b"".join(struct.pack("<BB", ord(kind), len(value)) + value for kind, value in keys)
    return struct.pack("<BBHIII", status, 0, len(keys), len(packed), len(edits), len(data)) + packed + edits + data


def ack(code, flags, message, offset):
    return struct.pack("<BBHIQQQ", code, flags, len(message), 0, offset, 1, 2) + message


ENTITY = [("E", b"Q7747\tperson\tVladimir Putin"), ("N", b"wladimir putin"), ("L", b"pl")]
SEEDS = {
    "article": {
        "vector": article(),
        "full": article(title="Ławrow w Moskwie".encode(), source=b"PAP", published=b"2026-11-22T01:36:00Z", extra=b'{"a":[1,{"b":null}]}'),
        "two": article() + article(uri=b"urn:x:2", body="Größe".encode()),
        "not-utf8": article(body=b"abc\xff"),
        "nul": article(body=b"abc\0d"),
        "no-uri": article(uri=b""),
        "bad-extra": article(extra=b'{"a":1,"a":2}'),
    },
    "ack": {"ok": ack(0, 0, b"", 1), "duplicate": ack(0, 1, b"", 7), "refused": ack(5, 0, b"body is not UTF-8", 0)},
    "frame": {"push": b"TLX\x01\x02\0\0\0" + struct.pack("<Q", 1), "version": b"TLX\x09\x02\0\0\0" + struct.pack("<Q", 1), "zmtp": b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL"},
    "worker": {"job": b"W\x01\x02\0" + struct.pack("<IQ", 40, 17), "version": b"W\x02\x02\0" + struct.pack("<IQ", 40, 17)},
    "result": {
        "tagged": result(0, ENTITY, struct.pack("<III", 0, 5, 1) + b" ", b'{"language":{"tag":"pl","confidence":0.98},"entities":[],"tagger":{}}'),
        "refused": result(1, [], b"", b"nothing to read"),
        "bad-key": result(0, [("E", b"Q1")], b"", b"{}"),
    },
    "edit": {"join": b"\x08Sergej\nLawrow" + struct.pack("<III", 0, 6, 1) + b" " + struct.pack("<III", 7, 1, 0)},
    "events": {
        "none": struct.pack("<QII", 5, 0, 1),
        "two": struct.pack("<QII", 9, 2, 0) + b"".join(struct.pack("<QII", n, 2, 0) + b"{}" for n in (7, 8)),
    },
    "clock": {"utc": b"2026-11-22T01:36:00.042Z", "offset": b"2026-11-22 02:36:00+01:00", "date": b"2000-02-29", "end": b"9999-12-31T23:59:59Z"},
    "fold": {"names": "Siergiej Ławrow, Лавров, Weißes Haus, Erdoğan, Zełenśkyj".encode(), "marks": "e\u0301 O'Brien l’État".encode()},
    "json": {"article": b'{"uri":"urn:x","title":"\\u0142 \\ud83d\\ude00","n":[1,2.5e3,-0.1,true,null]}', "deep": b"[" * 40, "twice": b'{"a":1,"a":2}', "nul": b'{"a":"\\u0000"}'},
}


SEEDS["json_form"] = SEEDS["json"] | {
    "plain": '{"uri":"urn:x","title":"Ławrow","body":"W Moskwie","language":"pl","n":1}'.encode(),
    "ninjs-3": b'{"uri":"urn:x","headlines":[{"role":"main","value":"H"}],"bodies":[{"role":"main","contenttype":"text/plain","value":"B"}],"language":"en"}',
    "html": b'{"uri":"urn:x","headline":"H","body_xhtml":"<p>A &amp; B</p>"}1',
    "feed-item": b'{"id":"urn:x","content_text":"B","date_published":"2026-11-22T01:36:00Z"}',
}
SEEDS["json_check"] = SEEDS["json"] | {
    "all": b'{"a":[],"b":{},"c":[1,-0,0.5,1e9,-1.5E-3,true,false,null,"x"],"d":"\\u0142\\ud83d\\ude00\\n\\/"}',
    "space": b'{ "a" : [ 1 , { } ] ,\n"b":\t"" }',
    "bad": b'{"a":01,"b":[1,],}',
}
SEEDS["html"] = {
    "parts": ("<nav class='main-nav'><a href=x>Menu</a></nav><h1><a>T</a></h1>" + "<p>" + "The talks went on. " * 20 + "</p>" * 1 +
              "<ul><li><a href=x>Other</a></li></ul><figure><figcaption>P</figcaption></figure><div id=comment-1 role=search>C</div>"
              "<table><tr><td><a>L</a></table><footer>F</footer>").encode(),
    "tag": b"<a b='c>\"d\" e = \"f\" 1=\"x y/z> q<script>a<b</script><style><!-- --></style>",
    "page": "<html><head><title>x</title><script>1<2</script></head><body><h1>Größe</h1><p>a<br>b &amp; c</p><ul><li>d</ul></body></html>".encode(),
    "fragment": b"<p>one</p>two<div>three <b>four",
    "broken": b"<p <p></b>&#0;&#x110000;&nosuch; <![CDATA[x]]> <!-- ",
}
SEEDS["text"] = {
    "credits": ("BERLIN (dpa) -- Der Kanzler kam. Foto: dpa\n\nBy Jane Smith\n\nReuters / PAP / Kresy.pl\n\nQuelle:\nhttp://a.b/c\n\nEnde. (AFP)\n\n"
                "Foto \u00a9 Jan Nowak\n\nkno/ mal/").encode(),
    "page": ("Home\nPolitics\nBrexit\nPeople\nMoney\nContact us\nSearch\n\nTitle\n\n12. Mai 2017\n\n" + ("The envoys met for another day. " * 8 + "\n\n") * 3 +
             "Read more\nOther news\n\n2 comments\n\nNo.\n\nLeave a Reply\nName *\n").encode(),
    "wrapped": "Bei ihrem ersten Treffen im Rahmen des\nG20-Gipfels in Hamburg unterhielten sich der\nPräsident und die Kanzlerin über Sicher-\nheit.\n\nKommentare\n".encode(),
    "furniture": "WARSZAWA (PAP) - Minister Siergiej Ławrow.\n>>> Polecamy: x\nReklama\nReuters / PAP\n1 odpowieź".encode(),
    "marks": "e\u0301 A\u030a \u1100\u1161 U.S. z o.o. ok. 5 proc. \u201eTak\u201d \u2013 powiedział.".encode(),
}
SEEDS["config"] = {
    "some": b"# comment\n[crew]\nworkers = 2\n[store]\ndirectory = /tmp/x ; why\n",
    "unknown": b"[crew]\nworker = 2\n", "range": b"[crew]\nworkers = -1\n", "no-ini": b"hello\n[", "twice": b"[crew]\nwindow = 1\nwindow = 2\n",
}
SEEDS["source"] = {
    "rss": b'<?xml version="1.0"?><rss version="2.0"><channel><link>http://example.org/</link><item><guid>a</guid><title>T</title><description>&lt;p>B&lt;/p></description></item><item><title></item></channel></rss>',
    "atom": b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>a</id><title type="html">T &amp;amp; U</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>B</p></div></content><updated>2026-11-22T01:36:00Z</updated></entry></feed>',
    "rdf": b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><item rdf:about="a"><title>T</title><link>a</link><description>B</description></item></rdf:RDF>',
    "doctype": b'<!DOCTYPE x [<!ENTITY a "b">]><rss>&a;</rss>',
    "lines": b'{"uri":"a","title":"t"}\n\nnot json\n{"uri":"b","body":"x"}',
    "array": b'[{"uri":"a","title":"t"}, {"uri":""} ,{"uri":"c","title":"u"}]',
    "json-feed": b'{"version":"https://jsonfeed.org/version/1.1","title":"F","items":[{"id":"a","content_html":"<p>x"},{"id":"b"}]}',
    "text": b"Title\n\nBody of the text.\n",
}

SEEDS["open_request"] = {
    "none": b"", "first": b'{"from":"first"}', "cursor": b'{"cursor":"desk-1","credit":16}',
    "all": '{"from":"2026-11-22T01:36:00Z","credit":256,"text":true,"filter":{"entities":["Q42"],"names":["Ławrow"],"languages":["pl"],"sources":["PAP"]}}'.encode(),
    "sequence": b'{"from":18446744073709551615,"filter":{"entities":[]}}', "unknown": b'{"form":1}', "twice": b'{"credit":1,"credit":2}',
}
PUBLIC = b'    public-key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"\n'
SEEDS["keyfile"] = {
    "public": b"metadata\n    roles = \"push,follow\"\ncurve\n" + PUBLIC,
    "secret": b"# made by hand\n\nmetadata\ncurve\n" + PUBLIC + b'    secret-key = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"\n',
    "cursors": b'metadata\n    cursors = "desk-"\n    email = "x"\ncurve\n' + PUBLIC,
    "short": b'curve\n    public-key = "Yne@"\n', "open": b'curve\n    public-key = "', "twice": b"curve\n" + 2 * PUBLIC,
}
SEEDS["push"] = {"one": article(), "two": article() + article(uri=b"urn:x:2", body=b""), "cut": article() + article()[:-1], "head": article()[:16]}
SEEDS["feed_date"] = {
    "rfc822": b"Tue, 04 Feb 2020 18:05:00 GMT", "zone": b"Sat, 21 Nov 98 7:05 +0130", "named": b"1 Jan 70 00:00 PDT", "rfc3339": b"2026-11-22T01:36:00+01:00",
    "other": "vorgestern um drei".encode(), "leap": b"Thu, 29 Feb 2024 23:59:60 Z",
}
SEEDS["model"] = {
    "whole": b"", "cut": b"T" + struct.pack("<HI", 100, 0), "bits": struct.pack("<HI", 12, 26), "scale": struct.pack("<HI", 48, 0x7fc00000),
    "transitions": b"".join(struct.pack("<Hf", at, 1e30) for at in range(64, 4000, 28)),
}


def job(kind, payload, number=17, version=1):
    return b"W" + struct.pack("<BBBIQ", version, kind, 0, len(payload), number) + payload


SEEDS["worker_reader"] = {
    "session": b"\x07" + job(1, b'{"worker":"telex-tagger"}', 0) + job(5, b"") + job(3, result(1, [], b"", b"no")) + job(3, b"", 18),
    "cut": b"\x00" + job(3, b"abcdef")[:-2],
    "ping": b"\x3f" + job(4, b""),
    "version": b"\x01" + job(1, b"{}", version=2),
    "long": b"\x20" + job(3, b"x" * 300) + job(1, b"y" * 200),
}

# The tables in fuzz_store_record.c, by their place there.
META, ARTICLES, EVENTS, PENDING, EVENT_OF, DEAD, CURSORS, ENTITIES, NAMES, POSTINGS = range(10)
RAW = 128


def record(table, value):
    return struct.pack("<BH", table, len(value)) + value


def event(kind, keys, edits, json, source=b"PAP"):
    packed = b"".join(struct.pack("<BB", ord(letter), len(value)) + value for letter, value in keys)
    return struct.pack("<QqIIII", 1, 1764000000000, kind, len(source), len(packed), len(edits)) + source + packed + edits + json


JOURNAL = struct.pack("<qQQQQ", 1764000000000, 1, 2, 3, 4) + article(body=b"Sergej\nLawrow")
KEYS = [("E", b"Q1\tperson\tVladimir Putin"), ("N", b"putin"), ("L", b"pl")]
TAGGED = event(1, KEYS, struct.pack("<III", 0, 6, 1) + b" ", b'{"data":{}}')
SEEDS["store_record"] = {
    "tagged": record(ARTICLES, JOURNAL) + record(EVENTS, TAGGED),
    "indexed": record(EVENTS, TAGGED) + record(ENTITIES, b"person\tVladimir Putin") + record(NAMES, b"Q1") + record(POSTINGS, struct.pack("<Q", 1)),
    "dead": record(DEAD, struct.pack("<QQII", 1, 2, 3, 6) + b"taggerkilled") + record(EVENTS, event(2, [], b"", b'{"data":{}}')),
    "short": record(ARTICLES, b"x") + record(EVENTS, b"y") + record(DEAD, b"z") + record(ENTITIES, b""),
    "raw": b"".join(record(RAW + table, b"0123456789abcdef") for table in range(9)),
    "numbers": record(RAW + PENDING, bytes(16)) + record(RAW + EVENT_OF, bytes(16)) + record(RAW + CURSORS, bytes(15)) + record(RAW + META, bytes(16)),
}


def lexicon_changes(*changes, cut=b""):
    return cut + b"".join(struct.pack("<HI", at, value) for at, value in changes)


SEEDS["lexicon"] = {
    "whole": b"",
    "cut": lexicon_changes((400, 0), cut=b"T"),
    "sections": lexicon_changes((48, 2**31), (72, 0)),
    "indices": b"".join(lexicon_changes((at, 2**32 - 2)) for at in range(160, 1000, 28)),
}
SEEDS["lexicon"] |= {f"own-{name}": b"O" + data for name, data in SEEDS["lexicon"].items()}
SEEDS["own_list"] = {
    "whole": "# id\ttype\tnames\tpl\tde\ten\nQ42\tperson\tDouglas Adams|Adams\nacme:17\torganisation\t\tKowalpol\tKowalpol GmbH\n\tplace\tKowalowo".encode(),
    "crlf": b"\xef\xbb\xbf\r\n\tevent\tZu\xcc\x88rcher Messe \r\n \t\r\n",
    "columns": b"Q1 place A\nQ1\tplace\nQ1\tplace\tAb\tB\tC\tD\tE\n\tfirm\tAb\n\tplace\t\t\t\t\n",
    "ids": b"Q01\tplace\tAb\nq1\tplace\tAb\nA:1\tplace\tAb\na:\tplace\tAb\na:1 2\tplace\tAb\n",
    "doubles": "a:1\tplace\tAb\na:1\tplace\tBc\na:2\tplace\tAB|Bc\n\tperson\tSergey Lavrov\n\tperson\tSiergiej Ławrow\n".encode(),
    "names": b"\tplace\t|\n\tplace\ta\n\tplace\t--\n\tplace\ta b c d e f g h i j k l m\n\tplace\tAb||\n\tplace\t\x01\n\tplace\t\xff\n",
}
SEEDS["tagger"] = {
    "polish": "pŁawrow w Moskwie\nMinister spraw zagranicznych Rosji Siergiej Ławrow spotkał się z Angelą Merkel w Berlinie. Ławrowem i Merkel zajął się \"Kurier\".\nReklama\n- Tak - powiedział Ławrow.".encode(),
    "german": "dTreffen der Europäischen Union\nBei ihrem ersten Treffen im Weißen Haus unterhielten sich der\nPräsident Donald Trump und Bundes-\nkanzlerin Angela Merkel. Merkels Bundesministerium für Gesundheit; Deutsche Bahn AG, Berlin-Mitte.".encode(),
    "english": "eUNITED NATIONS MEETS IN NEW YORK\nU.S. Secretary of State J. R. Smith-Jones said Ryoyu Kobayashi of the University of Oxford met Wladimr Putin. AT&T Inc. and Siemens AG. WHO, not Who.".encode(),
    "other": "fSergueï Lavrov\nВладимир Путин и Angela\u00a0Merkel\u2019s e\u0301lan \U0001f600 G20".encode(),
    "names": "p".encode() + "Anna Maria Kowalska-Nowak von der Leyen ".encode() * 6,
    "odd": "d\n„A“ »B« ‚C‘ (D) [E] F. G. H.-I. J.K. 1.200,50 12:30 O'Brien O’Brien Müller/Maier+Co & Söhne".encode(),
}


def main():
    for target, seeds in SEEDS.items():
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (CORPUS / target / name).write_bytes(data)


if __name__ == "__main__":
    main()


def quoted(word):
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02x}" for b in word) + '"\n'


ARTICLE_MEMBERS = ("uri title body language published source headline body_text body_xhtml bodies role value contenttype headlines name versioncreated "
                   "copyrightholder content_text content_html date_published id url authors version items").split()
DICTIONARIES = {
    "json": [f'"{word}"'.encode() for word in ARTICLE_MEMBERS + "from first now cursor credit filter entities names languages sources text main".split()]
            + [b"{", b"}", b"[", b"]", b":", b",", b"null", b"true", b"false", b"\\u0000", b"\\ud83d\\ude00", b"\\udc00", b"-0", b"1e999", b"18446744073709551616",
               b'{"a":' * 8, b"text/html", b"application/xhtml+xml"],
    "frames": [b"TLX\x01", b"W\x01\x01\x00", b"W\x01\x03\x00", b"W\x01\x05\x00", b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"\x00" * 8, b"\xff" * 8, b"E", b"N", b"L",
               b"Q1\tperson\tA", b"urn:x:1", b"\x01\x00\x00\x00", b"\x0d\x00\x00\x00"],
    "html": [f"<{tag}>".encode() for tag in "html head title meta script style body h1 h2 p br div span a ul ol li table tr td nav header footer aside article main section "
             "figure figcaption form button noscript template svg blockquote pre iframe".split()]
            + [f"</{tag}>".encode() for tag in "script style p div ul table template".split()]
            + [b"<!DOCTYPE html>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&amp;", b"&nbsp;", b"&#0;", b"&#x10ffff;", b"&#xd800;", b"&lt", b" class=", b" id=",
               b" role=", b" hidden", b" style=\"display:none\"", b"='", b"/>", b"comment", b"navigation", b"sidebar"],
    "source": [f"<{tag}>".encode() for tag in "rss channel item title link description guid pubDate content:encoded dc:date dc:creator feed entry id updated published "
               "content summary author name rdf:RDF".split()]
              + [b'<?xml version="1.0"?>', b"<!DOCTYPE", b"<!ENTITY", b"&a;", b"<![CDATA[", b"]]>", b' xmlns="http://www.w3.org/2005/Atom"', b' type="html"', b' type="xhtml"',
                 b' encoding="iso-8859-2"', b' xml:base="http://x/"', b' rel="alternate"', b"&nbsp;", b"\xef\xbb\xbf", b"\xff\xfe", b'"items":[', b'{"version":"https://jsonfeed.org/version/1.1"'],
    "charset": [b"<?xml", b" encoding=", b"<meta charset=", b"http-equiv=content-type content=", b"text/html; charset=", b"utf-8", b"utf-16", b"iso-8859-2", b"windows-1250",
                b"koi8-r", b"gb18030", b"shift_jis", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"],
    "date": [b"Mon, ", b" Jan ", b" Dec ", b"GMT", b"UT", b"EST", b"PDT", b"+0100", b"-2359", b"T", b"Z", b":60", b"0000-", b"9999-12-31", b"-02-29", b".999999999"],
    "text": ["Quelle: Reuters".encode(), b"(dpa)", "(PAP) - ".encode(), b"Reklama", b"Kommentare", b"Leave a Reply", b">>> Polecamy: ", "fot. ".encode(), b"By ", b"-\n", b"\r\n\r\n",
             "Siergiejem Ławrowem".encode(), "Лавров".encode(), "Größe".encode(), "e\u0301".encode(), "\u00ad".encode(), "\u200b".encode(), "\u2028".encode(), b"U.S. ", b"z o.o.",
             b"Angela Merkel", b"Merkels", "Zełenśkyj".encode(), b"http://a.b/", b"@x", b"#", "\U0001f600".encode()],
    "own_list": [b"# id\ttype\tnames", b"\tperson\t", b"\tplace\t", b"\torganisation\t", b"|", b"\t", b"\r\n", b"Q42", b"acme:17", b"pl", b"de", b"en", b"\xef\xbb\xbf"],
}
DICTIONARIES["keyfile"] = [b"metadata\n", b"curve\n", b"    public-key = \"", b"    secret-key = \"", b"    roles = \"", b"    cursors = \"", b"push", b"follow",
                           b"control", b"# ", b"\"\n", PUBLIC]
DICTIONARIES["config"] = [b"[", b"]\n", b" = ", b"; ", b"# ", b"\n", b"ipc://", b"tcp://127.0.0.1:1", b"none", b"yes", b"no", b"-1", b"18446744073709551616"]
for section, key in re.findall(r"^PARAM_\w+\((\w+), (\w+)", (CORPUS.parents[2] / "daemon/config_params.def").read_text(), re.M):
    DICTIONARIES["config"] += [word for word in (f"[{section}]\n".encode(), f"{key} = ".encode()) if word not in DICTIONARIES["config"]]

for name, words in DICTIONARIES.items():
    (CORPUS.parent / "dict" / f"{name}.dict").write_text("".join(map(quoted, words)))
