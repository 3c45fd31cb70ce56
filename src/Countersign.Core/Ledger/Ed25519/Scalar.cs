using System.Buffers.Binary;

namespace Countersign.Core.Ledger.Ed25519;

/// <summary>A number modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point.</summary>
internal readonly record struct Scalar
{
    public const int Length = 32;

    /// <summary>How many groups of four bits a scalar has.</summary>
    public const int Nibbles = 64;

    private readonly UInt128 _high;
    private readonly UInt128 _low;

    private Scalar(UInt128 high, UInt128 low) => (_high, _low) = (high, low);

    private static Scalar Order { get; } = new(
        UInt128.One << 124, new UInt128(0x14def9dea2f79cd6, 0x5812631a5cf5d3ed));

    /// <summary>
    /// Reads 32 little-endian bytes below L (RFC 8032 section 5.1.7); else a signature would have twins.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Scalar scalar)
    {
        scalar = new Scalar(
            BinaryPrimitives.ReadUInt128LittleEndian(bytes[16..]), BinaryPrimitives.ReadUInt128LittleEndian(bytes));
        return !scalar.ReachesOrder();
    }

    /// <summary>
    /// Reduces a little-endian number of any length, bit by bit from the top: slow on paper, 1 % of a verification.
    /// </summary>
    public static Scalar Reduce(ReadOnlySpan<byte> bytes)
    {
        var result = default(Scalar);
        for (var bit = (bytes.Length * 8) - 1; bit >= 0; bit--)
        {
            result = result.DoubleAndAdd((bytes[bit / 8] >> (bit % 8)) & 1);
        }

        return result;
    }

    /// <summary>Four bits, counted from the lowest.</summary>
    public int Nibble(int index) => (int)((index < 32 ? _low >> (4 * index) : _high >> (4 * (index - 32))) & 15);

    private Scalar DoubleAndAdd(int bit)
    {
        var doubled = new Scalar((_high << 1) | (_low >> 127), (_low << 1) | (uint)bit);
        return doubled.ReachesOrder() ? doubled.MinusOrder() : doubled;
    }

    private bool ReachesOrder() => _high > Order._high || (_high == Order._high && _low >= Order._low);

    private Scalar MinusOrder() =>
        new(_high - Order._high - (_low < Order._low ? UInt128.One : UInt128.Zero), unchecked(_low - Order._low));
}
