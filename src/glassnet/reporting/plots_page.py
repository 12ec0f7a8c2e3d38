"""`python -m glassnet.reporting.plots_page` writes the page that makes `dvc plots show` readable offline.

DVC's own page loads Vega from the network. This one carries the scripts, taken from the package vl-convert-python.
It is generated, and .dvc/config names it as plots.html_template: 0.9 MB of other people's code do not belong in Git.
"""

from pathlib import Path

PAGE = Path(".dvc", "plots_offline.html")
EXPORTS = "window.vegaEmbed = vegaEmbed;"  # DVC's plots call this function


def page(scripts: str) -> str:
    """Return DVC's page template with `scripts` inside; DVC's own script tags, {scripts}, are left out."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
    <meta charset="utf-8">
    <title>glassnet: plots</title>
    {{refresh_tag}}
    <script>(function () {{ {scripts} }})()</script>
    <style>body {{ font-family: sans-serif; margin: 2em; }}</style>
</head>
<body>
    {{plot_divs}}
</body>
</html>
"""


if __name__ == "__main__":
    import vl_convert

    PAGE.write_text(page(vl_convert.javascript_bundle(EXPORTS)), encoding="utf-8")
