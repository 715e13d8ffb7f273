"""Page furniture: whole web pages as plain text, a line for each block, go through the tagger; what should be gone, what should have stayed?

fundus has the true text of each page: every line of the page is text or furniture. trafilatura has a few segments of each page that must
stay and a few that must go. Precision: of the characters (segments) taken out, those that are furniture. Recall: of the furniture, what was
taken out. Whole pages, menus and all, are harder than what feeds deliver.
"""
import gzip
import html.parser
import json
import re
import tarfile

from . import program

BLOCKS = {"p", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "br", "tr", "td", "section", "article", "header", "footer", "nav",
          "aside", "figure", "figcaption", "form", "option", "button", "blockquote", "main", "title", "dt", "dd", "label"}
SILENT = {"script", "style", "noscript", "template", "svg", "head", "iframe"}


class Plain(html.parser.HTMLParser):
    """The text of a page, a line for each block."""

    def __init__(self):
        super().__init__()
        self.parts, self.silent = [], 0

    def handle_starttag(self, tag, attrs):
        self.silent += tag in SILENT
        self.parts.append("\n" if tag in BLOCKS else "")

    def handle_endtag(self, tag):
        self.silent -= tag in SILENT and self.silent > 0
        self.parts.append("\n" if tag in BLOCKS else "")

    def handle_data(self, data):
        if not self.silent:
            self.parts.append(re.sub(r"\s+", " ", data))

    def lines(self):
        return [line.strip() for line in "".join(self.parts).split("\n") if line.strip()]


def page_lines(page):
    parser = Plain()
    parser.feed(page.decode("utf-8", "replace"))
    return parser.lines()


def squeezed(text):
    return re.sub(r"\W+", "", text).casefold()


def fundus_pages(shared):
    """(lines, true text squeezed) of each page."""
    with tarfile.open(shared / "boilerplate-fundus/pages.tar") as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    for name, page in files.items():
        wanted = files.get(re.sub(r"_[\d_]+\.html\.gz$", ".json", name)) if name.endswith(".html.gz") else None
        versions = list(json.loads(wanted).values()) if wanted else []
        if not versions or "body" not in versions[-1]:
            continue
        body = versions[-1]["body"]
        parts = list(body["summary"]) + [versions[-1].get("title") or ""]
        for section in body["sections"]:
            parts += section["headline"] + section["paragraphs"]
        yield page_lines(gzip.decompress(page)), squeezed(" ".join(parts))


def compare_lines(tagger, pages):
    tagged, _ = program.tag(tagger, ["\n\n".join(lines) for lines, _ in pages])
    gone_furniture = gone_text = furniture = 0
    for (lines, truth), found in zip(pages, tagged):
        kept = squeezed(found.text)
        for line in map(squeezed, lines):
            is_text, is_gone = line in truth, line not in kept
            furniture += 0 if is_text else len(line)
            gone_furniture += len(line) if is_gone and not is_text else 0
            gone_text += len(line) if is_gone and is_text else 0
    return rates(gone_furniture, gone_furniture + gone_text, furniture, len(pages))


def rates(right, gone, furniture, pages):
    return {"precision": round(100 * right / max(gone, 1), 1), "recall": round(100 * right / max(furniture, 1), 1), "pages": pages}


def trafilatura_pages(shared):
    """(lines, segments that stay, segments that go) of each page."""
    wanted = {page["file"]: page for page in json.loads((shared / "boilerplate-trafilatura/evaldata.json").read_text()).values()}
    with tarfile.open(shared / "boilerplate-trafilatura/pages.tar.xz") as tar:
        for member in tar:
            page = wanted.get(member.name.split("/")[-1])
            if page:
                yield page_lines(tar.extractfile(member).read()), page["with"], page["without"]


def compare_segments(tagger, pages):
    tagged, _ = program.tag(tagger, ["\n\n".join(lines) for lines, _, _ in pages])
    gone_furniture = gone_text = furniture = 0
    for (lines, stay, go), found in zip(pages, tagged):
        whole, kept = squeezed(" ".join(lines)), squeezed(found.text)
        go = [s for s in map(squeezed, go) if s and s in whole]
        furniture += len(go)
        gone_furniture += sum(s not in kept for s in go)
        gone_text += sum(s in whole and s not in kept for s in map(squeezed, stay))
    return rates(gone_furniture, gone_furniture + gone_text, furniture, len(pages))


def compare(tagger, shared):
    return {"fundus": compare_lines(tagger, list(fundus_pages(shared))), "trafilatura": compare_segments(tagger, list(trafilatura_pages(shared)))}
