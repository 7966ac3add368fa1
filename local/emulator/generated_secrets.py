"""`GenerateSecretString` keeps to `ExcludePunctuation`; ministack overlooks it."""

import string
from typing import Any

from ministack.services.cloudformation import provisioners


def close() -> None:
    """Say it in the words that ministack understands: characters to exclude."""
    generate = provisioners._sm_secret_string

    def generate_without_punctuation(props: dict[str, Any]) -> str:
        wanted = props.get("GenerateSecretString", {})
        if wanted.get("ExcludePunctuation"):
            excluded = wanted.get("ExcludeCharacters", "") + string.punctuation
            props = {**props, "GenerateSecretString": {**wanted, "ExcludeCharacters": excluded}}
        secret: str = generate(props)
        return secret

    provisioners._sm_secret_string = generate_without_punctuation
