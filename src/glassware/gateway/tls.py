"""TLS at the public listener, and what becomes of those who come without it.

The certificate lies in a file that Envoy watches: a new one is for the next
connections, and those that are open go on with the one that they have.
"""

from typing import Any

from .limits import Limits
from .state import Place


Data = dict[str, Any]

SECRETS = "secrets"
"""The name of Envoy's file with the certificate."""

CERTIFICATE_TYPE = (
    "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
)
_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3"
_INSPECTOR = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3"
_MUTATION = "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3"
_NAME = "certificate"

_YEAR = 31_536_000
_HTTPS = 443


def transport(place: Place) -> Data:
    """Return what speaks TLS for a filter chain."""
    source = {"path": str(place.resource(SECRETS))}
    config = {
        "@type": f"{_TLS}.DownstreamTlsContext",
        "common_tls_context": {
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
            "tls_certificate_sds_secret_configs": [
                {
                    "name": _NAME,
                    "sds_config": {
                        "path_config_source": source,
                        "resource_api_version": "V3",
                    },
                }
            ],
        },
    }
    return {"name": "envoy.transport_sockets.tls", "typed_config": config}


def inspector() -> Data:
    """Return the listener filter that tells TLS from plain HTTP."""
    config = {"@type": f"{_INSPECTOR}.TlsInspector"}
    return {"name": "envoy.filters.listener.tls_inspector", "typed_config": config}


def secret(certificate: str, key: str) -> Data:
    """Return the resource that holds a certificate and its key.

    Args:
        certificate: With its chain, PEM.
        key: PEM.
    """
    pair = {
        "certificate_chain": {"inline_string": certificate},
        "private_key": {"inline_string": key},
    }
    return {"name": _NAME, "tls_certificate": pair}


def redirection(place: Place) -> Data:
    """Return the routes that lead everything to its https address.

    A browser keeps a permanent redirection for ever, and in development another
    site may be at this port tomorrow.
    """
    response = "PERMANENT_REDIRECT" if place.production else "TEMPORARY_REDIRECT"
    redirect: Data = {"https_redirect": True, "response_code": response}
    if place.port != _HTTPS:
        redirect["port_redirect"] = place.port
    host = {
        "name": "redirect",
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "redirect": redirect}],
    }
    return {"name": "redirect", "virtual_hosts": [host]}


def http2(limits: Limits) -> Data:
    """Return the limits of an HTTP/2 connection.

    WebSockets go over HTTP/1.1, which browsers choose for them by themselves.
    """
    return {
        "max_concurrent_streams": limits.streams,
        "initial_stream_window_size": limits.window,
        "initial_connection_window_size": 4 * limits.window,
        "allow_connect": False,
        "allow_metadata": False,
        "override_stream_error_on_invalid_http_message": False,
        "max_consecutive_inbound_frames_with_empty_payload": 1,
    }


def scheme() -> Data:
    """Return the filter that says `https` where a proxy before the gateway has TLS."""

    def said(name: str, value: str) -> Data:
        header = {"key": name, "value": value}
        return {
            "append": {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        }

    mutations = {"request_mutations": [said("x-forwarded-proto", "https")]}
    config = {"@type": f"{_MUTATION}.HeaderMutation", "mutations": mutations}
    return {"name": "glassware.scheme", "typed_config": config}


def strict(place: Place) -> list[Data]:
    """Return the headers by which browsers never come without TLS again."""
    if not place.secure or not place.production:
        return []
    header = {"key": "strict-transport-security", "value": f"max-age={_YEAR}"}
    return [{"header": header, "append_action": "ADD_IF_ABSENT"}]
