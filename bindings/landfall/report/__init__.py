"""Reports: one self-contained HTML file per run and per comparison.

A report is a :class:`Page` of sections, and a section a list of blocks that hold values; see
:mod:`.blocks` for what there is and :mod:`.page` for how it becomes a file.
"""

from .blocks import (
    Block,
    Cell,
    ChartBlock,
    CodeBlock,
    Column,
    DrawingBlock,
    Figure,
    FiguresBlock,
    ListBlock,
    Section,
    TableBlock,
    TextBlock,
)
from .chart import Band, Bars, Chart, Layer, Level, Line, Scale, Shade, Spans
from .page import Page
from .run_report import run_page, run_sections

__all__ = [
    "Band",
    "Bars",
    "Block",
    "Cell",
    "Chart",
    "ChartBlock",
    "CodeBlock",
    "Column",
    "DrawingBlock",
    "Figure",
    "FiguresBlock",
    "Layer",
    "Level",
    "Line",
    "ListBlock",
    "Page",
    "Scale",
    "Section",
    "Shade",
    "Spans",
    "TableBlock",
    "TextBlock",
    "run_page",
    "run_sections",
]
