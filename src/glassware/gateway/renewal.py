"""How an expired token of a visitor is renewed on its way in.

A request with one is kept back while the service that signs visitors in is
asked. What it answers goes to the service as a header and to the browser as
cookies; whatever goes wrong there, the request goes on as it came.

It is asked through a room of its own, a listener inside Envoy: there the
question gets its shape and a bounded number of tries, and no odd answer can be
taken for a refusal of the visitor's request.
"""

from typing import Any

from glassware import protocol

from .clusters import ROOM, WORKERS
from .headers import UNSAID, deadline, identity
from .jwt import COOKIES, EXPIRED, FAILURE, FILTER
from .limits import Limits
from .listeners import HTTP, inside, manager, router
from .state import Place


Data = dict[str, Any]

# While a worker is replaced: about half a second.
_TRIES = 5

_AUTHORIZATION = "envoy.filters.http.ext_authz"


def asking(limits: Limits) -> Data:
    """Return the filter that asks for a renewal where a token has expired."""
    config = {
        "@type": f"{HTTP}.ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "stat_prefix": "visitors",
        "failure_mode_allow": True,
        "allowed_headers": _named("cookie", "x-forwarded-proto"),
        "disallowed_headers": _named("authorization"),
        "filter_enabled_metadata": {
            "filter": FILTER,
            "path": [{"key": FAILURE}, {"key": "code"}],
            "value": {"double_match": {"exact": EXPIRED}},
        },
        "http_service": {
            "server_uri": {
                "uri": f"http://{ROOM}",
                "cluster": ROOM,
                "timeout": f"{limits.renewal_time}s",
            },
            "path_override": protocol.RENEW,
            "authorization_response": {
                "allowed_upstream_headers": _named(protocol.VISITOR),
                "allowed_client_headers_on_success": _named("set-cookie"),
                "dynamic_metadata_from_headers": _named("set-cookie"),
            },
        },
    }
    return {"name": _AUTHORIZATION, "typed_config": config}


def courtesy() -> Data:
    """Return the filter that keeps cookies from doing harm: others', and a renewal's.

    Those of a request that are no ASCII are escaped as URLs are, whoever set them.
    What the service itself says of these cookies wins: it may have signed the
    visitor out. In an answer that other visitors may get from a cache there are
    none, and no cache is to keep an answer that has some.
    """
    return _lua("renewal.courtesy", _COURTESY)


def renewal_room(place: Place) -> Data:
    """Return the listener through which the question goes; part of the bootstrap."""
    limits = place.limits
    config = {
        **manager(ROOM, limits),
        "use_remote_address": False,
        "generate_request_id": False,
        "max_request_headers_kb": 2 * limits.header_size,
        "common_http_protocol_options": {
            "max_headers_count": 2 * limits.answer_header_count
        },
        "http_filters": [_lua("renewal.shape", _SHAPE), router()],
        "route_config": {
            "name": ROOM,
            "validate_clusters": False,
            "request_headers_to_add": [identity(), deadline(limits.renewal_time)],
            "request_headers_to_remove": UNSAID,
            "virtual_hosts": [
                {"name": ROOM, "domains": ["*"], "routes": [_route(limits)]}
            ],
        },
    }
    return inside(ROOM, config, limits)


def _route(limits: Limits) -> Data:
    """Return the way to the workers; one that is being replaced is waited for."""
    return {
        "match": {"path": protocol.RENEW},
        "route": {
            "cluster": WORKERS,
            "timeout": f"{limits.renewal_time}s",
            "retry_policy": {
                "retry_on": "connect-failure,reset,retriable-headers",
                "retriable_headers": [
                    {"name": protocol.REFUSED, "string_match": {"exact": "busy"}}
                ],
                "num_retries": _TRIES,
                "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.2s"},
            },
        },
    }


def _lua(name: str, code: str) -> Data:
    config = {
        "@type": f"{HTTP}.lua.v3.Lua",
        "default_source_code": {"inline_string": code},
    }
    return {"name": name, "typed_config": config}


def _named(*names: str) -> Data:
    return {"patterns": [{"exact": name, "ignore_case": True} for name in names]}


_SHAPE = """
function envoy_on_request(handle)
  handle:headers():replace(":method", "POST")
end

function envoy_on_response(handle)
  if handle:headers():get(":status") ~= "200" then
    handle:headers():replace(":status", "503")
  end
end
"""

_NAMES = ", ".join(f'["{name}"] = true' for name in COOKIES)

# A cookie may be any script's, with any bytes. Workers read no header that has others
# than those of ASCII, and with this one all sessions would be gone.
_COURTESY = (
    f"local theirs = {{ {_NAMES} }}"
    """
local function escaped(byte)
  return string.format("%%%02X", string.byte(byte))
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local first = headers:get("cookie")
  if first == nil or not first:find("[\\128-\\255]") then
    return
  end
  local all = {}
  for index = 0, headers:getNumValues("cookie") - 1 do
    table.insert(all, headers:getAtIndex("cookie", index))
  end
  local cookie = table.concat(all, "; "):gsub("[\\128-\\255]", escaped)
  headers:replace("cookie", cookie)
end

function envoy_on_response(handle)
  local metadata = handle:streamInfo():dynamicMetadata()
  local answer = metadata:get("envoy.filters.http.ext_authz")
  if answer == nil or answer["set-cookie"] == nil then
    return
  end
  local headers = handle:headers()
  local cache = string.lower(headers:get("cache-control") or "")
  local private = cache:find("private") or cache:find("no%-store")
  local shared = not private and (
    cache:find("public") or cache:find("s%-maxage") or cache:find("max%-age=0*[1-9]")
  )
  local kept, said = {}, {}
  for index = 0, headers:getNumValues("set-cookie") - 1 do
    local cookie = headers:getAtIndex("set-cookie", index)
    local name = cookie:match("^%s*([^=%s]+)")
    if not (theirs[name] and (shared or said[name])) then
      table.insert(kept, cookie)
    end
    said[name or ""] = true
  end
  headers:remove("set-cookie")
  for _, cookie in ipairs(kept) do
    headers:add("set-cookie", cookie)
  end
  if not private and not shared then
    headers:add("cache-control", "private")
  end
end
"""
)
