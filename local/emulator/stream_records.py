"""A table's stream survives a stop; ministack keeps how far its consumers read, not what there is to read.

After a restart its consumers would wait behind the end of an empty stream, and no webhook would ever be sent.
"""

from typing import Any

from ministack.services import dynamodb


def close() -> None:
    """Store the records of the streams with the tables."""
    get_state, load_persisted_state = dynamodb.get_state, dynamodb.load_persisted_state
    streams = {"stream_records": dynamodb._stream_records, "stream_trimmed": dynamodb._stream_trimmed}

    def get_state_with_streams() -> dict[str, Any]:
        return {**get_state(), **streams}

    def load_persisted_state_with_streams(state: dict[str, Any]) -> None:
        load_persisted_state(state)
        for name, stream in streams.items():
            stream.update(state.get(name, {}))

    dynamodb.get_state = get_state_with_streams
    dynamodb.load_persisted_state = load_persisted_state_with_streams
