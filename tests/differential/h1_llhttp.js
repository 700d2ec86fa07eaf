// Differential test of our HTTP/1 codec against llhttp, the parser inside node.
//   node h1_llhttp.js path/to/h1_verdicts [messages] [seed]
// Generates requests and responses, breaks most of them, and shows them to both. What both accept they have to
// understand alike; what only one accepts has to be on the lists below, each entry a decision of ours.
'use strict';
const {execFileSync} = require('child_process');
const {HTTPParser, methods} = require('_http_common');

// A request line without version, which llhttp also ends at a bare line feed.
const isHttp09 = m => /^[\r\n]*\S+ +[^ \r\n]+\r?\n/.test(m);
// llhttp 9.3 does not take a TAB for optional whitespace behind these; RFC 9110 5.6.3 does. Not compared.
const tabAfterFraming = m => /^(content-length|transfer-encoding|connection):[^\r\n]*\t *\r\n/im.test(m);

// Refused by us, accepted by llhttp: our reason -> whether that is meant, for this message (latin1 text).
const weAreStricter = {
  'malformed request target': () => true,             // RFC 3986 characters and escapes; llhttp takes most bytes
  'malformed or contradictory Host': () => true,      // llhttp does not look at Host
  'Host is missing': () => true,
  'unknown expectation': () => true,
  'CONNECT is not supported': () => true,
  'malformed HTTP version': isHttp09,
  'HTTP version is not supported': () => true,        // llhttp takes 0.9 and 2.0
  'unknown transfer coding': () => true,              // only `chunked`; llhttp takes lists that end in it
  'malformed Content-Length': () => true,             // above 2^63 - 1
  'malformed status code': () => true,                // 0..99 and 600..999
  'malformed request line': m => /^[\r\n]/.test(m) || isHttp09(m),  // CRs and empty lines first
  'line feed without carriage return': m => /^[\r\n]*\n/.test(m) || isHttp09(m),
  // CRs and empty lines first; controls in the reason.
  'malformed status line': m => /^[\r\n]+HTTP/.test(m) || /^HTTP[^\r\n]*[\0-\x08\x0b-\x1f\x7f]/.test(m),
  // Transfer-Encoding in HTTP/1.0, or twice.
  'contradictory body framing': m => /HTTP\/1\.0( |\r\n)[^]*^transfer-encoding:/im.test(m) ||
                                     /^transfer-encoding:[^]*^transfer-encoding:/im.test(m),
  'chunk size is too large': () => true,              // above 16 digits or 2^63 - 1
};

// Accepted by us, refused by llhttp.
const weAreLaxer = [
  ['any token is a method (RFC 9110 9.1)', (m, e) => e === 'HPE_INVALID_METHOD' || e === 'HPE_INVALID_CONSTANT'],
  ['chunk extensions are skipped, not parsed',
    (m, e) => /^HPE_(STRICT|INVALID_CHUNK_SIZE)$/.test(e) && /^[0-9a-f]+[ \t]*;/im.test(m)],
  ['framing fields in trailers, which the caller drops',
    (m, e) => /^HPE_INVALID_(CONTENT_LENGTH|TRANSFER_ENCODING)$/.test(e) &&
              /\r\n0+\r\n[^]*(content-length|transfer-encoding):/i.test(m)],
  ['raw bytes that browsers send in queries', (m, e) => e === 'HPE_INVALID_URL'],
];

