"""What an open means, in words for a person."""

from tracking.opens import clients
from tracking.opens.classification import Open
from tracking.opens.rules import OpenClass, Reason

SENTENCES = {
    (OpenClass.SENDER_SELF, Reason.SELF_NETWORK): (
        "Opened from the address that the mail was sent from, so probably by the sender."
    ),
    (OpenClass.SECURITY_SCAN, Reason.METHOD_HEAD): (
        "A program asked about the image without loading it, which nothing that shows mail does."
    ),
    (OpenClass.PROVIDER_PREFETCH, Reason.PREFETCH_HEADER): "Loaded ahead of time. Nobody need have looked.",
    (OpenClass.PRIVACY_PREFETCH, Reason.APPLE_MPP_UA): (
        "Loaded by Apple's Mail Privacy Protection. Whether anybody read the mail cannot be known."
    ),
    (OpenClass.UNCLASSIFIED, Reason.APPLE_MPP_UA): (
        "Loaded by Apple Mail. Without its network it cannot be told whether a person looked or Mail Privacy "
        "Protection loaded it."
    ),
    (OpenClass.SECURITY_SCAN, Reason.BARE_MOZILLA_HOSTING): (
        "Loaded by a server with a shortened user agent, probably a security filter."
    ),
    (OpenClass.PROVIDER_PREFETCH, Reason.GMAIL_PREFETCH_UA): (
        "Loaded by Gmail ahead of its reader, probably before anybody looked."
    ),
    (OpenClass.PROXIED_OPEN, Reason.GMAIL_PROXY): "Opened in Gmail, which loads images for its readers.",
    (OpenClass.UNCLASSIFIED, Reason.SPOOFED_PROXY): (
        "It calls itself Gmail and does not come from Google. What it is cannot be told."
    ),
    (OpenClass.PROXIED_OPEN, Reason.YAHOO_PROXY): (
        "Opened in Yahoo Mail or AOL, which load images for their readers."
    ),
    (OpenClass.PROXIED_OPEN, Reason.HEY_PROXY): "Opened in HEY, which loads images for its readers.",
    (
        OpenClass.PROXIED_OPEN,
        Reason.FASTMAIL_PROXY,
    ): "Opened in Fastmail, which loads images for its readers.",
    (OpenClass.PROXIED_OPEN, Reason.SEZNAM_PROXY): (
        "Opened in Seznam Email, which loads images for its readers."
    ),
    (OpenClass.PROXIED_OPEN, Reason.RAMBLER_PROXY): (
        "Opened in Rambler Mail, which loads images for its readers."
    ),
    (OpenClass.PROXIED_OPEN, Reason.UKRNET_PROXY): "Opened in ukr.net, which loads images for its readers.",
    (OpenClass.LINK_PREVIEW, Reason.PREVIEW_UA): (
        "Loaded by a program that draws previews of links, not by a person."
    ),
    (OpenClass.SECURITY_SCAN, Reason.SCANNER_UA): "Loaded by a security scanner that says so.",
    (OpenClass.SECURITY_SCAN, Reason.SCANNER_ASN): (
        "Loaded from the network of a security company, probably by its filter."
    ),
    (OpenClass.BOT, Reason.BOT_UA): "Loaded by a crawler that says so, not by a person.",
    (OpenClass.BOT, Reason.HTTP_LIBRARY): "Loaded by a script, not by a person.",
    (OpenClass.BOT, Reason.EMPTY_UA): "Loaded by something that does not say what it is, probably a script.",
    (OpenClass.SECURITY_SCAN, Reason.BURST_NETWORKS): (
        "Loaded from several networks within two minutes, probably by a security filter."
    ),
    (OpenClass.SECURITY_SCAN, Reason.MS_NET_EARLY): (
        "Loaded from Microsoft's network just after delivery, probably by its filter."
    ),
    (OpenClass.PROXIED_OPEN, Reason.MS_IMAGE_PROXY): (
        "Loaded from Microsoft's network, probably because somebody opened it in Outlook.com or Outlook."
    ),
    (OpenClass.PROXIED_OPEN, Reason.MAIL_PROVIDER_ASN): (
        "Loaded from the network of a mailbox provider, probably because its reader opened it."
    ),
    (OpenClass.SECURITY_SCAN, Reason.HOSTING_ASN): (
        "Loaded by a server that looks like a browser: probably a filter, perhaps a person behind a VPN."
    ),
    (OpenClass.UNCLASSIFIED, Reason.OPENED_AS_PAGE): (
        "A browser opened the image's own address. That is not how mail is read."
    ),
    (OpenClass.UNCLASSIFIED, Reason.QUOTED_PIXEL): (
        "Loaded from a new network after a later mail quoted this one, perhaps by a reader of the later mail."
    ),
    (OpenClass.DIRECT_OPEN, Reason.CORPORATE_PROXY): (
        "Opened in {client} behind a company's web proxy, probably by a person."
    ),
    (OpenClass.DIRECT_OPEN, Reason.BARE_MOZILLA_EYEBALL): (
        "Opened probably in Apple Mail without Mail Privacy Protection."
    ),
    (OpenClass.DIRECT_OPEN, Reason.MAIL_APP_UA): "Opened in {client}.",
    (OpenClass.DIRECT_OPEN, Reason.BROWSER_IMAGE_HEADERS): "Opened in {client}.",
    (OpenClass.DIRECT_OPEN, Reason.BROWSER_UA): ("Opened in {client}, or by something that calls itself so."),
    (OpenClass.UNCLASSIFIED, Reason.NO_RULE): "Loaded by something that is not known. It may be a person.",
}
"""By class and first reason. `{client}` stands for the client's name."""

_OPENED = {OpenClass.DIRECT_OPEN, OpenClass.PROXIED_OPEN}
_UNNAMED = "a mail program or browser"
_TOO_FAST = " It came within seconds of delivery, which makes a person less likely."


def sentence(opened: Open) -> str:
    """Say what an open means, in one or two short sentences."""
    said = SENTENCES[opened.open_class, opened.reasons[0]]
    if "{client}" in said:
        said = said.format(client=clients.client(opened.fetch.user_agent).name or _UNNAMED)
    is_doubted = Reason.TOO_FAST in opened.reasons and opened.open_class in _OPENED
    return said + _TOO_FAST if is_doubted else said
