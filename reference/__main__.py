"""`python -m reference`: write the files anew."""

from reference import files

if __name__ == "__main__":
    for path, text in files.current().items():
        path.write_text(text)
