// The smoke flow with JavaScript SDK v3: default checksums, default retries, path-style buckets because the
// endpoint is an address. Endpoint, region and credentials come from the environment.
//
//     node flow.mjs DATA.json      (DATA.json: what ../flow.py knows, written by ../run.py)

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// The packages lie where install.sh put them, not beside this file.
const require = createRequire(pathToFileURL(`${process.env.WINDFARM_JAVASCRIPT}/package.json`));
const {
  S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand, HeadObjectCommand,
  ListObjectsV2Command, DeleteObjectsCommand, CreateMultipartUploadCommand, UploadPartCommand,
  CompleteMultipartUploadCommand, NoSuchKey,
} = require("@aws-sdk/client-s3");
const {
  KinesisClient, CreateStreamCommand, PutRecordCommand, PutRecordsCommand, GetRecordsCommand,
  GetShardIteratorCommand, DescribeStreamSummaryCommand, ResourceNotFoundException, waitUntilStreamExists,
} = require("@aws-sdk/client-kinesis");
const firehoseSdk = require("@aws-sdk/client-firehose");
const glueSdk = require("@aws-sdk/client-glue");
const athenaSdk = require("@aws-sdk/client-athena");
const iamSdk = require("@aws-sdk/client-iam");
const { STSClient, GetCallerIdentityCommand, AssumeRoleCommand } = require("@aws-sdk/client-sts");

const data = JSON.parse(readFileSync(process.argv[2], "utf8"));
const patience = 90_000;
const endpoint = { forcePathStyle: true };
const s3 = new S3Client(endpoint);
const kinesis = new KinesisClient({});
const firehose = new firehoseSdk.FirehoseClient({});
const glue = new glueSdk.GlueClient({});
const athena = new athenaSdk.AthenaClient({});
const iam = new iamSdk.IAMClient({});
const sts = new STSClient({});

const blob = Buffer.concat(Array(3).fill(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))));
const bytes = async (body) => Buffer.from(await body.transformToByteArray());

async function wait(what, look) {
  const end = Date.now() + patience;
  while (Date.now() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`${what}: not within ${patience / 1000} s`);
}

async function refused(call, name, status, words = "") {
  try {
    await call();
  } catch (error) {
    assert.equal(error.name, name, String(error));
    assert.equal(error.$metadata.httpStatusCode, status);
    assert.equal(error.$metadata.attempts, 1);
    assert.ok(error.$metadata.requestId, "no request id");
    assert.ok(error.message.includes(words), error.message);
    return error;
  }
  throw new Error("it succeeded");
}

