// The hostile requests, group by group, as bytes. Each case: name, steps (bytes, a number of
// milliseconds to wait, or 'FIN') and what must come back:
//   status   allowed ones; 0 stands for "closed without an answer"
//   closed   true: the gateway closes the connection
//   responses  how many answers there must be (1 unless told otherwise)
//   code, type, param  of the error object; shape false: no JSON asked for (HEAD, 2xx)
import { gzipSync } from 'node:zlib';

const L = (text) => Buffer.from(text, 'latin1');
const U = (text) => Buffer.from(text, 'utf8');
const cat = (...parts) => Buffer.concat(parts.map((part) => (Buffer.isBuffer(part) ? part : U(part))));
const CRLF = '\r\n';

// Built for one gateway: `key` is a good key, `canaryPort` a listener that nobody may call.
export function hostileCases({ key, canaryPort }) {
  const good = JSON.stringify({ model: 'ok', messages: [{ role: 'user', content: 'hi' }] });
  const line = 'POST /v1/chat/completions HTTP/1.1';
  const base = ['Host: 127.0.0.1', `Authorization: Bearer ${key}`, 'Content-Type: application/json'];
  // A request with exactly these further head lines and this body.
  const post = (lines = [], body = '', start = line, fields = base) => cat(L([start, ...fields, ...lines, '', ''].join(CRLF)), body);
  const get = (target = '/v1/models', lines = [], fields = base.slice(0, 2)) => L([`GET ${target} HTTP/1.1`, ...fields, ...lines, '', ''].join(CRLF));
  // If any of this runs, the upstream sees the model.
  const stolenBody = JSON.stringify({ model: 'smuggled', messages: [{ role: 'user', content: 'x' }] });
  const stolen = [line, ...base, `Content-Length: ${stolenBody.length}`, '', stolenBody].join(CRLF);
  const chunked = (body) => `${Buffer.byteLength(body).toString(16)}${CRLF}${body}${CRLF}0${CRLF}${CRLF}`;
  const json = (body, more = []) => post([`Content-Length: ${Buffer.byteLength(body)}`, ...more], body);

  const bad = { status: [400], closed: true };
  const framing = [];
  const f = (name, steps, expect = bad) => framing.push({ name, steps: [].concat(steps), expect });

  const both = chunked(good) + stolen;
  f('CL then TE', post([`Content-Length: ${Buffer.byteLength(both)}`, 'Transfer-Encoding: chunked'], both));
  f('TE then CL', post(['Transfer-Encoding: chunked', `Content-Length: ${Buffer.byteLength(both)}`], both));
  f('TE with a short CL', post(['Content-Length: 4', 'Transfer-Encoding: chunked'], both));
  const codings = [
    ['gzip', 'Transfer-Encoding: gzip', [400, 501]],
    ['identity', 'Transfer-Encoding: identity', [400, 501]],
    ['chunked not last', 'Transfer-Encoding: chunked, identity', [400, 501]],
    ['chunked twice in a list', 'Transfer-Encoding: chunked, chunked', [400, 501]],
    ['chunked in two fields', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', [400, 501]],
    ['x-prefixed', 'Transfer-Encoding: xchunked', [400, 501]],
    ['folded', 'Transfer-Encoding:\r\n chunked', [400, 501]],
    ['vertical tab', 'Transfer-Encoding: \x0bchunked', [400, 501]],
    ['NUL', 'Transfer-Encoding: chunked\0', [400, 501]],
    ['quoted', 'Transfer-Encoding: "chunked"', [400, 501]],
    ['gzip before chunked', 'Transfer-Encoding: gzip, chunked', [400, 501]],
    ['space before the colon', 'Transfer-Encoding : chunked', [400, 501]],
  ];
  for (const [name, field, status] of codings) {
    // Taken: the coding ends the body early and the rest would run. Overlooked: the length does.
    f(`TE ${name}, taken`, post([`Content-Length: ${Buffer.byteLength(both)}`, field], both), { status, closed: true });
    f(`TE ${name}, overlooked`, post([field], chunked(stolen)), { status, closed: true });
  }
  f('TE in HTTP/1.0', post(['Transfer-Encoding: chunked', 'Connection: keep-alive'], chunked(good) + stolen, 'POST /v1/chat/completions HTTP/1.0'));

  const n = Buffer.byteLength(good);
  const lengths = [
    ['twice, different', `Content-Length: ${n}\r\nContent-Length: ${n + 20}`],
    ['twice, equal', `Content-Length: ${n}\r\nContent-Length: ${n}`],
    ['a list', `Content-Length: ${n}, ${n}`],
    ['plus', `Content-Length: +${n}`],
    ['hexadecimal', `Content-Length: 0x${n.toString(16)}`],
    ['empty', 'Content-Length:'],
    ['inner space', `Content-Length: 1 ${n}`],
    ['letters', 'Content-Length: abc'],
    ['underscore', `Content-Length: ${String(n)[0]}_${String(n).slice(1)}`],
    ['negative', 'Content-Length: -1'],
    ['2^64 + n', `Content-Length: ${(2n ** 64n + BigInt(n)).toString()}`],
    ['2^63 - 1', `Content-Length: ${(2n ** 63n - 1n).toString()}`],
    ['space before the colon', `Content-Length : ${n}`],
  ];
  for (const [name, field] of lengths) f(`CL ${name}`, post([field], good + stolen), { status: /2\^6/.test(name) ? [400, 413] : [400], closed: true });

  const hex = n.toString(16);
  const te = 'Transfer-Encoding: chunked';
  const sizes = [
    ['hexadecimal prefix', `0x${hex}`],
    ['plus', `+${hex}`],
    ['minus', `-${hex}`],
    ['underscore', `${hex[0]}_${hex.slice(1)}`],
    ['leading space', ` ${hex}`],
    ['empty', ''],
    ['2^64 + n', (2n ** 64n + BigInt(n)).toString(16)],
  ];
  for (const [name, size] of sizes) f(`chunk size ${name}`, post([te], `${size}\r\n${good}\r\n0\r\n\r\n${stolen}`), { status: /2\^/.test(name) ? [400, 413] : [400], closed: true });
  f('chunk size with a bare LF', post([te], `${hex}\n${good}\r\n0\r\n\r\n${stolen}`));
  f('chunk ends in a bare LF', post([te], `${hex}\r\n${good}\n0\r\n\r\n${stolen}`));
  f('chunk ends in other bytes', post([te], `${hex}\r\n${good}XX0\r\n\r\n${stolen}`));
  f('chunk ends in nothing', post([te], `${hex}\r\n${good}0\r\n\r\n${stolen}`));
  f('chunk spilt', post([te], `5\r\n${good}\r\n0\r\n\r\n${stolen}`));
  f('chunk extension with NUL', post([te], cat(L(`${hex};a=\0b\r\n`), good, '\r\n0\r\n\r\n', stolen)));
  f('chunk extension with a bare CR', post([te], cat(L(`${hex};a=\rb\r\n`), good, '\r\n0\r\n\r\n', stolen)));
  f('chunk extension of 64 KiB', post([te], `${hex};a=${'b'.repeat(65_536)}\r\n${good}\r\n0\r\n\r\n${stolen}`));
  for (const trailer of ['Content-Length: 4', 'Authorization: Bearer other', 'Host: other.example']) {
    f(`trailer ${trailer.split(':')[0]}`, post([te], `${hex}\r\n${good}\r\n0\r\n${trailer}\r\n\r\n${stolen}`));
  }
  const wrongKey = [base[0], 'Authorization: Bearer wrong', base[2]];
  f('unread body after 401', post([`Content-Length: ${Buffer.byteLength(stolen)}`], stolen, line, wrongKey), { status: [401] });
  f('unread chunks after 401', post([te], chunked(stolen), line, wrongKey), { status: [401] });
  f('unread body after 404', post([`Content-Length: ${Buffer.byteLength(stolen)}`], stolen, 'POST /v1/nowhere HTTP/1.1'), { status: [404] });
  f('body of a GET', cat(get('/v1/models', [`Content-Length: ${Buffer.byteLength(stolen)}`]), stolen), { status: [200, 400], shape: false });
  f('unknown Upgrade', post(['Connection: Upgrade', 'Upgrade: tunnel', `Content-Length: ${n}`], good), { status: [200, 400], shape: false });
  f('h2c Upgrade', cat(get('/v1/models', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'])), { status: [200, 400], shape: false });
  f('body that stops', post(['Content-Length: 100'], good.slice(0, 10)), { status: [408, 400, 0], closed: true, wait: 9000 });
  f('chunks that stop', post([te], `${hex}\r\n${good.slice(0, 10)}`), { status: [408, 400, 0], closed: true, wait: 9000 });
  f('body cut by FIN', [post([`Content-Length: ${n}`], good.slice(0, 10)), 'FIN'], { status: [400, 408, 0], closed: true });

  const syntax = [];
  const s = (name, steps, expect = bad) => syntax.push({ name, steps: [].concat(steps), expect });
  const lax = { status: [400, 200], shape: false };
  const quiet = { status: [400, 505, 0], closed: true };
  const auth = base[1];
  s('no Host', get('/v1/models', [], [auth]));
  s('two Hosts, different', get('/v1/models', ['Host: other.example']));
  s('two Hosts, equal', get('/v1/models', ['Host: 127.0.0.1']));
  for (const [name, host] of [['path', '127.0.0.1/v1'], ['query', '127.0.0.1?x=1'], ['fragment', '127.0.0.1#x'], ['user', 'me@127.0.0.1'], ['nothing', '']]) {
    s(`Host with ${name}`, get('/v1/models', [], [`Host: ${host}`, auth]), { status: [400, 421], closed: true });
  }
  s('Host that moves the path, without a key', get('/v1/models', [], ['Host: 127.0.0.1/health?']), { status: [400, 421], closed: true });
  // To a server of HTTP/1.1 this is a head that never ends.
  s('HTTP/0.9', L('GET /v1/models\r\n'), { status: [400, 505, 408, 0], closed: true, wait: 9000 });
  for (const version of ['HTTP/2.0', 'http/1.1', 'HTTP/1', 'HTTP/1.x', 'HTTP/3.7']) {
    s(`version ${version}`, L(`GET /v1/models ${version}\r\nHost: 127.0.0.1\r\n${auth}\r\n\r\n`), { status: [400, 505], closed: true });
  }
  for (const [name, target] of [['space', '/v1/ models'], ['NUL', '/v1/mod\0els'], ['control', '/v1/\x01models'], ['high bytes', '/v1/m\xf6dels'], ['fragment', '/v1/models#x']]) {
    s(`target with ${name}`, get(target));
  }
  s('header without a colon', get('/v1/models', ['NoColonHere']));
  s('header without a name', get('/v1/models', [': value']));
  s('header name with a space', get('/v1/models', ['X Name: value']));
  s('header name with high bytes', get('/v1/models', ['X-N\xe4me: value']));
  s('NUL in a value', get('/v1/models', ['X-Value: a\0b']));
  s('bare CR in a value', get('/v1/models', ['X-Value: a\rb']));
  s('folding', get('/v1/models', ['X-Folded: a\r\n b']), lax);
  s('space before the first header', L(`GET /v1/models HTTP/1.1\r\n Host: 127.0.0.1\r\n${auth}\r\n\r\n`));
  s('bare LF', L(`GET /v1/models HTTP/1.1\nHost: 127.0.0.1\n${auth}\n\n`), lax);
  s('leading CRLF', cat('\r\n', get()), lax);
  s('HTTP/2 preface', L('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'), quiet);
  s('TLS hello', Buffer.from('16030100c8010000c403030f0e0d0c0b0a09080706050403020100', 'hex'), { ...quiet, wait: 9000 });
  s('noise', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 167 + 13) & 0xff)), { ...quiet, wait: 9000 });
  s('nothing, then FIN', ['FIN'], { status: [0], closed: true, responses: 0 });

  const methods = [];
  const m = (name, steps, expect) => methods.push({ name, steps: [].concat(steps), expect });
  const notAllowed = { status: [405, 501, 400] };
  const any = (method, target, lines = []) => L([`${method} ${target} HTTP/1.1`, ...base.slice(0, 2), ...lines, '', ''].join(CRLF));
  m('TRACE', any('TRACE', '/v1/models', ['X-Secret: do-not-reflect']), notAllowed);
  m('CONNECT', L(`CONNECT 127.0.0.1:${canaryPort} HTTP/1.1\r\nHost: 127.0.0.1:${canaryPort}\r\n${auth}\r\n\r\n`), { status: [405, 501, 400] });
  m('unknown method', any('BREW', '/v1/models'), notAllowed);
  m('lower-case method', any('get', '/v1/models'), notAllowed);
  m('method of 10,000 letters', any('A'.repeat(10_000), '/v1/models'), { status: [405, 501, 400, 414, 431] });
  m('GET on a POST route', any('GET', '/v1/chat/completions'), { status: [405], allow: /POST/ });
  m('DELETE on a POST route', any('DELETE', '/v1/chat/completions'), { status: [405], allow: /POST/ });
  m('OPTIONS *', any('OPTIONS', '*'), { status: [200, 204, 400, 405], shape: false });
  m('HEAD', any('HEAD', '/v1/models'), { status: [200], shape: false, method: 'HEAD' });
  m('foreign preflight', any('OPTIONS', '/v1/chat/completions', ['Origin: https://evil.example', 'Access-Control-Request-Method: POST']), { status: [200, 204, 403, 405], shape: false, notInHead: /evil\.example/i });
  m('absolute form, own host', any('GET', 'http://127.0.0.1/v1/models'), { status: [200, 400, 421], shape: false });
  m('absolute form, metadata host', L(`GET http://169.254.169.254/latest/meta-data/ HTTP/1.1\r\nHost: 169.254.169.254\r\n${auth}\r\n\r\n`), { status: [400, 403, 404, 421] });

  const limits = [];
  const l = (name, steps, expect) => limits.push({ name, steps: [].concat(steps), expect });
  l('target of 100 KB', get(`/v1/models?${'a'.repeat(100_000)}`), { status: [414, 431], closed: true });
  l('header of 1 MB', get('/v1/models', [`X-Big: ${'b'.repeat(1 << 20)}`]), { status: [431], closed: true });
  l('header name of 64 KiB', get('/v1/models', [`${'N'.repeat(65_536)}: v`]), { status: [431, 400], closed: true });
  l('10,000 headers', get('/v1/models', Array.from({ length: 10_000 }, (_, i) => `X-${i}: v`)), { status: [431], closed: true });
  l('101 short headers', get('/v1/models', Array.from({ length: 101 }, (_, i) => `X-${i}: v`)), { status: [431], closed: true });
  l('bearer of 100 KB', L(`GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${'k'.repeat(100_000)}\r\n\r\n`), { status: [431, 401], closed: true });
  l('100 MB declared with Expect', post(['Content-Length: 104857600', 'Expect: 100-continue']), { status: [413], closed: true, interim: 0 });
  l('100 MB in chunks', [post([te]), ...Array.from({ length: 400 }, () => cat('40000\r\n', Buffer.alloc(0x40000, ' '), '\r\n'))], { status: [413], closed: true });
  const packed = gzipSync(Buffer.alloc(64 << 20, ' '));
  l('gzip bomb', post([`Content-Length: ${packed.length}`, 'Content-Encoding: gzip'], packed), { status: [415] });
  l('model of 1 MB', json(JSON.stringify({ model: 'm'.repeat(1 << 20), messages: [{ role: 'user', content: 'x' }] })), { status: [400, 404] });
  l('Expect: 100-continue', [post([`Content-Length: ${n}`, 'Expect: 100-continue']), 300, good], { status: [200], shape: false, interim: 1 });
  l('unknown Expect', post([`Content-Length: ${n}`, 'Expect: 200-please'], good), { status: [417] });
  l('a byte at a time', [...json(good)].flatMap((byte) => [Buffer.from([byte]), 'NEXT']), { status: [200], shape: false });
  l('3 pipelined', cat(json(good), get(), json(good)), { status: [200], responses: 3, shape: false });

  const paths = [];
  for (const target of [
    '/admin/../../etc/passwd', '/admin/%2e%2e/%2e%2e/etc/passwd', '/admin/..%2f..%2fetc/passwd', '/%252e%252e/%252e%252e/etc/passwd',
    '/..\\..\\etc\\passwd', '/%5c..%5c..%5cetc%5cpasswd', '/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd', '//etc/passwd', '/....//....//etc/passwd',
    '/index.html%00.png', '/%zz', '/%', '/admin/../v1/models', '/assets/../../gaiarouter.yaml', '/./v1/./models/../../health',
  ]) {
    paths.push({ name: target, steps: [get(target, [], base.slice(0, 1))], expect: { status: [400, 404, 401, 200, 301, 308], shape: false, notInBody: /root:.*:0:0|api_key|"object":\s*"list"/ } });
  }

  const who = [];
  const a = (name, lines, expect = { status: [401], code: 'invalid_api_key' }, target = '/v1/chat/completions') =>
    who.push({ name, steps: [post([`Content-Length: ${n}`], good, `POST ${target} HTTP/1.1`, [base[0], base[2], ...lines])], expect });
  a('none', []);
  a('wrong', ['Authorization: Bearer sk-gr-wrongwrongwrongwrongwrongwrongwr000000']);
  a('empty', ['Authorization: Bearer ']);
  a('empty field', ['Authorization:']);
  a('no scheme', [`Authorization: ${key}`]);
  a('Basic', [`Authorization: Basic ${Buffer.from(`admin:${key}`).toString('base64')}`]);
  a("SQL ' OR 1=1", ["Authorization: Bearer ' OR '1'='1"]);
  a('SQL union', ["Authorization: Bearer x' UNION SELECT hash FROM keys --"]);
  a('SQL comment', ['Authorization: Bearer admin"; DROP TABLE keys; --']);
  a('a prefix', [`Authorization: Bearer ${key.slice(0, 10)}`]);
  a('truncated', [`Authorization: Bearer ${key.slice(0, -1)}`]);
  a('without its prefix', [`Authorization: Bearer ${key.slice(5)}`]);
  a('alg:none', ['Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.']);
  a('in the query', [], { status: [401], code: 'invalid_api_key' }, `/v1/chat/completions?key=${key}`);
  a('in a cookie', [`Cookie: key=${key}; session=${key}`]);
  a('spoofed local address', ['X-Forwarded-For: 127.0.0.1', 'X-Real-IP: 127.0.0.1', 'Forwarded: for=127.0.0.1']);
  a('high bytes', ['Authorization: Bearer \xff\xfe\xe4\xf6'], { status: [401, 400] });
  a('two headers', [`Authorization: Bearer ${key}`, 'Authorization: Bearer other'], { status: [400] });
  a('two different kinds', [`Authorization: Bearer ${key}`, 'x-api-key: another-key-than-that'], { status: [400] });

  const documents = [];
  const j = (name, body, expect = { status: [400], type: 'invalid_request_error', code: 'invalid_json' }, more = []) => {
    const bytes = Buffer.isBuffer(body) ? body : U(body);
    documents.push({ name, steps: [post([`Content-Length: ${bytes.length}`, ...more], bytes)], expect });
  };
  const wrap = (bytes) => cat('{"model":"ok","messages":[{"role":"user","content":"', bytes, '"}]}');
  j('empty', '');
  j('white space', ' \r\n\t ');
  j('truncated', good.slice(0, -3));
  j('trailing bytes', `${good}x`);
  j('two documents', good + good);
  j('array', '[]');
  j('string', '"model"');
  j('null', 'null');
  j('number', '42');
  j('single quotes', "{'model':'ok'}");
  j('comment', '{/* c */"model":"ok"}');
  j('NaN', '{"model":"ok","temperature":NaN,"messages":[]}');
  j('duplicate model', '{"model":"ok","messages":[{"role":"user","content":"x"}],"model":"smuggled"}', { status: [400] });
  j('duplicate model, escaped', '{"model":"ok","messages":[{"role":"user","content":"x"}],"mod\\u0065l":"smuggled"}', { status: [400] });
  j('depth 10,000', `{"model":"ok","messages":${'['.repeat(10_000)}${']'.repeat(10_000)}}`);
  j('depth 500,000', `{"model":"ok","messages":${'['.repeat(500_000)}${']'.repeat(500_000)}}`);
  j('1 M unclosed', '['.repeat(1_000_000));
  j('invalid UTF-8', wrap(Buffer.from([0xff, 0xfe])));
  j('overlong UTF-8', wrap(Buffer.from([0xc0, 0xaf])));
  j('UTF-8 surrogate', wrap(Buffer.from([0xed, 0xa0, 0x80])));
  j('UTF-16', Buffer.from(good, 'utf16le'));
  j('byte order mark', `\uFEFF${good}`);
  j('raw control character', wrap(Buffer.from([0x01])));
  j('NUL after', cat(good, Buffer.from([0])));
  j('1e999999', good.replace('{', '{"temperature":1e999999,'), { status: [400] });
  j('number of 1 M digits', good.replace('{', `{"seed":${'9'.repeat(1_000_000)},`));
  j('XML', '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>');
  documents.push({
    name: 'form',
    steps: [L([line, ...base.slice(0, 2), 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 8', '', 'model=ok'].join(CRLF))],
    expect: { status: [400, 415] },
  });

  const parameters = [];
  const p = (name, changes, expect) => {
    const body = { model: 'ok', messages: [{ role: 'user', content: 'x' }], ...changes };
    for (const field of Object.keys(body)) if (body[field] === undefined) delete body[field];
    let text = JSON.stringify(body);
    for (const [field, raw] of Object.entries(changes?.$raw ?? {})) text = text.replace('{', `{"${field}":${raw},`);
    if (changes?.$raw) text = text.replace(/,"\$raw":\{[^}]*\}/, '');
    parameters.push({ name, steps: [json(text)], expect: { type: 'invalid_request_error', ...expect } });
  };
  const named = (param) => ({ status: [400], param });
  const unknown = { status: [404], code: 'model_not_found', param: 'model' };
  const unknownOrBad = { status: [400, 404], param: 'model' };
  p('model missing', { model: undefined }, named('model'));
  p('model a number', { model: 5 }, named('model'));
  p('model null', { model: null }, named('model'));
  p('model empty', { model: '' }, named('model'));
  p('model unknown', { model: 'no-such-model-anywhere' }, unknown);
  p('model a path', { model: '../../etc/passwd' }, unknownOrBad);
  p('model a URL', { model: `http://127.0.0.1:${canaryPort}/x` }, unknownOrBad);
  p('model SQL', { model: "x'; DROP TABLE models; --" }, unknownOrBad);
  p('model a format', { model: '%s%n{0}{}' }, unknownOrBad);
  p('model a script', { model: '<script>alert(1)</script>' }, unknownOrBad);
  p('model with a newline', { model: 'ok\r\nX-Injected: yes' }, unknownOrBad);
  p('model with NUL', { model: 'ok\0' }, unknownOrBad);
  p('messages missing', { messages: undefined }, named('messages'));
  p('messages a string', { messages: 'hi' }, named('messages'));
  p('messages empty', { messages: [] }, named('messages'));
  p('messages numbers', { messages: [1, 2] }, { status: [400], paramMatch: /^messages/ });
  p('stream "yes"', { stream: 'yes' }, named('stream'));
  p('max_tokens -1', { max_tokens: -1 }, named('max_tokens'));
  p('max_tokens "8"', { max_tokens: '8' }, named('max_tokens'));
  p('max_tokens 1.5', { max_tokens: 1.5 }, named('max_tokens'));
  p('max_tokens 2^63', { $raw: { max_tokens: '9223372036854775808' } }, named('max_tokens'));
  p('max_tokens 1e30', { $raw: { max_tokens: '1e30' } }, named('max_tokens'));
  p('max_completion_tokens -1', { max_completion_tokens: -1 }, named('max_completion_tokens'));
  p('n -1', { n: -1 }, named('n'));
  p('n 10^6', { n: 1_000_000 }, named('n'));
  p('tools "x"', { tools: 'x' }, named('tools'));
  parameters.push({ name: 'injected request id', steps: [json(good, ['X-Request-Id: a\tb<script>"\'; x'])], expect: { status: [200], shape: false, notInHead: /<script>/ } });

  const elsewhere = `http://127.0.0.1:${canaryPort}/v1`;
  const reach = [];
  for (const field of ['api_base', 'base_url', 'api_url', 'endpoint', 'custom_host']) {
    reach.push({ name: `${field} in the body`, steps: [json(good.replace('{', `{"${field}":"${elsewhere}",`))], expect: { status: [200, 400], shape: false } });
  }
  for (const field of ['X-Api-Base', 'X-Portkey-Custom-Host', 'X-Forwarded-Host', 'X-Original-Url', 'Helicone-OpenAI-Api-Base']) {
    reach.push({ name: `header ${field}`, steps: [json(good, [`${field}: ${elsewhere}`])], expect: { status: [200, 400], shape: false } });
  }
  const image = { model: 'ok', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: `${elsewhere}/image.png` } }] }] };
  reach.push({ name: 'image_url', steps: [json(JSON.stringify(image))], expect: { status: [200, 400], shape: false } });

  const slow = [
    { name: 'head drip', steps: [L('GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\n'), ...Array.from({ length: 60 }, (_, i) => [L(`X-${i}: v\r\n`), 150]).flat()], expect: { status: [408, 0], closed: true, wait: 9000 } },
    { name: 'body drip', steps: [post(['Content-Length: 1000']), ...Array.from({ length: 60 }, () => ['{', 150]).flat()], expect: { status: [408, 0], closed: true, wait: 9000 } },
    { name: 'nothing sent', steps: [], expect: { status: [408, 0], closed: true, wait: 9000 } },
    { name: 'idle kept connection', steps: [get()], expect: { status: [200], shape: false, closed: true, wait: 9000, responses: 1 } },
  ];

  return { framing, syntax, methods, limits, paths, authorization: who, json: documents, parameters, ssrf: reach, slow };
}
