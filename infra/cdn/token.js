// Runs in CloudFront for each request of a viewer (JavaScript runtime 2.0,
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html).
//
// Lets /p/<token>/<playback id>/<file> through as /v/<playback id>/<file>, which is the object's key and what it is
// cached under, if the token gives the right to watch. The rules are those of shared/domain/playback, with the same vectors.
// The key value store holds what is not in the code:
//
//   key.<key id>            a key of signed tokens, 16 characters or more; without it, its tokens are not valid
//   denied.<playback id>    anything: nobody may watch this video
//
// If the store can't be read this throws, and CloudFront answers 503: nobody is let in.
import crypto from 'crypto';
import cf from 'cloudfront';

const store = cf.kvs();
// No part of a file's name is empty or begins with a dot: whatever resolves `..` on the way would be at another video.
const watch = /^\/p\/([^/]+)\/([ps][a-z2-7]{32})\/([a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*)$/;
const signed = /^([1-9][0-9]{0,18})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{43})$/;

async function handler(event) {
  const request = event.request;
  const path = watch.exec(request.uri);
  if (!path) {
    return refuse('token_invalid', 'This is not a link to a video; check it.');
  }
  const token = path[1];
  const id = path[2];
  const wrong = token === 'public' && id[0] === 'p' ? '' : await check(token, id);
  if (wrong === 'token_expired') {
    return refuse(wrong, 'This link has expired; ask for a new one.');
  }
  if (wrong) {
    return refuse(wrong, 'This link does not allow you to watch the video; ask for a new one.');
  }
  if (await store.exists('denied.' + id)) {
    return refuse('video_denied', 'This video may not be watched any more.');
  }
  request.uri = '/v/' + id + '/' + path[3];
  return request;
}

// check returns what is wrong with a signed token, '' if nothing is.
async function check(token, id) {
  const part = signed.exec(token);
  if (!part || !(await store.exists('key.' + part[2]))) {
    return 'token_invalid';
  }
  const key = await store.get('key.' + part[2]);
  if (key.length < 16) {
    return 'token_invalid';
  }
  const line = 'sluice-1|' + id + '|' + part[1] + '.' + part[2];
  if (!same(part[3], crypto.createHmac('sha256', key).update(line).digest('base64url'))) {
    return 'token_invalid';
  }
  return Date.now() < Number(part[1]) * 1000 ? '' : 'token_expired';
}

// same compares in a time that doesn't tell where the two differ.
function same(a, b) {
  let differ = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) {
    differ |= a.charCodeAt(i) ^ b.charCodeAt(i);
  }
  return differ === 0;
}

function refuse(code, detail) {
  const title = code[0].toUpperCase() + code.slice(1).replace(/_/g, ' ');
  const problem = { type: 'urn:sluice:problem:' + code, title: title, status: 403, code: code, detail: detail };
  return {
    statusCode: 403,
    statusDescription: 'Forbidden',
    headers: {
      'access-control-allow-origin': { value: '*' },
      'cache-control': { value: 'no-store' },
      'content-type': { value: 'application/problem+json' },
      'x-content-type-options': { value: 'nosniff' },
    },
    body: { encoding: 'text', data: JSON.stringify(problem) },
  };
}
