// A client that knows nothing of the provider but its address: openid-client, as it is released.
// It says where a person is to go (`go ADDRESS`) and reads where he was sent; it says what it has
// done (`ok WHAT`), and ends with a failure at the first thing that is not as the standards have it.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { createInterface } from 'node:readline';

// Node.js before 20 has it under another name.
globalThis.crypto ??= webcrypto;
const oidc = await import('openid-client');

const told = JSON.parse(process.argv[2]);
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (line) => process.stdout.write(`${line}\n`);
const hear = async () => (await answers.next()).value;
const ok = (what) => say(`ok ${what}`);
const visit = async (address) => {
  say(`go ${address.href}`);
  return new URL(await hear());
};
const refused = async (promise, error) => {
  const problem = await promise.then(() => assert.fail('it was taken'), (problem) => problem);
  assert.equal(problem.error, error, `${problem}`);
};
const aborts = async (promise, about) => {
  const problem = await promise.then(() => assert.fail(`${about} was taken`), (problem) => problem);
  assert.equal(problem.error, undefined, `the client itself has seen it: ${problem}`);
};

const known = (id, secret, how) =>
  oidc.discovery(new URL(told.issuer), id, undefined, secret === undefined ? oidc.None() : how(secret), {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  });
const web = await known(...told.web, oidc.ClientSecretBasic);
const webPost = await known(...told.web, oidc.ClientSecretPost);
const atm = await known(...told.atm, oidc.ClientSecretPost);
const mobile = await known(told.mobile);
assert.equal(web.serverMetadata().issuer, told.issuer);
const oauth = await oidc.discovery(new URL(told.issuer), 'web', undefined, undefined, {
  algorithm: 'oauth2',
  execute: [oidc.allowInsecureRequests],
});
assert.equal(oauth.serverMetadata().token_endpoint, web.serverMetadata().token_endpoint);
ok('discovery');

// Begins a sign-in: what is asked, and what has to come back.
const begin = async (config, redirect_uri, more = {}) => {
  const verifier = oidc.randomPKCECodeVerifier();
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
    idTokenExpected: true,
  };
  const asked = {
    redirect_uri,
    scope: 'openid profile email',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...more,
  };
  if (config === undefined) return { checks, asked };
  return { checks, asked, back: await visit(oidc.buildAuthorizationUrl(config, asked)) };
};

const first = await begin(web, told.back);
const tokens = await oidc.authorizationCodeGrant(web, first.back, first.checks);
const claims = tokens.claims();
assert.equal(claims.iss, told.issuer);
assert.equal(claims.azp, 'web');
assert.deepEqual(claims.amr, ['pwd']);
const native = await begin(mobile, told.mobile_back);
const own = await oidc.authorizationCodeGrant(mobile, native.back, native.checks);
assert.equal(own.claims().sub, claims.sub);
ok('code with PKCE');

const person = await oidc.fetchUserInfo(web, tokens.access_token, claims.sub);
assert.deepEqual([person.email, person.email_verified], [told.email, true]);
ok('userinfo');

const second = await oidc.refreshTokenGrant(webPost, tokens.refresh_token);
assert.notEqual(second.refresh_token, tokens.refresh_token);
assert.equal(second.claims().sub, claims.sub);
ok('refresh');

const granted = await oidc.clientCredentialsGrant(atm, { scope: 'accounts' });
assert.equal(granted.scope, 'accounts');
ok('client credentials');

const looked = await oidc.tokenIntrospection(atm, second.access_token);
assert.deepEqual([looked.active, looked.sub, looked.client_id], [true, claims.sub, 'web']);
assert.equal((await oidc.tokenIntrospection(atm, 'nothing')).active, false);
ok('introspection');

await refused(oidc.refreshTokenGrant(web, `${second.refresh_token}x`), 'invalid_grant');
await refused(oidc.authorizationCodeGrant(web, first.back, first.checks), 'invalid_grant');
await refused(oidc.refreshTokenGrant(web, second.refresh_token), 'invalid_grant');
ok('a replaced refresh token');

const third = await begin(web, told.back);
const given = await oidc.authorizationCodeGrant(webPost, third.back, third.checks);
await oidc.tokenRevocation(web, given.refresh_token);
await refused(oidc.refreshTokenGrant(web, given.refresh_token), 'invalid_grant');
assert.equal((await oidc.tokenIntrospection(atm, given.access_token)).active, false);
ok('revocation');

const pushed = await begin(undefined, told.back);
const address = await oidc.buildAuthorizationUrlWithPAR(web, pushed.asked);
assert.ok(address.searchParams.get('request_uri'));
await oidc.authorizationCodeGrant(web, await visit(address), pushed.checks);
ok('PAR');

const device = await oidc.initiateDeviceAuthorization(mobile, { scope: 'openid profile' });
say(`go ${device.verification_uri_complete}`);
await hear();
const shown = await oidc.pollDeviceAuthorizationGrant(mobile, device);
assert.equal(shown.claims().sub, claims.sub);
assert.equal((await oidc.refreshTokenGrant(mobile, shown.refresh_token)).token_type, 'bearer');
ok('device flow');

// O12 and O13: what has been tampered with on its way is not taken.
for (const [name, value] of [['state', 'x'], ['state', undefined], ['iss', 'https://evil.example'], ['iss', undefined]]) {
  const { back, checks } = await begin(web, told.back);
  if (value === undefined) back.searchParams.delete(name);
  else back.searchParams.set(name, value);
  await aborts(oidc.authorizationCodeGrant(web, back, checks), `${name}=${value}`);
}
const swapped = await begin(web, told.back);
await aborts(oidc.authorizationCodeGrant(web, swapped.back, { ...swapped.checks, expectedNonce: 'another' }), 'nonce');
const guessed = await begin(web, told.back);
await refused(oidc.authorizationCodeGrant(web, guessed.back, { ...guessed.checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() }), 'invalid_grant');
ok('a forged answer');

say('stronger');
await hear();
const STRONG = 'urn:ondol:acr:2fa';
const strong = await begin(web, told.back, { acr_values: STRONG });
const proved = await oidc.authorizationCodeGrant(web, strong.back, { ...strong.checks, maxAge: 300 });
assert.deepEqual([proved.claims().acr, proved.claims().amr], [STRONG, ['pwd', 'otp', 'mfa']]);
ok('step-up');

const out = await visit(oidc.buildEndSessionUrl(web, {
  post_logout_redirect_uri: told.bye,
  id_token_hint: proved.id_token,
  state: 'bye',
}));
assert.equal(out.href, `${told.bye}?state=bye`);
ok('logout');

await refused(oidc.refreshTokenGrant(web, proved.refresh_token), 'invalid_grant');
assert.equal((await oidc.tokenIntrospection(atm, proved.access_token)).active, false);
ok('after logout');
process.exit(0);
