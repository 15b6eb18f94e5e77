"""The page's languages say all that the nodes say, and nothing that no node says any more."""

import re

import pytest

from hrv_pack.tools.locales.build import (
    ENGLISH,
    FOLDER,
    LANGUAGES,
    as_text,
    files_of,
    source_of,
    table_of,
)
from hrv_pack.tools.locales.table import read_table
from hrv_pack.tools.server import PACK

each_language = pytest.mark.parametrize("language", LANGUAGES)
# What a translation must leave as it is: numbers, forms to type, folders, names of files.
KEPT = re.compile(
    r"\d+(?:[.,/\u00a0]\d+)*|<[^>]*>|\{\w+\}|\w+#\d|models/hrv(?:/[a-z]+)?"
    r"|\.(?:txt|yaml|csv|votes)\b"
)

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
# A comma would be read as that of a decimal there.
BETWEEN_THOUSANDS = {"de": ".", "es": ".", "fr": "\u00a0", "ru": "\u00a0"}


@pytest.fixture(scope="module")
def source(object_info):
    ours = f"custom_nodes.{PACK}"
    return source_of({k: v for k, v in object_info.items() if v["python_module"] == ours})


@pytest.fixture(scope="module")
def places(source):
    return source.places()


@each_language
def test_every_text_is_translated_and_no_other(places, language):
    known = read_table(table_of(language))
    assert [text for text in places if not known.get(text)] == [], (
        "run make locales, then translate"
    )
    assert set(known) - set(places) == set()


@pytest.mark.parametrize("language", [ENGLISH, *LANGUAGES])
def test_the_files_are_made_of_the_tables_as_they_are(source, language):
    made = {name: as_text(content) for name, content in files_of(source, language).items()}
    there = {path.name: path.read_text("utf-8") for path in (FOLDER / language).iterdir()}
    assert there == made, "run make locales"


@each_language
def test_numbers_and_what_is_typed_are_kept(language):
    for text, said in read_table(table_of(language)).items():
        grouped = _THOUSANDS.sub(BETWEEN_THOUSANDS.get(language, ","), text)
        lost = set(KEPT.findall(grouped)) - set(KEPT.findall(said))
        assert not lost, f"{text!r} lost {lost}"


@each_language
def test_a_node_shows_the_english_name_that_messages_and_help_call_it_by(source, language):
    known = read_table(table_of(language))
    for name in (info["display_name"] for info in source.nodes.values()):
        assert all(part in known[name] for part in re.findall(r"[^()]*[^() ]", name)), known[name]


@each_language
def test_a_concept_shows_the_name_that_is_typed_and_saved(source, language):
    known = read_table(table_of(language))
    assert [name for name in source.concepts if name not in known[name]] == []


@each_language
def test_no_text_of_a_node_holds_what_the_page_reads_as_code(source, language):
    nodes = files_of(source, language)["nodeDefs.json"]
    assert re.findall(r"[@|]|(?<!\\)\{\w*\}", " ".join(strings(nodes))) == []


def strings(value):
    if isinstance(value, dict):
        return [text for part in value.values() for text in strings(part)]
    return [value]


def test_the_host_serves_them(server, source):
    served = server.get_json("/i18n")
    assert set(served) >= {ENGLISH, *LANGUAGES}
    for language in LANGUAGES:
        names = {key: served[language]["nodeDefs"][key]["display_name"] for key in source.nodes}
        known = read_table(table_of(language))
        assert names == {key: known[info["display_name"]] for key, info in source.nodes.items()}
    assert served[ENGLISH]["templateWorkflows"]["category"][PACK] == "HRV"
