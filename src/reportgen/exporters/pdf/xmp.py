"""What the PDF says of itself for machines: XMP, with the parts that PDF/A asks to have explained."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from reportgen.nouns import Report

__all__ = ["BY_PROGRAM", "told_of", "xmp"]

#: IPTC's words for who made a work (cv.iptc.org/newscodes/digitalsourcetype).
_MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_BY_MODEL, BY_PROGRAM = _MADE + "compositeWithTrainedAlgorithmicMedia", _MADE + "algorithmicMedia"


class _Schema(NamedTuple):
    """A schema that PDF/A does not know: its properties by name, each explained."""

    prefix: str
    uri: str
    name: str
    properties: Mapping[str, str]
    type: str = "Text"


_UA = _Schema(
    "pdfuaid",
    "http://www.aiim.org/pdfua/ns/id/",
    "PDF/UA identification",
    {"part": "Part of ISO 14289"},
    "Integer",
)
_IPTC = _Schema(
    "Iptc4xmpExt",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "IPTC extension",
    {"DigitalSourceType": "Whether the work was made by a trained model, a program or a person"},
)
_OURS = _Schema(
    "reportgen",
    "urn:reportgen:provenance:1#",
    "Provenance of a reportgen report",
    {
        "reportId": "Derived from the facts and the final words",
        "status": "draft, signed, amended or withdrawn",
        "software": "Program and version",
        "engine": "Who wrote the words: a kind of model run, or fixed sentences",
        "model": "Name of the model",
        "revision": "Revision of the model",
        "weightsSha256": "SHA-256 of the weights of the model",
        "precision": "Precision of the weights",
        "inputSha256": "SHA-256 of the input",
        "promptSha256": "SHA-256 of the prompt's template",
        "domainSha256": "SHA-256 of the domain",
        "lexiconSha256": "SHA-256 of the words that a model may use",
        "fonts": "Font files of the site or machine that were used, each with its SHA-256",
    },
)


def xmp(info: Mapping[str, str], metadata: Mapping[str, str]) -> bytes:
    """The packet of metadata.

    Args:
        info: ``title``, ``author``, ``subject``, ``keywords``, ``creator``, ``producer``, ``language``, and
            ``created`` as an XMP date; most equal what the document's information dictionary has.
        metadata: Further properties by name with its prefix, of the schemas that are explained; those
            without a value are left out.
    """
    schemas = (_UA, _IPTC, _OURS)
    spaces = {
        "dc": "http://purl.org/dc/elements/1.1/",
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "pdf": "http://ns.adobe.com/pdf/1.3/",
        "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
        "pdfaExtension": "http://www.aiim.org/pdfa/ns/extension/",
        "pdfaSchema": "http://www.aiim.org/pdfa/ns/schema#",
        "pdfaProperty": "http://www.aiim.org/pdfa/ns/property#",
        **{schema.prefix: schema.uri for schema in schemas},
    }
    named = " ".join(f"xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in spaces.items())
    explained = "".join(map(_explained, schemas))
    bag = f"<pdfaExtension:schemas><rdf:Bag>{explained}</rdf:Bag></pdfaExtension:schemas>"
    body = "".join([*_described(info), *_marked(metadata), bag])
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {named}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    ).encode()


def _one(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>"


def _described(info: Mapping[str, str]) -> Iterator[str]:
    def in_language(name: str, value: str) -> str:
        return f'<{name}><rdf:Alt><rdf:li xml:lang="x-default">{escape(value)}</rdf:li></rdf:Alt></{name}>'

    yield _one("dc:format", "application/pdf")
    yield in_language("dc:title", info["title"])
    yield in_language("dc:description", info["subject"])
    yield f"<dc:creator><rdf:Seq><rdf:li>{escape(info['author'])}</rdf:li></rdf:Seq></dc:creator>"
    yield f"<dc:language><rdf:Bag><rdf:li>{escape(info['language'])}</rdf:li></rdf:Bag></dc:language>"
    yield _one("pdf:Producer", info["producer"]) + _one("pdf:Keywords", info["keywords"])
    yield _one("xmp:CreatorTool", info["creator"])
    yield _one("xmp:CreateDate", info["created"]) + _one("xmp:ModifyDate", info["created"])


def _marked(metadata: Mapping[str, str]) -> Iterator[str]:
    yield _one("pdfaid:part", "3") + _one("pdfaid:conformance", "A") + _one("pdfuaid:part", "1")
    yield from (_one(name, value) for name, value in metadata.items() if value)


def told_of(report: Report) -> dict[str, str]:
    """What is told of a report for machines: its provenance, and nothing of the patient."""
    made = report.provenance
    said = {sentence.origin for section in report.sections for sentence in section.sentences}
    by_model = not said.isdisjoint({"model", "model_constrained"})
    values = {
        "reportId": report.report_id,
        "status": report.status,
        "software": made.software,
        "engine": made.engine,
        "model": made.model,
        "revision": made.revision,
        "weightsSha256": made.weights_sha256,
        "precision": made.precision,
        "inputSha256": made.input_sha256,
        "promptSha256": made.prompt_sha256,
        "domainSha256": made.domain_sha256,
        "lexiconSha256": made.lexicon_sha256,
    }
    origin = {"Iptc4xmpExt:DigitalSourceType": _BY_MODEL if by_model else BY_PROGRAM}
    return origin | {f"reportgen:{name}": value or "" for name, value in values.items()}


def _explained(schema: _Schema) -> str:
    properties = "".join(
        "<rdf:li rdf:parseType='Resource'>"
        + _one("pdfaProperty:name", name)
        + _one("pdfaProperty:valueType", schema.type)
        + _one("pdfaProperty:category", "internal")
        + _one("pdfaProperty:description", what)
        + "</rdf:li>"
        for name, what in schema.properties.items()
    )
    return (
        "<rdf:li rdf:parseType='Resource'>"
        + _one("pdfaSchema:schema", schema.name)
        + _one("pdfaSchema:namespaceURI", schema.uri)
        + _one("pdfaSchema:prefix", schema.prefix)
        + f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )
