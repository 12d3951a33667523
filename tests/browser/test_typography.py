"""Lines break where a reader expects it: extensions/book_typography.py, seen in the built pages."""

import pytest
from reader import PHONE

pytestmark = pytest.mark.browser
CHAPTER = "chapters/02_convolution.html"
PUNCTUATION_LEFT_ALONE = """() => [...document.querySelectorAll('.bd-article span.math')]
    .filter(math => !math.closest('.unbroken') && /^[.,;:!?)]/.test(math.nextSibling?.textContent ?? ''))
    .map(math => math.parentElement.textContent)"""
TORN = """() => [...document.querySelectorAll('.unbroken')].filter(kept => {
    const text = kept.lastChild, range = document.createRange();
    range.selectNodeContents(text);
    const mark = range.getBoundingClientRect(), math = kept.querySelector('.math').getBoundingClientRect();
    return text.nodeType === 3 && text.length && mark.top > math.bottom;
}).map(kept => kept.textContent)"""


@pytest.fixture
def phone(look):
    """The page of this test on a phone."""
    return look(width=PHONE)


@pytest.mark.on_page(CHAPTER)
def test_a_formula_and_its_full_stop_stay_on_one_line(phone):
    assert phone.locator(".unbroken").count() > 20
    assert phone.evaluate(PUNCTUATION_LEFT_ALONE) == []
    assert phone.evaluate(TORN) == []


@pytest.mark.on_page(CHAPTER)
def test_a_product_does_not_break(phone):
    outside_figures = "all => all.filter(p => !p.closest('.course-figure')).map(p => p.textContent).join(' ')"
    text = phone.eval_on_selector_all(".bd-article p", outside_figures)
    assert "3\u00a0×\u00a03" in text
    assert "3 × 3" not in text


@pytest.mark.on_page(CHAPTER)
def test_the_space_of_a_solution_is_no_link(phone):
    links = phone.locator(".solution .admonition-title a").all_text_contents()
    assert links
    assert [link for link in links if not link.startswith("Exercise 2.")] == []


@pytest.mark.on_page("appendix/instructor_guide.html")
def test_long_code_breaks_at_its_joints_in_a_table(phone):
    html = phone.locator("td code", has_text="submission_metadata.yml").first.inner_html()
    assert "submission_<wbr>metadata.<wbr>yml" in html
    tables = phone.eval_on_selector_all("td code", "all => all.map(c => c.getBoundingClientRect().right)")
    assert max(tables) <= PHONE
