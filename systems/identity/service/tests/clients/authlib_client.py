"""A client that knows nothing of the provider but its address: Authlib, as it is released.

It says where a person is to go (`go ADDRESS`) and reads where he was sent; it says what it has done
(`ok WHAT`), and ends with a failure at the first thing that is not as the standards have it.
"""

import json
import sys
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.jose.errors import JoseError
from authlib.oauth2.rfc6749.errors import MismatchingStateException
from authlib.oidc.core import CodeIDToken

told = json.loads(sys.argv[1])


def say(line):
    print(line, flush=True)


def go(address):
    say(f"go {address}")
    return sys.stdin.readline().rstrip("\n")


def refused(error, ask):
    try:
        ask()
    except OAuthError as problem:
        assert problem.error == error, problem
    else:
        raise AssertionError("it was taken")


def aborts(problems, ask):
    try:
        ask()
    except problems:
        return
    raise AssertionError("it was taken")


server = requests.get(f"{told['issuer']}/.well-known/openid-configuration").json()
assert server["issuer"] == told["issuer"]
keys = JsonWebKey.import_key_set(requests.get(server["jwks_uri"]).json())
say("ok discovery")


def session(client, redirect=None, **more):
    client_id, secret = client if isinstance(client, list) else (client, None)
    how = "client_secret_basic" if secret else "none"
    more = {"token_endpoint_auth_method": how, "code_challenge_method": "S256", **more}
    return OAuth2Session(client_id, secret, redirect_uri=redirect, **more)


def known(token, client_id, nonce, access_token):
    """The claims of an ID token, once everything about it has been checked."""
    expected = {
        "iss": {"essential": True, "value": told["issuer"]},
        "aud": {"essential": True, "value": client_id},
    }
    params = {"nonce": nonce, "client_id": client_id, "access_token": access_token}
    jwt = JsonWebToken(server["id_token_signing_alg_values_supported"])
    claims = jwt.decode(token, keys, CodeIDToken, expected, params)
    claims.validate(leeway=5)
    return claims


def begin(client, redirect, **more):
    one = session(client, redirect, scope="openid profile email")
    verifier, nonce = generate_token(48), generate_token(16)
    address, state = one.create_authorization_url(
        server["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **more
    )
    return one, verifier, nonce, state, go(address)


def signed_in(client, redirect, **more):
    one, verifier, nonce, state, back = begin(client, redirect, **more)
    assert parse_qs(urlsplit(back).query)["iss"] == [told["issuer"]]
    tokens = one.fetch_token(
        server["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
    )
    claims = known(tokens["id_token"], one.client_id, nonce, tokens["access_token"])
    return one, tokens, claims, nonce


web, tokens, claims, nonce = signed_in(told["web"], told["back"])
assert claims["azp"] == "web" and claims["amr"] == ["pwd"]
_, _, own, _ = signed_in(told["mobile"], told["mobile_back"])
assert own["sub"] == claims["sub"]
say("ok code with PKCE")

person = web.get(server["userinfo_endpoint"]).json()
assert (person["sub"], person["email"]) == (claims["sub"], told["email"]), person
say("ok userinfo")

# O13: a token that belongs to another sign-in, another client, or another access token.
for client_id, expected, access in [
    ("web", "another", tokens["access_token"]),
    ("mobile", nonce, tokens["access_token"]),
    ("web", nonce, tokens["access_token"] + "x"),
]:
    aborts(JoseError, lambda: known(tokens["id_token"], client_id, expected, access))
say("ok at_hash")

before = tokens["refresh_token"]
after = web.refresh_token(server["token_endpoint"], refresh_token=before)
assert after["refresh_token"] != before
say("ok refresh")

atm = session(told["atm"], scope="accounts")
granted = atm.fetch_token(server["token_endpoint"], grant_type="client_credentials")
assert granted["scope"] == "accounts"
say("ok client credentials")


def look(token):
    return atm.introspect_token(server["introspection_endpoint"], token=token).json()


assert look(after["access_token"])["sub"] == claims["sub"]
assert look("nothing") == {"active": False}
say("ok introspection")

one, verifier, _, state, back = begin(told["web"], told["back"])
exchange = {"authorization_response": back, "state": state, "code_verifier": verifier}
given = one.fetch_token(server["token_endpoint"], **exchange)
refused("invalid_grant", lambda: one.fetch_token(server["token_endpoint"], **exchange))
again = {"refresh_token": given["refresh_token"]}
refused("invalid_grant", lambda: one.refresh_token(server["token_endpoint"], **again))
say("ok a replaced refresh token")

web.revoke_token(server["revocation_endpoint"], token=after["refresh_token"]).raise_for_status()
again = {"refresh_token": after["refresh_token"]}
refused("invalid_grant", lambda: web.refresh_token(server["token_endpoint"], **again))
assert look(after["access_token"]) == {"active": False}
say("ok revocation")

mobile = session(told["mobile"])
asked = {"client_id": told["mobile"], "scope": "openid profile"}
device = requests.post(server["device_authorization_endpoint"], data=asked).json()
grant = {
    "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
    "device_code": device["device_code"],
}
refused("authorization_pending", lambda: mobile.fetch_token(server["token_endpoint"], **grant))
refused("slow_down", lambda: mobile.fetch_token(server["token_endpoint"], **grant))
go(device["verification_uri_complete"])
time.sleep(device["interval"] + 0.1)
shown = mobile.fetch_token(server["token_endpoint"], **grant)
assert known(shown["id_token"], "mobile", None, shown["access_token"])["sub"] == claims["sub"]
say("ok device flow")

# O12: an answer to another question.
one, verifier, _, state, back = begin(told["web"], told["back"])
exchange = {"authorization_response": back, "code_verifier": verifier}
aborts(
    MismatchingStateException,
    lambda: one.fetch_token(server["token_endpoint"], state="another", **exchange),
)
say("ok a forged answer")

web, tokens, claims, _ = signed_in(told["web"], told["back"])
leaving = {
    "id_token_hint": tokens["id_token"],
    "post_logout_redirect_uri": told["bye"],
    "state": "bye",
}
assert go(f"{server['end_session_endpoint']}?{urlencode(leaving)}") == f"{told['bye']}?state=bye"
say("ok logout")

again = {"refresh_token": tokens["refresh_token"]}
refused("invalid_grant", lambda: web.refresh_token(server["token_endpoint"], **again))
assert look(tokens["access_token"]) == {"active": False}
say("ok after logout")
