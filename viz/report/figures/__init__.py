"""Charts of the report by Vega-Altair: what each shows, drawn as SVG for the page and as PNG and SVG beside it."""
