// Probe of the AWS SDK for JavaScript v3: the client, lib-storage and presigned URLs.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { Agent, request as httpsRequest } from "node:https";
import { request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import * as s3 from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const here = (path) => new URL(path, import.meta.url);
const oddKeys = JSON.parse(readFileSync(here("../odd_keys.json"), "utf8"));
const PART = 5 * 1024 * 1024;
const big = randomBytes(12 * 1024 * 1024 + 345);

// Where the server is

if (existsSync(here("../../.env"))) process.loadEnvFile(here("../../.env"));
const first = (otherwise, ...names) => names.map((name) => process.env[name]).find(Boolean) ?? otherwise;
const endpoint = first("http://localhost:9000", "TRUG_ENDPOINT");
const credentials = {
  accessKeyId: first("minioadmin", "TRUG_ROOT_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "MINIO_ROOT_USER", "MINIO_ACCESS_KEY"),
  secretAccessKey: first("minioadmin", "TRUG_ROOT_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "MINIO_ROOT_PASSWORD", "MINIO_SECRET_KEY"),
};
const ca = process.env.TRUG_CA_FILE ? readFileSync(process.env.TRUG_CA_FILE) : undefined;
const httpsAgent = new Agent({ ca, keepAlive: true });

const Bucket = `probe-aws-sdk-js-${randomBytes(4).toString("hex")}`;
const settings = { endpoint, credentials, region: "us-east-1", forcePathStyle: true, requestHandler: { httpsAgent } };
const client = new s3.S3Client(settings);
const ask = (Command, input = {}) => client.send(new s3[`${Command}Command`]({ Bucket, ...input }));

// The lifecycle

async function upload() {
  await ask("HeadBucket");
  const { Buckets } = await client.send(new s3.ListBucketsCommand({}));
  assert(Buckets.some((one) => one.Name === Bucket), "the bucket is listed");
  await ask("PutObject", { Key: "small", Body: "hello", Metadata: { Colour: "blue" }, ContentType: "text/x-probe" });
  await ask("PutObject", { Key: "empty" });
  same(await read("small"), Buffer.from("hello"), "small");
  same(await read("empty"), Buffer.alloc(0), "empty");
  const head = await ask("HeadObject", { Key: "small", ChecksumMode: "ENABLED" });
  assert.deepEqual(head.Metadata, { colour: "blue" });
  assert.equal(head.ContentType, "text/x-probe");
  assert(head.ChecksumCRC32, "the CRC32 that the SDK sends is kept");
  await ask("PutObject", { Key: "stream", Body: Readable.from([big.subarray(0, PART)]), ContentLength: PART });
  same(await read("stream"), big.subarray(0, PART), "stream");
}

async function uploadLarge() {
  await new Upload({ client, partSize: PART, params: { Bucket, Key: "large", Body: Readable.from(chunks(big)) } }).done();
  same(await read("large"), big, "large");
  assert.match((await ask("HeadObject", { Key: "large" })).ETag, /-3"$/);
}

async function odd() {
  for (const key of oddKeys) await ask("PutObject", { Key: `odd/${key}`, Body: key });
  for (const key of oddKeys) same(await read(`odd/${key}`), Buffer.from(key), key);
}

async function list() {
  const wanted = oddKeys.map((key) => `odd/${key}`).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const found = [];
  for await (const page of s3.paginateListObjectsV2({ client, pageSize: 5 }, { Bucket, Prefix: "odd/" })) {
    found.push(...page.Contents.map((one) => one.Key));
  }
  assert.deepEqual(found, wanted);
  const top = await ask("ListObjects", { Delimiter: "/" });
  assert.deepEqual(top.CommonPrefixes, [{ Prefix: "odd/" }]);
  assert.deepEqual(top.Contents.map((one) => one.Key), ["empty", "large", "small", "stream"]);
}

async function ranges() {
  same(await read("large", { Range: `bytes=${PART - 1}-${PART}` }), big.subarray(PART - 1, PART + 1), "range over parts");
  same(await read("large", { Range: "bytes=-7" }), big.subarray(-7), "suffix range");
  await assert.rejects(read("absent"), { name: "NoSuchKey" });
}

async function presigned() {
  const key = oddKeys[7];
  const expiresIn = { expiresIn: 60 };
  const get = new s3.GetObjectCommand({ Bucket, Key: `odd/${key}`, ResponseContentType: "text/odd" });
  same(await fetched("GET", await getSignedUrl(client, get, expiresIn)), Buffer.from(key), "presigned GET");
  const sums = { requestChecksumCalculation: "WHEN_REQUIRED" }; // or the URL is for the checksum of an empty body
  const put = new s3.PutObjectCommand({ Bucket, Key: "given + taken" });
  await fetched("PUT", await getSignedUrl(new s3.S3Client({ ...settings, ...sums }), put, expiresIn), "given");
  same(await read("given + taken"), Buffer.from("given"), "presigned PUT");
}

async function copies() {
  const CopySource = encodeURIComponent(`${Bucket}/odd/${oddKeys[7]}`);
  await ask("CopyObject", { Key: "copy/ünï", CopySource });
  same(await read("copy/ünï"), Buffer.from(oddKeys[7]), "copy");
  await ask("CopyObject", {
    Key: "small", CopySource: `${Bucket}/small`, MetadataDirective: "REPLACE", Metadata: { colour: "red" },
  });
  assert.deepEqual((await ask("HeadObject", { Key: "small" })).Metadata, { colour: "red" });
}

async function multipart() {
  const { UploadId } = await ask("CreateMultipartUpload", { Key: "by/hand" });
  const Parts = [];
  for (let start = 0; start < big.length; start += PART) {
    const PartNumber = Parts.length + 1;
    const { ETag } = await ask("UploadPart", { Key: "by/hand", UploadId, PartNumber, Body: big.subarray(start, start + PART) });
    Parts.push({ PartNumber, ETag });
  }
  assert.equal((await ask("ListParts", { Key: "by/hand", UploadId })).Parts.length, 3);
  await ask("CompleteMultipartUpload", { Key: "by/hand", UploadId, MultipartUpload: { Parts } });
  same(await read("by/hand"), big, "by hand");
  const aborted = await ask("CreateMultipartUpload", { Key: "aborted" });
  await ask("AbortMultipartUpload", { Key: "aborted", UploadId: aborted.UploadId });
  assert.equal((await ask("ListMultipartUploads")).Uploads ?? undefined, undefined);
}

async function tags() {
  const TagSet = [{ Key: "kind", Value: "probe + co" }];
  await ask("PutObjectTagging", { Key: "small", Tagging: { TagSet } });
  assert.deepEqual((await ask("GetObjectTagging", { Key: "small" })).TagSet, TagSet);
}

async function versions() {
  const Key = "versioned";
  await ask("PutBucketVersioning", { VersioningConfiguration: { Status: "Enabled" } });
  const one = await ask("PutObject", { Key, Body: "first" });
  const two = await ask("PutObject", { Key, Body: "second" });
  const marker = await ask("DeleteObject", { Key });
  assert.equal(marker.DeleteMarker, true);
  await assert.rejects(read(Key), { name: "NoSuchKey" });
  same(await read(Key, { VersionId: one.VersionId }), Buffer.from("first"), "first version");
  const told = await ask("ListObjectVersions", { Prefix: Key });
  assert.deepEqual(told.Versions.map((v) => v.VersionId), [two.VersionId, one.VersionId]);
  assert.deepEqual(told.DeleteMarkers.map((v) => v.VersionId), [marker.VersionId]);
}

async function remove() {
  for (let page = { IsTruncated: true }; page.IsTruncated; ) {
    const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
    page = await ask("ListObjectVersions", { KeyMarker, VersionIdMarker });
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    const Objects = found.map(({ Key, VersionId }) => ({ Key, VersionId }));
    const told = Objects.length ? await ask("DeleteObjects", { Delete: { Objects } }) : {};
    assert.equal(told.Errors, undefined);
  }
  await ask("DeleteBucket");
  await assert.rejects(ask("HeadBucket"), { name: "NotFound" });
}

// Reading and comparing

async function read(Key, options = {}) {
  const { Body } = await ask("GetObject", { Key, ...options });
  return Buffer.from(await Body.transformToByteArray());
}

function fetched(method, url, body) {
  const [send, agent] = url.startsWith("https:") ? [httpsRequest, httpsAgent] : [httpRequest, undefined];
  return new Promise((resolve, reject) => {
    const request = send(url, { method, agent, headers: body ? { "Content-Length": body.length } : {} }, async (reply) => {
      const data = Buffer.concat(await reply.toArray());
      if (reply.statusCode === 200) resolve(data);
      else reject(new Error(`${method} ${reply.statusCode}: ${data}`));
    });
    request.on("error", reject).end(body);
  });
}

function* chunks(data) {
  for (let start = 0; start < data.length; start += 65536) yield data.subarray(start, start + 65536);
}

function same(got, wanted, what) {
  const [one, other] = [got, wanted].map((data) => createHash("sha256").update(data).digest("hex"));
  assert.equal(one, other, `${what}: got ${got.length} bytes, wanted ${wanted.length}`);
}

async function walk(...steps) {
  for (const step of steps) {
    console.log(step.name);
    await step();
  }
}

const started = Date.now();
await ask("CreateBucket");
try {
  await walk(upload, uploadLarge, odd, list, ranges, presigned, copies, multipart, tags, versions);
} finally {
  await walk(remove);
}
httpsAgent.destroy();
console.log(`ok, ${((Date.now() - started) / 1000).toFixed(1)} s`);