const cases = {
  async sts_says_who_calls() {
    const who = await sts.send(new GetCallerIdentityCommand({}));
    assert.equal(who.Account, "000000000000");
  },

  async s3_puts_gets_and_lists() {
    const Bucket = "smoke";
    const Key = "folder/a key+with ünusual=characters";
    await s3.send(new CreateBucketCommand({ Bucket }));
    const put = await s3.send(
      new PutObjectCommand({ Bucket, Key, Body: blob, Metadata: { site: "north" } }),
    );
    assert.ok(put.ChecksumCRC32 ?? put.ChecksumCRC64NVME, "no checksum");
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
    assert.deepEqual(await bytes(got.Body), blob);
    assert.deepEqual(got.Metadata, { site: "north" });
    const range = await s3.send(new GetObjectCommand({ Bucket, Key, Range: "bytes=1-3" }));
    assert.deepEqual(await bytes(range.Body), Buffer.from([1, 2, 3]));
    const listed = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "folder/" }));
    assert.deepEqual(listed.Contents.map((item) => item.Key), [Key]);
    const folders = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: "/" }));
    assert.deepEqual(folders.CommonPrefixes.map((item) => item.Prefix), ["folder/"]);
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } }));
    const error = await refused(() => s3.send(new GetObjectCommand({ Bucket, Key })), "NoSuchKey", 404);
    assert.ok(error instanceof NoSuchKey);
  },

  async s3_uploads_in_parts() {
    const to = { Bucket: "smoke", Key: "large" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(to));
    const parts = [Buffer.alloc(5 * 1024 * 1024, "a"), Buffer.alloc(1024, "b")];
    const Parts = [];
    for (const [at, Body] of parts.entries()) {
      const part = { PartNumber: at + 1 };
      const done = await s3.send(new UploadPartCommand({ ...to, ...part, UploadId, Body }));
      Parts.push({ ...part, ETag: done.ETag, ChecksumCRC32: done.ChecksumCRC32 });
    }
    const request = { ...to, UploadId, MultipartUpload: { Parts } };
    const done = await s3.send(new CompleteMultipartUploadCommand(request));
    assert.match(done.ETag, /-2"$/);
    const head = await s3.send(new HeadObjectCommand(to));
    assert.equal(head.ContentLength, 5 * 1024 * 1024 + 1024);
    const back = await bytes((await s3.send(new GetObjectCommand(to))).Body);
    assert.ok(back.equals(Buffer.concat(parts)), "other bytes came back");
  },

  async kinesis_puts_and_gets() {
    const StreamName = "smoke";
    await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
    await waitUntilStreamExists({ client: kinesis, maxWaitTime: 90, minDelay: 1, maxDelay: 1 }, { StreamName });
    await kinesis.send(new PutRecordCommand({ StreamName, Data: blob, PartitionKey: "k" }));
    const Records = Array.from({ length: 20 }, (_, n) => ({ Data: Buffer.from([n]), PartitionKey: `${n}` }));
    const put = await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
    assert.equal(put.FailedRecordCount, 0);
    const from = { StreamName, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" };
    const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(from));
    const got = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
    const wanted = [blob, ...Records.map((record) => record.Data)];
    assert.deepEqual(got.Records.map((record) => Buffer.from(record.Data)), wanted);
    assert.ok(got.Records[0].ApproximateArrivalTimestamp instanceof Date);
  },

  async iam_makes_roles_and_keys_that_work() {
    const made = await iam.send(
      new iamSdk.CreateRoleCommand({ RoleName: "smoke", AssumeRolePolicyDocument: data.trust }),
    );
    const policy = { RoleName: "smoke", PolicyName: "s3", PolicyDocument: data.policy };
    await iam.send(new iamSdk.PutRolePolicyCommand(policy));
    await iam.send(new iamSdk.CreateUserCommand({ UserName: "smoke" }));
    const { AccessKey } = await iam.send(new iamSdk.CreateAccessKeyCommand({ UserName: "smoke" }));
    const who = async (credentials) =>
      (await new STSClient({ credentials }).send(new GetCallerIdentityCommand({}))).Arn;
    const user = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
    assert.equal(await who(user), "arn:aws:iam::000000000000:user/smoke");
    const assume = { RoleArn: made.Role.Arn, RoleSessionName: "me" };
    const { Credentials } = await sts.send(new AssumeRoleCommand(assume));
    assert.ok(Credentials.Expiration instanceof Date);
    const session = {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken,
    };
    assert.equal(await who(session), "arn:aws:sts::000000000000:assumed-role/smoke/me");
  },

  async firehose_delivers_an_object() {
    const DeliveryStreamName = "smoke";
    await firehose.send(new firehoseSdk.CreateDeliveryStreamCommand({
      DeliveryStreamName,
      DeliveryStreamType: "DirectPut",
      ExtendedS3DestinationConfiguration: {
        BucketARN: "arn:aws:s3:::smoke",
        RoleARN: "arn:aws:iam::000000000000:role/smoke",
        Prefix: "delivered/",
        BufferingHints: { IntervalInSeconds: 1 },
      },
    }));
    await wait("delivery stream", async () => {
      const describe = new firehoseSdk.DescribeDeliveryStreamCommand({ DeliveryStreamName });
      const found = await firehose.send(describe);
      return found.DeliveryStreamDescription.DeliveryStreamStatus === "ACTIVE" || undefined;
    });
    const send = (Data) =>
      firehose.send(new firehoseSdk.PutRecordCommand({ DeliveryStreamName, Record: { Data } }));
    await send(blob);
    await send(Buffer.from("end"));
    const content = await wait("delivery", async () => {
      const listed = await s3.send(new ListObjectsV2Command({ Bucket: "smoke", Prefix: "delivered/" }));
      const bodies = [];
      for (const { Key } of listed.Contents ?? []) {
        bodies.push(await bytes((await s3.send(new GetObjectCommand({ Bucket: "smoke", Key }))).Body));
      }
      const whole = Buffer.concat(bodies);
      return whole.subarray(-3).toString() === "end" ? whole : undefined;
    });
    assert.deepEqual(content, Buffer.concat([blob, Buffer.from("end")]));
  },

  async glue_keeps_databases_and_tables() {
    await glue.send(new glueSdk.CreateDatabaseCommand({ DatabaseInput: { Name: "smoke" } }));
    const object = { Bucket: "smoke", Key: "readings/day.json", Body: data.lines };
    await s3.send(new PutObjectCommand(object));
    const create = { DatabaseName: "smoke", TableInput: data.table };
    await glue.send(new glueSdk.CreateTableCommand(create));
    const get = (Name) => glue.send(new glueSdk.GetTableCommand({ DatabaseName: "smoke", Name }));
    const { Table } = await get("readings");
    assert.deepEqual(Table.StorageDescriptor.Columns, data.table.StorageDescriptor.Columns);
    assert.ok(Table.CreateTime instanceof Date);
    await refused(() => get("other"), "EntityNotFoundException", 400);
  },

  async athena_answers_a_query() {
    const started = await athena.send(new athenaSdk.StartQueryExecutionCommand({
      QueryString: data.sql,
      ResultConfiguration: { OutputLocation: "s3://smoke/answers/" },
    }));
    const query = { QueryExecutionId: started.QueryExecutionId };
    const status = await wait("query", async () => {
      const found = await athena.send(new athenaSdk.GetQueryExecutionCommand(query));
      const { Status } = found.QueryExecution;
      return ["SUCCEEDED", "FAILED", "CANCELLED"].includes(Status.State) ? Status : undefined;
    });
    assert.equal(status.State, "SUCCEEDED", status.StateChangeReason);
    const answer = await athena.send(new athenaSdk.GetQueryResultsCommand(query));
    const rows = answer.ResultSet.Rows.map((row) => row.Data.map((cell) => cell.VarCharValue));
    assert.deepEqual(rows, data.answer);
  },

  async errors_have_their_codes_and_are_not_retried() {
    const nowhere = new DescribeStreamSummaryCommand({ StreamName: "nowhere" });
    const error = await refused(() => kinesis.send(nowhere), "ResourceNotFoundException", 400, "nowhere");
    assert.ok(error instanceof ResourceNotFoundException);
    const list = new ListObjectsV2Command({ Bucket: "nowhere-at-all" });
    await refused(() => s3.send(list), "NoSuchBucket", 404);
    const role = new iamSdk.GetRoleCommand({ RoleName: "nobody" });
    await refused(() => iam.send(role), "NoSuchEntityException", 404);
  },

  async what_is_not_supported_says_so() {
    const ask = () => glue.send(new glueSdk.ListMLTransformsCommand({}));
    await refused(ask, "NotImplemented", 501, "glue:ListMLTransforms");
  },
};

let failed = 0;
for (const [name, run] of Object.entries(cases)) {
  const started = Date.now();
  let outcome = "ok    ";
  let reason = "";
  try {
    await run();
  } catch (error) {
    outcome = "FAILED";
    reason = `: ${error.name}: ${error.message}`.slice(0, 600);
    failed += 1;
  }
  const took = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${outcome} ${name.replaceAll("_", " ")} (${took} s)${reason}`);
}
console.log(`${Object.keys(cases).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
