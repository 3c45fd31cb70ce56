// The verifier of receipts, part 2: Ed25519 without a library (RFC 8032, one accepted spelling of everything), and the
// keys of passkeys (RFC 9052) with the browser's own ECDSA and RSA.

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * inverse(121666n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);
const BASE = decodePoint(littleEndianBytes(mod(4n * inverse(5n))));

function mod(a, m = P) {
  const rest = a % m;
  return rest < 0n ? rest + m : rest;
}

function power(base, exponent) {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = b * b % P) {
    result = e & 1n ? result * b % P : result;
  }
  return result;
}

function inverse(a) {
  return power(a, P - 2n);
}

function littleEndian(bytes) {
  return BigInt(`0x${toHex(bytes.toReversed()) || '0'}`);
}

function littleEndianBytes(number) {
  return Uint8Array.from({ length: 32 }, (_, i) => Number(number >> BigInt(8 * i) & 255n));
}

/** A point in extended coordinates; null when the bytes are no point, or another spelling of one. */
function decodePoint(bytes) {
  const sign = bytes[31] >> 7;
  const y = littleEndian(bytes) & (2n ** 255n - 1n);
  if (y >= P) {
    return null;
  }
  const [u, v] = [mod(y * y - 1n), mod(D * y * y + 1n)];
  const candidate = u * power(v, 3n) % P * power(u * power(v, 7n), (P - 5n) / 8n) % P;
  const square = v * candidate % P * candidate % P;
  let x = square === u ? candidate : square === mod(-u) ? candidate * ROOT_OF_MINUS_ONE % P : null;
  if (x === null || (x === 0n && sign === 1)) {
    return null;
  }
  x = (x & 1n) === BigInt(sign) ? x : P - x;
  return [x, y, 1n, x * y % P];
}

function encodePoint([x, y, z]) {
  const i = inverse(z);
  const bytes = littleEndianBytes(y * i % P);
  bytes[31] |= Number(x * i % P & 1n) << 7;
  return bytes;
}

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = (y1 + x1) * (y2 + x2) % P;
  const c = 2n * t1 * t2 % P * D % P;
  const d = 2n * z1 * z2 % P;
  const [e, f, g, h] = [mod(b - a), mod(d - c), d + c, b + a];
  return [e * f % P, g * h % P, f * g % P, e * h % P];
}

function multiply(scalar, point) {
  let result = [0n, 1n, 1n, 0n];
  for (let s = scalar, q = point; s > 0n; s >>= 1n, q = add(q, q)) {
    result = s & 1n ? add(result, q) : result;
  }
  return result;
}

const isNeutral = ([x, y, z]) => x === 0n && y === z;

function ed25519Key(bytes) {
  const point = bytes.length === 32 ? decodePoint(bytes) : null;
  if (point === null || isNeutral(multiply(8n, point))) {
    malformed('A key is no Ed25519 public key.');
  }
  return { bytes, negative: [mod(-point[0]), point[1], 1n, mod(-point[3])] };
}

async function ed25519Verify(key, message, signature) {
  const s = signature.length === 64 ? littleEndian(signature.slice(32)) : L;
  if (s >= L) {
    return false;
  }
  const hash = await crypto.subtle.digest('SHA-512', concat(signature.slice(0, 32), key.bytes, message));
  const k = mod(littleEndian(new Uint8Array(hash)), L);
  return equal(encodePoint(add(multiply(s, BASE), multiply(k, key.negative))), signature.slice(0, 32));
}