// Small seeded generator (mulberry32).
let seed = Number(process.argv[4] || 1);
function random(n) {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pick = list => list[random(list.length)];

const bodies = [
  ['', ''],
  ['Content-Length: 5\r\n', 'hello'],
  ['Content-Length: 0\r\n', ''],
  ['Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'],
  ['transfer-encoding: CHUNKED\r\n', '5;a=b\r\nhello\r\n00a\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n'],
];
const otherFields = [
  'Accept: */*\r\n', 'X-A:  v \t\r\n', 'X-Empty:\r\n', 'Cookie: a=b; c="d"\r\n', 'Connection: close\r\n',
  'Connection: keep-alive\r\n', 'User-Agent: caf\xe9\r\n', 'Connection: x, Close\r\n', '!#$%&\'*+-.^_`|~: 1\r\n',
  'Expect: 100-continue\r\n', 'TE: trailers\r\n', 'Upgrade-Insecure-Requests: 1\r\n',
];
function fields() {
  let text = '';
  for (let i = random(5); i > 0; --i) text += pick(otherFields);
  return text;
}
function request() {
  const [framing, body] = pick(bodies);
  const method = pick(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD', 'PURGE']);
  const target = pick(['/', '/a/b.c?d=e&f', '/%41?', '//x', '/a?b?c', '/;a=1,2:@!$\'()*+~', 'http://a.test/x?y']);
  return `${method} ${target} HTTP/${pick(['1.1', '1.1', '1.1', '1.0'])}\r\n${fields()}Host: a.test\r\n${framing}` +
         `${fields()}\r\n${body}`;
}
function response() {
  const [framing, body] = pick(bodies);
  const status = pick(['200 OK', '404 Not Found', '204 No Content', '304 Not Modified', '200', '500 ', '599 x y\xe9']);
  return `HTTP/${pick(['1.1', '1.1', '1.0'])} ${status}\r\n${fields()}${framing}${fields()}\r\n${body}`;
}

const noise = ['\r', '\n', '\0', ' ', '\t', ':', ',', ';', '\x01', '\x0b', '\x7f', '\x80', '\xff', '"', '#', '%', '(',
               '/', '0', '5', 'a', 'x', '-', '+', '\r\n', '\r\n ', '\r\n\r\n', ' HTTP/1.1', 'Content-Length: 3\r\n',
               'Transfer-Encoding: chunked\r\n', 'Host: b\r\n', ', chunked', '0x', '99999999999999999999'];
function mutate(text) {
  for (let n = random(4); n > 0; --n) {
    const at = random(text.length + 1), length = pick([0, 0, 1, 1, 2, 8]);
    switch (random(4)) {
      case 0: text = text.slice(0, at) + pick(noise) + text.slice(at); break;
      case 1: text = text.slice(0, at) + text.slice(at + length); break;
      case 2: text = text.slice(0, at) + pick(noise) + text.slice(at + 1); break;
      case 3: text = text.slice(0, at) + text.slice(at, at + 10) + text.slice(at); break;
    }
  }
  return text;
}

// The first message that llhttp sees, in the form h1_verdicts prints.
function llhttp(kind, text) {
  const parser = new HTTPParser();
  parser.initialize(kind === 'Q' ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {});
  let head = null, fieldList = [], url = '', body = '', done = false;
  parser[HTTPParser.kOnHeaders | 0] = (list, target) => {
    if (done || head) return;  // trailers
    fieldList = fieldList.concat(list);
    url += target;
  };
  parser[HTTPParser.kOnHeadersComplete | 0] = (major, minor, list, method, target, status, reason, upgrade, keep) => {
    if (head) return 0;
    if (list) fieldList = list;
    if (target) url = target;
    head = {version: `${major}.${minor}`, keep, method: methods[method], target: url, status, reason};
    return 0;
  };
  parser[HTTPParser.kOnBody | 0] = chunk => { if (!done) body += Buffer.from(chunk).toString('latin1'); };
  parser[HTTPParser.kOnMessageComplete | 0] = () => { done = true; };
  let result = parser.execute(Buffer.from(text, 'latin1'));
  if (!done && !(result instanceof Error)) result = parser.finish();
  if (!done) return result instanceof Error ? {verdict: 'failed', why: result.code} : {verdict: 'incomplete'};
  const pairs = [];
  for (let i = 0; i < fieldList.length; i += 2) pairs.push([fieldList[i], fieldList[i + 1]]);
  return {verdict: 'done', ...head, fields: pairs, body};
}

const unhex = text => Buffer.from(text, 'hex').toString('latin1');
function decoded(line) {
  const ours = JSON.parse(line);
  if (ours.verdict !== 'done') return ours;
  for (const key of ['method', 'target', 'reason', 'body'])
    if (ours[key] !== undefined) ours[key] = unhex(ours[key]);
  ours.fields = ours.fields.map(pair => pair.map(unhex));
  return ours;
}
// An absolute-form target without path is "/" to us.
const withPath = target => target.replace(/^(https?:\/\/[^/?]*)(?=\?|$)/i, '$1/');
// To us the authority of such a target is the Host, whatever that field said (RFC 9112 3.2.2).
function withAuthority(target, fields) {
  const authority = /^https?:\/\/([^/?]*)/i.exec(target);
  return authority ? fields.map(([name, value]) => [name, /^host$/i.test(name) ? authority[1] : value]) : fields;
}

function differences(kind, ours, theirs) {
  const keys = kind === 'Q' ? ['method', 'version', 'body'] : ['status', 'reason', 'version', 'body'];
  const found = keys.filter(key => ours[key] !== theirs[key]);
  if (kind === 'Q' && ours.target !== theirs.target && ours.target !== withPath(theirs.target)) found.push('target');
  // A response without length ends the connection for us, whatever its fields say. Between "close" and "keep-alive"
  // llhttp lets HTTP/1.0 keep the connection; RFC 9112 9.3 puts close first.
  const connection = theirs.fields.filter(([name]) => /^connection$/i.test(name));
  const options = connection.map(([, value]) => value).join().toLowerCase();
  const both = options.includes('close') && options.includes('keep-alive');
  if (kind === 'Q' && !both && ours.keep !== theirs.keep) found.push('keep');
  const fields = kind === 'Q' ? withAuthority(theirs.target, theirs.fields) : theirs.fields;
  if (JSON.stringify(ours.fields) !== JSON.stringify(fields)) found.push('fields');
  return found;
}

const count = Number(process.argv[3] || 40000);
const messages = [], records = [];
for (let i = 0; i < count; ++i) {
  const kind = i % 3 === 2 ? 'S' : 'Q';
  const bytes = Buffer.from(mutate(kind === 'Q' ? request() : response()), 'latin1');
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  messages.push([kind, bytes.toString('latin1')]);
  records.push(Buffer.from(kind), size, bytes);
}
const lines = execFileSync(process.argv[2], {input: Buffer.concat(records), maxBuffer: 1 << 30}).toString().split('\n');

let bad = 0;
const tally = {};
messages.forEach(([kind, text], i) => {
  const ours = decoded(lines[i]), theirs = llhttp(kind, text);
  const we = ours.verdict === 'done', they = theirs.verdict === 'done';
  let outcome, wrong = false;
  if (tabAfterFraming(text)) {
    outcome = 'not compared';
  } else if (we && they) {
    const found = differences(kind, ours, theirs);
    wrong = found.length > 0;
    outcome = wrong ? 'understood differently: ' + found.join() : 'both accept';
  } else if (we) {
    const entry = weAreLaxer.find(([, holds]) => holds(text, theirs.why));
    wrong = !entry;
    outcome = entry ? 'only we accept: ' + entry[0] : 'only we accept: ' + (theirs.why || theirs.verdict);
  } else if (they) {
    const meant = weAreStricter[ours.why];
    wrong = !meant || !meant(text);
    outcome = 'only we refuse: ' + (ours.why || ours.verdict);
  } else {
    outcome = 'neither accepts';
  }
  const key = (wrong ? 'WRONG ' : '') + outcome;
  tally[key] = (tally[key] || 0) + 1;
  if (wrong && ++bad <= 10) {
    console.log(`${outcome}\n  ${JSON.stringify(text)}`);
    console.log(`  ours   ${JSON.stringify(ours)}\n  llhttp ${JSON.stringify(theirs)}`);
  }
});
for (const [key, n] of Object.entries(tally).sort((a, b) => b[1] - a[1])) console.log(String(n).padStart(7), key);
console.log(`llhttp ${process.versions.llhttp}: ${count} messages, ${bad} differences that are not on the lists`);
process.exit(bad === 0 && tally['both accept'] > count / 10 ? 0 : 1);
