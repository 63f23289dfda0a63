// SPDX-License-Identifier: Apache-2.0
// A VNF Manager that knows the interface from its OpenAPI file alone: schema.d.ts is generated, openapi-fetch carries
// it out, and tsc has checked each path, parameter and member that stands here.
//
// usage: node client.js URL ROOT CERTIFICATE KEY CSR CSR-OF-RENEWAL
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import { Agent, fetch } from "undici";
import type { components, paths } from "./schema.js";

const [url, root, certificate, key, csr, renewal] = process.argv.slice(2) as [string, string, string, string, string, string];
const text = (file: string) => readFileSync(file, "utf8");
const dispatcher = new Agent({ connect: { ca: text(root), cert: text(certificate), key: text(key) } });

const client = createClient<paths>({
  baseUrl: url,
  fetch: async (request: Request) => {
    const body = request.body ? await request.text() : undefined;
    const headers = Object.fromEntries(request.headers);
    return (await fetch(request.url, { method: request.method, headers, body, dispatcher })) as unknown as Response;
  },
});
const header = { Version: "1.0.0" };

function granted<T>(what: string, answer: { data?: T; error?: unknown; response: { status: number } }, status: number): T {
  if (answer.error !== undefined || answer.response.status !== status)
    throw new Error(`${what}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data as T;
}

const versions = granted("versions", await client.GET("/api_versions"), 200);

const [registration] = granted(
  "Register",
  await client.POST("/v1/registrations", {
    params: { header },
    body: { certType: "VNFCI_CERT", subjectId: ["generated-1"], typeOfVnfcCertHandling: "DELEGATION_MODE" },
  }),
  201,
);

async function request(file: string, replaces?: string): Promise<components["schemas"]["CertificateSigningRequest"]> {
  return granted(
    "Certificate Signing Request",
    await client.POST("/v1/certificate_signing_requests", {
      params: { header },
      body: { certType: "VNFCI_CERT", vnfcId: "generated-1", certChainRequest: true, csr: text(file), revokeReplaced: false, replaces },
    }),
    201,
  );
}

async function read(certificateId: string): Promise<components["schemas"]["Certificate"]> {
  const answer = await client.GET("/v1/certificates/{certificateId}", { params: { header, path: { certificateId } } });
  return granted("reading a certificate", answer, 200) as components["schemas"]["Certificate"];
}

const first = await request(csr);
const second = await request(renewal, first.certificateId);
const old = await read(first.certificateId!);
granted(
  "revocation",
  await client.POST("/v1/certificates/{certificateId}/revoke", {
    params: { header, path: { certificateId: old.id } },
    body: { reason: "superseded" },
  }),
  204,
);
const listed = granted(
  "the list",
  await client.GET("/v1/certificates", { params: { header, query: { filter: "(eq,subjectId,generated-1)" } } }),
  200,
);
const refused = await client.GET("/v1/registrations/{registrationId}", {
  params: { header, path: { registrationId: "00000000-0000-4000-8000-000000000000" } },
});

console.log(
  JSON.stringify({
    version: versions.apiVersions[0]?.version,
    state: registration?.state,
    chain: first.certificateChain?.length,
    replacedBy: old.replacedBy === second.certificateId,
    statuses: Object.fromEntries(listed.map((c) => [c.id === old.id ? "first" : "second", c.status])),
    refused: refused.error?.status,
  }),
);
await dispatcher.close();
