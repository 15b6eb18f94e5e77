"""What of a node is translated, and under which names the page looks for it."""

from hrv_pack.tools.locales.texts import choices_in_words, node_definitions, texts_of_scripts

NESTED = {"required": {"limit": ["INT", {"tooltip": "How far."}]}}
NODE = {
    "display_name": "A Node",
    "description": "It does things.",
    "input": {
        "required": {
            "model": ["MODEL"],
            "way": [
                "COMFY_DYNAMICCOMBO_V3",
                {"display_name": "which way", "options": [{"key": "custom", "inputs": NESTED}]},
            ],
            "file": ["COMBO", {"options": ["auto", "my.hrv.safetensors", "euler", "1/16"]}],
            "concept": ["COMBO", {"options": ["Dragons"], "hrv_menu": "concepts"}],
        },
        "optional": {"form": ["STRING", {"tooltip": "Like {this} | that."}]},
    },
    "output": ["MODEL", "FLOAT"],
    "output_name": ["MODEL", "share"],
    "output_tooltips": ["Steered.", None],
}


def test_texts_are_where_the_page_looks_for_them():
    made = node_definitions({"Key": NODE}, lambda text, _where: text.upper())["Key"]
    assert made["display_name"] == "A NODE" and made["description"] == "IT DOES THINGS."
    assert made["inputs"] == {
        "model": {"name": "MODEL"},
        "way": {"name": "WHICH WAY"},
        "way_limit": {"name": "LIMIT", "tooltip": "HOW FAR."},
        "file": {"name": "FILE"},
        "concept": {"name": "CONCEPT"},
        "form": {"name": "FORM"},  # the page would read the braces of its tooltip as code
    }
    # An output that is called as its type is called so by the page itself.
    assert made["outputs"] == {"0": {"tooltip": "STEERED."}, "1": {"name": "SHARE"}}


def test_what_is_not_said_is_left_out():
    made = node_definitions({"Key": NODE}, lambda text, _where: None)["Key"]
    assert set(made) == {"inputs", "outputs"}
    assert set(map(str, [*made["inputs"].values(), *made["outputs"].values()])) == {"{}"}


def test_choices_in_words_are_neither_files_nor_numbers_nor_others_names():
    assert list(choices_in_words({"Key": NODE}, ["euler"])) == ["custom", "auto"]


def test_of_a_menu_of_concepts_the_choice_that_is_none_is_in_words():
    menu = ["COMBO", {"options": ["x", "Dragons"], "hrv_menu": "concepts", "hrv_first": "x"}]
    node = {**NODE, "input": {"required": {"not_as": menu}}}
    assert choices_in_words({"Key": node}, []) == {"x": "Key, a choice of not_as"}


def test_what_a_script_says_is_found(tmp_path):
    script = 'say("one {count}", { count }); const text = unsaid("two"); say(other);'
    (tmp_path / "a.js").write_text(script, "utf-8")
    assert texts_of_scripts(tmp_path) == {"one {count}": "web/a.js"}
