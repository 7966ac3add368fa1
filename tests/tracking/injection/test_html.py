import pytest

from tests.tracking.injection.mails import html_mail, placed, planned, reason
from tracking.injection import Placement, Reason
from tracking.injection.html import BODY_TAG_LENGTH, BODY_TAG_LIMIT, CLIP_MARGIN, GMAIL_CLIP
from tracking.injection.markup import NESTING_LIMIT


@pytest.mark.parametrize(
    "html",
    [
        "<html><body>a|</body></html>",
        "<BODY>a</Body>b|</BODY\n></HTML>",
        "<html><body>a|</html>",
        "<p>a</p>|\r\n",
        "a|",
        "<!doctype html><title>t</title><style>p{}</style>a|",
        "\ufeff<html><head></head><body>a|</body>",
        "<head><title>t</title></head>|</html>",
        "<body>a<!-- </body> -->b|</body><!-- </body> -->",
        "<body>a<!-- --!>b|</body><!--></body-->",
        "<body>a</body><!-->|</body>-->",
        "<body>a|</body><? </body>",
        "<body>a</>b</ p>c|</body>",
        "<body>1 < 2 <3 |</body>",
        '<body><a title="</body>">a</a>|</body>',
        "<body><a title='</body>'>a</a>|</body>",
        "<body><a title= '</body>' class>a</a>|</body>",
        '<body><span =">|</body>">a</span>',
        '<body><a b=c"d>a|</body>">',
        "<body><script>'</body>'</script>a|</body>",
        "<body><script><!-- '<b>' --></script>a|</body>",
        "<body><style>/* </body> */</style >a|</body>",
        "<body><textarea></body></textarea>a|</body>",
        "<body><iframe></body></iframe>a|</body>",
        "<body>a<select><option>b<option>c</select>|</body>",
        '<body>a<svg viewBox="0"><path d="x"/><g></g></svg>b|</body>',
        "<body>a<svg/>b|</body>",
        "<body>a<noscript><p>b</p></noscript>c|</body>",
        "<body>a<video><source src=b></video>c|</body>",
    ],
)
def test_the_place_is_the_end_of_the_body(html: str) -> None:
    assert placed(html.replace("|", "")) == html


@pytest.mark.parametrize(
    "html",
    [
        '<body>a<p>b</p>|<a href="x></body>',
        "<body>a|<!-- never closed </body>",
        "<body>a|<script>never closed</body>",
        "<body>a|<script><!-- <script> </script> --></script></body>",
        "<body>a|<plaintext></body>",
        "<body>a|<template></body>",
        "<body>a|<select><option></body>",
        "<body>a|<select><textarea><b></textarea></select></body>",
        "<body>a|<svg><style><b></style></svg></body>",
        "<body>a|<svg><![CDATA[ > </svg> ]]></svg></body>",
        "<body>a|<svg><span style=display:none></svg></body>",
        "<body>a|<svg><div></svg></body>",
        "<body>a|<noscript><!-- </noscript> --></noscript></body>",
        "<body>a|<object><b></object></body>",
    ],
)
def test_the_place_is_before_what_may_swallow_the_rest(html: str) -> None:
    assert placed(html.replace("|", "")) == html


@pytest.mark.parametrize(
    "html",
    [
        "<body><p><b>a|</p></body>",
        "<body><div><font color=red>a</div><div>b\r\n|</div>\r\n</body>",
        "<body><p><a name=top>a</p><p><a href=x>b</a> c|</p></body>",
        "<body></b><p><b>a|<!-- b --> </p><!-- c --></body>",
        "<body><p><i>a|</p><div hidden>b</div></body>",
        "<body><p><i>a|</p><!--[if !mso]><!-->b<!--<![endif]--></body>",
        "<body><p><i>1 < 2|</p></body>",
        "<body>|<p><i></p></body>",
        "<body><p>a|</p><ul><li><a href=x></li></ul></body>",
        "<body><p><b>a</b></p><b>b</b>|</body>",
    ],
)
def test_the_pixel_stands_behind_a_text_where_unclosed_formatting_would_start_again(html: str) -> None:
    assert placed(html.replace("|", "")) == html


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">',
        "<div style='color:red; DISPLAY : NONE !important'>",
        '<div style="visibility:\nhidden">',
        "<div style=mso-hide:all>",
        "<div hidden>",
        '<div class=a hidden="until-found">',
        "<div/hidden>",
        '<div title="<p>" style="display:none">',
        "<div hidden=>",
        '<div style="display&#58;n&#x6f;ne">',
        "<div style='color:&quot;red&quot;;display&colon;none'>",
    ],
)
def test_an_element_hidden_by_its_own_attributes_never_holds_the_pixel(hidden: str) -> None:
    assert placed(f"<body>a{hidden}b</body>") == f"<body>a|{hidden}b</body>"
    assert placed(f"<body>a{hidden}b</div>c</body>") == f"<body>a{hidden}b</div>c|</body>"


@pytest.mark.parametrize(
    "shown",
    [
        '<div class="hidden">',
        '<div style="overflow:hidden">',
        '<div style="display:block" style="display:none">',
        '<div title="display:none">',
        '<div style="font-family:&#39;x&#39;">',
        "<div data-hidden>",
        "<img style=display:none>",
        "<input hidden>",
        "<div>display:none ",
    ],
)
def test_an_element_that_only_seems_hidden_may_hold_the_pixel(shown: str) -> None:
    assert placed(f"<body>a{shown}b</body>") == f"<body>a{shown}b|</body>"


