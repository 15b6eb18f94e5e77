"""The page's texts in other languages: one table per language, `locales/<language>.po`.

`texts.py` finds what there is to translate, `table.py` reads and writes the tables, `build.py`
brings them up to date and makes of them the JSON files that ComfyUI serves to the page.
"""
