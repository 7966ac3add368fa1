"""`GetAtt ProviderURL` of an `AWS::Cognito::UserPool` is its tokens' issuer; ministack does not know it."""

from ministack.services.cloudformation import provisioners


def close() -> None:
    """Add `ProviderURL` to what a user pool's attributes are."""
    attributes = provisioners._cognito_user_pool_attributes

    def with_provider_url(pool_id: str) -> dict[str, str]:
        known: dict[str, str] = attributes(pool_id)
        return {**known, "ProviderURL": f"https://{known['ProviderName']}"}

    provisioners._cognito_user_pool_attributes = with_provider_url
