"""IP addresses that may hand in mail without a login: add, edit, view, remove."""

import ipaddress
from datetime import UTC, datetime
from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, BaseModel, Field

from functions.api import adapters, credential_settings, ip_door
from functions.api.answers import EXTENSION, Answer, answer, ignoring
from functions.api.credential_settings import CredentialSettings, ShownCredential, common_fields
from tracking.mail.credentials import Credential, CredentialKind

router = APIGatewayHttpRouter()

_IGNORED: Final = ignoring(*credential_settings.IGNORED)


def _canonical_range(text: str) -> str:
    network = ipaddress.ip_network(text, strict=False)
    return str(network.network_address) if network.num_addresses == 1 else str(network)


AddressRange = Annotated[str, Field(max_length=64), AfterValidator(_canonical_range)]


class IpAddress(CredentialSettings):
    """An IP address to add or edit."""

    ip_address: Annotated[
        AddressRange, Field(description="An IPv4 or IPv6 address, or a range such as `198.51.100.0/24`")
    ]


class IpAddressFilter(BaseModel):
    """Which IP addresses to view."""

    ip_address: Annotated[
        AddressRange | None, Field(description="Only this address or range; without it all")
    ] = None


class IpAddressName(BaseModel):
    """Which IP address."""

    ip_address: Annotated[AddressRange, Field(description="The address or range, as it was added")]


class ShownIpAddress(ShownCredential):
    """An IP address."""

    ip_address: Annotated[str, Field(description="The address or range")]
    ip_addres: Annotated[str, Field(description="The same; SMTP2GO's description spells it so")]
    email_password: Annotated[None, Field(description="Always `null`")] = None


class IpAddresses(BaseModel):
    """IP addresses, as most calls answer them."""

    results: Annotated[list[ShownIpAddress], Field(description="The addresses and ranges")]


@router.post("/ip_auth/add", openapi_extensions=EXTENSION | _IGNORED)
def add_ip_address(address: Annotated[IpAddress, Body()]) -> Answer[IpAddresses]:
    """Let an address or a range hand in mail by SMTP without a login.

    Where several ranges cover an address, the narrowest counts.
    """
    changes = address.changes()
    ip_door.check(changes)
    made = Credential(CredentialKind.IP_ADDRESS, address.ip_address, datetime.now(UTC), **changes)
    ip_door.let_in(credential_settings.add(made, "ip_address"))
    return answer(router, IpAddresses(results=[_shown(made)]))


@router.patch("/ip_auth/edit", openapi_extensions=_IGNORED)
def patch_ip_address(address: Annotated[IpAddress, Body()]) -> Answer[list[ShownIpAddress]]:
    """Edit an IP address; what is left out stays.

    The next mail is treated as edited.
    """
    changes = address.changes()
    ip_door.check(changes)
    edited = credential_settings.edit(lambda: _found(address.ip_address), changes)
    ip_door.follow()
    return answer(router, [_shown(edited)])


@router.post("/ip_auth/view", openapi_extensions=ignoring("subaccount_id"))
def view_ip_addresses(which: Annotated[IpAddressFilter, Body()]) -> Answer[IpAddresses]:
    """All IP addresses, or one."""
    found = (
        [_found(which.ip_address)]
        if which.ip_address
        else adapters.settings().credentials(CredentialKind.IP_ADDRESS)
    )
    return answer(router, IpAddresses(results=[_shown(address) for address in found]))


@router.post("/ip_auth/remove", openapi_extensions=ignoring("subaccount_id"))
def remove_ip_address(which: Annotated[IpAddressName, Body()]) -> Answer[IpAddresses]:
    """Remove an IP address.

    It needs a login from now on, unless a wider range covers it. The answer is what was removed.
    """
    ip_door.turn_away(_found(which.ip_address))
    removed = credential_settings.remove(lambda: _found(which.ip_address))
    ip_door.forget()
    return answer(router, IpAddresses(results=[_shown(removed)]))


def _found(address: str) -> Credential:
    return credential_settings.find(CredentialKind.IP_ADDRESS, address, "ip_address")


def _shown(address: Credential) -> ShownIpAddress:
    return ShownIpAddress(ip_address=address.id, ip_addres=address.id, **common_fields(address))
