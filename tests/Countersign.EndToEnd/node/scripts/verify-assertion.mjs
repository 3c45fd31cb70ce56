// A stranger's check of a signed vote, as the API gives it: node verify-assertion.mjs JSON
import { createHash } from 'node:crypto';
import { verifyAuthenticationResponse } from '@simplewebauthn/server';

const signed = JSON.parse(process.argv[2]);
const statement = Buffer.from(signed.statement, 'base64url');
const challenge = createHash('sha256').update('countersign-decision-v1\n').update(statement).digest('base64url');

try {
  const { verified } = await verifyAuthenticationResponse({
    response: signed.credential,
    expectedChallenge: challenge,
    expectedOrigin: signed.origins,
    expectedRPID: signed.relying_party,
    credential: { id: signed.credential.id, publicKey: Buffer.from(signed.public_key, 'base64url'), counter: 0 },
    requireUserVerification: true,
  });
  console.log(JSON.stringify({ verified, statement: JSON.parse(statement) }));
} catch (failure) {
  console.log(JSON.stringify({ verified: false, failure: String(failure.message ?? failure) }));
}
