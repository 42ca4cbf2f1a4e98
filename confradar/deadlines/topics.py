"""What conferences are about, in about fifteen topics; the codes of the lists are kept beside them as written."""

from __future__ import annotations

from collections.abc import Iterable

from confradar.deadlines.names import plain

# Topic → the codes and names of lists: of the ai-deadlines lists ("ML", "machine-learning"), of the China Computer
# Federation's directory ("AI", "DS" for architecture, parallel and distributed systems, "MX" for mixed), of WikiCFP.
_CODES = {
    "artificial-intelligence": "ai; artificial intelligence; kr; knowledge representation; ap; planning; knowledge "
    "graphs; automated planning; agents; multi agent systems; reasoning",
    "machine-learning": "ml; machine learning; deep learning; reinforcement learning; representation learning; "
    "neural networks; learning; optimization methods; fairness",
    "language": "nlp; natural language processing; computational linguistics; large language models; linguistics; "
    "language resources; text mining; machine translation",
    "speech": "sp; speech; signal processing; audio; speech signal processing; music",
    "vision": "cv; computer vision; image processing; pattern recognition; medical imaging",
    "graphics": "cg; graphics; computer graphics; gr; visualization; multimedia; virtual reality",
    "robotics": "ro; robotics; automation; control",
    "data": "dm; db; data mining; databases; database; big data; data science; data management; information systems",
    "retrieval": "ir; information retrieval; retrieval; web search; web mining; recommendation; recommender systems; "
    "semantic web; web; content analysis; digital libraries",
    "interaction": "hci; hi; human computer interaction; ubiquitous computing; human robot interaction; cscw",
    "security": "sc; security; cryptography; privacy; cyber security; cybersecurity; information security",
    "networks": "nw; networks; networking; communications; computer networks; wireless; internet of things; iot",
    "systems": "ds; systems; distributed systems; parallel computing; computer architecture; cloud computing; "
    "operating systems; high performance computing; storage; embedded systems; hardware",
    "software": "se; software engineering; programming languages; software; formal methods; testing",
    "theory": "ct; theory; algorithms; mathematics; logic; complexity; theoretical computer science",
    "interdisciplinary": "mx; interdisciplinary; bioinformatics; medicine; health; education; social science; "
    "computational biology",
}
TOPICS = tuple(sorted(_CODES))
_TOPIC_OF = {code.strip(): topic for topic, codes in _CODES.items() for code in codes.split(";")}


def topics_of(codes: Iterable[str]) -> frozenset[str]:
    """The topics that a conference's codes mean; a code that is in no list here means none, and is kept as written."""
    return frozenset(filter(None, map(_topic_of, codes)))


def unknown(codes: Iterable[str]) -> list[str]:
    """Those codes, as written, that mean no topic."""
    return sorted({code for code in codes if _topic_of(code) is None})


def _topic_of(code: str) -> str | None:
    return _TOPIC_OF.get(" ".join(plain(code).replace("-", " ").split()))
