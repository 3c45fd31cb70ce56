using System.Buffers.Binary;

namespace Countersign.Core.Ledger.Ed25519;

/// <summary>
/// A number modulo p = 2^255 - 19 in five limbs of 51 bits, value = sum of limb(i) × 2^(51 i). Limbs may exceed 51
/// bits between operations: a product or difference leaves less than 2^52, a sum of two of those less than 2^53, and
/// a product takes up to 2^54. Nothing here hides its timing, because verification knows no secret.
/// </summary>
internal readonly struct FieldElement
{
    private const int LimbBits = 51;
    private const ulong LimbMask = (1UL << LimbBits) - 1;

    // 16 p, limb by limb, is added before a subtraction so that no limb becomes negative.
    private const ulong SixteenPLow = 16 * (LimbMask - 18);
    private const ulong SixteenPHigh = 16 * LimbMask;

    private readonly ulong _l0;
    private readonly ulong _l1;
    private readonly ulong _l2;
    private readonly ulong _l3;
    private readonly ulong _l4;

    private FieldElement(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4)
    {
        _l0 = l0;
        _l1 = l1;
        _l2 = l2;
        _l3 = l3;
        _l4 = l4;
    }

    public static FieldElement Zero { get; } = Of(0);

    public static FieldElement One { get; } = Of(1);

    public bool IsZero => ToBytes().AsSpan().IndexOfAnyExcept((byte)0) < 0;

    /// <summary>RFC 8032 section 5.1.2 calls an odd x negative; the encoding keeps this one bit of it.</summary>
    public bool IsNegative => (ToBytes()[0] & 1) == 1;

    public static FieldElement operator +(in FieldElement a, in FieldElement b) =>
        new(a._l0 + b._l0, a._l1 + b._l1, a._l2 + b._l2, a._l3 + b._l3, a._l4 + b._l4);

    public static FieldElement operator -(in FieldElement a, in FieldElement b) => Carry(
        a._l0 + SixteenPLow - b._l0,
        a._l1 + SixteenPHigh - b._l1,
        a._l2 + SixteenPHigh - b._l2,
        a._l3 + SixteenPHigh - b._l3,
        a._l4 + SixteenPHigh - b._l4);

    public static FieldElement operator -(in FieldElement a) => Zero - a;

    /// <summary>Schoolbook product; what reaches 2^255 returns at the bottom times 19.</summary>
    public static FieldElement operator *(in FieldElement a, in FieldElement b)
    {
        var (b1, b2, b3, b4) = (19 * b._l1, 19 * b._l2, 19 * b._l3, 19 * b._l4);
        var r0 = Product(a._l0, b._l0) + Product(a._l1, b4) + Product(a._l2, b3) + Product(a._l3, b2)
            + Product(a._l4, b1);
        var r1 = Product(a._l0, b._l1) + Product(a._l1, b._l0) + Product(a._l2, b4) + Product(a._l3, b3)
            + Product(a._l4, b2);
        var r2 = Product(a._l0, b._l2) + Product(a._l1, b._l1) + Product(a._l2, b._l0) + Product(a._l3, b4)
            + Product(a._l4, b3);
        var r3 = Product(a._l0, b._l3) + Product(a._l1, b._l2) + Product(a._l2, b._l1)
            + Product(a._l3, b._l0) + Product(a._l4, b4);
        var r4 = Product(a._l0, b._l4) + Product(a._l1, b._l3) + Product(a._l2, b._l2)
            + Product(a._l3, b._l1) + Product(a._l4, b._l0);
        return CarryWide(r0, r1, r2, r3, r4);
    }

    public static FieldElement Of(ulong small) => new(small, 0, 0, 0, 0);

    /// <summary>Reads 32 little-endian bytes below p; the top bit belongs to the point, not to the number.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out FieldElement element)
    {
        element = new FieldElement(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes) & LimbMask,
            (BinaryPrimitives.ReadUInt64LittleEndian(bytes[6..]) >> 3) & LimbMask,
            (BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]) >> 6) & LimbMask,
            (BinaryPrimitives.ReadUInt64LittleEndian(bytes[19..]) >> 1) & LimbMask,
            (BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]) >> 12) & LimbMask);

        // A number from p to 2^255 - 1 would be a second spelling of a small one.
        var canonical = element.ToBytes();
        canonical[^1] |= (byte)(bytes[^1] & 0x80);
        return bytes.SequenceEqual(canonical);
    }

    /// <summary>The 32 little-endian bytes of the smallest representative.</summary>
    public byte[] ToBytes()
    {
        var reduced = Carry(_l0, _l1, _l2, _l3, _l4);
        reduced = Carry(reduced._l0, reduced._l1, reduced._l2, reduced._l3, reduced._l4).MinusPIfNotBelow();
        var bytes = new byte[32];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, reduced._l0 | (reduced._l1 << 51));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), (reduced._l1 >> 13) | (reduced._l2 << 38));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), (reduced._l2 >> 26) | (reduced._l3 << 25));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), (reduced._l3 >> 39) | (reduced._l4 << 12));
        return bytes;
    }

    public FieldElement Square() => this * this;

    /// <summary>1/x as x^(p-2), because p - 2 = 8 (2^252 - 3) + 3.</summary>
    public FieldElement Invert() => PowerP58().SquareTimes(3) * Square() * this;

    /// <summary>x^((p-5)/8) = x^(2^252 - 3), the exponent of the square root in RFC 8032 section 5.1.3.</summary>
    public FieldElement PowerP58()
    {
        // OnesN stands for x^(2^N - 1), an exponent of N ones in binary; squaring shifts the ones, multiplying joins
        // them.
        var ones2 = Square() * this;
        var ones4 = ones2.SquareTimes(2) * ones2;
        var ones5 = ones4.Square() * this;
        var ones10 = ones5.SquareTimes(5) * ones5;
        var ones20 = ones10.SquareTimes(10) * ones10;
        var ones40 = ones20.SquareTimes(20) * ones20;
        var ones50 = ones40.SquareTimes(10) * ones10;
        var ones100 = ones50.SquareTimes(50) * ones50;
        var ones200 = ones100.SquareTimes(100) * ones100;
        var ones250 = ones200.SquareTimes(50) * ones50;
        return ones250.SquareTimes(2) * this;
    }

    public bool Is(in FieldElement other) => (this - other).IsZero;

    private static UInt128 Product(ulong a, ulong b) => Math.BigMul(a, b);

    private static FieldElement Carry(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4) => new(
        (l0 & LimbMask) + (19 * (l4 >> LimbBits)),
        (l1 & LimbMask) + (l0 >> LimbBits),
        (l2 & LimbMask) + (l1 >> LimbBits),
        (l3 & LimbMask) + (l2 >> LimbBits),
        (l4 & LimbMask) + (l3 >> LimbBits));

    private static FieldElement CarryWide(UInt128 r0, UInt128 r1, UInt128 r2, UInt128 r3, UInt128 r4)
    {
        r1 += (ulong)(r0 >> LimbBits);
        r2 += (ulong)(r1 >> LimbBits);
        r3 += (ulong)(r2 >> LimbBits);
        r4 += (ulong)(r3 >> LimbBits);
        return Carry(
            ((ulong)r0 & LimbMask) + (19 * (ulong)(r4 >> LimbBits)),
            (ulong)r1 & LimbMask,
            (ulong)r2 & LimbMask,
            (ulong)r3 & LimbMask,
            (ulong)r4 & LimbMask);
    }

    private FieldElement SquareTimes(int times)
    {
        var result = this;
        for (var i = 0; i < times; i++)
        {
            result = result.Square();
        }

        return result;
    }

    // The value is below 2p here. Adding 19 carries out of bit 255 exactly if it is p or more, and dropping that carry
    // subtracts p.
    private FieldElement MinusPIfNotBelow()
    {
        var quotient = (_l0 + 19) >> LimbBits;
        quotient = (_l1 + quotient) >> LimbBits;
        quotient = (_l2 + quotient) >> LimbBits;
        quotient = (_l3 + quotient) >> LimbBits;
        quotient = (_l4 + quotient) >> LimbBits;

        var l0 = _l0 + (19 * quotient);
        var l1 = _l1 + (l0 >> LimbBits);
        var l2 = _l2 + (l1 >> LimbBits);
        var l3 = _l3 + (l2 >> LimbBits);
        var l4 = _l4 + (l3 >> LimbBits);
        return new FieldElement(l0 & LimbMask, l1 & LimbMask, l2 & LimbMask, l3 & LimbMask, l4 & LimbMask);
    }
}
