from pathlib import Path

import pytest

from tests.checker import __main__ as corpus
from tracking.injection import Plan

HTML = b"Content-Type: text/html\r\n\r\n<body><p>Hello</p></body>\r\n"


def test_a_corpus_is_injected_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "html.eml").write_bytes(b"DKIM-Signature: x\r\n" + HTML)
    (tmp_path / "text.eml").write_bytes(b"Subject: Hello\r\n\r\nHello\r\n")
    (tmp_path / "notes.txt").write_bytes(HTML)

    status = corpus.main([str(tmp_path)])

    words = capsys.readouterr().out.split()
    assert status == 0
    assert words[:10] == [
        "messages",
        "2",
        "injected",
        "1",
        "untouched",
        "1",
        "plain_text",
        "1",
        "violations",
        "0",
    ]
    assert words[-4:] == ["MB/s", "planning", "and", "splicing"]


def test_a_broken_promise_names_the_first_files_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.eml").write_bytes(HTML)
    monkeypatch.setattr(Plan, "with_pixel", lambda plan, url: b"".join(plan.pieces(url)) + b"\r\n<p>")

    status = corpus.main([str(tmp_path)])

    assert status == 1
    assert "text 4 a.eml, b.eml, c.eml, ... speed" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "make corpus DIR=folder (DIR is no folder)"),
        ([""], "make corpus DIR=folder (DIR is no folder)"),
        (["/nowhere"], "make corpus DIR=folder (/nowhere is no folder)"),
        ([str(Path(__file__).parent)], "No .eml file in"),
    ],
)
def test_a_folder_without_mail_is_complained_about(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert corpus.main(arguments) == 2
    assert complaint in capsys.readouterr().out
