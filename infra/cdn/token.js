// Runs in CloudFront for each request of a viewer (JavaScript runtime 2.0,
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html).
//
// If the token allows it, a request for /p/<token>/<playback id>/<file> goes on as /v/<playback id>/<file>, which is the
// object's key and the key in the cache. The rules are those of shared/domain/playback, tested with the same vectors.
// The key value store has:
//
//   key.<key id>            a key of signed tokens, at least 16 characters; without it, its tokens are not valid
//   denied.<playback id>    any value: nobody may watch this video; the function reconcile writes these keys
//
// If the store can't be read, the function throws and CloudFront answers 503.
//
// It answers OPTIONS requests itself: browsers send one before a player's request that has a header of its own, or a
// Range of several parts (https://fetch.spec.whatwg.org/#cors-preflight-fetch). S3 never sees them.
import crypto from "crypto";
import cf from "cloudfront";

const store = cf.kvs();
// No part of a file's name is empty or begins with a dot, so that no `..` can lead to another video.
const pathPattern = /^\/p\/([^/]+)\/([ps][a-z2-7]{32})\/([a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*)$/;
const signedTokenPattern = /^([1-9][0-9]{0,18})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{43})$/;

async function handler(event) {
  const request = event.request;
  if (request.method === "OPTIONS") {
    return allowPreflight();
  }
  const path = pathPattern.exec(request.uri);
  if (!path) {
    return rejectRequest("token_invalid", "This is not a link to a video; check it.");
  }
  const token = path[1];
  const id = path[2];
  const code = token === "public" && id[0] === "p" ? "" : await checkSignedToken(token, id);
  if (code === "token_expired") {
    return rejectRequest(code, "This link has expired; ask for a new one.");
  }
  if (code) {
    return rejectRequest(code, "This link does not allow you to watch the video; ask for a new one.");
  }
  if (await store.exists("denied." + id)) {
    return rejectRequest("video_denied", "This video may not be watched any more.");
  }
  request.uri = "/v/" + id + "/" + path[3];
  return request;
}

// allowPreflight returns the response to a CORS preflight request: any page may read any path that its token allows.
// Browsers cache it for a day or less.
function allowPreflight() {
  return {
    statusCode: 204,
    statusDescription: "No Content",
    headers: {
      "access-control-allow-headers": { value: "*" },
      "access-control-allow-methods": { value: "GET, HEAD" },
      "access-control-allow-origin": { value: "*" },
      "access-control-max-age": { value: "86400" },
    },
  };
}

// checkSignedToken returns the error code of a signed token, '' if it is valid.
async function checkSignedToken(token, id) {
  const part = signedTokenPattern.exec(token);
  if (!part || !(await store.exists("key." + part[2]))) {
    return "token_invalid";
  }
  const key = await store.get("key." + part[2]);
  if (key.length < 16) {
    return "token_invalid";
  }
  const line = "sluice-1|" + id + "|" + part[1] + "." + part[2];
  if (!equalConstantTime(part[3], crypto.createHmac("sha256", key).update(line).digest("base64url"))) {
    return "token_invalid";
  }
  return Date.now() < Number(part[1]) * 1000 ? "" : "token_expired";
}

// equalConstantTime compares two strings in a time that does not depend on where they differ.
function equalConstantTime(a, b) {
  let differ = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) {
    differ |= a.charCodeAt(i) ^ b.charCodeAt(i);
  }
  return differ === 0;
}

// rejectRequest returns a 403 response with a problem document (RFC 9457).
function rejectRequest(code, detail) {
  const title = code[0].toUpperCase() + code.slice(1).replace(/_/g, " ");
  const problem = { type: "urn:sluice:problem:" + code, title: title, status: 403, code: code, detail: detail };
  return {
    statusCode: 403,
    statusDescription: "Forbidden",
    headers: {
      "access-control-allow-origin": { value: "*" },
      "cache-control": { value: "no-store" },
      "content-type": { value: "application/problem+json" },
      "x-content-type-options": { value: "nosniff" },
    },
    body: { encoding: "text", data: JSON.stringify(problem) },
  };
}