/** Reads CBOR as authenticators write it: definite lengths, shortest forms. */
class CborReader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(length) {
    return this.at + length <= this.bytes.length
      ? this.bytes.slice(this.at, this.at += length)
      : malformed('The CBOR is cut off.');
  }

  read(depth = 0) {
    const [head] = this.take(1);
    const [major, size] = [head >> 5, this.size(head & 31)];
    switch (depth > 8 ? -1 : major) {
      case 0: return size;
      case 1: return -1 - size;
      case 2: return this.take(size);
      case 3: return decodeUtf8(this.take(size));
      case 4: return Array.from({ length: size }, () => this.read(depth + 1));
      case 5: return new Map(Array.from({ length: size }, () => [this.read(depth + 1), this.read(depth + 1)]));
      case 7: return head;
      default: return malformed('The CBOR is of an unknown kind.');
    }
  }

  size(short) {
    if (short < 24) {
      return short;
    }
    const length = { 24: 1, 25: 2, 26: 4 }[short] ?? malformed('The CBOR has a length of an unknown kind.');
    const size = this.take(length).reduce((sum, byte) => sum * 256 + byte, 0);
    return size >= { 1: 24, 2: 256, 4: 65536 }[length] ? size : malformed('A length is not in its shortest form.');
  }
}

/** What verifies with a passkey's key: ES256, EdDSA or RS256, each in its one spelling. */
function coseVerifier(bytes) {
  const reader = new CborReader(bytes);
  const key = reader.read();
  if (!(key instanceof Map) || reader.at !== bytes.length) {
    malformed('The passkey has no COSE key.');
  }
  const fits = (type, count, curve) => key.get(1) === type && key.size === count && key.get(-1) === curve;
  switch (key.get(3)) {
    case -7:
      return fits(2, 5, 1) ? es256(part(key, -2, 32, 32), part(key, -3, 32, 32)) : malformed('No ES256 key.');
    case -8: {
      const point = fits(1, 4, 6) ? ed25519Key(part(key, -2, 32, 32)) : malformed('No EdDSA key.');
      return (signed, signature) => ed25519Verify(point, signed, signature);
    }
    case -257:
      return key.get(1) === 3 && key.size === 4
        ? rs256(part(key, -1, 256, 512), part(key, -2, 3, 4)) : malformed('No RS256 key.');
    default:
      return malformed('The passkey signs in another way than ES256, EdDSA and RS256.');
  }
}

function part(key, name, least, most) {
  const bytes = key.get(name);
  return bytes instanceof Uint8Array && bytes.length >= least && bytes.length <= most
    ? bytes : malformed('A part of the passkey\'s key is missing.');
}

async function verifyWith(kind, format, key, algorithm, signed, signature) {
  let imported;
  try {
    imported = await crypto.subtle.importKey(format, key, kind, false, ['verify']);
  } catch {
    malformed('The passkey\'s key is none of its kind.');
  }
  return crypto.subtle.verify(algorithm, imported, signature, signed);
}

function es256(x, y) {
  return async (signed, signature) => {
    const kind = { name: 'ECDSA', namedCurve: 'P-256' };
    const raw = fromDer(signature);
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
    const isGood = await verifyWith(
      kind, 'raw', concat([4], x, y), algorithm, signed, raw ?? new Uint8Array(64));
    return raw !== null && isGood;
  };
}

/** DER to r || s; null when it is anything but two positive integers in their shortest form. */
function fromDer(der) {
  const numbers = [];
  if (der[0] !== 0x30 || der[1] !== der.length - 2) {
    return null;
  }
  for (let at = 2; at < der.length;) {
    const length = der[at + 1];
    const number = der.slice(at + 2, at + 2 + length);
    const isPadded = number[0] === 0 && !(number[1] & 0x80);
    if (der[at] !== 2 || number.length !== length || length === 0 || number[0] & 0x80 || (isPadded && length > 1)) {
      return null;
    }
    const bytes = number[0] === 0 ? number.slice(1) : number;
    numbers.push(concat(new Uint8Array(Math.max(0, 32 - bytes.length)), bytes));
    at += 2 + length;
  }
  return numbers.length === 2 && numbers.every((number) => number.length === 32) ? concat(...numbers) : null;
}

function rs256(modulus, exponent) {
  if (modulus[0] === 0 || !(modulus.at(-1) & exponent.at(-1) & 1)) {
    malformed('The passkey\'s key is no RSA key.');
  }
  const kind = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = { kty: 'RSA', alg: 'RS256', n: toBase64Url(modulus), e: toBase64Url(exponent) };
  return (signed, signature) => verifyWith(kind, 'jwk', key, kind, signed, signature);
}
