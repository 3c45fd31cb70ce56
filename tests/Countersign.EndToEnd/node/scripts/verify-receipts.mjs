// Verifies receipts with the script of the verifier's page: node verify-receipts.mjs PAGE VKEY FILE…
// Prints one line of JSON for each file: whether it verifies, and the words of its doubts.
import { readFileSync } from 'node:fs';

const [page, trust, ...files] = process.argv.slice(2);
const [, script] = /<script type="module">([\s\S]*)<\/script>/.exec(readFileSync(page, 'utf8'));
const { readTrust, verifyReceipt } = await import(`data:text/javascript,${encodeURIComponent(script)}`);
const keys = await readTrust(trust);
for (const file of files) {
  const report = await verifyReceipt(readFileSync(file), keys);
  const doubts = [...new Set(report.steps.flatMap((step) => step.doubts.map(({ doubt }) => doubt)))].sort();
  console.log(JSON.stringify({ verified: report.verified, doubts, failed: report.failed }));
}
