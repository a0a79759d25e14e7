"""WeasyPrint and Pango as setup/ installs them lay out Persian pages."""

import io

import pypdf
import weasyprint

PAGE = """
<html lang="fa" dir="rtl"><head><style>
  @page { size: A5; @bottom-center { content: counter(page) } }
  h1 { break-before: page }
</style></head><body><h1>پرونده مشتری</h1><h1>می‌خواهم</h1></body></html>
"""


def test_a_persian_page_becomes_a_pdf():
    document = weasyprint.HTML(string=PAGE).render()
    assert len(document.pages) == 2
    pdf = pypdf.PdfReader(io.BytesIO(document.write_pdf()))
    # A letter that no font has leaves no text behind; the half-space never does.
    texts = [page.extract_text().split("\n") for page in pdf.pages]
    assert texts == [["پرونده مشتری", "1"], ["میخواهم", "2"]]


def test_lines_begin_on_the_right():
    right, left = map(_heading_begins, (PAGE, PAGE.replace('dir="rtl"', "")))
    assert right > left


def _heading_begins(html):
    """How far from the left edge the heading of the first page begins."""
    pdf = pypdf.PdfReader(io.BytesIO(weasyprint.HTML(string=html).write_pdf()))
    places = []
    pdf.pages[0].extract_text(
        visitor_text=lambda text, _user, matrix, _font, _size: (
            places.append(matrix[4]) if "مشتری" in text else None
        )
    )
    [place] = places
    return place