@pytest.mark.parametrize(
    "inside",
    [
        "<table><tr><td></div></td></tr></table>",
        "<p><div></p></div>",
        "<b>x</div>",
        "</td>",
        "<body>",
        "<p>a<p>b",
        "<svg><![CDATA[</svg>",
        "<noscript><p>x</noscript>",
    ],
)
def test_a_hidden_element_that_is_badly_nested_is_never_left(inside: str) -> None:
    html = f"<body>a<div hidden>{inside}</div>b</body>"

    assert placed(html) == html.replace("<div hidden>", "|<div hidden>")


@pytest.mark.parametrize(
    "inside",
    [
        "<p>a</p>",
        "<p>a",
        "<ul><li>a<li>b</ul>",
        "<table><tr><td>a<td>b<tr><td>c</table>",
        "<span>a",
        "<br><img src=x>",
        "<div><b>a</b></div>",
        "<!-- </div> -->",
    ],
)
def test_a_hidden_element_that_is_nested_as_html_allows_is_left_at_its_end(inside: str) -> None:
    html = f"<body>a<div hidden>{inside}</div>b</body>"

    assert placed(html) == html.replace("b</body>", "b|</body>")


def test_a_hidden_inline_element_is_not_left_while_a_block_in_it_is_open() -> None:
    assert placed("<body>a<span hidden><div></span>b</body>") == "<body>a|<span hidden><div></span>b</body>"


def test_elements_nested_beyond_all_bounds_are_given_up() -> None:
    hidden = "<div hidden>" + "<b>\r\n" * NESTING_LIMIT + "</b>\r\n" * NESTING_LIMIT + "</div>"

    assert placed(f"<body>a{hidden}</body>") == f"<body>a|{hidden}</body>"


@pytest.mark.parametrize(
    "html",
    [
        "<body>a<!--[if mso]>b<![endif]-->c|</body>",
        "<body>a<!--[if !mso]><!-->b<!--<![endif]-->c|</body>",
        "<body>a<!--[if !mso]><!-- -->b<!--<![endif]-->c|</body>",
        "<body>a<![if !mso]>b<![endif]>c|</body>",
        "<body>a<!--[if mso]>b<!-- c -->d<![endif]-->e|</body>",
        "<body>a<![endif]-->b|</body>",
        "<body>a<!--[if !mso]><!-->b</body><!--<![endif]-->|",
        "<body>a|<!--[if !mso]><!-->b</body>",
        "<body>a|<![if !mso]>b<!--<![endif]--></body>",
        "<body>a|<!--[if mso]>b<!--<![endif]-->c</body>",
        "<!--[if !mso]><!--><body>a|</body>",
        "<![if gte mso 9]><p>a</p><!--[if !mso]><!-->b</body><!--<![endif]-->|</html>",
        "<!--[if mso]--><p>a</p><![if !mso]><p>b</p></body><![endif]>|",
    ],
)
def test_the_place_is_where_outlook_and_browsers_both_see_it(html: str) -> None:
    assert placed(html.replace("|", "")) == html


@pytest.mark.parametrize(
    "html",
    [
        "",
        " \r\n\t",
        "<frameset><frame src=a></frameset>",
        "a<frameset>",
        "<div hidden><frameset>",
        "<body hidden>a</body>",
        "<html style='display:none'>a",
        "a<html hidden>",
        "<body>a<div hidden>b<body hidden>",
        "<body>a<div hidden>b" + "<body>" * (BODY_TAG_LIMIT + 1),
        "<body>a<div hidden>b<body" + " a" * BODY_TAG_LENGTH + ">",
        "<!-- never closed",
        "<head><title>never closed",
        "<template>never closed",
        "<a",
    ],
)
def test_a_document_without_a_safe_place_is_left_alone(html: str) -> None:
    assert reason(html_mail(html)) is Reason.NO_SAFE_PLACE


def test_beyond_what_gmail_shows_the_pixel_goes_to_the_top() -> None:
    filler = "<p>word word</p>\r\n" * (GMAIL_CLIP // 16)
    html = f'<html><head></head><body class="a">\r\n<div hidden>preview</div>{filler}</body></html>'

    found = planned(html_mail(html))

    assert found.placement is Placement.TOP
    assert found.beyond_clip
    assert placed(html) == html.replace('<body class="a">', '<body class="a">|')


def test_beyond_what_gmail_shows_the_top_of_a_fragment_is_where_flow_starts() -> None:
    html = "<style>p{}</style>\r\n<div hidden>preview</div>" + "<p>word</p>\r\n" * (GMAIL_CLIP // 12)

    assert placed(html) == html.replace("<div", "|<div", 1)


def test_beyond_what_gmail_shows_a_condition_that_is_never_closed_does_not_keep_the_pixel_down() -> None:
    html = "<head><!--[if !mso]><!--></head><body>" + "<p>word</p>\r\n" * (GMAIL_CLIP // 12) + "</body>"

    assert planned(html_mail(html)).placement is Placement.TOP
    assert placed(html) == html.replace("<body>", "<body>|")


def test_within_gmails_margin_the_pixel_stays_at_the_bottom() -> None:
    html = "<body>" + "x" * (CLIP_MARGIN - len("<body>")) + "</body>"

    assert planned(html_mail(html)).placement is Placement.BOTTOM
    assert planned(html_mail(html.replace("<body>", "<body>x"))).placement is Placement.TOP
